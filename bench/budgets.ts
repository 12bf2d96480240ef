/** What the gateway promises, and whether a run bears it out. */
import type { AccountsFigures } from './accounts-case.ts'
import { TRANSLATING } from './candidates.ts'
import type { ClosedFigures } from './closed-cases.ts'
import type { DashboardFigures } from './dashboard-case.ts'
import type { StartFigures } from './start-case.ts'
import { judge, noiseFloor, type Verdict } from './statistics.ts'
import type { FirstEventFigures, HeadOfLineFigures, PacedFigures } from './stream-cases.ts'
import { BURST_DELTAS } from './traffic.ts'

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
  /** The paced streams of the case `translate`. */
  translated?: PacedFigures[]
  firstEvent?: FirstEventFigures[]
  headOfLine?: HeadOfLineFigures[]
  start?: StartFigures
  accounts?: AccountsFigures
  dashboard?: DashboardFigures
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
/** The lane that translates: as a multiple of the pass-through lane, for each event of a stream, for an open stream. */
const TRANSLATE_RATIO = 2
const TRANSLATE_EVENT_US = 12
const TRANSLATE_STREAM_KIB = 80
const START_CPU_MS = 400
/** A thousand logins: start, wall clock; one choice. */
const ACCOUNTS_START_MS = 1_000
const SELECT_US = 20
/** An open page: CPU of the gateway as share of one core, first paint, a frame of a long list. */
const OPEN_PAGE_CPU = 0.02
/** Open pages: p99 of requests, against that without any. */
const OPEN_PAGES_P99 = 1.1
const FIRST_PAINT_MS = 300
const FRAME_MS = 34
/** Share of delays of 20 to 60 ms, beyond those without anybody between, that chance may bring. */
const FORTY_MS_SHARE = 0.005

/** Judges everything that was measured. */
export function judgeAll({ closed, paced, translated, firstEvent, start, accounts, dashboard }: Results): Judgement[] {
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
  all.push(...judgeTranslation(closed))
  const streams = paced?.find((p) => p.name === 'gateway')
  if (streams !== undefined) all.push(...judgeStreams(`${streams.streams} streams`, streams, STREAM_KIB))
  const open = translated?.find((p) => p.name === TRANSLATING.name)
  if (open !== undefined) all.push(...judgeStreams(`${open.streams} translated streams`, open, TRANSLATE_STREAM_KIB))
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
  if (accounts !== undefined) {
    const dearest = Math.max(...Object.values(accounts.selectUs).flatMap((us) => Object.values(us)))
    all.push(exact(`${accounts.accounts} logins: start`, accounts.startMs.median, ACCOUNTS_START_MS, 'ms'))
    all.push(exact(`${accounts.accounts} logins: dearest choice`, dearest, SELECT_US, 'µs'))
  }
  if (dashboard !== undefined) all.push(...judgeDashboard(dashboard))
  return all
}

function judgeDashboard({ listeners, firstPaintMs, scroll }: DashboardFigures): Judgement[] {
  const all: Judgement[] = []
  const page = listeners.find((l) => l.listeners === 1)
  if (page !== undefined)
    all.push(exact('an open dashboard: CPU added, of one core', page.addedCpu.median, OPEN_PAGE_CPU, ''))
  for (const { listeners: many, p99Ms } of listeners) {
    // Slices without anybody listening differ among themselves: that much says nothing.
    const noise = Math.round((p99Ms.without.max / p99Ms.without.median) * 100) / 100
    const ratio = p99Ms.with.median / p99Ms.without.median
    all.push(exact(`${many} open: p99 of requests against none`, ratio, Math.max(OPEN_PAGES_P99, noise), '×'))
  }
  all.push(
    exact(
      'open dashboards: failed requests',
      listeners.reduce((sum, l) => sum + l.errors, 0),
      0,
      '',
    ),
  )
  if (firstPaintMs !== undefined) all.push(exact('dashboard: first paint', firstPaintMs.median, FIRST_PAINT_MS, 'ms'))
  if (scroll !== undefined)
    all.push(exact(`dashboard: p95 of a frame, ${scroll.rows} rows`, scroll.p95Ms, FRAME_MS, 'ms'))
  return all
}

function judgeStreams(what: string, streams: PacedFigures, kib: number): Judgement[] {
  return [
    exact(`${what}: lost events`, streams.lostEvents + streams.broken, 0, ''),
    exact(`${what}: memory of each`, streams.kibPerStream, kib, 'KiB'),
  ]
}

function judgeTranslation(closed: readonly ClosedFigures[]): Judgement[] {
  const find = (name: string) => {
    const figures = closed.find((c) => c.case === name)
    const translating = figures?.candidates.find((c) => c.name === TRANSLATING.name)
    return figures === undefined || translating === undefined ? undefined : { figures, translating }
  }
  const whole = find('translate')
  const burst = find('translate-burst')
  if (whole === undefined) return []
  const ratio = whole.translating.ratios['gateway']!.median
  const verdict = whole.figures.conclusive ? judge(ratio, TRANSLATE_RATIO, noiseOf(whole.figures)) : 'inconclusive'
  const what = 'translate: CPU per request against pass-through'
  const all: Judgement[] = [{ what, figure: ratio, limit: TRANSLATE_RATIO, unit: '×', verdict }]
  if (burst !== undefined) {
    const figure = eventUs(whole.translating.cpuUs.median, burst.translating.cpuUs.median)
    const sure = whole.figures.conclusive && burst.figures.conclusive
    const noise = Math.max(noiseOf(whole.figures), noiseOf(burst.figures))
    all.push({
      what: 'translate-burst: CPU per event',
      figure,
      limit: TRANSLATE_EVENT_US,
      unit: 'µs',
      verdict: sure ? judge(figure, TRANSLATE_EVENT_US, noise) : 'inconclusive',
    })
  }
  return all
}

/** What one event of a burst costs, the request and the head of its answer taken off. */
export function eventUs(wholeUs: number, burstUs: number): number {
  return (burstUs - wholeUs) / BURST_DELTAS
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
