/** A thousand logins: how long a start takes, what choosing one costs, what they weigh. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Candidate, createPool, type Seat, type Strategy } from '../src/accounts/pool.ts'
import { candidate } from '../src/accounts/testing/fixture.ts'
import { failure } from '../src/hub/failure.ts'
import { createGateway } from '../src/index.ts'
import { type Summary, summarise } from './statistics.ts'

export interface AccountsFigures {
  accounts: number
  /** From the call of `createGateway` to an open port, wall clock, ms. */
  startMs: Summary
  /** CPU of the same, ms. */
  startCpuMs: Summary
  /** CPU of taking and giving back one seat, µs, by strategy. */
  selectUs: Readonly<Record<Strategy, SelectFigures>>
  /** Memory of one account, KiB, after a collection. */
  kibPerAccount: number
}

/** New conversations each time, but for `kept`. All accounts have a limit of requests at once. */
export interface SelectFigures {
  calm: number
  /** A third of all rests. */
  resting: number
  /** Every choice fills an account up and every seat given back frees one; half of them are full. */
  full: number
  /** Conversations that have their account already; a third of all rests. */
  kept: number
}

const STRATEGIES: readonly Strategy[] = ['round-robin', 'weighted', 'fill-first', 'most-quota-left']

export async function runAccounts(count: number, runs: number, tell: (text: string) => void): Promise<AccountsFigures> {
  const place = mkdtempSync(join(tmpdir(), 'logicaproxy-accounts-'))
  const config = { port: 0, 'auth-dir': place, 'api-keys': ['k'] }
  try {
    const empty = await createGateway({ config })
    const bare = heap()
    tell(`accounts: writing ${count} logins`)
    const later = Date.now() + 30 * 86_400_000
    for (let i = 0; i < count; i += 1)
      await empty.logins!.add(
        'claude',
        {
          accessToken: `sk-ant-oat01-${'x'.repeat(90)}${i}`,
          refreshToken: `sk-ant-ort01-${'y'.repeat(90)}${i}`,
          expiresAt: later,
          issuedAt: Date.now(),
          details: {},
        },
        { subject: `person-${i}`, email: `person-${i}@example.test` },
        { origin: { how: 'login', at: Date.now() } },
      )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const kibPerAccount = (heap() - bare) / 1024 / count
    const selectUs = Object.fromEntries(STRATEGIES.map((s) => [s, select(count, s)])) as AccountsFigures['selectUs']
    await empty.close({ drainMs: 0 })
    const wall: number[] = []
    const cpu: number[] = []
    for (let run = 0; run < runs; run += 1) {
      tell(`accounts: start ${run + 1} of ${runs}`)
      const at = performance.now()
      const before = process.cpuUsage()
      const gateway = await createGateway({ config })
      await gateway.listen()
      wall.push(performance.now() - at)
      const { user, system } = process.cpuUsage(before)
      cpu.push((user + system) / 1000)
      if (gateway.logins!.records().length !== count) throw new Error('logins are missing')
      await gateway.close({ drainMs: 0 })
    }
    return { accounts: count, startMs: summarise(wall), startCpuMs: summarise(cpu), selectUs, kibPerAccount }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use after a collection. */
function heap(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const TURNS = 4_000

function select(count: number, strategy: Strategy): SelectFigures {
  const pool = createPool()
  const list = seats(count, 8)
  const soon = Date.now() + 3_600_000
  for (const [i, { account }] of list.entries())
    pool.quota(
      account.id,
      [
        { used: (i % 97) / 97, resetsAt: soon + i },
        { used: (i % 89) / 89, resetsAt: soon + 9 * i },
      ],
      false,
    )
  let conversations = 0
  const turn = (session: string): void =>
    pool.succeeded(pool.take(list, { rotation: 'm', strategy, session: `s${session}` })!)
  const fresh = (): void => {
    conversations += 1
    turn(`new ${conversations}`)
  }
  const kept = (): void => {
    conversations += 1
    turn(`old ${conversations % 100}`)
  }
  run(TURNS, fresh)
  const calm = run(TURNS, fresh)
  const broke = failure('quota-exhausted', 'no', { scope: 'account', retryAfter: 3_600 })
  for (let i = 0; i < count; i += 3) pool.failed(pool.take([list[i]!], { rotation: `${i}`, strategy })!, broke)
  run(TURNS / 4, fresh)
  const resting = run(TURNS, fresh)
  run(TURNS / 4, kept)
  return { calm, resting, full: selectFull(count, strategy), kept: run(TURNS, kept) }
}

function selectFull(count: number, strategy: Strategy): number {
  const pool = createPool()
  const list = seats(count, 1)
  const ask = { rotation: 'm', strategy }
  const held: Seat[] = Array.from({ length: count / 2 }, () => pool.take(list, ask)!)
  let oldest = 0
  const turn = (): void => {
    const seat = pool.take(list, ask)!
    pool.succeeded(held[oldest]!)
    held[oldest] = seat
    oldest = (oldest + 1) % held.length
  }
  run(TURNS, turn)
  return run(TURNS, turn)
}

const seats = (count: number, concurrency: number): Candidate[] =>
  Array.from({ length: count }, (_, i) => candidate(`a${i}`, { weight: 1 + (i % 5), concurrency }))

/** CPU of one turn, µs. */
function run(turns: number, turn: () => void): number {
  const before = process.cpuUsage()
  for (let i = 0; i < turns; i += 1) turn()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / turns
}
