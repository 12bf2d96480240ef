/** Grok subscriptions (domain.md 1.8), from the login to the last refusal, through real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LoginError } from '../src/index.ts'
import { ask, chat, post, responses } from './support/dialects.ts'
import { openHouse } from './support/subscription.ts'
import { type AccountSpec, heedsRefusals, inhabited, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'xai', model: 'grok-4.6', window: '24h', tells: false }
const { model } = spec

describe('xai: logins', () => {
  test('on another device: endpoints are discovered, one person confirms and another declines', async () => {
    await using house = await openHouse('xai')
    const declined = house.begin().then((login) => {
      house.simulator.confirmDevice(login.userCode!, 'ben', { deny: true })
      return login.account
    })
    const [anna, ben] = await Promise.allSettled([house.login('anna'), declined])
    assert.ok(anna.status === 'fulfilled')
    assert.equal(anna.value.facts.email, 'anna@simulated.example')
    assert.ok(ben.status === 'rejected' && ben.reason instanceof LoginError && ben.reason.code === 'denied')
    const answer = await ask(house, chat, { model })
    assert.deepEqual([answer.status, answer.headers['x-logicaproxy-account']], [200, anna.value.id])
  })

  test('sent by discovery to a foreign host go nowhere', async () => {
    await using vendor = await openHouse('xai')
    const foreign = { 'host-overrides': { ...vendor.simulator.hosts, 'https://auth.x.ai': `${vendor.url}/nowhere` } }
    await using house = await openHouse('xai', { config: foreign })
    await assert.rejects(house.begin(), LoginError)
    assert.equal(house.simulator.oauth.log({ vendor: 'xai' }).length, 0)
  })
})

speaks({
  provider: 'xai',
  model,
  native: ['openai-responses'],
  shows: ['openai-responses', 'gemini'],
  dropped: {
    anthropic: 'top_k,stop',
    'openai-chat': 'stop,seed',
    'openai-responses': undefined,
    gemini: 'top_k,stop,seed',
  },
})

describe('xai: what it takes', () => {
  test('a conversation is known to it by a stable id that tells nothing', async () => {
    await using house = await inhabited(spec, ['anna'])
    const extra = { prompt_cache_key: 'my-conversation' }
    for (let i = 0; i < 2; i += 1) assert.equal((await ask(house, responses, { model, extra })).status, 200)
    const [first, second] = house.attempts('anna')
    assert.match(first!.headers['x-grok-conv-id']!, /^[0-9a-f-]{36}$/)
    assert.equal(first!.headers['x-grok-conv-id'], second!.headers['x-grok-conv-id'])
    assert.equal(first!.bodyHash, second!.bodyHash)
    for (const name of ['x-grok-client-identifier', 'x-grok-client-version', 'x-xai-token-auth'])
      assert.equal(first!.headers[name], undefined)
  })

  test('a conversation is compacted', async () => {
    await using house = await inhabited(spec, ['anna'])
    const body = JSON.stringify({ model, input: [{ role: 'user', content: 'Remember the number 17.' }] })
    const answer = await post(house, responses, '/v1/responses/compact', body)
    assert.equal(answer.status, 200, answer.raw)
    assert.ok(answer.json.output.length > 0)
  })
})

keepsAccounts(spec)

heedsRefusals(spec, [
  {
    name: 'client-gate',
    kind: 'forbidden',
    scope: 'request',
    status: 403,
    says: /^This client is not supported/,
    advice: /does not pose/,
  },
  {
    name: 'quota',
    kind: 'quota-exhausted',
    scope: 'account',
    status: 429,
    says: /^You have reached your usage limit/,
    advice: /24 hours/,
  },
  {
    name: 'credits',
    kind: 'quota-exhausted',
    scope: 'account',
    status: 403,
    says: /^Your team has run out of credits/,
    advice: /console\.x\.ai/,
  },
])
