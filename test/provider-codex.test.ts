/** ChatGPT plans through the Codex backend (domain.md 1.2), from the login to the last refusal, through real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, chat, type Json, post, responses } from './support/dialects.ts'
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

const spec: AccountSpec = { provider: 'codex', model: 'gpt-5.4', window: '5h', tells: true, cliArgs: ['--device'] }
const { model } = spec

describe('codex: logins', () => {
  test('in the browser of this machine', async () => {
    await using house = await openHouse('codex')
    const record = await house.login('anna')
    assert.deepEqual([record.facts.email, record.facts.plan], ['anna@simulated.example', 'plus'])
    assert.equal((await ask(house, responses, { model })).status, 200)
    assert.equal(house.simulator.oauth.counts().codes, 1)
    const { headers } = house.attempts('anna')[0]!
    assert.equal(headers['chatgpt-account-id'], (await house.gateway.logins!.reveal(record.id)).details['account-id'])
    assert.equal(headers['originator'], 'logicaproxy')
  })

  test('by a paste of the address, and of the bare code', async () => {
    await using house = await openHouse('codex')
    for (const person of ['anna', 'ben']) {
      const login = await house.begin({ way: 'paste' })
      const address = await house.simulator.consent({ url: login.url!, person })
      login.paste(person === 'anna' ? address : new URL(address).searchParams.get('code')!)
      assert.equal((await login.account).facts.email, `${person}@simulated.example`)
    }
  })

  test('on another device', async () => {
    await using house = await openHouse('codex')
    const [anna, ben] = await Promise.allSettled([
      house.login('anna', { way: 'device' }),
      house.begin({ way: 'device' }).then((login) => {
        house.simulator.oauthFault('codex', 'device-disabled')
        login.cancel()
        return login.account
      }),
    ])
    assert.equal(anna.status, 'fulfilled')
    assert.equal(ben.status, 'rejected')
    await assert.rejects(house.begin({ way: 'device' }), /device/i)
  })

  test('that is given up is told to the vendor, if its owner wants that', async () => {
    await using house = await openHouse('codex')
    const { id } = await house.login('anna')
    const { refreshToken } = await house.gateway.logins!.reveal(id)
    await house.gateway.logins!.remove(id, true)
    assert.equal(house.simulator.oauth.inspect(refreshToken!).state, 'revoked')
  })
})

speaks({
  provider: 'codex',
  model,
  native: ['openai-responses'],
  shows: ['openai-responses', 'gemini'],
  dropped: {
    anthropic: 'temperature,top_k,stop,max_output_tokens,user',
    'openai-chat': 'temperature,stop,seed,max_output_tokens,user',
    'openai-responses': 'max_output_tokens,temperature,top_p,user',
    gemini: 'temperature,top_k,stop,seed,max_output_tokens',
  },
})

describe('codex: its streams', () => {
  for (const stream of [true, false])
    test(`an error behind the handshake of a 200 goes to the other account, ${stream ? 'streamed' : 'whole'}`, async () => {
      await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
      house.simulator.script('codex:anna', [{ name: 'error-second' }])
      const answer = await ask(house, responses, { model, stream })
      assert.equal(answer.status, 200)
      assert.match(answer.text, /You said: Hello there/)
      if (stream) assert.equal(answer.events.filter(({ name }) => name === 'response.created').length, 1)
      assert.deepEqual(ways(house), ['anna 200, ben 200'])
      assert.equal(house.calls[0]!.attempts[0]!.failure?.kind, 'overloaded')
    })

  test('an error after the first words reaches the client, once, and nobody else is asked', async () => {
    await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
    house.simulator.script('codex:anna', [{ name: 'error-mid', value: 1 }])
    const answer = await ask(house, responses, { model, stream: true })
    assert.equal(answer.events.filter((event) => responses.fails(event)).length, 1)
    assert.equal(answer.events.filter((event) => responses.closes(event)).length, 0)
    assert.equal(house.attempts('ben').length, 0)
  })

  test('an output left out at the end is put together from what was told', async () => {
    await using house = await inhabited(spec, ['anna'])
    const texts = Array.from({ length: 8 }, (_, i) => `Hello number ${i}`)
    for (const text of texts)
      for (const stream of [false, true]) {
        const answer = await ask(house, responses, { model, text, stream })
        const last = stream ? JSON.parse(answer.events.at(-1)!.data).response : answer.json
        const said = last.output.flatMap((item: Json) => item.content ?? []).map((part: Json) => part.text)
        assert.match(said.join(''), new RegExp(`You said: ${text}$`))
        assert.ok(!answer.raw.includes('codex.rate_limits'), "the account's allowances are not the client's to know")
      }
  })

  test('what the backend demands is added, and the conversation is known to it by a stable id', async () => {
    await using house = await inhabited(spec, ['anna'])
    const extra = { prompt_cache_key: 'my-conversation' }
    for (let i = 0; i < 2; i += 1) assert.equal((await ask(house, responses, { model, extra })).status, 200)
    const [first, second] = house.attempts('anna')
    assert.deepEqual(first!.body, second!.body)
    assert.equal(first!.bodyHash, second!.bodyHash)
    const { stream, store, instructions, include } = first!.body as Json
    assert.deepEqual([stream, store, instructions, include], [true, false, '', ['reasoning.encrypted_content']])
    assert.match(first!.headers['session_id']!, /^[0-9a-f-]{36}$/)
    assert.equal(first!.headers['session_id'], second!.headers['session_id'])
  })
})

describe('codex: reasoning that is sealed for one account', () => {
  const include = ['reasoning.encrypted_content']
  const base = { store: false, include, reasoning: { effort: 'high', summary: 'auto' } }

  async function conversation(house: Awaited<ReturnType<typeof inhabited>>): Promise<Json[]> {
    const first = await ask(house, responses, { model, text: 'Why?', extra: base })
    assert.ok(first.json.output.some((item: Json) => item.encrypted_content))
    return [{ role: 'user', content: 'Why?' }, ...first.json.output, { role: 'user', content: 'And then?' }]
  }

  test('goes back to that account', async () => {
    await using house = await inhabited(spec, ['anna', 'ben'], { config: { routing: {} } })
    const input = await conversation(house)
    const home = house.calls[0]!.accountId
    for (let i = 0; i < 3; i += 1) {
      const answer = await ask(house, responses, { model, extra: { ...base, input } })
      assert.equal(answer.status, 200, answer.raw)
      assert.match(answer.text, /And then\?/)
    }
    assert.deepEqual(new Set(house.calls.map(({ accountId }) => accountId)), new Set([home]))
  })

  test('is left out for another one that cannot read it, once, and the answer comes', async () => {
    // Nothing tells which account a conversation was at: the backend finds out, and refuses.
    await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
    const input = await conversation(house)
    const [anna] = house.gateway.logins!.records()
    await house.gateway.logins!.change(anna!.id, { disabled: true })
    await untilAsync(
      async () => (await ask(house, chat, { model, text: 'Who?' })).headers['x-logicaproxy-account'] !== anna!.id,
    )
    const before = house.attempts('ben').length
    const answer = await ask(house, responses, { model, extra: { ...base, input } })
    assert.equal(answer.status, 200, answer.raw)
    assert.match(answer.text, /And then\?/)
    assert.equal(ways(house).at(-1), 'ben 400, ben 200')
    const [refused, taken] = house.attempts('ben').slice(before)
    const kinds = (body: unknown) => (body as Json).input.map((item: Json) => item.type)
    assert.ok(kinds(refused!.body).includes('reasoning'))
    assert.ok(!kinds(taken!.body).includes('reasoning'))

    // The client replays all of it at the next turn: what was refused stays behind at once, what ben sealed goes back to him.
    const later = [...input, ...answer.json.output, { role: 'user', content: 'And after that?' }]
    const third = await ask(house, responses, { model, extra: { ...base, input: later } })
    assert.equal(third.status, 200, third.raw)
    assert.match(third.text, /And after that\?/)
    assert.equal(ways(house).at(-1), 'ben 200')
    const sealed = (items: Json[]) => items.flatMap((item) => item.encrypted_content ?? [])
    assert.deepEqual(sealed((house.attempts('ben').at(-1)!.body as Json).input), sealed(answer.json.output))
    assert.ok(sealed(answer.json.output).length > 0)
  })
})

test('codex: a conversation is compacted by the backend', async () => {
  await using house = await inhabited(spec, ['anna'])
  const body = JSON.stringify({
    model,
    input: [{ role: 'user', content: 'Remember the number 17.' }],
    instructions: '',
  })
  const answer = await post(house, responses, '/v1/responses/compact', body)
  assert.equal(answer.status, 200, answer.raw)
  assert.ok(answer.json.output.length > 0)
  assert.match(house.attempts('anna').at(-1)!.path, /\/codex\/responses\/compact$/)
  const next = await ask(house, responses, {
    model,
    extra: { input: [...answer.json.output, { role: 'user', content: 'And now?' }] },
  })
  assert.equal(next.status, 200, next.raw)
})

keepsAccounts(spec)

describe('codex: allowances', () => {
  test('are read from the headers of every answer', async () => {
    await using house = await inhabited(spec, ['anna'])
    const [anna] = house.gateway.logins!.records()
    house.simulator.setQuota('codex', 'anna', '7d', { used: 42 })
    assert.equal((await ask(house, chat, { model })).status, 200)
    await untilAsync(async () => {
      const state = await house.quota(anna!.id)
      return state?.plan === 'plus' && state.windows.find(({ id }) => id === '7d')?.used === 0.42
    })
  })

  test('a model that a plan lacks is asked of an account that has it', async () => {
    await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
    house.simulator.setPlan('codex', 'anna', 'free')
    assert.equal((await ask(house, chat, { model })).status, 200)
    assert.deepEqual(ways(house), ['anna 400, ben 200'])
    assert.deepEqual(house.calls[0]!.attempts[0]!.failure?.scope, 'model')
  })

  test('a token the backend invalidates is renewed once; if that does not help, the other account answers', async () => {
    await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
    house.simulator.setRefusal('codex', 'anna', 'token_invalidated')
    for (let i = 0; i < 3; i += 1) assert.equal((await ask(house, chat, { model })).status, 200)
    assert.deepEqual(ways(house), ['anna 401, anna 401, ben 200', 'ben 200', 'ben 200'])
    assert.equal(house.refreshes('anna').length, 1)
  })
})

const overloaded = { kind: 'overloaded', scope: 'model', status: 503 } as const
heedsRefusals(spec, [
  {
    name: 'usage_limit_reached',
    kind: 'quota-exhausted',
    scope: 'account',
    status: 429,
    says: /^The usage limit has been reached/,
    advice: /asked again/,
  },
  {
    name: 'usage_not_included',
    kind: 'quota-exhausted',
    scope: 'account',
    status: 429,
    says: /^To use Codex with your ChatGPT plan/,
    advice: /chatgpt\.com/,
  },
  { ...overloaded, name: 'at-capacity', says: /^Selected model is at capacity/ },
  { ...overloaded, name: 'overloaded', says: /overloaded/ },
  { ...overloaded, name: 'slow-down', says: /slow down/ },
])
