import {
  asNumber,
  asText,
  bound,
  type Dialect,
  type Operation,
  optional,
  type Param,
  pieces,
  places,
  type Row,
  statement,
  type Value,
} from '../statement.ts'
import type { UsageColumn, UsageFilter, UsageRow, UsageTotals } from '../store.ts'

/** Most rows dropped in one transaction: others get their turn between two. */
const PRUNE_STEP = 2000

/** The columns by which usage is grouped and filtered; only these names ever come into SQL. */
const DIMENSIONS: Record<UsageColumn, string> = {
  clientKey: 'client_key',
  protocol: 'protocol',
  endpoint: 'endpoint',
  requestedModel: 'requested_model',
  servedModel: 'served_model',
  category: 'category',
  provider: 'provider',
  account: 'account',
  lane: 'lane',
  status: 'status',
  failure: 'failure',
}
const NUMBERS = {
  final: 'final',
  attempts: 'attempts',
  latencyMs: 'latency_ms',
} as const
const OPTIONAL_NUMBERS = {
  firstEventMs: 'first_event_ms',
  inputTokens: 'input_tokens',
  cacheReadTokens: 'cache_read_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  outputTokens: 'output_tokens',
  reasoningTokens: 'reasoning_tokens',
  costMicros: 'cost_micros',
} as const

const COLUMNS = [
  'id',
  'at',
  ...Object.values(DIMENSIONS),
  ...Object.values(NUMBERS),
  ...Object.values(OPTIONAL_NUMBERS),
  'dropped',
]
const SELECT = `SELECT ${COLUMNS.map((name) => `u.${name}`).join(', ')}, COALESCE(d.detail, '') AS detail`
const WITH_DETAIL = 'LEFT JOIN lp_usage_detail d ON d.at = u.at AND d.id = u.id'

const entries = <T extends object>(object: T) => Object.entries(object) as [keyof T & string, string][]

function usage(row: Row): UsageRow {
  const dimensions = entries(DIMENSIONS).map(([field, column]): [string, Value] => [field, row[column] ?? ''])
  const numbers = entries(NUMBERS).map(([field, column]): [string, Value] => [field, asNumber(row[column])])
  const options = entries(OPTIONAL_NUMBERS).map(([field, column]) => optional(field, row[column]))
  return {
    id: asText(row['id']),
    at: asNumber(row['at']),
    ...Object.fromEntries([...dimensions, ...numbers]),
    ...Object.assign({}, ...options),
    dropped: asText(row['dropped']),
    detail: asText(row['detail']),
  } as UsageRow
}

/**
 * Usage as it is handed to an engine: all texts of all rows as one, and their numbers. One of each crosses to SQLite's
 * thread for a third of what the rows would cost.
 */
export interface PackedUsage {
  /** `TEXTS` of each row in turn, NUL between all of them. No text of ours holds one: Postgres would refuse it (`bound`). */
  texts: string
  /** `FIGURES` of each row in turn; NaN for one that is absent. */
  numbers: Float64Array
}

/** How many texts and how many numbers a row has; `packUsage` and `valuesAt` write them out, as they run for every call. */
const TEXTS = 13
const FIGURES = 12

/** Packs rows. */
export function packUsage(rows: readonly UsageRow[]): PackedUsage {
  const texts: string[] = []
  const numbers = new Float64Array(rows.length * FIGURES)
  let at = 0
  for (const row of rows) {
    texts.push(row.id, row.clientKey, row.protocol, row.endpoint, row.requestedModel, row.servedModel, row.category)
    texts.push(row.provider, row.account, row.lane, row.failure, row.dropped, row.detail)
    numbers[at] = figure(row.at)
    numbers[at + 1] = figure(row.status)
    numbers[at + 2] = figure(row.final)
    numbers[at + 3] = figure(row.attempts)
    numbers[at + 4] = figure(row.latencyMs)
    numbers[at + 5] = figure(row.firstEventMs)
    numbers[at + 6] = figure(row.inputTokens)
    numbers[at + 7] = figure(row.cacheReadTokens)
    numbers[at + 8] = figure(row.cacheWriteTokens)
    numbers[at + 9] = figure(row.outputTokens)
    numbers[at + 10] = figure(row.reasoningTokens)
    numbers[at + 11] = figure(row.costMicros)
    at += FIGURES
  }
  const clean = texts.some((text) => text.includes(NUL)) ? texts.map((text) => bound(text)) : texts
  return { texts: clean.join(NUL), numbers }
}

const NUL = '\0'

/** As `bound` has it, but for what is absent. */
const figure = (n: number | undefined): number => (n === undefined ? Number.NaN : (bound(n) as number))

/** A packed row's values in the order of `COLUMNS`, and its detail. */
function valuesAt(texts: readonly string[], numbers: Float64Array, row: number): [values: Param[], detail: string] {
  const t = row * TEXTS
  const n = row * FIGURES
  const text = (i: number) => texts[t + i]!
  const number = (i: number) => numbers[n + i]!
  const maybe = (i: number) => (Number.isNaN(numbers[n + i]) ? null : numbers[n + i]!)
  const values = [
    text(0),
    number(0),
    text(1),
    text(2),
    text(3),
    text(4),
    text(5),
    text(6),
    text(7),
    text(8),
    text(9),
    number(1),
    text(10),
    number(2),
    number(3),
    number(4),
    maybe(5),
    maybe(6),
    maybe(7),
    maybe(8),
    maybe(9),
    maybe(10),
    maybe(11),
    text(11),
  ]
  return [values, text(12)]
}

const INSERT = `INSERT INTO lp_usage (${COLUMNS.join(', ')}) VALUES `
const INSERT_DETAIL = 'INSERT INTO lp_usage_detail (at, id, detail) VALUES '
const UNLESS_THERE = ' ON CONFLICT DO NOTHING'
const INSERT_ONE = INSERT + places(1, COLUMNS.length) + UNLESS_THERE
const INSERT_ONE_DETAIL = INSERT_DETAIL + places(1, 3) + UNLESS_THERE

/**
 * A row whose id is there already is left as it was: writers may send a batch again whose fate they do not know. SQLite
 * takes row by row in one transaction, as it gains nothing from longer statements; to Postgres each one is a journey.
 */
export function* appendUsage({ engine }: Dialect, given: readonly UsageRow[] | PackedUsage): Operation<void> {
  const { texts, numbers } = 'texts' in given ? given : packUsage(given)
  const split = texts.split(NUL)
  const count = numbers.length / FIGURES
  if (engine === 'sqlite') {
    for (let row = 0; row < count; row += 1) {
      const [values, detail] = valuesAt(split, numbers, row)
      yield { sql: INSERT_ONE, params: values }
      if (detail !== '') yield { sql: INSERT_ONE_DETAIL, params: [values[1], values[0], detail] }
    }
    return
  }
  const rows = Array.from({ length: count }, (_, row) => valuesAt(split, numbers, row))
  for (const piece of pieces(rows))
    yield statement(
      INSERT + places(piece.length, COLUMNS.length) + UNLESS_THERE,
      ...piece.flatMap(([values]) => values),
    )
  for (const piece of pieces(rows.filter(([, detail]) => detail !== '')))
    yield statement(
      INSERT_DETAIL + places(piece.length, 3) + UNLESS_THERE,
      ...piece.flatMap(([values, detail]) => [values[1], values[0], detail]),
    )
}

/** The conditions of a filter; their parameters are pushed to `params`. */
function conditions(filter: UsageFilter, params: Param[]): string[] {
  const place = (value: Param) => `$${params.push(value)}`
  const all: string[] = []
  if (filter.from !== undefined) all.push(`u.at >= ${place(filter.from)}`)
  if (filter.to !== undefined) all.push(`u.at < ${place(filter.to)}`)
  if (filter.attempts !== 'all') all.push('u.final = 1')
  for (const [field, column] of entries(DIMENSIONS)) {
    const wanted = filter.where?.[field]
    if (wanted === undefined) continue
    // A number for a text column, or the reverse, equals nothing; Postgres would call it an error.
    if ((typeof wanted === 'number') !== (field === 'status')) all.push('1 = 0')
    else all.push(`u.${column} = ${place(wanted)}`)
  }
  return all
}

const where = (all: readonly string[]) => (all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`)

export function* listUsage(
  _: Dialect,
  filter: UsageFilter,
  limit: number,
  before?: { at: number; id: string },
): Operation<UsageRow[]> {
  const params: Param[] = []
  const all = conditions(filter, params)
  if (before) all.push(`(u.at, u.id) < ($${params.push(before.at)}, $${params.push(before.id)})`)
  const order = 'ORDER BY u.at DESC, u.id DESC'
  const page = `SELECT * FROM lp_usage u${where(all)} ${order} LIMIT $${params.push(Math.max(0, limit))}`
  const { rows } = yield statement(`${SELECT} FROM (${page}) u ${WITH_DETAIL} ${order}`, ...params)
  return rows.map(usage)
}

/** The row of that id, or all attempts of the call of that id, in their order. */
export function* getUsage(_: Dialect, id: string): Operation<UsageRow[]> {
  // `0` is the character after `/`: the range holds what begins with the id and a slash.
  const { rows } = yield statement(
    `${SELECT} FROM lp_usage u ${WITH_DETAIL} WHERE u.id = $1 OR (u.id > $2 AND u.id < $3) ORDER BY u.at, u.id`,
    id,
    `${id}/`,
    `${id}0`,
  )
  return rows.map(usage)
}

const SUMS = {
  latencyMsSum: 'SUM(u.latency_ms)',
  inputTokens: 'SUM(u.input_tokens)',
  cacheReadTokens: 'SUM(u.cache_read_tokens)',
  cacheWriteTokens: 'SUM(u.cache_write_tokens)',
  outputTokens: 'SUM(u.output_tokens)',
  reasoningTokens: 'SUM(u.reasoning_tokens)',
  costMicros: 'SUM(u.cost_micros)',
  requests: 'COUNT(*)',
  // As /metrics counts them: what the client cancelled is nobody's failure.
  errors:
    "SUM(CASE WHEN u.failure <> 'cancelled' AND u.status <> 499 AND (u.failure <> '' OR u.status >= 400) THEN 1 ELSE 0 END)",
  unpriced: 'SUM(CASE WHEN u.cost_micros IS NULL THEN 1 ELSE 0 END)',
} as const satisfies Record<Exclude<keyof UsageTotals, 'key'>, string>

export function* totalUsage(
  _: Dialect,
  filter: UsageFilter,
  by: readonly UsageColumn[],
  bucketMs?: number,
): Operation<UsageTotals[]> {
  if (bucketMs !== undefined && !(Number.isSafeInteger(bucketMs) && bucketMs > 0))
    throw new RangeError('a time bucket has a whole number of milliseconds, at least 1')
  const columns = [...new Set(by)].map((field): [UsageColumn, string] => {
    if (!Object.hasOwn(DIMENSIONS, field)) throw new RangeError(`usage has no column ${field}`)
    return [field, DIMENSIONS[field]]
  })
  const keys = columns.map(([, column]) => `u.${column}`)
  if (bucketMs !== undefined) keys.unshift(`u.at - u.at % ${bucketMs}`)
  const selected = [
    ...keys.map((key, i) => `${key} AS k${i}`),
    ...entries(SUMS).map(([field, sum]) => `CAST(COALESCE(${sum}, 0) AS BIGINT) AS ${field.toLowerCase()}`),
  ]
  const params: Param[] = []
  const from = `FROM lp_usage u${where(conditions(filter, params))}`
  const numbers = keys.map((_key, i) => i + 1).join(', ')
  const grouped = keys.length === 0 ? '' : ` GROUP BY ${numbers} ORDER BY ${numbers}`
  const { rows } = yield statement(`SELECT ${selected.join(', ')} ${from}${grouped}`, ...params)
  const fields =
    bucketMs === undefined ? columns.map(([field]) => field) : ['bucket', ...columns.map(([field]) => field)]
  return rows.map(
    (row) =>
      ({
        key: Object.fromEntries(fields.map((field, i) => [field, row[`k${i}`]])),
        ...Object.fromEntries(entries(SUMS).map(([field]) => [field, asNumber(row[field.toLowerCase()])])),
      }) as UsageTotals,
  )
}

/** A place in the order of time, the row of that id included. */
export interface UsagePlace {
  at: number
  id: string
}

/** The newest of the rows beyond the newest `most`; undefined: there are no more than that. */
export function* usageBeyond(_: Dialect, most: number): Operation<UsagePlace | undefined> {
  const { rows } = yield statement(
    'SELECT at, id FROM lp_usage ORDER BY at DESC, id DESC LIMIT 1 OFFSET $1',
    Math.max(0, most),
  )
  return rows[0] && { at: asNumber(rows[0]['at']), id: asText(rows[0]['id']) }
}

/** One step of dropping what is no newer than `upTo`: a few thousand rows at most. Called again until it says 0. */
export function* pruneUsage(_: Dialect, upTo: UsagePlace): Operation<number> {
  const { rows } = yield statement(
    `SELECT at, id, (SELECT MIN(at) FROM lp_usage) AS first
     FROM (SELECT at, id FROM lp_usage WHERE (at, id) <= ($1, $2) ORDER BY at, id LIMIT ${PRUNE_STEP}) step
     ORDER BY at DESC, id DESC LIMIT 1`,
    upTo.at,
    upTo.id,
  )
  const last = rows[0]
  if (!last) return 0
  // The first two conditions follow from what stands there; they tell Postgres that it is about few rows.
  const those = 'WHERE at >= $1 AND at <= $2 AND (at, id) <= ($2, $3)'
  const values = [asNumber(last['first']), asNumber(last['at']), asText(last['id'])]
  yield statement(`DELETE FROM lp_usage_detail ${those}`, ...values)
  return (yield statement(`DELETE FROM lp_usage ${those}`, ...values)).changes
}
