/** Qwen Code and iFlow against their simulated vendors. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../accounts/account.ts'
import { createSimulator, type Simulator } from '../simulator/index.ts'
import { login } from '../simulator/testing/login.ts'
import { iflow } from './iflow/index.ts'
import { qwen } from './qwen/index.ts'
import { type Json, simulatedAccount, talk, vendorHttp } from './testing/talk.ts'

const messages = [{ role: 'user', content: 'hi' }]
const tools = [{ type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }]

let simulator: Simulator
before(async () => {
  simulator = await createSimulator()
})
after(() => simulator.close())

/** The key that stands behind an iFlow login (domain.md 1.5). */
async function iflowKey(token: string): Promise<string> {
  const base = simulator.hosts['https://iflow.cn']!
  const url = `${base}/api/oauth/getUserInfo?accessToken=${encodeURIComponent(token)}`
  const { json } = await vendorHttp({ method: 'GET', url })
  return (json['data'] as { apiKey: string }).apiKey
}

for (const [provider, model] of [
  [qwen, 'coder-model'],
  [iflow, 'glm-4.6'],
] as const)
  describe(`${provider.title}, simulated`, () => {
    const name = provider.id as 'qwen'
    let account: Account
    let credential: Credential
    const ask = (body: Json, over = {}) =>
      talk(provider, account, credential, { model, messages, ...body }, { model, ...over })

    before(async () => {
      const { access_token: token, resource_url: resource } = await login(simulator, name, 'anna')
      const value = provider === iflow ? await iflowKey(token) : token
      const details: Record<string, string> = typeof resource === 'string' ? { 'resource-url': resource } : {}
      credential = { type: 'oauth', value, details }
      account = simulatedAccount(provider, simulator)
    })

    it('answers, whole and streamed, with its usage', async () => {
      for (const stream of [false, true]) {
        const { status, events, failure } = await ask(
          { stream, ...(stream && { stream_options: { include_usage: true } }) },
          { stream },
        )
        assert.equal(status, 200, failure?.message)
        assert.ok(events.some((event) => event['usage'] != null))
      }
    })

    it('takes tools, and an empty list of them', async () => {
      for (const given of [tools, []]) {
        const { status, failure } = await ask({ tools: given, tool_choice: 'auto' })
        assert.equal(status, 200, failure?.message)
      }
    })

    it('takes instructions of either name', async () => {
      for (const role of ['system', 'developer'])
        assert.equal((await ask({ messages: [{ role, content: 'Be brief' }, ...messages] })).status, 200)
    })

    it('is refused with a dead token', async () => {
      const dead = { ...credential, value: 'dead' }
      const { failure } = await talk(provider, account, dead, { model, messages }, { model })
      assert.deepEqual([failure?.kind, failure?.status], ['unauthorized', 401])
    })

    it('tells when the service is closed', async () => {
      simulator.setRefusal(name, 'anna', 'closed')
      const { failure } = await ask({})
      simulator.setRefusal(name, 'anna', undefined)
      assert.deepEqual([failure?.kind, failure?.scope], ['forbidden', 'account'])
      assert.match(failure?.message ?? '', /April 2026/)
    })
  })

describe("Qwen Code's allowance, simulated", () => {
  it('is used up until midnight in Beijing, in each of its forms', async () => {
    const { access_token: value } = await login(simulator, 'qwen', 'ben')
    const account = simulatedAccount(qwen, simulator)
    const credential: Credential = { type: 'oauth', value, details: {} }
    for (const refusal of ['insufficient_quota', 'quota_exceeded', 'free-quota']) {
      simulator.setRefusal('qwen', 'ben', refusal)
      const body = { model: 'coder-model', messages }
      const { failure } = await talk(qwen, account, credential, body, { model: 'coder-model' })
      assert.deepEqual([failure?.kind, failure?.status, failure?.scope], ['quota-exhausted', 429, 'account'], refusal)
      assert.ok(failure!.retryAfter! > 0 && failure!.retryAfter! <= 86_400)
    }
    simulator.setRefusal('qwen', 'ben', undefined)
    simulator.setQuota('qwen', 'ben', 'day', { used: 100 })
    const { failure } = await talk(
      qwen,
      account,
      credential,
      { model: 'coder-model', messages },
      { model: 'coder-model' },
    )
    assert.equal(failure?.kind, 'quota-exhausted')
  })

  it('is said of iFlow as a rate', async () => {
    const { access_token: token } = await login(simulator, 'iflow', 'ben')
    const credential: Credential = { type: 'oauth', value: await iflowKey(token), details: {} }
    simulator.setQuota('iflow', 'ben', 'minute', { used: 100 })
    const account = simulatedAccount(iflow, simulator)
    const { failure } = await talk(iflow, account, credential, { model: 'glm-4.6', messages }, { model: 'glm-4.6' })
    assert.deepEqual([failure?.kind, failure?.scope], ['rate-limited', 'model'])
    assert.ok(failure!.retryAfter! > 0 && failure!.retryAfter! <= 60)
  })
})
