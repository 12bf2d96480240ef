import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  EVENT_STREAM,
  endpoints,
  fakeTransport,
  type Sent,
  STREAMS,
  settle,
  streamBytes,
} from '../gateway/testing/fixture.ts'
import { createFetchHandler } from './fetch.ts'
import { house } from './testing/fixture.ts'

function face(answer?: (sent: Sent) => void, config: object = endpoints(1)) {
  const transport = fakeTransport(answer)
  const h = house(config, { transport })
  return { fetch: createFetchHandler(h.gateway, h.door), sent: transport.sent, ...h }
}

const ask = (over: RequestInit & { path?: string } = {}) =>
  new Request(`http://localhost${over.path ?? '/v1/chat/completions'}`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', stream: true }),
    ...over,
  })

const whole = '{"choices":[{"message":{"content":"hi"}}]}'
const content = Buffer.from(STREAMS['openai-chat'][1][1])

describe('the fetch face', () => {
  it('answers whole', async () => {
    const { fetch } = face(({ to }) => {
      to.onHead(200, { 'content-type': 'application/json' })
      to.onData(Buffer.from(whole))
      to.onEnd()
    })
    const response = await fetch(ask({ body: '{"model":"m"}' }))
    assert.deepEqual([response.status, await response.text()], [200, whole])
    assert.equal(response.headers.get('x-logicaproxy-lane'), 'pass-through')
  })

  it('streams', async () => {
    const { fetch } = face(({ to }) => {
      to.onHead(200, EVENT_STREAM)
      to.onData(streamBytes('openai-chat'))
      to.onEnd()
    })
    const response = await fetch(ask())
    assert.match(response.headers.get('content-type')!, /^text\/event-stream/)
    assert.equal(await response.text(), streamBytes('openai-chat').toString())
  })

  it('serves lists, health and refusals', async () => {
    const { fetch } = face()
    assert.equal((await fetch(new Request('http://localhost/health'))).status, 200)
    assert.equal((await fetch(new Request('http://localhost/v1/models'))).status, 200)
    assert.equal((await fetch(new Request('http://localhost/v1/none'))).status, 404)
    assert.equal((await fetch(new Request('http://localhost/v1/models', { method: 'OPTIONS' }))).status, 204)
    assert.equal((await fetch(new Request('http://evil.test/v1/models'))).status, 403)
    assert.equal((await fetch(ask({ body: '{"model":"none"}' }))).status, 404)
    assert.equal((await fetch(ask({ body: 'no json' }))).status, 400)
  })

  it('unpacks a body, and refuses one that is too large without reading it whole', async () => {
    const small = { ...endpoints(1), limits: { 'body-mib': 0.01 } }
    const { fetch } = face(undefined, small)
    const body = gzipSync('{"model":"none"}')
    assert.equal((await fetch(ask({ body, headers: { 'content-encoding': 'gzip' } }))).status, 404)
    let given = 0
    const endless = new ReadableStream({
      pull(controller) {
        given += 1
        controller.enqueue(new Uint8Array(4_096))
      },
    })
    const response = await fetch(ask({ body: endless, duplex: 'half' } as RequestInit))
    assert.equal(response.status, 413)
    assert.ok(given < 10, `${given} pieces were taken`)
  })

  it('gives an upstream up when the client aborts: before the answer, and within it', async () => {
    const early = face()
    const abort = new AbortController()
    const answer = early.fetch(ask({ signal: abort.signal }))
    await settle()
    assert.equal(early.sent.length, 1)
    abort.abort(new Error('changed my mind'))
    await assert.rejects(answer, /changed my mind/)
    assert.ok(early.sent[0]!.aborted)
    assert.equal(early.ended[0]!.failure?.kind, 'cancelled')

    const late = face(({ to }) => {
      to.onHead(200, EVENT_STREAM)
      to.onData(content)
    })
    const abort2 = new AbortController()
    const response = await late.fetch(ask({ signal: abort2.signal }))
    abort2.abort()
    await settle()
    assert.ok(late.sent[0]!.aborted)
    await assert.rejects(response.text())
    assert.equal(late.gateway.active, 0)
  })

  it('does not start for a client that is gone already', async () => {
    const { fetch, sent } = face()
    await assert.rejects(fetch(ask({ signal: AbortSignal.abort(new Error('gone')) })))
    assert.equal(sent.length, 0)
  })

  it('gives an upstream up when the reader cancels', async () => {
    const { fetch, sent } = face(({ to }) => {
      to.onHead(200, EVENT_STREAM)
      to.onData(content)
    })
    const response = await fetch(ask())
    await response.body!.cancel()
    assert.ok(sent[0]!.aborted)
  })

  it('pauses the upstream while nobody reads, and lets it go on', async () => {
    const { fetch, sent } = face(({ to }) => {
      to.onHead(200, EVENT_STREAM)
      to.onData(content)
    })
    const response = await fetch(ask())
    for (let i = 0; i < 2_000 && !sent[0]!.paused; i += 1) {
      sent[0]!.to.onData(content)
      await settle()
    }
    assert.ok(sent[0]!.paused)
    const reader = response.body!.getReader()
    for (let i = 0; i < 3_000 && sent[0]!.paused; i += 1) await reader.read()
    assert.equal(sent[0]!.paused, false)
    await reader.cancel()
  })

  it('breaks where a whole answer breaks after it has begun', async () => {
    const { fetch } = face(({ to }) => {
      to.onHead(200, { 'content-type': 'application/json' })
      to.onData(Buffer.from('{"choices":["'))
      to.onData(Buffer.alloc(5 * 1024 * 1024, 'a'))
      setImmediate(() => to.onError(new Error('reset')))
    })
    const response = await fetch(ask({ body: '{"model":"m"}' }))
    assert.equal(response.status, 200)
    await assert.rejects(response.text())
  })
})
