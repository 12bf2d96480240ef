import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { eventSchema } from './contract.ts'
import { createEvents, type EventHub } from './events.ts'

const hub = () => createEvents({ version: '1.2.3', now: () => 1_000_000 })
const accounts = { type: 'accounts' } as const

function reader(stream: ReadableStream<Uint8Array>) {
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
    /** Reads all that is there now. */
    async drain() {
      for (;;) {
        const next = this.read()
        if (await Promise.race([next.then(() => false), new Promise((resolve) => setTimeout(() => resolve(true), 20))]))
          return
      }
    },
    cancel: () => source.cancel(),
  }
}

describe('the event stream', () => {
  it('begins with hello and goes on with what is published, in order, in the shapes of the contract', async () => {
    const events = hub()
    const one = reader(events.listen({}))
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
    const [all, log] = [reader(events.listen({})), reader(events.listen({ topics: new Set(['log']) }))]
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
    const first = reader(events.listen({}))
    for (let i = 0; i < 5; i++) events.publish({ type: 'login', id: String(i) })
    await first.drain()
    const { id } = first.events[3]!
    const again = reader(events.listen({ lastId: id! }))
    await again.drain()
    assert.deepEqual(
      again.events.slice(1).map(({ data }) => JSON.parse(data).id),
      ['3', '4'],
    )
    const lost = reader(events.listen({ lastId: '12' }))
    await lost.drain()
    assert.equal(JSON.parse(lost.events[0]!.data).missed, true)
    events.close('over')
  })

  it('holds a bounded amount for a reader that stands still, tells it what it missed, and delays nobody else', async () => {
    const events = hub()
    const slow = reader(events.listen({}))
    const fast = reader(events.listen({}))
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
    const one = reader(events.listen({ topics: new Set(['call']) }))
    for (let i = 0; i < 1_000; i++) events.publishCall(() => ({ id: `c${i}` }) as never)
    await one.drain()
    assert.equal(one.names().filter((n) => n === 'call').length, 40)
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
    const one = reader(events.listen({}))
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
