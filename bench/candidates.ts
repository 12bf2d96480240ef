/** The programs that are measured, each a process of its own on the candidates' core. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import type { Target } from './load.ts'
import { CANDIDATE_CORE, pinned } from './machine.ts'

export const ROOT = resolve(import.meta.dirname, '..')
const CLIENT_KEY = 'bench-client-key-0123456789abcdef'
const UPSTREAM_KEY = 'bench-upstream-key-0123456789abcdef'

export interface Candidate {
  readonly name: string
  /** How it was started, for the record. */
  readonly what: string
  readonly pid: number
  readonly target: Target
  /** Its upstream speaks another dialect: what it hands on is the same in meaning, not to the byte. */
  readonly translates?: boolean
  stop(): Promise<void>
}

/** Starts a candidate before a mock that listens on a port. */
export type Starter = (mockPort: number) => Promise<Candidate>

export interface ForwarderOptions {
  name?: string
  nagle?: boolean
  node?: readonly string[]
}

export function forwarder({ name = 'forwarder', nagle = false, node = [] }: ForwarderOptions = {}): Starter {
  return async (mockPort) => {
    const args = [
      ...node,
      join(import.meta.dirname, 'forwarder.ts'),
      `http://127.0.0.1:${mockPort}`,
      ...(nagle ? ['--nagle'] : []),
    ]
    const child = start(process.execPath, args)
    const { port } = await listening(child, name)
    return candidate(name, 'node:http + undici dispatch', child, {
      port,
      headers: { authorization: `Bearer ${CLIENT_KEY}` },
    })
  }
}

export interface GatewayOptions {
  name?: string
  /** The checkout or unpacked package it is taken from. */
  directory?: string
  /** Options for Node.js, such as those of its profiler. */
  node?: readonly string[]
  /** Further keys of the config. */
  config?: Record<string, unknown>
  /** The dialect of the mock. */
  protocol?: UpstreamProtocol
}

export type UpstreamProtocol = 'openai-chat' | 'anthropic'

/** The gateway whose upstream speaks Anthropic, so that the bench's chat requests are translated. */
export const TRANSLATING: GatewayOptions = { name: 'gateway-translate', protocol: 'anthropic' }

export function gateway(options: GatewayOptions = {}): Starter {
  const { name = 'gateway', directory = ROOT, node = [], config = {}, protocol = 'openai-chat' } = options
  return async (mockPort) => {
    const place = mkdtempSync(join(tmpdir(), 'logicaproxy-bench-'))
    const file = join(place, 'config.yaml')
    writeFileSync(file, gatewayConfig(mockPort, place, config, protocol))
    const entry = gatewayEntry(directory)
    const child = start(process.execPath, [...node, entry, 'serve', '--json', '--config', file])
    const { port } = await listening(child, name)
    const target = { port, headers: { authorization: `Bearer ${CLIENT_KEY}` } }
    const started = candidate(name, entry.slice(directory.length + 1), child, target, () =>
      rmSync(place, { recursive: true, force: true }),
    )
    return protocol === 'openai-chat' ? started : { ...started, translates: true }
  }
}

/** The default config, but for one account that leads to the mock. */
export function gatewayConfig(
  mockPort: number,
  authDir: string,
  more: Record<string, unknown> = {},
  protocol: UpstreamProtocol = 'openai-chat',
): string {
  const origin = `http://127.0.0.1:${mockPort}`
  return stringify({
    host: '127.0.0.1',
    port: 0,
    'auth-dir': authDir,
    'api-keys': [CLIENT_KEY],
    'openai-compatibility': [
      {
        name: 'mock',
        // The default dialect goes unsaid, as in most configs. Anthropic's paths bring their version.
        ...(protocol === 'openai-chat' ? { 'base-url': `${origin}/v1` } : { 'base-url': origin, protocol }),
        'api-key-entries': [{ 'api-key': UPSTREAM_KEY }],
      },
    ],
    ...more,
  })
}

/** What users run is the build; sources that are newer than it go before. */
function gatewayEntry(directory: string): string {
  const built = join(directory, 'dist/cli/main.js')
  const source = join(directory, 'src/cli/main.ts')
  if (!existsSync(built)) return source
  if (!existsSync(source)) return built
  const builtAt = statSync(built).mtimeMs
  const newer = globSync('src/**/*.ts', { cwd: directory }).some(
    (file) => !file.endsWith('.test.ts') && statSync(join(directory, file)).mtimeMs > builtAt,
  )
  return newer ? source : built
}

/** `@portkey-ai/gateway`, which the bench alone installs (`--peers`). */
export function portkey(directory: string): Starter {
  return async (mockPort) => {
    const port = await freePort()
    const entry = join(directory, 'node_modules/@portkey-ai/gateway/build/start-server.js')
    const child = start(process.execPath, [entry, '--headless', `--port=${port}`], {
      TRUSTED_CUSTOM_HOSTS: '127.0.0.1',
      NODE_ENV: 'production',
    })
    await answering(child, port, 'portkey')
    return candidate('portkey', '@portkey-ai/gateway', child, {
      port,
      headers: {
        authorization: `Bearer ${UPSTREAM_KEY}`,
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `http://127.0.0.1:${mockPort}/v1`,
      },
    })
  }
}

/** The mock itself, asked without anybody between. */
export function direct(mockPid: number, mockPort: number): Candidate {
  const target = { port: mockPort, headers: { authorization: `Bearer ${UPSTREAM_KEY}` } }
  return { name: 'direct', what: 'the mock upstream alone', pid: mockPid, target, stop: async () => {} }
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const [program, all] = pinned(CANDIDATE_CORE, command, args)
  // The log goes nowhere, as to a collector that is never slow.
  return spawn(program, all, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } })
}

const START_MS = 20_000

/** Waits for the line that says where it listens. */
export function listening(child: ChildProcess, name: string): Promise<{ port: number }> {
  return new Promise((done, fail) => {
    const patience = setTimeout(() => fail(new Error(`${name} did not start in time`)), START_MS)
    child.once('exit', (code) => fail(new Error(`${name} ended at its start, code ${code}`)))
    createInterface(child.stdout!).on('line', (line) => {
      if (!line.startsWith('{"event":"listening"')) return
      clearTimeout(patience)
      done(JSON.parse(line) as { port: number })
    })
  })
}

async function answering(child: ChildProcess, port: number, name: string): Promise<void> {
  child.stdout!.resume()
  const endsAt = Date.now() + START_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended at its start, code ${child.exitCode}`)
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (answered) return
    if (Date.now() > endsAt) throw new Error(`${name} did not start in time`)
    await new Promise((next) => setTimeout(next, 50))
  }
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

function candidate(name: string, what: string, child: ChildProcess, target: Target, after?: () => void): Candidate {
  return {
    name,
    what,
    pid: child.pid!,
    target,
    async stop() {
      await ended(child)
      after?.()
    },
  }
}

const END_MS = 5_000

/** Ends a process of ours, gently at first. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((done) => {
    const patience = setTimeout(() => child.kill('SIGKILL'), END_MS)
    child.once('exit', () => {
      clearTimeout(patience)
      done()
    })
    child.kill('SIGTERM')
  })
}
