/**
 * A strict reader of the Prometheus text format 0.0.4, written from its specification
 * (https://prometheus.io/docs/instrumenting/exposition_formats/): it takes no line that a scrape could refuse.
 */
export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}
export interface Family {
  name: string
  type: string
  help: string
  samples: Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/** @throws {Error} with the line that breaks a rule. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  if (/\r|\0/.test(text) || !text.isWellFormed()) throw new Error('a character that may not be')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current: Family | undefined
  const closed = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`)
    }
    if (line === '') continue
    if (line.startsWith('#')) {
      const found = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(line)
      if (found === null) {
        if (/^#\s*(?:HELP|TYPE)\b/.test(line)) fail('a malformed comment')
        continue
      }
      const [, kind, name, rest = ''] = found as unknown as [string, string, string, string?]
      if (NAME.exec(name)?.[0] !== name) fail('not a metric name')
      if (current?.name !== name) {
        if (current !== undefined) closed.add(current.name)
        if (closed.has(name)) fail('a family in two places')
        current = { name, type: '', help: '', samples: [] }
        families.set(name, current)
      }
      if (current.samples.length > 0) fail('a comment behind its samples')
      if (kind === 'HELP') {
        if (current.help !== '') fail('a second HELP')
        if (/\\(?![\\n])/.test(rest)) fail('an unknown escape')
        current.help = rest
      } else {
        if (current.type !== '') fail('a second TYPE')
        if (!TYPES.has(rest)) fail('an unknown type')
        current.type = rest
      }
      continue
    }
    const sample = readSample(line, fail)
    const family = current!
    if (family === undefined || family.type === '') fail('a sample before its TYPE')
    const base = family.type === 'histogram' ? sample.name.replace(/_(?:bucket|sum|count)$/, '') : sample.name
    if (base !== family.name) fail('a sample outside of its family')
    const series = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
    if (seen.has(series)) fail('a series twice')
    seen.add(series)
    if (family.type === 'counter' && !(sample.value >= 0)) fail('a counter below 0')
    family.samples.push(sample)
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function readSample(line: string, fail: (why: string) => never): Sample {
  const name = NAME.exec(line)?.[0] ?? fail('no metric name')
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = LABEL.exec(rest)?.[0] ?? fail('no label name')
      rest = rest.slice(label.length)
      if (!rest.startsWith('="')) fail('no label value')
      const found = /^="((?:[^"\\\n]|\\[\\"n])*)"/.exec(rest) ?? fail('a broken label value')
      if (label in labels) fail('a label twice')
      labels[label] = found[1]!.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c))
      rest = rest.slice(found[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) fail('no comma between labels')
    }
    rest = rest.slice(1)
  }
  const found = /^ ([+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?: -?\d+)?$/.exec(rest) ?? fail('no value')
  const value = Number(found[1]!.replace('Inf', 'Infinity'))
  return { name, labels, value }
}

/** Buckets are cumulative, end with +Inf, and that one is the count. */
function checkHistogram({ name, samples }: Family): void {
  const rows = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest))
  for (const [labels, row] of rows) {
    const buckets = row.filter((s) => s.name === `${name}_bucket`)
    const count = row.find((s) => s.name === `${name}_count`)
    if (count === undefined || !row.some((s) => s.name === `${name}_sum`))
      throw new Error(`${name}${labels}: no sum or count`)
    let last = Number.NEGATIVE_INFINITY
    let below = 0
    for (const { labels: of, value } of buckets) {
      const le = Number(of['le']!.replace('Inf', 'Infinity'))
      if (!(le > last) || value < below) throw new Error(`${name}${labels}: buckets out of order`)
      last = le
      below = value
    }
    if (last !== Infinity || below !== count.value) throw new Error(`${name}${labels}: +Inf is not the count`)
  }
}

/** Sum of the samples of a family that have these labels. */
export function sumOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.get(name)
  if (family === undefined) throw new Error(`no family ${name}`)
  return family.samples
    .filter((s) => Object.entries(labels).every(([label, value]) => s.labels[label] === value))
    .reduce((sum, s) => sum + s.value, 0)
}
