import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, type Simulator } from '../index.ts'
import { ask, type Heard, user } from '../testing/subscriptions.ts'

const NOW = 1_790_000_000_000
let s: Simulator
let anna: Awaited<ReturnType<typeof user>>
before(async () => {
  s = await createSimulator({ now: () => NOW })
})
after(() => s.close())
beforeEach(async () => {
  s.reset()
  anna = await user(s, 'codex', 'anna')
})

const names = (h: Heard) => h.events.map((e) => e.event)
const data = (h: Heard, name: string) => JSON.parse(h.events.find((e) => e.event === name)!.data)

describe('a request to the Codex backend', () => {
  const cases: [name: string, change: Record<string, unknown>, told: RegExp][] = [
    ['stream missing', { stream: undefined }, /Stream must be set to true/],
    ['stream false', { stream: false }, /Stream must be set to true/],
    ['store missing', { store: undefined }, /Store must be set to false/],
    ['instructions missing', { instructions: undefined }, /Instructions are required/],
    ['input as text', { input: 'Hello' }, /Input must be a list/],
    ['parallel_tool_calls as text', { parallel_tool_calls: 'yes' }, /parallel_tool_calls/],
    ['service_tier auto', { service_tier: 'auto' }, /service_tier: auto/],
    ['a system message', { input: [{ role: 'system', content: 'x' }] }, /System messages are not allowed/],
    ['a tool by its old name', { tools: [{ type: 'web_search_preview' }] }, /web_search_preview/],
    ['a model of another family', { model: 'gpt-4o' }, /'gpt-4o' model is not supported/],
  ]
  for (const field of [
    'max_output_tokens',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
    'truncation',
    'user',
    'metadata',
    'previous_response_id',
    'prompt_cache_retention',
    'safety_identifier',
    'stream_options',
    'context_management',
    'stop',
    'top_k',
    'presence_penalty',
    'frequency_penalty',
    'logprobs',
    'n',
  ])
    cases.push([field, { [field]: 1 }, new RegExp(`Unsupported parameter: ${field}`)])
  for (const [name, change, told] of cases)
    test(`is refused with ${name}`, async () => {
      const refused = await anna.ask(change)
      assert.equal(refused.status, 400)
      assert.match(String(refused.json['detail']), told)
    })

  test('must name the account of its token', async () => {
    const { 'chatgpt-account-id': _, ...without } = anna.headers
    assert.equal((await ask(s, anna.url, anna.body, without)).status, 400)
    assert.equal((await anna.ask({}, anna.url, { 'chatgpt-account-id': 'other' })).status, 403)
    assert.equal((await anna.ask({}, anna.url, { accept: 'application/json' })).status, 400)
  })
  test('may not refer to what was never stored', async () => {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{}' }
    const output = { type: 'function_call_output', call_id: 'c1', output: 'done' }
    const refused = await anna.ask({ input: [call, output] })
    assert.equal(refused.status, 404)
    assert.match(refused.text, /Item with id 'fc_1' not found/)
    const { id: _, ...plain } = call
    assert.equal((await anna.ask({ input: [plain, output] })).status, 200)
  })
  test('is answered by a stream, with limits as headers and as an event', async () => {
    s.setQuota('codex', 'anna', '5h', { used: 12.5, resetsAt: NOW + 3_600_000 })
    const heard = await anna.ask()
    assert.deepEqual(names(heard).slice(0, 3), ['response.created', 'codex.rate_limits', 'response.in_progress'])
    assert.equal(data(heard, 'codex.rate_limits').rate_limits.primary.used_percent, 12.5)
    assert.deepEqual(
      ['primary-used-percent', 'primary-window-minutes', 'primary-reset-at', 'plan-type'].map((n) =>
        heard.headers.get(`x-codex-${n}`),
      ),
      ['12.5', '300', String(NOW / 1000 + 3_600), 'plus'],
    )
  })
  test('sometimes ends without its output, which then stands in the items alone', async () => {
    const seen = new Set<boolean>()
    for (let i = 0; i < 12; i++) {
      const heard = await anna.ask({ prompt_cache_key: `k${i}` })
      const done = data(heard, 'response.completed').response.output as unknown[]
      seen.add(done.length === 0)
      assert.ok(names(heard).includes('response.output_item.done'))
    }
    assert.deepEqual([...seen].sort(), [false, true])
  })
  test('says in 429 when the plan can be used again', async () => {
    s.setQuota('codex', 'anna', '7d', { used: 100, resetsAt: NOW + 90_000 })
    const refused = await anna.ask()
    assert.deepEqual(refused.json['error'], {
      type: 'usage_limit_reached',
      message: 'The usage limit has been reached',
      plan_type: 'plus',
      resets_at: NOW / 1000 + 90,
      resets_in_seconds: 90,
    })
  })
  test('can fail inside a 200, right after it was created', async () => {
    const heard = await anna.ask({ model: 'gpt-5.4+error-second' })
    assert.equal(heard.status, 200)
    assert.equal(names(heard).at(-1), 'response.failed')
    assert.equal(data(heard, 'response.failed').response.error.code, 'server_is_overloaded')
  })
  test("takes sealed reasoning back from the account it was given to, and from nobody else's", async () => {
    const heard = await anna.ask({ model: 'gpt-5.4+think' })
    const items = heard.events
      .filter((e) => e.event === 'response.output_item.done')
      .map((e) => JSON.parse(e.data).item)
    assert.ok(items.some((i) => i.type === 'reasoning' && i.encrypted_content))
    const input = [...(anna.body['input'] as object[]), ...items, { role: 'user', content: 'More' }]
    assert.equal((await anna.ask({ input })).status, 200)
    const ben = await user(s, 'codex', 'ben')
    const refused = await ben.ask({ input })
    assert.equal(refused.status, 400)
    assert.equal((refused.json['error'] as { code: string }).code, 'invalid_encrypted_content')
  })
  test('is refused by models that the plan lacks', async () => {
    assert.equal((await anna.ask({ model: 'gpt-5.3-codex-spark' })).status, 200)
    s.setPlan('codex', 'anna', 'free')
    const free = await user(s, 'codex', 'anna')
    assert.equal((await free.ask({ model: 'gpt-5.3-codex-spark' })).status, 400)
    assert.equal((await free.ask()).status, 400)
    assert.equal((await free.ask({ model: 'gpt-5.5' })).status, 200)
  })
})

describe('beside it', () => {
  const BASE = 'https://chatgpt.com/backend-api'
  test('compaction is unary, and knows neither stream nor store', async () => {
    const { stream: _, store: __, include: ___, ...body } = anna.body
    const url = `${BASE}/codex/responses/compact`
    const done = await ask(s, url, body, { ...anna.headers, accept: 'application/json' })
    assert.equal(done.status, 200, done.text)
    const output = done.json['output'] as { type: string; encrypted_content?: string }[]
    assert.ok(output.some((i) => i.type === 'compaction' && i.encrypted_content))
    assert.equal((await anna.ask({}, url)).status, 400)
  })
  test('models depend on the plan, and carry an ETag', async () => {
    const url = `${BASE}/codex/models?client_version=0.60.1`
    const { json, headers } = await anna.get(url)
    const slugs = (json['models'] as { slug: string }[]).map((m) => m.slug)
    assert.ok(slugs.includes('gpt-5.6-sol'))
    assert.equal((await anna.get(url, { 'if-none-match': headers.get('etag')! })).status, 304)
    assert.equal((await anna.get(`${BASE}/codex/models`)).status, 422)
  })
  test('usage tells both windows', async () => {
    s.setQuota('codex', 'anna', '5h', { used: 30 })
    const { json } = await anna.get(`${BASE}/wham/usage`)
    const limit = json['rate_limit'] as { allowed: boolean; primary_window: { used_percent: number } }
    assert.deepEqual([json['plan_type'], limit.allowed, limit.primary_window.used_percent], ['plus', true, 30])
  })
  test('a WebSocket is answered with 426, so that clients fall back', async () => {
    assert.equal((await anna.get(anna.url)).status, 426)
  })
})
