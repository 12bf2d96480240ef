import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { attemptRefresh, type Bench } from './attempt.ts'
import type { Outcome, RefreshJob } from './job.ts'
import { createDisk, facts } from './testing/disk.ts'
import { RECIPE } from './testing/recipe.ts'
import { createVendor } from './testing/vendor.ts'

const ID = 'claude-1'

/**
 * Processes that share a store and a vendor, in a time of their own: whatever they do waits for its turn, before it takes
 * effect and again before they hear of it, in an order that chance decides. A process can die at any turn.
 */
function createWorld(choices: readonly number[], slow = false) {
  let at = 0
  const choose = (n: number): number => (choices[at++ % choices.length] ?? 0) % n
  const time = { now: 1_000_000_000 }
  const turns: { wake: number; go(): void }[] = []
  const deaths = new Map<string, number>()
  const counts = new Map<string, number>()
  const dead = new Set<string>()

  function turn(process: string, wake = 0): Promise<void> {
    const n = (counts.get(process) ?? 0) + 1
    counts.set(process, n)
    if (n >= (deaths.get(process) ?? Number.POSITIVE_INFINITY)) dead.add(process)
    if (dead.has(process)) return new Promise(() => {})
    return new Promise((go) => turns.push({ wake, go }))
  }

  const disk = createDisk(() => time.now)
  disk.before = (_, process) => turn(process)
  const vendor = createVendor()

  function bench(process: string): Bench {
    const view = disk.of(process)
    return {
      vault: {
        get: async (id) => after(process, await view.vault.get(id)),
        put: async (...args) => after(process, await view.vault.put(...args)),
        putFacts: async (...args) => after(process, await view.vault.putFacts(...args)),
      },
      leases: view.leases,
      async exchange(_, refreshToken) {
        // It is sent at once, for the lease was looked at right before; the answer takes its time.
        const got = vendor.present(refreshToken, time.now)
        await turn(process)
        return got
      },
      owner: process,
      skewMs: 0,
      watched: new Map(),
      over: new Set(),
      persists: () => true,
      random: () => 0.5,
      clock: {
        now: () => time.now,
        steady: () => time.now,
        after: () => () => {},
        sleep: (ms) => turn(process, time.now + ms),
      },
    }
  }

  async function after<T>(process: string, got: T): Promise<T> {
    await turn(process)
    return got
  }

  /** Lets things happen until nothing is left to. */
  async function run(): Promise<void> {
    for (let steps = 0; steps < 5_000; steps++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (turns.length === 0) return
      // Sleepers wake in time; those who are awake go in any order, and some take their time.
      const awake = turns.filter(({ wake }) => wake <= time.now)
      const ready = awake.length > 0 ? awake : [turns.reduce((a, b) => (a.wake <= b.wake ? a : b))]
      // Chance may be unfair for long, but not for ever.
      const next = ready[steps % 9 === 8 ? 0 : choose(ready.length)]!
      turns.splice(turns.indexOf(next), 1)
      // A store that is slow for ever lets nobody refresh: this one calms down.
      const halts = slow && steps < 300 && choose(10) === 9
      const passes = halts ? 15_000 : [0, 1, 5, 50, 200][choose(5)]!
      time.now = Math.max(time.now + passes, next.wake)
      next.go()
    }
    throw new Error('it never ends')
  }

  return { disk, vendor, bench, run, time, kill: (process: string, turn: number) => deaths.set(process, turn), dead }
}

function begin(choices: readonly number[], slow = false) {
  const world = createWorld(choices, slow)
  const { time, vendor, disk } = world
  const tokens = vendor.login(time.now - 3_600_000)
  disk.rows.set(ID, { id: ID, provider: 'claude', version: 3, facts: facts(), tokens, updatedAt: 0 })
  return { ...world, tokens }
}

/** Asks until it hears something else than that others are at it; stores of this world are slow at times. */
async function insist(bench: Bench, wish: Partial<RefreshJob> = {}): Promise<Outcome> {
  for (;;) {
    const end = await attemptRefresh(bench, { ...job, ...wish }, () => {})
    if (end.is !== 'later') return end
    assert.ok(end.cause === 'held' || end.cause === 'store', end.words)
  }
}

const job = { id: ID, known: 3, force: false, recipe: RECIPE }
const choices = fc.array(fc.nat(1_000), { minLength: 20, maxLength: 60 })

describe('refreshes in several processes', () => {
  it('present a token once, whatever the order of things, and all get the same new one', async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.integer({ min: 1, max: 4 }), async (order, processes) => {
        const world = begin(order)
        const ends = Array.from({ length: processes }, (_, i) => insist(world.bench(`p${i}`)))
        await world.run()
        const outcomes = await Promise.all(ends)
        const stored = world.disk.rows.get(ID)!
        assert.equal(world.vendor.reuses, 0)
        assert.deepEqual([...world.vendor.presented.values()], [1])
        assert.equal(stored.version, 4)
        assert.ok(world.vendor.takes(stored.tokens.refreshToken))
        for (const end of outcomes)
          assert.ok(end.is === 'renewed' && end.tokens.accessToken === stored.tokens.accessToken, JSON.stringify(end))
      }),
      { numRuns: 300 },
    )
  })

  it('present a token once more at most when one of them dies at any moment, and lose it only with the answer', async () => {
    let lost = 0
    let recovered = 0
    await fc.assert(
      fc.asyncProperty(choices, fc.integer({ min: 1, max: 16 }), async (order, moment) => {
        const world = begin(order)
        world.kill('p0', moment)
        const ends: Promise<Outcome>[] = []
        for (const process of ['p0', 'p1', 'p2']) ends.push(insist(world.bench(process)))
        await world.run()
        const living = await Promise.all(world.dead.has('p0') ? ends.slice(1) : ends)
        const stored = world.disk.rows.get(ID)!
        const spent = world.vendor.presented.get(world.tokens.refreshToken!)!
        assert.ok(spent <= 2, `presented ${spent} times`)
        if (world.vendor.reuses === 0) {
          recovered++
          assert.ok(world.vendor.takes(stored.tokens.refreshToken))
          for (const end of living) assert.equal(end.is, 'renewed')
        } else {
          // It died between the vendor's rotation and its own write: nobody can know, and it ends in one clear state.
          lost++
          assert.ok(world.dead.has('p0'))
          assert.equal(stored.version, 3)
          assert.equal(stored.facts.state.is, 'needs-login')
          for (const end of living) assert.equal(end.is, 'needs-login')
          assert.equal(world.vendor.reuses, 1)
        }
      }),
      { numRuns: 400 },
    )
    assert.ok(lost > 0 && recovered > lost, `${lost} lost, ${recovered} recovered: the test tries too little`)
  })

  it('present a token once more at most, and end in one state, in a world that halts for longer than leases last', async () => {
    let well = 0
    await fc.assert(
      fc.asyncProperty(choices, fc.integer({ min: 2, max: 4 }), async (order, processes) => {
        const world = begin(order, true)
        const ends = Array.from({ length: processes }, (_, i) => insist(world.bench(`p${i}`)))
        await world.run()
        await Promise.all(ends)
        // What was written last may have ended with the family of the token before it; whoever asks next is told so.
        const last = insist(world.bench('p0'), { known: world.disk.rows.get(ID)!.version, force: true })
        await world.run()
        const { is } = await last
        const { tokens, facts } = world.disk.rows.get(ID)!
        assert.equal(is, facts.state.is === 'ready' ? 'renewed' : 'needs-login')
        for (const [token, times] of world.vendor.presented) assert.ok(times <= 2, `${token}: ${times}`)
        if (facts.state.is === 'ready') {
          well++
          assert.ok(world.vendor.takes(tokens.refreshToken))
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(well > 250, `${well} of 300`)
  })

  it('do not overwrite a login that came while the vendor was asked', async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.integer({ min: 1, max: 30 }), async (order, moment) => {
        const world = begin(order)
        const end = attemptRefresh(world.bench('p0'), job, () => {})
        const again = world.vendor.login(world.time.now)
        const person = world.disk.of('person').vault
        const login = (async () => {
          for (let i = 0; i < moment; i++) await person.get(ID)
          for (;;) {
            const seen = await person.get(ID)
            const put = { id: ID, provider: 'claude', facts: facts() }
            if ((await person.put(put, again, { expected: seen!.record.version })) === 'written') return
          }
        })()
        await world.run()
        await login
        await end
        const stored = world.disk.rows.get(ID)!
        assert.ok(world.vendor.takes(stored.tokens.refreshToken))
        if (stored.tokens.refreshToken !== again.refreshToken)
          assert.equal(world.vendor.presented.get(again.refreshToken!), 1)
      }),
      { numRuns: 200 },
    )
  })
})
