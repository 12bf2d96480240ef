/** Which headers travel on, in either direction. */
import type { CallRecord } from './events.ts'
import { headerText } from './words.ts'

/**
 * Client headers that never reach an upstream: credentials of this gateway, hop-by-hop headers (RFC 9110, 7.6.1), those
 * the road sets itself, and those that tell where the client sits.
 */
const NOT_FORWARDED = new Set([
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cookie',
  'host',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'forwarded',
  'via',
  'x-real-ip',
  'origin',
  'referer',
  'x-management-key',
])

const NOT_FORWARDED_PREFIX = /^(?:x-forwarded-|x-logicaproxy-|x-ai-|sec-|cf-)/

/** Clients and upstreams send the same few names all the time; made-up ones must not fill the memory. */
const MOST_NAMES = 1_000
/** Longer ones are not remembered, characters: a model's name may be as long as its sender likes. */
const LONGEST_NAME = 256

/** Remembers what a pure function says of the name of a header or a model. */
function byName<T>(judge: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    let verdict = known.get(name)
    if (verdict === undefined) {
      if (known.size >= MOST_NAMES) known.clear()
      verdict = judge(name)
      if (name.length <= LONGEST_NAME) known.set(name, verdict)
    }
    return verdict
  }
}

const forwards = byName((name): boolean | 'connection' => {
  const lower = name.toLowerCase()
  return lower === 'connection' ? lower : !NOT_FORWARDED.has(lower) && !NOT_FORWARDED_PREFIX.test(lower)
})

/** The client's headers that may travel on, in their order and spelling. */
export function forwardable(raw: readonly string[]): string[] {
  const kept: string[] = []
  let named: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const travels = forwards(name)
    if (travels === 'connection') {
      // Names listed there are hop-by-hop too.
      const value = raw[i + 1]!.toLowerCase()
      if (value !== 'keep-alive' && value !== 'close') {
        named ??= new Set()
        for (const one of value.split(',')) named.add(one.trim())
      }
      continue
    }
    if (travels) kept.push(name, raw[i + 1]!)
  }
  if (named === undefined) return kept
  const pairs: string[] = []
  for (let i = 0; i < kept.length; i += 2) if (!named.has(kept[i]!.toLowerCase())) pairs.push(kept[i]!, kept[i + 1]!)
  return pairs
}

/** Upstream headers that never reach a client: hop-by-hop, framing (the road frames anew), and what speaks for another origin. */
const NOT_RETURNED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-encoding',
  'content-type',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'server',
  'date',
  'vary',
  'cache-control',
  'x-accel-buffering',
])

const NOT_RETURNED_PREFIX = /^(?:access-control-|cf-|x-logicaproxy-(?!simulated)|x-ai-|content-security-)/

const returns = byName((name) => !NOT_RETURNED.has(name) && !NOT_RETURNED_PREFIX.test(name))

/** The upstream's headers for the client, names and values in turn. */
export function returnable(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const kept: string[] = []
  for (const name in headers) {
    if (!returns(name)) continue
    const value = headers[name]
    if (value === undefined) continue
    if (Array.isArray(value)) for (const v of value) kept.push(name, v)
    else kept.push(name, value)
  }
  return kept
}

const modelText = byName(headerText)

/** Longest reason, in characters: each may become nine, and clients refuse heads over some kilobytes. */
const LONGEST_REASON = 700

/** What we say of our own in every answer. */
export function ownHeaders(record: CallRecord, emulated?: string): string[] {
  const own = ['x-logicaproxy-request-id', record.id]
  if (record.lane !== undefined) own.push('x-logicaproxy-lane', record.lane)
  if (record.accountId !== '') own.push('x-logicaproxy-account', record.accountId)
  if (emulated !== undefined) own.push('x-logicaproxy-emulated', emulated)
  // Where nobody answered, `auto` still tells where it led.
  const model = record.servedModel || record.routedModel
  if (model !== undefined && model !== '') own.push('x-ai-route', modelText(model))
  if (record.dropped !== undefined) own.push('x-logicaproxy-dropped', headerText(droppedText(record.dropped)))
  if (record.category !== undefined) {
    own.push('x-ai-category', headerText(record.category))
    if (record.confidence !== undefined) own.push('x-ai-confidence', confidenceText(record.confidence))
    if (record.reason !== undefined) own.push('x-ai-reason', headerText(record.reason.slice(0, LONGEST_REASON)))
  }
  return own
}

/** Two decimals; nothing is quite sure, and the reason says so likewise. */
function confidenceText(confidence: number): string {
  return Math.min(0.99, Math.max(0, confidence)).toFixed(2)
}

/** Clients refuse heads over some kilobytes, and a long conversation can lose a field in each of its messages. */
const MOST_DROPPED = 1_000

/** The fields as one text: each by its place, or, if that were long, places of the same field as one, and the rest counted. */
function droppedText(fields: readonly string[]): string {
  const exact = fields.join(',')
  if (exact.length <= MOST_DROPPED) return exact
  const forms = [...new Set(fields.map((field) => field.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*').slice(0, 100)))]
  let length = 0
  const told = forms.filter((form) => {
    length += form.length + 1
    return length <= MOST_DROPPED
  })
  return told.length === forms.length ? told.join(',') : `${told.join(',')},+${forms.length - told.length}`
}

/** Headers of every streamed answer. The last one tells reverse proxies of the nginx kind not to buffer. */
export const STREAM_HEADERS: readonly string[] = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-cache',
  'x-accel-buffering',
  'no',
]

/** The same for Gemini's JSON array form. */
export const JSON_ARRAY_HEADERS: readonly string[] = [
  'content-type',
  'application/json; charset=UTF-8',
  'cache-control',
  'no-cache',
  'x-accel-buffering',
  'no',
]
