/**
 * Metric families and the Prometheus text format, version 0.0.4. Hot counters are plain fields of objects that live in
 * bounded tables; texts are built only when somebody scrapes.
 */

export type Labels = Readonly<Record<string, string>>
export interface Sample {
  labels?: Labels
  value: number
  /** Appended to the family's name: `_bucket`, `_sum`, `_count`. */
  suffix?: string
}
export type MetricType = 'counter' | 'gauge' | 'histogram'

interface Family {
  name: string
  type: MetricType
  help: string
  read: () => Iterable<Sample>
}

export interface Registry {
  /** A family whose samples are read at each scrape. A name can be taken once. */
  add(type: MetricType, name: string, help: string, read: () => Iterable<Sample>): void
  render(): string
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

export function createRegistry(): Registry {
  const families = new Map<string, Family>()
  return {
    add(type, name, help, read) {
      if (!NAME.test(name)) throw new Error(`not a metric name: ${name}`)
      if (families.has(name)) throw new Error(`the metric ${name} exists already`)
      families.set(name, { name, type, help, read })
    },
    render() {
      let text = ''
      for (const family of families.values()) text += renderFamily(family)
      return text
    },
  }
}

function renderFamily({ name, type, help, read }: Family): string {
  let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`
  // A series may stand once; of two with the same labels the first one wins. A reader that throws loses its own samples.
  const seen = new Set<string>()
  try {
    for (const { labels, value, suffix = '' } of read()) {
      const series = `${name}${suffix}${renderLabels(labels)}`
      if (seen.has(series)) continue
      seen.add(series)
      text += `${series} ${renderValue(value)}\n`
    }
  } catch {
    return text
  }
  return text
}

export function renderLabels(labels: Labels | undefined): string {
  if (labels === undefined) return ''
  let text = ''
  for (const [name, value] of Object.entries(labels)) {
    if (LABEL.test(name)) text += `${text === '' ? '' : ','}${name}="${escapeLabel(value)}"`
  }
  return text === '' ? '' : `{${text}}`
}

function escapeLabel(value: string): string {
  return String(value).toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function escapeHelp(help: string): string {
  return help.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

export function renderValue(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

/** A histogram with fixed upper bounds (ascending, without +Inf). */
export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    // A clock that was set back must not spoil the sum.
    const sane = Number.isFinite(value) ? Math.max(0, value) : 0
    const bounds = this.bounds
    let at = 0
    while (at < bounds.length && sane > bounds[at]!) at++
    this.#counts[at]! += 1
    this.#sum += sane
  }

  get count(): number {
    let count = 0
    for (const n of this.#counts) count += n
    return count
  }

  get sum(): number {
    return this.#sum
  }

  *samples(labels: Labels): Iterable<Sample> {
    let below = 0
    for (const [at, bound] of this.bounds.entries()) {
      below += this.#counts[at]!
      yield { suffix: '_bucket', labels: { ...labels, le: renderValue(bound) }, value: below }
    }
    below += this.#counts[this.bounds.length]!
    yield { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: below }
    yield { suffix: '_sum', labels, value: this.#sum }
    yield { suffix: '_count', labels, value: below }
  }
}
