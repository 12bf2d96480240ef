import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../../accounts/account.ts'
import { isRetriable } from '../../hub/failure.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { loginAccount } from '../testing/logins.ts'
import { ask, claudeToken, http, standIn } from '../testing/simulated.ts'
import { claude } from './index.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000

describe('a Claude login at the simulated vendor', () => {
  let sim: Simulator
  let account: Account
  let credential: Credential
  const body = { model: 'claude-sonnet-5', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] }
  const send = (over = {}, more = {}) => ask(claude, account, credential, { ...body, ...over }, more)

  before(async () => {
    sim = await createSimulator({ now: () => NOW })
    account = loginAccount('claude', standIn(sim, 'https://api.anthropic.com'), { speaks: ['anthropic'] })
    credential = await claudeToken(sim, 'anna')
  })
  after(() => sim.close())

  it('is answered, whole and as a stream, with what is left in the headers', async () => {
    const whole = await send()
    assert.equal(whole.status, 200, whole.text)
    assert.equal(JSON.parse(whole.text).type, 'message')
    const reading = claude.quota!.fromHeaders!(whole.headers, NOW)
    assert.deepEqual(
      reading?.windows.map(({ id }) => id),
      ['5h', '7d'],
    )
    assert.equal(reading?.allowed, true)
    const streamed = await send({ stream: true })
    assert.equal(streamed.events.at(-1)?.['type'], 'message_stop')
  })

  it('counts tokens, and takes betas a client wrote into the body', async () => {
    const { max_tokens: _, ...counted } = body
    const count = await ask(claude, account, credential, counted, { action: 'count-tokens' })
    assert.equal(typeof JSON.parse(count.text).input_tokens, 'number', count.text)
    const lifted = await send({ betas: ['context-1m-2025-08-07'] })
    assert.equal(lifted.status, 200, lifted.text)
  })

  it('reads its usage and its models', async () => {
    sim.setQuota('claude', 'anna', '7d-opus', { used: 50, resetsAt: NOW + HOUR })
    const usage = await claude.quota!.ask!(account, credential, http, NOW)
    const opus = usage?.windows.find(({ id }) => id === '7d-opus')
    assert.deepEqual([opus?.used, opus?.resetsAt], [0.5, NOW + HOUR])
    assert.equal(usage?.allowed, true)
    const models = await claude.liveModels!(account, credential, http)
    assert.ok(models!.length > 0 && models!.every(({ name }) => name.startsWith('claude-')))
  })

  it('learns which window is used up, and until when', async () => {
    sim.setQuota('claude', 'anna', '5h', { used: 100, resetsAt: NOW + 2 * HOUR })
    const { failure, headers } = await send()
    assert.deepEqual([failure?.kind, failure?.scope], ['quota-exhausted', 'account'])
    assert.ok(Math.abs(failure!.retryAfter! - (NOW + 2 * HOUR - Date.now()) / 1000) < 5 || failure!.retryAfter === 1)
    assert.equal(claude.quota!.fromHeaders!(headers, NOW)?.allowed, false)
    sim.setQuota('claude', 'anna', '5h', { used: 0 })
    sim.setQuota('claude', 'anna', '7d-opus', { used: 100 })
    const opus = await send({ model: 'claude-opus-5' })
    assert.deepEqual([opus.failure?.kind, opus.failure?.scope], ['quota-exhausted', 'model'])
    assert.equal((await send()).status, 200)
  })

  const refusals: Record<string, [kind: string, scope: string]> = {
    'claude-code-only': ['forbidden', 'request'],
    'third-party': ['forbidden', 'request'],
    'extra-usage': ['forbidden', 'request'],
    'long-context': ['quota-exhausted', 'request'],
    'fast-mode': ['quota-exhausted', 'request'],
    'rate-limit': ['rate-limited', 'model'],
    'absurd-retry-after': ['rate-limited', 'model'],
    overloaded: ['overloaded', 'model'],
    disabled: ['forbidden', 'account'],
  }
  for (const [name, [kind, scope]] of Object.entries(refusals))
    it(`understands the refusal "${name}"`, async () => {
      sim.setRefusal('claude', 'anna', name)
      const { failure, text } = await send()
      sim.setRefusal('claude', 'anna', undefined)
      assert.deepEqual([failure?.kind, failure?.scope], [kind, scope], text)
      assert.ok(failure!.message.startsWith(JSON.parse(text).error.message))
      assert.equal(isRetriable(failure!), scope !== 'request')
    })

  it('is told when its token is no longer taken', async () => {
    sim.oauthFault('claude', 'expire-access')
    const { failure } = await send()
    assert.deepEqual([failure?.kind, failure?.status], ['unauthorized', 401])
  })
})
