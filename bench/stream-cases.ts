/** Cases of paced streams: many at once, the delay of each event, and small streams beside large requests. */
import { type Candidate, forwarder, type Starter } from './candidates.ts'
import { checkFaithful, type Field, openField, residentMib } from './field.ts'
import type { Streams, StreamsResult } from './load.ts'
import { cpuNs } from './machine.ts'
import { fortyMsShare, histogram, quantile } from './statistics.ts'

export interface PacedEffort {
  streams: number
  events: number
  everyMs: number
  staggerMs: number
  warmRequests: number
}

export interface PacedFigures {
  name: string
  streams: number
  complete: number
  broken: number
  lostEvents: number
  events: number
  /** CPU time per event, the requests' share included. */
  cpuUsPerEvent: number
  warmMib: number
  peakMib: number
  kibPerStream: number
  firstMs: Delays
  delayMs: Delays
}

export interface Delays {
  p50: number
  p99: number
  max: number
}

const SAMPLE_MS = 200

/** Many streams at once, one candidate after another. */
export async function runPaced(
  starters: readonly Starter[],
  effort: PacedEffort,
  tell: (text: string) => void,
): Promise<PacedFigures[]> {
  const all: PacedFigures[] = []
  // A process of its own for each, so that no other one's memory or timers stand beside it.
  for (const starter of [undefined, ...starters]) {
    const field = await openField(starter === undefined ? [] : [starter])
    try {
      const candidate = field.candidates.at(-1)!
      tell(`streams: ${candidate.name}`)
      await warm(field, candidate, effort.warmRequests)
      all.push(await pacedFigures(field, candidate, effort))
    } finally {
      await field.close()
    }
  }
  return all
}

async function warm(field: Field, { target }: Candidate, requests: number): Promise<void> {
  await checkFaithful(field, field.candidates.at(-1)!, 2_000)
  await field.load.call('closedLoop', {
    target,
    model: 'mock-burst',
    bytes: 2_000,
    stream: true,
    connections: 32,
    requests,
    ms: 4_000,
  })
}

async function pacedFigures(field: Field, candidate: Candidate, effort: PacedEffort): Promise<PacedFigures> {
  const warmMib = residentMib(candidate)
  const before = cpuNs(candidate.pid) ?? Number.NaN
  let peakMib = warmMib
  const sampler = setInterval(() => {
    peakMib = Math.max(peakMib, residentMib(candidate))
  }, SAMPLE_MS)
  const result = await streams(field, candidate, { ...effort, count: effort.streams, bodyBytes: 2_000 })
  clearInterval(sampler)
  const ran = (cpuNs(candidate.pid) ?? Number.NaN) - before
  return {
    name: candidate.name,
    streams: effort.streams,
    complete: result.complete,
    broken: result.broken,
    lostEvents: result.lostEvents,
    events: result.events,
    cpuUsPerEvent: ran / 1000 / Math.max(1, result.events),
    warmMib,
    peakMib,
    kibPerStream: ((peakMib - warmMib) * 1024) / effort.streams,
    firstMs: delays(result.firstMs),
    delayMs: delays(result.delayMs),
  }
}

function streams({ load }: Field, { target }: Candidate, wanted: Omit<Streams, 'target'>): Promise<StreamsResult> {
  return load.call<StreamsResult>('streams', { ...wanted, target })
}

function delays(values: readonly number[]): Delays {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) }
}

export interface FirstEventEffort {
  rounds: number
  streams: number
  warmRequests: number
}

export interface FirstEventFigures {
  name: string
  firstMs: Delays
  /** The same, less what it is without anybody between. */
  addedMs: Delays
  delayMs: Delays
  /** Counts of all delays in buckets of 5 ms. */
  buckets: number[]
  /** Share of the delays between 20 and 60 ms. */
  fortyMsShare: number
}

/**
 * The time to the first event and the delay of those that follow on its heels, a few streams at a time. A forwarder that
 * leaves Nagle's algorithm on runs beside, to show that the search finds what it looks for.
 */
export async function runFirstEvent(
  starters: readonly Starter[],
  effort: FirstEventEffort,
  tell: (text: string) => void,
): Promise<FirstEventFigures[]> {
  const control = forwarder({ name: 'control: Nagle left on', nagle: true })
  const field = await openField([...starters, control])
  const results = new Map<string, { first: number[]; delay: number[] }>()
  try {
    tell('first-event: warming up')
    for (const candidate of field.candidates)
      await field.load.call('closedLoop', {
        target: candidate.target,
        model: 'mock-burst',
        bytes: 2_000,
        stream: true,
        connections: 8,
        requests: effort.warmRequests,
        ms: 4_000,
      })
    for (let round = 0; round < effort.rounds; round += 1)
      for (const candidate of field.candidates) {
        // A few at a time: enough for a figure, too few to queue.
        const result = await streams(field, candidate, {
          count: effort.streams,
          events: 6,
          everyMs: 4,
          staggerMs: 6,
          bodyBytes: 2_000,
        })
        if (result.broken > 0) throw new Error(`${candidate.name} broke ${result.broken} streams`)
        const before = results.get(candidate.name) ?? { first: [], delay: [] }
        before.first.push(...result.firstMs)
        before.delay.push(...result.delayMs)
        results.set(candidate.name, before)
      }
  } finally {
    await field.close()
  }
  const base = delays(results.get('direct')!.first)
  return [...results].map(([name, { first, delay }]) => {
    const own = delays(first)
    const both = [...first, ...delay]
    return {
      name,
      firstMs: own,
      addedMs: { p50: own.p50 - base.p50, p99: own.p99 - base.p99, max: own.max - base.max },
      delayMs: delays(delay),
      buckets: histogram(both, 5, 13),
      fortyMsShare: fortyMsShare(both),
    }
  })
}

export interface HeadOfLineEffort {
  rounds: number
  streams: number
  events: number
  everyMs: number
  besideBytes: number
  besideEveryMs: number
  warmRequests: number
}

export interface HeadOfLineFigures {
  name: string
  /** Delay of the streams' events without the large requests, and with them. */
  alone: Delays
  beside: Delays
  besideRequests: number
  besideErrors: number
  lostEvents: number
}

/** Small streams beside large requests: whether parsing one client's long conversation holds up everybody's words. */
export async function runHeadOfLine(
  starters: readonly Starter[],
  effort: HeadOfLineEffort,
  tell: (text: string) => void,
): Promise<HeadOfLineFigures[]> {
  const field = await openField(starters)
  const figures = new Map<
    string,
    { alone: number[]; beside: number[]; requests: number; errors: number; lost: number }
  >()
  try {
    for (const candidate of field.candidates) {
      await checkFaithful(field, candidate, effort.besideBytes)
      await field.load.call('closedLoop', {
        target: candidate.target,
        model: 'mock-json',
        bytes: effort.besideBytes,
        stream: false,
        connections: 4,
        requests: Math.ceil(effort.warmRequests / 10),
        ms: 4_000,
      })
    }
    const wanted = {
      count: effort.streams,
      events: effort.events,
      everyMs: effort.everyMs,
      staggerMs: effort.everyMs / effort.streams,
      bodyBytes: 2_000,
    }
    const beside = { bytes: effort.besideBytes, everyMs: effort.besideEveryMs }
    for (let round = 0; round < effort.rounds; round += 1)
      for (const candidate of field.candidates) {
        tell(`head-of-line: ${candidate.name}, round ${round + 1} of ${effort.rounds}`)
        const alone = await streams(field, candidate, wanted)
        const with_ = await streams(field, candidate, { ...wanted, beside })
        const sum = figures.get(candidate.name) ?? { alone: [], beside: [], requests: 0, errors: 0, lost: 0 }
        sum.alone.push(...alone.delayMs)
        sum.beside.push(...with_.delayMs)
        sum.requests += with_.besideRequests
        sum.errors += with_.besideErrors
        sum.lost += alone.lostEvents + with_.lostEvents
        figures.set(candidate.name, sum)
      }
  } finally {
    await field.close()
  }
  return [...figures].map(([name, sum]) => ({
    name,
    alone: delays(sum.alone),
    beside: delays(sum.beside),
    besideRequests: sum.requests,
    besideErrors: sum.errors,
    lostEvents: sum.lost,
  }))
}
