/**
 * Loopback stand-ins for the Anthropic, OpenAI (chat and responses) and Gemini APIs: strict about what they take,
 * deterministic in what they answer, and faulty on demand. The model name picks behaviour and faults (see `WORDS` in
 * `faults.ts`). They know nothing of the gateway, so that they can judge it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Attempt, type AttemptFilter, AttemptLog } from './attempts.ts'
import { describeFaults, type Fault, FaultBook, parseFault } from './faults.ts'
import { Listener } from './server.ts'

export type { Attempt, AttemptFilter } from './attempts.ts'
export { type Behaviour, parseModel } from './behaviour.ts'
export { describeFaults, type Fault, parseFault, WORDS, type Word } from './faults.ts'

/** How to start the stand-ins. */
export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /** When given, only these keys are accepted; else any non-empty key. */
  keys?: readonly string[]
  /** The clock of `created` and of the attempt log. */
  now?: () => number
  /** How many attempts keep their parsed body; default 200. */
  keepBodies?: number
  /** `own` (default): reasoning signatures of others are refused, as vendors do; `any`: taken, for recorded traffic. */
  signatures?: 'own' | 'any'
}

/** Running stand-ins. */
export interface Simulator {
  url: string
  port: number
  attempts(filter?: AttemptFilter): Attempt[]
  /** Forget attempts, scripts, standing faults, counters and stored responses. */
  reset(): void
  /** The next answers for this key, one fault each, before anything the model name says; `none` is a healthy answer. */
  script(key: string, faults: Fault[]): void
  /** A standing fault for a key, like a rate-limited account; undefined heals it. */
  setKeyFault(key: string, fault: Fault | undefined): void
  close(): Promise<void>
}

/** Start the stand-ins on a loopback port. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const log = new AttemptLog(options.keepBodies)
  const book = new FaultBook()
  const reset = () => {
    log.reset()
    book.reset()
    listener.reset()
  }
  const listener = new Listener(
    { keys: options.keys, now: options.now ?? Date.now, log, book, anySignature: options.signatures === 'any' },
    (req, res, path) => control(req, res, path, log, book, reset),
  )
  const { server } = listener
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    attempts: (filter) => log.select(filter),
    reset,
    script: (key, faults) => book.script(key, faults),
    setKeyFault: (key, fault) => book.setKeyFault(key, fault),
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        listener.stop()
      })
    },
  }
}

/** `/_simulator/…`: the same controls for other processes. */
function control(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  log: AttemptLog,
  book: FaultBook,
  reset: () => void,
): boolean {
  const reply = (status: number, body: unknown) => {
    const text = JSON.stringify(body)
    res.writeHead(status, { 'content-type': 'application/json', 'x-logicaproxy-simulated': 'true' })
    res.end(text)
  }
  if (req.method === 'GET' && path === '/_simulator/attempts') {
    const query = new URL(req.url ?? '/', 'http://localhost').searchParams
    const filter: AttemptFilter = {}
    for (const name of ['key', 'model', 'vendor'] as const) if (query.has(name)) filter[name] = query.get(name)!
    reply(200, { attempts: log.select(filter) })
    return true
  }
  if (req.method === 'GET' && path === '/_simulator/words') {
    reply(200, { words: describeFaults() })
    return true
  }
  if (req.method !== 'POST') return false
  if (path === '/_simulator/reset') {
    req.resume()
    reset()
    reply(200, { ok: true })
    return true
  }
  if (path !== '/_simulator/faults') return false
  let text = ''
  req.setEncoding('utf8')
  req.on('data', (c: string) => {
    text += c
  })
  req.on('end', () => {
    try {
      const { key, fault } = JSON.parse(text) as { key: string; fault: unknown }
      if (typeof key !== 'string') throw new Error('key must be a string')
      const read = (value: unknown): Fault => (typeof value === 'string' ? parseFault(value) : (value as Fault))
      if (Array.isArray(fault)) book.script(key, fault.map(read))
      else book.setKeyFault(key, fault ? read(fault) : undefined)
      reply(200, { ok: true })
    } catch (error) {
      reply(400, { error: { message: (error as Error).message } })
    }
  })
  return true
}
