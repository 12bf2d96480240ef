/**
 * What Responses over a WebSocket says beside the events of a stream: prewarmed answers and errors
 * (https://developers.openai.com/api/docs/guides/websocket-mode; domain.md 2.6).
 */
import { asObject, isText, type Json } from '../json.ts'
import { decodeOpenai, encodeOpenai } from '../openai-shared/errors.ts'

/** The two events that answer a create with `generate: false`: an answer without output that can be gone on from. */
export function prewarmed(fields: Json, id: string, created: number): string[] {
  const said = (name: string, otherwise: unknown = null) => fields[name] ?? otherwise
  const response = {
    id,
    object: 'response',
    created_at: created,
    status: 'in_progress',
    background: false,
    completed_at: null as number | null,
    error: null,
    incomplete_details: null,
    instructions: said('instructions'),
    max_output_tokens: said('max_output_tokens'),
    max_tool_calls: said('max_tool_calls'),
    model: fields['model'],
    output: [],
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: said('previous_response_id'),
    prompt_cache_key: said('prompt_cache_key'),
    reasoning: said('reasoning', { effort: null, summary: null }),
    safety_identifier: said('safety_identifier'),
    service_tier: 'default',
    store: said('store', true),
    temperature: said('temperature', 1),
    text: said('text', { format: { type: 'text' } }),
    tool_choice: said('tool_choice', 'auto'),
    tools: said('tools', []),
    top_logprobs: said('top_logprobs', 0),
    top_p: said('top_p', 1),
    truncation: said('truncation', 'disabled'),
    usage: null as Json | null,
    user: said('user'),
    metadata: said('metadata', {}),
  }
  const usage = {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  }
  return [
    JSON.stringify({ type: 'response.created', sequence_number: 0, response }),
    JSON.stringify({
      type: 'response.completed',
      sequence_number: 1,
      response: { ...response, status: 'completed', completed_at: created, usage },
    }),
  ]
}

/** The events of an answer that came whole although a stream was asked for. */
export function eventsOfWhole(response: Json): string[] {
  let sequence = 0
  const event = (type: string, fields: Json) => JSON.stringify({ type, sequence_number: sequence++, ...fields })
  const output = Array.isArray(response['output']) ? (response['output'] as unknown[]) : []
  const texts = [
    event('response.created', { response: { ...response, status: 'in_progress', output: [], usage: null } }),
  ]
  output.forEach((item, output_index) => {
    texts.push(event('response.output_item.added', { output_index, item }))
    texts.push(event('response.output_item.done', { output_index, item }))
  })
  const status =
    response['status'] === 'incomplete' || response['status'] === 'failed' ? response['status'] : 'completed'
  texts.push(event(`response.${status}`, { response }))
  return texts
}

/** Headers of a refusal that an error frame repeats: they tell when to come back, and whom to ask about it. */
const TOLD = /^(?:retry-after|x-should-retry|x-request-id|x-ratelimit-|x-codex-|x-logicaproxy-request-id$)/

/** A refusal as a frame. Names and values of the headers in turn. */
export function errorFrame(status: number, headers: readonly string[], body: string): string {
  const told: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    if (TOLD.test(name)) told[name] = headers[i + 1]!
  }
  return JSON.stringify({ type: 'error', status, error: errorOf(status, body), headers: told })
}

/**
 * The error that ended a stream as a frame: Codex reads `status` and `error`, and would wait for ever on the flat event;
 * what reads the flat event finds it here too.
 */
export function brokenFrame(data: string): string {
  const flat = parsed(data)
  const { status } = decodeOpenai(0, {}, data)
  const shown = status >= 400 ? status : 502
  return JSON.stringify({ ...flat, type: 'error', status: shown, error: errorOf(shown, data) })
}

function errorOf(status: number, body: string): Json {
  const own = parsed(body)
  const nested = asObject(own['error'])
  if (nested !== undefined && isText(nested['message']))
    return { type: 'invalid_request_error', code: null, param: null, ...nested }
  const read = decodeOpenai(status, {}, body)
  const { error } = JSON.parse(encodeOpenai({ ...read, status }, '').body) as { error: Json }
  return isText(own['code']) ? { ...error, code: own['code'] } : error
}

function parsed(text: string): Json {
  try {
    return asObject(JSON.parse(text)) ?? {}
  } catch {
    return {}
  }
}
