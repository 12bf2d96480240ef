/**
 * The old form of LogicaProxy's vault: AES-256-GCM under SHA-256 of the passphrase, without salt or work factor
 * (domain.md 0.1). No specification of its file is public; this is the form we read:
 *
 *     { "version": 1, "entries": { "<id>": { "provider": "claude", "nonce": "<base64, 12 bytes>",
 *                                            "data": "<base64, ciphertext and tag>", "expiresAt": "<ISO date or ms>" } } }
 *
 * An entry that holds JSON with an access token becomes a login, any other a named secret. What is kept anew is sealed
 * under a random key behind argon2id; the file, which a guessed passphrase opens at the speed of SHA-256, is removed.
 */
import { createHash, createSecretKey } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod'
import type { LoginFacts, Tokens } from '../login-record.ts'
import { VaultError } from '../vault.ts'
import { NOT_THE_WORLD, readPrivate, removePrivate, replacePrivate } from './private-file.ts'
import { decrypt } from './seal.ts'

const fileSchema = z.object({
  version: z.literal(1),
  entries: z.record(
    z.string(),
    z.object({
      provider: z.string().default(''),
      nonce: z.base64(),
      data: z.base64(),
      expiresAt: z.union([z.string(), z.number()]).nullish(),
    }),
  ),
})

type OldEntry = z.infer<typeof fileSchema>['entries'][string]

/** What an old entry becomes. */
export type OldRecord =
  | { is: 'login'; id: string; provider: string; tokens: Tokens; facts: LoginFacts }
  | { is: 'secret'; id: string; provider: string; value: Buffer; expiresAt?: number }

export interface OldVault {
  records: OldRecord[]
  /** Ids that do not open with the passphrase, though others do. */
  damaged: string[]
  /** Removes the file, or leaves only the damaged entries in it. Call it once all records are kept elsewhere. */
  retire(): Promise<void>
}

export const oldFormPath = (authDir: string): string => join(authDir, 'vault.json')

/**
 * Reads the old form; undefined if there is none.
 * @throws {VaultError} `wrong-passphrase` if no entry opens, `format` if it is no such file.
 */
export async function readOldForm(authDir: string, passphrase: string, now: number): Promise<OldVault | undefined> {
  const path = oldFormPath(authDir)
  const bytes = await readPrivate(path, 'old vault', NOT_THE_WORLD)
  if (bytes === undefined) return undefined
  const file = parse(bytes.toString(), path)
  const digest = createHash('sha256').update(passphrase).digest()
  const key = createSecretKey(digest)
  digest.fill(0)

  const records: OldRecord[] = []
  const damaged: string[] = []
  for (const [id, entry] of Object.entries(file.entries)) {
    const data = Buffer.from(entry.data, 'base64')
    const cut = Math.max(0, data.length - 16)
    const nonce = Buffer.from(entry.nonce, 'base64')
    const plain = decrypt(key, new Uint8Array(), nonce, data.subarray(0, cut), data.subarray(cut))
    if (plain === undefined) damaged.push(id)
    else records.push(recordOf(id, entry, plain, now))
  }
  if (records.length === 0 && damaged.length > 0)
    throw new VaultError(
      'wrong-passphrase',
      `The passphrase does not open ${path}, the vault of an earlier LogicaProxy.`,
    )
  return {
    records,
    damaged,
    async retire() {
      if (damaged.length === 0) return removePrivate(path)
      const entries = Object.fromEntries(damaged.map((id) => [id, file.entries[id]]))
      await replacePrivate(path, JSON.stringify({ version: 1, entries }))
    },
  }
}

function parse(text: string, path: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(text), { jitless: true })
  } catch {
    throw new VaultError(
      'format',
      `${path} is not a vault of an earlier LogicaProxy. Move it out of the auth directory.`,
    )
  }
}

function recordOf(id: string, { provider, expiresAt }: OldEntry, plain: Buffer, now: number): OldRecord {
  const end = instant(expiresAt)
  const token = tokenIn(plain)
  if (token === undefined) return { is: 'secret', id, provider, value: plain, expiresAt: end }
  const text = (...names: string[]) =>
    names.map((n) => token[n]).find((v) => typeof v === 'string' && v !== '') as string | undefined
  const email = text('email')
  const tokens: Tokens = {
    accessToken: text('access_token', 'accessToken')!,
    refreshToken: text('refresh_token', 'refreshToken'),
    idToken: text('id_token', 'idToken'),
    expiresAt: instant(token['expired'] ?? token['expiry'] ?? token['expires_at'] ?? token['expiresAt']) ?? end,
    issuedAt: instant(token['last_refresh']) ?? now,
    scope: text('scope'),
    details: Object.fromEntries(
      DETAILS.flatMap(([name, ...old]) => {
        const value = text(...old)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
  plain.fill(0)
  const facts: LoginFacts = {
    label: email ?? id,
    email,
    subject: text('account_id', 'accountId') ?? email ?? id,
    state: { is: 'ready' },
    origin: { how: 'moved', from: 'vault.json', at: now },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: now,
  }
  return { is: 'login', id, provider: provider || text('type') || '', tokens, facts }
}

/** Our names of what vendors want beside the token, and those of the token files of Go proxies (domain.md 1.x). */
const DETAILS = [
  ['account-id', 'account_id', 'accountId'],
  ['project', 'project_id', 'projectId'],
  ['resource-url', 'resource_url', 'resourceUrl'],
] as const

function tokenIn(plain: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(plain.toString())
    // Gemini's form keeps the token one level down.
    const token = typeof value?.token === 'object' && value.token !== null ? { ...value, ...value.token } : value
    return typeof (token?.access_token ?? token?.accessToken) === 'string' ? token : undefined
  } catch {
    return undefined
  }
}

/** ms since the epoch from an ISO date, seconds or milliseconds. */
function instant(value: unknown): number | undefined {
  if (typeof value === 'string' && value !== '') {
    const at = Date.parse(value)
    return Number.isNaN(at) ? undefined : at
  }
  if (typeof value !== 'number' || !(value > 0)) return undefined
  return value < 1e11 ? value * 1000 : value
}
