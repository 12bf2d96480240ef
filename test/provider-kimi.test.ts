/** Kimi's coding plan (domain.md 1.7), from the login to the last refusal, through real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LoginError } from '../src/index.ts'
import { anthropic, ask, chat, type Json, responses } from './support/dialects.ts'
import { openHouse } from './support/subscription.ts'
import {
  type AccountSpec,
  heedsRefusals,
  inhabited,
  keepsAccounts,
  untilAsync,
} from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'kimi', model: 'kimi-k2.5', window: '5h', tells: true }
const { model } = spec

test('kimi: the device login, confirmed by one and declined by another', async () => {
  await using house = await openHouse('kimi')
  const declined = house.begin().then((login) => {
    assert.match(login.verificationUrl!, /^http/)
    house.simulator.confirmDevice(login.userCode!, 'ben', { deny: true })
    return login.account
  })
  const [anna, ben] = await Promise.allSettled([house.login('anna', { label: 'mine' }), declined])
  assert.ok(anna.status === 'fulfilled')
  assert.deepEqual([anna.value.facts.label, anna.value.facts.state.is], ['mine', 'ready'])
  assert.ok(ben.status === 'rejected' && ben.reason instanceof LoginError && ben.reason.code === 'denied')
  assert.equal(house.gateway.logins!.records().length, 1)
  const answer = await ask(house, chat, { model })
  assert.deepEqual([answer.status, answer.headers['x-logicaproxy-account']], [200, anna.value.id])
})

speaks({
  provider: 'kimi',
  model,
  native: ['openai-chat', 'anthropic'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: undefined, 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k,stop' },
})

describe('kimi: what it takes', () => {
  test('the name without the prefix, and depth as thinking with an effort', async () => {
    await using house = await inhabited(spec, ['anna'])
    for (const [dialect, extra] of [
      [chat, { reasoning_effort: 'high' }],
      [responses, { reasoning: { effort: 'high' } }],
    ] as const) {
      assert.equal((await ask(house, dialect, { model, extra })).status, 200)
      const { body } = house.attempts('anna').at(-1) as { body: Json }
      assert.equal(body.model, 'k2.5')
      assert.deepEqual(body.thinking, { type: 'enabled', effort: 'high' })
      assert.equal(body.reasoning_effort, undefined)
    }
  })

  test('its own Anthropic dialect, for clients that speak it', async () => {
    await using house = await inhabited(spec, ['anna'])
    const answer = await ask(house, anthropic, { model, stream: true })
    assert.equal(answer.status, 200)
    assert.match(answer.text, /You said: Hello there/)
    assert.match(house.attempts('anna').at(-1)!.path, /\/coding\/v1\/messages/)
  })
})

keepsAccounts(spec)

test('kimi: allowances are read from its usage endpoint', async () => {
  await using house = await openHouse('kimi')
  house.simulator.setQuota('kimi', 'anna', '7d', { used: 42 })
  const { id } = await house.add('anna')
  await untilAsync(async () => {
    const state = await house.quota(id)
    const used = (name: string) => state?.windows.find((w) => w.id === name)?.used
    return state?.plan === 'intermediate' && used('7d') === 0.42 && used('5h') === 0
  })
})

heedsRefusals(spec, [
  {
    name: 'quota',
    kind: 'quota-exhausted',
    scope: 'account',
    status: 403,
    says: /^You've reached your usage limit/,
    advice: /logicaproxy accounts/,
  },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /max request per minute/ },
  { name: 'overloaded', kind: 'overloaded', scope: 'model', status: 429, says: /overloaded/ },
])
