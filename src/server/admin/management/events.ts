/**
 * The event stream of the pages. One event is written as text once, however many listen; a listener that reads too slowly
 * loses what it has not read and is told so; nobody is waited for, and nothing is made while nobody listens.
 */
import type { ManagementEvent, ManagementEventType, UsageRowView } from './contract.ts'
import { ManagementError } from './errors.ts'

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

interface Frame {
  id: number
  type: ManagementEventType
  bytes: Uint8Array
}

interface Listener {
  wants(type: ManagementEventType): boolean
  sessionId: string | undefined
  queue: Frame[]
  size: number
  missed: boolean
  wake: (() => void) | undefined
  closed: boolean
}

const MOST_LISTENERS = 256
const REMEMBERED = 256
/** What may wait for one listener. */
const MOST_QUEUED = 256
const MOST_BYTES = 256 * 1024
const ALIVE_MS = 15_000
/** Calls told in a second; a page shows no more, and the store has all of them. */
const CALLS_PER_SECOND = 40
const encoder = new TextEncoder()

export function createEvents(options: { version: string; now: () => number }): EventHub {
  const { version, now } = options
  const listeners = new Set<Listener>()
  const memory: Frame[] = []
  // Ids of an earlier life are not taken for ours.
  let id = Math.floor(now() / 1000) * 1000
  let second = 0
  let calls = 0
  let alive: NodeJS.Timeout | undefined
  let closed = false

  const frameOf = (event: ManagementEvent): Frame => {
    id += 1
    const { type } = event
    return { id, type, bytes: encoder.encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`) }
  }

  function offer(listener: Listener, frame: Frame): void {
    if (listener.queue.length >= MOST_QUEUED || listener.size + frame.bytes.length > MOST_BYTES) {
      // Ticks first: the next one says the same, but newer.
      const kept = listener.queue.filter(({ type }) => type !== 'status')
      const enough = kept.length < listener.queue.length && kept.length < MOST_QUEUED / 2
      listener.queue = enough ? kept : []
      listener.missed ||= !enough
      listener.size = listener.queue.reduce((sum, { bytes }) => sum + bytes.length, 0)
      if (listener.missed) {
        wake(listener)
        return
      }
    }
    listener.queue.push(frame)
    listener.size += frame.bytes.length
    wake(listener)
  }

  function wake(listener: Listener): void {
    const call = listener.wake
    listener.wake = undefined
    call?.()
  }

  function drop(listener: Listener): void {
    listener.closed = true
    listeners.delete(listener)
    wake(listener)
    if (listeners.size === 0) clearInterval(alive)
  }

  function bye(listener: Listener, reason: string): void {
    listener.queue = [frameOf({ type: 'bye', reason })]
    drop(listener)
  }

  function publish(event: ManagementEvent): void {
    if (listeners.size === 0 || closed) return
    const frame = frameOf(event)
    if (event.type !== 'log') {
      if (memory.length >= REMEMBERED) memory.shift()
      memory.push(frame)
    }
    for (const listener of listeners) if (listener.wants(event.type)) offer(listener, frame)
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
      const from = lastId === undefined ? -1 : memory.findIndex((f) => f.id === last)
      const missed = lastId !== undefined && from === -1
      const listener: Listener = {
        wants: (type) =>
          type === 'bye' || type === 'hello' || (topics === undefined ? type !== 'log' : topics.has(type)),
        sessionId,
        queue: [],
        size: 0,
        missed: false,
        wake: undefined,
        closed: false,
      }
      listener.queue.push(frameOf({ type: 'hello', missed, version }))
      if (from !== -1)
        for (const frame of memory.slice(from + 1)) if (listener.wants(frame.type)) listener.queue.push(frame)
      listener.size = listener.queue.reduce((sum, { bytes }) => sum + bytes.length, 0)
      if (listeners.size === 0) {
        alive = setInterval(() => {
          for (const one of listeners)
            if (one.queue.length === 0) offer(one, { id: 0, type: 'hello', bytes: encoder.encode(': alive\n\n') })
        }, ALIVE_MS).unref()
      }
      listeners.add(listener)
      return new ReadableStream<Uint8Array>(
        {
          // Called when the socket takes more: what cannot be sent waits here, and no further than the bounds above.
          async pull(controller) {
            while (listener.queue.length === 0 && !listener.missed && !listener.closed)
              await new Promise<void>((resolve) => {
                listener.wake = resolve
              })
            if (listener.missed) {
              listener.missed = false
              controller.enqueue(frameOf({ type: 'hello', missed: true, version }).bytes)
              return
            }
            const frames = listener.queue
            listener.queue = []
            listener.size = 0
            for (const { bytes } of frames) controller.enqueue(bytes)
            if (listener.closed) controller.close()
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
      for (const listener of [...listeners]) bye(listener, reason)
    },
  }
}
