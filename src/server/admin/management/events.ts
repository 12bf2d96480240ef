/**
 * The event stream of the pages. An event is written as text once, however many listen; what has gathered goes out a few
 * times a second, as one buffer for all who are equally far. A listener that reads too slowly loses what is no longer
 * there and is told so; nobody is waited for, and nothing is made while nobody listens.
 */
import type { ManagementEvent, ManagementEventType, UsageRowView } from './contract.ts'
import { ManagementError } from './errors.ts'
import { createEventRing, type Frame } from './event-ring.ts'

export interface EventHub {
  publish(event: ManagementEvent): void
  /** Tells of a call, unless enough were told this second; it is only made if it is told. */
  publishCall(make: () => UsageRowView): void
  /** The stream of a new listener. @throws {ManagementError} 503 when too many listen. */
  listen(options: ListenOptions): ReadableStream<Uint8Array>
  /** How many listen, or listen to this topic. */
  listeners(topic?: ManagementEventType): number
  /** Ends the streams of a session with a word. */
  end(sessionId: string, reason: string): void
  close(reason: string): void
}

export interface ListenOptions {
  /** Undefined: all but `log`. */
  topics?: ReadonlySet<string>
  /** `Last-Event-ID`. */
  lastId?: string
  /** Of the session; its end ends the stream. */
  sessionId?: string
}

export interface EventOptions {
  version: string
  now: () => number
  /** Nobody is written to more often, ms. */
  everyMs?: number
}

interface Listener {
  wants(type: ManagementEventType): boolean
  /** Listeners with the same word want the same. */
  topics: string
  sessionId: string | undefined
  /** How far it is in the events, and in the lines of the log. */
  at: number
  logAt: number
  /** What it is told before all else. */
  first: Uint8Array | undefined
  last: Uint8Array | undefined
  /** Set while its socket takes more. */
  wake: (() => void) | undefined
  /** How often in a row it was found taking nothing. */
  stuck: number
  controller: ReadableStreamDefaultController<Uint8Array> | undefined
}

/** One turn through all who listen. */
interface Round {
  /** Who is still to come. */
  left: Listener[]
  gapMs: number
  /** How far it goes. */
  end: number
  logEnd: number
  /** What was put together, by where it begins and who wants it. */
  made: Map<string, Uint8Array>
}

const MOST_LISTENERS = 256
/** What is remembered for all of them together; the log has room of its own, so that it displaces nothing. */
const REMEMBERED = { frames: 512, bytes: 1024 * 1024 }
const LINES = { frames: 2_000, bytes: 1024 * 1024 }
const EVERY_MS = 250
/** Listeners served in one go: requests of clients come in between. */
const AT_ONCE = 8
const ALIVE_MS = 15_000
/** A listener that has taken nothing for so many of these is gone. */
const STUCK = 4
/** Calls told in a second; a page shows no more, and the store has all of them. */
const CALLS_PER_SECOND = 40
/** Of these the newest says it all. */
const LATEST: ReadonlySet<ManagementEventType> = new Set(['status', 'accounts', 'keys'])
const encoder = new TextEncoder()
const ALIVE = encoder.encode(': alive\n\n')

export function createEvents({ version, now, everyMs = EVERY_MS }: EventOptions): EventHub {
  const listeners = new Set<Listener>()
  const events = createEventRing(REMEMBERED)
  const lines = createEventRing(LINES)
  // Ids of an earlier life are not taken for ours.
  const born = Math.floor(now() / 1000) * 1000
  let id = born
  let status: Frame | undefined
  let second = 0
  let calls = 0
  let alive: NodeJS.Timeout | undefined
  /** Runs from a round to the first time the next may be. */
  let calm: NodeJS.Timeout | undefined
  let waiting = false
  let closed = false

  const frameOf = (event: ManagementEvent): Frame => {
    id += 1
    const { type } = event
    return { id, type, bytes: encoder.encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`) }
  }

  /** Soon there is a round; what comes until then goes with it. */
  function schedule(): void {
    if (waiting || closed) return
    waiting = true
    if (calm === undefined) setImmediate(round)
  }

  function round(): void {
    if (!waiting || closed) return
    waiting = false
    calm = setTimeout(() => {
      calm = undefined
      if (waiting) round()
    }, everyMs).unref()
    const left = [...listeners]
    const gapMs = everyMs / Math.ceil(left.length / AT_ONCE)
    serve({ left, gapMs, end: events.end, logEnd: lines.end, made: new Map() })
  }

  /** A hundred listeners in one go would be felt by whoever asks for an answer just then: they are spread over the time. */
  function serve(now: Round): void {
    for (const listener of now.left.splice(0, AT_ONCE)) {
      // Whoever takes nothing now is passed over; it asks for a round when it takes more.
      if (listener.wake === undefined) continue
      listener.first = gathered(listener, now)
      if (listener.first !== undefined) wake(listener)
    }
    if (now.left.length > 0) setTimeout(serve, now.gapMs, now).unref()
  }

  const pending = ({ at, logAt, wants }: Listener): boolean => at < events.end || (logAt < lines.end && wants('log'))

  /** All that is new for a listener, as one buffer: made once for all who are equally far. */
  function gathered(listener: Listener, { end, logEnd, made }: Round): Uint8Array | undefined {
    const { at, logAt, topics, wants } = listener
    const ofLog = wants('log')
    if (at >= end && (logAt >= logEnd || !ofLog)) return undefined
    const lost = Math.max(0, events.first - at) + (ofLog ? Math.max(0, lines.first - logAt) : 0)
    if (lost > 0) {
      listener.at = events.end
      listener.logAt = lines.end
      const hello = frameOf({ type: 'hello', missed: true, lost, version })
      return joined(status !== undefined && wants('status') ? [hello, status] : [hello])
    }
    // What has come since the round began goes with the next: everybody gets the same.
    listener.at = Math.max(at, end)
    listener.logAt = Math.max(logAt, logEnd)
    const key = `${at} ${ofLog ? logAt : ''} ${topics}`
    const before = made.get(key)
    if (before !== undefined) return before.length === 0 ? undefined : before
    const frames = [...events.between(at, end), ...(ofLog ? lines.between(logAt, logEnd) : [])].filter(({ type }) =>
      wants(type),
    )
    const bytes = joined(newest(frames.sort((a, b) => a.id - b.id)))
    made.set(key, bytes)
    return bytes.length === 0 ? undefined : bytes
  }

  function wake(listener: Listener): void {
    const call = listener.wake
    listener.wake = undefined
    call?.()
  }

  function drop(listener: Listener): void {
    listeners.delete(listener)
    wake(listener)
    if (listeners.size === 0) clearInterval(alive)
  }

  function bye(listener: Listener, reason: string): void {
    listener.last = frameOf({ type: 'bye', reason }).bytes
    drop(listener)
  }

  function keepAlive(): void {
    for (const listener of [...listeners]) {
      if (listener.wake === undefined) {
        listener.stuck += 1
        if (listener.stuck < STUCK) continue
        drop(listener)
        listener.controller?.error(new Error('a page took nothing for a minute'))
      } else if (!pending(listener)) {
        listener.first = ALIVE
        wake(listener)
      }
    }
  }

  function publish(event: ManagementEvent): void {
    if (listeners.size === 0 || closed) return
    const frame = frameOf(event)
    if (event.type === 'status') status = frame
    if (event.type === 'log') lines.push(frame)
    else events.push(frame)
    schedule()
  }

  return {
    publish,
    publishCall(make) {
      if (listeners.size === 0 || closed) return
      const s = Math.floor(now() / 1000)
      if (s !== second) {
        second = s
        calls = 0
      }
      calls += 1
      if (calls <= CALLS_PER_SECOND) publish({ type: 'call', call: make() })
    },

    listen({ topics, lastId, sessionId }) {
      if (closed || listeners.size >= MOST_LISTENERS)
        throw new ManagementError(503, 'too-many', `${MOST_LISTENERS} pages listen already: close some of them.`)
      const last = Number(lastId)
      // Numbers of this life whose successors are all still there.
      const known = lastId !== undefined && last >= Math.max(born, events.gone) && last <= id
      const listener: Listener = {
        wants: (type) =>
          type === 'bye' || type === 'hello' || (topics === undefined ? type !== 'log' : topics.has(type)),
        topics: topics === undefined ? '' : [...topics].sort().join(),
        sessionId,
        at: known ? events.after(last) : events.end,
        logAt: known ? lines.after(last) : lines.end,
        first: frameOf({ type: 'hello', missed: lastId !== undefined && !known, version }).bytes,
        last: undefined,
        wake: undefined,
        stuck: 0,
        controller: undefined,
      }
      if (listeners.size === 0) alive = setInterval(keepAlive, ALIVE_MS).unref()
      listeners.add(listener)
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            listener.controller = controller
          },
          // Called when the socket takes more.
          async pull(controller) {
            listener.stuck = 0
            while (listener.first === undefined && listener.last === undefined && listeners.has(listener)) {
              if (pending(listener)) schedule()
              await new Promise<void>((resolve) => {
                listener.wake = resolve
              })
            }
            const { first, last: word } = listener
            listener.first = undefined
            if (first !== undefined) controller.enqueue(first)
            if (listeners.has(listener)) return
            if (word !== undefined) controller.enqueue(word)
            controller.close()
          },
          cancel: () => drop(listener),
        },
        { highWaterMark: 0 },
      )
    },

    listeners: (topic) => (topic === undefined ? listeners.size : [...listeners].filter((l) => l.wants(topic)).length),
    end(sessionId, reason) {
      for (const listener of [...listeners]) if (listener.sessionId === sessionId) bye(listener, reason)
    },
    close(reason) {
      closed = true
      clearInterval(alive)
      clearTimeout(calm)
      for (const listener of [...listeners]) bye(listener, reason)
    },
  }
}

/** Without those that a later one of the same kind replaces. */
function newest(frames: readonly Frame[]): readonly Frame[] {
  const latest = new Map(frames.map((frame) => [frame.type, frame]))
  return frames.filter((frame) => !LATEST.has(frame.type) || latest.get(frame.type) === frame)
}

const joined = (frames: readonly Frame[]): Uint8Array => Buffer.concat(frames.map(({ bytes }) => bytes))
