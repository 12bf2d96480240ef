import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../../accounts/account.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { loginAccount } from '../testing/logins.ts'
import { ask, deviceToken, http, standIn } from '../testing/simulated.ts'
import { xai } from './index.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

describe('an xAI login at the simulated vendor', () => {
  let sim: Simulator
  let account: Account
  let credential: Credential
  const body = { model: 'grok-4.6', input: 'hi' }

  before(async () => {
    sim = await createSimulator({ now: () => NOW })
    account = loginAccount('xai', standIn(sim, 'https://api.x.ai/v1'), { speaks: ['openai-responses'] })
    const found = await (await fetch(standIn(sim, 'https://auth.x.ai/.well-known/openid-configuration'))).json()
    const endpoint = (name: string) => {
      const url = (found as Record<string, string>)[name]!
      return url.startsWith(sim.url) ? url : standIn(sim, url)
    }
    credential = await deviceToken(sim, 'anna', {
      start: endpoint('device_authorization_endpoint'),
      token: endpoint('token_endpoint'),
      client: 'b1a00492-073a-47ea-816f-4c329264a828',
      scope: 'openid profile email offline_access grok-cli:access api:access',
    })
  })
  after(() => sim.close())

  it('is answered at the API, whole and as a stream', async () => {
    const whole = await ask(xai, account, credential, body, { session: 's' })
    assert.equal(whole.status, 200, whole.text)
    const stream = await ask(xai, account, credential, { ...body, stream: true })
    assert.equal(stream.events.at(-1)?.['type'], 'response.completed', stream.text)
  })

  it("is answered or plainly refused at the subscription's host, and not told to rotate", async () => {
    const chat = { ...account, baseUrl: standIn(sim, 'https://cli-chat-proxy.grok.com/v1') }
    const { status, failure, text } = await ask(xai, chat, credential, body)
    if (status === 200) return
    assert.deepEqual([failure?.kind, failure?.scope], ['forbidden', 'request'], text)
  })

  it('reads its models', async () => {
    const models = await xai.liveModels!(account, credential, http)
    assert.ok(models!.every(({ name }) => name.startsWith('grok-')))
  })

  for (const [name, kind, scope] of [
    ['client-gate', 'forbidden', 'request'],
    ['quota', 'quota-exhausted', 'account'],
    ['credits', 'quota-exhausted', 'account'],
  ] as const)
    it(`understands the refusal "${name}"`, async () => {
      sim.setRefusal('xai', 'anna', name)
      const { failure, text } = await ask(xai, account, credential, body)
      sim.setRefusal('xai', 'anna', undefined)
      assert.deepEqual([failure?.kind, failure?.scope], [kind, scope], text)
    })
})
