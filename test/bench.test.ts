import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forwarder, gateway, gatewayConfig } from '../bench/candidates.ts'
import { CLOSED_CASES, runClosedCase } from '../bench/closed-cases.ts'
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
import { burstAnswer, chatBody, MARKS, markedChunk, wholeAnswer } from '../bench/traffic.ts'
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
})
