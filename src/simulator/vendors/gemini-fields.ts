import type { Json, Problem } from '../types.ts'
import { problem } from '../types.ts'
import { obj } from './util.ts'

/** What a message may hold: nested messages, `any` JSON, lists and maps. */
type Shape = 'any' | 'scalar' | { list: Shape } | { map: () => Shape } | (() => Shape) | { [field: string]: Shape }

const any = 'any' as const
const scalar = 'scalar' as const

const SCHEMA: Shape = {
  type: scalar,
  format: scalar,
  title: scalar,
  description: scalar,
  nullable: scalar,
  enum: { list: scalar },
  items: () => SCHEMA,
  properties: { map: () => SCHEMA },
  required: { list: scalar },
  minItems: scalar,
  maxItems: scalar,
  minProperties: scalar,
  maxProperties: scalar,
  minLength: scalar,
  maxLength: scalar,
  minimum: scalar,
  maximum: scalar,
  pattern: scalar,
  example: any,
  default: any,
  anyOf: { list: () => SCHEMA },
  propertyOrdering: { list: scalar },
}

const PART: Shape = {
  text: scalar,
  thought: scalar,
  thoughtSignature: scalar,
  inlineData: { mimeType: scalar, data: scalar, displayName: scalar },
  fileData: { mimeType: scalar, fileUri: scalar, displayName: scalar },
  functionCall: { id: scalar, name: scalar, args: any, partialArgs: any, willContinue: scalar },
  functionResponse: {
    id: scalar,
    name: scalar,
    response: any,
    parts: { list: { inlineData: any, fileData: any } },
    willContinue: scalar,
    scheduling: scalar,
  },
  executableCode: any,
  codeExecutionResult: any,
  videoMetadata: any,
  mediaResolution: any,
  partMetadata: any,
  toolCall: any,
  toolResponse: any,
}

const CONTENT: Shape = { role: scalar, parts: { list: PART } }

const REQUEST: Shape = {
  model: scalar,
  contents: { list: CONTENT },
  systemInstruction: CONTENT,
  cachedContent: scalar,
  serviceTier: scalar,
  store: scalar,
  labels: any,
  safetySettings: { list: { category: scalar, threshold: scalar, method: scalar } },
  tools: {
    list: {
      functionDeclarations: {
        list: {
          name: scalar,
          description: scalar,
          behavior: scalar,
          parameters: SCHEMA,
          parametersJsonSchema: any,
          response: SCHEMA,
          responseJsonSchema: any,
        },
      },
      googleSearch: any,
      googleSearchRetrieval: any,
      googleMaps: any,
      codeExecution: any,
      urlContext: any,
      computerUse: any,
      fileSearch: any,
      mcpServers: any,
    },
  },
  toolConfig: {
    functionCallingConfig: {
      mode: scalar,
      allowedFunctionNames: { list: scalar },
      streamFunctionCallArguments: scalar,
    },
    retrievalConfig: any,
    includeServerSideToolInvocations: scalar,
  },
  generationConfig: {
    ...Object.fromEntries(
      `candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs responseMimeType
       mediaResolution enableEnhancedCivicAnswers enableAffectiveDialog audioTimestamp`
        .split(/\s+/)
        .map((f) => [f, scalar]),
    ),
    stopSequences: { list: scalar },
    responseModalities: { list: scalar },
    responseSchema: SCHEMA,
    responseJsonSchema: any,
    _responseJsonSchema: any,
    responseFormat: any,
    speechConfig: any,
    imageConfig: any,
    translationConfig: any,
    thinkingConfig: { includeThoughts: scalar, thinkingBudget: scalar, thinkingLevel: scalar },
  },
}

const COUNT: Shape = { contents: { list: CONTENT }, generateContentRequest: REQUEST }

function camel(name: string): string {
  return name.startsWith('_') ? name : name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase())
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
}

interface Violation {
  field: string
  description: string
}

/** Read a value by its shape: either spelling of a field becomes camelCase, and what has no field is a violation. */
function read(value: unknown, shape: Shape, path: string, violations: Violation[]): unknown {
  if (typeof shape === 'function') return read(value, shape(), path, violations)
  if (shape === 'any' || value === null || value === undefined) return value
  if (shape === 'scalar') {
    if (Array.isArray(value))
      violations.push({ field: path, description: `Proto field is not repeating, cannot start list.` })
    else if (typeof value === 'object')
      violations.push({
        field: path,
        description: `Invalid value at '${path}' (TYPE_STRING), Starting an object on a scalar field`,
      })
    return value
  }
  if ('list' in shape) {
    const each = (shape as { list: Shape }).list
    // One object where a list belongs is read as a list of one, as the vendor does.
    const items = Array.isArray(value) ? value : [value]
    return items.map((v, i) => read(v, each, `${path}[${i}]`, violations))
  }
  const o = obj(value)
  if (!o) {
    violations.push({ field: path, description: `Invalid value at '${path}', ${JSON.stringify(value).slice(0, 60)}` })
    return value
  }
  const out: Json = {}
  if ('map' in shape) {
    const each = (shape as { map: () => Shape }).map()
    for (const [i, [k, v]] of Object.entries(o).entries()) out[k] = read(v, each, `${path}[${i}].value`, violations)
    return out
  }
  const fields = shape as { [field: string]: Shape }
  for (const [k, v] of Object.entries(o)) {
    const name = k in fields ? k : camel(k)
    const inner = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (inner === undefined) {
      const at = path ? ` at '${path}'` : ''
      violations.push({
        field: path,
        description: `Invalid JSON payload received. Unknown name "${k}"${at}: Cannot find field.`,
      })
      continue
    }
    out[name] = read(v, inner, path ? `${path}.${snake(name)}` : snake(name), violations)
  }
  return out
}

/** The request in camelCase, or the vendor's 400 naming every unknown field. */
export function readFields(body: Json, counting: boolean): { body: Json } | { fault: Problem } {
  const violations: Violation[] = []
  const out = read(body, counting ? COUNT : REQUEST, '', violations) as Json
  if (!violations.length) return { body: out }
  return {
    fault: problem({
      kind: 'invalid',
      message: violations.map((v) => v.description).join('\n'),
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: violations.map((v) => (v.field ? v : { description: v.description })),
        },
      ],
    }),
  }
}
