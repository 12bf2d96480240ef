import assert from 'node:assert/strict'
import { afterEach, describe, it, type TestContext } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createParser } from 'eventsource-parser'
import { type Failure, failure } from '../hub/failure.ts'
import { protocolOf } from '../protocols/index.ts'
import { startAttempt } from './attempt.ts'
import type { Attempt, AttemptInput, AttemptListener, AttemptResult } from './attempt-contract.ts'
import { type Carrier, jsonArrayCarrier } from './carrier.ts'
import {
  EVENT_STREAM,
  endpoints,
  fakeReply,
  fakeTransport,
  inbound,
  matched,
  road,
  STREAM_IDS,
  STREAMS,
  type StreamId,
  settle,
  streamBytes,
} from './testing/fixture.ts'
import type { UpstreamHeaders } from './transport.ts'

const NO_LIMITS = {
  firstEventMs: 0,
  idleMs: 0,
  deadline: Number.POSITIVE_INFINITY,
  keepAliveMs: 0,
  eventBytes: 1_000_000,
}

interface Heard {
  began: number
  status: number
  length: number | undefined
  text: string
  waited: number
  stalled: number
  ended: AttemptResult | undefined
  failed: (AttemptResult & { told: Failure }) | undefined
  /** What `write` says. */
  ready: boolean
}

const underWay: Attempt[] = []
afterEach(() => {
  for (const one of underWay.splice(0)) one.abort()
})

/** An attempt under way, the upstream played by the test, and everything its listener heard. */
function attempt(id: StreamId, input: Partial<AttemptInput> & { limitsOver?: Partial<AttemptInput['limits']> } = {}) {
  const transport = fakeTransport()
  const heard: Heard = {
    began: 0,
    status: 0,
    length: undefined,
    text: '',
    waited: 0,
    stalled: 0,
    ended: undefined,
    failed: undefined,
    ready: true,
  }
  const over = Promise.withResolvers<void>()
  const once = () => assert.ok(heard.ended === undefined && heard.failed === undefined, 'heard of twice')
  const listener: AttemptListener = {
    begin(status, _, length) {
      once()
      heard.began += 1
      heard.status = status
      heard.length = length
    },
    write(chunk) {
      once()
      heard.text += String(chunk)
      return heard.ready
    },
    waiting() {
      heard.waited += 1
    },
    end(result) {
      once()
      heard.ended = result
      over.resolve()
    },
    fail(told, result) {
      once()
      heard.failed = { ...result, told }
      over.resolve()
    },
    stalled() {
      heard.stalled += 1
    },
  }
  const control = startAttempt(
    {
      request: { origin: 'http://x.test', path: '/', method: 'POST', headers: [], body: null },
      protocol: protocolOf(id),
      stream: true,
      keepAlive: protocolOf(id).stream.keepAlive,
      limits: { ...NO_LIMITS, ...input.limitsOver },
      now: Date.now,
      judge: (f) => f,
      upstream: 'the upstream',
      ...input,
    },
    transport,
    listener,
  )
  underWay.push(control)
  return { heard, control, over: over.promise, flight: transport.sent[0]!, up: transport.sent[0]!.to }
}

/** Plays a whole stream in pieces. */
async function played(
  id: StreamId,
  pieces: Iterable<Buffer>,
  carrier?: Carrier,
  headers: UpstreamHeaders = EVENT_STREAM,
) {
  const a = attempt(id, { carrier })
  a.up.onHead(200, headers)
  for (const piece of pieces) {
    a.up.onData(piece)
    await null
  }
  a.up.onEnd()
  await settle()
  await settle()
  return a.heard
}

const cutAt = (bytes: Buffer, at: number) => [bytes.subarray(0, at), bytes.subarray(at)]
const bytewise = (bytes: Buffer) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
const datas = (id: StreamId) => STREAMS[id].map(([, text]) => /data: (.*)\n/.exec(text)![1]!)

for (const id of STREAM_IDS)
  describe(`a ${id} stream`, () => {
    const bytes = streamBytes(id)

    it('leaves byte for byte as it came, wherever the network cuts it', async () => {
      for (let at = 0; at <= bytes.length; at += 1) {
        const heard = await played(id, cutAt(bytes, at))
        assert.equal(heard.text, bytes.toString(), `cut at ${at}`)
        assert.deepEqual([heard.began, heard.ended?.failure, heard.ended?.tell], [1, undefined, undefined])
        assert.deepEqual(heard.ended!.usage?.input, 3)
      }
      assert.equal((await played(id, bytewise(bytes))).text, bytes.toString())
    })

    it('does so with CRLF lines too', async () => {
      const crlf = Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))
      for (let at = 0; at <= crlf.length; at += 7)
        assert.equal((await played(id, cutAt(crlf, at))).text, crlf.toString())
      assert.equal((await played(id, bytewise(crlf))).text, crlf.toString())
    })

    it('is a JSON array when no event stream was asked for, the same at every cut', async () => {
      const wanted = datas(id).filter((d) => d !== '[DONE]')
      for (let at = 0; at <= bytes.length; at += 5) {
        const heard = await played(id, cutAt(bytes, at), jsonArrayCarrier())
        assert.deepEqual(
          JSON.parse(heard.text),
          wanted.map((d) => JSON.parse(d)),
        )
      }
    })

    it('loses nothing when the upstream forgets the last blank line', async () => {
      for (const forgotten of [1, 2]) {
        const heard = await played(id, [bytes.subarray(0, bytes.length - forgotten)])
        assert.equal(heard.ended?.failure, undefined)
        assert.deepEqual(parsed(heard.text), parsed(bytes.toString()))
      }
    })

    it('is unpacked when it comes compressed, with a label or without', async () => {
      for (const [label, packed] of [
        ['gzip', gzipSync(bytes)],
        ['zstd', zstdCompressSync(bytes)],
      ] as const)
        for (const headers of [EVENT_STREAM, { ...EVENT_STREAM, 'content-encoding': label }])
          for (const at of [4, 10, packed.length]) {
            const heard = await unpacked(id, cutAt(packed, at), headers)
            assert.equal(heard.text, bytes.toString())
          }
    })

    it('keeps back what only opens it, so that the try can still be taken back', async () => {
      const a = attempt(id)
      a.up.onHead(200, EVENT_STREAM)
      for (const [role, text] of STREAMS[id]) {
        if (role !== 'open') break
        a.up.onData(Buffer.from(text))
        await settle()
        assert.deepEqual([a.heard.began, a.heard.text], [0, ''])
      }
      a.up.onError(new Error('reset'))
      assert.equal(a.heard.failed?.told.scope, 'model')
      assert.ok(a.flight.aborted)
    })
  })

async function unpacked(id: StreamId, pieces: Buffer[], headers: UpstreamHeaders) {
  const a = attempt(id)
  a.up.onHead(200, headers)
  for (const piece of pieces) a.up.onData(piece)
  a.up.onEnd()
  await a.over
  return a.heard
}

/** An outsider's reading. */
function parsed(text: string): { event: string | undefined; data: string }[] {
  const events: { event: string | undefined; data: string }[] = []
  const parser = createParser({ onEvent: ({ event, data }) => events.push({ event, data }) })
  parser.feed(text)
  return events
}

const roadTransport = fakeTransport()
const oneRoad = { transport: roadTransport, ...road(endpoints(1, { 'disable-cooling': true }), roadTransport) }

/** Sends a call down a whole road whose upstream breaks after `prefix`. */
function broken(id: StreamId, prefix: Buffer, how: 'reset' | 'end', query = '?alt=sse') {
  const { transport, gateway, ended } = oneRoad
  transport.sent.length = 0
  ended.length = 0
  const reply = fakeReply()
  gateway.handle(matched(id), inbound({ model: 'm', stream: true }, { query }), reply)
  const { to } = transport.sent[0]!
  to.onHead(200, EVENT_STREAM)
  if (prefix.length > 0) to.onData(prefix)
  if (how === 'reset') to.onError(new Error('reset'))
  else to.onEnd()
  assert.ok(reply.ended && !reply.destroyed)
  assert.equal(ended.length, 1)
  return { reply, record: ended[0]! }
}

const isError = (data: string) => /"error":\{|"type":"error"/.test(data)

for (const id of STREAM_IDS)
  describe(`a ${id} stream that is cut`, () => {
    const bytes = streamBytes(id)
    const ends: { role: string; at: number }[] = []
    for (const [role, text] of STREAMS[id]) ends.push({ role, at: (ends.at(-1)?.at ?? 0) + Buffer.byteLength(text) })
    const original = parsed(bytes.toString())

    for (const how of ['reset', 'end'] as const)
      it(`anywhere by ${how === 'reset' ? 'a reset' : 'its end'} is whole events and exactly one terminal error, or none if it was complete`, () => {
        for (let at = 0; at <= bytes.length; at += 1) {
          const { reply, record } = broken(id, bytes.subarray(0, at), how)
          const whole = ends.filter((e) => e.at <= at)
          const next = ends[whole.length]
          // A last event that lacks its blank line alone may count.
          const kept = next !== undefined && at >= next.at - 2 ? [...whole, next] : whole
          const optional = kept.length !== whole.length
          if (reply.status !== 200) {
            assert.ok(!whole.some((e) => e.role !== 'open'))
            assert.equal(reply.status, 502, `cut at ${at}`)
            assert.ok(record.failure !== undefined && isError(reply.text))
            continue
          }
          assert.equal(reply.status, 200)
          const events = parsed(reply.text)
          assert.ok(kept.some((e) => e.role !== 'open'))
          const errors = events.filter((e) => isError(e.data))
          if (whole.some((e) => e.role === 'end') || (how === 'end' && kept.some((e) => e.role === 'end')))
            assert.deepEqual([errors.length, record.failure], [0, undefined], `cut at ${at}`)
          else {
            assert.ok(errors.length >= 1 && record.failure !== undefined, `cut at ${at}`)
            assert.equal(
              events.findIndex((e) => isError(e.data)),
              events.length - errors.length,
            )
            assert.equal(errors.length, 1)
          }
          const said = events.slice(0, events.length - errors.length)
          assert.deepEqual(said, original.slice(0, said.length))
          assert.ok(said.length === kept.length || (optional && said.length === whole.length), `cut at ${at}`)
        }
      })
  })

describe('a Gemini JSON array that is cut', () => {
  it('is always valid JSON, with the error as its last element', () => {
    const bytes = streamBytes('gemini')
    for (let at = 0; at <= bytes.length; at += 1) {
      const { reply, record } = broken('gemini', bytes.subarray(0, at), 'reset', '')
      const value = JSON.parse(reply.text)
      if (reply.status !== 200) continue
      assert.ok(Array.isArray(value))
      assert.equal('error' in value.at(-1), record.failure !== undefined)
    }
  })
})

describe("the upstream's own error in a stream", () => {
  const error = Buffer.from(
    'data: {"error":{"message":"busy","type":"server_error","code":"server_is_overloaded"}}\n\n',
  )
  const [open, content] = STREAMS['openai-chat'].map(([, text]) => Buffer.from(text))
  const done = Buffer.from('data: [DONE]\n\n')

  for (const [name, pieces] of [
    ['at once', [Buffer.concat([open!, error, done])]],
    ['event by event', [open!, error, done]],
    ['alone', [error]],
  ] as const)
    it(`before the first content (${name}) fails the try`, async () => {
      const a = attempt('openai-chat')
      a.up.onHead(200, EVENT_STREAM)
      for (const piece of pieces) a.up.onData(piece)
      a.up.onEnd()
      await settle()
      assert.deepEqual([a.heard.began, a.heard.failed?.told.kind, a.heard.text], [0, 'overloaded', ''])
    })

  for (const how of ['end', 'reset'] as const)
    it(`after content is handed on, and a ${how} behind it tells no second one`, async () => {
      const a = attempt('openai-chat')
      a.up.onHead(200, EVENT_STREAM)
      a.up.onData(Buffer.concat([open!, content!]))
      a.up.onData(error)
      if (how === 'end') a.up.onEnd()
      else a.up.onError(new Error('reset'))
      await settle()
      assert.equal(a.heard.text, `${open}${content}${error}`)
      assert.deepEqual([a.heard.ended?.failure?.kind, a.heard.ended?.tell], ['overloaded', undefined])
    })
})

describe('an answer', () => {
  const said = async (id: StreamId, status: number, headers: UpstreamHeaders, body: string, stream = false) => {
    const a = attempt(id, { stream })
    a.up.onHead(status, headers)
    for (const byte of bytewise(Buffer.from(body))) a.up.onData(byte)
    a.up.onEnd()
    await settle()
    return a.heard
  }
  const JSON_TYPE = { 'content-type': 'application/json' }
  const whole = '{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}'

  it('without a stream is held until it is whole, and told with its length and usage', async () => {
    const heard = await said('openai-chat', 200, JSON_TYPE, whole)
    assert.deepEqual([heard.text, heard.length, heard.ended?.usage?.output], [whole, whole.length, 2])
  })

  for (const [name, body] of [
    ['a page', '<html>busy</html>'],
    ['nothing', ''],
    ['half an object', whole.slice(0, 40)],
    ['an error with status 200', '{"error":{"message":"no","type":"server_error"}}'],
  ] as const)
    it(`that is ${name} fails the try`, async () => {
      const heard = await said('openai-chat', 200, JSON_TYPE, body)
      assert.deepEqual([heard.began, heard.text], [0, ''])
      assert.notEqual(heard.failed!.told.scope, 'request')
    })

  it('of 300 and more is a refusal, read in its dialect and kept as it came', async () => {
    const heard = await said(
      'anthropic',
      429,
      { ...JSON_TYPE, 'retry-after': '7' },
      '{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}',
      true,
    )
    assert.deepEqual([heard.failed!.told.kind, heard.failed!.told.retryAfter], ['rate-limited', 7])
    assert.equal(heard.failed!.status, 429)
  })

  it('that redirects is never followed', async () => {
    const heard = await said('anthropic', 302, { location: 'http://evil.test' }, '', true)
    assert.match(heard.failed!.told.message, /redirect \(302\)/)
  })

  it('larger than what is held begins before its end; its break shows as one', async () => {
    const a = attempt('openai-chat', { stream: false })
    a.up.onHead(200, JSON_TYPE)
    a.up.onData(Buffer.from('{"choices":["'))
    a.up.onData(Buffer.alloc(5 * 1024 * 1024, 'a'))
    await settle()
    assert.deepEqual([a.heard.began, a.heard.length], [1, undefined])
    a.up.onError(new Error('reset'))
    assert.equal(a.heard.ended?.tell, true)
  })

  it('with one event over the limit fails the try, or ends with an error once it has begun', async () => {
    for (const begun of [false, true]) {
      const a = attempt('openai-chat', { limitsOver: { eventBytes: 1_000 } })
      a.up.onHead(200, EVENT_STREAM)
      if (begun) a.up.onData(Buffer.from(STREAMS['openai-chat'][1][1]))
      for (let i = 0; i < 20; i += 1) a.up.onData(Buffer.from(`${i === 0 ? 'data: {"x":"' : ''}${'a'.repeat(100)}`))
      const said = begun ? a.heard.ended : a.heard.failed
      assert.match(said!.failure!.message, /larger than 1000 bytes/)
      assert.equal(a.flight.aborted, true)
    }
  })

  it('with an event of ten megabytes passes whole', async () => {
    const big = Buffer.from(`data: {"choices":[{"delta":{"content":"${'a'.repeat(10_000_000)}"}}]}\n\n`)
    const a = attempt('openai-chat', { limitsOver: { eventBytes: 20_000_000 } })
    a.up.onHead(200, EVENT_STREAM)
    for (let at = 0; at < big.length; at += 65_536) a.up.onData(big.subarray(at, at + 65_536))
    a.up.onData(Buffer.from('data: [DONE]\n\n'))
    a.up.onEnd()
    await settle()
    assert.equal(a.heard.text.length, big.length + 14)
  })

  it('with a broken compression is a failed try', async () => {
    const heard = await unpacked('openai-chat', [Buffer.from('no gzip at all')], {
      ...EVENT_STREAM,
      'content-encoding': 'gzip',
    })
    assert.equal(heard.failed?.told.kind, 'upstream')
  })

  it('with an unknown or doubled content coding breaks nothing', async () => {
    for (const coding of ['constructor', '__proto__', 'x-none', ['identity', 'identity']])
      assert.equal(
        (
          await played('openai-chat', [streamBytes('openai-chat')], undefined, {
            ...EVENT_STREAM,
            'content-encoding': coding,
          })
        ).began,
        1,
      )
  })

  it('that was given up is heard of no more', async () => {
    const a = attempt('openai-chat')
    a.control.abort()
    assert.ok(a.flight.aborted)
    a.up.onHead(200, EVENT_STREAM)
    a.up.onData(streamBytes('openai-chat'))
    a.up.onEnd()
    a.up.onError(new Error('late'))
    await settle()
    assert.deepEqual([a.heard.began, a.heard.ended, a.heard.failed], [0, undefined, undefined])
  })
})

describe('a client that reads slowly', () => {
  const content = Buffer.from(STREAMS['openai-chat'][1][1])

  it('pauses the upstream until it has drained', async () => {
    const a = attempt('openai-chat')
    a.up.onHead(200, EVENT_STREAM)
    a.heard.ready = false
    a.up.onData(content)
    await settle()
    assert.equal(a.flight.paused, true)
    a.heard.ready = true
    a.control.resume()
    assert.equal(a.flight.paused, false)
  })

  it('pauses it just as well when the answer is compressed', async () => {
    const a = attempt('openai-chat')
    a.up.onHead(200, { ...EVENT_STREAM, 'content-encoding': 'gzip' })
    a.heard.ready = false
    const plain = Buffer.concat(Array.from({ length: 100_000 }, () => content))
    const packed = gzipSync(plain, { level: 1 })
    let at = 0
    /** Plays the upstream until `done`, or until nothing has moved for a while. */
    const pump = async (done: () => boolean) => {
      for (let still = 0; still < 50 && !done(); still += 1) {
        const before = a.heard.text.length
        if (!a.flight.paused && at < packed.length) {
          a.up.onData(packed.subarray(at, at + 16_384))
          at += 16_384
          still = 0
        }
        await turn(1)
        if (a.heard.text.length !== before) still = 0
      }
    }
    await pump(() => false)
    assert.equal(a.flight.paused, true)
    assert.ok(
      a.heard.text.length < plain.length / 4,
      `${a.heard.text.length} of ${plain.length} bytes were pushed at it`,
    )
    a.heard.ready = true
    a.control.resume()
    const wanted = plain.toString().length
    await pump(() => a.heard.text.length === wanted)
    assert.equal(a.heard.text.length, wanted)
  })
})

describe('the clocks', () => {
  const [open, content] = STREAMS.anthropic.filter(([role]) => role !== 'end').map(([, text]) => Buffer.from(text)) as [
    Buffer,
    Buffer,
  ]
  const first = Buffer.from(STREAMS.anthropic[3][1])

  /** With time stopped: `tick` moves it. */
  function timed(t: TestContext, limitsOver: Partial<AttemptInput['limits']>, over: Partial<AttemptInput> = {}) {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
    const a = attempt('anthropic', { limitsOver, ...over })
    return {
      ...a,
      async tick(ms: number) {
        t.mock.timers.tick(ms)
        await settle()
      },
    }
  }

  it('first event: an upstream that says nothing fails the try in time', async (t) => {
    const a = timed(t, { firstEventMs: 5_000 })
    await a.tick(4_999)
    assert.deepEqual([a.heard.failed], [undefined])
    await a.tick(1)
    assert.deepEqual([a.heard.failed?.told.kind, a.heard.failed?.told.scope], ['timeout', 'model'])
    assert.ok(a.flight.aborted)
  })

  it('first event: openings and pings do not count as one', async (t) => {
    const a = timed(t, { firstEventMs: 5_000, idleMs: 1_000_000 })
    a.up.onHead(200, EVENT_STREAM)
    for (let i = 0; i < 4; i += 1) {
      await a.tick(1_200)
      a.up.onData(i === 0 ? open : Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'))
    }
    await a.tick(200)
    assert.equal(a.heard.failed?.told.kind, 'timeout')
  })

  it('first event: a whole answer has twice the patience', async (t) => {
    const a = timed(t, { firstEventMs: 5_000 }, { stream: false })
    await a.tick(9_999)
    assert.deepEqual([a.heard.failed], [undefined])
    await a.tick(1)
    assert.equal(a.heard.failed?.told.kind, 'timeout')
  })

  it('idle: silence in the middle of an answer ends it with an error; every byte begins the wait anew', async (t) => {
    const a = timed(t, { firstEventMs: 5_000, idleMs: 3_000 })
    a.up.onHead(200, EVENT_STREAM)
    a.up.onData(first)
    for (let i = 0; i < 5; i += 1) {
      await a.tick(2_900)
      a.up.onData(content)
    }
    assert.deepEqual([a.heard.ended], [undefined])
    await a.tick(3_000)
    assert.deepEqual([a.heard.ended?.failure?.kind, a.heard.ended?.tell], ['timeout', true])
  })

  it('idle: signs of life to the client do not keep a dead upstream', async (t) => {
    const a = timed(t, { idleMs: 3_000, keepAliveMs: 500 })
    a.up.onHead(200, EVENT_STREAM)
    a.up.onData(first)
    for (let i = 0; i < 6; i += 1) await a.tick(500)
    assert.equal(a.heard.ended?.failure?.kind, 'timeout')
    assert.equal(a.heard.text.split('event: ping').length - 1, 5)
  })

  it('total: the deadline ends it however lively it is, and nobody rests for it', async (t) => {
    const a = timed(t, { deadline: 1_010_000, idleMs: 3_000 })
    a.up.onHead(200, EVENT_STREAM)
    a.up.onData(first)
    for (let i = 0; i < 9; i += 1) {
      await a.tick(1_000)
      a.up.onData(content)
    }
    assert.deepEqual([a.heard.ended], [undefined])
    await a.tick(1_000)
    assert.deepEqual([a.heard.ended?.failure?.kind, a.heard.ended?.failure?.scope], ['timeout', 'request'])
  })

  it('keep-alive: a waiting client hears a comment before the answer and a ping within it', async (t) => {
    const a = timed(t, { keepAliveMs: 1_000 })
    await a.tick(3_000)
    assert.deepEqual([a.heard.waited, a.heard.text], [0, ''], 'nothing before the upstream has accepted')
    a.up.onHead(200, EVENT_STREAM)
    await a.tick(1_000)
    assert.deepEqual([a.heard.waited, a.heard.text], [1, ': keep-alive\n\n'])
    a.up.onData(first)
    await settle()
    await a.tick(1_000)
    assert.equal(a.heard.text, `: keep-alive\n\n${first}event: ping\ndata: {"type": "ping"}\n\n`)
  })

  it('keep-alive: there is none in a JSON array', async (t) => {
    const a = timed(t, { keepAliveMs: 1_000 }, { keepAlive: undefined })
    a.up.onHead(200, EVENT_STREAM)
    await a.tick(5_000)
    assert.equal(a.heard.waited, 0)
  })

  it('stalled: a client that does not read is waited for as long as an upstream may be silent', async (t) => {
    const a = timed(t, { idleMs: 3_000, firstEventMs: 1_000 })
    a.up.onHead(200, EVENT_STREAM)
    a.heard.ready = false
    a.up.onData(first)
    await settle()
    await a.tick(2_999)
    assert.equal(a.heard.stalled, 0)
    await a.tick(1)
    assert.equal(a.heard.stalled, 1)
    assert.ok(a.flight.aborted)
  })

  it('stalled: the time it was paused does not count as silence of the upstream', async (t) => {
    const a = timed(t, { idleMs: 3_000 })
    a.up.onHead(200, EVENT_STREAM)
    a.heard.ready = false
    a.up.onData(first)
    await settle()
    await a.tick(2_900)
    a.heard.ready = true
    a.control.resume()
    await a.tick(2_900)
    assert.deepEqual([a.heard.ended], [undefined])
    await a.tick(100)
    assert.equal(a.heard.ended?.failure?.kind, 'timeout')
  })

  it('0 sets no limit', async (t) => {
    const a = timed(t, {})
    a.up.onHead(200, EVENT_STREAM)
    await a.tick(2_147_483_647)
    a.up.onData(first)
    await a.tick(2_147_483_647)
    assert.deepEqual([a.heard.failed, a.heard.ended, a.heard.stalled], [undefined, undefined, 0])
    a.control.abort()
  })
})

it('the provider has the last word on a refusal', () => {
  const a = attempt('openai-chat', {
    judge: () => failure('quota-exhausted', 'I know this vendor', { scope: 'account' }),
  })
  a.up.onHead(400, {})
  a.up.onEnd()
  assert.equal(a.heard.failed?.told.message, 'I know this vendor')
})
