/** Claude subscriptions (domain.md 1.1), from the login to the last refusal, through real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LoginError } from '../src/index.ts'
import { anthropic, ask, chat, post } from './support/dialects.ts'
import { Clock } from './support/start.ts'
import { openHouse } from './support/subscription.ts'
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

const spec: AccountSpec = { provider: 'claude', model: 'claude-sonnet-4-6', window: '5h', tells: true }
const { model } = spec
const OPUS = 'claude-opus-4-8'

describe('claude: the browser login', () => {
  test('comes back to this machine, is stored sealed, and is served when it is done', async () => {
    await using house = await openHouse('claude')
    const record = await house.login('anna', { label: 'mine' })
    assert.match(record.id, /^claude-[0-9a-f]{10}$/)
    assert.deepEqual(
      [record.facts.label, record.facts.email, record.facts.plan, record.facts.state.is],
      ['mine', 'anna@simulated.example', 'max', 'ready'],
    )
    const answer = await ask(house, chat, { model })
    assert.deepEqual([answer.status, answer.headers['x-logicaproxy-account']], [200, record.id])
    assert.deepEqual(house.simulator.oauth.counts(), {
      codes: 1,
      refreshes: 0,
      refused: 0,
      refreshReuse: 0,
      codeReuse: 0,
    })
    const { accessToken, refreshToken } = await house.gateway.logins!.reveal(record.id)
    const log = JSON.stringify(house.said)
    assert.ok(!log.includes(accessToken) && !log.includes(refreshToken!))
  })

  for (const form of ['the whole address', 'code#state', 'the bare code'] as const)
    test(`takes a paste: ${form}`, async () => {
      await using house = await openHouse('claude')
      const login = await house.begin({ way: 'paste' })
      const address = await house.simulator.consent({ url: login.url!, person: 'anna' })
      const { searchParams } = new URL(address)
      const [code, state] = [searchParams.get('code')!, searchParams.get('state')!]
      assert.throws(
        () => login.paste(`${code}#another-state`),
        (e) => e instanceof LoginError && e.code === 'state',
      )
      login.paste({ 'the whole address': address, 'code#state': `${code}#${state}`, 'the bare code': code }[form])
      assert.equal((await login.account).facts.email, 'anna@simulated.example')
      assert.equal((await ask(house, chat, { model })).status, 200)
    })

  test('that is declined says so, and leaves nothing behind', async () => {
    await using house = await openHouse('claude')
    const login = await house.begin()
    await house.simulator.consent({ url: login.url!, person: 'anna', deny: true, visit: true })
    await assert.rejects(login.account, (e) => e instanceof LoginError && e.code === 'denied')
    assert.equal(login.status().is, 'failed')
    assert.deepEqual(house.gateway.logins!.records(), [])
  })

  test('is begun only by who has read the policy', async () => {
    await using house = await openHouse('claude')
    await assert.rejects(house.gateway.login('claude'), /restricted.*Claude Code/)
  })

  test('of somebody who is here renews that account', async () => {
    await using house = await openHouse('claude')
    const first = await house.login('anna')
    const second = await house.login('anna')
    assert.equal(second.id, first.id)
    assert.equal(house.gateway.logins!.records().length, 1)
    assert.equal((await house.login('ben')).id === first.id, false)
  })
})

speaks({
  provider: 'claude',
  model,
  native: ['anthropic'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': 'seed', 'openai-responses': 'top_p', gemini: 'seed' },
})

describe('claude: what it asks of a request', () => {
  test("the login's beta joins those of the client, and what a field needs", async () => {
    await using house = await inhabited(spec, ['anna'])
    const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14' }
    assert.equal((await ask(house, anthropic, { model, headers })).status, 200)
    const betas = house.attempts().at(-1)!.headers['anthropic-beta']!.split(',')
    assert.deepEqual(betas.sort(), ['interleaved-thinking-2025-05-14', 'oauth-2025-04-20'])
  })

  test("Claude Code's own requests pass as it wrote them", async () => {
    await using house = await inhabited(spec, ['anna'])
    const headers = { 'user-agent': 'claude-cli/2.1.205 (external, cli)', 'x-app': 'cli' }
    const system = [{ type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude." }]
    assert.equal((await ask(house, anthropic, { model, headers, extra: { system } })).status, 200)
    const seen = house.attempts().at(-1)!
    assert.equal(seen.headers['user-agent'], headers['user-agent'])
    assert.equal(seen.headers['x-app'], 'cli')
    assert.deepEqual((seen.body as { system: unknown }).system, system)
  })

  test('tokens are counted by the vendor', async () => {
    await using house = await inhabited(spec, ['anna'])
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello there' }] })
    const counted = await post(house, anthropic, '/v1/messages/count_tokens', body)
    assert.equal(counted.status, 200, counted.raw)
    assert.ok(counted.json.input_tokens > 0)
    assert.equal(house.attempts().at(-1)!.path.split('?')[0]!.endsWith('/v1/messages/count_tokens'), true)
  })
})

keepsAccounts(spec)

describe('claude: allowances', () => {
  test('are read from the headers of every answer', async () => {
    await using house = await inhabited(spec, ['anna'])
    const [anna] = house.gateway.logins!.records()
    house.simulator.setQuota('claude', 'anna', '7d', { used: 42 })
    assert.equal((await ask(house, chat, { model })).status, 200)
    await untilAsync(async () => {
      const week = (await house.quota(anna!.id))?.windows.find(({ id }) => id === '7d')
      return week?.used === 0.42 && week.resetsAt! > Date.now()
    })
  })

  test("the week of Opus that is used up rests Opus alone, until the vendor's reset or a probe", async () => {
    const clock = new Clock()
    await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
    const resetsAt = clock.ms + 2 * 86_400_000
    house.simulator.setQuota('claude', 'anna', '7d-opus', { used: 100, resetsAt })
    for (const name of [OPUS, OPUS, model])
      assert.equal((await ask(house, anthropic, { model: name })).status, 200, name)
    assert.deepEqual(ways(house), ['anna 429, ben 200', 'ben 200', 'anna 200'])
    const { failure } = house.calls[0]!.attempts[0]!
    assert.deepEqual([failure?.kind, failure?.scope], ['quota-exhausted', 'model'])
    assert.match(failure!.message, /week, Opus/)
  })

  test('a Retry-After of eighteen days is kept as information, and probed within minutes', async () => {
    const clock = new Clock()
    await using house = await inhabited(spec, ['anna'], { clock })
    house.simulator.setRefusal('claude', 'anna', 'absurd-retry-after')
    assert.equal((await ask(house, anthropic, { model })).status, 429)
    house.simulator.setRefusal('claude', 'anna', undefined)
    const resting = await ask(house, anthropic, { model })
    assert.equal(resting.status, 429)
    assert.ok(Number(resting.headers['retry-after']) <= 300)
    clock.pass(301)
    assert.equal((await ask(house, anthropic, { model })).status, 200)
  })
})

const request = { kind: 'forbidden', scope: 'request', status: 400 } as const
const extra = { kind: 'quota-exhausted', scope: 'request', status: 429 } as const
heedsRefusals({ ...spec, dialect: anthropic }, [
  {
    ...request,
    name: 'claude-code-only',
    says: /^This credential is only authorized for use with Claude Code and cannot be used for other API requests\./,
    advice: /claude-api-key/,
  },
  { ...request, name: 'third-party', says: /^Third-party apps now draw from your extra usage/, advice: /No other acc/ },
  { ...request, name: 'extra-usage', says: /^You're out of extra usage/, advice: /claude\.ai\/settings\/usage/ },
  { ...extra, name: 'long-context', says: /^Extra usage is required for long context requests/, advice: /200,000/ },
  { ...extra, name: 'fast-mode', says: /^Usage credits are required for fast mode/, advice: /speed/ },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /would exceed the rate limit/ },
  { name: 'absurd-retry-after', kind: 'rate-limited', scope: 'model', status: 429, says: /rate limit/ },
  { name: 'overloaded', kind: 'overloaded', scope: 'model', status: 529, says: /Overloaded/ },
  {
    name: 'disabled',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^This organization has been disabled/,
    advice: /support/,
  },
])
