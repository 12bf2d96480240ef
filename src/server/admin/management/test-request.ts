/** A request down the road, as a client would send it, for a page that wants to see it work. */
import { randomBytes } from 'node:crypto'
import type { CallRecord } from '../../../gateway/events.ts'
import type { Reply } from '../../../gateway/exchange.ts'
import type { ProtocolId } from '../../../hub/protocol-id.ts'
import type { ManagementContext } from './context.ts'
import type { TestRequest, TestResult } from './contract.ts'
import { invalid } from './errors.ts'

/** Bytes of an answer that are read. */
const MOST_BYTES = 256 * 1024

type Body = Required<TestRequest>

/** What the dialects call the same things. */
const BODIES: Readonly<Partial<Record<ProtocolId, (ask: Body) => object>>> = {
  'openai-chat': ({ model, prompt, stream, maxTokens }) => ({
    model,
    stream,
    max_completion_tokens: maxTokens,
    messages: [{ role: 'user', content: prompt }],
  }),
  'openai-responses': ({ model, prompt, stream, maxTokens }) => ({
    model,
    stream,
    max_output_tokens: maxTokens,
    input: prompt,
  }),
  anthropic: ({ model, prompt, stream, maxTokens }) => ({
    model,
    stream,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: prompt }],
  }),
  gemini: ({ prompt, maxTokens }) => ({
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    generationConfig: { maxOutputTokens: maxTokens },
  }),
}

/** @throws {ManagementError} for a dialect it cannot speak. */
export function sendTest(context: ManagementContext, ask: Body, signal: AbortSignal): Promise<TestResult> {
  const { gateway } = context
  const protocol = gateway.snapshot.protocols.get(ask.protocol as ProtocolId)
  const make = BODIES[ask.protocol as ProtocolId]
  const route = protocol?.routes.find(
    (r) => r.action === 'generate' && (r.stream === undefined || r.stream === ask.stream),
  )
  if (protocol === undefined || make === undefined || route === undefined)
    throw invalid(`Test requests are sent as one of ${Object.keys(BODIES).join(', ')}.`, 'protocol')
  const id = `req_test${randomBytes(6).toString('hex')}`
  const body = Buffer.from(JSON.stringify(make(ask)))
  const from = context.now()
  return new Promise((resolve) => {
    let status = 0
    let text = ''
    let record: CallRecord | undefined
    const stop = gateway.on('end', (ended) => {
      if (ended.id !== id) return
      record = ended
      stop()
      // The last bytes are written before the end is told, or in the same turn.
      setImmediate(finish)
    })
    const reply: Reply = {
      head(code) {
        status = code
      },
      write(chunk) {
        if (text.length < MOST_BYTES) text += chunk.toString()
        return true
      },
      end(chunk) {
        if (chunk !== undefined && text.length < MOST_BYTES) text += chunk.toString()
      },
      destroy() {},
      onDrain: undefined,
      onGone: undefined,
    }
    function finish(): void {
      signal.removeEventListener('abort', gone)
      const last = record?.attempts.at(-1)
      resolve({
        ok: record?.failure === undefined && status < 400,
        requestId: id,
        status: record?.status ?? status,
        ms: Math.max(0, (record?.endedAt ?? context.now()) - (record?.startedAt ?? from)),
        ...(record?.firstEventAt === undefined ? {} : { firstEventMs: record.firstEventAt - record.startedAt }),
        servedModel: record?.servedModel ?? '',
        provider: record?.provider || (last?.provider ?? ''),
        account: last?.accountLabel ?? '',
        lane: record?.lane ?? '',
        ...(record?.category === undefined ? {} : { category: record.category }),
        text: context.scrub(wordsIn(text)).slice(0, 20_000),
        ...(record?.failure === undefined ? {} : { failure: context.scrub(record.failure.message) }),
      })
    }
    const gone = (): void => reply.onGone?.()
    signal.addEventListener('abort', gone, { once: true })
    gateway.handle(
      { protocol, route, endpoint: route.path, ...(route.path.includes('{model}') ? { model: ask.model } : {}) },
      {
        id,
        method: 'POST',
        path: route.path.replace('{model}', ask.model),
        query: route.stream === true ? '?alt=sse' : '',
        rawHeaders: ['content-type', 'application/json'],
        header: (name) => (name === 'content-type' ? 'application/json' : undefined),
        body,
        client: { name: 'dashboard' },
      },
      reply,
    )
  })
}

/** What a model said, whatever the dialect: the texts of an answer or of the pieces of a stream. */
export function wordsIn(answer: string): string {
  const pieces = answer.trimStart().startsWith('{')
    ? [answer]
    : answer.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []))
  let said = ''
  for (const piece of pieces)
    try {
      said += textOf(JSON.parse(piece) as Json)
    } catch {
      // `[DONE]`, and the half of an answer that was cut.
    }
  return said
}

type Json = Record<string, unknown>
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const string = (value: unknown): string => (typeof value === 'string' ? value : '')

function textOf(json: Json): string {
  const error = object(json['error'])
  if (string(error['message']) !== '') return string(error['message'])
  const type = string(json['type'])
  if (type === 'response.output_text.delta') return string(json['delta'])
  if (type === 'content_block_delta') return string(object(json['delta'])['text'])
  // The other events of these two streams say again what the pieces said.
  if (type.startsWith('response.') || /^(?:message_|content_block_|ping)/.test(type)) return ''
  const choices = list(json['choices']).map(
    (c) => string(object(c['delta'])['content']) || string(object(c['message'])['content']) || string(c['text']),
  )
  const blocks = list(json['content']).map((b) => string(b['text']))
  const output = list(json['output']).flatMap((o) => list(o['content']).map((c) => string(c['text'])))
  const parts = list(json['candidates']).flatMap((c) =>
    list(object(c['content'])['parts']).map((p) => string(p['text'])),
  )
  return [...choices, ...blocks, ...output, ...parts].join('')
}
