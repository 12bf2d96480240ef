import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Simulator } from '../src/simulator/index.ts'
import { ask, chat, dialects, type Json } from './support/dialects.ts'
import { CLIENT_KEY, Clock } from './support/start.ts'
import { asked, openHouse, PASTES } from './support/subscription.ts'
import {
  type AccountSpec,
  FILL_FIRST,
  heedsRefusals,
  inhabited,
  keepsAccounts,
  untilAsync,
  ways,
} from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'antigravity',
  model: 'gemini-3-flash',
  window: 'gemini-5h',
  tells: true,
  usedUp: { kind: 'quota-exhausted', scope: 'model' },
}

speaks({
  provider: 'antigravity',
  model: spec.model,
  native: ['gemini'],
  shows: ['openai-responses', 'gemini'],
  dropped: {
    anthropic: 'user,max_tokens',
    'openai-chat': 'user,max_tokens',
    'openai-responses': 'user,max_tokens',
    gemini: 'max_tokens',
  },
})

speaks({
  provider: 'antigravity',
  model: 'claude-sonnet-4-6',
  native: ['gemini'],
  shows: ['openai-responses', 'gemini'],
  // Claude takes either temperature or top_p.
  dropped: { anthropic: 'user', 'openai-chat': 'user', 'openai-responses': 'top_p,user', gemini: undefined },
})

keepsAccounts(spec)

const account = { kind: 'forbidden', scope: 'account', status: 403 } as const
heedsRefusals(spec, [
  {
    ...account,
    name: 'validation-required',
    says: /^Verify your account to continue\./,
    advice:
      /Open http:\/\/127\.0\.0\.1:\d+\/hosts\/accounts\.google\.com\/signin\/continue\?sim=(?:anna|ben) in a browser/,
  },
  {
    ...account,
    name: 'terms-of-service',
    says: /disabled in this account for violation of Terms of Service/,
    advice: /shut this account out of Antigravity/,
  },
  { ...account, name: 'subscription-required', says: /^This client is no longer supported/, advice: /in its plan/ },
  { name: 'model-capacity', kind: 'overloaded', scope: 'model', status: 429, says: /^No capacity available/ },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /^You have exhausted your capacity/ },
  { name: 'no-credits', kind: 'quota-exhausted', scope: 'model', status: 429, says: /^Insufficient AI credits/ },
  {
    name: 'bare-429',
    kind: 'rate-limited',
    scope: 'request',
    status: 429,
    says: /^Resource has been exhausted \(e\.g\. check quota\)\./,
    advice: /filter.*reword the instructions/,
  },
  {
    name: 'version-gate',
    kind: 'forbidden',
    scope: 'request',
    status: 403,
    says: /^This version of Antigravity is no longer supported/,
    advice: /Nothing is wrong with the account/,
  },
])

const CLAUDE = 'claude-sonnet-4-6'
const rival = {
  messages: [
    { role: 'system', content: 'You are Codex, an agent based on GPT-5.' },
    { role: 'user', content: 'Hi' },
  ],
}

describe('antigravity: logins', () => {
  for (const [form, typed] of PASTES)
    test(`by pasting ${form}`, async () => {
      await using house = await openHouse('antigravity')
      const login = await house.begin({ way: 'paste' })
      login.paste(typed(await house.simulator.consent({ url: login.url!, person: 'anna' })))
      assert.equal((await login.account).facts.email, 'anna@simulated.example')
      assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    })

  test('somebody new is set up under our own name', async () => {
    await using house = await openHouse('antigravity')
    await house.add('ben')
    const [body] = asked(house, 'ben', 'onboardUser') as Json[]
    assert.deepEqual([body.tier_id, body.metadata.ide_name], ['free-tier', 'logicaproxy'])
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.match((house.attempts('ben')[0]!.body as Json).project, /^sim-ben-/)
  })

  test('an account that has to be verified hears so, with the link', async () => {
    await using house = await openHouse('antigravity')
    house.simulator.setRefusal('antigravity', 'anna', 'validation-required')
    await assert.rejects(
      house.login('anna'),
      /Google says: Verify your account to continue\. Open http:\S+sim=anna with/,
    )
    assert.deepEqual(house.gateway.logins!.records(), [])
  })
})

describe('antigravity: its manners', () => {
  test('a quota that is none: the prompt is refused once, nobody rests, and the reason is told', async () => {
    await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
    const refused = await ask(house, chat, { model: spec.model, extra: rival })
    assert.equal(refused.status, 429)
    assert.match(
      refused.error.message,
      /^Resource has been exhausted \(e\.g\. check quota\)\. .*filter.*reword the instructions/,
    )
    assert.equal(refused.headers['retry-after'], undefined)
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.deepEqual(ways(house), ['anna 429', 'anna 200'])
  })

  test('the version gate that comes as an answer is an error, streamed or not', async () => {
    const config = ({ hosts }: Simulator) => ({
      ...FILL_FIRST,
      'host-overrides': {
        ...hosts,
        'https://daily-cloudcode-pa.googleapis.com': hosts['https://cloudcode-pa.googleapis.com'],
      },
    })
    await using house = await inhabited(spec, ['anna', 'ben'], { config })
    house.simulator.setRefusal('antigravity', 'anna', 'version-gate')
    for (const dialect of dialects)
      for (const stream of [false, true]) {
        const answer = await ask(house, dialect, { model: spec.model, stream })
        assert.equal(answer.status, 403, answer.raw)
        assert.match(answer.error.message, /^This version of Antigravity is no longer supported.*Nothing is wrong with/)
      }
    assert.equal(house.attempts('anna').length, 8)
    assert.equal(house.attempts('ben').length, 0)
    house.simulator.setRefusal('antigravity', 'anna', undefined)
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.equal(ways(house).at(-1), 'anna 200')
  })

  test('models are the ones the vendor lists, without those of the editor', async () => {
    await using house = await openHouse('antigravity')
    await house.add('anna')
    const headers = { authorization: `Bearer ${CLIENT_KEY}` }
    let ids: string[] = []
    await untilAsync(async () => {
      const { data } = (await (await fetch(`${house.url}/v1/models`, { headers })).json()) as Json
      ids = data.map(({ id }: Json) => id)
      // Known without asking, but not this account's.
      return !ids.includes('gemini-3-flash-agent')
    })
    assert.ok(ids.includes('gemini-pro-agent') && ids.includes(CLAUDE))
    assert.deepEqual(
      ids.filter((id) => /^(?:chat|tab)_/.test(id)),
      [],
    )
    assert.deepEqual(asked(house, 'anna', 'fetchAvailableModels')[0], { project: 'anna-code-assist' })
  })

  test('what is asked of a model depends on whose it is', async () => {
    await using house = await openHouse('antigravity')
    await house.add('anna')
    const tools = [{ type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }]
    for (const model of [CLAUDE, spec.model])
      assert.equal((await ask(house, chat, { model, extra: { tools, max_tokens: 99 } })).status, 200)
    const [ofClaude, ofGemini] = house.attempts('anna').map(({ body }) => (body as Json).request)
    assert.equal(ofClaude.toolConfig.functionCallingConfig.mode, 'VALIDATED')
    assert.equal(ofClaude.generationConfig.maxOutputTokens, 99)
    assert.ok(Object.keys(ofClaude.tools[0].functionDeclarations[0].parameters.properties).length > 0)
    assert.equal(ofGemini.generationConfig?.maxOutputTokens, undefined)
    const [envelope] = house.attempts('anna').map(({ body }) => body as Json)
    assert.deepEqual(
      [envelope.userAgent, envelope.requestType, 'safetySettings' in ofClaude],
      ['antigravity', 'agent', false],
    )
    assert.match(envelope.requestId, /^agent-/)
  })

  test('the pool of Claude being used up says nothing of Gemini', async () => {
    const clock = new Clock()
    await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
    house.simulator.setQuota('antigravity', 'anna', '3p-5h', { used: 100 })
    for (const model of [CLAUDE, spec.model, CLAUDE]) assert.equal((await ask(house, chat, { model })).status, 200)
    assert.deepEqual(ways(house), ['anna 429, ben 200', 'anna 200', 'ben 200'])
  })
})
