import { stringify } from 'yaml'
import { parseConfig } from '../../config/load.ts'
import type { ProtocolId } from '../../hub/protocol-id.ts'
import { protocolOf, protocols } from '../../protocols/index.ts'
import { providers } from '../../providers/index.ts'
import type { UpstreamRequest } from '../../providers/provider.ts'
import type { Classifier } from '../../routing/plan.ts'
import type { CallRecord } from '../events.ts'
import type { InboundRequest, Reply } from '../exchange.ts'
import { createGatewayCore, type Gateway } from '../gateway.ts'
import type { Matched } from '../reading.ts'
import { compileSnapshot, type Snapshot } from '../snapshot.ts'
import type { UpstreamHandler, UpstreamTransport } from '../transport.ts'

/** One request that reached the fake transport, to be answered by the test. */
export interface Sent {
  request: UpstreamRequest
  to: UpstreamHandler
  paused: boolean
  aborted: boolean
}

/** A transport that keeps what it is given; the test plays the upstream. */
export function fakeTransport(answer?: (sent: Sent, index: number) => void): UpstreamTransport & { sent: Sent[] } {
  const sent: Sent[] = []
  return {
    sent,
    send(request, _, to) {
      const one: Sent = { request, to, paused: false, aborted: false }
      sent.push(one)
      if (answer !== undefined) {
        const index = sent.length - 1
        process.nextTick(() => answer(one, index))
      }
      return {
        pause() {
          one.paused = true
        },
        resume() {
          one.paused = false
        },
        abort() {
          one.aborted = true
        },
      }
    },
    close: () => Promise.resolve(),
  }
}

export interface FakeReply extends Reply {
  status: number
  headers: Record<string, string>
  chunks: string[]
  readonly text: string
  ended: boolean
  destroyed: boolean
  /** What `write` says. */
  ready: boolean
}

export function fakeReply(): FakeReply {
  const chunks: string[] = []
  const reply: FakeReply = {
    status: 0,
    headers: {},
    chunks,
    get text() {
      return chunks.join('')
    },
    ended: false,
    destroyed: false,
    ready: true,
    onDrain: undefined,
    onGone: undefined,
    head(status, list) {
      if (reply.status !== 0) throw new Error('a second head')
      reply.status = status
      for (let i = 0; i < list.length; i += 2) reply.headers[list[i]!.toLowerCase()] = list[i + 1]!
    },
    write(chunk) {
      if (reply.ended) throw new Error('written after the end')
      chunks.push(String(chunk))
      return reply.ready
    },
    end(chunk) {
      if (reply.ended) throw new Error('ended twice')
      if (chunk !== undefined) chunks.push(String(chunk))
      reply.ended = true
    },
    destroy() {
      reply.destroyed = true
    },
  }
  return reply
}

export function snapshotOf(config: object): Snapshot {
  return compileSnapshot(parseConfig(stringify(config), { env: {} }).config, 'digest', providers, protocols)
}

/** Endpoints `one`, `two`, … that speak every dialect and serve the model `m`. */
export function endpoints(count: number, more: object = {}): object {
  return {
    'openai-compatibility': ['one', 'two', 'three'].slice(0, count).map((name) => ({
      name,
      'base-url': `http://${name}.test`,
      protocol: ['openai-chat', 'anthropic', 'openai-responses', 'gemini'],
      models: [{ name: `${name}-model`, alias: 'm' }],
    })),
    'request-retry': 0,
    ...more,
  }
}

/** A gateway over a fake transport, and what its listeners heard. */
export function road(
  config: object,
  transport: UpstreamTransport,
  more: { now?: () => number; classifier?: Classifier } = {},
): { gateway: Gateway; ended: CallRecord[] } {
  const gateway = createGatewayCore({ snapshot: snapshotOf(config), transport, ...more })
  const ended: CallRecord[] = []
  gateway.on('end', (record) => ended.push(record))
  return { gateway, ended }
}

const PATHS: Record<ProtocolId, string> = {
  anthropic: '/v1/messages',
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'openai-completions': '/v1/completions',
  gemini: '/v1beta/models/{model}:streamGenerateContent',
}

/** A match for `handle`, as the door would give it. */
export function matched(id: ProtocolId, over: Partial<Matched> = {}, path = PATHS[id]!): Matched {
  const protocol = protocolOf(id)
  const route = protocol.routes.find((r) => r.path === path)!
  return { protocol, route, endpoint: path, ...(id === 'gemini' ? { model: 'm' } : {}), ...over }
}

export function inbound(
  body: unknown,
  over: Partial<InboundRequest> & { headers?: Record<string, string> } = {},
): InboundRequest {
  const headers = over.headers ?? {}
  return {
    id: 'req_1',
    method: 'POST',
    path: '/x',
    query: '',
    rawHeaders: Object.entries(headers).flat(),
    header: (name) => headers[name],
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    client: { name: 'tester' },
    ...over,
  }
}

/** Lets everything that waits for the next tick or turn run. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

type Role = 'open' | 'content' | 'end'
const named = (role: Role, data: { type: string; [key: string]: unknown }): [Role, string] => [
  role,
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`,
]
const plain = (role: Role, data: unknown): [Role, string] => [
  role,
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
]
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'x',
  choices: [{ index: 0, delta, finish_reason }],
})
const part = (text: string, more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 },
})

/** Streams as the vendors send them: each event with what it means. From the first `end` on the answer is complete. */
export const STREAMS = {
  anthropic: [
    named('open', { type: 'message_start', message: { id: 'm', usage: { input_tokens: 3, output_tokens: 1 } } }),
    named('open', { type: 'ping' }),
    named('open', { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    named('content', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hé 🙂' } }),
    named('content', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x\n\ny' } }),
    named('content', { type: 'content_block_stop', index: 0 }),
    named('content', { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }),
    named('end', { type: 'message_stop' }),
  ],
  'openai-chat': [
    plain('open', chunk({ role: 'assistant', content: '' })),
    plain('content', chunk({ content: 'Hé 🙂' })),
    plain('content', chunk({ content: 'data: "error"\n\n' })),
    plain('end', chunk({}, 'stop')),
    plain('end', { id: 'c', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }),
    plain('end', '[DONE]'),
  ],
  'openai-responses': [
    named('open', { type: 'response.created', response: { id: 'r', status: 'in_progress' } }),
    named('open', { type: 'response.output_item.added', item: { type: 'message', content: [] } }),
    named('content', { type: 'response.output_text.delta', delta: 'Hé 🙂' }),
    named('content', { type: 'response.output_text.done', text: 'Hé 🙂' }),
    named('end', {
      type: 'response.completed',
      response: { id: 'r', status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } },
    }),
  ],
  gemini: [
    plain('content', part('Hé 🙂')),
    plain('content', part('two')),
    plain('end', part('!', { finishReason: 'STOP' })),
  ],
} as const satisfies Partial<Record<ProtocolId, readonly [Role, string][]>>

export type StreamId = keyof typeof STREAMS
export const STREAM_IDS = Object.keys(STREAMS) as StreamId[]
export const EVENT_STREAM = { 'content-type': 'text/event-stream' }

/** The bytes of a sample stream. */
export const streamBytes = (id: StreamId): Buffer => Buffer.from(STREAMS[id].map(([, text]) => text).join(''))
