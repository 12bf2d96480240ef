/** A client key made at run time, as it stands in the store: only hashes of the key, never the key. */
import * as z from 'zod'
import type { DocumentRow } from '../store/store.ts'
import type { KeyLimits } from './key-meter.ts'

/** Kind of the documents. */
export const KEY_KIND = 'client-key'
/** Kind of the documents that say what keys have used: `<key id>/<process>`. */
export const KEY_USE_KIND = 'client-key-use'

/** What a key may do. */
export interface KeySettings {
  name: string
  /** Models it may ask for, as wildcards; absent: all. */
  models?: readonly string[]
  limits: KeyLimits
  /** From when on it is refused, ms since the epoch; absent: it does not expire. */
  expiresAt?: number
  /** false: refused, but kept. */
  enabled: boolean
  note?: string
  /** Bodies of its requests and answers are kept for so long, ms; absent: they are not kept. */
  keepsBodiesMs?: number
}

/** A key of the store. Hashes are SHA-256 in hex: the keys are random, so a plain hash is enough. */
export interface StoredKey extends KeySettings {
  id: string
  hash: string
  /** First characters, for recognition. */
  hint: string
  createdAt: number
  rotatedAt?: number
  /** Keys before the present one, taken until then. */
  previous: readonly { hash: string; until: number }[]
}

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const limit = z.number().positive().optional()
const stored = z.object({
  name: z.string(),
  models: z.array(z.string()).optional(),
  limits: z.object({
    requestsPerMinute: limit,
    tokensPerMinute: limit,
    tokensPerDay: limit,
    microsPerDay: limit,
    microsPerMonth: limit,
    concurrency: limit,
  }),
  expiresAt: z.number().optional(),
  enabled: z.boolean(),
  note: z.string().optional(),
  keepsBodiesMs: z.number().optional(),
  hash,
  hint: z.string(),
  createdAt: z.number(),
  rotatedAt: z.number().optional(),
  previous: z.array(z.object({ hash, until: z.number() })),
})

/** Reads a document; undefined for one that cannot be read: nobody is let in by it. */
export function readKey(row: DocumentRow): (StoredKey & { version: number }) | undefined {
  try {
    const found = stored.parse(JSON.parse(row.value))
    return { ...(found as Omit<StoredKey, 'id'>), id: row.id, version: row.version }
  } catch {
    return undefined
  }
}

/** The text of its document. */
export function writeKey({ id: _, ...key }: StoredKey): string {
  return JSON.stringify(key)
}

/** A change is not possible, in words for a person. */
export class KeyError extends Error {
  readonly code: 'unknown' | 'invalid' | 'taken' | 'conflict' | 'read-only'
  constructor(code: KeyError['code'], message: string) {
    super(message)
    this.name = 'KeyError'
    this.code = code
  }
}

const NAME = /^[\p{L}\p{N} ._@-]{1,64}$/u
const LIMITS: Record<keyof KeyLimits, true> = {
  requestsPerMinute: true,
  tokensPerMinute: true,
  tokensPerDay: true,
  microsPerDay: true,
  microsPerMonth: true,
  concurrency: true,
}

/** @throws {KeyError} `invalid` */
export function checkSettings(settings: KeySettings, now: number): void {
  const invalid = (message: string): never => {
    throw new KeyError('invalid', message)
  }
  if (!NAME.test(settings.name) || settings.name.trim() !== settings.name)
    invalid('The name of a key is 1 to 64 letters, digits, spaces and . _ @ -')
  for (const [name, value] of Object.entries(settings.limits)) {
    if (!(name in LIMITS)) invalid(`There is no limit "${name}". There are: ${Object.keys(LIMITS).join(', ')}.`)
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      invalid(`The limit ${name} is a whole number above 0, found ${value}.`)
  }
  for (const pattern of settings.models ?? [])
    if (!/^[^\s?[\]^$|\\]{1,200}$/.test(pattern)) invalid(`"${pattern}" is no model name; * stands for any text.`)
  if (settings.models?.length === 0) invalid('A list of models names one at least; without a list all are allowed.')
  const { expiresAt, keepsBodiesMs } = settings
  if (expiresAt !== undefined && !(Number.isFinite(expiresAt) && expiresAt > now))
    invalid('A key expires in the future; to end it now, revoke it.')
  if (keepsBodiesMs !== undefined && !(keepsBodiesMs > 0 && keepsBodiesMs <= 30 * 86_400_000))
    invalid('Bodies are kept for up to 30 days.')
}
