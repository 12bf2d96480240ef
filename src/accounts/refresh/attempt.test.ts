import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StoreError } from '../../store/store.ts'
import type { Tokens } from '../login-record.ts'
import { attemptRefresh, type Bench } from './attempt.ts'
import type { Exchanged, Outcome, RefreshJob, Troubled } from './job.ts'
import { digestOf, writeNote } from './lease.ts'
import { createDisk, type Disk, facts, type Row } from './testing/disk.ts'
import { RECIPE } from './testing/recipe.ts'
import { createTime, type FakeTime } from './testing/time.ts'
import { createVendor, type Vendor } from './testing/vendor.ts'

const ID = 'claude-1'
const LEASE = `refresh/${ID}`
const JOB: RefreshJob = { id: ID, known: 1, force: false, recipe: RECIPE }

interface World {
  time: FakeTime
  disk: Disk
  vendor: Vendor
  tokens: Tokens
  exchange: ((refreshToken: string) => Promise<Exchanged>) | undefined
  row(): Row
  troubles: Troubled[]
  bench(process?: string): Bench
  run(job?: Partial<RefreshJob>, bench?: Bench, passes?: number): Promise<Outcome>
  die(over?: { again?: boolean; until?: number }): void
}

/** One login whose token has ended, and a process that may refresh it. */
function begin(): World {
  const time = createTime()
  const disk = createDisk(time.now)
  const vendor = createVendor()
  const tokens = vendor.login(time.now() - 3_600_000)
  disk.rows.set(ID, { id: ID, provider: 'claude', version: 1, facts: facts(), tokens, updatedAt: 0 })
  const world: World = {
    time,
    disk,
    vendor,
    tokens,
    exchange: undefined,
    row: () => disk.rows.get(ID)!,
    troubles: [],
    bench(process = 'p'): Bench {
      const view = disk.of(process)
      return {
        vault: view.vault,
        leases: view.leases,
        exchange: (_, token) => world.exchange?.(token) ?? Promise.resolve(vendor.present(token, time.now())),
        owner: process,
        skewMs: 0,
        watched: new Map(),
        over: new Set(),
        persists: () => true,
        random: () => 0.5,
        clock: time,
      }
    },
    async run(job: Partial<RefreshJob> = {}, bench = world.bench(), passes = 200_000): Promise<Outcome> {
      let outcome: Outcome | undefined
      void attemptRefresh(bench, { ...JOB, ...job }, (what) => world.troubles.push(what)).then((o) => {
        outcome = o
      })
      for (let at = 0; outcome === undefined && at < passes; at += 500) await time.pass(500)
      assert.ok(outcome, 'it does not end')
      return outcome
    },
    /** Leaves what a process leaves that died while it presented the token. */
    die(over: { again?: boolean; until?: number } = {}): void {
      const { again = false, until = time.now() + 60_000 } = over
      const note = writeNote({ version: 1, token: digestOf(tokens.refreshToken!), by: 'dead', attempt: 'x', again })
      disk.leases.set(LEASE, { owner: 'dead', number: 7, until, note })
    },
  }
  return world
}

describe('a refresh', () => {
  it('holds the lease, with a note that names what it presents, while it presents it', async () => {
    const world = begin()
    world.exchange = async (token) => {
      const lease = world.disk.leases.get(LEASE)!
      assert.equal(lease.owner, 'p')
      const note = JSON.parse(lease.note!)
      assert.equal(note.version, 1)
      assert.ok(!lease.note!.includes(token), 'no token in the note')
      assert.ok(lease.until - world.time.now() >= 40_000, 'longer than the call may take')
      return world.vendor.present(token, world.time.now())
    }
    const outcome = await world.run()
    assert.equal(outcome.is, 'renewed')
    assert.equal(world.disk.leases.get(LEASE)!.owner, '')
    assert.equal(world.row().version, 2)
  })

  it('keeps what the answer leaves out: the refresh token above all', async () => {
    const world = begin()
    world.exchange = async () => ({
      is: 'tokens',
      fresh: { accessToken: 'new', issuedAt: 5, expiresAt: 1e15 },
      answer: { plan: 'pro' },
    })
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed')
    assert.equal(outcome.tokens.refreshToken, world.tokens.refreshToken)
    assert.deepEqual(outcome.answer, { plan: 'pro' })
    assert.equal(world.row().tokens.accessToken, 'new')
  })

  it('keeps a change of facts that a person made while the vendor was asked', async () => {
    const world = begin()
    world.exchange = async (token) => {
      await world.disk.of('cli').vault.putFacts(ID, { ...world.row().facts, label: 'new label' })
      return world.vendor.present(token, world.time.now())
    }
    await world.run()
    assert.equal(world.row().facts.label, 'new label')
  })

  it('presents nothing when the store cannot say who holds the lease, or cannot keep the note', async () => {
    for (const broken of ['acquire', 'note', 'get']) {
      const world = begin()
      world.disk.before = (operation) => {
        if (operation === broken) throw new StoreError('unavailable', `no ${operation}`)
      }
      const outcome = await world.run()
      assert.ok(outcome.is === 'later' && outcome.cause === 'store', broken)
      assert.equal(world.vendor.presented.size, 0, broken)
    }
  })

  it('does not send when the machine slept between the lease and the sending', async () => {
    const world = begin()
    let slept = false
    world.disk.before = (operation) => {
      if (operation !== 'note' || slept) return
      slept = true
      world.time.set(8 * 3_600_000)
    }
    world.exchange = async (token) => {
      assert.ok(world.disk.leases.get(LEASE)!.until - world.time.now() >= 40_000, 'sent on an old lease')
      return world.vendor.present(token, world.time.now())
    }
    assert.equal((await world.run()).is, 'renewed')
    assert.deepEqual([...world.vendor.presented.values()], [1])
  })

  it('gives up when the store is so slow that no lease would last', async () => {
    const world = begin()
    world.disk.before = async (operation) => {
      if (operation === 'note') await world.time.sleep(25_000)
    }
    const outcome = await world.run({}, world.bench(), 500_000)
    assert.ok(outcome.is === 'later' && /too slow/.test(outcome.words))
    assert.equal(world.vendor.presented.size, 0)
  })

  it('waits for another process, takes its token, and never presents the old one', async () => {
    const world = begin()
    world.disk.leases.set(LEASE, { owner: 'other', number: 3, until: world.time.now() + 60_000 })
    const fresh = world.vendor.login(world.time.now())
    void world.time.sleep(10_000).then(() => {
      const other = world.disk.of('other').vault
      return other.put({ id: ID, provider: 'claude', facts: facts() }, fresh, { expected: 1 })
    })
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed' && outcome.tokens.accessToken === fresh.accessToken)
    assert.equal(world.vendor.presented.size, 0)
  })

  it('says that others are at it when they are for longer than two leases', async () => {
    const world = begin()
    const renewing = async () => {
      for (;;) {
        world.disk.leases.set(LEASE, { owner: 'other', number: 3, until: world.time.now() + 60_000 })
        await world.time.sleep(10_000)
      }
    }
    void renewing()
    const outcome = await world.run()
    assert.ok(outcome.is === 'later' && outcome.cause === 'held')
    assert.equal(world.vendor.presented.size, 0)
  })

  it('gives one that was interrupted time to write, before the token is presented once more', async () => {
    const world = begin()
    world.die()
    // The other one lives: it has the answer, and the store comes back to it.
    const fresh = world.vendor.present(world.tokens.refreshToken!, world.time.now())
    assert.ok(fresh.is === 'tokens')
    const other = world.run(
      { unsaved: { tokens: { ...world.tokens, ...fresh.fresh } as never, spent: world.tokens.refreshToken! } },
      world.bench('dead'),
    )
    const outcome = await world.run()
    assert.equal((await other).is, 'renewed')
    assert.ok(outcome.is === 'renewed')
    assert.equal(world.vendor.reuses, 0)
    assert.equal(world.row().version, 2)
  })

  it('presents the token of an interrupted one once more, and tells the doubt when it is refused', async () => {
    const world = begin()
    world.vendor.present(world.tokens.refreshToken!, world.time.now())
    world.die({ until: world.time.now() + 20_000 })
    const from = world.time.now()
    const outcome = await world.run()
    assert.ok(outcome.is === 'needs-login')
    assert.match(outcome.reason, /invalid_grant.*was interrupted.*probably spent.*Log in again/)
    assert.ok(world.time.now() - from >= 25_000, 'not before the lease has ended and some time has passed')
    assert.equal(world.vendor.presented.get(world.tokens.refreshToken!), 2)
    const again = await world.run()
    assert.ok(again.is === 'needs-login' && again.told)
    assert.equal(world.vendor.presented.get(world.tokens.refreshToken!), 2)
  })

  it('does not present a token a third time after two interruptions', async () => {
    const world = begin()
    world.die({ again: true, until: 0 })
    const outcome = await world.run()
    assert.ok(outcome.is === 'needs-login')
    assert.match(outcome.reason, /interrupted twice/)
    assert.equal(world.vendor.presented.size, 0)
    assert.equal(world.row().facts.state.is, 'needs-login')
  })

  it('does not take its own failed call for an interruption, though the note could not be taken away', async () => {
    const world = begin()
    const bench = world.bench()
    let noted = 0
    world.disk.before = (operation) => {
      if (operation === 'note' && ++noted === 2) throw new StoreError('unavailable', 'gone')
    }
    world.exchange = async () => ({ is: 'later', cause: 'network', words: 'refused', lost: false })
    assert.equal((await world.run({}, bench)).is, 'later')
    world.exchange = undefined
    const from = world.time.now()
    assert.equal((await world.run({}, bench)).is, 'renewed')
    assert.ok(world.time.now() - from < 5_000)
  })

  it('recovers when the token was refused because somebody else had rotated it', async () => {
    const world = begin()
    world.exchange = async (token) => {
      // Without a lease: a program that does not know of ours.
      const fresh = world.vendor.present(token, world.time.now())
      assert.ok(fresh.is === 'tokens')
      const tokens = { ...world.tokens, ...fresh.fresh } as never
      await world.disk.of('other').vault.put({ id: ID, provider: 'claude', facts: facts() }, tokens, { expected: 1 })
      return { is: 'dead', words: 'invalid_grant' }
    }
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed')
    assert.equal(world.row().facts.state.is, 'ready')
  })

  it('writes under a fence of its own when its lease has passed to another meanwhile', async () => {
    const world = begin()
    world.exchange = async (token) => {
      const got = world.vendor.present(token, world.time.now())
      // The store was away for longer than the lease; another has looked in and left.
      await world.disk.of('other').leases.acquire(LEASE, 'other', world.time.now() + 100_000, 1)
      world.disk.leases.get(LEASE)!.owner = ''
      world.disk.leases.get(LEASE)!.until = 0
      return got
    }
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed')
    assert.equal(world.row().version, 2)
    assert.ok(world.vendor.takes(world.row().tokens.refreshToken))
  })

  it('does not lose rotated tokens to a re-key that gave the record another version', async () => {
    const world = begin()
    world.exchange = async (token) => {
      const got = world.vendor.present(token, world.time.now())
      world.disk.rows.set(ID, { ...world.row(), version: 2 })
      return got
    }
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed')
    assert.equal(world.row().version, 3)
    assert.ok(world.vendor.takes(world.row().tokens.refreshToken))
  })

  it('knows its own write again when only the confirmation was lost', async () => {
    const world = begin()
    const view = world.disk.of('p')
    let puts = 0
    const bench = world.bench()
    bench.vault = {
      ...view.vault,
      async put(...args) {
        const result = await view.vault.put(...args)
        if (++puts === 1) throw new StoreError('unavailable', 'the connection was cut')
        return result
      },
    }
    const outcome = await world.run({}, bench)
    assert.ok(outcome.is === 'renewed')
    assert.equal(puts, 1)
    assert.equal(world.row().version, 2)
    assert.equal(world.troubles.length, 1)
  })

  it('goes on writing rotated tokens whatever the store does, tells it once for each reason, and presents nothing more', async () => {
    const world = begin()
    let broken: string | undefined = 'The disk is full.'
    world.disk.before = (operation) => {
      if (broken !== undefined && operation === 'put') throw new StoreError('full', broken)
    }
    void world.time.sleep(30_000).then(() => {
      broken = 'The disk is read-only.'
    })
    void world.time.sleep(60_000).then(() => {
      broken = undefined
    })
    const outcome = await world.run()
    assert.ok(outcome.is === 'renewed')
    assert.deepEqual(
      world.troubles.map(({ words }) => words),
      ['The disk is full.', 'The disk is read-only.'],
    )
    assert.deepEqual([...world.vendor.presented.values()], [1])
    assert.equal(world.row().tokens.accessToken, world.troubles[0]!.tokens.accessToken)
  })

  it('leaves alone what is gone, damaged, ended, or cannot be refreshed', async () => {
    const cases: [Outcome['is'], (world: ReturnType<typeof begin>) => void][] = [
      ['gone', (world) => world.disk.rows.delete(ID)],
      ['damaged', (world) => (world.row().damage = 'altered')],
      ['needs-login', (world) => (world.row().facts = facts({ state: { is: 'needs-login', since: 0, reason: 'x' } }))],
      ['needs-login', (world) => (world.row().tokens = { ...world.tokens, refreshToken: undefined })],
    ]
    for (const [is, change] of cases) {
      const world = begin()
      change(world)
      assert.equal((await world.run()).is, is)
      assert.equal(world.vendor.presented.size, 0)
    }
  })

  it('takes an end for one of the version it was found out of, not of a login that came later', async () => {
    const world = begin()
    world.row().facts = facts({ state: { is: 'needs-login', since: 0, reason: 'x', version: 1 } })
    assert.equal((await world.run()).is, 'needs-login')
    world.row().version = 2
    assert.equal((await world.run()).is, 'renewed')
    assert.equal(world.row().facts.state.is, 'ready')
  })
})
