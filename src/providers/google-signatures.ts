/**
 * Thought signatures on their way to Google's models. Claude's models behind Antigravity sign as well, in the same slot, and
 * neither takes the other's (domain.md 3.5, rule 1): Claude's are marked when they come, so that a switch of model is seen
 * when they return.
 */
import { asObject, type Json, objects } from './code-assist.ts'

/** Ahead of a signature that one of Claude's models made. No base64 has a `#`. */
const CLAUDE = 'claude#'

/** Google's documented values for calls that another model made, or whose signature was lost. */
const BYPASS = 'skip_thought_signature_validator'
const BYPASSES: ReadonlySet<string> = new Set([BYPASS, 'context_engineering_is_the_way_to_go'])

/** Models whose calls have to come back signed, at the vendor's own endpoints: all but Gemini's second generation. */
const SIGNS = /^gemini-(?!2\.)/

const isClaude = (model: string) => model.startsWith('claude-')

/** The call in a part, under either spelling. */
export function callOf(part: Json | undefined): Json | undefined {
  return asObject(part?.['functionCall'] ?? part?.['function_call'])
}

/** The signature on a part, under either spelling; an empty one is none. */
export function signatureOf(part: Json): string | undefined {
  const value = part['thoughtSignature'] ?? part['thought_signature']
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Whether there is a signature that a model made, and not one of those that stand in for it. */
export function isSigned(part: Json): boolean {
  const signature = signatureOf(part)
  return signature !== undefined && !BYPASSES.has(signature)
}

/**
 * The contents with the signatures their model takes. Those of the other family go, and thoughts with them; so do, for
 * Claude, thoughts without any. The first call of each of the model's turns is signed: where nothing real came back,
 * Google's documented value stands in, none is ever made up.
 * @param all whether calls of every model have to be signed, and not only those of Gemini 3 and later.
 * @returns the very same contents where nothing had to change; `lost`: whether thoughts stay behind.
 */
export function withOwnSignatures(
  contents: unknown,
  model: string,
  all = SIGNS.test(model),
): { contents: unknown; lost: boolean } {
  if (!Array.isArray(contents)) return { contents, lost: false }
  let lost = false
  const kept = contents.flatMap((content) => {
    const turn = asObject(content)
    const given = turn?.['parts']
    if (turn?.['role'] !== 'model' || !Array.isArray(given)) return [content]
    let changed = false
    let parts = given.flatMap((item) => {
      const part = asObject(item)
      const said = part === undefined ? item : ownPart(part, model)
      if (said === undefined) lost = true
      if (said !== item) changed = true
      return said === undefined ? [] : [said]
    })
    const at = parts.findIndex((part) => callOf(asObject(part)) !== undefined)
    const call = asObject(parts[at])
    if (call !== undefined && all && signatureOf(call) === undefined) {
      parts = parts.with(at, { ...unsigned(call), thoughtSignature: BYPASS })
      changed = true
    }
    if (!changed) return [content]
    return parts.length === 0 ? [] : [{ ...turn, parts }]
  })
  return { contents: kept, lost }
}

/** A part as the model takes it back; undefined for a thought it does not. */
function ownPart(part: Json, model: string): Json | undefined {
  const claude = isClaude(model)
  const thought = part['thought'] === true
  const signature = signatureOf(part)
  if (signature === undefined || BYPASSES.has(signature)) return thought && claude ? undefined : part
  const marked = signature.startsWith(CLAUDE)
  if (marked !== claude) return thought || isEmpty(part) ? undefined : unsigned(part)
  return marked ? { ...unsigned(part), thoughtSignature: signature.slice(CLAUDE.length) } : part
}

/** Text that is there for its signature alone. */
function isEmpty(part: Json): boolean {
  return part['text'] === ''
}

function unsigned(part: Json): Json {
  const { thoughtSignature: _, thought_signature: __, ...rest } = part
  return rest
}

/** Marks the signatures of an answer, in place. @returns whether there were any. */
export function markSignatures(answer: unknown): boolean {
  let found = false
  for (const candidate of objects(asObject(answer)?.['candidates']))
    for (const part of objects(asObject(candidate['content'])?.['parts'])) {
      const signature = signatureOf(part)
      if (signature === undefined || signature.startsWith(CLAUDE)) continue
      part['thoughtSignature'] = CLAUDE + signature
      found = true
    }
  return found
}
