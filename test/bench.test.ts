import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { burstMessage, contentOf, markedDelta, wholeMessage } from '../bench/anthropic-traffic.ts'
import { eventUs, judgeAll } from '../bench/budgets.ts'
import { forwarder, gateway, gatewayConfig, TRANSLATING } from '../bench/candidates.ts'
import { CLOSED_CASES, type ClosedFigures, runClosedCase, TRANSLATED_CASES } from '../bench/closed-cases.ts'
import { disturbance, isTooLoaded, parseCoreTimes } from '../bench/machine.ts'
import { MessageReader } from '../bench/message-reader.ts'
import { selfTimes } from '../bench/profile.ts'
import {
  fortyMsShare,
  histogram,
  judge,
  noiseFloor,
  pairedRatios,
  quantile,
  roundsNeeded,
  summarise,
} from '../bench/statistics.ts'
import { ANSWER_TEXT, BURST_DELTAS, burstAnswer, chatBody, MARKS, markedChunk, wholeAnswer } from '../bench/traffic.ts'
import { parseConfig } from '../src/config/load.ts'
import { peek } from '../src/wire/peek.ts'

describe('the arithmetic of the bench', () => {
  it('finds quantiles between neighbours', () => {
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
    assert.equal(quantile([10], 0.99), 10)
    assert.ok(Number.isNaN(quantile([], 0.5)))
    assert.deepEqual(summarise([6, 1, 2, 3, 4, 5]), { count: 6, min: 1, lowerQuintile: 2, median: 3.5, max: 6 })
  })

  it('pairs slices of the same round and leaves refused ones out', () => {
    assert.deepEqual(pairedRatios([2, undefined, 6, 8], [1, 1, undefined, 4]), [2, 2])
    assert.ok(Math.abs(noiseFloor([0.9, 0.95, 1.3]) - 0.05) < 1e-9)
  })

  it('concludes nothing from too few rounds or within the noise', () => {
    assert.equal(roundsNeeded(2), 2)
    assert.equal(roundsNeeded(6), 5)
    assert.equal(roundsNeeded(20), 10)
    assert.equal(judge(1.1, 1.35, 0.05), 'met')
    assert.equal(judge(1.5, 1.35, 0.05), 'missed')
    assert.equal(judge(1.38, 1.35, 0.05), 'within noise')
    assert.equal(judge(Number.NaN, 1.35, 0.05), 'inconclusive')
    assert.equal(judge(1.1, 1.35, Number.NaN), 'inconclusive')
  })

  it('sorts delays into buckets and finds those around 40 ms', () => {
    assert.deepEqual(histogram([0, 4.9, 5, 99], 5, 3), [2, 1, 1])
    assert.equal(fortyMsShare([1, 2, 40, 41]), 0.5)
    assert.equal(fortyMsShare([]), 0)
  })

  it('sums a profile up by function, without idle time', () => {
    const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 })
    const nodes = ['(idle)', 'a', 'b'].map((name, id) => ({ id, callFrame: frame(name) }))
    const profile = { nodes, samples: [1, 0, 1, 2, 2], timeDeltas: [1000, 5000, 10, 20, 10] }
    assert.deepEqual(selfTimes(profile, 2000), [
      { where: 'b', self: 75 },
      { where: 'a', self: 25 },
    ])
  })
})

describe('the load check', () => {
  const stat = (busy: number, idle: number, steal: number) =>
    parseCoreTimes(`cpu  1 2 3\ncpu0 ${busy} 0 0 ${idle} 0 0 0 ${steal} 0 0\ncpu1 9 0 0 9 0 0 0 0 0 0\nintr 5\n`)

  it('reads the time of each core', () => {
    assert.deepEqual(stat(50, 40, 10)[0], { busy: 50, steal: 10, all: 100 })
    assert.equal(stat(1, 1, 0).length, 2)
  })

  it('tells the work of others from our own', () => {
    const watch = { before: stat(0, 0, 0), watched: [0], wallSeconds: 1 }
    const quiet = disturbance({ ...watch, after: stat(80, 20, 0), ownSeconds: 0.79 })
    const loud = disturbance({ ...watch, after: stat(80, 20, 0), ownSeconds: 0.4 })
    const robbed = disturbance({ ...watch, after: stat(80, 10, 10), ownSeconds: 0.8 })
    assert.deepEqual(
      [quiet, loud, robbed].map((d) => isTooLoaded(d)),
      [false, true, true],
    )
  })
})

describe('the traffic of the bench', () => {
  it('has bodies of the size asked for, model first, that the gateway can read', () => {
    for (const bytes of [2_000, 200_000, 400_000]) {
      const body = chatBody('mock-json', bytes, true)
      assert.equal(body.length, bytes)
      assert.ok(body.toString('latin1').startsWith('{"model":"mock-json"'))
      assert.equal(JSON.parse(body.toString('utf8')).stream, true)
      assert.ok(peek(body, ['model', 'stream']))
    }
  })

  it('has room for ten tools in 2 KB', () => {
    const body = chatBody('mock-json', 2_000, false, 10)
    assert.equal(body.length, 2_000)
    const { tools, messages } = JSON.parse(body.toString('utf8'))
    assert.equal(tools.length, 10)
    assert.ok(messages.length >= 2)
  })

  it('answers as Anthropic does, in the order of its events', () => {
    const whole = wholeMessage().toString('utf8')
    const { content, usage } = JSON.parse(whole.slice(whole.indexOf('\r\n\r\n') + 4))
    assert.equal(content[0].text, ANSWER_TEXT)
    assert.ok(usage.output_tokens > 0)
    const events = [
      ...burstMessage(3)
        .toString('utf8')
        .matchAll(/\r\nevent: (\w+)\ndata: (.+)\n\n\r\n/g),
    ]
    assert.deepEqual(
      events.map((event) => event[1]),
      [
        'message_start',
        'content_block_start',
        'ping',
        ...Array.from({ length: 3 }, () => 'content_block_delta'),
        'content_block_stop',
        'message_delta',
        'message_stop',
      ],
    )
    for (const [, type, data] of events) assert.equal(JSON.parse(data!).type, type)
    assert.deepEqual(
      [...markedDelta(7, 123_456).matchAll(MARKS)].map((m) => [m[1], m[2]]),
      [['7', '123456']],
    )
  })

  it('finds the texts and the tools of a Messages request', () => {
    const content = [{ type: 'text', text: 'b' }, { type: 'image' }, { type: 'text', text: 'c' }]
    const messages = [{ content }, { content: 'd' }]
    assert.deepEqual(contentOf(JSON.stringify({ system: [{ type: 'text', text: 'a' }], messages, tools: [{}, {}] })), {
      tools: 2,
      text: 'abcd',
    })
    assert.equal(contentOf(JSON.stringify({ messages })).tools, 0)
  })

  it('reads messages whatever way they are cut', () => {
    const bytes = Buffer.concat([wholeAnswer(), burstAnswer(20)])
    for (const cut of [1, 7, 1000, bytes.length]) {
      const bodies: number[] = []
      let size = 0
      const reader = new MessageReader({
        head: (text) => assert.match(text, /^HTTP\/1\.1 200 OK\r\n/),
        body: (piece) => {
          size += piece.length
        },
        end: () => {
          bodies.push(size)
          size = 0
        },
      })
      for (let at = 0; at < bytes.length; at += cut) reader.push(bytes.subarray(at, at + cut))
      assert.equal(bodies.length, 2)
      assert.ok(bodies[0]! > 900 && bodies[1]! > 3_000)
    }
  })

  it('numbers and stamps the events of a paced stream', () => {
    assert.deepEqual(
      [...markedChunk(7, 123_456).matchAll(MARKS)].map((m) => [m[1], m[2]]),
      [['7', '123456']],
    )
  })

  it('configures the gateway with one account and nothing else', () => {
    const { config } = parseConfig(gatewayConfig(1234, '/tmp/none'), { file: 'config', env: {} })
    assert.equal(config['openai-compatibility'].length, 1)
    assert.equal(config['request-log'], false)
  })
})

describe('the budgets of translation', () => {
  const one = (value: number) => summarise([value])
  const figures = (name: string, cpuUs: number, conclusive = true): ClosedFigures => {
    const rest = { requestsPerSecond: 1, p50Us: 1, p99Us: 1, errors: 0, refused: 0, residentMib: 1 }
    return {
      case: name,
      rounds: 1,
      conclusive,
      candidates: [
        { name: 'forwarder again', cpuUs: one(50), ratios: { forwarder: one(1.01) }, ...rest },
        { name: TRANSLATING.name!, cpuUs: one(cpuUs), ratios: { gateway: one(cpuUs / 100) }, ...rest },
      ],
    }
  }

  it('judges a request against the pass-through lane, and an event by what a burst adds', () => {
    assert.equal(eventUs(200, 200 + 3 * BURST_DELTAS), 3)
    const judged = judgeAll({
      closed: [figures('translate', 180), figures('translate-burst', 180 + 15 * BURST_DELTAS)],
    })
    assert.deepEqual(
      judged.map((j) => [j.figure, j.verdict]),
      [
        [1.8, 'met'],
        [15, 'missed'],
      ],
    )
  })

  it('concludes nothing where a case is inconclusive', () => {
    const closed = [figures('translate', 180), figures('translate-burst', 300, false)]
    assert.deepEqual(
      judgeAll({ closed }).map((j) => j.verdict),
      ['met', 'inconclusive'],
    )
  })
})

describe('a short run', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  it('comes out with figures for every candidate', { timeout: 60_000 }, async () => {
    const figures = await runClosedCase(
      CLOSED_CASES[0]!,
      [forwarder(), gateway()],
      { rounds: 2, restarts: 1, sliceMs: 50, connections: 4, warmRequests: 50, warmMs: 500, anyLoad: true },
      () => {},
    )
    assert.deepEqual(figures.candidates.map((c) => c.name).sort(), ['direct', 'forwarder', 'gateway'])
    for (const { cpuUs, errors, requestsPerSecond } of figures.candidates) {
      assert.equal(errors, 0)
      assert.equal(cpuUs.count, 2)
      assert.ok(cpuUs.min > 0 && requestsPerSecond > 0)
    }
  })

  it('translates whole answers and bursts, and checks what arrives', { timeout: 60_000 }, async () => {
    for (const wanted of TRANSLATED_CASES) {
      const figures = await runClosedCase(
        wanted,
        [gateway(TRANSLATING)],
        { rounds: 1, restarts: 1, sliceMs: 50, connections: 4, warmRequests: 20, warmMs: 500, anyLoad: true },
        () => {},
      )
      const { errors, cpuUs } = figures.candidates.find((c) => c.name === TRANSLATING.name)!
      assert.equal(errors, 0)
      assert.ok(cpuUs.min > 0)
    }
  })
})
