/**
 * A legacy completion request → hub (https://platform.openai.com/docs/api-reference/completions/create): its prompt is one
 * user's message. What a chat cannot do is refused by name; nothing is done half.
 */
import { FailureError, failure } from '../../hub/failure.ts'
import type { ChatRequest } from '../../hub/request.ts'
import type { RequestPlace } from '../codec.ts'
import type { Json } from '../json.ts'
import { sampling } from '../openai-chat/request-decode.ts'

const ID = 'openai-completions'

const KNOWN = new Set([
  'model',
  'prompt',
  'stream',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'best_of',
  'suffix',
  'echo',
  'user',
])

function refuse(param: string, problem: string): never {
  throw new FailureError(failure('invalid-request', `${param} ${problem}`, { param }))
}

/** @throws {FailureError} kind `invalid-request`, naming the field. */
export function decodeRequest(body: Json, place: RequestPlace): ChatRequest {
  const prompt = promptOf(body['prompt'])
  for (const name of ['n', 'best_of'])
    if (typeof body[name] === 'number' && body[name] !== 1)
      refuse(name, 'must be 1: one request gives one completion here')
  if (typeof body['suffix'] === 'string' && body['suffix'] !== '')
    refuse('suffix', 'is not supported: the model answers, it does not fill in')
  // `logprobs` is a number here and stays, told as lost: answers have no place for it.
  const { count: _, logprobs: __, ...limits } = sampling({ ...body, logprobs: undefined })
  const rest = Object.fromEntries(Object.entries(body).filter(([name, value]) => !KNOWN.has(name) && value !== null))
  // Not for the upstream: the answer's encoder does it.
  if (body['echo'] === true) rest['$echo'] = true
  return {
    model: place.model,
    stream: place.stream,
    messages: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
    ...limits,
    ...(Object.keys(rest).length > 0 && { extras: { [ID]: rest } }),
  }
}

function promptOf(value: unknown): string {
  const prompts = Array.isArray(value) ? value : [value]
  if (prompts.some((item) => typeof item === 'number' || Array.isArray(item)))
    refuse('prompt', 'must be text: token ids mean nothing to another model')
  if (prompts.length > 1) refuse('prompt', 'must hold one prompt: send several in requests of their own')
  const [prompt] = prompts
  if (typeof prompt !== 'string') refuse('prompt', 'must be a string')
  if (prompt === '') refuse('prompt', 'must not be empty')
  return prompt
}

/** The prompt, if the client wants it repeated ahead of the completion. */
export function echoed(request: ChatRequest): string {
  if (request.extras?.[ID]?.['$echo'] !== true) return ''
  const [part] = request.messages[0]?.parts ?? []
  return part?.type === 'text' ? part.text : ''
}

/** Whether the client asked to be told the usage in the stream. */
export function usageWanted(request: ChatRequest): boolean {
  const options = request.extras?.[ID]?.['stream_options']
  return typeof options === 'object' && options !== null && (options as Json)['include_usage'] === true
}
