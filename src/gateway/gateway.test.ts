import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clock } from '../accounts/testing/fixture.ts'
import { stopping } from './gateway.ts'
import {
  EVENT_STREAM,
  endpoints,
  fakeReply,
  fakeTransport,
  inbound,
  matched,
  road,
  type Sent,
  STREAMS,
  settle,
  streamBytes,
} from './testing/fixture.ts'

const whole = '{"choices":[{"message":{"content":"hi"}}]}'
const JSON_TYPE = { 'content-type': 'application/json' }

function well({ to }: Sent): void {
  to.onHead(200, JSON_TYPE)
  to.onData(Buffer.from(whole))
  to.onEnd()
}

const refuse =
  (status: number, message = 'no', headers: Record<string, string> = {}) =>
  ({ to }: Sent) => {
    to.onHead(status, { ...JSON_TYPE, ...headers })
    to.onData(Buffer.from(JSON.stringify({ error: { message } })))
    to.onEnd()
  }

/** One chat call down a road whose upstream answers so, the last answer standing for all further ones. */
async function call(config: object, answers: ((sent: Sent) => void)[], body: unknown = { model: 'm' }, now = clock()) {
  const transport = fakeTransport((sent, i) => answers[Math.min(i, answers.length - 1)]!(sent))
  const { gateway, ended } = road(config, transport, { now })
  const reply = fakeReply()
  gateway.handle(matched('openai-chat'), inbound(body, { headers: { 'user-agent': 'test' } }), reply)
  await settle()
  await settle()
  const idle = () => gateway.snapshot.accounts.every((a) => gateway.pool.inFlight(a.id) === 0)
  return { gateway, ended, reply, sent: transport.sent, idle, record: ended[0] }
}

describe('a call', () => {
  it('is answered, told in headers, and heard of once', async () => {
    const { reply, ended, idle } = await call(endpoints(1), [well])
    assert.deepEqual([reply.status, reply.text, reply.ended], [200, whole, true])
    assert.equal(reply.headers['x-logicaproxy-lane'], 'pass-through')
    assert.equal(reply.headers['x-logicaproxy-request-id'], 'req_1')
    assert.equal(reply.headers['x-ai-route'], 'm')
    assert.deepEqual([ended.length, ended[0]!.provider, ended[0]!.attempts.length], [1, 'one', 1])
    assert.ok(idle())
  })

  it('has the model name spliced in and not another byte changed', async () => {
    const body = Buffer.from('{ "tools":[{"model":"m"}],"x":1.0e2,\n "model" : "m" , "é":"\\u00e9"}')
    const { sent } = await call(endpoints(1), [well], body)
    assert.equal(String(sent[0]!.request.body), String(body).replace('"model" : "m"', '"model" : "one-model"'))
  })

  it('that fails goes to the next account, and nobody notices', async () => {
    const { reply, sent, record, idle } = await call(endpoints(2), [refuse(503), well])
    assert.deepEqual([reply.status, sent.length, record!.attempts.length], [200, 2, 2])
    assert.equal(record!.failure, undefined)
    assert.notEqual(sent[0]!.request.origin, sent[1]!.request.origin)
    assert.ok(idle())
  })

  it('at fault itself goes to nobody else, and gets the refusal as it came', async () => {
    const { reply, sent } = await call(endpoints(2), [refuse(400, 'your fault')])
    assert.deepEqual([sent.length, reply.status, reply.text], [1, 400, '{"error":{"message":"your fault"}}'])
  })

  it('that fails everywhere tells the last failure and who was tried', async () => {
    const { reply, record, idle } = await call(endpoints(3), [
      refuse(503, 'busy'),
      refuse(500, 'broke'),
      refuse(429, 'slow', { 'retry-after': '9' }),
    ])
    assert.equal(reply.status, 429)
    assert.match(JSON.parse(reply.text).error.message, /^slow \(tried .*503.*500.*429\)$/)
    assert.ok(Number(reply.headers['retry-after']) >= 1)
    assert.equal(record!.attempts.length, 3)
    assert.ok(idle())
  })

  it('finds everyone resting afterwards, and is told when to come back without a try', async () => {
    const { gateway } = await call(endpoints(1), [refuse(429, 'slow', { 'retry-after': '9' })])
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), reply)
    assert.deepEqual([reply.status, reply.headers['retry-after']], [429, '9'])
    assert.match(JSON.parse(reply.text).error.message, /All accounts for "m" are resting.*9 s/)
  })

  it('tries no more accounts than the config allows', async () => {
    const { sent } = await call(endpoints(3, { 'max-retry-credentials': 2 }), [refuse(500)])
    assert.equal(sent.length, 2)
  })

  it('waits for a rest that is short and tries again, as often as the config allows', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
    const transport = fakeTransport((sent, i) => (i < 2 ? refuse(500) : well)(sent))
    const { gateway, ended } = road(endpoints(1, { 'request-retry': 2 }), transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), reply)
    await settle()
    assert.deepEqual([transport.sent.length, reply.status], [1, 0])
    t.mock.timers.tick(1_000)
    await settle()
    assert.equal(transport.sent.length, 2)
    t.mock.timers.tick(1_999)
    await settle()
    assert.equal(transport.sent.length, 2)
    t.mock.timers.tick(1)
    await settle()
    assert.deepEqual([transport.sent.length, reply.status, ended[0]!.attempts.length], [3, 200, 3])
  })

  it('does not wait for a long rest', async () => {
    const { reply, sent } = await call(endpoints(1, { 'request-retry': 5, 'max-retry-interval': 8 }), [
      refuse(429, 'x', { 'retry-after': '9' }),
    ])
    assert.deepEqual([sent.length, reply.status], [1, 429])
  })

  it('without a model, with a wrong one or with broken JSON is refused before anybody is asked', async () => {
    for (const [body, code] of [
      ['', 'invalid_json'],
      ['{', 'invalid_json'],
      ['[]', 'invalid_json'],
      ['{"model":"m"', 'invalid_json'],
      ['{}', undefined],
      ['{"model":7}', undefined],
      ['{"model":""}', undefined],
      ['{"model":"none"}', 'model_not_found'],
      ['{"model":"constructor"}', 'model_not_found'],
      ['{"model":"__proto__"}', 'model_not_found'],
      [`{"model":"m","x":${'['.repeat(300)}${']'.repeat(300)}}`, 'invalid_json'],
    ] as const) {
      const { reply, sent, record } = await call(endpoints(1), [well], body)
      assert.ok(reply.status === 400 || reply.status === 404, `${body} → ${reply.status}`)
      assert.equal(sent.length, 0)
      if (code !== undefined) assert.equal(record!.failure!.code, code, body)
    }
  })

  it('counting tokens rests nobody when it fails', async () => {
    const transport = fakeTransport((sent) => refuse(429, 'x', { 'retry-after': '99' })(sent))
    const { gateway } = road(endpoints(1), transport)
    const reply = fakeReply()
    gateway.handle(matched('anthropic', {}, '/v1/messages/count_tokens'), inbound({ model: 'm' }), reply)
    await settle()
    assert.equal(reply.status, 429)
    assert.deepEqual(gateway.pool.resting(gateway.snapshot.accounts), [])
  })

  it('may be forbidden to a client by model', async () => {
    const transport = fakeTransport(well)
    const { gateway } = road(endpoints(1), transport)
    const reply = fakeReply()
    gateway.handle(
      matched('openai-chat'),
      inbound({ model: 'm' }, { client: { name: 'c', allows: () => false } }),
      reply,
    )
    assert.deepEqual([reply.status, transport.sent.length], [403, 0])
  })
})

describe("the operator's payload rules", () => {
  const config = endpoints(1, { payload: { override: [{ models: [{ name: '*' }], params: { temperature: 0.5 } }] } })

  it('change the body, and the lane says so', async () => {
    const { sent, reply } = await call(config, [well], '\ufeff{"model":"m","n":1}')
    assert.deepEqual(JSON.parse(String(sent[0]!.request.body)), { model: 'one-model', n: 1, temperature: 0.5 })
    assert.equal(reply.headers['x-logicaproxy-lane'], 'native')
  })

  it('meet JSON that is broken deep inside: the client is told, and no seat stays taken', async () => {
    const { reply, record, idle, sent } = await call(config, [well], '{"model":"m","messages":[{"a" 1}]}')
    assert.deepEqual([reply.status, record!.failure!.code, sent.length], [400, 'invalid_json', 0])
    assert.ok(idle())
  })
})

describe('a client that goes away', () => {
  it('takes its upstream with it, and nobody rests for it', async () => {
    const { reply, sent, gateway, idle, ended } = await call(endpoints(1), [() => {}], { model: 'm', stream: true })
    reply.onGone!()
    assert.ok(sent[0]!.aborted && idle())
    assert.deepEqual([gateway.active, ended[0]!.failure!.kind, ended[0]!.status], [0, 'cancelled', 499])
    assert.deepEqual(gateway.pool.resting(gateway.snapshot.accounts), [])
  })

  it('while it waits for a rest ends the wait', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
    const transport = fakeTransport(refuse(500))
    const { gateway, ended } = road(endpoints(1, { 'request-retry': 3 }), transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), reply)
    await settle()
    reply.onGone!()
    t.mock.timers.tick(60_000)
    await settle()
    assert.deepEqual([transport.sent.length, ended.length, gateway.active], [1, 1, 0])
  })
})

describe('a gateway that stops', () => {
  it('ends what has begun with the error of its dialect, and what has not with a 503', async () => {
    const begun = await call(
      endpoints(1),
      [
        ({ to }) => {
          to.onHead(200, EVENT_STREAM)
          to.onData(Buffer.from(STREAMS['openai-chat'][1][1]))
        },
      ],
      { model: 'm', stream: true },
    )
    begun.gateway.terminateAll(stopping())
    assert.ok(begun.reply.ended && begun.sent[0]!.aborted && begun.idle())
    assert.match(begun.reply.text, /shutting down.*\n\n$/)
    assert.doesNotMatch(begun.reply.text, /\[DONE\]/)

    const waiting = await call(endpoints(1), [() => {}])
    waiting.gateway.terminateAll(stopping())
    assert.deepEqual([waiting.reply.status, waiting.reply.headers['retry-after']], [503, '5'])
    assert.equal(waiting.gateway.active, 0)
  })
})

describe('a listener', () => {
  it('that throws harms nobody', async () => {
    const transport = fakeTransport(well)
    const { gateway, ended } = road(endpoints(1), transport)
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const off = gateway.on('attempt', () => {
      throw new Error('listener fault')
    })
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), reply)
    await settle()
    assert.deepEqual([reply.status, ended.length], [200, 1])
    assert.equal((await warned).message, 'listener fault')
    off()
  })

  it('hears what a failed request looked like', async () => {
    const transport = fakeTransport(refuse(400, 'your fault'))
    const { gateway } = road(endpoints(1), transport)
    const heard: string[] = []
    gateway.on('failed', ({ record, request, response }) =>
      heard.push(`${record.status} ${request.body} ${response.body}`),
    )
    gateway.handle(matched('openai-chat'), inbound('{"model":"m"}'), fakeReply())
    await settle()
    assert.deepEqual(heard, ['400 {"model":"m"} {"error":{"message":"your fault"}}'])
  })
})

describe('a stream', () => {
  it('whose client was kept alive fails over all the same, under one head', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
    const transport = fakeTransport((sent, i) => {
      sent.to.onHead(200, EVENT_STREAM)
      if (i === 1) {
        sent.to.onData(streamBytes('openai-chat'))
        sent.to.onEnd()
      }
    })
    const { gateway, ended } = road(endpoints(2, { streaming: { 'keepalive-seconds': 1 } }), transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm', stream: true }), reply)
    await settle()
    t.mock.timers.tick(1_000)
    await settle()
    assert.equal(reply.text, ': keep-alive\n\n')
    transport.sent[0]!.to.onError(new Error('reset'))
    await settle()
    assert.equal(reply.text, `: keep-alive\n\n${streamBytes('openai-chat')}`)
    assert.equal(ended[0]!.attempts.length, 2)
  })
})
