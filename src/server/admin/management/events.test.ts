import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { eventSchema } from './contract.ts'
import { createEvents, type EventHub } from './events.ts'

const hub = (everyMs = 0) => createEvents({ version: '1.2.3', now: () => 1_000_000, everyMs })
let marks = 0
const accounts = { type: 'accounts' } as const

function reader(stream: ReadableStream<Uint8Array>, hub?: EventHub) {
  const source = stream.getReader()
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  return {
    events,
    names: () => events.map(({ event }) => event),
    async read() {
      const { value, done } = await source.read()
      if (value !== undefined) parser.feed(new TextDecoder().decode(value))
      return done
    },
    /** The piece as it came. */
    async readRaw() {
      const { value } = await source.read()
      parser.feed(new TextDecoder().decode(value))
      return value
    },
    /** Reads all that was told so far: up to a mark of its own, or to the word that some of it is lost. */
    async drain() {
      marks += 1
      const version = `mark ${marks}`
      const from = events.length
      hub!.publish({ type: 'hello', missed: false, version })
      for (;;) {
        await this.read()
        const at = events.findIndex(({ data }) => JSON.parse(data).version === version)
        if (at !== -1) events.splice(at, 1)
        if (at !== -1 || events.slice(from).some(({ data }) => JSON.parse(data).lost !== undefined)) break
      }
      for (let i = events.length - 1; i >= 0; i -= 1)
        if (/^mark/.test(JSON.parse(events[i]!.data).version ?? '')) events.splice(i, 1)
    },
    cancel: () => source.cancel(),
  }
}

describe('the event stream', () => {
  it('begins with hello and goes on with what is published, in order, in the shapes of the contract', async () => {
    const events = hub()
    const one = reader(events.listen({}), events)
    await one.read()
    events.publish(accounts)
    events.publish({ type: 'login', id: 'x' })
    await one.drain()
    assert.deepEqual(one.names(), ['hello', 'accounts', 'login'])
    for (const { data } of one.events) assert.ok(eventSchema.safeParse(JSON.parse(data)).success, data)
    assert.ok(Number(one.events[2]!.id) > Number(one.events[1]!.id))
    events.close('over')
  })

  it('gives the log only to those who ask for it', async () => {
    const events = hub()
    const [all, log] = [reader(events.listen({}), events), reader(events.listen({ topics: new Set(['log']) }), events)]
    events.publish({ type: 'log', line: { seq: 1, at: 1, level: 'info', message: 'm', fields: {} } })
    events.publish(accounts)
    await Promise.all([all.drain(), log.drain()])
    assert.deepEqual(
      [all.names(), log.names()],
      [
        ['hello', 'accounts'],
        ['hello', 'log'],
      ],
    )
    events.close('over')
  })

  it('goes on where a broken one ended, and says when it cannot', async () => {
    const events = hub()
    const first = reader(events.listen({}), events)
    for (let i = 0; i < 5; i++) events.publish({ type: 'login', id: String(i) })
    await first.drain()
    const { id } = first.events[3]!
    const again = reader(events.listen({ lastId: id! }), events)
    await again.drain()
    assert.deepEqual(
      again.events.slice(1).map(({ data }) => JSON.parse(data).id),
      ['3', '4'],
    )
    const lost = reader(events.listen({ lastId: '12' }), events)
    await lost.drain()
    assert.equal(JSON.parse(lost.events[0]!.data).missed, true)
    events.close('over')
  })

  it('holds a bounded amount for a reader that stands still, tells it what it missed, and delays nobody else', async () => {
    const events = hub()
    const slow = reader(events.listen({}), events)
    const fast = reader(events.listen({}), events)
    await slow.read()
    const line = { type: 'login', id: 'x'.repeat(4_000) } as const
    for (let i = 0; i < 1_000; i++) {
      events.publish(line)
      if (i % 20 === 0) await fast.read()
    }
    await fast.drain()
    await slow.drain()
    assert.ok(slow.events.length < 300, String(slow.events.length))
    assert.ok(slow.events.some(({ event, data }) => event === 'hello' && JSON.parse(data).missed))
    events.publish(accounts)
    await slow.drain()
    assert.equal(slow.names().at(-1), 'accounts')
    events.close('over')
  })

  it('tells at most 40 calls a second', async () => {
    const events = hub()
    const one = reader(events.listen({ topics: new Set(['call']) }), events)
    for (let i = 0; i < 1_000; i++) events.publishCall(() => ({ id: `c${i}` }) as never)
    await one.drain()
    assert.equal(one.names().filter((n) => n === 'call').length, 40)
    events.close('over')
  })

  it('gathers what comes close together: one piece for all, of what is soon out of date the newest', async () => {
    const events = hub(50)
    const readers = [reader(events.listen({}), events), reader(events.listen({}), events)]
    await Promise.all(readers.map((one) => one.read()))
    events.publish({ type: 'login', id: 'before' })
    await Promise.all(readers.map((one) => one.read()))
    for (let i = 0; i < 5; i++) {
      events.publish({ type: 'login', id: String(i) })
      events.publish(accounts)
      events.publish({ type: 'keys' })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const pieces = await Promise.all(readers.map((one) => one.readRaw()))
    assert.equal(pieces[0], pieces[1])
    for (const one of readers)
      assert.deepEqual(one.names().slice(2), ['login', 'login', 'login', 'login', 'login', 'accounts', 'keys'])
    events.close('over')
  })

  it('gives each of many listeners every event once and in order, whenever it comes', async () => {
    const events = hub(20)
    const readers = Array.from({ length: 50 }, () => reader(events.listen({}), events))
    await Promise.all(readers.map((one) => one.read()))
    const pulling = readers.map(async (one) => {
      while (!one.events.some(({ data }) => JSON.parse(data).id === 'last')) await one.read()
    })
    for (let i = 0; i < 40; i++) {
      events.publish({ type: 'login', id: String(i) })
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    events.publish({ type: 'login', id: 'last' })
    await Promise.all(pulling)
    const wanted = [...Array.from({ length: 40 }, (_, i) => String(i)), 'last']
    for (const one of readers)
      assert.deepEqual(
        one.events.slice(1).map(({ data }) => JSON.parse(data).id),
        wanted,
      )
    events.close('over')
  })

  it('lets go of a listener that has taken nothing for a minute; one that waits is told that it is heard', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const events = hub()
    const stuck = events.listen({})
    const well = events.listen({}).getReader()
    await well.read()
    const words: string[] = []
    for (let i = 0; i < 4; i++) {
      assert.equal(events.listeners(), 2)
      const next = well.read()
      await new Promise((resolve) => setImmediate(resolve))
      t.mock.timers.tick(15_000)
      words.push(new TextDecoder().decode((await next).value))
    }
    assert.deepEqual(words, Array<string>(4).fill(': alive\n\n'))
    assert.equal(events.listeners(), 1)
    await assert.rejects(stuck.getReader().read(), /took nothing for a minute/)
    events.close('over')
  })

  it('gives a listener that fell behind the status as it is', async () => {
    const events = hub()
    const slow = reader(events.listen({}), events)
    await slow.read()
    events.publish({ type: 'status', status: { version: 'old' } as never })
    events.publish({ type: 'status', status: { version: 'new' } as never })
    for (let i = 0; i < 600; i++) events.publish({ type: 'login', id: String(i) })
    await slow.read()
    assert.deepEqual(slow.names(), ['hello', 'hello', 'status'])
    assert.deepEqual(JSON.parse(slow.events[1]!.data), { type: 'hello', missed: true, lost: 90, version: '1.2.3' })
    assert.equal(JSON.parse(slow.events[2]!.data).status.version, 'new')
    events.close('over')
  })

  it('keeps events and lines of the log apart: a flood of lines displaces nothing', async () => {
    const events = hub()
    const [all, log] = [
      reader(events.listen({}), events),
      reader(events.listen({ topics: new Set(['log', 'accounts']) }), events),
    ]
    await Promise.all([all.read(), log.read()])
    events.publish(accounts)
    for (let i = 0; i < 5_000; i++)
      events.publish({ type: 'log', line: { seq: i, at: 1, level: 'info', message: 'm', fields: {} } })
    await Promise.all([all.read(), log.read()])
    assert.deepEqual(all.names(), ['hello', 'accounts'])
    assert.equal(JSON.parse(log.events[1]!.data).lost, 3_000)
    events.close('over')
  })

  it('ends with the session, with a word, and with the server', async () => {
    const events = hub()
    const [mine, other] = [reader(events.listen({ sessionId: 'a' })), reader(events.listen({ sessionId: 'b' }))]
    await Promise.all([mine.read(), other.read()])
    events.end('a', 'You signed out.')
    assert.equal(await mine.read(), false)
    assert.equal(await mine.read(), true)
    assert.equal(mine.names().at(-1), 'bye')
    assert.equal(events.listeners(), 1)
    events.close('The server is stopping.')
    while (!(await other.read())) {}
    assert.equal(other.names().at(-1), 'bye')
  })

  it('costs nothing while nobody listens, and forgets who went away', async () => {
    const events: EventHub = hub()
    const one = reader(events.listen({}), events)
    assert.equal(events.listeners(), 1)
    await one.cancel()
    assert.equal(events.listeners(), 0)
    const poison = new Proxy(accounts, {
      get() {
        throw new Error('looked at')
      },
    })
    events.publish(poison)
  })

  it('takes 256 listeners and refuses more', () => {
    const events = hub()
    for (let i = 0; i < 256; i++) events.listen({})
    assert.throws(() => events.listen({}), /256 pages listen already/)
    events.close('over')
  })
})
