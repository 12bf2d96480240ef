/** `logicaproxy usage …`: reads the shared store, beside a running server or without one. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Store, UsageColumn, UsageFilter, UsageTotals } from '../store/store.ts'
import { PRICES_AS_OF } from '../telemetry/prices.ts'
import { BODY_KIND } from '../telemetry/usage.ts'
import { exportUsage } from '../telemetry/usage-export.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import type { UsageCliOptions } from './usage.ts'
import { dollars, table, withStore } from './with-store.ts'

const DAY_MS = 86_400_000
const COLUMNS: Readonly<Record<string, UsageColumn | 'bucket'>> = {
  day: 'bucket',
  model: 'servedModel',
  asked: 'requestedModel',
  account: 'account',
  key: 'clientKey',
  provider: 'provider',
  endpoint: 'endpoint',
  protocol: 'protocol',
  category: 'category',
  lane: 'lane',
  status: 'status',
  failure: 'failure',
}

/** @throws {CommandError} */
export async function usage(out: Output, options: UsageCliOptions, verb: string): Promise<void> {
  await withStore(options, async (store) => {
    if (verb === 'wipe') await wipe(out, options, store)
    else if (verb === 'export') await write(out, options, store)
    else await totals(out, options, store)
  })
}

function filterOf({ days, key, model, account, provider, attempts }: UsageCliOptions): UsageFilter {
  const back = Number(days)
  if (!(back > 0)) throw new CommandError(`--days takes a number above 0; found "${days}".`, EXIT.usage)
  const where = { clientKey: key, servedModel: model, account, provider }
  return {
    from: Date.now() - back * DAY_MS,
    where: Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined)),
    attempts: attempts === true ? 'all' : 'final',
  }
}

async function totals(out: Output, options: UsageCliOptions, store: Store): Promise<void> {
  const names = options.by.split(',').map((name) => name.trim())
  for (const name of names)
    if (!Object.hasOwn(COLUMNS, name))
      throw new CommandError(`--by takes ${Object.keys(COLUMNS).join(', ')}; found "${name}".`, EXIT.usage)
  const columns = names.map((name) => COLUMNS[name]!)
  const by = columns.filter((column): column is UsageColumn => column !== 'bucket')
  const rows = await store.usage.totals(filterOf(options), by, columns.includes('bucket') ? DAY_MS : undefined)
  out.data({ pricesAsOf: PRICES_AS_OF, rows })
  if (rows.length === 0) {
    out.line('Nothing was recorded in this time.')
    return
  }
  const cells = rows.map((row) => [...columns.map((column) => keyOf(row, column)), ...sums(row)])
  const titles = [...names.map((name) => name.toUpperCase()), 'REQUESTS', 'ERRORS', 'INPUT', 'CACHED', 'OUTPUT', 'COST']
  const [head, ...lines] = table([titles, ...cells], new Set(titles.keys().drop(names.length)))
  out.line(out.dim(head!))
  for (const line of lines) out.line(line)
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0)
  out.line(
    out.dim(
      `Cost by public list prices of ${PRICES_AS_OF}; what subscriptions answered would have cost that.` +
        (unpriced === 0 ? '' : ` ${unpriced} requests have no known price, so the true sum is higher.`),
    ),
  )
}

function keyOf({ key }: UsageTotals, column: UsageColumn | 'bucket'): string {
  if (column === 'bucket') return new Date(Number(key.bucket)).toISOString().slice(0, 10)
  // A model's name is whatever a client sent: no control characters reach the terminal.
  return String(key[column] ?? '').replace(/[\x00-\x1f\x7f-\x9f]/g, '?') || '-'
}

function sums(row: UsageTotals): string[] {
  const input = row.inputTokens + row.cacheWriteTokens
  const cost = dollars(row.costMicros) + (row.unpriced > 0 ? '+?' : '')
  return [row.requests, row.errors, input, row.cacheReadTokens, row.outputTokens].map(String).concat(cost)
}

async function write(out: Output, options: UsageCliOptions, store: Store): Promise<void> {
  const { format = out.json ? 'json' : 'csv', output } = options
  if (format !== 'csv' && format !== 'json')
    throw new CommandError(`--format takes csv or json; found "${format}".`, EXIT.usage)
  const pieces = Readable.from(exportUsage(store.usage, filterOf(options), format))
  try {
    if (output === undefined) await pipeline(pieces, process.stdout, { end: false })
    else await pipeline(pieces, createWriteStream(output, { mode: 0o600 }))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // Whoever reads has read enough.
    if (code === 'EPIPE') return
    if (code?.startsWith('E') === true) throw new CommandError(`Cannot write ${output}: ${message}`, EXIT.failed)
    throw error
  }
}

async function wipe(out: Output, options: UsageCliOptions, store: Store): Promise<void> {
  if (options.yes !== true)
    throw new CommandError('This drops every record of usage for good. Say --yes if that is meant.', EXIT.usage)
  const rows = await store.usage.wipe()
  const bodies = await store.documents.remove(BODY_KIND)
  out.line(`${out.good('✔')} ${rows} records and ${bodies} kept bodies are gone.`)
  out.data({ event: 'wiped', rows, bodies })
}
