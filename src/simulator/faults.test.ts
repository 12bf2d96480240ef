import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createSimulator, describeFaults, parseFault, parseModel, type Simulator, WORDS } from './index.ts'
import { call, VENDORS } from './testing/call.ts'

let sim: Simulator
before(async () => {
  sim = await createSimulator({ now: () => 1_790_000_000_000 })
})
beforeEach(() => sim.reset())
after(() => sim.close())

const last = () => sim.attempts().at(-1)!
/** The server hears of a client's leaving a little later than the client knows it. */
async function gone(): Promise<void> {
  const start = performance.now()
  while (last().outcome !== 'client-gone' && performance.now() - start < 2_000)
    await new Promise((r) => setTimeout(r, 5))
  assert.equal(last().outcome, 'client-gone')
}
/** What closes a healthy stream of each vendor. */
const TERMINAL: Record<string, RegExp> = {
  anthropic: /"type":"message_stop"/,
  'openai-chat': /data: \[DONE\]/,
  'openai-responses': /"type":"response.completed"/,
  gemini: /"finishReason":"STOP"/,
}

test('the grammar reads what the table says', () => {
  assert.deepEqual(parseFault('429:7'), { name: '429', value: 7 })
  assert.deepEqual(parseFault('fault-503@a'), { name: '503', only: 'a' })
  assert.deepEqual(parseFault('tools2'), { name: 'tools', value: 2 })
  assert.throws(() => parseFault('tols2'), /unknown/)
  assert.throws(() => parseFault('think:3'), /takes no number/)
  assert.throws(() => parseFault('late'), /needs a number/)
  assert.equal(parseModel('command-r+').base, 'command-r')
  assert.equal(parseModel('claude-x+think+cut:3').words.length, 2)
  assert.equal(describeFaults().length, WORDS.length)
})

for (const [vendor, model] of VENDORS) {
  const go = (word: string, key?: string) => call(sim.url, vendor, word ? `${model}+${word}` : model, { key })

  test(`${vendor}: a healthy stream ends with its terminal event and says it is simulated`, async () => {
    const r = await go('')
    assert.equal(r.status, 200)
    assert.equal(r.headers.get('x-logicaproxy-simulated'), 'true')
    assert.match(r.text, TERMINAL[vendor]!)
    assert.equal(r.broken, false)
    assert.equal(last().outcome, 'answered')
    assert.equal((await go('')).text, r.text, 'the same request gives the same bytes')
  })

  test(`${vendor}: refusals have the vendor's status and shape`, async () => {
    for (const [word, status] of [
      ['429:7', 429],
      ['429', 429],
      ['429-days', 429],
      ['quota', vendor === 'anthropic' ? 400 : 429],
      ['500', 500],
      ['503', 503],
      ['529', vendor === 'anthropic' ? 529 : 503],
      ['403', 403],
      ['413', 413],
      ['400', 400],
      ['400-context', 400],
      ['json-200', 200],
    ] as const) {
      const r = await go(word)
      assert.equal(r.status, status, word)
      const error = JSON.parse(r.text).error
      assert.ok(error.message, word)
      assert.ok(vendor === 'gemini' ? error.status : error.type, word)
      assert.equal(last().outcome, 'refused')
      if (word === '429:7') assert.match(vendor === 'gemini' ? r.text : `${r.headers.get('retry-after')}s`, /7s/)
      if (word === '429') assert.equal(r.headers.get('retry-after'), null)
    }
  })

  test(`${vendor}: once, once for all keys, and every second`, async () => {
    const statuses = async (word: string, keys: string[]) => {
      const out = []
      for (const key of keys) out.push((await go(word, key)).status)
      return out
    }
    assert.deepEqual(await statuses('500-once', ['k1', 'k1', 'k2', 'k2']), [500, 200, 500, 200])
    assert.deepEqual(await statuses('500-once-global', ['k1', 'k2', 'k1']), [500, 200, 200])
    assert.deepEqual(await statuses('flap:2', ['k', 'k', 'k', 'k']), [200, 503, 200, 503])
    assert.deepEqual(await statuses('503@a', ['key-a', 'key-b']), [503, 200])
  })

  test(`${vendor}: scripts and standing faults strike a key`, async () => {
    sim.script('key-a', [parseFault('503'), parseFault('none'), parseFault('429:1')])
    sim.setKeyFault('key-b', parseFault('429:60'))
    const seen = []
    for (let i = 0; i < 4; i++) seen.push((await go('')).status)
    assert.deepEqual(seen, [503, 200, 429, 200])
    assert.equal((await go('', 'key-b')).status, 429)
    assert.equal((await go('', 'key-b')).status, 429)
    sim.setKeyFault('key-b', undefined)
    assert.equal((await go('', 'key-b')).status, 200)
    assert.deepEqual(
      sim.attempts({ key: 'key-a' }).map((a) => a.fault),
      ['503', undefined, '429:1', undefined],
    )
  })

  test(`${vendor}: a reset socket never answers`, async () => {
    await assert.rejects(go('reset'))
    assert.equal(last().outcome, 'cut')
    assert.equal(last().status, undefined)
  })

  test(`${vendor}: silence lasts until the client gives up`, async () => {
    await assert.rejects(call(sim.url, vendor, `${model}+silence`, { signal: AbortSignal.timeout(40) }))
    assert.equal(last().status, undefined)
    await gone()
  })

  test(`${vendor}: cut, stall, malformed, without end`, async () => {
    const whole = (await go('malformed:9')).events.length
    const cut = await go('cut:3')
    assert.equal(cut.broken, true)
    assert.equal(cut.events.length, 3)
    assert.equal(last().eventsSent, 3)
    assert.equal(last().outcome, 'cut')
    assert.equal((await go('each+cut:3')).events.length, 3)
    const bare = await go('cut:0')
    assert.deepEqual([bare.status, bare.text, bare.broken], [200, '', true])
    const stalled = await call(sim.url, vendor, `${model}+stall:2`, { signal: AbortSignal.timeout(150) })
    assert.equal(stalled.events.length, 2)
    const malformed = await go('malformed:2')
    assert.throws(() => JSON.parse(malformed.events[1]!.data))
    assert.equal(malformed.events.length, whole)
    const open = await go('no-end')
    assert.equal(open.broken, false)
    assert.doesNotMatch(open.text, TERMINAL[vendor]!)
    assert.doesNotMatch(open.text, /stop_reason":"end_turn|finish_reason":"stop/)
    assert.doesNotMatch((await go('no-done')).text, TERMINAL[vendor]!)
  })

  test(`${vendor}: an error inside the stream ends it`, async () => {
    const second = await go('error-second')
    assert.equal(second.status, 200)
    assert.equal(second.events.length, 2)
    assert.match(second.events[1]!.data, /overloaded/i)
    const mid = await go('error-mid:2')
    assert.match(mid.events.at(-1)!.data, /overloaded/i)
    assert.doesNotMatch(mid.text, TERMINAL[vendor]!)
    assert.equal(last().outcome, 'refused')
  })

  test(`${vendor}: late heads, late first events, paced events`, async () => {
    const timed = async (word: string) => {
      const start = performance.now()
      const r = await go(word)
      assert.match(r.text, TERMINAL[vendor]!)
      return performance.now() - start
    }
    assert.ok((await timed('late-head:40')) >= 39)
    assert.ok((await timed('late:40')) >= 39)
    assert.ok((await timed('events:10+pace:5')) >= 49)
  })

  test(`${vendor}: streams of a chosen shape`, async () => {
    const r = await go('events:50+len:20')
    const texts = r.text.match(/\d+ abcdef[a-z]*/g)!
    assert.ok(texts.length >= 50)
    assert.match(r.text, /49 abc/)
    assert.ok((await go('huge:300000')).events.some((e) => e.data.length > 300_000))
    const split = await go('bytes:7')
    assert.match(split.text, TERMINAL[vendor]!)
    const each = await go('each')
    assert.match(each.text, TERMINAL[vendor]!)
    assert.match((await go('empty')).text, TERMINAL[vendor]!)
  })

  test(`${vendor}: whole answers suffer too`, async () => {
    const path = vendor === 'gemini' ? (w: string) => `/v1beta/models/${model}+${w}:generateContent` : () => undefined
    const once = (word: string) =>
      call(sim.url, vendor, `${model}+${word}`, {
        path: path(word),
        extra: vendor === 'gemini' ? {} : { stream: false },
      })
    assert.equal((await once('cut')).broken, true)
    const malformed = await once('malformed')
    assert.throws(() => JSON.parse(malformed.text))
    assert.ok((await once('error-second')).status >= 500)
  })

  test(`${vendor}: a client that leaves is noticed`, async () => {
    await call(sim.url, vendor, `${model}+events:1000+pace:5`, { signal: AbortSignal.timeout(150) })
    await gone()
    assert.ok(last().endedAt)
    assert.ok(last().eventsSent < 100)
  })
}

test('huge streams respect backpressure', async () => {
  const before = process.memoryUsage().rss
  const res = await fetch(`${sim.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: 'claude-sonnet-4-6+events:400000+len:500',
      max_tokens: 10,
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    }),
  })
  const reader = res.body!.getReader()
  await reader.read()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { eventsSent } = last()
  assert.ok(eventsSent < 40_000, `${eventsSent} events were sent to a client that does not read`)
  assert.ok(process.memoryUsage().rss - before < 200e6)
  await reader.cancel()
})

test('the same controls over HTTP', async () => {
  const post = (path: string, body: unknown) =>
    fetch(`${sim.url}/_simulator/${path}`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal((await post('faults', { key: 'key-a', fault: '503' })).status, 200)
  assert.equal((await call(sim.url, 'anthropic', 'claude-x')).status, 503)
  await post('faults', { key: 'key-a', fault: ['500', 'none'] })
  await post('faults', { key: 'key-a', fault: null })
  assert.equal((await call(sim.url, 'anthropic', 'claude-x')).status, 500)
  assert.equal((await call(sim.url, 'anthropic', 'claude-x')).status, 200)
  const { attempts } = (await (await fetch(`${sim.url}/_simulator/attempts?key=key-a`)).json()) as {
    attempts: { status: number }[]
  }
  assert.deepEqual(
    attempts.map((a) => a.status),
    [503, 500, 200],
  )
  await post('reset', {})
  assert.equal(sim.attempts().length, 0)
  assert.equal((await post('faults', { key: 'k', fault: 'nonsense' })).status, 400)
})
