/** Antigravity's `state.vscdb`: logins in base64 protobuf inside SQLite (domain.md 1.6, "Local credentials to import"). */
import { googleIdentity } from '../../oauth/identities.ts'
import { textOf } from '../../oauth/text.ts'
import { jsonObject, MAX_BYTES } from '../bounded.ts'
import { bytesAt, numberAt, readFields, textAt } from '../protobuf.ts'
import type { Parsed } from '../types.ts'
import { tokensFrom } from './tokens.ts'

/** Keys of `ItemTable`, newest form first. */
export const STATE_KEYS = [
  'antigravityUnifiedStateSync.oauthToken',
  'jetskiStateSync.agentManagerInitState',
  'antigravityAuthStatus',
] as const
const SENTINEL = 'oauthTokenInfoSentinelKey'

/** The rows that matter, by key. @throws {Error} if it is no SQLite file, or is locked. */
export async function readState(path: string): Promise<ReadonlyMap<string, string>> {
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1000 })
  try {
    const get = db.prepare('SELECT value FROM ItemTable WHERE key = ? AND length(value) <= ?')
    const rows = new Map<string, string>()
    for (const key of STATE_KEYS) {
      const value = get.get(key, MAX_BYTES)?.['value']
      if (typeof value === 'string') rows.set(key, value)
      else if (value instanceof Uint8Array) rows.set(key, Buffer.from(value).toString('utf8'))
    }
    return rows
  } finally {
    db.close()
  }
}

/** The login in those rows: the newest form that holds one. Pure. */
export function parseState(rows: ReadonlyMap<string, string>, now: number): Parsed | undefined {
  const status = jsonObject(rows.get('antigravityAuthStatus') ?? '') ?? {}
  const email = textOf(status['email'])
  const unified = tolerant(() => unifiedToken(rows.get(STATE_KEYS[0])))
  const info = unified ?? tolerant(() => legacyToken(rows.get(STATE_KEYS[1])))
  const tokens =
    info === undefined ? tokensFrom({ access: status['apiKey'] }, now) : tolerant(() => fromInfo(info, now))
  if (tokens === undefined) return undefined
  const parsed: Parsed = { provider: 'antigravity', tokens }
  if (email !== undefined) parsed.identity = googleIdentity(email)
  return parsed
}

/** `Topic{1: repeated DataEntry{1: key, 2: Row{1: base64 of OAuthTokenInfo}}}`. */
function unifiedToken(value: string | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined
  for (const entry of readFields(Buffer.from(value, 'base64')).get(1) ?? []) {
    if (!(entry instanceof Uint8Array)) continue
    const fields = readFields(entry)
    const row = bytesAt(fields, 2)
    if (textAt(fields, 1) !== SENTINEL || row === undefined) continue
    const inner = textAt(readFields(row), 1)
    if (inner !== undefined) return Buffer.from(inner, 'base64')
  }
  return undefined
}

/** OAuthTokenInfo in field 6. */
function legacyToken(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : bytesAt(readFields(Buffer.from(value, 'base64')), 6)
}

/** `OAuthTokenInfo{1 access_token, 2 token_type, 3 refresh_token, 4 Timestamp{1 seconds}}`. */
function fromInfo(bytes: Uint8Array, now: number): Parsed['tokens'] | undefined {
  const info = readFields(bytes)
  const until = bytesAt(info, 4)
  const seconds = until === undefined ? undefined : numberAt(readFields(until), 1)
  return tokensFrom({ access: textAt(info, 1), refresh: textAt(info, 3), expires: seconds }, now)
}

function tolerant<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
