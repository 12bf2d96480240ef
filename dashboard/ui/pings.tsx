/** The history of pings as bars, with a scale, its span of time, and the one that is pointed at. */
import { useState } from 'preact/hooks'
import { duration, timeOfDay } from '../lib/format.ts'
import { Time } from './basic.tsx'

export interface Ping {
  /** ms since the epoch. */
  at: number
  /** Round trip; undefined: nothing came back. */
  ms: number | undefined
}

/** Loopback answers in less than a millisecond or a few: one decimal tells them apart. */
export const roundTrip = (ms: number | undefined) =>
  ms === undefined ? '–' : ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms)

export function PingChart({ list, words }: { list: readonly Ping[]; words: string }) {
  const [at, setAt] = useState<number>()
  const top = Math.max(1, ...list.map((p) => p.ms ?? 0))
  const shown = at === undefined ? undefined : list[at]
  const first = list[0]
  return (
    // As wide as its bars, so that its span of time stands below them.
    <figure class="stack-sm" style={{ width: `max(160px, min(100%, ${list.length * 16}px))` }}>
      <div class="pings-scale" aria-hidden="true">
        <span>{roundTrip(top)}</span>
        <span>
          {shown !== undefined &&
            `${timeOfDay(shown.at)}: ${shown.ms === undefined ? 'no answer' : roundTrip(shown.ms)}`}
        </span>
      </div>
      <div class="pings" role="img" aria-label={words} onPointerLeave={() => setAt(undefined)}>
        {list.map((p, i) => (
          <span key={p.at} data-hot={i === at} onPointerEnter={() => setAt(i)} onPointerDown={() => setAt(i)}>
            <i
              class={p.ms === undefined ? 'bad' : ''}
              style={{ height: p.ms === undefined ? '100%' : `${Math.max(4, (p.ms / top) * 100)}%` }}
            />
          </span>
        ))}
      </div>
      <div class="pings-scale" aria-hidden="true">
        <span>{first !== undefined && <Time at={first.at} as="gap" fine />}</span>
        <span>{list.length > 1 && <Time at={list.at(-1)!.at} as="gap" fine />}</span>
      </div>
    </figure>
  )
}
