import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, chat, type Json } from './support/dialects.ts'
import { openHouse } from './support/subscription.ts'
import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'qwen', model: 'coder-model', window: 'day', tells: false }

speaks({
  provider: 'qwen',
  model: spec.model,
  thinking: 'coder-thinks',
  config: {
    'oauth-model-alias': {
      qwen: [{ name: 'coder-model+think+reasoning-content', alias: 'coder-thinks', fork: true }],
    },
  },
  native: ['openai-chat'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: 'top_k', 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k' },
})

keepsAccounts(spec)

const usedUp = {
  kind: 'quota-exhausted',
  scope: 'account',
  status: 429,
  advice: /used up until \d{4}-\d\d-\d\d 16:00 UTC/,
} as const
heedsRefusals(spec, [
  { ...usedUp, name: 'insufficient_quota', says: /^You exceeded your current quota/ },
  { ...usedUp, name: 'quota_exceeded', says: /^Qwen OAuth quota exceeded: Your free daily quota has been reached/ },
  { ...usedUp, name: 'free-quota', says: /^Free allocated quota exceeded/ },
  {
    name: 'closed',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^Qwen OAuth free tier was discontinued upstream/,
    advice: /API key of DashScope or ModelStudio/,
  },
])

describe('qwen: logins', () => {
  test('one that its owner declines tells so and keeps nothing', async () => {
    await using house = await openHouse('qwen')
    const login = await house.begin()
    house.simulator.confirmDevice(login.userCode!, 'anna', { deny: true })
    await assert.rejects(login.account, /denied|declined|refused/i)
    assert.deepEqual(house.gateway.logins!.records(), [])
  })

  test("the vendor tells nobody's name: the same label renews, another one is another account", async () => {
    await using house = await openHouse('qwen')
    const first = await house.add('anna', { label: 'Mine' })
    const again = await house.add('anna', { label: 'mine' })
    const other = await house.add('ben', { label: 'work' })
    assert.equal(again.id, first.id)
    assert.notEqual(other.id, first.id)
    assert.equal(house.gateway.logins!.records().length, 2)
  })

  test('a login that came without a name is renewed by its label', async () => {
    await using house = await openHouse('qwen')
    const nameless = await house.add('anna')
    await house.gateway.logins!.change(nameless.id, { label: 'mine' })
    assert.equal((await house.add('anna', { label: 'mine' })).id, nameless.id)
  })
})

describe('qwen: its manners', () => {
  test('instructions as parts, usage in streams, no empty tools, and its two headers', async () => {
    await using house = await openHouse('qwen')
    await house.add('anna')
    for (const extra of [
      { tools: [] },
      {
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: 'Hi' },
        ],
      },
    ])
      assert.equal((await ask(house, chat, { model: spec.model, stream: true, extra })).status, 200)
    const [bare, instructed] = house.attempts('anna').map(({ body }) => body as Json)
    const cached = { cache_control: { type: 'ephemeral' } }
    assert.deepEqual(bare.messages[0], { role: 'system', content: [{ type: 'text', text: '', ...cached }] })
    assert.deepEqual(instructed.messages[0].content, [{ type: 'text', text: 'Be short.', ...cached }])
    assert.equal('tools' in bare, false)
    assert.equal(bare.stream_options.include_usage, true)
    const { headers, path } = house.attempts('anna')[0]!
    assert.deepEqual([headers['x-dashscope-authtype'], headers['x-dashscope-cachecontrol']], ['qwen-oauth', 'enable'])
    assert.match(path, /\/v1\/chat\/completions$/)
  })

  test('thoughts of former turns stay behind, and that is told', async () => {
    await using house = await openHouse('qwen')
    await house.add('anna')
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello', reasoning_content: 'They greet.' },
      { role: 'user', content: 'And?' },
    ]
    const answer = await ask(house, chat, { model: spec.model, extra: { messages } })
    assert.equal(answer.headers['x-logicaproxy-dropped'], 'reasoning')
    assert.doesNotMatch(JSON.stringify(house.attempts('anna')[0]!.body), /They greet/)
  })

  test('requests go to the host that came with the token', async () => {
    // Where the API is said to be nobody listens.
    const config = ({ hosts }: { hosts: Record<string, string> }) => ({
      'host-overrides': { ...hosts, 'https://portal.qwen.ai': 'http://127.0.0.1:1' },
    })
    await using house = await openHouse('qwen', { config })
    const record = await house.add('anna', { label: 'anna' })
    const tokens = await house.gateway.logins!.reveal(record.id)
    assert.equal(tokens.details['resource-url'], 'portal.qwen.ai')
    const elsewhere = house.simulator.hosts['https://portal.qwen.ai']!
    const details = { ...tokens.details, 'resource-url': `${elsewhere}/v1` }
    const identity = { subject: record.facts.subject }
    await house.gateway.logins!.add('qwen', { ...tokens, details }, identity, { origin: record.facts.origin })
    const answer = await ask(house, chat, { model: spec.model })
    assert.equal(answer.status, 200, answer.raw)
    assert.equal(house.attempts('anna').length, 1)
  })
})
