/** Cases in a closed loop: so many connections, each asking again as soon as it is answered. */
import type { Starter } from './candidates.ts'
import { checkFaithful, type Field, openField, residentMib, runSlice, type Slice } from './field.ts'
import { pairedRatios, quantile, type Rounds, roundsNeeded, type Summary, summarise } from './statistics.ts'
import { BURST_DELTAS } from './traffic.ts'

export interface ClosedCase {
  name: string
  title: string
  model: string
  bytes: number
  stream: boolean
  /** So many small tools in place of the usual ones. */
  tools?: number
}

export const CLOSED_CASES: readonly ClosedCase[] = [
  { name: 'json-2k', title: '2 KB JSON', model: 'mock-json', bytes: 2_000, stream: false },
  { name: 'json-200k', title: '200 KB JSON', model: 'mock-json', bytes: 200_000, stream: false },
  { name: 'burst', title: 'burst stream of 200 events', model: 'mock-burst', bytes: 2_000, stream: true },
]

/** What translation costs, beside the pass-through lane with the same requests. Both are parts of the case `translate`. */
export const TRANSLATED_CASES: readonly ClosedCase[] = [
  {
    name: 'translate',
    title: 'Translated: 2 KB, 10 tools',
    model: 'mock-json',
    bytes: 2_000,
    stream: false,
    tools: 10,
  },
  {
    name: 'translate-burst',
    title: `Translated: burst stream of ${BURST_DELTAS} deltas`,
    model: 'mock-burst',
    bytes: 2_000,
    stream: true,
    tools: 10,
  },
]

export interface Effort {
  rounds: number
  /** Every process is started anew so many times: how the compiler fares is a matter of luck, once per process. */
  restarts: number
  sliceMs: number
  connections: number
  warmRequests: number
  warmMs: number
  /** Use slices however busy the machine was. */
  anyLoad?: boolean
}

export interface CandidateFigures {
  name: string
  cpuUs: Summary
  /** Against each other candidate, from the slices of the same round. */
  ratios: Record<string, Summary>
  requestsPerSecond: number
  p50Us: number
  p99Us: number
  errors: number
  refused: number
  residentMib: number
}

export interface ClosedFigures {
  case: string
  rounds: number
  conclusive: boolean
  candidates: CandidateFigures[]
}

/** Runs one case over all candidates. */
export async function runClosedCase(
  wanted: ClosedCase,
  starters: readonly Starter[],
  effort: Effort,
  tell: (text: string) => void,
): Promise<ClosedFigures> {
  const slices = new Map<string, Slice[]>()
  const resident = new Map<string, number>()
  const loop = { ...wanted, connections: effort.connections }
  for (let restart = 0; restart < effort.restarts; restart += 1) {
    const field = await openField(starters)
    try {
      tell(`${wanted.name}: warming up (${restart + 1} of ${effort.restarts})`)
      await warmUp(field, wanted, effort)
      const rounds = roundsOf(effort, restart)
      for (let round = 0; round < rounds; round += 1) {
        for (const candidate of shuffled(field.candidates)) {
          const slice = await runSlice(field, candidate, { ...loop, ms: effort.sliceMs })
          if (effort.anyLoad && slice.errors === 0) slice.refused = false
          const before = slices.get(candidate.name)
          if (before === undefined) slices.set(candidate.name, [slice])
          else before.push(slice)
        }
      }
      for (const candidate of field.candidates) resident.set(candidate.name, residentMib(candidate))
    } finally {
      await field.close()
    }
  }
  return figuresOf(wanted.name, slices, resident, effort.rounds)
}

function roundsOf({ rounds, restarts }: Effort, restart: number): number {
  return Math.floor(rounds / restarts) + (restart < rounds % restarts ? 1 : 0)
}

async function warmUp(field: Field, wanted: ClosedCase, effort: Effort): Promise<void> {
  for (const candidate of field.candidates) {
    await checkFaithful(field, candidate, wanted.bytes, wanted.tools)
    await field.load.call('closedLoop', {
      ...wanted,
      target: candidate.target,
      connections: effort.connections,
      requests: effort.warmRequests,
      ms: effort.warmMs,
    })
  }
}

function figuresOf(
  name: string,
  slices: ReadonlyMap<string, Slice[]>,
  resident: ReadonlyMap<string, number>,
  rounds: number,
): ClosedFigures {
  const needed = roundsNeeded(rounds)
  // `direct` runs on the clients' core: its figure is for orientation alone.
  const conclusive = [...slices].every(([who, all]) => who === 'direct' || all.filter(isClean).length >= needed)
  // Where too little is clean the figures are of all slices, and are told as what they are.
  const counts = (slice: Slice) => (conclusive ? isClean(slice) : slice.errors === 0)
  const used = new Map<string, Rounds>()
  for (const [who, all] of slices)
    used.set(
      who,
      all.map((s) => (counts(s) ? s.cpuUs : undefined)),
    )
  const candidates = [...slices].map(([who, all]): CandidateFigures => {
    const clean = all.filter(counts)
    const ratios: Record<string, Summary> = {}
    for (const [other, theirs] of used)
      if (other !== who) ratios[other] = summarise(pairedRatios(used.get(who)!, theirs))
    return {
      name: who,
      cpuUs: summarise(clean.map((s) => s.cpuUs)),
      ratios,
      requestsPerSecond: quantile(
        clean.map((s) => s.requests / s.seconds),
        0.5,
      ),
      p50Us: quantile(
        clean.map((s) => s.p50Us),
        0.5,
      ),
      p99Us: quantile(
        clean.map((s) => s.p99Us),
        0.5,
      ),
      errors: all.reduce((sum, s) => sum + s.errors, 0),
      refused: all.filter((s) => s.refused).length,
      residentMib: resident.get(who) ?? Number.NaN,
    }
  })
  return { case: name, rounds, conclusive, candidates }
}

function isClean(slice: Slice): boolean {
  return !slice.refused
}

function shuffled<T>(items: readonly T[]): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}
