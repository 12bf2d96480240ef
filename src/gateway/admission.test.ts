import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Failure, failure } from '../hub/failure.ts'
import type { CallRecord, KeptExchange } from './events.ts'
import type { ClientIdentity } from './exchange.ts'
import { endpoints, fakeReply, fakeTransport, inbound, matched, road, STREAM_IDS, settle } from './testing/fixture.ts'

const LIMIT = failure('rate-limited', 'The key "x" has reached its limit.', {
  retryAfter: 7,
  code: 'rate_limit_exceeded',
})
const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }

/** A client that lets so many in at once. */
function client(
  most: number,
  over: Partial<ClientIdentity> = {},
): ClientIdentity & { inside: number; left: CallRecord[] } {
  const state = {
    name: 'tester',
    inside: 0,
    left: [] as CallRecord[],
    begin(): Failure | ((record: CallRecord) => void) {
      if (state.inside >= most) return LIMIT
      state.inside += 1
      return (record) => {
        state.inside -= 1
        state.left.push(record)
      }
    },
    ...over,
  }
  return state
}

describe('a client without a place', () => {
  for (const id of STREAM_IDS)
    it(`is turned away in ${id}, and nobody upstream hears of it`, () => {
      const transport = fakeTransport()
      const { gateway, ended } = road(endpoints(1), transport)
      const reply = fakeReply()
      gateway.handle(matched(id), inbound(body, { client: client(0) }), reply)
      assert.deepEqual([reply.status, reply.headers['retry-after'], reply.ended], [429, '7', true])
      assert.match(reply.text, /has reached its limit/)
      assert.equal(reply.headers['content-length'], String(Buffer.byteLength(reply.text)))
      assert.equal(transport.sent.length, 0)
      const [record] = ended
      assert.deepEqual([record!.barred, record!.client, record!.status, record!.attempts], [true, 'tester', 429, []])
    })
})

describe('a place', () => {
  it('is given back exactly once, however the call ends', async () => {
    const ends: ((
      reply: ReturnType<typeof fakeReply>,
      sent: ReturnType<typeof fakeTransport>['sent'][number],
    ) => void)[] = [
      (_, sent) => {
        sent.to.onHead(200, { 'content-type': 'application/json' })
        sent.to.onData(Buffer.from('{"choices":[]}'))
        sent.to.onEnd()
      },
      (_, sent) => sent.to.onError(new Error('gone')),
      (reply) => reply.onGone?.(),
    ]
    for (const end of ends) {
      const transport = fakeTransport()
      const { gateway } = road(endpoints(1), transport)
      const who = client(1)
      const reply = fakeReply()
      gateway.handle(matched('openai-chat'), inbound(body, { client: who }), reply)
      assert.equal(who.inside, 1)
      end(reply, transport.sent[0]!)
      await settle()
      gateway.terminateAll(LIMIT)
      assert.deepEqual([who.inside, who.left.length], [0, 1])
    }
    const { gateway } = road(endpoints(1), fakeTransport())
    const who = client(1)
    gateway.handle(matched('openai-chat'), inbound('{', { client: who }), fakeReply())
    gateway.handle(matched('openai-chat'), inbound({ ...body, model: 'nobody' }, { client: who }), fakeReply())
    assert.deepEqual([who.inside, who.left.length], [0, 2])
  })
})

describe('bodies', () => {
  it('are told for a client that says so, and only then, and only to somebody who listens', async () => {
    const transport = fakeTransport((sent) => {
      sent.to.onHead(200, { 'content-type': 'application/json' })
      sent.to.onData(Buffer.from('{"choices":[]}'))
      sent.to.onEnd()
    })
    const { gateway } = road(endpoints(1), transport)
    const kept: KeptExchange[] = []
    gateway.on('kept', (exchange) => kept.push(exchange))
    for (const keepsBodiesMs of [undefined, 5_000]) {
      gateway.handle(matched('openai-chat'), inbound(body, { client: client(9, { keepsBodiesMs }) }), fakeReply())
      await settle()
    }
    assert.deepEqual(
      kept.map((k) => [k.keepMs, k.request.toString(), k.response.toString()]),
      [[5_000, JSON.stringify(body), '{"choices":[]}']],
    )
  })
})
