/** Who may come in: client keys, Host and Origin, judged from the head of a request alone. */
import { BlockList, isIP } from 'node:net'
import { type ClientKeys, createClientKeys, type KeyHolder } from '../accounts/client-keys.ts'
import type { Config } from '../config/schema.ts'
import type { ClientIdentity } from '../gateway/exchange.ts'
import { type Failure, failure } from '../hub/failure.ts'

/** The head of a request, before its body is read. */
export interface RequestHead {
  method: string
  /** Path and query as asked. */
  url: string
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[]
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  /** Address of the other end of the socket; undefined when there is none (the `fetch` face). */
  remoteAddress: string | undefined
}

/** A check of one's own in place of the key list. Undefined refuses. */
export type AccessCheck = (head: RequestHead) => ClientIdentity | undefined | Promise<ClientIdentity | undefined>

export interface Access {
  /** True when anyone may come in, because no keys are configured. */
  readonly open: boolean
  /** The client that a request's key belongs to, or why it is refused. */
  identify(head: RequestHead): ClientIdentity | Failure
  /** Why the Host or Origin is not ours to answer; undefined when all is well. */
  foreign(head: RequestHead): Failure | undefined
  /** The origin to name in CORS headers, if the request comes from a page that may read the answer. */
  corsOrigin(head: RequestHead): string | undefined
}

const ANYONE: ClientIdentity = { name: 'anyone' }
/** Keys presented before and how they were judged, at most so many. */
const MOST_ACCEPTED = 10_000

/**
 * Compiles the access rules of a configuration.
 * @param onKey hears every key that was accepted, so that logs can be kept clean of keys known here by their hash only.
 * @param keys the clients; those of the configuration alone, if none are given.
 */
export function compileAccess(
  config: Config,
  onKey?: (key: string) => void,
  keys: ClientKeys = createClientKeys({ config: config['api-keys'] }),
): Access {
  /** Keys that were accepted before, as they were presented; forgotten when anything about the keys changes. */
  const accepted = new Map<string, KeyHolder>()
  let generation = keys.generation
  const hosts = remembering(hostRule(config))
  const proxies = proxyRule(config['trusted-proxies'])
  const origins = new Set(config['allowed-origins'].map((o) => o.toLowerCase().replace(/\/$/, '')))

  function hostOf(head: RequestHead): string | undefined {
    if (proxies(head.remoteAddress)) {
      const forwarded = head.header('x-forwarded-host')
      if (forwarded !== undefined) return forwarded.split(',')[0]!.trim()
    }
    return head.header('host')
  }

  function ownOrigin(head: RequestHead, origin: string): boolean {
    const at = origin.indexOf('://')
    if (at === -1 || !/^https?$/.test(origin.slice(0, at))) return false
    return origin.slice(at + 3) === hostOf(head)?.toLowerCase()
  }

  function holderOf(key: string): KeyHolder | Failure | undefined {
    if (generation !== keys.generation) {
      generation = keys.generation
      accepted.clear()
    }
    const before = accepted.get(key)
    if (before !== undefined) return before
    const found = keys.find(key)
    if (found === undefined || 'kind' in found) return found
    // One that is taken for a while only is looked up each time.
    if (found.until === undefined) {
      if (accepted.size >= MOST_ACCEPTED) accepted.clear()
      accepted.set(key, found.holder)
    }
    return found.holder
  }

  return {
    get open() {
      return keys.open
    },
    identify(head) {
      if (keys.open) return ANYONE
      let presented = false
      let why: Failure | undefined
      for (const key of presentedKeys(head)) {
        presented = true
        const holder = holderOf(key)
        if (holder === undefined) continue
        const refused = 'kind' in holder ? holder : holder.ended()
        if (refused !== undefined) {
          why ??= refused
          continue
        }
        onKey?.(key)
        return holder as KeyHolder
      }
      return (
        why ??
        failure(
          'unauthorized',
          presented
            ? 'This API key is not known here. Use one of the keys under api-keys in the config of LogicaProxy, or one made with "logicaproxy keys create".'
            : 'An API key is needed: send it as "Authorization: Bearer …", "x-api-key" or "x-goog-api-key".',
          { code: 'invalid_api_key' },
        )
      )
    },
    foreign(head) {
      if (namesTwoHosts(head.rawHeaders))
        return failure('invalid-request', 'A request names one Host.', { code: 'ambiguous_host' })
      const host = hostOf(head)
      if (host === undefined || !hosts(host))
        return failure(
          'forbidden',
          `The Host "${printable(host ?? '')}" is not one of ours. Add it to allowed-hosts in the config if it should be.`,
          { status: 403, code: 'foreign_host' },
        )
      const origin = head.header('origin')?.toLowerCase()
      if (origin !== undefined && !origins.has(origin) && !ownOrigin(head, origin))
        return failure(
          'forbidden',
          `Pages of the origin "${printable(origin)}" may not call this server. Add it to allowed-origins in the config if they should.`,
          { status: 403, code: 'foreign_origin' },
        )
      return undefined
    },
    corsOrigin(head) {
      const origin = head.header('origin')
      return origin !== undefined && origins.has(origin.toLowerCase()) ? origin : undefined
    },
  }
}

/** A second Host is for somebody who reads the other one (RFC 9112, 3.2); Node keeps the first in silence. */
function namesTwoHosts(raw: readonly string[]): boolean {
  let count = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count > 1
}

/** The keys a request presents, in the order in which they are tried (domain.md 2.1). */
function presentedKeys(head: RequestHead): string[] {
  const keys: string[] = []
  const authorization = head.header('authorization')
  if (authorization) keys.push(/^bearer\s/i.test(authorization) ? authorization.slice(7).trim() : authorization)
  for (const name of KEY_HEADERS) {
    const value = head.header(name)
    if (value) keys.push(value)
  }
  const at = head.url.indexOf('?')
  if (at === -1) return keys
  for (const pair of head.url.slice(at + 1).split('&')) {
    const found = /^(?:key|auth_token)=(.+)$/.exec(pair)
    if (found !== null) keys.push(decoded(found[1]!))
  }
  return keys
}

const KEY_HEADERS = ['x-api-key', 'x-goog-api-key'] as const

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The query without credentials, `''` or with its `?`. */
export function queryWithoutKeys(url: string): string {
  const at = url.indexOf('?')
  if (at === -1) return ''
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => pair !== '' && !/^(?:key|auth_token)(?:=|$)/.test(pair))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '::1'])

/** Whether an address belongs to this machine alone. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || plain === 'localhost' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/**
 * Which Host names we answer to. DNS rebinding needs a name of the attacker's own, so on a public bind every IP literal is
 * fine (probes use them), and names have to be listed.
 * @returns judges a Host header as it came.
 */
function hostRule(config: Config): (host: string) => boolean {
  const allowed = new Set(config['allowed-hosts'].map((name) => hostName(name)))
  const any = allowed.has('*')
  const open = !isLoopback(config.host)
  const own = hostName(config.host)
  return (host) => {
    const name = hostName(host)
    return (
      any ||
      LOOPBACK_NAMES.has(name) ||
      allowed.has(name) ||
      (own !== '' && name === own) ||
      (isIP(name) !== 0 && (open || isLoopback(name)))
    )
  }
}

/** Hosts let in before, at most so many: clients name the same one all the time. */
const MOST_HOSTS = 100
/** No longer than a name can be (RFC 1035, 2.3.4), with its port. */
const LONGEST_HOST = 262

/** The rule, asked once for each Host it lets in. Strange ones are judged each time, so that they cannot fill the memory. */
function remembering(rule: (host: string) => boolean): (host: string) => boolean {
  const known = new Set<string>()
  return (host) => {
    if (known.has(host)) return true
    if (!rule(host)) return false
    if (host.length <= LONGEST_HOST && known.size < MOST_HOSTS) known.add(host)
    return true
  }
}

/** The name in a Host header: no port, no brackets, no trailing dot. */
function hostName(host: string): string {
  const lower = host.trim().toLowerCase()
  if (isIP(lower) === 6) return lower
  const bare = lower.startsWith('[') ? lower.slice(1, lower.indexOf(']')) : lower.replace(/:\d+$/, '')
  return bare.replace(/\.$/, '')
}

function proxyRule(trusted: readonly string[]): (address: string | undefined) => boolean {
  if (trusted.length === 0) return () => false
  const list = new BlockList()
  for (const entry of trusted) {
    const [address, bits] = entry.split('/') as [string, string | undefined]
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => address !== undefined && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x21-\x7e]/g, '?')
}
