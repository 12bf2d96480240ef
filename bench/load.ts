/** The clients: raw sockets, so that their own share stays small. Runs in a process of its own. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { serveCalls } from './calls.ts'
import { MessageReader } from './message-reader.ts'
import { quantile } from './statistics.ts'
import { chatBody, MARKS, requestBytes, stampNow } from './traffic.ts'

/** Whom to ask, and how. */
export interface Target {
  port: number
  /** Headers this candidate wants beside those of the SDK. */
  headers: Readonly<Record<string, string>>
}

export interface Asking {
  target: Target
  model: string
  bytes: number
  stream: boolean
  /** So many small tools in place of the usual ones. */
  tools?: number
}

export interface ClosedLoop extends Asking {
  connections: number
  /** Ends after so long, or after so many requests. */
  ms?: number
  requests?: number
}

export interface ClosedLoopResult {
  requests: number
  /** Answers that were not 200, or connections that broke. */
  errors: number
  seconds: number
  p50Us: number
  p99Us: number
}

export interface Streams {
  target: Target
  count: number
  events: number
  everyMs: number
  /** Time between two streams' starts. */
  staggerMs: number
  bodyBytes: number
  /** Large requests beside the streams: so many bytes, one after each pause. */
  beside?: { bytes: number; everyMs: number }
}

export interface StreamsResult {
  /** Streams with every event in order and a proper end. */
  complete: number
  broken: number
  lostEvents: number
  events: number
  seconds: number
  /** From the request to the first word, milliseconds. */
  firstMs: number[]
  /** From the upstream's write to the client's read, each event but the first, milliseconds. */
  delayMs: number[]
  besideRequests: number
  besideErrors: number
}

export interface SingleAnswer {
  status: number
  body: string
  digest: string
}

const requests = new Map<string, Buffer>()

function requestOf({ target, model, bytes, stream, tools }: Asking): Buffer {
  const key = `${target.port} ${model} ${bytes} ${tools}`
  let request = requests.get(key)
  if (request === undefined) {
    request = requestBytes(target.port, target.headers, chatBody(model, bytes, stream, tools))
    requests.set(key, request)
  }
  return request
}

/** A connection that asks one thing at a time. All share one buffer to read into: nothing of it is kept. */
class Client {
  readonly #socket: Socket
  readonly #reader: MessageReader
  #done: ((status: number) => void) | undefined
  #onBody: ((bytes: Buffer) => void) | undefined
  #status = 0

  constructor(port: number) {
    this.#reader = new MessageReader({
      head: (text) => {
        this.#status = Number(text.slice(9, 12))
      },
      body: (bytes) => this.#onBody?.(bytes),
      end: () => this.#finish(this.#status),
    })
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: SHARED,
        callback: (length, buffer) => {
          this.#reader.push((buffer as Buffer).subarray(0, length))
          return true
        },
      },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#finish(0))
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  /** Sends a request; `done` gets the answer's status, 0 if none came. */
  ask(request: Buffer, done: (status: number) => void, onBody?: (bytes: Buffer) => void): void {
    this.#done = done
    this.#onBody = onBody
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #finish(status: number): void {
    const done = this.#done
    this.#done = undefined
    done?.(status)
  }
}

const SHARED = Buffer.allocUnsafeSlow(256 * 1024)

/** Idle connections by port; a slice uses those of the one before. */
const idle = new Map<number, Client[]>()

function take(port: number): Client {
  const kept = idle.get(port)
  for (let client = kept?.pop(); client !== undefined; client = kept?.pop()) if (client.usable) return client
  return new Client(port)
}

function giveBack(port: number, client: Client): void {
  const kept = idle.get(port)
  if (kept === undefined) idle.set(port, [client])
  else kept.push(client)
}

function closedLoop(loop: ClosedLoop): Promise<ClosedLoopResult> {
  const request = requestOf(loop)
  const { port } = loop.target
  const most = loop.requests ?? Number.POSITIVE_INFINITY
  const latencies: number[] = []
  let errors = 0
  let asked = 0
  let running = loop.connections
  const startedAt = performance.now()
  const endsAt = startedAt + (loop.ms ?? Number.POSITIVE_INFINITY)
  return new Promise((resolve) => {
    function next(client: Client): void {
      const at = performance.now()
      if (at >= endsAt || asked >= most || errors > 1_000) {
        if (client.usable) giveBack(port, client)
        running -= 1
        if (running === 0) resolve(result())
        return
      }
      asked += 1
      const from = client.usable ? client : take(port)
      from.ask(request, (status) => {
        if (status === 200) latencies.push(performance.now() - at)
        else errors += 1
        next(from)
      })
    }
    function result(): ClosedLoopResult {
      return {
        requests: latencies.length,
        errors,
        seconds: (performance.now() - startedAt) / 1000,
        p50Us: quantile(latencies, 0.5) * 1000,
        p99Us: quantile(latencies, 0.99) * 1000,
      }
    }
    for (let i = 0; i < loop.connections; i += 1) next(take(port))
  })
}

async function streams(wanted: Streams): Promise<StreamsResult> {
  const { target, count, events, everyMs, staggerMs } = wanted
  const request = requestOf({
    target,
    model: `mock-paced-${events}x${everyMs}`,
    bytes: wanted.bodyBytes,
    stream: true,
  })
  const result: StreamsResult = {
    complete: 0,
    broken: 0,
    lostEvents: 0,
    events: 0,
    seconds: 0,
    firstMs: [],
    delayMs: [],
    besideRequests: 0,
    besideErrors: 0,
  }
  const startedAt = performance.now()
  const stopBeside = beside(wanted, result)
  const all: Promise<void>[] = []
  for (let i = 0; i < count; i += 1) {
    all.push(stream(take(target.port), request, wanted, result))
    if (staggerMs > 0) {
      const ahead = startedAt + (i + 1) * staggerMs - performance.now()
      if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead))
    }
  }
  await Promise.all(all)
  await stopBeside()
  result.seconds = (performance.now() - startedAt) / 1000
  return result
}

function stream(client: Client, request: Buffer, { target, events }: Streams, result: StreamsResult): Promise<void> {
  const askedAt = performance.now()
  let expected = 0
  let intact = true
  let ended = false
  let tail = ''
  return new Promise((resolve) => {
    client.ask(
      request,
      (status) => {
        const complete = status === 200 && intact && ended && expected === events
        if (complete) result.complete += 1
        else result.broken += 1
        result.lostEvents += events - expected
        if (client.usable) giveBack(target.port, client)
        resolve()
      },
      (bytes) => {
        const now = stampNow()
        const text = tail + bytes.toString('latin1')
        let last = 0
        for (const mark of text.matchAll(MARKS)) {
          const sequence = Number(mark[1])
          if (sequence !== expected) intact = false
          if (sequence === 0) result.firstMs.push(performance.now() - askedAt)
          else result.delayMs.push((now - Number(mark[2])) / 1000)
          expected = sequence + 1
          result.events += 1
          last = mark.index + mark[0].length
        }
        if (text.includes('[DONE]', last)) ended = true
        tail = text.slice(Math.max(last, text.length - 64))
      },
    )
  })
}

/** Posts large bodies while streams run; returns how to stop it. */
function beside({ target, beside: wanted }: Streams, result: StreamsResult): () => Promise<void> {
  if (wanted === undefined) return async () => {}
  const request = requestOf({ target, model: 'mock-json', bytes: wanted.bytes, stream: false })
  const under = new Set<Promise<void>>()
  const timer = setInterval(() => {
    const client = take(target.port)
    const one = new Promise<void>((resolve) => {
      client.ask(request, (status) => {
        if (status === 200) result.besideRequests += 1
        else result.besideErrors += 1
        if (client.usable) giveBack(target.port, client)
        resolve()
      })
    })
    under.add(one)
    one.then(() => under.delete(one))
  }, wanted.everyMs)
  return async () => {
    clearInterval(timer)
    await Promise.all(under)
  }
}

function once(asking: Asking): Promise<SingleAnswer> {
  const client = take(asking.target.port)
  const pieces: Buffer[] = []
  return new Promise((resolve) => {
    client.ask(
      requestOf(asking),
      (status) => {
        const body = Buffer.concat(pieces)
        if (client.usable) giveBack(asking.target.port, client)
        resolve({ status, body: body.toString('utf8'), digest: createHash('sha256').update(body).digest('hex') })
      },
      (bytes) => {
        pieces.push(Buffer.from(bytes))
      },
    )
  })
}

// The types of this file are wanted by the bench itself, which is not a helper.
if (process.send !== undefined && import.meta.main) {
  serveCalls({
    closedLoop,
    streams,
    once,
    /** Closes what is idle, so that the next case begins afresh. */
    forget: async () => {
      for (const clients of idle.values()) for (const client of clients) client.close()
      idle.clear()
    },
  })
}
