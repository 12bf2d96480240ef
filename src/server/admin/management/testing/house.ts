/** A management API over a road with a fake upstream, a store in memory and a config file in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type ClientKeys, createClientKeys } from '../../../../accounts/client-keys.ts'
import { createQuotaTable } from '../../../../accounts/quota-table.ts'
import { loadConfig } from '../../../../config/load.ts'
import { createGatewayCore, type Gateway } from '../../../../gateway/gateway.ts'
import { compileSnapshot } from '../../../../gateway/snapshot.ts'
import { endpoints, fakeTransport, streamBytes } from '../../../../gateway/testing/fixture.ts'
import { protocols } from '../../../../protocols/index.ts'
import { providers } from '../../../../providers/index.ts'
import { createExamples } from '../../../../routing/auto/index.ts'
import type { LabelledExample } from '../../../../routing/classify/index.ts'
import { createBehind, createMemoryStore } from '../../../../store/index.ts'
import { createAlerts } from '../../../../telemetry/alerts.ts'
import { createMetrics, createRedactor } from '../../../../telemetry/index.ts'
import { createUsage } from '../../../../telemetry/usage.ts'
import { createDoor } from '../../../door.ts'
import { createHttpServer } from '../../../server.ts'
import { createAdmin } from '../../admin.ts'
import { createManagement, type Management } from '../app.ts'
import type { ManagementContext } from '../context.ts'
import { createLogRing } from '../log-ring.ts'

export const ADMIN = 'admin-token-for-tests-0123456789'
export const CLIENT = 'client-key-for-tests-0123456789'
export const LOCAL = { remoteAddress: '127.0.0.1', encrypted: false }

export interface TestHouse {
  management: Management
  context: ManagementContext
  gateway: Gateway
  keys: ClientKeys
  file: string
  /** Asks as the owner, unless headers say otherwise. */
  ask(
    method: string,
    path: string,
    options?: AskOptions,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  ): Promise<{ status: number; json: any; headers: Headers; text: string }>
  /** Opens a port with the whole front door before it. */
  listen(): Promise<string>
  /** Moves the clock. */
  pass(ms: number): void
  close(): Promise<void>
}

export interface AskOptions {
  body?: unknown
  headers?: Record<string, string>
  /** `admin` unless said. */
  as?: 'admin' | 'client' | 'nobody' | { cookie: string; csrf?: string }
  from?: string
}

/** @param config what stands in the file beside keys and token. */
export async function testHouse(config: object = {}, more: Partial<ManagementContext> = {}): Promise<TestHouse> {
  const dir = await mkdtemp(join(tmpdir(), 'lp-management-'))
  const file = join(dir, 'config.yaml')
  const all = {
    ...endpoints(2),
    'api-keys': [{ name: 'laptop', key: CLIENT }],
    'remote-management': { 'secret-key': ADMIN },
    'auth-dir': dir,
    ...config,
  }
  await writeFile(file, `# The config of a test.\n${stringify(all)}`, { mode: 0o600 })
  const loaded = await loadConfig(file)
  let at = Date.UTC(2026, 5, 1, 12)
  const now = () => at
  const transport = fakeTransport((sent) => {
    sent.to.onHead(200, { 'content-type': 'text/event-stream' })
    sent.to.onData(streamBytes('openai-chat'))
    sent.to.onEnd()
  })
  let current = loaded
  let taught: readonly LabelledExample[] = []
  const compile = (l: typeof loaded) => compileSnapshot(l.config, l.digest, providers, protocols, [], taught)
  const gateway = createGatewayCore({ snapshot: compile(loaded), transport, now })
  const store = createMemoryStore({ now })
  const behind = createBehind({ store, everyMs: 5 })
  const redactor = createRedactor()
  const usage = createUsage({
    config: loaded.config,
    store,
    behind,
    subscription: () => false,
    scrub: redactor.scrub,
    now,
  })
  usage.attach(gateway)
  const metrics = createMetrics({ version: '1.2.3', now, startedAt: at, process: false })
  gateway.on('end', (record) => metrics.record(record))
  gateway.on('attempt', (attempt) => metrics.attempt(attempt))
  const keys = createClientKeys({ config: loaded.config['api-keys'], store, behind, now })
  await keys.load()
  const quotas = createQuotaTable({ now })
  const examples = await createExamples(store, now, () => {
    taught = examples.list()
    gateway.swap(compile(current))
  })
  const alerts = createAlerts({
    now,
    facts: () => ({
      now: now(),
      accounts: gateway.snapshot.accounts,
      logins: [],
      quota: quotas.of,
      resting: gateway.pool.resting(gateway.snapshot.accounts),
      vaultTrouble: [],
      storeTrouble: undefined,
      keys: keys.records(),
    }),
  })
  const logs = createLogRing({ now, scrub: redactor.scrub })
  let url = 'http://127.0.0.1:8317'
  const context: ManagementContext = {
    version: '1.2.3',
    now,
    startedAt: at,
    url: () => url,
    gateway,
    protocols,
    store,
    inMemory: true,
    behind,
    quotas,
    alerts,
    storeTrouble: () => undefined,
    usage,
    metrics: metrics.snapshot,
    trouble: () => [],
    configFault: () => undefined,
    configFile: file,
    dataDir: dir,
    env: { HOME: dir },
    async reload() {
      const next = await loadConfig(file)
      keys.configure(next.config['api-keys'])
      current = next
      gateway.swap(compile(next))
    },
    keys,
    examples,
    logs,
    scrub: redactor.scrub,
    learn: redactor.learn,
    log: (level, fields, message) => logs.add(level, fields, message),
    pagesDir: join(dir, 'pages'),
    sleep: async () => {},
    ...more,
  }
  const management = createManagement(context)
  const admin = createAdmin({ gateway, protocols, version: '1.2.3', now })
  let server: ReturnType<typeof createHttpServer> | undefined

  return {
    management,
    context,
    gateway,
    keys,
    file,
    async ask(method, path, { body, headers = {}, as = 'admin', from = '127.0.0.1' } = {}) {
      const who: Record<string, string> =
        as === 'admin'
          ? { authorization: `Bearer ${ADMIN}` }
          : as === 'client'
            ? { authorization: `Bearer ${CLIENT}` }
            : as === 'nobody'
              ? {}
              : { cookie: as.cookie, ...(as.csrf === undefined ? {} : { 'x-csrf-token': as.csrf }) }
      const request = new Request(`http://127.0.0.1:8317${path}`, {
        method,
        headers: {
          host: '127.0.0.1:8317',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...who,
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const response = await management.fetch(request, { remoteAddress: from, encrypted: false })
      const text = response.headers.get('content-type') === 'text/event-stream' ? '' : await response.text()
      if (text === '') await response.body?.cancel()
      let json: unknown
      try {
        json = JSON.parse(text)
      } catch {
        // No JSON: pages, CSV, YAML.
      }
      return { status: response.status, json, headers: response.headers, text }
    },
    async listen() {
      const door = createDoor({ gateway, protocols, admin, management, keys, now })
      server = createHttpServer({ config: loaded.config, gateway, door, admin, management, guarded: false })
      const listening = await server.listen({ port: 0 })
      url = listening.url
      return url
    },
    pass(ms) {
      at += ms
    },
    async close() {
      if (server === undefined) management.close()
      else await server.close(0)
      alerts.close()
      examples.close()
      usage.close()
      keys.close()
      await behind.close()
      await gateway.close()
      await store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Signs a browser in. */
export async function signedIn(house: TestHouse): Promise<{ cookie: string; csrf: string }> {
  const { json, headers } = await house.ask('POST', '/v0/management/session', { as: 'nobody', body: { token: ADMIN } })
  return { cookie: headers.get('set-cookie')!.split(';')[0]!, csrf: json.csrf }
}
