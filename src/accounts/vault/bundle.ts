/** Logins and secrets in one file, to carry to another machine or to keep: under a passphrase of its own. */
import { createSecretKey } from 'node:crypto'
import * as z from 'zod'
import type { LoginFacts, Tokens } from '../login-record.ts'
import { VaultError } from '../vault.ts'
import { type Argon2Cost, argon2Key, argon2Schema, newArgon2 } from './argon2.ts'
import { factsSchema } from './facts.ts'
import { associated, decrypt, encrypt } from './seal.ts'

/** What a bundle holds. */
export interface BundleContent {
  logins: { id: string; provider: string; version: number; facts: LoginFacts; tokens: Tokens }[]
  /** `value` in base64. */
  secrets: { name: string; provider: string; value: string; expiresAt?: number }[]
}

/** Most logins, and most secrets, of one export: each is written by itself. */
export const MOST_ENTRIES = 10_000

const name = z.string().min(1).max(512)

const loginSchema = z
  .array(
    z.object({
      id: name,
      provider: name,
      version: z.int().min(1),
      facts: factsSchema,
      tokens: z.looseObject({
        accessToken: z.string().min(1),
        refreshToken: z.string().optional(),
        idToken: z.string().optional(),
        expiresAt: z.number().optional(),
        issuedAt: z.number(),
        scope: z.string().optional(),
        details: z.record(z.string(), z.string()),
      }),
    }),
  )
  .max(MOST_ENTRIES)

const contentSchema = z.object({
  logins: loginSchema,
  secrets: z
    .array(z.object({ name, provider: z.string().max(512), value: z.base64(), expiresAt: z.number().optional() }))
    .max(MOST_ENTRIES),
})

const head = { format: z.literal('logicaproxy-export'), version: z.literal(1), createdAt: z.int() }
const bundleSchema = z.union([
  z.strictObject({ ...head, kdf: argon2Schema, nonce: z.base64(), data: z.base64() }),
  z.strictObject({ ...head, plain: contentSchema }),
])

/**
 * The text of a bundle.
 * @param passphrase undefined writes the tokens in the clear.
 * @throws {VaultError} `format` for more than there is room for
 */
export async function writeBundle(
  content: BundleContent,
  passphrase: string | undefined,
  createdAt: number,
  cost?: Argon2Cost,
): Promise<string> {
  if (content.logins.length > MOST_ENTRIES || content.secrets.length > MOST_ENTRIES)
    throw new VaultError('format', `An export holds ${MOST_ENTRIES} logins and as many secrets at most.`)
  const start = { format: 'logicaproxy-export', version: 1, createdAt }
  if (passphrase === undefined) return `${JSON.stringify({ ...start, plain: content }, null, 2)}\n`
  const kdf = newArgon2(cost)
  const key = await argon2Key(passphrase, kdf)
  const plain = Buffer.from(JSON.stringify(content))
  try {
    const { nonce, body, tag } = encrypt(createSecretKey(key), bound(createdAt, kdf), plain)
    const data = Buffer.concat([body, tag]).toString('base64')
    return `${JSON.stringify({ ...start, kdf, nonce: nonce.toString('base64'), data }, null, 2)}\n`
  } finally {
    plain.fill(0)
    key.fill(0)
  }
}

/**
 * Reads a bundle.
 * @param passphrase asked for only if the bundle has one.
 * @throws {VaultError} `format`, `wrong-passphrase`, `no-key`
 */
export async function readBundle(text: string, passphrase: () => Promise<string | undefined>): Promise<BundleContent> {
  const bundle = parse(() => bundleSchema.parse(JSON.parse(text), { jitless: true }))
  if ('plain' in bundle) return bundle.plain as BundleContent
  const given = await passphrase()
  if (given === undefined || given === '')
    throw new VaultError('no-key', 'The export is protected by a passphrase. Give it with --bundle-passphrase-file.')
  const key = await argon2Key(given, bundle.kdf)
  const bytes = Buffer.from(bundle.data, 'base64')
  const cut = Math.max(0, bytes.length - 16)
  const nonce = Buffer.from(bundle.nonce, 'base64')
  const aad = bound(bundle.createdAt, bundle.kdf)
  const plain = decrypt(createSecretKey(key), aad, nonce, bytes.subarray(0, cut), bytes.subarray(cut))
  key.fill(0)
  if (plain === undefined)
    throw new VaultError('wrong-passphrase', 'The passphrase does not open the export, or its file was altered.')
  try {
    return parse(() => contentSchema.parse(JSON.parse(plain.toString()), { jitless: true })) as BundleContent
  } finally {
    plain.fill(0)
  }
}

function bound(createdAt: number, kdf: z.infer<typeof argon2Schema>): Buffer {
  const { name, memoryKiB, passes, parallelism, salt } = kdf
  return associated(Buffer.from('logicaproxy-export 1'), createdAt, name, memoryKiB, passes, parallelism, salt)
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch {
    // What was wrong could quote a token.
    throw new VaultError('format', 'The file is no export of a LogicaProxy vault, or a newer version wrote it.')
  }
}
