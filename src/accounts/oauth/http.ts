/** Calls to vendors outside the road: short, bounded, through the account's own proxy, never led elsewhere. */
import type { Dispatcher } from 'undici'
import { ForbiddenAddressError, isForbiddenAddress, makeDispatcher, proxyOf } from '../../wire/dispatcher.ts'
import { LoginError, type VendorAnswer, type VendorHttp, type VendorRequest } from './flow.ts'
import { fieldsOf, plain } from './text.ts'

/** How such calls are sent. */
export interface VendorHttpOptions {
  /** The account's proxy (http, https, socks5), or `direct`. */
  proxyUrl?: string
  /** Own name and version; sent unless a request names itself. */
  userAgent: string
  /** ms for a whole call; 30 s unless said. */
  timeoutMs?: number
  signal?: AbortSignal
}

const LIMIT_MS = 30_000
const CONNECT_MS = 10_000
/** No answer of a token, profile or model endpoint comes near this. */
const MAX_BYTES = 1024 * 1024

/**
 * Makes the sender. Redirects are not followed: a token endpoint that moves is to be looked at by a person.
 * The sender rejects with `LoginError` of code `network` when nothing (usable) came back; its `cause` tells why.
 */
export function createVendorHttp(options: VendorHttpOptions): { http: VendorHttp; close(): Promise<void> } {
  let pool: Dispatcher | undefined
  const proxy = proxyOf(options.proxyUrl)

  async function http(request: VendorRequest): Promise<VendorAnswer> {
    const url = new URL(request.url)
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isForbiddenAddress(literal)) throw failure(url, proxy, new ForbiddenAddressError(literal))
    const limit = AbortSignal.timeout(options.timeoutMs ?? LIMIT_MS)
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal])
    try {
      pool ??= makeDispatcher(proxy, CONNECT_MS)
      const answer = await pool.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: {
          'user-agent': options.userAgent,
          accept: 'application/json',
          // Some servers compress without saying so once they may.
          'accept-encoding': 'identity',
          ...request.headers,
        },
        body: request.body ?? null,
        signal,
      })
      const text = await readBounded(answer.body)
      return { status: answer.statusCode, headers: answer.headers, text, json: objectOf(text) }
    } catch (error) {
      if (options.signal?.aborted) throw new LoginError('cancelled', 'The login was cancelled.', { cause: error })
      throw failure(url, proxy, limit.aborted ? limit.reason : error)
    }
  }
  return { http, close: async () => void (await pool?.destroy()) }
}

class TooLargeError extends Error {}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_BYTES) throw new TooLargeError('the answer is larger than 1 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}

function failure(url: URL, proxy: string, error: unknown): LoginError {
  const way = proxy === '' ? '' : ` through the proxy ${URL.parse(proxy)?.host ?? 'that is configured'}`
  return new LoginError('network', `${url.host} could not be asked${way}: ${reason(error)}`, { cause: error })
}

/** What went wrong on the way, in words; never holds a URL's query or a body. */
function reason(error: unknown): string {
  const { code, name, message } = root(error)
  if (error instanceof TooLargeError || error instanceof ForbiddenAddressError) return `${message}.`
  if (name === 'TimeoutError') return 'it did not answer in time.'
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name could not be looked up. Is this machine online, or does it need a proxy (proxy-url, --proxy)?'
    case 'ECONNREFUSED':
      return 'the connection was refused.'
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'the connection could not be opened in time. Does this network need a proxy (proxy-url, --proxy)?'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return 'the connection was cut.'
    default:
      return `${plain(message || code || 'it failed', 160)}.`
  }
}

/** undici and Node wrap what happened, sometimes twice. */
function root(error: unknown): { code?: string; name: string; message: string } {
  let at = error as Error & { code?: string; cause?: unknown; errors?: unknown[] }
  for (let depth = 0; depth < 5; depth++) {
    const inner = at.errors?.[0] ?? at.cause
    if (!(inner instanceof Error)) break
    at = inner as typeof at
  }
  return { code: at.code ?? (error as { code?: string }).code, name: at.name, message: at.message }
}

/** Codes of failures that happen before a byte of a request has left. */
const BEFORE_SENDING = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** Whether the vendor cannot have seen the request: only then is a single-use token certainly still good. */
export function neverSent(error: unknown): boolean {
  if (!(error instanceof LoginError) || error.code !== 'network') return false
  if (error.cause instanceof ForbiddenAddressError) return true
  return BEFORE_SENDING.has(root(error.cause).code ?? '')
}

/** A body as forms write it. */
export function formBody(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString()
}
