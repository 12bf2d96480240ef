/** Usage as a file: CSV or JSON, row by row as it is read, so that a million rows cost the memory of a page. */
import type { Store, UsageFilter, UsageRow } from '../store/store.ts'
import { readDetail } from './usage-rows.ts'

export type ExportFormat = 'csv' | 'json'

/** Media types of the formats. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
}

const PAGE = 500

/** Columns of the CSV, in order. */
const COLUMNS = [
  'id',
  'at',
  'clientKey',
  'protocol',
  'endpoint',
  'requestedModel',
  'servedModel',
  'category',
  'provider',
  'account',
  'lane',
  'status',
  'failure',
  'final',
  'attempts',
  'latencyMs',
  'firstEventMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'costMicros',
  'dropped',
] as const satisfies readonly (keyof UsageRow)[]

/** Every row that a filter keeps, newest first. @throws {StoreError} */
export async function* allUsage(usage: Pick<Store['usage'], 'list'>, filter: UsageFilter): AsyncGenerator<UsageRow[]> {
  let before: { at: number; id: string } | undefined
  for (;;) {
    const rows = await usage.list(filter, PAGE, before)
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (rows.length < PAGE || last === undefined) return
    before = { at: last.at, id: last.id }
  }
}

/** A file of usage in pieces, newest first. JSON is an array of objects with their details. @throws {StoreError} */
export async function* exportUsage(
  usage: Pick<Store['usage'], 'list'>,
  filter: UsageFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') {
    yield `${COLUMNS.join(',')}\r\n`
    for await (const rows of allUsage(usage, filter)) yield rows.map(csvLine).join('')
    return
  }
  let lead = '[\n'
  for await (const rows of allUsage(usage, filter)) {
    yield lead + rows.map(jsonOf).join(',\n')
    lead = ',\n'
  }
  yield lead === '[\n' ? '[]\n' : '\n]\n'
}

function jsonOf(row: UsageRow): string {
  const { detail, ...rest } = row
  return JSON.stringify({ ...rest, at: new Date(row.at).toISOString(), detail: readDetail(detail) })
}

function csvLine(row: UsageRow): string {
  return `${COLUMNS.map((column) => csvCell(column === 'at' ? new Date(row.at).toISOString() : row[column])).join(',')}\r\n`
}

/**
 * A cell of RFC 4180. Spreadsheets take a text that begins with `=`, `+`, `-`, `@`, a tab or a line's end for a formula,
 * and model names are the client's to choose: an apostrophe before it makes it a text (OWASP, CSV injection).
 */
export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = /^\s*[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20|%]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
