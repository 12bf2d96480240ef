/**
 * The config file: read with its secrets masked, checked, changed with its comments kept, undone.
 * A secret stands as `"***"` (with a number: `"***3"`); saved unchanged, the old value stays.
 */
import * as z from 'zod'
import { fault, time } from './common.ts'

export const notice = z.object({
  line: z.int(),
  column: z.int(),
  path: z.string(),
  kind: z.enum(['ignored', 'warning']),
  message: z.string(),
})

/** One line of a diff. `old` and `new` are line numbers from 1. */
export const diffLine = z.object({
  is: z.enum(['same', 'added', 'removed']),
  text: z.string(),
  old: z.int().optional(),
  new: z.int().optional(),
})
/** Lines around each change; `gap` lines are left out before it. */
export const diff = z.object({
  added: z.int(),
  removed: z.int(),
  hunks: z.array(z.object({ gap: z.int(), lines: z.array(diffLine) })),
})

export const configView = z.object({
  /** Absent: this gateway was given an object, and there is no file to change. */
  file: z.string().optional(),
  editable: z.boolean(),
  /** Why it cannot be changed here. */
  because: z.string().optional(),
  /** YAML with the secrets masked. */
  text: z.string(),
  /** Of the file as it stands; to be sent back with a change. */
  digest: z.string(),
  /** Digest of what is in force; differs while the file is rejected. */
  inForce: z.string(),
  faults: z.array(fault),
  notices: z.array(notice),
  /** The config as it stands in the file, masked: for the form. Nothing where the file has faults of syntax. */
  values: z.record(z.string(), z.unknown()),
  /** The same with every default filled in. */
  effective: z.record(z.string(), z.unknown()),
  /** Paths whose values are masked. */
  secrets: z.array(z.string()),
})

export const configCheck = z.strictObject({ text: z.string().max(1024 * 1024) })
export const configChange = z.strictObject({
  /** `['routing', 'strategy']`, `['api-keys', 0, 'name']`. */
  path: z
    .array(z.union([z.string(), z.int().min(0)]))
    .min(1)
    .max(16),
  /** The new value; left out: the key is taken away. */
  value: z.unknown().optional(),
})
/** Changes by the form: the rest of the file stays byte for byte where YAML allows it. */
export const configPatch = z.strictObject({
  /** Digest the changes were made on. */
  expected: z.string(),
  changes: z.array(configChange).min(1).max(500),
  /** Only tell what would be: nothing is written. */
  dryRun: z.boolean().default(false),
  note: z.string().max(200).optional(),
})
export const configPut = z.strictObject({
  text: z.string().max(1024 * 1024),
  expected: z.string(),
  note: z.string().max(200).optional(),
})
/** What a text would do, or has done. */
export const configResult = z.object({
  ok: z.boolean(),
  saved: z.boolean(),
  faults: z.array(fault),
  notices: z.array(notice),
  diff,
  /** The new text, masked. */
  text: z.string(),
  /** Of the file as it stands now. */
  digest: z.string(),
  /** Changed keys that only a restart takes over (host, port, tls, store …). */
  restart: z.array(z.string()),
})

export const snapshotEntry = z.object({
  id: z.string(),
  /** When this text was replaced. */
  at: time,
  digest: z.string(),
  by: z.string(),
  note: z.string().optional(),
  lines: z.int(),
})
/** The last 20, newest first. */
export const snapshotList = z.object({ snapshots: z.array(snapshotEntry) })
export const snapshotView = snapshotEntry.extend({
  text: z.string(),
  /** From the file as it stands to this one. */
  diff,
})
export const snapshotRestore = z.strictObject({ expected: z.string() })

export type Notice = z.infer<typeof notice>
export type DiffLine = z.infer<typeof diffLine>
export type Diff = z.infer<typeof diff>
export type ConfigView = z.infer<typeof configView>
export type ConfigChange = z.infer<typeof configChange>
export type ConfigPatch = z.infer<typeof configPatch>
export type ConfigPut = z.infer<typeof configPut>
export type ConfigResult = z.infer<typeof configResult>
export type SnapshotEntry = z.infer<typeof snapshotEntry>
export type SnapshotView = z.infer<typeof snapshotView>
