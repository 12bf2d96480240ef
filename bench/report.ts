/** Tables for people, in Markdown. */

import type { AccountsFigures } from './accounts-case.ts'
import { type Judgement, noiseOf } from './budgets.ts'
import type { ClosedFigures } from './closed-cases.ts'
import type { DashboardFigures } from './dashboard-case.ts'
import type { ProfileLine } from './profile.ts'
import type { StartFigures } from './start-case.ts'
import type { Summary } from './statistics.ts'
import type { Delays, FirstEventFigures, HeadOfLineFigures, PacedFigures } from './stream-cases.ts'

/** A number with three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map((_, i) => (i === 0 ? '---' : '--:'))) + rows.map(line).join('')
}

/** @param against whom the others are compared with. */
export function closedTable(title: string, figures: ClosedFigures, against = 'forwarder'): string {
  const rows = figures.candidates
    .toSorted((a, b) => a.cpuUs.median - b.cpuUs.median)
    .map((c) => {
      const ratio = c.ratios[against]
      const spread = ratio === undefined ? '1' : `${short(ratio.median)} [${short(ratio.min)}–${short(ratio.max)}]`
      return [
        c.name,
        short(c.cpuUs.lowerQuintile),
        short(c.cpuUs.median),
        spread,
        short(c.requestsPerSecond),
        short(c.p50Us / 1000),
        short(c.p99Us / 1000),
        short(c.residentMib),
        `${c.refused}`,
      ]
    })
  const head = [
    '',
    'CPU µs, lower fifth',
    'median',
    `× ${against} [range]`,
    'requests/s',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'slices refused',
  ]
  const noise = `Noise floor: two copies of the forwarder differ by ${short(noiseOf(figures) * 100)} %.`
  const doubt = figures.conclusive
    ? ''
    : '\n**Inconclusive: the machine is too loaded. These figures are of all slices, the refused ones too.**\n'
  return `### ${title}\n\n${table(head, rows)}\n${noise} ${figures.rounds} rounds.\n${doubt}`
}

const three = ({ p50, p99, max }: Delays) => `${short(p50)} / ${short(p99)} / ${short(max)}`

export function pacedTable(figures: readonly PacedFigures[], title = 'paced streams'): string {
  const rows = figures.map((f) => [
    f.name,
    `${f.complete} of ${f.streams}`,
    `${f.lostEvents}`,
    short(f.cpuUsPerEvent),
    short(f.warmMib),
    short(f.peakMib),
    short(f.kibPerStream),
    three(f.firstMs),
    three(f.delayMs),
  ])
  const head = [
    '',
    'complete',
    'events lost',
    'CPU µs/event',
    'RSS MiB before',
    'at most',
    'KiB a stream',
    'first event ms (p50/p99/max)',
    'delay of an event ms',
  ]
  return `### ${figures[0]?.streams} ${title}\n\n${table(head, rows)}`
}

export function firstEventTable(figures: readonly FirstEventFigures[]): string {
  const rows = figures.map((f) => [
    f.name,
    three(f.firstMs),
    three(f.addedMs),
    three(f.delayMs),
    `${short(f.fortyMsShare * 100)} %`,
    f.buckets.join(' '),
  ])
  const head = [
    '',
    'first event ms (p50/p99/max)',
    'added',
    'delay of an event ms',
    '20 to 60 ms',
    'delays in buckets of 5 ms',
  ]
  return `### Time to first event\n\n${table(head, rows)}`
}

export function headOfLineTable(figures: readonly HeadOfLineFigures[]): string {
  const rows = figures.map((f) => [
    f.name,
    three(f.alone),
    three(f.beside),
    `${f.besideRequests}`,
    `${f.lostEvents + f.besideErrors}`,
  ])
  const head = ['', 'delay of an event ms, alone (p50/p99/max)', 'beside large bodies', 'large requests', 'lost']
  return `### Small streams beside 400 KB bodies\n\n${table(head, rows)}`
}

export function startTable(figures: StartFigures): string {
  const rows = [
    [
      figures.command,
      short(figures.cpuMs.min),
      short(figures.cpuMs.median),
      short(figures.wallMs.median),
      short(figures.coldCpuMs),
    ],
    ['node -e 0', short(figures.nodeCpuMs.min), short(figures.nodeCpuMs.median), '', ''],
  ]
  const head = ['', 'CPU ms, min', 'median', 'wall ms, median', 'CPU ms of the very first start']
  return `### Start to first answer\n\n${table(head, rows)}`
}

export function accountsTable({ accounts, startMs, startCpuMs, selectUs, kibPerAccount }: AccountsFigures): string {
  const rows = Object.entries(selectUs).map(([strategy, { calm, resting, full, kept }]) => [
    strategy,
    ...[calm, resting, full, kept].map(short),
  ])
  const head = ['strategy', 'CPU µs of a choice', 'a third resting', 'half full', 'of a known conversation']
  return `### ${accounts} logins

Start: ${short(startMs.median)} ms wall clock (median), ${short(startCpuMs.median)} ms CPU; ${short(kibPerAccount)} KiB of heap each.

${table(head, rows)}`
}

const spread = ({ median, min, max }: Summary): string => `${short(median)} [${short(min)}–${short(max)}]`

export function dashboardTable({ listeners, firstPaintMs, scroll, noBrowser }: DashboardFigures): string {
  const rows = listeners.map((l) => [
    `${l.listeners}`,
    `${l.perSecond}`,
    `${short(l.cpu.median * 100)} %`,
    `${short(l.addedCpu.median * 100)} % [${short(l.addedCpu.min * 100)}–${short(l.addedCpu.max * 100)}]`,
    `${spread(l.p99Ms.without)} / ${spread(l.p99Ms.with)}`,
    short(l.kibEach),
    `${l.errors}`,
  ])
  const head = [
    'listeners',
    'requests/s',
    'CPU of a core without',
    'added [range]',
    'p99 ms without / with [range]',
    'KiB each',
    'errors',
  ]
  const seen =
    noBrowser ??
    `First paint: ${short(firstPaintMs?.median ?? Number.NaN)} ms (median), ${short(firstPaintMs?.max ?? Number.NaN)} at most. Frames while ${scroll?.rows} rows scroll by: ${short(scroll?.p50Ms ?? Number.NaN)} / ${short(scroll?.p95Ms ?? Number.NaN)} / ${short(scroll?.maxMs ?? Number.NaN)} ms (p50/p95/max), ${scroll?.over50Ms} of ${scroll?.frames} over 50 ms.`
  return `### An open dashboard\n\n${table(head, rows)}\n${seen}\n`
}

export function judgementTable(judgements: readonly Judgement[]): string {
  const rows = judgements.map((j) => [j.what, `${short(j.figure)} ${j.unit}`, `≤ ${j.limit} ${j.unit}`, j.verdict])
  return `### Budgets\n\n${table(['', 'measured', 'budget', ''], rows)}`
}

const PROFILE_LINES = 25

export function profileTable(title: string, lines: readonly ProfileLine[]): string {
  const rows = lines
    .slice(0, PROFILE_LINES)
    .map((l) => [`\`${l.where.replaceAll('|', '¦')}\``, `${l.self.toFixed(1)} %`])
  return `### Profile of the gateway: ${title}\n\n${table(['function', 'self time'], rows)}`
}
