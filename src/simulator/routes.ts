import type { IncomingHttpHeaders } from 'node:http'
import type { VendorApi, VendorId } from './types.ts'
import { anthropic } from './vendors/anthropic.ts'
import { gemini } from './vendors/gemini.ts'
import { openaiChat } from './vendors/openai-chat.ts'
import { openaiResponses } from './vendors/openai-responses.ts'

/** Where a request goes. */
export interface Route {
  vendor: VendorId
  api: VendorApi
  /** Verb of the call; anything that does not generate answers through `other`. */
  action: string
  generates: boolean
  /** The model in the path. */
  model?: string
  /** A model list rather than a call. */
  list?: true
}

const POSTS = new Map<string, Route>([
  ['/v1/messages', { vendor: 'anthropic', api: anthropic, action: 'messages', generates: true }],
  ['/v1/messages/count_tokens', { vendor: 'anthropic', api: anthropic, action: 'count_tokens', generates: false }],
  ['/v1/chat/completions', { vendor: 'openai-chat', api: openaiChat, action: 'chat', generates: true }],
  ['/v1/responses', { vendor: 'openai-responses', api: openaiResponses, action: 'responses', generates: true }],
  ['/v1/responses/compact', { vendor: 'openai-responses', api: openaiResponses, action: 'compact', generates: false }],
  [
    '/v1/responses/input_tokens',
    { vendor: 'openai-responses', api: openaiResponses, action: 'input_tokens', generates: false },
  ],
])

const GEMINI_CALL = /^\/v1(?:beta|alpha|beta1)?\/models\/(.+):([A-Za-z]+)$/

/** Match method and path to a vendor's call. */
export function route(method: string, pathname: string, headers: IncomingHttpHeaders): Route | undefined {
  if (method === 'POST') {
    const hit = POSTS.get(pathname)
    if (hit) return hit
    const match = GEMINI_CALL.exec(pathname)
    if (!match) return undefined
    const action = match[2]!
    const generates = action === 'generateContent' || action === 'streamGenerateContent'
    if (!generates && action !== 'countTokens') return undefined
    return { vendor: 'gemini', api: gemini, action, generates, model: decodeURIComponent(match[1]!) }
  }
  if (method !== 'GET') return undefined
  const match = /^\/v1(beta|alpha|beta1)?\/models(?:\/(.+))?$/.exec(pathname)
  if (!match) return undefined
  const model = match[2] && decodeURIComponent(match[2])
  const list = { action: 'models', generates: false, list: true as const, model }
  // `/v1/models` has several askers; their headers tell them apart.
  if (match[1] || headers['x-goog-api-key'] || headers['x-goog-api-client'])
    return { vendor: 'gemini-models', api: gemini, ...list }
  if (headers['anthropic-version']) return { vendor: 'anthropic-models', api: anthropic, ...list }
  return { vendor: 'openai-models', api: openaiChat, ...list }
}

/** The credential, where each vendor looks for it. */
export function credential(vendor: VendorId, headers: IncomingHttpHeaders, query: URLSearchParams): string {
  const authorization = headers.authorization ?? ''
  const bearer = /^bearer /i.test(authorization) ? authorization.slice(7).trim() : ''
  const one = (name: string) => String(headers[name] ?? '')
  if (vendor.startsWith('anthropic')) return one('x-api-key') || bearer
  if (vendor.startsWith('gemini')) return one('x-goog-api-key') || query.get('key') || bearer
  return bearer
}
