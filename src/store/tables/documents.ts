import { documentsTopic, raise } from '../changes.ts'
import {
  asNumber,
  asText,
  Conflict,
  type Dialect,
  type Operation,
  optional,
  pieces,
  places,
  type Row,
  statement,
} from '../statement.ts'
import type { DocumentRow, WriteResult } from '../store.ts'

type NewDocument = Omit<DocumentRow, 'version'> & { expected?: number }

const LIVES = '(expires_at IS NULL OR expires_at > $2)'

const document = (row: Row): DocumentRow => ({
  kind: asText(row['kind']),
  id: asText(row['id']),
  version: asNumber(row['version']),
  value: asText(row['value']),
  updatedAt: asNumber(row['updated_at']),
  ...optional('expiresAt', row['expires_at']),
})

export function* allDocuments(_: Dialect, kind: string, now: number): Operation<DocumentRow[]> {
  const { rows } = yield statement(`SELECT * FROM lp_documents WHERE kind = $1 AND ${LIVES} ORDER BY id`, kind, now)
  return rows.map(document)
}

export function* getDocument(_: Dialect, kind: string, id: string, now: number): Operation<DocumentRow | undefined> {
  const { rows } = yield statement(`SELECT * FROM lp_documents WHERE kind = $1 AND id = $3 AND ${LIVES}`, kind, now, id)
  return rows[0] && document(rows[0])
}

export function* putDocuments(_: Dialect, rows: readonly NewDocument[]): Operation<WriteResult> {
  // First, and in one order: batches that share rows would otherwise lock them crosswise on Postgres.
  for (const kind of [...new Set(rows.map((row) => row.kind))].sort()) yield raise(documentsTopic(kind))
  // One statement may not meet the same row twice: of several values for one id the last one counts.
  const plain = new Map<string, NewDocument>()
  for (const row of rows) {
    const key = `${row.kind}\n${row.id}`
    if (row.expected === undefined) {
      plain.set(key, row)
      continue
    }
    const before = plain.get(key)
    if (before) yield upsert([before])
    plain.delete(key)
    const { changes } = yield guarded(row, row.expected)
    if (changes === 0) throw new Conflict()
  }
  for (const piece of pieces([...plain.values()])) yield upsert(piece)
  return 'written'
}

const COLUMNS = 'kind, id, value, updated_at, expires_at, version'
const SET = 'value = excluded.value, updated_at = excluded.updated_at, expires_at = excluded.expires_at'

function upsert(rows: readonly NewDocument[]) {
  return statement(
    `INSERT INTO lp_documents (${COLUMNS}) VALUES ${places(rows.length, 6)}
     ON CONFLICT (kind, id) DO UPDATE SET ${SET}, version = lp_documents.version + 1`,
    ...rows.flatMap((row) => [row.kind, row.id, row.value, row.updatedAt, row.expiresAt, 1]),
  )
}

/** Over that version only. A row that has expired by the writer's clock counts as none. */
function guarded(row: NewDocument, expected: number) {
  const values = [row.kind, row.id, row.value, row.updatedAt, row.expiresAt]
  if (expected !== 0)
    return statement(
      `UPDATE lp_documents SET value = $3, updated_at = $4, expires_at = $5, version = version + 1
       WHERE kind = $1 AND id = $2 AND version = $6`,
      ...values,
      expected,
    )
  return statement(
    `INSERT INTO lp_documents (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, 1)
     ON CONFLICT (kind, id) DO UPDATE SET ${SET}, version = lp_documents.version + 1
     WHERE lp_documents.expires_at <= excluded.updated_at`,
    ...values,
  )
}

export function* removeDocuments(_: Dialect, kind: string, ids?: readonly string[]): Operation<number> {
  yield raise(documentsTopic(kind))
  if (ids === undefined) return (yield statement('DELETE FROM lp_documents WHERE kind = $1', kind)).changes
  let removed = 0
  for (const piece of pieces([...new Set(ids)])) {
    const sql = `DELETE FROM lp_documents WHERE kind = $1 AND id IN ${places(1, piece.length, 2)}`
    removed += (yield statement(sql, kind, ...piece)).changes
  }
  return removed
}

/** Tells nobody: every reader goes by the clock. What somebody is just writing over is left for the next time. */
export function* purgeDocuments(dialect: Dialect, now: number): Operation<number> {
  const old = `SELECT kind, id FROM lp_documents WHERE expires_at <= $1${dialect.lockFree}`
  return (yield statement(`DELETE FROM lp_documents WHERE (kind, id) IN (${old})`, now)).changes
}
