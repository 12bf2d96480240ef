import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ProviderName, Simulator } from '../index.ts'
import { at, get, login, type Said, type Tokens } from './login.ts'

/** What an API said. */
export interface Heard extends Said {
  text: string
  events: EventSourceMessage[]
}

/** Sends JSON to a vendor's API and reads everything that comes. */
export async function ask(
  s: Simulator,
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Heard> {
  const answer = await fetch(at(s, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (e) => events.push(e) })
  let json: Record<string, unknown> = {}
  if (answer.headers.get('content-type')?.includes('event-stream')) parser.feed(text)
  else json = JSON.parse(text) as Record<string, unknown>
  return { status: answer.status, headers: answer.headers, text, json, events }
}

/** Headers a healthy client of each provider sends to its API. */
export function headersFor(provider: ProviderName, tokens: Tokens): Record<string, string> {
  const authorization = `Bearer ${tokens.access_token}`
  if (provider === 'claude')
    return { authorization, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'oauth-2025-04-20' }
  if (provider !== 'codex') return { authorization }
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1]!, 'base64url').toString())
  return {
    authorization,
    accept: 'text/event-stream',
    'chatgpt-account-id': claims['https://api.openai.com/auth'].chatgpt_account_id,
  }
}

const INSTRUCTED = [
  { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }] },
  { role: 'user', content: 'Hello' },
]

/** A request each API takes: address and body, by provider; `project` for those that need one. */
export const REQUEST: Record<ProviderName, (project: string) => [url: string, body: Record<string, unknown>]> = {
  claude: () => [
    'https://api.anthropic.com/v1/messages',
    { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] },
  ],
  codex: () => [
    'https://chatgpt.com/backend-api/codex/responses',
    {
      model: 'gpt-5.4',
      stream: true,
      store: false,
      instructions: '',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
      include: ['reasoning.encrypted_content'],
      parallel_tool_calls: true,
    },
  ],
  'gemini-cli': (project) => [
    'https://cloudcode-pa.googleapis.com/v1internal:generateContent',
    {
      model: 'gemini-2.5-pro',
      project,
      user_prompt_id: 'p1',
      request: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], session_id: 's1' },
    },
  ],
  antigravity: (project) => [
    'https://daily-cloudcode-pa.googleapis.com/v1internal:generateContent',
    {
      model: 'gemini-3-flash',
      project,
      userAgent: 'antigravity',
      requestType: 'agent',
      requestId: 'agent-00000000-0000-4000-8000-000000000000',
      request: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], sessionId: 's1' },
    },
  ],
  qwen: () => ['https://portal.qwen.ai/v1/chat/completions', { model: 'coder-model', messages: INSTRUCTED }],
  iflow: () => [
    'https://apis.iflow.cn/v1/chat/completions',
    { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hello' }] },
  ],
  kimi: () => [
    'https://api.kimi.com/coding/v1/chat/completions',
    { model: 'k2.6', thinking: { type: 'enabled', effort: 'high' }, messages: [{ role: 'user', content: 'Hello' }] },
  ],
  xai: () => ['https://api.x.ai/v1/responses', { model: 'grok-4.5', input: 'Hello' }],
}

/** Logs a person in and says how its API is called from then on. */
export async function user(s: Simulator, provider: ProviderName, person: string) {
  const tokens = await login(s, provider, person)
  let headers = headersFor(provider, tokens)
  if (provider === 'iflow') {
    const info = await get(s, `https://iflow.cn/api/oauth/getUserInfo?accessToken=${tokens.access_token}`)
    headers = { authorization: `Bearer ${(info.json['data'] as { apiKey: string }).apiKey}` }
  }
  const [url, body] = REQUEST[provider](`${person}-code-assist`)
  return {
    tokens,
    headers,
    url,
    body,
    /** The healthy request with some fields changed; undefined takes a field out. */
    ask: (change: Record<string, unknown> = {}, to = url, more: Record<string, string> = {}) =>
      ask(s, to, { ...body, ...change }, { ...headers, ...more }),
    get: (to: string, more: Record<string, string> = {}) => get(s, to, { ...headers, ...more }),
  }
}
