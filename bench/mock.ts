/**
 * The upstream: a raw server with answers made beforehand, so that its own share stays small. The model's name tells what
 * it answers: `mock-json`, `mock-burst`, `mock-echo` (a digest of the body it got) and `mock-paced-COUNTxMS`.
 */
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { serveCalls } from './calls.ts'
import { MessageReader } from './message-reader.ts'
import { burstAnswer, LAST_CHUNKS, markedChunk, ROLE_CHUNK, STREAM_HEAD, stampNow, wholeAnswer } from './traffic.ts'

const WHOLE = wholeAnswer()
const BURST = burstAnswer(200)
/** The part of a body in which the model's name is looked for; the bench sends it first. */
const OPENING = 256
const TICK_MS = 2
const SLOTS = 2_048

interface PacedStream {
  socket: Socket
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
  const { socket } = stream
  if (socket.destroyed) {
    open -= 1
    return
  }
  socket.write(markedChunk(stream.sequence, stampNow()), 'latin1')
  stream.sequence += 1
  if (stream.sequence < stream.count) later(stream)
  else {
    socket.write(LAST_CHUNKS)
    open -= 1
  }
}

function answer(socket: Socket, opening: Buffer, body: Buffer[]): void {
  const name = /"model":"mock-(\w+)(?:-(\d+)x(\d+))?/.exec(opening.toString('latin1', 0, OPENING))
  switch (name?.[1]) {
    case 'json':
      socket.write(WHOLE)
      return
    case 'burst':
      socket.write(BURST)
      return
    case 'paced': {
      const stream = { socket, sequence: 0, count: Number(name[2]), everyMs: Number(name[3]) }
      open += 1
      socket.cork()
      socket.write(STREAM_HEAD)
      socket.write(ROLE_CHUNK)
      socket.uncork()
      // The first word follows the head in a packet of its own, as it does in life.
      setImmediate(step, stream)
      return
    }
    case 'echo': {
      const digest = createHash('sha256').update(Buffer.concat(body)).digest('hex')
      socket.write(wholeAnswer({ id: digest, object: 'chat.completion', created: 0, model: 'mock', choices: [] }))
      return
    }
    default:
      socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let opening: Buffer | undefined
  let pieces: Buffer[] = []
  let keeps = false
  const reader = new MessageReader({
    head() {
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
      answer(socket, opening ?? Buffer.alloc(0), pieces)
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
