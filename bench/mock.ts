/**
 * The upstream: a raw server with answers made beforehand, so that its own share stays small. The model's name tells what
 * it answers: `mock-json`, `mock-burst`, `mock-echo` (a digest of the body it got) and `mock-paced-COUNTxMS`. Under
 * `/v1/messages` it is Anthropic, and its echo tells what of the request arrived.
 */
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import * as anthropic from './anthropic-traffic.ts'
import { serveCalls } from './calls.ts'
import { MessageReader } from './message-reader.ts'
import {
  BURST_DELTAS,
  burstAnswer,
  LAST_CHUNKS,
  markedChunk,
  ROLE_CHUNK,
  STREAM_HEAD,
  stampNow,
  wholeAnswer,
} from './traffic.ts'

interface Dialect {
  whole: Buffer
  burst: Buffer
  echo(body: Buffer): Buffer
  /** A paced stream: its head, what precedes the first word, a word, what ends it. */
  head: Buffer
  first: Buffer
  marked(sequence: number, stamp: number): string
  last: Buffer
}

const CHAT: Dialect = {
  whole: wholeAnswer(),
  burst: burstAnswer(200),
  echo: (body) =>
    wholeAnswer({ id: digestOf(body), object: 'chat.completion', created: 0, model: 'mock', choices: [] }),
  head: STREAM_HEAD,
  first: ROLE_CHUNK,
  marked: markedChunk,
  last: LAST_CHUNKS,
}
const ANTHROPIC: Dialect = {
  whole: anthropic.wholeMessage(),
  burst: anthropic.burstMessage(BURST_DELTAS),
  echo(body) {
    const { tools, text } = anthropic.contentOf(body.toString('utf8'))
    return anthropic.wholeMessage(`${tools} tools, text ${digestOf(text)}`)
  },
  head: anthropic.STREAM_HEAD,
  first: anthropic.FIRST_EVENTS,
  marked: anthropic.markedDelta,
  last: anthropic.LAST_EVENTS,
}

function digestOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The part of a body in which the model's name is looked for; the bench sends it first. */
const OPENING = 256
const TICK_MS = 2
const SLOTS = 2_048

interface PacedStream {
  socket: Socket
  dialect: Dialect
  sequence: number
  count: number
  everyMs: number
}

/** Who is due when: one timer for all streams. */
const wheel: PacedStream[][] = Array.from({ length: SLOTS }, () => [])
let ticked = 0
const startedAt = performance.now()
let open = 0

setInterval(() => {
  const now = Math.floor((performance.now() - startedAt) / TICK_MS)
  while (ticked < now) {
    ticked += 1
    const due = wheel[ticked % SLOTS]!
    if (due.length === 0) continue
    wheel[ticked % SLOTS] = []
    for (const stream of due) step(stream)
  }
}, TICK_MS)

function later(stream: PacedStream): void {
  wheel[(ticked + Math.max(1, Math.round(stream.everyMs / TICK_MS))) % SLOTS]!.push(stream)
}

function step(stream: PacedStream): void {
  const { socket, dialect } = stream
  if (socket.destroyed) {
    open -= 1
    return
  }
  socket.write(dialect.marked(stream.sequence, stampNow()), 'latin1')
  stream.sequence += 1
  if (stream.sequence < stream.count) later(stream)
  else {
    socket.write(dialect.last)
    open -= 1
  }
}

function answer(socket: Socket, dialect: Dialect, opening: Buffer, body: Buffer[]): void {
  const name = /"model":"mock-(\w+)(?:-(\d+)x(\d+))?/.exec(opening.toString('latin1', 0, OPENING))
  switch (name?.[1]) {
    case 'json':
      socket.write(dialect.whole)
      return
    case 'burst':
      socket.write(dialect.burst)
      return
    case 'paced': {
      const stream = { socket, dialect, sequence: 0, count: Number(name[2]), everyMs: Number(name[3]) }
      open += 1
      socket.cork()
      socket.write(dialect.head)
      socket.write(dialect.first)
      socket.uncork()
      // The first word follows the head in a packet of its own, as it does in life.
      setImmediate(step, stream)
      return
    }
    case 'echo':
      socket.write(dialect.echo(Buffer.concat(body)))
      return
    default:
      socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let opening: Buffer | undefined
  let pieces: Buffer[] = []
  let keeps = false
  let dialect = CHAT
  const reader = new MessageReader({
    head(text) {
      dialect = text.startsWith('POST /v1/messages') ? ANTHROPIC : CHAT
      opening = undefined
      pieces = []
    },
    body(bytes) {
      if (opening === undefined) {
        opening = bytes
        keeps = bytes.toString('latin1', 0, OPENING).includes('mock-echo')
      }
      if (keeps) pieces.push(bytes)
    },
    end() {
      answer(socket, dialect, opening ?? Buffer.alloc(0), pieces)
    },
  })
  socket.on('data', (bytes: Buffer) => reader.push(bytes))
  socket.on('error', () => socket.destroy())
})

serveCalls({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
        resolve((server.address() as AddressInfo).port),
      )
    }),
  /** Paced streams under way. */
  open: async () => open,
})
