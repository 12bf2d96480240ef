/** What Kimi takes of the chat dialect (domain.md 1.7): `thinking`, and reasoning in the history of a thinking model. */
import type { Loss } from '../../hub/loss.ts'
import type { EditContext, Vessel } from '../provider.ts'
import { PLAIN, upstreamName } from './models.ts'

type Json = Record<string, unknown>

/** Stands where a client has not kept the reasoning of a turn that Kimi wants to see again (domain.md 3.14, 53). */
export const NOT_KEPT = '(reasoning not kept)'

/** The body as Kimi takes it; the very same object where nothing has to change. */
export function editBody(given: Json, { protocol, model, account }: EditContext): { body: Json; losses: Loss[] } {
  const name = upstreamName(model, account)
  const body = given['model'] === name ? given : { ...given, model: name }
  // Its Anthropic dialect is Anthropic's own.
  if (protocol !== 'openai-chat') return { body, losses: [] }
  const { body: asked, losses } = withThinking(body, model)
  const thinks = !PLAIN.test(model) && (asked['thinking'] as { type?: unknown } | undefined)?.type !== 'disabled'
  return { body: thinks ? withReasoning(asked) : asked, losses }
}

/** `reasoning_effort` of OpenAI's dialect is `thinking: {type, effort}` here; a client that says `thinking` means that. */
function withThinking(body: Json, model: string): { body: Json; losses: Loss[] } {
  if (!Object.hasOwn(body, 'reasoning_effort')) return { body, losses: [] }
  const { reasoning_effort: effort, ...rest } = body
  if (typeof effort !== 'string' || isObject(rest['thinking'])) return { body: rest, losses: [] }
  if (PLAIN.test(model)) {
    const losses = effort === 'none' ? [] : [{ field: 'reasoning_effort', reason: `${model} does not think` }]
    return { body: rest, losses }
  }
  const thinking = effort === 'none' ? { type: 'disabled' } : { type: 'enabled', effort: effortOf(effort) }
  return { body: { ...rest, thinking }, losses: [] }
}

const EFFORTS: Readonly<Record<string, string>> = { minimal: 'low', xhigh: 'high', max: 'high' }

function effortOf(word: string): string {
  return Object.hasOwn(EFFORTS, word) ? EFFORTS[word]! : word
}

/** A thinking model refuses a history in which it called a tool and no reasoning is told. */
function withReasoning(body: Json): Json {
  const { messages } = body
  if (!Array.isArray(messages) || !messages.some(lacksReasoning)) return body
  return {
    ...body,
    messages: messages.map((message) =>
      lacksReasoning(message) ? { ...(message as Json), reasoning_content: NOT_KEPT } : message,
    ),
  }
}

function lacksReasoning(message: unknown): boolean {
  if (!isObject(message) || message['role'] !== 'assistant') return false
  const calls = message['tool_calls']
  const told = message['reasoning_content']
  return Array.isArray(calls) && calls.length > 0 && (typeof told !== 'string' || told.trim() === '')
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const vessel: Vessel = { edit: editBody }
