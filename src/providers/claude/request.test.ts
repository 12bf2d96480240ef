import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { dialectRequest } from '../dialects.ts'
import { OWN_AGENT } from '../login-request.ts'
import type { Outgoing } from '../provider.ts'
import { loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { claude } from './index.ts'
import { liftBetas } from './request.ts'

const login = loginAccount('claude', 'https://api.anthropic.com', { speaks: ['anthropic'] })
const send = (over: Partial<Outgoing> = {}) => claude.request(outgoing('anthropic', over), login, token())
const beta = (over: Partial<Outgoing> = {}) => values(send(over), 'anthropic-beta')
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('a request of a Claude login', () => {
  it('goes to the messages API with the bearer, the version and the beta a login needs', () => {
    const request = send()
    assert.equal(request.origin + request.path, 'https://api.anthropic.com/v1/messages')
    assert.deepEqual(values(request, 'authorization'), ['Bearer tok'])
    assert.deepEqual(values(request, 'anthropic-version'), ['2023-06-01'])
    assert.deepEqual(values(request, 'anthropic-beta'), ['oauth-2025-04-20'])
    assert.deepEqual(values(request, 'accept-encoding'), ['identity'])
    assert.deepEqual(values(request, 'x-api-key'), [])
  })

  it("keeps the client's query, its version header and the address of counting", () => {
    assert.equal(send({ query: '?beta=true' }).path, '/v1/messages?beta=true')
    assert.equal(send({ action: 'count-tokens' }).path, '/v1/messages/count_tokens')
    assert.deepEqual(values(send({ headers: ['anthropic-version', '2027-01-01'] }), 'anthropic-version'), [
      '2027-01-01',
    ])
  })

  it('follows a stand-in to its address', () => {
    const account = { ...login, baseUrl: 'http://127.0.0.1:9/hosts/api.anthropic.com' }
    const { origin, path } = claude.request(outgoing('anthropic'), account, token())
    assert.equal(origin + path, 'http://127.0.0.1:9/hosts/api.anthropic.com/v1/messages')
  })

  it('sends the very bytes of the body', () => {
    for (const text of ['{ "model" : "claude-x",\n "messages":[ ] }', '{"betas_":[1]}', 'no json', '', '[]']) {
      const body = Buffer.from(text)
      assert.equal(send({ body }).body, body, text)
    }
    assert.equal(claude.vessel, undefined)
  })

  it('is the same for the same request', () => {
    const over = { headers: ['A', '1', 'anthropic-beta', 'x'], body: json({ betas: ['y'], speed: 'fast' }) }
    assert.deepEqual(send(over), send(over))
  })

  it('is in our own name, without any header of Claude Code', () => {
    const request = send({ headers: ['User-Agent', 'python-requests/2', 'X-Mine', '1'] })
    assert.deepEqual(values(request, 'user-agent'), [OWN_AGENT])
    assert.deepEqual(values(request, 'x-mine'), ['1'])
    const names = send().headers.filter((_, i) => i % 2 === 0)
    assert.deepEqual(names.toSorted(), [
      'accept-encoding',
      'anthropic-beta',
      'anthropic-version',
      'authorization',
      'content-type',
      'user-agent',
    ])
  })

  it("leaves Claude Code's own headers and their order as they are, and adds what is missing", () => {
    const headers = [
      'User-Agent',
      'claude-cli/2.1.2 (external, cli)',
      'x-app',
      'cli',
      'Anthropic-Beta',
      'claude-code-20250219,oauth-2025-04-20',
    ]
    assert.deepEqual(send({ headers }).headers.slice(0, headers.length), headers)
    const key = send({ headers: headers.with(5, 'claude-code-20250219') })
    assert.deepEqual(values(key, 'anthropic-beta'), ['claude-code-20250219,oauth-2025-04-20'])
    assert.deepEqual(values(key, 'user-agent'), ['claude-cli/2.1.2 (external, cli)'])
  })

  it("lets the operator's headers go before everything", () => {
    const account = { ...login, headers: { 'User-Agent': 'op', 'anthropic-beta': 'op-beta' } }
    const request = claude.request(outgoing('anthropic', { headers: ['User-Agent', 'claude-cli/2'] }), account, token())
    assert.deepEqual([values(request, 'user-agent'), values(request, 'anthropic-beta')], [['op'], ['op-beta']])
  })
})

describe('the betas', () => {
  it("are the client's, in its order, and what the login needs, each once", () => {
    assert.deepEqual(beta({ headers: ['anthropic-beta', 'a, b', 'Anthropic-Beta', 'b,c,'] }), [
      'a,b,c,oauth-2025-04-20',
    ])
  })

  it('of the body are lifted into the header, and the body goes without them', () => {
    const request = send({ body: Buffer.from('{"model":"m", "betas" : ["x","oauth-2025-04-20"],\n"max_tokens":1}') })
    assert.deepEqual(values(request, 'anthropic-beta'), ['oauth-2025-04-20,x'])
    assert.equal(request.body?.toString(), '{"model":"m", "max_tokens":1}')
  })

  it('that a field of the body needs are added', () => {
    const needs = (body: object) => liftBetas(json(body)).betas
    assert.deepEqual(needs({ output_format: { type: 'json_schema' } }), ['structured-outputs-2025-12-15'])
    assert.deepEqual(needs({ output_config: { format: { type: 'json_schema' } } }), ['structured-outputs-2025-12-15'])
    assert.deepEqual(needs({ output_config: { effort: 'high' } }), [])
    assert.deepEqual(needs({ speed: 'fast' }), ['fast-mode-2026-02-01'])
    assert.deepEqual(needs({ speed: 'standard', output_format: null, context_management: null }), [])
    assert.deepEqual(needs({ context_management: { edits: [] } }), ['context-management-2025-06-27'])
    assert.deepEqual(needs({ messages: [{ speed: 'fast' }] }), [])
  })

  it('that could not stand in a header are left out', () => {
    assert.deepEqual(liftBetas(json({ betas: ['a\r\nx-evil: 1', 5, null, 'ok-1', ''] })).betas, ['ok-1'])
    assert.deepEqual(liftBetas(json({ betas: 'a' })).betas, [])
  })

  it('leave nothing behind and everything else in place, wherever they stand', () => {
    const members = fc.dictionary(
      fc.string().filter((k) => k !== 'betas' && k !== '__proto__'),
      fc.jsonValue(),
      { maxKeys: 4 },
    )
    fc.assert(
      fc.property(members, members, fc.array(fc.string()), fc.constantFrom(0, 1, 3), (before, after, betas, indent) => {
        const rest = { ...before, ...after }
        const keys = Object.keys(rest)
        const withBetas: Record<string, unknown> = {}
        keys.forEach((key, i) => {
          if (i === Math.floor(keys.length / 2)) withBetas['betas'] = betas
          withBetas[key] = rest[key]
        })
        withBetas['betas'] ??= betas
        const text = JSON.stringify(withBetas, null, indent)
        const lifted = liftBetas(Buffer.from(text)).body.toString()
        assert.deepEqual(JSON.parse(lifted), JSON.parse(JSON.stringify(rest)))
      }),
    )
    const twice = liftBetas(Buffer.from('{"betas":["a"],"x":1,"\\u0062etas":["b"]}'))
    assert.deepEqual([twice.body.toString(), [...twice.betas].sort()], ['{"x":1}', ['a', 'b']])
    assert.equal(liftBetas(Buffer.from('{"betas":["a"]}')).body.toString(), '{}')
  })
})

it('a request with a key is what it always was', () => {
  const account = { ...login, credential: { type: 'api-key', value: 'k' } } as const
  const out = outgoing('anthropic', { headers: ['User-Agent', 'curl'], body: json({ betas: ['x'] }) })
  assert.deepEqual(claude.request(out, account, account.credential), dialectRequest(out, account, account.credential))
})
