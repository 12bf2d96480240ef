/** The program as a process of its own, and clients that speak to it byte by byte. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..')
const MAIN = join(ROOT, 'src', 'cli', 'main.ts')

/** A directory that is gone when the test is over: `using dir = temporary()`. */
export function temporary(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'logicaproxy-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** How a process ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A running process of ours. */
export class Program implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #done: Ended | undefined

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...cleanEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    // A test that breaks off leaves no process behind.
    const kill = () => this.child.kill('SIGKILL')
    process.once('exit', kill)
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      // `close` and not `exit`: what it wrote last is read by then.
      this.child.once('close', (code, signal) => {
        this.#done = { code, signal }
        process.off('exit', kill)
        resolve(this.#done)
      })
    })
  }

  get running(): boolean {
    return this.#done === undefined
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.child.kill(signal)
  }

  /** Every JSON value on a line of stdout. */
  get data(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** Waits for an event on stdout (with `--json`). */
  async event(name: string, ms = 10_000): Promise<Record<string, unknown>> {
    const found = () => {
      // The last line may be half there.
      const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1)
      for (const line of whole.split('\n')) if (line.includes(`"event":"${name}"`)) return JSON.parse(line)
    }
    await waitFor(() => found() !== undefined || !this.running, ms, `${name} of ${MAIN}`)
    const event = found()
    if (event === undefined) throw new Error(`ended before "${name}":\n${this.stdout}\n${this.stderr}`)
    return event as Record<string, unknown>
  }

  /** Resident memory in bytes, as the kernel counts it. */
  get rss(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.kill('SIGKILL')
    await this.ended
  }
}

/** The environment without what would change the program's mind. */
function cleanEnv(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of ['LOGICAPROXY_CONFIG', 'FORCE_COLOR', 'NODE_OPTIONS', 'NODE_TEST_CONTEXT']) delete env[name]
  return env
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  { env, cwd }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ended & { stdout: string; stderr: string }> {
  const program = new Program(args, env, cwd)
  const late = setTimeout(() => program.kill('SIGKILL'), 20_000)
  const ended = await program.ended
  clearTimeout(late)
  return { ...ended, stdout: program.stdout, stderr: program.stderr }
}

/** A gateway in a process of its own. */
export class GatewayProcess extends Program {
  url = ''
  port = 0
  readonly dir: string
  readonly file: string

  constructor(dir: string, file: string, env: NodeJS.ProcessEnv) {
    super(['serve', '--config', file, '--port', '0', '--json'], { HOME: dir, ...env })
    this.dir = dir
    this.file = file
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** The client key of gateways started here. */
export const KEY = 'client-key-1234567890'

/** Starts one. @param config what its file says, beside the client key and a data directory of its own. */
export async function startGateway(
  config: Record<string, unknown>,
  env: NodeJS.ProcessEnv = {},
): Promise<GatewayProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'logicaproxy-test-'))
  const file = join(dir, 'config.yaml')
  writeFileSync(file, stringify({ 'api-keys': [KEY], 'auth-dir': dir, 'request-retry': 0, ...config }))
  const gateway = new GatewayProcess(dir, file, env)
  try {
    const { url, port } = await gateway.event('listening', 30_000)
    gateway.url = String(url)
    gateway.port = Number(port)
    return gateway
  } catch (error) {
    await gateway[Symbol.asyncDispose]()
    throw error
  }
}

/** A simulator in a process of its own, so that it shares no event loop with what is measured. */
export async function startSimulator(): Promise<Program & { url: string }> {
  const program = new Program(['simulate', '--port', '0', '--json'])
  try {
    const { url } = await program.event('listening', 30_000)
    return Object.assign(program, { url: String(url) })
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
}

/** Waits until something holds. */
export async function waitFor(
  holds: () => boolean | Promise<boolean>,
  ms = 5_000,
  what = String(holds),
): Promise<void> {
  const from = performance.now()
  while (!(await holds())) {
    if (performance.now() - from > ms) throw new Error(`not so after ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** One HTTP answer taken apart. */
export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** A connection of which every byte is ours. */
export class RawClient implements Disposable {
  received = ''
  /** The other side ended or broke the connection. */
  closed = false
  /** How it broke, if it did not end well. */
  error: NodeJS.ErrnoException | undefined
  readonly socket: Socket

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.received += text
    })
    this.socket.on('error', (error) => {
      this.error = error
      this.closed = true
    })
    this.socket.on('end', () => {
      this.closed = true
    })
    this.socket.on('close', () => {
      this.closed = true
    })
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes)
    return this
  }

  /** Waits for the end of the connection. */
  async end(ms = 5_000): Promise<this> {
    await waitFor(() => this.closed, ms, 'the server closes the connection')
    return this
  }

  /** Waits for so many whole answers. */
  async answers(count = 1, method = 'GET', ms = 5_000): Promise<RawAnswer[]> {
    await waitFor(() => answersIn(this.received, method).length >= count || this.closed, ms, `${count} answers`)
    return answersIn(this.received, method)
  }

  /** Waits for one whole answer. */
  async answer(method = 'GET', ms = 5_000): Promise<RawAnswer> {
    const [first] = await this.answers(1, method, ms)
    if (first === undefined) throw new Error(`no answer, but ${JSON.stringify(this.received)} ${this.error ?? ''}`)
    return first
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Takes whole answers off the front of what came; bodies by length or in chunks. */
export function answersIn(received: string, method = 'GET'): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = received
  for (;;) {
    const at = rest.indexOf('\r\n\r\n')
    if (at === -1) return answers
    const [first, ...lines] = rest.slice(0, at).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first!)?.[1])
    const headers = Object.fromEntries(
      lines.map((l) => [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]),
    )
    rest = rest.slice(at + 4)
    if (status === 100 || method === 'HEAD') {
      answers.push({ status, headers, body: '' })
      continue
    }
    if (headers['transfer-encoding'] === 'chunked') {
      const body = dechunk(rest)
      if (body === undefined) return answers
      answers.push({ status, headers, body: body.text })
      rest = rest.slice(body.length)
      continue
    }
    const length = Number(headers['content-length'] ?? 0)
    if (rest.length < length) return answers
    answers.push({ status, headers, body: rest.slice(0, length) })
    rest = rest.slice(length)
  }
}

function dechunk(bytes: string): { text: string; length: number } | undefined {
  let at = 0
  let text = ''
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(bytes.slice(at, line), 16)
    if (bytes.length < line + 2 + size + 2) return undefined
    text += bytes.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (size === 0) return { text, length: at }
  }
}

/** Runs something with one raw client. */
export async function rawly<T>(port: number, use: (client: RawClient) => Promise<T>): Promise<T> {
  using client = new RawClient(port)
  return await use(client)
}

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!
}

export const MIB = 1024 * 1024
