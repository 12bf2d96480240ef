import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import type { Credential } from '../accounts/account.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { Logins } from '../accounts/logins.ts'
import type { QuotaReading } from '../accounts/quota.ts'
import { parseConfig } from '../config/load.ts'
import { type Failure, FailureError, failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { protocols } from '../protocols/index.ts'
import { dialectRequest } from '../providers/dialects.ts'
import type { Provider, Vessel } from '../providers/provider.ts'
import type { CallRecord } from './events.ts'
import { createGatewayCore } from './gateway.ts'
import { compileSnapshot } from './snapshot.ts'
import {
  EVENT_STREAM,
  fakeReply,
  fakeTransport,
  inbound,
  matched,
  type Sent,
  settle,
  streamBytes,
} from './testing/fixture.ts'

/** Logins whose tokens the test gives out: `current` from a map, `bring` when the test says so. */
function fakeLogins(ids: readonly string[], tokens: Record<string, string>) {
  const asked: { id: string; refused: string | undefined; done: (got: Credential | Failure) => void; left: boolean }[] =
    []
  const logins = {
    records: () => ids.map(record),
    current: (id: string): Credential | undefined =>
      tokens[id] === undefined ? undefined : { type: 'oauth', value: tokens[id], details: { project: 'p-1' } },
    bring(id: string, refused: string | undefined, done: (got: Credential | Failure) => void) {
      const one = { id, refused, done, left: false }
      asked.push(one)
      return () => {
        one.left = true
      }
    },
  }
  return { logins: logins as unknown as Logins, asked, tokens }
}

function record(id: string): LoginRecord {
  return {
    id,
    provider: 'acme',
    version: 1,
    updatedAt: 0,
    facts: {
      label: id,
      subject: id,
      state: { is: 'ready' },
      origin: { how: 'login', at: 0 },
      disabled: false,
      priority: 0,
      weight: 1,
      headers: {},
      excludedModels: [],
      createdAt: 0,
    },
  }
}

function acme(speaks: ProtocolId, vessel?: Vessel, more: Partial<Provider> = {}): Provider {
  const policy = { state: 'supported', since: '2026-11-22', note: '', url: '' } as const
  const login = { policy, title: 'Acme', clientId: 'c', scopes: [], baseUrl: 'https://acme.test' } as unknown
  return {
    id: 'acme',
    title: 'Acme',
    aliases: [],
    policy,
    speaks: [speaks],
    baseUrl: 'https://acme.test',
    models: [{ id: 'm' }],
    serves: () => false,
    login: login as NonNullable<Provider['login']>,
    request: dialectRequest,
    ...(vessel === undefined ? {} : { vessel: () => vessel }),
    ...more,
  }
}

interface Scene {
  speaks?: ProtocolId
  vessel?: Vessel
  provider?: Partial<Provider>
  ids?: string[]
  tokens?: Record<string, string>
  answer?: (sent: Sent, i: number) => void
}

function scene({ speaks = 'openai-chat', vessel, provider, ids = ['a'], tokens = { a: 't1' }, answer }: Scene) {
  const transport = fakeTransport(answer)
  const fake = fakeLogins(ids, tokens)
  const { config } = parseConfig(stringify({ 'request-retry': 0 }), { env: {} })
  const readings: [string, QuotaReading][] = []
  const gateway = createGatewayCore({
    snapshot: compileSnapshot(config, 'd', [acme(speaks, vessel, provider)], protocols, fake.logins.records()),
    transport,
    logins: fake.logins,
    quotas: { tell: (id, reading) => readings.push([id, reading]), of: () => undefined },
  })
  const ended: CallRecord[] = []
  gateway.on('end', (r) => ended.push(r))
  return { ...fake, gateway, transport, ended, readings }
}

const whole = '{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
const JSON_TYPE = { 'content-type': 'application/json' }
const say =
  (status: number, body: string, headers: Record<string, string> = JSON_TYPE) =>
  ({ to }: Sent) => {
    to.onHead(status, headers)
    to.onData(Buffer.from(body))
    to.onEnd()
  }
const answers =
  (...list: ((sent: Sent) => void)[]) =>
  (sent: Sent, i: number) =>
    list[Math.min(i, list.length - 1)]!(sent)
const auth = (sent: Sent): string | undefined => {
  const { headers } = sent.request
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization')
  return at < 0 ? undefined : headers[at + 1]
}
const turns = async () => {
  for (let i = 0; i < 4; i += 1) await settle()
}
const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }

describe('a login', () => {
  it('is presented with its token of this moment', async () => {
    const { gateway, transport, tokens } = scene({ answer: answers(say(200, whole)) })
    for (const token of ['t1', 't2']) {
      tokens['a'] = token
      gateway.handle(matched('openai-chat'), inbound(CHAT), fakeReply())
      await turns()
    }
    assert.deepEqual(transport.sent.map(auth), ['Bearer t1', 'Bearer t2'])
  })

  it('without a token at hand waits for it, holding its seat', async () => {
    const { gateway, transport, asked, tokens } = scene({ tokens: {}, answer: answers(say(200, whole)) })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    assert.deepEqual([transport.sent.length, asked.length, gateway.pool.inFlight('a')], [0, 1, 1])
    tokens['a'] = 'fresh'
    asked[0]!.done({ type: 'oauth', value: 'fresh', details: {} })
    await turns()
    assert.deepEqual([reply.status, transport.sent.map(auth), gateway.pool.inFlight('a')], [200, ['Bearer fresh'], 0])
  })

  it('that cannot be had goes to the next account, and the attempt says why', async () => {
    const { gateway, asked, ended } = scene({ ids: ['a', 'b'], tokens: { b: 't' }, answer: answers(say(200, whole)) })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    asked[0]!.done(failure('unauthorized', 'a needs a login', { scope: 'account' }))
    await turns()
    assert.equal(reply.status, 200)
    assert.deepEqual(
      ended[0]!.attempts.map((t) => [t.accountId, t.failure?.message]),
      [
        ['a', 'a needs a login'],
        ['b', undefined],
      ],
    )
  })

  it('is not waited for by a client that left', async () => {
    const { gateway, asked } = scene({ tokens: {} })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    reply.onGone!()
    assert.deepEqual([asked[0]!.left, gateway.pool.inFlight('a'), gateway.active], [true, 0, 0])
  })

  it('whose token is refused is renewed once, on the same account, and nobody rests', async () => {
    const { gateway, transport, asked, tokens, ended } = scene({
      answer: answers(say(401, '{"error":{"message":"expired"}}'), say(200, whole)),
    })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    assert.equal(asked[0]!.refused, 't1')
    tokens['a'] = 't2'
    asked[0]!.done({ type: 'oauth', value: 't2', details: {} })
    await turns()
    assert.deepEqual([reply.status, transport.sent.map(auth)], [200, ['Bearer t1', 'Bearer t2']])
    assert.deepEqual(gateway.pool.resting(gateway.snapshot.accounts), [])
    assert.deepEqual(
      ended[0]!.attempts.map((t) => t.status),
      [401, 200],
    )
  })

  it('that is refused again after that rests, and its client is told', async () => {
    const { gateway, transport, asked, tokens } = scene({ answer: answers(say(401, '{"error":{"message":"no"}}')) })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    tokens['a'] = 't2'
    asked[0]!.done({ type: 'oauth', value: 't2', details: {} })
    await turns()
    assert.deepEqual([reply.status, transport.sent.length, asked.length], [401, 2, 1])
    assert.equal(gateway.pool.resting(gateway.snapshot.accounts).length, 1)
    assert.equal(gateway.pool.inFlight('a'), 0)
  })
})

/** An envelope in the manner of Code Assist. */
const envelope: Vessel = {
  edit: (body, { model, credential }) => ({
    body: { project: credential.type === 'oauth' ? credential.details['project'] : '', model, request: body },
    losses: [],
  }),
  open(json) {
    const { response } = JSON.parse(json) as { response?: { refused?: string } }
    if (response?.refused !== undefined)
      throw new FailureError(failure('forbidden', response.refused, { scope: 'account' }))
    return response === undefined ? undefined : JSON.stringify(response)
  },
}

describe('an envelope', () => {
  const inside = '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hé"}]},"finishReason":"STOP"}]}'
  const GEMINI = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
  const generate = '/v1beta/models/{model}:generateContent'

  it('is put on the request, and taken off a whole answer', async () => {
    const { gateway, transport, ended } = scene({
      speaks: 'gemini',
      vessel: envelope,
      answer: answers(say(200, `{"response":${inside},"traceId":"x"}`)),
    })
    const reply = fakeReply()
    gateway.handle(matched('gemini', {}, generate), inbound(GEMINI), reply)
    await turns()
    assert.deepEqual(JSON.parse(String(transport.sent[0]!.request.body)), {
      project: 'p-1',
      model: 'm',
      request: GEMINI,
    })
    assert.deepEqual([reply.status, JSON.parse(reply.text)], [200, JSON.parse(inside)])
    assert.equal(ended[0]!.lane, 'native')
  })

  it('is taken off every event of a stream, however it is cut', async () => {
    const stream = Buffer.from(`data: {"response":${inside},"traceId":"x"}\r\n\r\n`)
    const { gateway } = scene({
      speaks: 'gemini',
      vessel: envelope,
      answer({ to }) {
        to.onHead(200, EVENT_STREAM)
        for (const byte of stream) to.onData(Buffer.from([byte]))
        to.onEnd()
      },
    })
    const reply = fakeReply()
    gateway.handle(matched('gemini'), inbound(GEMINI, { query: '?alt=sse' }), reply)
    await turns()
    assert.equal(reply.text, `data: ${inside}\n\n`)
  })

  it('is opened for a client of another dialect, too', async () => {
    const { gateway } = scene({
      speaks: 'gemini',
      vessel: envelope,
      answer: answers(say(200, `data: {"response":${inside}}\n\n`, EVENT_STREAM)),
    })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ ...CHAT, stream: true }), reply)
    await turns()
    assert.match(reply.text, /"content":"Hé"/)
    assert.match(reply.text, /\[DONE\]/)
  })

  it('that holds a refusal is a failure, before the client saw anything', async () => {
    const { gateway, ended } = scene({
      speaks: 'gemini',
      vessel: envelope,
      ids: ['a', 'b'],
      tokens: { a: '1', b: '2' },
      answer: answers(say(200, '{"response":{"refused":"too old"}}'), say(200, `{"response":${inside}}`)),
    })
    const reply = fakeReply()
    gateway.handle(matched('gemini', {}, generate), inbound(GEMINI), reply)
    await turns()
    assert.equal(reply.status, 200)
    assert.equal(ended[0]!.attempts[0]!.failure?.message, 'too old')
  })
})

const streamsOnly: Vessel = {
  streamsOnly: true,
  edit: (body) => ({ body: { ...body, stream: true }, losses: [{ field: 'max_output_tokens', reason: 'not taken' }] }),
}

describe('an upstream that only streams', () => {
  const ASK = { model: 'm', input: 'hi' }
  const streamed = say(200, String(streamBytes('openai-responses')), EVENT_STREAM)

  it('is gathered for a client that wants its answer whole', async () => {
    const { gateway, transport, ended } = scene({
      speaks: 'openai-responses',
      vessel: streamsOnly,
      answer: answers(streamed),
    })
    const reply = fakeReply()
    gateway.handle(matched('openai-responses'), inbound(ASK), reply)
    await turns()
    const answer = JSON.parse(reply.text)
    assert.equal(reply.headers['content-type'], 'application/json')
    assert.equal(Number(reply.headers['content-length']), Buffer.byteLength(reply.text))
    assert.equal(answer.object, 'response')
    assert.match(JSON.stringify(answer.output), /Hé 🙂/)
    assert.equal(JSON.parse(String(transport.sent[0]!.request.body)).stream, true)
    assert.deepEqual([ended[0]!.dropped, ended[0]!.stream], [['max_output_tokens'], false])
    assert.equal(reply.headers['x-logicaproxy-dropped'], 'max_output_tokens')
  })

  it('is gathered for one of another dialect', async () => {
    const { gateway } = scene({ speaks: 'openai-responses', vessel: streamsOnly, answer: answers(streamed) })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(CHAT), reply)
    await turns()
    assert.equal(JSON.parse(reply.text).choices[0].message.content, 'Hé 🙂')
  })

  it('and breaks half-way is taken back: another account answers', async () => {
    const half = streamBytes('openai-responses').subarray(0, -120)
    const { gateway, ended } = scene({
      speaks: 'openai-responses',
      vessel: streamsOnly,
      ids: ['a', 'b'],
      tokens: { a: '1', b: '2' },
      answer: answers(say(200, String(half), EVENT_STREAM), streamed),
    })
    const reply = fakeReply()
    gateway.handle(matched('openai-responses'), inbound(ASK), reply)
    await turns()
    assert.deepEqual([reply.status, ended[0]!.attempts.length], [200, 2])
  })
})

describe('reasoning state that is not taken back', () => {
  it('is left out, once, on the same account', async () => {
    const { gateway, transport } = scene({
      speaks: 'openai-responses',
      answer: answers(
        say(400, '{"error":{"message":"could not be verified","code":"invalid_encrypted_content"}}'),
        say(200, '{"object":"response","id":"r","output":[],"status":"completed"}'),
      ),
    })
    const input = [
      { type: 'reasoning', encrypted_content: 'xx', summary: [] },
      { type: 'message', role: 'user', content: 'hi' },
    ]
    const reply = fakeReply()
    gateway.handle(matched('openai-responses'), inbound({ model: 'm', input }), reply)
    await turns()
    assert.equal(reply.status, 200)
    assert.deepEqual(
      transport.sent.map(({ request }) => JSON.parse(String(request.body)).input.length),
      [2, 1],
    )
  })
})

describe('what is left of an allowance', () => {
  it('is read from heads, refusals and events', async () => {
    const reading = (at: number): QuotaReading => ({ at, windows: [{ id: '5h', title: '5 hours', used: 0.5 }] })
    const quota = {
      fromHeaders: (headers: Readonly<Record<string, unknown>>) => (headers['x-left'] ? reading(1) : undefined),
      fromEvent: (name: string) => (name === 'rate' ? reading(2) : undefined),
    }
    const { gateway, readings } = scene({
      provider: { quota },
      ids: ['a', 'b'],
      tokens: { a: '1', b: '2' },
      answer: answers(
        say(429, '{"error":{"message":"slow"}}', { ...JSON_TYPE, 'x-left': '1' }),
        say(200, `event: rate\ndata: {}\n\n${streamBytes('openai-chat')}`, { ...EVENT_STREAM, 'x-left': '1' }),
      ),
    })
    gateway.handle(matched('openai-chat'), inbound({ ...CHAT, stream: true }), fakeReply())
    await turns()
    assert.deepEqual(
      readings.map(([id, { at }]) => [id, at]),
      [
        ['a', 1],
        ['b', 2],
        ['b', 1],
      ],
    )
  })
})
