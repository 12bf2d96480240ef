/**
 * The manifest: a sealed list of what the store must hold, one entry a record: provider, version and a digest of the
 * seal. It is bound to its revision and moves in the same transaction as each record.
 *
 * A list rather than a sum of hashes: a sum tells that something is wrong, a list tells which login, also when it is
 * gone. The price is 60 bytes a record in each write (docs/decisions/007-vault.md).
 */
import { createHash } from 'node:crypto'
import type { DataKey } from './data-key.ts'
import { seal, unseal } from './seal.ts'

export interface ManifestEntry {
  provider: string
  version: number
  /** Digest of the sealed bytes: a version that is written twice (removed, added again) is told apart. */
  check: string
}

export interface Manifest {
  revision: number
  entries: ReadonlyMap<string, ManifestEntry>
}

export const EMPTY_MANIFEST: Manifest = { revision: 0, entries: new Map() }

/** 96 bits are enough: who could choose seals that collide holds the key. */
export const checkOf = (sealed: Uint8Array): string =>
  createHash('sha256').update(sealed).digest('base64url').slice(0, 16)

/** The bytes to store at a revision. */
export function sealManifest(key: DataKey, { revision, entries }: Manifest): Buffer {
  const list = [...entries].map(([id, e]) => [id, e.provider, e.version, e.check])
  return seal(key, 'manifest', [revision], Buffer.from(JSON.stringify(list)))
}

/** @throws {SealError} */
export function openManifest(
  find: (fingerprint: string) => DataKey | undefined,
  revision: number,
  value: Uint8Array,
): Manifest {
  const list = JSON.parse(unseal(find, 'manifest', [revision], value).toString()) as [string, string, number, string][]
  return {
    revision,
    entries: new Map(list.map(([id, provider, version, check]) => [id, { provider, version, check }])),
  }
}

/** The manifest after one record was written (or, without an entry, removed). */
export function step(from: Manifest, id: string, entry: ManifestEntry | undefined): Manifest {
  const entries = new Map(from.entries)
  if (entry === undefined) entries.delete(id)
  else entries.set(id, entry)
  return { revision: from.revision + 1, entries }
}
