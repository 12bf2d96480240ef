/**
 * Fetches what stands at a URL a client named. The client is not trusted: the address is checked where the connection is
 * made, so that no name can mean one thing when it is checked and another when it is used; a redirect is a new URL.
 */
import { lookup as systemLookup } from 'node:dns'
import { isIP, type Socket } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { version } from '../version.ts'
import { bareType, mediaTypeOf, saysNothing } from './media-type.ts'

/** Why something was not fetched, in words for the client: never what was found there, nor which address it is. */
export class RemoteMediaError extends Error {
  override readonly name = 'RemoteMediaError'
}

export interface Fetched {
  mediaType: string
  bytes: Buffer
}

/** What may be fetched, and how much. */
export interface FetchRules {
  /** Whether an IP address may be connected to. */
  allowed(address: string): boolean
  /** Whether a media type is wanted. */
  accepts(mediaType: string): boolean
  maxBytes: number
  connectMs: number
  /** Looks names up; tests put another in its place. */
  lookup?: typeof systemLookup
}

const MOST_REDIRECTS = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Nothing of the client's request or of an account travels: no cookie, no key, no name but our own. */
const HEADERS = { 'user-agent': `logicaproxy/${version}`, accept: '*/*', 'accept-encoding': 'identity' }

/** Fetches under one set of rules, over connections of its own: none lives on under rules it was not made by. */
export class Fetcher implements AsyncDisposable {
  readonly #rules: FetchRules
  readonly #agent: Agent

  constructor(rules: FetchRules) {
    this.#rules = rules
    this.#agent = new Agent({
      connect: guardedConnector(rules),
      allowH2: false,
      pipelining: 1,
      // The signal is the clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** @throws {RemoteMediaError} with the reason. */
  async fetch(url: string, signal: AbortSignal): Promise<Fetched> {
    let at = checked(url)
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#ask(at, signal)
      const { location } = answer.headers
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return await this.#read(answer)
      discard(answer)
      if (redirects === MOST_REDIRECTS) throw new RemoteMediaError('it redirects too often')
      at = checked(location, at)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #ask(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: HEADERS,
        signal,
      })
    } catch (error) {
      throw reasonOf(error)
    }
  }

  async #read(answer: Dispatcher.ResponseData): Promise<Fetched> {
    const { maxBytes, accepts } = this.#rules
    const told = bareType(one(answer.headers['content-type']))
    const why = this.#refusal(answer, told)
    if (why !== undefined) {
      discard(answer)
      throw new RemoteMediaError(why)
    }
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        size += chunk.length
        // Leaving the loop closes the connection.
        if (size > maxBytes) throw new RemoteMediaError(tooLarge(maxBytes))
        chunks.push(chunk)
      }
    } catch (error) {
      throw reasonOf(error)
    }
    const bytes = Buffer.concat(chunks, size)
    if (size === 0) throw new RemoteMediaError('it is empty')
    const mediaType = mediaTypeOf(bytes, told)
    if (mediaType === undefined) throw new RemoteMediaError('its content is not of the type that its server says')
    if (!accepts(mediaType)) throw new RemoteMediaError(wrongType(mediaType))
    return { mediaType, bytes }
  }

  /** What the head of an answer already shows to be in vain. */
  #refusal({ statusCode, headers }: Dispatcher.ResponseData, told: string): string | undefined {
    const { maxBytes, accepts } = this.#rules
    if (statusCode !== 200) return `its server answers with status ${statusCode}`
    if (!/^(?:identity)?$/i.test(one(headers['content-encoding']) ?? '')) return 'its server sends it compressed'
    if (Number(one(headers['content-length'])) > maxBytes) return tooLarge(maxBytes)
    if (!saysNothing(told) && !accepts(told)) return wrongType(told)
    return undefined
  }
}

/**
 * Connects only to addresses that are allowed. The check is in the look-up the socket itself makes, and once more on the
 * connected socket, before a byte is written; a literal address is not looked up and is checked by itself.
 */
function guardedConnector({ allowed, connectMs, lookup = systemLookup }: FetchRules): buildConnector.connector {
  const guarded = ((hostname: string, options: object, callback: (...args: unknown[]) => void) => {
    lookup(hostname, options, (error, address: unknown, family) => {
      if (error !== null) callback(error, address, family)
      else {
        const found = Array.isArray(address) ? address.map((a: { address: string }) => a.address) : [address as string]
        // All of them: which one is used is decided later and elsewhere.
        if (found.length > 0 && found.every(allowed)) callback(null, address, family)
        else callback(new RemoteMediaError(NOT_PUBLIC))
      }
    })
  }) as typeof systemLookup
  const connect = buildConnector({ timeout: connectMs, lookup: guarded, maxCachedSessions: 0 })
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !allowed(literal)) {
      callback(new RemoteMediaError(NOT_PUBLIC), null)
      return
    }
    connect(options, (...[error, socket]: [Error, null] | [null, Socket]) => {
      if (error !== null) callback(error, null)
      else if (allowed(socket.remoteAddress ?? '')) callback(null, socket)
      else {
        socket.destroy()
        callback(new RemoteMediaError(NOT_PUBLIC), null)
      }
    })
  }
}

const NOT_PUBLIC = 'its address is not one of the public internet'

/** Reads a URL, and refuses those of other schemes and those that hold a password. */
function checked(url: string, base?: URL): URL {
  const which = base === undefined ? 'its URL' : 'the URL it redirects to'
  if (!URL.canParse(url, base?.href)) throw new RemoteMediaError(`${which} cannot be read`)
  const read = new URL(url, base)
  if (read.protocol !== 'https:' && read.protocol !== 'http:') throw new RemoteMediaError(`${which} is not of http`)
  if (read.username !== '' || read.password !== '') throw new RemoteMediaError(`${which} holds a user or a password`)
  return read
}

/** Gives an answer up without reading it. */
function discard({ body }: Dispatcher.ResponseData): void {
  // Destroying it is told as an error of the stream, which nobody waits for.
  body.on('error', () => {})
  body.destroy()
}

function reasonOf(error: unknown): RemoteMediaError {
  if (error instanceof RemoteMediaError) return error
  const { code, name } = error as { code?: string; name?: string }
  if (name === 'AbortError' || name === 'TimeoutError') return new RemoteMediaError('it took too long')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new RemoteMediaError('its host is not known')
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return new RemoteMediaError('its host does not answer')
  if (/CERT|SIGNATURE|SSL|TLS/.test(code ?? '')) return new RemoteMediaError("its host's certificate is not valid")
  return new RemoteMediaError('the connection to its host failed')
}

const tooLarge = (bytes: number) => `it is larger than ${Math.round((bytes / 1024 / 1024) * 100) / 100} MiB`
const wrongType = (type: string) => `its type, ${type.replace(/[^\w./+-]/g, '?').slice(0, 80)}, is not allowed`
const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)
