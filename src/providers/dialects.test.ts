import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Account } from '../accounts/account.ts'
import { account } from '../accounts/testing/fixture.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { dialectRequest } from './dialects.ts'
import { compatible, providers } from './index.ts'
import type { Outgoing } from './provider.ts'

function send(protocol: ProtocolId, baseUrl: string, over: Partial<Outgoing> = {}, own: Partial<Account> = {}) {
  const out: Outgoing = {
    protocol,
    action: 'generate',
    model: 'm',
    stream: false,
    query: '',
    headers: [],
    body: Buffer.from('{}'),
    ...over,
  }
  const whose = account({ baseUrl, ...own })
  return dialectRequest(out, whose, whose.credential as { type: 'api-key'; value: string })
}

const url = (...args: Parameters<typeof send>): string => {
  const { origin, path } = send(...args)
  return origin + path
}

function header(request: { headers: string[] }, name: string): string[] {
  const found: string[] = []
  for (let i = 0; i < request.headers.length; i += 2)
    if (request.headers[i]!.toLowerCase() === name) found.push(request.headers[i + 1]!)
  return found
}

describe('the address', () => {
  const table: [ProtocolId, string, string][] = [
    ['anthropic', 'https://api.anthropic.com', 'https://api.anthropic.com/v1/messages'],
    ['anthropic', 'https://api.anthropic.com/v1', 'https://api.anthropic.com/v1/messages'],
    ['anthropic', 'https://api.z.ai/api/anthropic', 'https://api.z.ai/api/anthropic/v1/messages'],
    ['anthropic', 'https://host.test/api/v2/apps/claude', 'https://host.test/api/v2/apps/claude/v1/messages'],
    ['openai-chat', 'https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
    ['openai-chat', 'https://api.perplexity.ai', 'https://api.perplexity.ai/chat/completions'],
    ['openai-chat', 'https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
    ['openai-chat', 'https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    ['openai-chat', 'https://g.test/v1beta/openai', 'https://g.test/v1beta/openai/chat/completions'],
    ['openai-chat', 'https://h.test/vault', 'https://h.test/vault/chat/completions'],
    ['openai-responses', 'https://api.openai.com/v1', 'https://api.openai.com/v1/responses'],
    ['openai-responses', 'https://[::1]:8443/v1', 'https://[::1]:8443/v1/responses'],
    ['gemini', 'https://g.test', 'https://g.test/v1beta/models/m:generateContent'],
    ['gemini', 'https://g.test/v1beta', 'https://g.test/v1beta/models/m:generateContent'],
    ['gemini', 'https://g.test/v1beta1', 'https://g.test/v1beta1/models/m:generateContent'],
    ['gemini', 'https://g.test/v1', 'https://g.test/v1/models/m:generateContent'],
    ['gemini', 'https://g.test/google/', 'https://g.test/google/v1beta/models/m:generateContent'],
  ]
  for (const [protocol, base, wanted] of table)
    it(`of ${base} in ${protocol} is ${wanted}`, () => assert.equal(url(protocol, base), wanted))

  it("keeps the client's query", () => {
    assert.equal(url('anthropic', 'https://a.test', { query: '?beta=true' }), 'https://a.test/v1/messages?beta=true')
  })

  it('of counting tokens is its own', () => {
    const count = { action: 'count-tokens' } as const
    assert.equal(url('anthropic', 'https://a.test', count), 'https://a.test/v1/messages/count_tokens')
    assert.equal(url('gemini', 'https://a.test', count), 'https://a.test/v1beta/models/m:countTokens')
  })

  it('of the inbound-only dialect does not exist', () => {
    assert.throws(() => send('openai-completions', 'https://a.test'), /openai-completions/)
  })
})

describe('a Gemini request', () => {
  const path = (over: Partial<Outgoing>) => send('gemini', 'https://g.test', over).path

  it('asks for a stream as server-sent events, whatever the client asked', () => {
    const to = '/v1beta/models/m:streamGenerateContent?alt=sse'
    assert.equal(path({ stream: true }), to)
    assert.equal(path({ stream: true, query: '?alt=json' }), to)
    assert.equal(path({ stream: true, query: '?a=b&alt=sse&c' }), `${to}&a=b&c`)
  })

  it('asks for a whole answer without alt', () => {
    assert.equal(path({ query: '?alt=sse&x=1' }), '/v1beta/models/m:generateContent?x=1')
  })

  it('keeps slashes of a model name and escapes the rest', () => {
    assert.equal(path({ model: 'google/gemini:free' }), '/v1beta/models/google/gemini%3Afree:generateContent')
    assert.equal(path({ model: 'modèle ?#%' }), '/v1beta/models/mod%C3%A8le%20%3F%23%25:generateContent')
  })

  it('cannot be made to climb out of its path by a model name', () => {
    for (const model of ['gemini-x/../../v1/files', '../..', './a', 'a/..', '..'])
      assert.ok(new URL(`https://g.test${path({ model })}`).pathname.startsWith('/v1beta/models/'), model)
  })
})

describe('the credential', () => {
  const auth = (protocol: ProtocolId, base: string, value = 'k') => {
    const request = send(protocol, base, {}, { credential: { type: 'api-key', value } })
    return ['authorization', 'x-api-key', 'x-goog-api-key'].map((name) => header(request, name)[0])
  }

  it('goes to Anthropic as x-api-key and to look-alikes as a bearer', () => {
    assert.deepEqual(auth('anthropic', 'https://api.anthropic.com'), [undefined, 'k', undefined])
    assert.deepEqual(auth('anthropic', 'https://anthropic.com.evil.test'), ['Bearer k', undefined, undefined])
    assert.deepEqual(auth('anthropic', 'https://notanthropic.com'), ['Bearer k', undefined, undefined])
  })

  it('goes to OpenAI and its look-alikes as a bearer, to Gemini as x-goog-api-key', () => {
    assert.deepEqual(auth('openai-chat', 'https://a.test'), ['Bearer k', undefined, undefined])
    assert.deepEqual(auth('openai-responses', 'https://a.test'), ['Bearer k', undefined, undefined])
    assert.deepEqual(auth('gemini', 'https://a.test'), [undefined, undefined, 'k'])
  })

  it('is left out where there is none', () => {
    for (const protocol of ['anthropic', 'openai-chat', 'openai-responses', 'gemini'] as const)
      assert.deepEqual(auth(protocol, 'https://api.anthropic.com', ''), [undefined, undefined, undefined], protocol)
  })
})

describe('the headers', () => {
  const CLIENT = ['User-Agent', 'cli/1', 'anthropic-version', '2026-10-21', 'X-Two', '1', 'x-two', '2']

  it('of the client keep spelling, order and repetition; ours come only where it has none', () => {
    const { headers } = send('anthropic', 'https://a.test', { headers: CLIENT })
    assert.deepEqual(headers.slice(0, CLIENT.length), CLIENT)
    assert.deepEqual(headers.slice(CLIENT.length), [
      'content-type',
      'application/json',
      'accept-encoding',
      'identity',
      'authorization',
      'Bearer secret',
    ])
  })

  it('have their defaults even beside names that end alike', () => {
    const request = send('anthropic', 'https://a.test', {
      headers: ['x-content-type', 'odd', 'my-anthropic-version', 'odd'],
    })
    assert.deepEqual(header(request, 'content-type'), ['application/json'])
    assert.deepEqual(header(request, 'anthropic-version'), ['2023-06-01'])
  })

  it('of the operator take the place of all others, the credential included', () => {
    const request = send(
      'openai-chat',
      'https://a.test',
      { headers: CLIENT },
      { headers: { 'X-TWO': 'op', Authorization: 'Basic x', 'Content-Type': 'text/x', 'Accept-Encoding': 'gzip' } },
    )
    for (const [name, value] of [
      ['x-two', 'op'],
      ['authorization', 'Basic x'],
      ['content-type', 'text/x'],
      ['accept-encoding', 'gzip'],
    ] as const)
      assert.deepEqual(header(request, name), [value])
  })

  it('of the operator may copy one of the client with "$Name", and are left out where it has none', () => {
    const request = send(
      'openai-chat',
      'https://a.test',
      { headers: CLIENT },
      { headers: { 'X-Agent': '$user-AGENT', 'X-None': '$X-Missing' } },
    )
    assert.deepEqual(header(request, 'x-agent'), ['cli/1'])
    assert.deepEqual(header(request, 'x-none'), [])
  })

  it('never ask for a compressed answer', () => {
    assert.deepEqual(header(send('gemini', 'https://a.test'), 'accept-encoding'), ['identity'])
  })
})

describe('every built-in provider', () => {
  it('has an id and aliases of its own, a policy with a date, and serves what it lists', () => {
    const names = providers.flatMap((p) => [p.id, ...p.aliases])
    assert.equal(new Set(names).size, names.length)
    for (const p of providers) {
      assert.match(p.policy.since, /^\d{4}-\d\d-\d\d$/)
      assert.match(p.policy.url, /^https:/)
      assert.ok(p.speaks.length > 0 && p.models.length > 0)
      // A vendor's own key takes every name of its form; what a login alone serves, lists say.
      if (['claude', 'openai', 'codex', 'gemini'].includes(p.id))
        for (const m of p.models) assert.ok(p.serves(m.id), `${p.id} ${m.id}`)
    }
  })

  it('keeps to its own names', () => {
    const who = (model: string) => providers.filter((p) => p.serves(model)).map((p) => p.id)
    assert.deepEqual(who('claude-anything'), ['claude'])
    assert.deepEqual(who('gpt-9'), ['openai', 'codex'])
    assert.deepEqual(who('o4-mini'), ['openai', 'codex'])
    assert.deepEqual(who('gemma-3'), ['gemini'])
    for (const odd of ['', 'ollama', 'my-gpt-4', 'xclaude-1']) assert.deepEqual(who(odd), [], odd)
  })

  it('is not needed for an endpoint of the config, which takes any name', () => {
    const p = compatible({ name: 'box', baseUrl: 'http://127.0.0.1:1', speaks: ['gemini'] })
    assert.deepEqual([p.id, p.speaks, p.serves('whatever')], ['box', ['gemini'], true])
  })
})
