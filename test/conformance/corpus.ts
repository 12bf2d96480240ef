/** The recorded exchanges that lie beside the project. They are not part of it: everything here works without them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProtocolId } from '../../src/hub/protocol-id.ts'

const SHARED = join(import.meta.dirname, '../../../shared')
const ROOT = join(SHARED, 'corpus')

/** Where the JSON Schemas lie. */
export const SPECS = join(SHARED, 'specs')

/** Why nothing is replayed, or false. */
export const corpusMissing: string | false = existsSync(ROOT) && existsSync(SPECS) ? false : `no recordings at ${ROOT}`

// biome-ignore lint/suspicious/noExplicitAny: JSON of many vendors, read by code that asks before it takes
export type Json = any

/** The four dialects that are translated. */
export const DIALECTS = ['anthropic', 'openai-chat', 'openai-responses', 'gemini'] as const
export type Dialect = (typeof DIALECTS)[number]

export interface Exchange {
  id: string
  dialect: Dialect
  vendor: string
  endpoint: string
  stream: boolean
  model: string
  features: string[]
  cluster: string
  facts: Json
  request: { url: string; body: Json } | undefined
  status: number
  contentType: string
  headers: Record<string, string>
  body: Json
  sse: string | undefined
}

const PROTOCOLS: Record<string, ProtocolId> = {
  claude: 'anthropic',
  chat: 'openai-chat',
  responses: 'openai-responses',
  gemini: 'gemini',
}

const GENERATE = new Set(['messages', 'chat.completions', 'responses', 'generateContent'])

/** All recordings of generating calls in the four dialects, in a fixed order. */
export function corpus(): Exchange[] {
  if (corpusMissing) return []
  const found: Exchange[] = []
  for (const folder of readdirSync(ROOT, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue
    for (const file of readdirSync(join(ROOT, folder.name))) {
      if (!file.endsWith('.json')) continue
      const json: Json = JSON.parse(readFileSync(join(ROOT, folder.name, file), 'utf8'))
      const dialect = PROTOCOLS[json.protocol] as Dialect | undefined
      if (dialect === undefined || !GENERATE.has(json.endpoint)) continue
      const headers: Record<string, string> = json.response.headers ?? {}
      found.push({
        id: json.id,
        dialect,
        vendor: json.provider,
        endpoint: json.endpoint,
        stream: json.stream,
        model: String(json.model ?? ''),
        features: json.features ?? [],
        cluster: String(json.cluster),
        facts: json.facts ?? {},
        request: json.request?.body == null ? undefined : { url: json.request.url ?? '', body: json.request.body },
        status: json.response.status,
        contentType:
          headers['content-type'] ?? (json.response.sse === undefined ? 'application/json' : 'text/event-stream'),
        headers,
        body: json.response.body,
        sse: json.response.sse ?? undefined,
      })
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Some of them, always the same ones, spread over all vendors and features: one of each class, then every n-th. */
export function sample(all: readonly Exchange[], size: number): Exchange[] {
  if (all.length <= size) return [...all]
  const picked = new Set<Exchange>()
  const seen = new Set<string>()
  // The tails of the ids are hashes: an order without a preference.
  const mixed = all.toSorted((a, b) => (a.id.slice(-8) < b.id.slice(-8) ? -1 : 1))
  for (const e of mixed) {
    const fresh = [e.vendor, ...e.features].map((f) => `${e.dialect} ${e.stream} ${f}`).filter((k) => !seen.has(k))
    if (fresh.length === 0 || picked.size >= size) continue
    for (const key of fresh) seen.add(key)
    picked.add(e)
  }
  const rest = mixed.filter((e) => !picked.has(e))
  const step = Math.max(1, Math.floor(rest.length / Math.max(1, size - picked.size)))
  for (let i = 0; i < rest.length && picked.size < size; i += step) picked.add(rest[i]!)
  return all.filter((e) => picked.has(e))
}

/** The bytes a recording's upstream sent. */
export function bytesOf(e: Exchange): Buffer {
  if (e.sse !== undefined) return Buffer.from(e.sse)
  return Buffer.from(typeof e.body === 'string' ? e.body : JSON.stringify(e.body ?? null))
}

/** The three ways the bytes are cut. */
export const CUTS = ['event', 'seven', 'whole'] as const
export type Cut = (typeof CUTS)[number]

export function cut(e: Exchange, how: Cut): Buffer[] {
  const bytes = bytesOf(e)
  if (how === 'whole') return [bytes]
  if (how === 'event') return e.sse === undefined ? [bytes] : e.sse.split(/(?<=\r?\n\r?\n)/).map((s) => Buffer.from(s))
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 7) pieces.push(bytes.subarray(at, at + 7))
  return pieces
}
