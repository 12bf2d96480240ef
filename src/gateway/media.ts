/** Media that a client gave by URL, for upstreams that take bytes alone: fetched within limits, and kept for a while. */
import type { lookup } from 'node:dns'
import type { Config } from '../config/schema.ts'
import { type Failure, FailureError, failure } from '../hub/failure.ts'
import type { MediaContent } from './media-parts.ts'
import { isHarmlessAddress, isPublicAddress } from './public-address.ts'
import { Fetcher, RemoteMediaError } from './remote-fetch.ts'
import { unprepared } from './words.ts'

/** `remote-media` of the configuration, in the units of the road. */
export interface MediaPolicy {
  readonly maxBytes: number
  /** Of all media of one request together. */
  readonly totalBytes: number
  readonly timeoutMs: number
  /** In lower case; `image/*` stands for all images. */
  readonly types: readonly string[]
  readonly allowPrivate: boolean
}

/** A request that cannot be said before something was fetched. */
export interface Wanting {
  wants: readonly string[]
  policy: MediaPolicy
  /** Takes what was fetched; the request can be prepared again then. */
  hold(contents: ReadonlyMap<string, MediaContent>): void
}

export interface RemoteMedia {
  /**
   * Fetches what a request wants, then calls back, with the failure if there was one. Never before it returns.
   * @returns a function that gives it up; nothing is called back then.
   */
  bring(wanting: Wanting, done: (failure?: Failure) => void): () => void
}

const MOST_URLS = 20
const AT_ONCE = 4
const KEEP_MS = 5 * 60_000
const KEEP_BYTES = 64 * 1024 * 1024

/** The configuration's rules for fetching; undefined where nothing is to be fetched. */
export function mediaPolicyOf({ 'remote-media': remote, limits }: Config): MediaPolicy | undefined {
  if (!remote.fetch) return undefined
  return Object.freeze({
    maxBytes: remote['max-mib'] * 1024 * 1024,
    // What a client could have sent itself is what it may have fetched.
    totalBytes: Math.max(remote['max-mib'], limits['body-mib']) * 1024 * 1024,
    timeoutMs: remote.timeout * 1000,
    types: remote.types.map((type) => type.toLowerCase()),
    allowPrivate: remote['allow-private'],
  })
}

/** Makes the fetching side of a gateway. @param look-up of names; the system's, unless a test has its own. */
export function createRemoteMedia(now: () => number, lookUp?: typeof lookup): RemoteMedia {
  // Every turn of a conversation names its pictures again, and an upstream's prompt cache wants the same bytes each time.
  const cache = new MediaCache(now)

  return {
    bring({ wants, policy, hold }, done) {
      const given = new AbortController()
      contentsOf(wants, policy, given.signal).then(
        (contents) => {
          if (given.signal.aborted) return
          hold(contents)
          done()
        },
        (error: unknown) => {
          if (!given.signal.aborted) done(unprepared(error))
        },
      )
      return () => given.abort()
    },
  }

  /** All of them, or the first failure. */
  async function contentsOf(urls: readonly string[], policy: MediaPolicy, given: AbortSignal) {
    if (urls.length > MOST_URLS)
      throw refused(`Media of ${urls.length} URLs would have to be fetched; ${MOST_URLS} may be.`)
    const contents = new Map<string, MediaContent>()
    const failed = new AbortController()
    const signal = AbortSignal.any([given, failed.signal, AbortSignal.timeout(policy.timeoutMs)])
    await using fetcher = new Fetcher({
      allowed: policy.allowPrivate ? isHarmlessAddress : isPublicAddress,
      accepts: (type) => policy.types.includes(type) || policy.types.includes(`${type.split('/')[0]}/*`),
      maxBytes: policy.maxBytes,
      connectMs: policy.timeoutMs,
      lookup: lookUp,
    })
    const left = urls.values()
    let size = 0
    const work = async (): Promise<void> => {
      for (const url of left) {
        const content = await contentOf(url, policy, fetcher, signal)
        size += content.base64.length * 0.75
        if (size > policy.totalBytes) throw refused('The media to be fetched are too large together.')
        contents.set(url, content)
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, urls.length) }, work))
    } catch (error) {
      failed.abort()
      throw error
    }
    return contents
  }

  async function contentOf(
    url: string,
    policy: MediaPolicy,
    fetcher: Fetcher,
    signal: AbortSignal,
  ): Promise<MediaContent> {
    const kept = cache.get(url, policy)
    if (kept !== undefined) return kept
    try {
      const { mediaType, bytes } = await fetcher.fetch(url, signal)
      const content = { mediaType, base64: bytes.toString('base64') }
      cache.set(url, policy, content)
      return content
    } catch (error) {
      if (!(error instanceof RemoteMediaError)) throw error
      throw refused(`The media at ${hostOf(url)} could not be fetched: ${error.message}.`)
    }
  }
}

function refused(message: string): FailureError {
  return new FailureError(failure('invalid-request', message, { code: 'remote_media' }))
}

/** The rest of a URL may be a secret. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.slice(0, 255) : 'a URL that cannot be read'
}

/** What was fetched lately, least lately used first. */
class MediaCache {
  readonly #now: () => number
  readonly #entries = new Map<string, { content: MediaContent; until: number }>()
  #size = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get(url: string, policy: MediaPolicy): MediaContent | undefined {
    const key = keyOf(url, policy)
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.until <= this.#now()) {
      this.#size -= entry.content.base64.length
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.content
  }

  set(url: string, policy: MediaPolicy, content: MediaContent): void {
    const size = content.base64.length
    if (size > KEEP_BYTES) return
    const key = keyOf(url, policy)
    this.#drop(key)
    const now = this.#now()
    for (const [old, { until }] of this.#entries) if (until <= now || this.#size + size > KEEP_BYTES) this.#drop(old)
    this.#entries.set(key, { content, until: now + KEEP_MS })
    this.#size += size
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.content.base64.length
  }
}

/** What was fetched under other rules might not be allowed under these. */
const keyOf = (url: string, policy: MediaPolicy) => `${JSON.stringify(policy)} ${url}`
