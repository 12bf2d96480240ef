/** Digests, and comparisons whose time tells nothing. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from '../../../../config/schema.ts'

export const sha256 = (text: string): string => hash('sha256', text, 'hex')

/** 256 bits, in letters that stand in URLs and cookies as they are. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** Compares two texts by their digests in constant time, whatever their lengths. */
export function same(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}

export type TokenState =
  | { is: 'set'; digest: string }
  /** Nobody can sign in with a token: there is none, or it is in a form that cannot be checked here. */
  | { is: 'none'; because: string }

/** The admin token as the config has it: plain, or `sha256:` and the hash of it. */
export function tokenState(config: Config): TokenState {
  const value = config['remote-management']['secret-key']
  if (value === '')
    return {
      is: 'none',
      because: 'No admin token is set (remote-management.secret-key). "logicaproxy dashboard" prints a one-time link.',
    }
  const hashed = /^sha256:([0-9a-f]{64})$/i.exec(value)
  if (hashed !== null) return { is: 'set', digest: hashed[1]!.toLowerCase() }
  if (/^\$2[aby]?\$/.test(value) || value.startsWith('sha256:'))
    return {
      is: 'none',
      because:
        'remote-management.secret-key is a hash that cannot be checked here (bcrypt of another program, or a damaged one): set a new token, plain or as "sha256:" and its hash. "logicaproxy dashboard" prints a one-time link.',
    }
  return { is: 'set', digest: sha256(value) }
}

/** Whether this is the admin token. What is a client's key, too, is never one. */
export function isAdminToken(config: Config, presented: string): boolean {
  const state = tokenState(config)
  if (state.is === 'none') return false
  const digest = sha256(presented)
  const right = timingSafeEqual(Buffer.from(digest, 'hex'), Buffer.from(state.digest, 'hex'))
  return right && !clientDigests(config).has(digest)
}

const known = new WeakMap<object, ReadonlySet<string>>()

/** Digests of the client keys of the config. */
export function clientDigests(config: Config): ReadonlySet<string> {
  const keys = config['api-keys']
  let digests = known.get(keys)
  if (digests === undefined) {
    digests = new Set(
      keys.map((entry) => {
        const key = typeof entry === 'string' ? entry : entry.key
        return /^sha256:/i.test(key) ? key.slice(7).toLowerCase() : sha256(key)
      }),
    )
    known.set(keys, digests)
  }
  return digests
}

/** Tells one token from the next, so that sessions end with the token they were opened under. */
export const tokenPrint = (config: Config): string =>
  sha256(`print\n${config['remote-management']['secret-key']}`).slice(0, 16)
