import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openStore } from '../../store/index.ts'
import { openAccounts } from '../open.ts'
import { openVault } from '../vault/index.ts'
import type { RefreshJob } from './job.ts'
import { createKeeper, type KeeperOptions, keeperProgram } from './keeper-link.ts'
import { facts } from './testing/disk.ts'
import { startTokenServer, type TokenServer } from './testing/token-server.ts'

const ID = 'claude-1'
const VAULT = { vault: { wrap: 'key-file', 'key-file': '', 'passphrase-file': '' } } as const

/** A store and a vault on disk with one login whose token has ended, and a keeper for it. */
async function begin(server: TokenServer, options: Partial<KeeperOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-keeper-'))
  const location = { engine: 'sqlite', directory } as const
  const store = await openStore(location)
  const vault = await openVault({ store, authDir: directory, config: VAULT, env: {}, now: Date.now })
  await vault.put({ id: ID, provider: 'claude', facts: facts() }, server.vendor.login(Date.now() - 3_600_000), {
    expected: 0,
  })
  const keeper = createKeeper({
    location,
    userAgent: 'logicaproxy/test',
    key: () => vault.exportKey(),
    fallback: { run: () => assert.fail('not here'), close: async () => {} },
    ...options,
  })
  const job: RefreshJob = {
    id: ID,
    known: 1,
    force: false,
    recipe: {
      url: `${server.url}/token`,
      body: 'form',
      fields: {},
      headers: {},
      clientId: 'c',
      dead: { codes: [], statuses: [] },
    },
  }
  return {
    directory,
    store,
    vault,
    keeper,
    job,
    async [Symbol.asyncDispose]() {
      const pid = keeper.pid()
      await keeper.close()
      await store.close()
      // It may just be closing its files.
      if (pid !== undefined) await until(() => !isAlive(pid))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function until(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so after ${ms} ms: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    // A child that was not waited for yet is no more than a line in a table.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('the keeper', () => {
  it('refreshes in a process of its own, which is started at need and goes when it is idle', async () => {
    await using server = await startTokenServer()
    await using house = await begin(server, { idleMs: 50 })
    assert.equal(house.keeper.pid(), undefined)
    const outcome = await house.keeper.run(house.job, () => assert.fail('no trouble'))
    assert.ok(outcome.is === 'renewed', JSON.stringify(outcome))
    const pid = house.keeper.pid()!
    assert.notEqual(pid, process.pid)
    const loaded = await house.vault.get(ID)
    assert.ok(loaded !== undefined && 'tokens' in loaded)
    assert.equal(loaded.record.version, 2)
    assert.equal(loaded.tokens.accessToken, outcome.tokens.accessToken)
    assert.ok(server.vendor.takes(loaded.tokens.refreshToken))
    await until(() => !isAlive(pid))
    const second = await house.keeper.run({ ...house.job, known: 2, force: true }, () => {})
    assert.ok(second.is === 'renewed', JSON.stringify(second))
    assert.equal(server.vendor.reuses, 0)
  })

  it('knows nothing secret from its arguments or its environment', async () => {
    await using server = await startTokenServer()
    process.env['LOGICAPROXY_PASSPHRASE'] = 'a-secret-of-the-gateway'
    try {
      await using house = await begin(server)
      await house.keeper.run(house.job, () => {})
      const key = house.vault.exportKey()
      for (const name of ['cmdline', 'environ']) {
        const text = readFileSync(`/proc/${house.keeper.pid()}/${name}`)
        assert.ok(!text.includes('a-secret-of-the-gateway') && !text.includes('refresh-'), name)
        assert.ok(
          !text.includes(Buffer.from(key).toString('base64')) && !text.includes(Buffer.from(key).toString('hex')),
        )
      }
    } finally {
      delete process.env['LOGICAPROXY_PASSPHRASE']
    }
  })

  it('finishes what it has begun when the gateway is gone, and ends', async () => {
    await using server = await startTokenServer()
    await using house = await begin(server)
    let release = () => {}
    const rotated = new Promise<void>((resolve) => {
      server.rotated = () => {
        resolve()
        return new Promise((go) => {
          release = go
        })
      }
    })
    const outcome = house.keeper.run(house.job, () => {})
    await rotated
    const pid = house.keeper.pid()!
    // What the end of the gateway looks like from there: nobody at the other end of the channel.
    house.keeper.abandon()
    release()
    await until(async () => (await house.store.credentials.get(ID))?.version === 2)
    await until(() => !isAlive(pid))
    const loaded = await house.vault.get(ID)
    assert.ok(loaded !== undefined && 'tokens' in loaded && server.vendor.takes(loaded.tokens.refreshToken))
    assert.equal((await outcome).is, 'later')
  })

  it('is replaced when it dies before the token was presented', async () => {
    await using server = await startTokenServer()
    await using house = await begin(server)
    const first = await house.keeper.run(house.job, () => {})
    assert.equal(first.is, 'renewed')
    const pid = house.keeper.pid()!
    const second = house.keeper.run({ ...house.job, known: 2, force: true }, () => {})
    process.kill(pid, 'SIGKILL')
    const outcome = await second
    assert.ok(outcome.is === 'renewed', JSON.stringify(outcome))
    assert.equal(server.vendor.reuses, 0)
    assert.notEqual(house.keeper.pid(), pid)
  })

  it('is replaced when it dies with the answer: the token is presented once more, and the end is told', async () => {
    await using server = await startTokenServer()
    await using house = await begin(server)
    let first = true
    server.rotated = (answer) => {
      if (!first) return
      first = false
      process.kill(house.keeper.pid()!, 'SIGKILL')
      answer.destroy()
    }
    const outcome = await house.keeper.run(house.job, () => {})
    assert.ok(outcome.is === 'needs-login', JSON.stringify(outcome))
    assert.match(outcome.reason, /refresh before was interrupted/)
    assert.equal(server.count, 2)
  })

  it('writes what the vendor answers though the vault was given another key meanwhile', async () => {
    await using server = await startTokenServer()
    await using house = await begin(server)
    let release = () => {}
    const rotated = new Promise<void>((resolve) => {
      server.rotated = () => {
        resolve()
        return new Promise((go) => {
          release = go
        })
      }
    })
    let troubled = 0
    const running = house.keeper.run(house.job, () => troubled++)
    await rotated
    const before = house.vault.exportKey()
    await house.vault.rekey({ settleMs: 50 })
    assert.notDeepEqual(house.vault.exportKey(), before)
    release()
    const outcome = await running
    assert.ok(outcome.is === 'renewed', JSON.stringify(outcome))
    const loaded = await house.vault.get(ID)
    assert.ok(loaded !== undefined && 'tokens' in loaded, JSON.stringify(loaded))
    assert.ok(server.vendor.takes(loaded.tokens.refreshToken))
    assert.equal(server.count, 1)
    server.rotated = undefined
    const next = await house.keeper.run({ ...house.job, known: loaded.record.version, force: true }, () => {})
    assert.ok(next.is === 'renewed', JSON.stringify(next))
    assert.equal(server.vendor.reuses, 0)
  })

  it('leaves the work to the gateway where no process can be started', async () => {
    await using server = await startTokenServer()
    const told: string[] = []
    const fallback = { run: async () => ({ is: 'gone' }) as const, close: async () => {} }
    await using house = await begin(server, {
      program: '/nowhere/keeper.js',
      fallback,
      warn: (words) => told.push(words),
    })
    assert.deepEqual(await house.keeper.run(house.job, () => {}), { is: 'gone' })
    assert.equal(told.length, 1)
    assert.deepEqual(await house.keeper.run(house.job, () => {}), { is: 'gone' })
    assert.equal(told.length, 1)
  })

  it('stands beside its link', () => {
    assert.match(keeperProgram() ?? '', /keeper\.[tj]s$/)
  })
})

describe('accounts that are opened', () => {
  const config = { ...VAULT, store: { url: '' }, 'oauth-clients': {}, 'host-overrides': {}, 'proxy-url': '' }

  it('refresh through the keeper and leave no token in the clear on disk', async () => {
    await using server = await startTokenServer()
    const authDir = mkdtempSync(join(tmpdir(), 'logicaproxy-open-'))
    try {
      const accounts = await openAccounts({
        config,
        authDir,
        providers: [{ id: 'claude', login: server.flow }],
        env: {},
      })
      const { logins } = accounts
      assert.equal(logins.trouble(), undefined)
      const tokens = server.vendor.login(Date.now())
      const added = await logins.add(
        'claude',
        tokens,
        { subject: 'anna' },
        { origin: { how: 'login', at: Date.now() } },
      )
      const got = await new Promise((resolve) => logins.bring(added.id, tokens.accessToken, resolve))
      assert.deepEqual(got, logins.current(added.id))
      assert.equal(server.count, 1)
      const fresh = await logins.reveal(added.id)
      assert.ok(server.vendor.takes(fresh.refreshToken))
      await accounts.close()
      const again = await openAccounts({
        config,
        authDir,
        providers: [{ id: 'claude', login: server.flow }],
        env: {},
        keeper: false,
      })
      assert.equal((await again.logins.reveal(added.id)).refreshToken, fresh.refreshToken)
      await again.logins.refresh(added.id)
      await again.close()
      assert.equal(server.vendor.reuses, 0)
      for (const name of readdirSync(authDir)) {
        const bytes = readFileSync(join(authDir, name), 'latin1')
        assert.doesNotMatch(bytes, /(?:access|refresh)-\d/, name)
      }
    } finally {
      rmSync(authDir, { recursive: true, force: true })
    }
  })
})
