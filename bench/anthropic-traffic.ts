/** What an Anthropic upstream answers: the events and headers of the real one, made beforehand like those of `traffic.ts`. */
import { ANSWER_TEXT, burstTexts, chunkOf, MARK_TEXT } from './traffic.ts'

const VENDOR_HEADERS = `date: Sun, 22 Nov 2026 12:00:00 GMT
anthropic-organization-id: 01234567-89ab-cdef-0123-456789abcdef
anthropic-ratelimit-input-tokens-limit: 2000000
anthropic-ratelimit-input-tokens-remaining: 1999000
anthropic-ratelimit-input-tokens-reset: 2026-11-22T12:00:01Z
anthropic-ratelimit-output-tokens-limit: 400000
anthropic-ratelimit-output-tokens-remaining: 399000
anthropic-ratelimit-output-tokens-reset: 2026-11-22T12:00:01Z
anthropic-ratelimit-requests-limit: 4000
anthropic-ratelimit-requests-remaining: 3999
anthropic-ratelimit-requests-reset: 2026-11-22T12:00:00Z
request-id: req_0123456789abcdefghijklmn
strict-transport-security: max-age=31536000; includeSubDomains; preload
cf-cache-status: DYNAMIC
server: cloudflare
cf-ray: 99c0ffee0000-FRA`
  .split('\n')
  .join('\r\n')

const USAGE = {
  input_tokens: 1200,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 90,
  service_tier: 'standard',
}
const MESSAGE = { id: 'msg_bench0123456789abcdefgh', type: 'message', role: 'assistant', model: 'mock' }

/** A whole message with one text. */
export function wholeMessage(text: string = ANSWER_TEXT): Buffer {
  const content = [{ type: 'text', text }]
  const body = JSON.stringify({ ...MESSAGE, content, stop_reason: 'end_turn', stop_sequence: null, usage: USAGE })
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${VENDOR_HEADERS}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function event(data: { type: string; [key: string]: unknown }): string {
  return chunkOf(JSON.stringify(data), data.type)
}

function textDelta(text: string) {
  return { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
}

export const STREAM_HEAD = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n${VENDOR_HEADERS}\r\ntransfer-encoding: chunked\r\n\r\n`,
)

/** What comes before the first word. */
export const FIRST_EVENTS = Buffer.from(
  event({
    type: 'message_start',
    message: { ...MESSAGE, content: [], stop_reason: null, stop_sequence: null, usage: { ...USAGE, output_tokens: 1 } },
  }) +
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
    event({ type: 'ping' }),
)

/** What comes after the last word, and the last chunk. */
export const LAST_EVENTS = Buffer.from(
  `${
    event({ type: 'content_block_stop', index: 0 }) +
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 90 },
    }) +
    event({ type: 'message_stop' })
  }0\r\n\r\n`,
)

const MARKED = JSON.stringify(textDelta(MARK_TEXT)).split('MARK') as [string, string]

/** A text delta that bears its number and the time it left; `MARKS` finds it in the translated stream, too. */
export function markedDelta(sequence: number, stamp: number): string {
  return chunkOf(`${MARKED[0]}${sequence}:${stamp} ${MARKED[1]}`, 'content_block_delta')
}

/** A stream whose text deltas, so many, come all at once. */
export function burstMessage(deltas: number): Buffer {
  const pieces = burstTexts(deltas).map((text) => event(textDelta(text)))
  return Buffer.concat([STREAM_HEAD, FIRST_EVENTS, Buffer.from(pieces.join('')), LAST_EVENTS])
}

/** What a Messages request holds: how many tools, and all its texts one after another. */
export function contentOf(body: string): { tools: number; text: string } {
  const request = JSON.parse(body) as { system?: unknown; messages: { content: unknown }[]; tools?: unknown[] }
  const said = [request.system, ...request.messages.map((m) => m.content)]
  return { tools: request.tools?.length ?? 0, text: said.map(textOf).join('') }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((block: { text?: string }) => block.text ?? '').join('')
}
