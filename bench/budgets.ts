/** What the gateway promises, and whether a run bears it out. */
import type { ClosedFigures } from './closed-cases.ts'
import type { StartFigures } from './start-case.ts'
import { judge, noiseFloor, type Verdict } from './statistics.ts'
import type { FirstEventFigures, HeadOfLineFigures, PacedFigures } from './stream-cases.ts'

export interface Judgement {
  what: string
  figure: number
  limit: number
  unit: string
  verdict: Verdict
}

export interface Results {
  closed: ClosedFigures[]
  paced?: PacedFigures[]
  firstEvent?: FirstEventFigures[]
  headOfLine?: HeadOfLineFigures[]
  start?: StartFigures
}

/** CPU time per request, as a multiple of another candidate's in the same round. */
const RATIOS = [
  { case: 'json-2k', against: 'forwarder', limit: 1.35 },
  { case: 'json-200k', against: 'forwarder', limit: 1.2 },
  { case: 'json-2k', against: 'portkey', limit: 0.3 },
  { case: 'json-200k', against: 'portkey', limit: 0.3 },
  { case: 'burst', against: 'portkey', limit: 0.3 },
] as const
const STREAM_KIB = 60
const START_CPU_MS = 400
/** Share of delays of 20 to 60 ms, beyond those without anybody between, that chance may bring. */
const FORTY_MS_SHARE = 0.005

/** Judges everything that was measured. */
export function judgeAll({ closed, paced, firstEvent, start }: Results): Judgement[] {
  const all: Judgement[] = []
  for (const budget of RATIOS) {
    const figures = closed.find((c) => c.case === budget.case)
    const ratio = figures?.candidates.find((c) => c.name === 'gateway')?.ratios[budget.against]
    if (figures === undefined || ratio === undefined) continue
    all.push({
      what: `${budget.case}: CPU per request against ${budget.against}`,
      figure: ratio.median,
      limit: budget.limit,
      unit: '×',
      verdict: figures.conclusive ? judge(ratio.median, budget.limit, noiseOf(figures)) : 'inconclusive',
    })
  }
  const streams = paced?.find((p) => p.name === 'gateway')
  if (streams !== undefined) {
    all.push(exact(`${streams.streams} streams: lost events`, streams.lostEvents + streams.broken, 0, ''))
    all.push(exact(`${streams.streams} streams: memory of each`, streams.kibPerStream, STREAM_KIB, 'KiB'))
  }
  const first = firstEvent?.find((f) => f.name === 'gateway')
  if (first !== undefined)
    all.push(
      exact(
        'time to first event: share of delays of 20 to 60 ms, added',
        first.fortyMsShare - (firstEvent?.find((f) => f.name === 'direct')?.fortyMsShare ?? 0),
        FORTY_MS_SHARE,
        '',
      ),
    )
  if (start !== undefined) all.push(exact('start to first answer: CPU', start.cpuMs.median, START_CPU_MS, 'ms'))
  return all
}

/** What the two copies of the forwarder differ by; NaN where only one ran. */
export function noiseOf({ candidates }: ClosedFigures): number {
  const twin = candidates.find((c) => c.name === TWIN)
  return twin === undefined ? Number.NaN : noiseFloor([twin.ratios['forwarder']!.median])
}

/** Name of the second copy of the forwarder. */
export const TWIN = 'forwarder again'

function exact(what: string, figure: number, limit: number, unit: string): Judgement {
  const verdict = !Number.isFinite(figure) ? 'inconclusive' : figure <= limit ? 'met' : 'missed'
  return { what, figure, limit, unit, verdict }
}
