/**
 * Operations on the store, written once for both engines: a generator yields statements and gets their results, so that
 * the same code runs synchronously over SQLite (in its thread) and asynchronously over Postgres. The SQL keeps to what
 * both understand (`$1`, `ON CONFLICT`, `RETURNING`); what differs stands in `Dialect`.
 */

/** All numbers of this schema are whole; see `bound`. */
export type Param = string | number | Uint8Array | null | undefined
export type Value = string | number | Uint8Array | null
export type Row = Record<string, Value>

export interface Statement {
  sql: string
  params: readonly Param[]
  /** Set on the statement that counts a change of this topic: its row says the new revision (changes.ts). */
  topic?: string
}

export interface Result {
  rows: Row[]
  /** Rows written, where rows were written. */
  changes: number
}

/** A piece of work on the store. It runs in one transaction unless it only reads. */
export type Operation<T> = Generator<Statement, T, Result>

/** What the engines spell differently. */
export interface Dialect {
  engine: 'sqlite' | 'postgres'
  /** Column type of bytes. */
  bytes: string
  /** Column type of text that is compared byte by byte, whatever the locale of the database. */
  text: string
  /** Ends a table that is kept in the order of its key. */
  ordered: string
  /** Locks the rows that a SELECT has read until the transaction ends. */
  lockRows: string
  /** The same, leaving out rows that somebody else has locked. */
  lockFree: string
}

export const SQLITE: Dialect = {
  engine: 'sqlite',
  bytes: 'BLOB',
  text: 'TEXT',
  ordered: ' WITHOUT ROWID',
  lockRows: '',
  lockFree: '',
}
export const POSTGRES: Dialect = {
  engine: 'postgres',
  bytes: 'BYTEA',
  text: 'TEXT COLLATE "C"',
  ordered: '',
  lockRows: ' FOR UPDATE',
  lockFree: ' FOR UPDATE SKIP LOCKED',
}

export const statement = (sql: string, ...params: Param[]): Statement => ({ sql, params })

/** Thrown inside an operation: the transaction is rolled back and the caller told `conflict`. */
export class Conflict extends Error {}

/**
 * A parameter as both engines take it: numbers whole and finite, text without NUL, which Postgres refuses (a client may
 * put one into a model name, and must not be able to spoil the batch its call is written with).
 */
export function bound(param: Param): Value {
  if (param === undefined || param === null) return null
  if (typeof param === 'number') {
    if (Number.isNaN(param)) return 0
    return Math.round(Math.min(Math.max(param, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))
  }
  if (typeof param === 'string') return param.includes('\0') ? param.replaceAll('\0', '\uFFFD') : param
  return param
}

/** `($1, $2), ($3, $4)`: places for `rows` rows of `width` values, the first numbered `from`. */
export function places(rows: number, width: number, from = 1): string {
  const one = (row: number) => `(${Array.from({ length: width }, (_, i) => `$${from + row * width + i}`).join(', ')})`
  return Array.from({ length: rows }, (_, row) => one(row)).join(', ')
}

/** Cuts a list into pieces of few lengths, so that few different statements have to be prepared. */
export function* pieces<T>(list: readonly T[]): Generator<T[]> {
  for (let at = 0; at < list.length; ) {
    const left = list.length - at
    const length = left >= 64 ? 64 : left >= 8 ? 8 : 1
    yield list.slice(at, at + length)
    at += length
  }
}

export const asNumber = (value: Value | undefined): number => (typeof value === 'number' ? value : Number(value ?? 0))
export const asText = (value: Value | undefined): string => (typeof value === 'string' ? value : '')
export const asBytes = (value: Value | undefined): Uint8Array =>
  value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array()
/** A property for a value that may be absent: nothing at all rather than `undefined`. */
export function optional<K extends string>(key: K, value: Value | undefined): { [P in K]?: number } {
  return value === null || value === undefined ? {} : ({ [key]: asNumber(value) } as { [P in K]?: number })
}
