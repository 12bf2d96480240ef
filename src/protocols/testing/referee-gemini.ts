/** The grammar of a generateContent stream (https://ai.google.dev/api/generate-content), as a strict client sees it. */
import type { Sse } from '../../wire/sse.ts'

type Wire = Record<string, unknown>

const ANSWER = new Set(['candidates', 'promptFeedback', 'usageMetadata', 'modelVersion', 'responseId', 'modelStatus'])
const CANDIDATE = new Set([
  'content',
  'finishReason',
  'finishMessage',
  'index',
  'safetyRatings',
  'citationMetadata',
  'groundingMetadata',
  'urlContextMetadata',
  'avgLogprobs',
  'logprobsResult',
  'tokenCount',
])
const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
]
const PART = new Set([...DATA, 'thought', 'thoughtSignature', 'videoMetadata', 'partMetadata', 'mediaResolution'])
const FINISHES = new Set([
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'OTHER',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'IMAGE_SAFETY',
])

/** Everything in the events that breaks the grammar of a stream that ended well; none if it is right. */
export function refereeGemini(events: readonly Sse[]): string[] {
  const faults: string[] = []
  const fault = (at: number, text: string) => faults.push(`event ${at}: ${text}`)
  const unknown = (at: number, object: Wire, allowed: ReadonlySet<string>, what: string) => {
    for (const field of Object.keys(object)) if (!allowed.has(field)) fault(at, `${what} has an unknown field ${field}`)
  }
  let head: { version: unknown; id: unknown } | undefined
  let finished = false

  for (const [at, { event, data }] of events.entries()) {
    if (event !== '') fault(at, `has a name: ${event}`)
    if (finished) fault(at, 'comes after the finish reason')
    const chunk = object(parse(data))
    if (chunk === undefined) {
      fault(at, 'is no JSON object')
      continue
    }
    unknown(at, chunk, ANSWER, 'the chunk')
    const { modelVersion: version, responseId: id } = chunk
    if (typeof version !== 'string') fault(at, 'no modelVersion')
    head ??= { version, id }
    if (head.version !== version || head.id !== id) fault(at, 'another model or response id')
    const candidates = chunk['candidates']
    if (!Array.isArray(candidates) || candidates.length !== 1) {
      if (object(chunk['promptFeedback']) === undefined) fault(at, 'not one candidate')
      else finished = true
      continue
    }
    const candidate = object(candidates[0]) ?? {}
    unknown(at, candidate, CANDIDATE, 'the candidate')
    if (candidate['index'] !== 0) fault(at, `index ${candidate['index']}`)
    const content = object(candidate['content'])
    if (content?.['role'] !== 'model') fault(at, 'the content is not the model’s')
    const parts = content?.['parts']
    if (!Array.isArray(parts) || parts.length === 0) fault(at, 'no parts')
    for (const part of Array.isArray(parts) ? parts : []) checkPart(object(part) ?? {}, (text) => fault(at, text))
    const reason = candidate['finishReason']
    if (reason !== undefined) {
      finished = true
      if (!FINISHES.has(String(reason))) fault(at, `finish reason ${reason}`)
    }
    const usage = object(chunk['usageMetadata'])
    if (usage !== undefined)
      for (const [field, count] of Object.entries(usage))
        if (field.endsWith('Count') && !(Number.isInteger(count) && (count as number) >= 0))
          fault(at, `${field} is ${count}`)
  }
  if (!finished) faults.push('no finish reason')
  return faults

  function checkPart(part: Wire, say: (text: string) => void): void {
    for (const field of Object.keys(part)) if (!PART.has(field)) say(`a part has an unknown field ${field}`)
    const kinds = DATA.filter((field) => part[field] !== undefined)
    if (kinds.length !== 1) say(`a part holds ${kinds.length} kinds of data`)
    if (part['text'] !== undefined && typeof part['text'] !== 'string') say('text is no string')
    if (part['thought'] !== undefined && (part['thought'] !== true || part['text'] === undefined))
      say('a thought is no text')
    const signature = part['thoughtSignature']
    if (signature !== undefined && !/^[A-Za-z0-9+/_=-]+$/.test(String(signature))) say('a signature is no base64')
    const call = object(part['functionCall'])
    if (call !== undefined) {
      if (typeof call['name'] !== 'string' || call['name'] === '') say('a call without name')
      if (object(call['args']) === undefined) say('a call without arguments')
    }
    const inline = object(part['inlineData'])
    if (inline !== undefined && !/^[a-z]+\/[\w.+*-]+/.test(String(inline['mimeType']))) say('media without type')
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(Buffer.from(data, 'latin1').toString())
  } catch {
    return undefined
  }
}

function object(value: unknown): Wire | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wire) : undefined
}
