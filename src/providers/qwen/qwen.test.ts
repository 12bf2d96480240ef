import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FailureError, failure } from '../../hub/failure.ts'
import { judge as read } from '../../protocols/failures/judge.ts'
import { editContext, loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { vessel } from './body.ts'
import { qwen } from './index.ts'
import { judge, judgeAt, nextMidnight } from './refusals.ts'
import { apiBase } from './request.ts'

const account = loginAccount('qwen', 'https://portal.qwen.ai/v1')
const url = (resource?: string, at = account) => {
  const out = qwen.request(
    outgoing('openai-chat'),
    at,
    token(resource === undefined ? {} : { 'resource-url': resource }),
  )
  return out.origin + out.path
}

describe('where Qwen is asked', () => {
  const table: [string | undefined, string][] = [
    [undefined, 'https://portal.qwen.ai/v1/chat/completions'],
    ['', 'https://portal.qwen.ai/v1/chat/completions'],
    ['portal.qwen.ai', 'https://portal.qwen.ai/v1/chat/completions'],
    ['portal.qwen.ai/v1', 'https://portal.qwen.ai/v1/chat/completions'],
    ['https://portal.qwen.ai', 'https://portal.qwen.ai/v1/chat/completions'],
    ['https://portal.qwen.ai/v1/', 'https://portal.qwen.ai/v1/chat/completions'],
    [
      'https://dashscope.aliyuncs.com/compatible-mode/v1',
      'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions',
    ],
  ]
  for (const [resource, expected] of table)
    it(`${resource ?? 'no resource_url'} → ${expected}`, () => assert.equal(url(resource), expected))

  it('is never an address a token should not go to', () => {
    for (const resource of [
      'http://portal.qwen.ai',
      'http://127.0.0.1:9/x',
      'localhost:9',
      'https://127.0.0.1',
      'https://[::1]/',
      'https://169.254.169.254',
      'https://me@portal.qwen.ai',
      'ftp://x.example',
      'https://',
    ])
      assert.throws(
        () => url(resource),
        (error: FailureError) => error.failure.code === 'resource_url',
        resource,
      )
  })

  it('stays at a stand-in, whatever the vendor names', () => {
    const moved = loginAccount('qwen', 'http://127.0.0.1:9/hosts/portal.qwen.ai/v1')
    assert.equal(url('portal.qwen.ai', moved), 'http://127.0.0.1:9/hosts/portal.qwen.ai/v1/chat/completions')
    assert.equal(url('http://127.0.0.1:8/x', moved), 'http://127.0.0.1:8/x/v1/chat/completions')
    assert.equal(url('http://evil.test', moved), 'http://127.0.0.1:9/hosts/portal.qwen.ai/v1/chat/completions')
    assert.equal(apiBase(moved, { type: 'api-key', value: 'k' }), moved.baseUrl)
  })

  it('is told that a login asks, under our own name', () => {
    const out = qwen.request(outgoing('openai-chat', { headers: ['user-agent', 'openai/1'] }), account, token())
    assert.deepEqual(values(out, 'x-dashscope-authtype'), ['qwen-oauth'])
    assert.deepEqual(values(out, 'x-dashscope-cachecontrol'), ['enable'])
    assert.deepEqual(values(out, 'authorization'), ['Bearer tok'])
    assert.match(values(out, 'user-agent').join(), /^logicaproxy\/[^,]+$/)
  })
})

describe('what Qwen wants of a request', () => {
  const context = (stream: boolean) => editContext(account, { stream, model: 'coder-model' })
  const edit = (body: Record<string, unknown>, stream = false) => vessel.edit(body, context(stream))
  const CACHED = { type: 'ephemeral' }
  const user = { role: 'user', content: 'hi' }

  it('instructions, if only empty ones', () => {
    assert.deepEqual(edit({ messages: [user] }).body['messages'], [
      { role: 'system', content: [{ type: 'text', text: '', cache_control: CACHED }] },
      user,
    ])
  })

  it('instructions of the client as parts with a cache point', () => {
    for (const role of ['system', 'developer'])
      assert.deepEqual(edit({ messages: [{ role, content: 'Be brief' }, user] }).body['messages'], [
        { role: 'system', content: [{ type: 'text', text: 'Be brief', cache_control: CACHED }] },
        user,
      ])
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    assert.deepEqual(edit({ messages: [{ role: 'system', content: parts }] }).body['messages'], [
      { role: 'system', content: [parts[0], { ...parts[1], cache_control: CACHED }] },
    ])
    const own = { role: 'system', content: [{ type: 'text', text: 'a', cache_control: CACHED }, parts[1]] }
    assert.deepEqual(edit({ messages: [own] }).body['messages'], [own])
  })

  it('the usage of a stream', () => {
    assert.deepEqual(edit({ messages: [user], stream_options: { x: 1 } }, true).body['stream_options'], {
      x: 1,
      include_usage: true,
    })
    assert.equal(edit({ messages: [user] }).body['stream_options'], undefined)
  })

  it('no empty list of tools, and no choice among none', () => {
    const { body } = edit({ messages: [user], tools: [], tool_choice: 'auto', parallel_tool_calls: true })
    assert.deepEqual(Object.keys(body), ['messages'])
    const tools = [{ type: 'function', function: { name: 'f' } }]
    assert.deepEqual(edit({ messages: [user], tools, tool_choice: 'auto' }).body['tools'], tools)
  })

  it('the same bytes for the same request, and the given body left alone', () => {
    const body = { model: 'coder-model', messages: [{ role: 'system', content: 'x' }, user], tools: [] }
    const before = structuredClone(body)
    assert.equal(JSON.stringify(edit(body, true)), JSON.stringify(edit(body, true)))
    assert.deepEqual(body, before)
    assert.deepEqual(edit(body).losses, [])
  })

  it('thoughts of former turns stay behind, and are told only if there were any', () => {
    const said = (thoughts: unknown) => [user, { role: 'assistant', content: 'x', reasoning_content: thoughts }, user]
    const lost = edit({ messages: said('hm') })
    assert.deepEqual((lost.body['messages'] as object[])[2], { role: 'assistant', content: 'x' })
    assert.deepEqual(
      lost.losses.map(({ field }) => field),
      ['reasoning'],
    )
    for (const none of ['', null]) assert.deepEqual(edit({ messages: said(none) }).losses, [])
  })
})

describe("Qwen's refusals", () => {
  const NOW = Date.parse('2026-04-10T15:00:00Z')
  const told = (status: number, error: object) => judgeAt(read(status, {}, JSON.stringify({ error })), NOW)

  it('out of quota lasts until midnight in Beijing', () => {
    for (const [status, error] of [
      [429, { code: 'insufficient_quota', message: 'x' }],
      [403, { code: 'quota_exceeded', message: 'x' }],
      [429, { message: 'Free allocated quota exceeded.' }],
      [403, { message: 'free allocated quota exceeded' }],
    ] as const) {
      const out = told(status, error)
      assert.deepEqual([out.kind, out.status, out.scope, out.retryAfter], ['quota-exhausted', 429, 'account', 3600])
      assert.match(out.message, /until 2026-04-10 16:00 UTC/)
    }
  })

  it('midnight is always ahead', () => {
    assert.equal(nextMidnight(Date.parse('2026-04-10T16:00:00Z')), Date.parse('2026-04-11T16:00:00Z'))
    assert.equal(nextMidnight(Date.parse('2026-04-10T15:59:59Z')), Date.parse('2026-04-10T16:00:00Z'))
  })

  it('an ordinary limit stays one', () => {
    const out = told(429, { code: 'rate_limit_exceeded', message: 'Please slow down' })
    assert.deepEqual([out.kind, out.scope], ['rate-limited', 'model'])
  })

  it('the end of the service is told', () => {
    const out = told(403, {
      code: 'access_denied',
      message: 'Qwen OAuth free tier was discontinued upstream on 2026-04-15.',
    })
    assert.deepEqual([out.kind, out.scope], ['forbidden', 'account'])
    assert.match(out.message, /DashScope or ModelStudio/)
  })

  it('others are left alone', () => {
    const other = failure('invalid-request', 'quota exceeded')
    assert.equal(judge(other, 400, {}, ''), other)
  })
})
