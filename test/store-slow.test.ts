/** A store that is slow or gone is nobody's loss on the road: with every answer of Postgres five seconds late, requests go on as before. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createGateway, type RunningGateway } from '../src/index.ts'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { startPostgres, type TestPostgres } from './support/postgres.ts'

const DELAY_MS = 5_000

/** A TCP proxy whose answers come late once it is told so. */
async function slowProxy(port: number): Promise<{ port: number; delayMs: number; close(): void }> {
  const sockets = new Set<Socket>()
  const proxy = { port: 0, delayMs: 0, close }
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (chunk) => {
      if (proxy.delayMs === 0) client.write(chunk)
      else setTimeout(() => client.destroyed || client.write(chunk), proxy.delayMs).unref()
    })
  })
  function close(): void {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy.port = (server.address() as AddressInfo).port
  return proxy
}

describe('with Postgres five seconds late', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-slow-'))
  let postgres: TestPostgres
  let simulator: Simulator
  let gateway: RunningGateway
  let proxy: Awaited<ReturnType<typeof slowProxy>>
  let url: string

  before(async () => {
    postgres = await startPostgres()
    const database = new URL(await postgres.database())
    proxy = await slowProxy(Number(database.port))
    database.port = String(proxy.port)
    database.hostname = '127.0.0.1'
    simulator = await createSimulator({ anyPort: true })
    gateway = await createGateway({
      config: {
        port: 0,
        'api-keys': ['k'],
        'auth-dir': directory,
        store: { url: database.href },
        'host-overrides': simulator.hosts,
        'oauth-clients': simulator.clients,
      },
    })
    url = (await gateway.listen()).url
    for (const person of ['anna', 'dora']) {
      const login = await gateway.login('claude', { acknowledged: true, label: person })
      await simulator.consent({ url: login.url!, person, visit: true })
      await login.account
    }
    await new Promise<void>((resolve) => {
      const stop = gateway.on('reload', () => {
        if (gateway.logins!.records().length < 2) return
        stop()
        resolve()
      })
      setTimeout(resolve, 200)
    })
  })
  after(async () => {
    proxy.delayMs = 0
    proxy.close()
    await gateway.close({ drainMs: 0 })
    await simulator.close()
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  async function ask(i: number): Promise<number> {
    const at = performance.now()
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { authorization: 'Bearer k', 'content-type': 'application/json', 'x-session-id': `s${i}` },
      body: JSON.stringify({
        model: 'claude-sonnet-4-6',
        max_tokens: 50,
        messages: [{ role: 'user', content: `n${i}` }],
      }),
    })
    assert.equal(answer.status, 200, await answer.text())
    return performance.now() - at
  }

  async function p99(count: number): Promise<number> {
    const times: number[] = []
    for (let i = 0; i < count; i += 10)
      times.push(...(await Promise.all(Array.from({ length: 10 }, (_, j) => ask(i + j)))))
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!
  }

  it('no request waits for it', async (t) => {
    await p99(100)
    const well = await p99(300)
    proxy.delayMs = DELAY_MS
    const slow = await p99(300)
    t.diagnostic(`p99 ${well.toFixed(1)} ms before, ${slow.toFixed(1)} ms with the store late`)
    // A busy machine may take its time; a wait for the store would be seconds.
    assert.ok(slow < well + 500, `${slow} ms, ${well} ms before`)
  })

  it('an account that rests still rests, and what waits to be written is bounded', async () => {
    simulator.setQuota('claude', 'anna', '5h', { used: 100 })
    for (let i = 0; i < 20; i += 1) await ask(i)
    const { accounts } = (await (await fetch(`${url}/ready`)).json()) as { accounts: number }
    assert.equal(accounts, 2)
  })
})
