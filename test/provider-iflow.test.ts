import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, chat, type Json } from './support/dialects.ts'
import { Clock } from './support/start.ts'
import { openHouse, PASTES } from './support/subscription.ts'
import { type AccountSpec, heedsRefusals, keepsAccounts, untilAsync } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'iflow',
  model: 'qwen3-coder-plus',
  window: 'minute',
  tells: false,
  byKey: true,
  usedUp: { kind: 'rate-limited', scope: 'model' },
}

speaks({
  provider: 'iflow',
  model: spec.model,
  thinking: 'glm-thinks',
  config: {
    'oauth-model-alias': { iflow: [{ name: 'glm-4.6+think+reasoning-content', alias: 'glm-thinks', fork: true }] },
  },
  native: ['openai-chat'],
  shows: ['anthropic', 'openai-chat', 'openai-responses', 'gemini'],
  dropped: { anthropic: 'top_k', 'openai-chat': undefined, 'openai-responses': undefined, gemini: 'top_k' },
})

keepsAccounts(spec)

heedsRefusals(spec, [
  {
    name: 'rate-limit',
    kind: 'rate-limited',
    scope: 'model',
    status: 429,
    says: /^You exceeded your current rate limit/,
  },
  {
    name: 'closed',
    kind: 'forbidden',
    scope: 'account',
    status: 403,
    says: /^The service has been closed/,
    advice: /Qoder/,
  },
])

describe('iflow: logins', () => {
  for (const [form, typed] of PASTES)
    test(`by pasting ${form}`, async () => {
      await using house = await openHouse('iflow')
      const login = await house.begin({ way: 'paste' })
      login.paste(typed(await house.simulator.consent({ url: login.url!, person: 'anna' })))
      assert.equal((await login.account).facts.email, 'anna@simulated.example')
      assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    })

  test('by the cookie of its console, out of a pipe; the next key is asked for before this one ends', async () => {
    const clock = new Clock()
    await using house = await openHouse('iflow', { clock })
    const command = house.cli('-iflow-cookie', '--json', '--yes-i-know')
    command.type('BXAuth=sim-anna; theme=dark')
    const { id, label, expiresAt } = await command.event('account')
    assert.equal(await command.ended, 0, command.stderr)
    assert.equal(label, 'anna')
    assert.ok(Number(expiresAt) > Date.now() + 6 * 86_400_000, 'the key lives for a week')
    assert.doesNotMatch(command.stdout + command.stderr, /sim-anna|sk-/)
    await untilAsync(async () => (await ask(house, chat, { model: spec.model })).status === 200)
    const before = await house.gateway.logins!.reveal(String(id))
    clock.pass(7 * 86_400)
    const renewed = await ask(house, chat, { model: spec.model })
    assert.equal(renewed.status, 200, renewed.raw)
    const after = await house.gateway.logins!.reveal(String(id))
    assert.ok(after.expiresAt! > before.expiresAt!)
    assert.equal(after.refreshToken, 'BXAuth=sim-anna')
  })

  test('what requests present is the API key of the account, also after a refresh', async () => {
    const clock = new Clock()
    await using house = await openHouse('iflow', { clock })
    house.simulator.setLife('iflow', 3_600)
    const { id } = await house.login('anna')
    const before = await house.gateway.logins!.reveal(id)
    assert.match(before.accessToken, /^sk-/)
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    clock.pass(3_601)
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.equal(house.refreshes('anna').length, 1)
    const after = await house.gateway.logins!.reveal(id)
    assert.equal(after.accessToken, before.accessToken)
    assert.notEqual(after.refreshToken, before.refreshToken)
    for (const { headers } of house.attempts('anna')) {
      const names = Object.keys(headers).filter((name) => /^(?:session-id|x-iflow-)/.test(name))
      assert.deepEqual(names, [], 'no headers that pose as its own program')
    }
  })
})

describe('iflow: its manners', () => {
  test('thinking is switched by the template, no empty tools, and how much is told to be lost', async () => {
    await using house = await openHouse('iflow')
    await house.add('anna')
    const extra = { reasoning_effort: 'high', tools: [] }
    const answer = await ask(house, chat, { model: 'glm-4.6', extra })
    assert.equal(answer.status, 200, answer.raw)
    assert.equal(answer.headers['x-logicaproxy-dropped'], 'reasoning_effort')
    const body = house.attempts('anna')[0]!.body as Json
    assert.deepEqual(body.chat_template_kwargs, { enable_thinking: true, clear_thinking: false })
    assert.deepEqual([body.tools, body.reasoning_effort], [undefined, undefined])
  })
})
