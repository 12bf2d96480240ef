import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dialectRequest } from '../dialects.ts'
import { conversationId, OWN_AGENT } from '../login-request.ts'
import type { Outgoing } from '../provider.ts'
import { loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { codex } from './index.ts'

const login = loginAccount('codex', 'https://chatgpt.com/backend-api/codex', { speaks: ['openai-responses'] })
const tok = token({ 'account-id': 'acc-1' })
const send = (over: Partial<Outgoing> = {}) => codex.request(outgoing('openai-responses', over), login, tok)
const body = (value: object) => Buffer.from(JSON.stringify(value))

describe('a request of a ChatGPT login', () => {
  it('goes to the Codex backend with what it requires, in our own name', () => {
    const request = send()
    assert.equal(request.origin + request.path, 'https://chatgpt.com/backend-api/codex/responses')
    for (const [name, value] of [
      ['authorization', 'Bearer tok'],
      ['chatgpt-account-id', 'acc-1'],
      ['accept', 'text/event-stream'],
      ['content-type', 'application/json'],
      ['originator', 'logicaproxy'],
      ['user-agent', OWN_AGENT],
    ] as const)
      assert.deepEqual(values(request, name), [value], name)
  })

  it('to compact goes to its own path and wants JSON', () => {
    const request = send({ action: 'compact', stream: false })
    assert.equal(request.path, '/backend-api/codex/responses/compact')
    assert.deepEqual(values(request, 'accept'), ['application/json'])
  })

  it('wants a stream even where the client wanted JSON', () => {
    assert.deepEqual(values(send({ headers: ['Accept', 'application/json'] }), 'accept'), ['text/event-stream'])
  })

  it("never speaks of the client's own account or transport", () => {
    const headers = [
      'ChatGPT-Account-Id',
      'theirs',
      'OpenAI-Organization',
      'org',
      'OpenAI-Project',
      'p',
      'OpenAI-Beta',
      'responses_websockets=2026-02-06',
    ]
    for (const agent of ['curl/8', 'codex_cli_rs/0.169.0']) {
      const request = send({ headers: ['User-Agent', agent, ...headers] })
      assert.deepEqual(values(request, 'chatgpt-account-id'), ['acc-1'])
      for (const name of ['openai-organization', 'openai-project', 'openai-beta'])
        assert.deepEqual(values(request, name), [], name)
    }
  })

  it('of Codex itself keeps its name and what it says of its turn', () => {
    const headers = [
      'user-agent',
      'codex_exec/0.169.0 (Linux)',
      'originator',
      'codex_exec',
      'session-id',
      's',
      'x-codex-turn-metadata',
      '{}',
      'x-openai-internal-codex-responses-lite',
      'true',
    ]
    const request = send({ headers, body: body({ prompt_cache_key: 'k' }) })
    assert.deepEqual(request.headers.slice(0, headers.length), headers)
    assert.deepEqual(values(request, 'session_id'), [])
  })

  it('of another program does not pass as Codex because of a header', () => {
    assert.deepEqual(values(send({ headers: ['User-Agent', 'curl', 'Originator', 'codex_cli_rs'] }), 'originator'), [
      'logicaproxy',
    ])
  })

  it('names its session as the body names its conversation, unless the client names it', () => {
    const uuid = '0198a2b4-1111-7222-8333-444455556666'
    assert.deepEqual(values(send({ body: body({ prompt_cache_key: uuid }) }), 'session_id'), [uuid])
    const named = conversationId('mine', login.id)
    assert.deepEqual(values(send({ body: body({ prompt_cache_key: 'mine' }) }), 'session_id'), [named])
    assert.deepEqual(values(send({ session: 'mine' }), 'session_id'), [named])
    assert.deepEqual(values(send({ headers: ['Session_Id', 'x'], session: 'mine' }), 'session_id'), ['x'])
    assert.deepEqual(values(send(), 'session_id'), [])
  })

  it('is the same for the same request', () => {
    const over = { headers: ['A', '1'], body: body({ prompt_cache_key: 'k' }), session: 's' }
    assert.deepEqual(send(over), send(over))
  })
})

it('a request with a key is what it always was, and has no vessel', () => {
  const account = { ...login, credential: { type: 'api-key', value: 'k' } } as const
  const out = outgoing('openai-responses', { headers: ['User-Agent', 'curl', 'openai-organization', 'o'] })
  assert.deepEqual(codex.request(out, account, account.credential), dialectRequest(out, account, account.credential))
  assert.equal(codex.vessel?.(account), undefined)
})
