import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolOf } from '../../protocols/index.ts'
import { conversationId, OWN_AGENT } from '../login-request.ts'
import type { Outgoing } from '../provider.ts'
import { loginAccount, outgoing, token, values, vendor } from '../testing/logins.ts'
import { xai } from './index.ts'

const login = loginAccount('xai', 'https://api.x.ai/v1', { speaks: ['openai-responses'] })
const chat = loginAccount('xai', 'https://cli-chat-proxy.grok.com/v1')
const send = (over: Partial<Outgoing> = {}, account = login) =>
  xai.request(outgoing('openai-responses', over), account, token())

describe('a request of an xAI login', () => {
  it('goes to the API as plain Responses with the bearer, in our own name', () => {
    const request = send({ headers: ['User-Agent', 'curl'] })
    assert.equal(request.origin + request.path, 'https://api.x.ai/v1/responses')
    assert.deepEqual(values(request, 'authorization'), ['Bearer tok'])
    assert.deepEqual(values(request, 'user-agent'), [OWN_AGENT])
    assert.deepEqual(
      request.headers.filter((name, i) => i % 2 === 0 && /^x-/.test(name)),
      [],
    )
    assert.equal(send({ action: 'compact' }).path, '/v1/responses/compact')
  })

  it('sends the very bytes of the body', () => {
    const body = Buffer.from('{ "model":"grok-4.6" }')
    assert.equal(send({ body }).body, body)
    const both = { ...login, otherBaseUrls: [chat.baseUrl] }
    assert.equal(xai.vessel?.(login), undefined)
    assert.equal(xai.vessel?.(both)?.asIs, true)
  })

  it("says of the subscription's host whose token it is, and does not pose as its program", () => {
    for (const account of [chat, { ...chat, baseUrl: 'http://127.0.0.1:9/hosts/cli-chat-proxy.grok.com/v1' }]) {
      const request = send({}, account)
      assert.deepEqual(values(request, 'x-xai-token-auth'), ['xai-grok-cli'])
      for (const name of ['x-grok-client-identifier', 'x-grok-client-version'])
        assert.deepEqual(values(request, name), [])
      assert.deepEqual(values(request, 'user-agent'), [OWN_AGENT])
    }
    assert.deepEqual(
      values(send({}, { ...login, baseUrl: 'https://my-cli-chat-proxy.grok.com.test' }), 'x-xai-token-auth'),
      [],
    )
  })

  it("names the conversation, unless the client does, and leaves xAI's own program alone", () => {
    const id = conversationId('s', login.id)
    assert.deepEqual(values(send({ session: 's' }), 'x-grok-conv-id'), [id])
    assert.deepEqual(values(send({ body: Buffer.from('{"prompt_cache_key":"s"}') }), 'x-grok-conv-id'), [id])
    assert.deepEqual(values(send({ session: 's', headers: ['X-Grok-Conv-Id', 'c'] }), 'x-grok-conv-id'), ['c'])
    assert.deepEqual(values(send(), 'x-grok-conv-id'), [])
    const own = ['User-Agent', 'xai-grok-workspace/0.2.93', 'x-grok-client-version', '0.2.93', 'x-grok-conv-id', 'c']
    assert.deepEqual(send({ headers: own, session: 's' }).headers.slice(0, own.length), own)
  })

  it('is the same for the same request', () => assert.deepEqual(send({ session: 's' }), send({ session: 's' })))
})

describe("xAI's refusals", () => {
  const refusal = (status: number, code: string, error: string) => {
    const body = JSON.stringify({ code, error })
    return xai.judge!(protocolOf('openai-responses').failure.decode(status, {}, body), status, {}, body)
  }

  it('over the last 24 hours rest what they name, and say that it comes back', () => {
    const free =
      "You've used all the included free usage for model grok-4.6 for now. Usage resets over a rolling 24-hour window."
    const f = refusal(429, 'subscription:free-usage-exhausted', free)
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['quota-exhausted', 'model', 1_800])
    assert.ok(f.message.startsWith(`${free} xAI counts over the last 24 hours`))
    const whole = refusal(
      429,
      'Some resource has been exhausted',
      'You have reached your usage limit for the current 24-hour period.',
    )
    assert.deepEqual([whole.kind, whole.scope], ['quota-exhausted', 'account'])
  })

  it('over money rest the account and say where to go', () => {
    for (const [code, text] of [
      ['personal-team-blocked:spending-limit', 'Blocked.'],
      ['The caller does not have permission', 'Your team has run out of credits.'],
      ['x', 'You have reached your spending limit.'],
    ] as const) {
      const f = refusal(403, code, text)
      assert.deepEqual([f.kind, f.scope], ['quota-exhausted', 'account'], text)
      assert.match(f.message, /console\.x\.ai/)
    }
  })

  it('over the program rotate nothing and say what to do', () => {
    for (const text of [
      'This client is not supported.',
      'Your Grok CLI version is too old: update Grok.',
      'Missing header x-grok-client-version',
    ]) {
      const f = refusal(403, 'permission', text)
      assert.deepEqual([f.kind, f.scope], ['forbidden', 'request'], text)
      assert.match(f.message, /does not pose as it: .*No other account was tried\./)
    }
  })

  it('without a reason name the key as the way out, and others stay what the dialect says', () => {
    const f = refusal(403, 'permission', 'Forbidden')
    assert.deepEqual(
      [f.kind, f.scope, f.message],
      [
        'forbidden',
        'account',
        'Forbidden. xAI may keep logins of some plans from its API: use an API key instead (openai-compatibility in the config).',
      ],
    )
    assert.equal(refusal(401, 'unauthenticated', 'bad token').kind, 'unauthorized')
    assert.equal(refusal(400, 'invalid-argument', 'bad').kind, 'invalid-request')
  })
})

describe('the models of xAI', () => {
  it('are asked of the account, without those for pictures', async () => {
    const { http, asked } = vendor({
      data: [{ id: 'grok-4.6' }, { id: 'grok-x', context_length: 5 }, { id: 'grok-imagine-1' }, {}],
    })
    assert.deepEqual(await xai.liveModels!(login, token(), http), [
      { name: 'grok-4.6', upstream: 'grok-4.6', contextLength: 500_000 },
      { name: 'grok-x', upstream: 'grok-x', contextLength: 5 },
    ])
    assert.equal(asked[0]?.url, 'https://api.x.ai/v1/models')
    assert.equal(asked[0]?.headers?.['authorization'], 'Bearer tok')
  })

  it('have the lengths of domain.md 1.8', () => {
    const length = (id: string) => xai.models.find((m) => m.id === id)?.contextLength
    assert.deepEqual(
      ['grok-4.6', 'grok-4.5', 'grok-4.3', 'grok-4.20'].map(length),
      [500_000, 500_000, 1_000_000, 2_000_000],
    )
    for (const { id } of xai.models) assert.ok(xai.serves(id))
  })
})
