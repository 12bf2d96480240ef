import { CREDENTIALS_TOPIC, raise } from '../changes.ts'
import {
  asBytes,
  asNumber,
  asText,
  Conflict,
  type Dialect,
  type Operation,
  optional,
  type Row,
  statement,
} from '../statement.ts'
import type { CredentialGuard, CredentialRow, ManifestStep, WriteResult } from '../store.ts'

const COLUMNS = 'id, provider, version, sealed, facts, expires_at, updated_at'

/**
 * It comes last: all writers want this row, and with a slow line to Postgres each holds it from here to its commit. They
 * take their rows in one order (lease, credential, manifest, this), so that none can stand crosswise.
 */
const RAISE = raise(CREDENTIALS_TOPIC)

const credential = (row: Row): CredentialRow => ({
  id: asText(row['id']),
  provider: asText(row['provider']),
  version: asNumber(row['version']),
  sealed: asBytes(row['sealed']),
  facts: asText(row['facts']),
  ...optional('expiresAt', row['expires_at']),
  updatedAt: asNumber(row['updated_at']),
})

export function* allCredentials(): Operation<CredentialRow[]> {
  const { rows } = yield statement(`SELECT ${COLUMNS} FROM lp_credentials ORDER BY id`)
  return rows.map(credential)
}

export function* getCredential(_: Dialect, id: string): Operation<CredentialRow | undefined> {
  const { rows } = yield statement(`SELECT ${COLUMNS} FROM lp_credentials WHERE id = $1`, id)
  return rows[0] && credential(rows[0])
}

export function* putCredential(dialect: Dialect, row: CredentialRow, guard: CredentialGuard): Operation<WriteResult> {
  if (row.version <= guard.expected) throw new RangeError('the version of a credential has to rise with every write')
  if (guard.fence) {
    // Locked until the end: otherwise the next holder could come in and read the old row between this look and our commit.
    const { rows } = yield statement(
      `SELECT number FROM lp_leases WHERE name = $1${dialect.lockRows}`,
      guard.fence.lease,
    )
    if (asNumber(rows[0]?.['number']) !== guard.fence.number) throw new Conflict()
  }
  const values = [row.provider, row.version, row.sealed, row.facts, row.expiresAt, row.updatedAt]
  const { changes } =
    guard.expected === 0
      ? yield statement(
          `INSERT INTO lp_credentials (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
          row.id,
          ...values,
        )
      : yield statement(
          `UPDATE lp_credentials SET provider = $2, version = $3, sealed = $4, facts = $5, expires_at = $6, updated_at = $7
           WHERE id = $1 AND version = $8`,
          row.id,
          ...values,
          guard.expected,
        )
  if (changes === 0) throw new Conflict()
  yield* stepManifest(guard.manifest)
  yield RAISE
  return 'written'
}

export function* putCredentialFacts(_: Dialect, id: string, facts: string, updatedAt: number): Operation<WriteResult> {
  const { changes } = yield statement(
    'UPDATE lp_credentials SET facts = $2, updated_at = $3 WHERE id = $1',
    id,
    facts,
    updatedAt,
  )
  if (changes === 0) throw new Conflict()
  yield RAISE
  return 'written'
}

export function* removeCredential(_: Dialect, id: string, manifest?: ManifestStep): Operation<WriteResult> {
  const { changes } = yield statement('DELETE FROM lp_credentials WHERE id = $1', id)
  if (changes === 0) throw new Conflict()
  yield* stepManifest(manifest)
  yield RAISE
  return 'written'
}

export function* readManifest(): Operation<{ revision: number; value: Uint8Array }> {
  const { rows } = yield statement('SELECT revision, value FROM lp_manifest WHERE id = 1')
  return { revision: asNumber(rows[0]?.['revision']), value: asBytes(rows[0]?.['value']) }
}

function* stepManifest(step: ManifestStep | undefined): Operation<void> {
  if (!step) return
  const { changes } =
    step.expected === 0
      ? yield statement(
          'INSERT INTO lp_manifest (id, revision, value) VALUES (1, 1, $1) ON CONFLICT (id) DO NOTHING',
          step.value,
        )
      : yield statement(
          'UPDATE lp_manifest SET revision = revision + 1, value = $1 WHERE id = 1 AND revision = $2',
          step.value,
          step.expected,
        )
  if (changes === 0) throw new Conflict()
}
