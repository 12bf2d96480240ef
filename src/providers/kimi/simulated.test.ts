import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../../accounts/account.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { loginAccount, token } from '../testing/logins.ts'
import { ask, deviceToken, http, standIn } from '../testing/simulated.ts'
import { kimi } from './index.ts'
import { deviceHeaders } from './request.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

describe('a Kimi login at the simulated vendor', () => {
  let sim: Simulator
  let account: Account
  let credential: Credential
  const body = { model: 'kimi-k2.6', messages: [{ role: 'user', content: 'hi' }] }

  before(async () => {
    sim = await createSimulator({ now: () => NOW })
    account = loginAccount('kimi', standIn(sim, 'https://api.kimi.com/coding'), {
      speaks: ['openai-chat', 'anthropic'],
    })
    credential = await deviceToken(sim, 'anna', {
      start: standIn(sim, 'https://auth.kimi.com/api/oauth/device_authorization'),
      token: standIn(sim, 'https://auth.kimi.com/api/oauth/token'),
      client: '17e5f671-d194-4dfb-9706-5516cb48c098',
      headers: deviceHeaders(account, token()),
    })
  })
  after(() => sim.close())

  it('is answered in both of its dialects, and thinks as it is asked to', async () => {
    const chat = await ask(kimi, account, credential, { ...body, reasoning_effort: 'high' })
    assert.equal(chat.status, 200, chat.text)
    assert.equal(JSON.parse(chat.text).object, 'chat.completion')
    const stream = await ask(kimi, account, credential, { ...body, stream: true })
    assert.ok(stream.events.length > 1, stream.text)
    const messages = await ask(kimi, account, credential, { ...body, max_tokens: 50 }, { protocol: 'anthropic' })
    assert.equal(JSON.parse(messages.text).type, 'message', messages.text)
  })

  it('reads its usage and its models', async () => {
    sim.setQuota('kimi', 'anna', '5h', { used: 40 })
    const usage = await kimi.quota!.ask!(account, credential, http, NOW)
    const used = usage?.windows.find(({ id }) => id === '5h')?.used
    assert.ok(Math.abs((used ?? 0) - 0.4) < 0.02, JSON.stringify(usage))
    assert.equal(usage?.allowed, true)
    const models = await kimi.liveModels!(account, credential, http)
    assert.ok(models!.length > 0)
  })

  it('learns that its allowance is used up', async () => {
    sim.setQuota('kimi', 'anna', '5h', { used: 100 })
    const { failure, text } = await ask(kimi, account, credential, body)
    sim.setQuota('kimi', 'anna', '5h', { used: 0 })
    assert.deepEqual([failure?.kind, failure?.scope], ['quota-exhausted', 'account'], text)
  })

  for (const [name, kind, scope] of [
    ['quota', 'quota-exhausted', 'account'],
    ['rate-limit', 'rate-limited', 'model'],
    ['overloaded', 'overloaded', 'model'],
  ] as const)
    it(`understands the refusal "${name}"`, async () => {
      sim.setRefusal('kimi', 'anna', name)
      const { failure, text } = await ask(kimi, account, credential, body)
      sim.setRefusal('kimi', 'anna', undefined)
      assert.deepEqual([failure?.kind, failure?.scope], [kind, scope], text)
    })
})
