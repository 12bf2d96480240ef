/** Charts drawn as SVG. Each has a text alternative; the bar chart can be walked through with the arrow keys. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { count, day, duration, niceScale, plural, shortTime } from '../lib/format.ts'
import { Scroll } from './basic.tsx'

/** A line without axes beside a figure. `words`: what it shows. */
export function Sparkline({
  values: known,
  words,
  tone,
}: {
  /** Undefined: nothing to measure then; the line goes on where it was. */
  values: readonly (number | undefined)[]
  words: string
  tone?: 'bad'
}) {
  let last = known.find((v) => v !== undefined)
  const values = known.map((v) => {
    last = v ?? last
    return last ?? 0
  })
  const top = Math.max(...values, 1e-9)
  const points = values.map(
    (v, i) => `${((i / Math.max(1, values.length - 1)) * 100).toFixed(2)},${(26 - (v / top) * 23).toFixed(2)}`,
  )
  const d = points.length === 0 ? '' : `M${points.join('L')}`
  return (
    <svg
      class={`spark ${values.every((v) => v === 0) ? 'tone-none' : tone === 'bad' ? 'tone-bad' : ''}`}
      viewBox="0 0 100 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      {d !== '' && <path class="area" d={`${d}L100,28L0,28Z`} />}
      {d !== '' && <path class="stroke" d={d} />}
    </svg>
  )
}

export interface Bar {
  /** Start of the bucket, ms since the epoch. */
  at: number
  value: number
  /** Part of `value` that failed. */
  bad: number
  averageLatencyMs?: number
}

const HEIGHT = 188
const LEFT = 44
const FOOT = 22
const ROOF = 10
/** Of a bar, in px: wider ones look like areas. */
const WIDEST = 56

/** Requests over time. Hover, tap or the arrow keys tell time and count of a bar. */
export function VolumeChart({ bars, bucketMs, title }: { bars: readonly Bar[]; bucketMs: number; title: string }) {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(640)
  const [at, setAt] = useState<number | undefined>()
  useEffect(() => {
    const node = ref.current
    if (node === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry!.contentRect.width))))
    observer.observe(node)
    return () => observer.disconnect()
  }, [])
  const highest = bars.reduce((most, b) => Math.max(most, b.value), 0)
  const { top, ticks } = niceScale(highest)
  const plot = { width: width - LEFT, height: HEIGHT - FOOT - ROOF }
  const step = plot.width / Math.max(1, bars.length)
  const y = (value: number) => ROOF + plot.height - (value / top) * plot.height
  const long = bucketMs * bars.length > 26 * 3_600_000
  const label = (time: number) =>
    long ? `${day(time)}${bucketMs < 86_400_000 ? ` ${shortTime(time)}` : ''}` : shortTime(time)
  const tell = (b: Bar) =>
    `${label(b.at)}: ${plural(b.value, 'request')}, ${b.bad === 0 ? 'no errors' : plural(b.bad, 'error')}${b.averageLatencyMs === undefined ? '' : `, ${duration(b.averageLatencyMs)} on average`}`
  const labels = Math.max(2, Math.min(7, Math.floor(plot.width / (long ? 120 : 80))))
  const chosen = at === undefined ? undefined : bars[at]
  const find = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect()
    const x = event.clientX - box.left - LEFT
    setAt(x < 0 ? undefined : Math.min(bars.length - 1, Math.floor(x / step)))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const last = bars.length - 1
    const now = at ?? last
    const to = {
      ArrowLeft: now - 1,
      ArrowDown: now - 1,
      ArrowRight: now + 1,
      ArrowUp: now + 1,
      PageDown: now - 10,
      PageUp: now + 10,
      Home: 0,
      End: last,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    setAt(Math.max(0, Math.min(last, to)))
  }
  const total = bars.reduce((sum, b) => sum + b.value, 0)
  const bad = bars.reduce((sum, b) => sum + b.bad, 0)
  const tipLeft =
    chosen === undefined ? 0 : Math.min(Math.max(0, LEFT + (at! + 0.5) * step - 96), Math.max(0, width - 200))
  return (
    <figure class="chart" ref={ref}>
      <figcaption class="sr">
        {title}: {plural(total, 'request')}, {plural(bad, 'error')}; highest {count(highest)} in one bar.
      </figcaption>
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${title}, one bar at a time`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, bars.length - 1)}
        aria-valuenow={at ?? Math.max(0, bars.length - 1)}
        aria-valuetext={bars.length === 0 ? 'no data' : tell(chosen ?? bars.at(-1)!)}
        onKeyDown={onKeyDown}
        onFocus={() => at === undefined && setAt(bars.length - 1)}
        onBlur={() => setAt(undefined)}
      >
        <svg
          viewBox={`0 0 ${width} ${HEIGHT}`}
          aria-hidden="true"
          onPointerMove={find}
          onPointerDown={find}
          onPointerLeave={() => setAt(undefined)}
        >
          {ticks.map((t) => (
            <g key={t}>
              <line class="grid" x1={LEFT} x2={width} y1={Math.round(y(t)) + 0.5} y2={Math.round(y(t)) + 0.5} />
              <text x={LEFT - 8} y={y(t) + 4} text-anchor="end">
                {count(t)}
              </text>
            </g>
          ))}
          {at !== undefined && <rect class="at" x={LEFT + at * step} y={ROOF} width={step} height={plot.height} />}
          {bars.map((b, i) => {
            const gap = step > 5 ? Math.min(3, step * 0.2) : 0.5
            const wide = Math.min(WIDEST, Math.max(0.5, step - gap))
            const x = LEFT + i * step + (step - wide) / 2
            const fine = b.value - b.bad
            return (
              <g key={b.at}>
                {fine > 0 && (
                  <rect
                    class={`bar ${i === at ? 'hot' : ''}`}
                    x={x}
                    y={y(fine)}
                    width={wide}
                    height={Math.max(1, y(0) - y(fine))}
                    rx={Math.min(2, wide / 3)}
                  />
                )}
                {b.bad > 0 && (
                  <rect
                    class="bar-bad"
                    x={x}
                    y={Math.min(y(b.value), y(fine) - 2)}
                    width={wide}
                    height={Math.max(2, y(fine) - y(b.value))}
                    rx={Math.min(2, wide / 3)}
                  />
                )}
              </g>
            )
          })}
          {bars.length > 0 &&
            Array.from({ length: labels }, (_, i) => {
              const index = Math.round((i / (labels - 1)) * (bars.length - 1))
              // The outer ones stand at the edges, unless their bars are wide enough to carry them.
              const edge = step > 76 ? undefined : i === 0 ? 'start' : i === labels - 1 ? 'end' : undefined
              const anchor = edge ?? 'middle'
              const x = edge === undefined ? LEFT + (index + 0.5) * step : edge === 'start' ? LEFT : width
              return (
                <text key={i} x={x} y={HEIGHT - 5} text-anchor={anchor}>
                  {label(bars[index]!.at)}
                </text>
              )
            })}
        </svg>
      </div>
      {chosen !== undefined && (
        <div class="tip" style={{ transform: `translateX(${Math.round(tipLeft)}px)` }} aria-hidden="true">
          <span class="strong">{label(chosen.at)}</span> · {plural(chosen.value, 'request')}
          {chosen.bad > 0 && <span class="bad"> · {plural(chosen.bad, 'error')}</span>}
          {chosen.averageLatencyMs !== undefined && <span class="muted"> · {duration(chosen.averageLatencyMs)}</span>}
        </div>
      )}
    </figure>
  )
}

/** What stands below a chart: what its colours mean, and the same numbers as a table. */
export function ChartFoot({ bars, title }: { bars: readonly Bar[]; title: string }) {
  return (
    <div class="chart-foot">
      <div class="legend">
        <span>
          <i class="swatch" /> answered
        </span>
        <span>
          <i class="swatch bad" /> failed
        </span>
      </div>
      <ChartTable bars={bars} title={title} />
    </div>
  )
}

/** For those who rather read. */
function ChartTable({ bars, title }: { bars: readonly Bar[]; title: string }) {
  const busy = bars.filter((b) => b.value > 0).toReversed()
  return (
    <details class="small">
      <summary class="muted">Show as a table</summary>
      <Scroll name={`${title}, as a table`} height="240px">
        <table class="table">
          <caption class="sr">{title}</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" class="num">
                Requests
              </th>
              <th scope="col" class="num">
                Errors
              </th>
            </tr>
          </thead>
          <tbody>
            {busy.map((b) => (
              <tr key={b.at}>
                <td class="tab">
                  {day(b.at)} {shortTime(b.at)}
                </td>
                <td class="num">{count(b.value)}</td>
                <td class="num">{count(b.bad)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  )
}
