/** The published JSON Schemas of the four dialects, and where real traffic is known to break them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { type Dialect, type Json, SPECS } from './corpus.ts'

export type Form = 'request' | 'response' | 'event'

const FILES: Record<Dialect, Record<Form, string>> = {
  anthropic: {
    request: 'claude.messages.beta.request',
    response: 'claude.messages.beta.response',
    event: 'claude.messages.beta.stream-event',
  },
  'openai-chat': {
    request: 'openai.chat.request',
    response: 'openai.chat.response',
    event: 'openai.chat.stream-chunk',
  },
  'openai-responses': {
    request: 'openai.responses.request',
    response: 'openai.responses.response',
    event: 'openai.responses.stream-event',
  },
  gemini: {
    request: 'gemini.generateContent.request',
    response: 'gemini.generateContent.response',
    event: 'gemini.generateContent.response',
  },
}

let ajv: Ajv | undefined
let deviations: Record<string, { deviations: Record<string, unknown> }> = {}
const compiled = new Map<string, ValidateFunction>()

function validator(name: string): ValidateFunction {
  if (ajv === undefined) {
    ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false })
    deviations = JSON.parse(readFileSync(join(SPECS, 'observed-deviations.json'), 'utf8'))
  }
  let found = compiled.get(name)
  if (found === undefined) {
    found = ajv.compile(JSON.parse(readFileSync(join(SPECS, 'schemas', `${name}.schema.json`), 'utf8')))
    compiled.set(name, found)
  }
  return found
}

const COMBINATORS = new Set(['anyOf', 'oneOf', 'if', 'not', 'discriminator'])

/** A deviation in the words of `observed-deviations.json`. */
function word(error: ErrorObject): string {
  const path = error.instancePath.replace(/\/\d+(?=\/|$)/g, '/#') || '/'
  const params = error.params as Json
  const detail = params.missingProperty ?? params.additionalProperty ?? params.type ?? ''
  return `${path} ${error.keyword} ${Array.isArray(detail) ? detail.join(',') : detail}`
}

/**
 * Which words of a schema a value breaks that recorded traffic does not break.
 * Errors of branches of a union count only if no branch is without unknown ones, so the listed noise stays noise.
 */
export function faults(dialect: Dialect, form: Form, value: Json): string[] {
  const name = FILES[dialect][form]
  const validate = validator(name)
  if (validate(value)) return []
  const known = deviations[name]?.deviations ?? {}
  const prefix = form === 'event' && typeof value?.type === 'string' ? `${value.type} ` : ''
  const found = new Set<string>()
  for (const error of validate.errors ?? []) {
    if (COMBINATORS.has(error.keyword)) continue
    const said = word(error)
    if (!(`${prefix}${said}` in known) && !(said in known)) found.add(`${prefix}${said}`)
  }
  return [...found]
}
