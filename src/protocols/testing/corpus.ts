/** Recorded exchanges with real providers, which lie beside the project and are not part of it. For tests only. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProtocolId } from '../../hub/protocol-id.ts'
import { createSseParser, type Sse } from '../../wire/sse.ts'

const ROOT = join(import.meta.dirname, '../../../../shared/corpus')

/** Why tests over the recordings are skipped, or false if they can run. */
export const corpusMissing: string | false = existsSync(ROOT) ? false : `no recordings at ${ROOT}`

export interface Recording {
  id: string
  protocol: ProtocolId
  stream: boolean
  endpoint: string
  status: number
  headers: Record<string, string>
  /** The client's request body, if it was recorded. */
  request: unknown
  body: unknown
  sse: string | undefined
  facts: { usage?: Record<string, unknown>; error?: unknown; text_chars?: number; tool_calls?: unknown[] }
}

const PROTOCOLS: Record<string, ProtocolId> = {
  claude: 'anthropic',
  chat: 'openai-chat',
  responses: 'openai-responses',
  gemini: 'gemini',
}

/** All recordings of the four dialects. */
export function recordings(): Recording[] {
  if (corpusMissing) return []
  const found: Recording[] = []
  for (const folder of readdirSync(ROOT, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue
    for (const file of readdirSync(join(ROOT, folder.name))) {
      const json = JSON.parse(readFileSync(join(ROOT, folder.name, file), 'utf8'))
      const protocol = PROTOCOLS[json.protocol]
      if (protocol === undefined) continue
      found.push({
        id: json.id ?? file,
        protocol,
        stream: json.stream,
        endpoint: json.endpoint,
        status: json.response.status,
        headers: json.response.headers ?? {},
        request: json.request?.body ?? undefined,
        body: json.response.body,
        sse: json.response.sse,
        facts: json.facts ?? {},
      })
    }
  }
  return found
}

/** The events of an event stream whose bytes arrive in pieces of `size`. */
export function eventsOf(bytes: Buffer, size: number): Sse[] {
  const events: Sse[] = []
  const parser = createSseParser((event) => events.push(event))
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
  return events
}
