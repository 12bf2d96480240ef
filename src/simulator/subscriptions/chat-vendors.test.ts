import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, type Simulator } from '../index.ts'
import { login } from '../testing/login.ts'
import { ask, user } from '../testing/subscriptions.ts'

const NOW = 1_790_000_000_000
let s: Simulator
before(async () => {
  s = await createSimulator({ now: () => NOW })
})
after(() => s.close())
beforeEach(() => s.reset())

describe('Qwen', () => {
  test('wants a system message, in parts, and tools or none', async () => {
    const anna = await user(s, 'qwen', 'anna')
    const say = (change: Record<string, unknown>) => anna.ask(change)
    assert.equal((await say({ messages: [{ role: 'user', content: 'Hello' }] })).status, 400)
    assert.equal(
      (
        await say({
          messages: [
            { role: 'system', content: 'x' },
            { role: 'user', content: 'y' },
          ],
        })
      ).status,
      400,
    )
    assert.equal((await say({ tools: [] })).status, 400)
    assert.equal((await say({ model: 'gpt-4o' })).status, 400)
    const silent = [
      { role: 'system', content: [{ type: 'text', text: '' }] },
      { role: 'user', content: 'Hello' },
    ]
    assert.equal((await say({ messages: silent })).status, 200)
  })
  test('streams usage when asked for it', async () => {
    const anna = await user(s, 'qwen', 'anna')
    const heard = await anna.ask({ stream: true, stream_options: { include_usage: true } })
    assert.equal(heard.events.at(-1)!.data, '[DONE]')
    assert.ok(JSON.parse(heard.events.at(-2)!.data).usage.total_tokens)
  })
})

describe('iFlow', () => {
  test('takes its key, and not the access token; an empty list of tools breaks it', async () => {
    const anna = await user(s, 'iflow', 'anna')
    const token = await anna.ask({}, anna.url, { authorization: `Bearer ${anna.tokens.access_token}` })
    assert.equal(token.status, 401)
    assert.equal((await anna.ask({ tools: [] })).status, 400)
    const history = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', reasoning_content: 'c' },
      { role: 'user', content: 'd' },
    ]
    const thinking = { chat_template_kwargs: { enable_thinking: true } }
    assert.equal((await anna.ask({ ...thinking, messages: history })).status, 200)
  })
  test('renews a key by cookie', async () => {
    const url = 'https://platform.iflow.cn/api/openapi/apikey'
    assert.equal((await ask(s, url, { name: 'x' })).status, 401)
    const { json } = await ask(s, url, { name: 'x' }, { cookie: 'BXAuth=sim-anna; other=1' })
    const data = json['data'] as { apiKey: string; expireTime: string }
    assert.match(data.expireTime, /^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    const heard = await ask(
      s,
      'https://apis.iflow.cn/v1/chat/completions',
      { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hello' }] },
      { authorization: `Bearer ${data.apiKey}` },
    )
    assert.equal(heard.status, 200)
  })
})

describe('Kimi', () => {
  test('speaks both dialects', async () => {
    const anna = await user(s, 'kimi', 'anna')
    const heard = await ask(
      s,
      'https://api.kimi.com/coding/v1/messages',
      { model: 'k2.6', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }], stream: true },
      { ...anna.headers, 'anthropic-version': '2023-06-01' },
    )
    assert.equal(heard.events.at(-1)!.event, 'message_stop')
    s.setQuota('kimi', 'anna', '5h', { used: 100 })
    const refused = await ask(
      s,
      'https://api.kimi.com/coding/v1/messages',
      { model: 'k2.6', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] },
      { ...anna.headers, 'anthropic-version': '2023-06-01' },
    )
    assert.deepEqual([refused.status, refused.json['type']], [429, 'error'])
  })
  test('tells the week and the five hours', async () => {
    const anna = await user(s, 'kimi', 'anna')
    s.setQuota('kimi', 'anna', '5h', { used: 30 })
    const { json } = await anna.get('https://api.kimi.com/coding/v1/usages')
    assert.equal((json['usage'] as { used: string }).used, '0')
    const [five] = json['limits'] as { window: { duration: number }; detail: { used: string } }[]
    assert.deepEqual([five!.window.duration, five!.detail.used], [300, '30'])
    assert.ok((await anna.get('https://api.kimi.com/coding/v1/models')).json['data'])
  })
})

describe('xAI', () => {
  const PROXY = 'https://cli-chat-proxy.grok.com/v1/responses'
  test('answers chat of subscriptions at its proxy, to those that name the kind of token', async () => {
    const anna = await user(s, 'xai', 'anna')
    assert.equal((await anna.ask({}, PROXY)).status, 401)
    const named = { 'x-xai-token-auth': 'xai-grok-cli' }
    assert.equal((await anna.ask({}, PROXY, named)).status, 200)
    assert.equal((await anna.ask({}, `${PROXY}/compact`, named)).status, 404)
    assert.equal((await anna.get(PROXY)).status, 405)
  })
  test('compacts at its API, and knows its models alone', async () => {
    const anna = await user(s, 'xai', 'anna')
    const done = await anna.ask({}, 'https://api.x.ai/v1/responses/compact')
    assert.equal(done.json['object'], 'response.compaction')
    assert.equal((await anna.ask({ model: 'gpt-5' })).status, 400)
    assert.ok((await anna.get('https://api.x.ai/v1/models')).json['data'])
  })
  test('gives no refresh token without offline_access', async () => {
    const tokens = await login(s, 'xai', 'anna')
    assert.ok(tokens.refresh_token && tokens.scope!.includes('offline_access'))
  })
})
