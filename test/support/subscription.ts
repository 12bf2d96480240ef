/** A gateway in front of the simulated vendors' subscriptions: auth directory, SQLite store and key file of its own, real sockets. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { LoginRecord } from '../../src/accounts/login-record.ts'
import { createFlowContext } from '../../src/accounts/oauth/context.ts'
import { finishLogin } from '../../src/accounts/oauth/session.ts'
import { tokensOf } from '../../src/accounts/oauth/token.ts'
import type { QuotaState } from '../../src/accounts/quota.ts'
import {
  type BeginLogin,
  type CallRecord,
  createGateway,
  type DeskLogin,
  type RunningGateway,
} from '../../src/index.ts'
import { providers } from '../../src/providers/index.ts'
import {
  type Attempt,
  createSimulator,
  type GrantEntry,
  type ProviderName,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/index.ts'
import { openStore } from '../../src/store/index.ts'
import { CLIENT_KEY, type Clock } from './start.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')

/** Methods of Code Assist that are asked with POST and are no model calls. */
const BESIDE = /:(?:loadCodeAssist|onboardUser|retrieveUserQuota\w*|fetchAvailableModels)$/

/** A line of the gateway's log. */
export interface Said {
  level: 'debug' | 'info' | 'warn' | 'error'
  text: string
  fields: Record<string, unknown>
}

export interface HouseOptions {
  /** What the config says beside the directories and addresses. Session affinity is off unless it says otherwise. */
  config?: Record<string, unknown> | ((simulator: Simulator) => Record<string, unknown>)
  simulator?: SimulatorOptions
  /** One clock for vendors and gateway; refreshes are then carried out in this process. */
  clock?: Clock
}

/** What `openHouse` gives. `await using` closes it. */
export interface House extends AsyncDisposable {
  readonly provider: ProviderName
  readonly simulator: Simulator
  readonly gateway: RunningGateway
  readonly url: string
  /** Every call that is over. */
  readonly calls: CallRecord[]
  readonly said: Said[]
  readonly authDir: string
  /** A config file that says the same as the gateway's, for the command line beside it. */
  readonly file: string
  /** A login through the vendor's real flow: consent page or device code, as the person would. */
  login(person: string, options?: BeginLogin): Promise<LoginRecord>
  /** Begins one and leaves the person's part to the test. */
  begin(options?: BeginLogin): Promise<DeskLogin>
  /** An account without the way there: tokens of the vendor, and everything that follows them in a real login. */
  add(person: string, how?: { proxyUrl?: string; label?: string; project?: string }): Promise<LoginRecord>
  /** What the store keeps of an account's allowances. */
  quota(accountId: string): Promise<QuotaState | undefined>
  /** Requests that the vendor's API saw of a person, model calls only. */
  attempts(person?: string): Attempt[]
  /** Refreshes that the authorization server saw of a person. */
  refreshes(person?: string): GrantEntry[]
  /** Runs the command line beside the gateway. */
  cli(...args: string[]): Command
}

/** Starts both. The gateway has no accounts yet. */
export async function openHouse(provider: ProviderName, options: HouseOptions = {}): Promise<House> {
  const { clock } = options
  const now = clock?.now
  const simulator = await createSimulator({ anyPort: true, deviceInterval: 1, now, ...options.simulator })
  const authDir = mkdtempSync(join(tmpdir(), 'logicaproxy-house-'))
  const config = {
    port: 0,
    'api-keys': [CLIENT_KEY],
    'auth-dir': authDir,
    'request-retry': 0,
    vault: { wrap: 'key-file' },
    'host-overrides': simulator.hosts,
    'oauth-clients': simulator.clients,
    routing: { 'session-affinity': false },
    ...(typeof options.config === 'function' ? options.config(simulator) : options.config),
  }
  const file = join(authDir, 'config.yaml')
  writeFileSync(file, stringify(config))
  const said: Said[] = []
  const hear = (level: Said['level']) => (fields: object, text?: string) =>
    void said.push({ level, text: text ?? '', fields: { ...fields } })
  const log = { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') }
  const gateway = await createGateway({ config, now, log: log as never })
  const calls: CallRecord[] = []
  gateway.on('end', (record) => calls.push(record))
  const { url } = await gateway.listen()
  const commands = new Set<Command>()
  const flow = providers.find((p) => p.id === provider)!.login!

  async function begin(more: BeginLogin = {}): Promise<DeskLogin> {
    // The vendor's own ports are everybody's: tests run side by side.
    const port = flow.browser === undefined || flow.browser.redirect.ports.length === 0 ? undefined : await freePort()
    return await gateway.login(provider, { acknowledged: true, ...(port === undefined ? {} : { port }), ...more })
  }

  return {
    provider,
    simulator,
    gateway,
    url,
    calls,
    said,
    authDir,
    file,
    begin,
    async login(person, more = {}) {
      const login = await begin(more)
      if (login.userCode !== undefined) simulator.confirmDevice(login.userCode, person)
      else if (login.way === 'paste') login.paste(await simulator.consent({ url: login.url!, person }))
      else await simulator.consent({ url: login.url!, person, visit: true })
      return await login.account
    },
    async add(person, { proxyUrl, label, project } = {}) {
      const context = await createFlowContext({ provider, flow, config: gateway.config, env: {}, now, label, project })
      const body = simulator.issue(provider, person)
      const answer = { status: 200, headers: {}, text: '', json: body }
      const { tokens, identity } = await finishLogin(
        flow,
        { ...context, sleep: async () => {} },
        tokensOf(answer, flow.title, context.now()),
        body,
      )
      await context.close()
      const origin = { how: 'login' as const, at: context.now() }
      const record = await gateway.logins!.add(provider, tokens, identity, {
        origin,
        proxyUrl,
        label,
        acknowledgedAt: 1,
      })
      // What changes at once is taken over together (gateway/household.ts).
      await new Promise((resolve) => setTimeout(resolve, 60))
      return record
    },
    async quota(accountId) {
      const store = await openStore({ engine: 'sqlite', directory: authDir })
      try {
        const row = (await store.documents.all('quota', (now ?? Date.now)())).find(({ id }) => id === accountId)
        return row === undefined ? undefined : (JSON.parse(row.value) as QuotaState)
      } finally {
        await store.close()
      }
    },
    attempts: (person) =>
      simulator
        .attempts(person === undefined ? { vendor: provider } : { key: `${provider}:${person}` })
        .filter(({ method, vendor, path }) => method === 'POST' && vendor === provider && !BESIDE.test(path)),
    refreshes: (person) => simulator.oauth.log({ vendor: provider, kind: 'refresh', person }),
    cli(...args) {
      const command = new Command([...args, '--config', file], authDir)
      commands.add(command)
      return command
    },
    async [Symbol.asyncDispose]() {
      for (const command of commands) await command[Symbol.asyncDispose]()
      await gateway.close({ drainMs: 0 })
      await simulator.close()
      rmSync(authDir, { recursive: true, force: true })
    },
  }
}

/** What people may paste of the address they were sent to. */
export const PASTES: readonly (readonly [form: string, typed: (redirect: string) => string])[] = [
  ['the address', (redirect) => redirect],
  ['the code', (redirect) => new URL(redirect).searchParams.get('code')!],
  [
    'code#state',
    (redirect) => {
      const { searchParams } = new URL(redirect)
      return `${searchParams.get('code')}#${searchParams.get('state')}`
    },
  ],
]

/** Bodies of the requests for one of Code Assist's other methods, in their order. */
export function asked(house: House, person: string, method: string): Record<string, unknown>[] {
  return house.simulator
    .attempts({ key: `${house.provider}:${person}` })
    .filter(({ path }) => path.endsWith(`:${method}`))
    .map(({ body }) => body as Record<string, unknown>)
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The command line in a process of its own, with a pipe to type into. */
export class Command implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly child: ChildProcess
  /** Its exit code. */
  readonly ended: Promise<number | null>

  constructor(args: readonly string[], home: string) {
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: home }
    for (const name of Object.keys(env)) if (/^LOGICAPROXY_|^NODE_/.test(name)) delete env[name]
    this.child = spawn(process.execPath, [MAIN, ...args], { env, stdio: 'pipe' })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)))
  }

  /** Types a line. */
  type(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  /** The first JSON line on stdout that has this event (with `--json`). @throws {Error} if the program ends without. */
  async event(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1)
      const line = whole.split('\n').find((one) => one.includes(`"event":"${name}"`))
      if (line !== undefined) return JSON.parse(line) as Record<string, unknown>
      if (this.child.exitCode !== null) throw new Error(`ended before "${name}":\n${this.stdout}\n${this.stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL')
    await this.ended
  }
}
