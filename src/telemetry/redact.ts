/**
 * Takes secrets out of everything that is written down. Known secrets are found by value, in the spellings in which
 * they come back (as they are, URL-encoded, inside JSON, inside base64); unknown ones by their shape.
 */
import { createMatcher, type Matcher } from './aho-corasick.ts'

export const REDACTED = '[redacted]'

/** Shorter values are too likely to be ordinary words. */
const SHORTEST = 8
/** Longer values are not credentials; what lies beyond is not searched for. */
const LONGEST = 16_384
/** The automaton holds only the end of a long spelling (ends differ where beginnings, as of tokens, are all alike). */
const WINDOW = 48
/** Tokens rotate and strangers try keys: of so many secrets the oldest are given up, so that memory stays bounded. */
const MOST_SECRETS = 20_000
/** So many new secrets are searched for apart before all are compiled anew. */
const MOST_FRESH = 64

export interface Redactor {
  /** Remembers a secret; values under 8 characters are ignored. Cheap when it is known already. */
  learn(secret: string | undefined): void
  /** Remembers the user, password and query credentials of a URL (a proxy, a webhook). */
  learnUrl(url: string | undefined): void
  /** Forgets a secret that is valid no more. */
  forget(secret: string): void
  /** The text without any secret. Linear in the length of the text. */
  scrub(text: string): string
  /**
   * The first `limit` characters of a long text, scrubbed before it is cut, so that no half of a secret stays. Of a text
   * that was `truncated` before, the end is left out for the same reason.
   */
  scrubHead(text: string, limit: number, truncated?: boolean): string
  /** A flat header list as a record with lower-case names, for logs; repeated headers are joined. */
  headers(raw: readonly string[]): Record<string, string>
  /** A URL or path whose credentials, also in the query, are taken out. */
  url(path: string): string
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>()
  // Two automata, so that one new token does not rebuild a thousand: what was learnt lately is merged now and then.
  const fresh = new Set<string>()
  let searchSettled = unchanged
  let searchFresh: ((text: string) => string) | undefined = unchanged

  function byValue(text: string): string {
    if (text.length < SHORTEST) return text
    if (fresh.size > MOST_FRESH) {
      fresh.clear()
      searchSettled = compile(secrets)
      searchFresh = unchanged
    }
    searchFresh ??= compile(fresh)
    return searchFresh(searchSettled(text))
  }
  function learn(secret: string | undefined): void {
    if (secret === undefined || secrets.has(secret)) return
    const value = secret.trim().replace(/^(?:bearer|basic)\s+/i, '')
    if (value.length < SHORTEST || REDACTED.includes(value) || secrets.has(value)) return
    if (secrets.size >= MOST_SECRETS) secrets.delete(secrets.values().next().value!)
    secrets.add(value)
    fresh.add(value)
    searchFresh = undefined
  }
  const scrub = (text: string) => byShape(byValue(text))

  return {
    learn,
    learnUrl(url) {
      if (!url || !URL.canParse(url)) return
      const { username, password, searchParams } = new URL(url)
      // A user name alone may be a key; beside a password it is a name, and a name may be an ordinary word.
      for (const value of password ? [password] : [username]) {
        learn(value)
        learn(decoded(value))
      }
      for (const [name, value] of searchParams) if (isSecretName(name)) learn(value)
    },
    forget(secret) {
      const value = secret.trim().replace(/^(?:bearer|basic)\s+/i, '')
      if (!secrets.delete(value)) return
      if (fresh.delete(value)) searchFresh = undefined
      else searchSettled = compile([...secrets].filter((known) => !fresh.has(known)))
    },
    scrub,
    scrubHead(text, limit, truncated = false) {
      // So much more than is kept is looked at that a secret which begins in it ends in it, in its widest spelling.
      const margin = LONGEST * 3
      const more = truncated || text.length > limit + margin
      if (!more && text.length <= limit) return scrub(text)
      const clean = scrub(text.slice(0, limit + margin))
      return clean.slice(0, more ? Math.max(0, Math.min(limit, clean.length - margin)) : limit)
    },
    headers(raw) {
      const record: Record<string, string> = Object.create(null)
      for (let at = 0; at + 1 < raw.length; at += 2) {
        const name = scrub(raw[at]!.toLowerCase())
        const value = isSecretHeader(name) ? REDACTED : scrub(raw[at + 1]!)
        record[name] = name in record ? `${record[name]}, ${value}` : value
      }
      return record
    },
    url(path) {
      const query = path.indexOf('?')
      if (query < 0) return scrub(path)
      const pairs = path
        .slice(query + 1)
        .split('&')
        .map((pair) => {
          const equals = pair.indexOf('=')
          return equals >= 0 && isSecretName(decoded(pair.slice(0, equals)))
            ? `${pair.slice(0, equals)}=${REDACTED}`
            : pair
        })
      return scrub(`${path.slice(0, query)}?${pairs.join('&')}`)
    },
  }
}

function unchanged(text: string): string {
  return text
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const SECRET_HEADER =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key|x-goog-api-key|x-management-key)$|(?:^|[-_])(?:api[-_]?key|token|secret|password|signature|credential)$/

function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name)
}

const SECRET_NAME =
  /^(?:key|code|sig|password|passwd|secret|cookie)$|(?:^|[-_.])(?:token|secret|password|api[-_]?key|signature)$|^x-goog-credential$|(?:Token|Secret|ApiKey|Password|Verifier)$|^code_verifier$/i

/** Whether a query parameter of this name carries a credential. */
function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** A spelling of a secret: what the automaton looks for, and the whole, matched backwards from there. */
interface Spelling {
  window: string
  whole: string
}

function compile(secrets: Iterable<string>): (text: string) => string {
  const groups = new Map<string, Spelling[]>()
  for (const secret of secrets) {
    for (const whole of spellings(secret.slice(0, LONGEST))) {
      const window = whole.slice(-WINDOW)
      const group = groups.get(window)
      if (!group) groups.set(window, [{ window, whole }])
      else if (group.length < 8 && !group.some((s) => s.whole === whole)) group.push({ window, whole })
    }
  }
  const list = [...groups.values()]
  const matcher: Matcher = createMatcher([...groups.keys()])

  return (text) => {
    /** Regions to replace: starts and ends, in order, apart from one another. */
    const starts: number[] = []
    const ends: number[] = []
    // Matching backwards through text that is taken out anyway is only tidiness; the budget keeps it linear.
    let budget = 100_000 + 4 * text.length
    matcher.scan(text, (end, pattern) => {
      let start = end
      for (const { window, whole } of list[pattern]!) {
        let at = end - window.length
        const covered = ends.length > 0 ? ends[ends.length - 1]! : 0
        let left = whole.length - window.length
        while (left > 0 && at > 0 && (at > covered || budget-- > 0)) {
          if (text.charCodeAt(at - 1) !== whole.charCodeAt(left - 1)) break
          at--
          left--
        }
        if (at < start) start = at
      }
      while (ends.length > 0 && ends[ends.length - 1]! >= start) {
        start = Math.min(start, starts.pop()!)
        ends.pop()
      }
      starts.push(start)
      ends.push(end)
    })
    if (starts.length === 0) return text
    let out = ''
    let from = 0
    for (let at = 0; at < starts.length; at++) {
      out += text.slice(from, starts[at]!) + REDACTED
      from = ends[at]!
    }
    return out + text.slice(from)
  }
}

/** How a secret may be spelled in a log, a query, a body or an echo. */
function spellings(secret: string): Set<string> {
  const forms = new Set([secret])
  const json = escaped(secret)
  forms.add(json).add(escaped(json))
  // Go and PHP escape a few more characters than JSON asks for.
  forms.add(json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)).add(json.replaceAll('/', '\\/'))
  const percent = encodeURIComponent(secret.toWellFormed())
  forms.add(percent).add(percent.replace(/%../g, (c) => c.toLowerCase()))
  forms.add(percent.replaceAll('%20', '+')).add(new URLSearchParams([['', secret]]).toString().slice(1))
  forms.add(encodeURI(secret.toWellFormed()))
  const bytes = Buffer.from(secret)
  for (const shift of [0, 1, 2]) {
    const core = base64Core(bytes, shift)
    forms.add(core).add(core.replaceAll('+', '-').replaceAll('/', '_'))
    forms.add(encodeURIComponent(core)).add(core.replaceAll('/', '\\/'))
  }
  return forms
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** The base64 characters that depend on `bytes` alone when `shift` (mod 3) bytes stand before them and any behind. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  const head = shift === 0 ? 0 : shift + 1
  const length = shift + bytes.length
  const whole = Math.floor((length * 8) / 6)
  return text.slice(head, whole)
}

/**
 * What credentials look like. Every pattern is linear and bounded: it begins with a literal, repeats one character
 * class a bounded number of times (an unbounded run of 30 MB would exhaust the engine's stack), and needs nothing
 * behind it, or can begin only where its run begins.
 */
const SHAPES: readonly [RegExp, string][] = [
  // An ordinary word ("basic understanding") is all lower case and short.
  [
    /\b([Bb]earer|BEARER|[Bb]asic|BASIC)((?:\s|%20|\+){1,4})(?:[\w.~+/=:-]{20,8192}|(?=[a-z]{0,20}[A-Z0-9+/=:])[\w.~+/=:-]{8,20})/g,
    `$1$2${REDACTED}`,
  ],
  [/(?<![\w-])(?:%[0-9A-Fa-f]{2})?eyJ[\w-]{8,8192}\.[\w-]{4,8192}(?:\.[\w-]{0,8192}){0,3}/g, REDACTED],
  [/(?<=\\[nrtbf])eyJ[\w-]{8,8192}\.[\w-]{4,8192}(?:\.[\w-]{0,8192}){0,3}/g, REDACTED],
  [/(?<![A-Za-z0-9])sk-[\w-]{16,1024}/g, REDACTED],
  [/(?<![A-Za-z0-9])lp-[\w-]{16,1024}/g, REDACTED],
  [/AIza[\w-]{30,1024}/g, REDACTED],
  [/ya29\.[\w.-]{10,4096}/g, REDACTED],
  [/GOCSPX-[\w-]{10,1024}/g, REDACTED],
  [/(?<![A-Za-z0-9])xai-[\w-]{16,1024}/g, REDACTED],
  [/(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,1024}/g, REDACTED],
  [/(?<![\w/])1\/\/0[\w-]{20,1024}/g, REDACTED],
  [/(:\/\/)[^\s/:@"'<>\\]{0,256}:[^\s/@"'<>\\]{1,512}@/g, `$1${REDACTED}@`],
  [/([?&](?:key|code|sig)=)[^&\s"'<>#\\]{1,8192}/gi, `$1${REDACTED}`],
  [
    /\b((?:auth_token|access_token|refresh_token|id_token|api_?key|client_secret|code_verifier)=)[^&\s"'<>#\\]{1,8192}/gi,
    `$1${REDACTED}`,
  ],
  [
    /("(?:(?:auth|access|refresh|id)_?token|api[_-]?key|client_secret|password|code_verifier|authorization|x-api-key|x-goog-api-key|proxy-authorization|cookie|set-cookie)\\{0,3}"\s{0,8}:\s{0,8}\\{0,3}")[^"\\]{4,8192}/gi,
    `$1${REDACTED}`,
  ],
]

function byShape(text: string): string {
  let clean = text
  for (const [shape, replacement] of SHAPES) clean = clean.replace(shape, replacement)
  return clean
}
