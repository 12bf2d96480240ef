/** Other programs' files in a scratch home, in the forms domain.md 1.1–1.6 describes. All tokens are made up. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Places } from '../types.ts'

export const NOW = Date.parse('2026-11-22T12:00:00Z')
export const LATER = Date.parse('2026-11-22T20:00:00Z')

/** An unsigned JWT: nothing here verifies one. */
export const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`

export const codexClaims = {
  email: 'anna@test.example',
  sub: 'auth0|1',
  'https://api.openai.com/auth': { chatgpt_account_id: 'acc-1', chatgpt_user_id: 'user-1', chatgpt_plan_type: 'plus' },
}

export const claudeFile = {
  claudeAiOauth: {
    accessToken: 'sk-ant-oat01-made-up',
    refreshToken: 'sk-ant-ort01-made-up',
    expiresAt: LATER,
    scopes: ['user:inference', 'user:profile'],
    subscriptionType: 'max',
    rateLimitTier: 'default_claude_max_5x',
  },
}

export const codexFile = {
  auth_mode: 'chatgpt',
  OPENAI_API_KEY: null,
  tokens: {
    id_token: jwt(codexClaims),
    access_token: jwt({ ...codexClaims, exp: LATER / 1000 }),
    refresh_token: 'rt_made_up_codex',
    account_id: 'acc-1',
  },
  last_refresh: '2026-11-20T08:00:00.123456789Z',
}

export const geminiFile = {
  access_token: 'ya29.made-up',
  refresh_token: '1//made-up',
  scope: 'https://www.googleapis.com/auth/cloud-platform',
  token_type: 'Bearer',
  id_token: jwt({ email: 'Anna@Test.example' }),
  expiry_date: LATER,
}

export const qwenFile = {
  access_token: 'qwen-a',
  refresh_token: 'qwen-refresh',
  token_type: 'Bearer',
  resource_url: 'portal.qwen.ai',
  expiry_date: LATER,
}

export interface Home extends Places {
  put(path: string, content: unknown, mode?: number): Promise<string>
  remove(): Promise<void>
}

/** A home directory of its own; `put` writes private files below it. */
export async function scratchHome(over: Partial<Places> = {}): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), 'lp-home-'))
  return {
    home,
    platform: 'linux',
    env: {},
    now: () => NOW,
    ...over,
    async put(path, content, mode = 0o600) {
      const at = join(home, path)
      await mkdir(dirname(at), { recursive: true })
      await writeFile(at, typeof content === 'string' ? content : JSON.stringify(content))
      await chmod(at, mode)
      return at
    },
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

// ---- protobuf and the IDE's state, written here so that the reader is judged by another hand

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Buffer.from(bytes)
}

/** A field of bytes or text, or of a number. */
export function field(number: number, value: string | Uint8Array | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)])
  const bytes = Buffer.from(value as string)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

export const message = (...fields: Buffer[]): Buffer => Buffer.concat(fields)

/** `OAuthTokenInfo` of domain.md 1.6. */
export const tokenInfo = (access: string, refresh: string, seconds: number): Buffer =>
  message(field(1, access), field(2, 'Bearer'), field(3, refresh), field(4, field(1, seconds)))

/** The value of `antigravityUnifiedStateSync.oauthToken`. */
export const unifiedState = (info: Buffer): string =>
  message(
    field(1, message(field(1, 'somethingElse'), field(2, field(1, 'x')))),
    field(1, message(field(1, 'oauthTokenInfoSentinelKey'), field(2, field(1, info.toString('base64'))))),
  ).toString('base64')

/** The value of `jetskiStateSync.agentManagerInitState`. */
export const legacyState = (info: Buffer): string => message(field(1, 'other'), field(6, info)).toString('base64')

/** Writes a `state.vscdb`. */
export async function writeState(path: string, rows: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite')
  await mkdir(dirname(path), { recursive: true })
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)')
  const put = db.prepare('INSERT INTO ItemTable VALUES (?, ?)')
  for (const [key, value] of Object.entries(rows)) put.run(key, value)
  db.close()
}
