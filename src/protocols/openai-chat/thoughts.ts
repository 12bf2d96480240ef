/**
 * Reasoning state in this dialect. OpenRouter's `reasoning_details` is the only slot for it beside Google's
 * `extra_content.google.thought_signature` on tool calls:
 * `[{type: 'reasoning.text' | 'reasoning.summary' | 'reasoning.encrypted', text | summary | data, signature?, format?, id?, index?}]`
 * (https://openrouter.ai/docs/use-cases/reasoning-tokens). An upstream wants its list back unchanged, so the list itself,
 * as JSON, is the signature; state of other vendors stands in it wrapped.
 *
 * Thoughts without state are signed with the name of the member they came in. DeepSeek, Kimi and Z.ai refuse a history
 * whose calls lack their `reasoning_content`, OpenAI one that has it: the name tells whose thoughts they are, whatever
 * client they go through.
 */
import type { ReasoningPart, Signature } from '../../hub/request.ts'
import { packSignature, unpackSignature } from '../../hub/signature.ts'
import { asArray, asObject, type Json } from '../json.ts'

const ID = 'openai-chat'
/** Where Google's own signatures are at home. */
const GOOGLE = 'gemini'

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The members that hold thoughts in words: DeepSeek's, and that of OpenRouter, Groq, vLLM and others. */
const WORDS = ['reasoning_content', 'reasoning'] as const

/** The words a message or delta has for thoughts, once, and the member they stand in. */
export function thoughtOf(wire: Json): { text: string; member?: string } {
  const member = WORDS.find((name) => str(wire[name]) !== '')
  return member === undefined ? { text: detailsText(wire['reasoning_details']) } : { text: str(wire[member]), member }
}

/** Marks thoughts that came in words alone. */
export function wordsSignature(member: string): Signature {
  return { issuer: ID, value: member }
}

/** The member a part's words go back in. */
export function memberOf({ signature }: ReasoningPart): string | undefined {
  return WORDS.find((name) => signature?.issuer === ID && signature.value === name)
}

/** What the model thought, as far as the list says it in words; wrapped state repeats words that are said elsewhere. */
export function detailsText(details: unknown): string {
  return asArray(details)
    .map((item) => {
      const detail = asObject(item)
      if (foreignPart(detail) !== undefined) return ''
      return str(detail?.['text']) || str(detail?.['summary'])
    })
    .join('')
}

/** The state in a list; undefined if it holds words only. */
export function detailsSignature(details: unknown): Signature | undefined {
  const opaque = asArray(details).flatMap((item) => {
    const detail = asObject(item)
    return detail !== undefined && (str(detail['signature']) || str(detail['data'])) ? [detail] : []
  })
  if (opaque.length === 0) return undefined
  for (const detail of opaque) {
    const signature = unpackSignature(str(detail['data']) || str(detail['signature']), ID)
    if (signature.issuer !== ID) return signature
  }
  const hidden = detailsText(details) === ''
  return { issuer: ID, value: JSON.stringify(details), ...(hidden && { redacted: true as const }) }
}

/** A thought of another vendor that an entry carries. */
function foreignPart(detail: Json | undefined): ReasoningPart | undefined {
  const state = str(detail?.['data']) || str(detail?.['signature'])
  if (state === '') return undefined
  const signature = unpackSignature(state, ID)
  return signature.issuer === ID
    ? undefined
    : { type: 'reasoning', text: str(detail?.['text']) || str(detail?.['words']), signature }
}

/**
 * The thoughts of other vendors in a list, each with the words it was signed for: what clients make of the words beside
 * it is not to be trusted (the official SDK keeps the last piece of a stream only). Undefined if there are none.
 */
export function foreignParts(details: unknown): ReasoningPart[] | undefined {
  const parts = asArray(details).flatMap((item) => foreignPart(asObject(item)) ?? [])
  return parts.length === 0 ? undefined : parts
}

/** The list that carries these parts' state; undefined if they have none this dialect may say. */
export function detailsOf(parts: readonly ReasoningPart[], own: boolean): Json[] | undefined {
  const details = parts.flatMap((part) => detailsOfOne(part, own))
  return details.length === 0 ? undefined : details
}

/** @param own only state that was made here: what is written to an upstream. */
function detailsOfOne({ signature, text }: ReasoningPart, own: boolean): Json[] {
  if (signature === undefined) return own || text === '' ? [] : [unsignedDetail()]
  if (signature.issuer === ID) {
    if (!signature.value.startsWith('[')) return []
    try {
      return asArray(JSON.parse(signature.value)).filter((item) => asObject(item) !== undefined) as Json[]
    } catch {
      return []
    }
  }
  return own ? [] : [stateDetail(signature, text)]
}

/**
 * Tells a client's history that these words came from another dialect, without any state: an upstream that refuses
 * thoughts must not get them for its own.
 */
export function unsignedDetail(): Json {
  return stateDetail({ issuer: 'none', value: '' })
}

/** One entry with foreign state in it. */
export function stateDetail(signature: Signature, text?: string): Json {
  const packed = packSignature(signature, ID)
  if (signature.redacted) return { type: 'reasoning.encrypted', data: packed, index: 0 }
  return { type: 'reasoning.text', ...(text !== undefined && { text }), signature: packed, index: 0 }
}

/** The signature in Google's slot of a tool call (https://ai.google.dev/gemini-api/docs/openai). */
export function callSignature(call: Json, issuer: string = GOOGLE): Signature | undefined {
  const google = asObject(asObject(call['extra_content'])?.['google'])
  const value = str(google?.['thought_signature'])
  if (value === '') return undefined
  const signature = unpackSignature(value, GOOGLE)
  return signature.issuer === GOOGLE ? { ...signature, issuer } : signature
}

/** Google's slot, filled for a client: foreign state is wrapped. */
export function callExtra(signature: Signature | undefined): Json {
  if (signature === undefined) return {}
  return { extra_content: { google: { thought_signature: packSignature(signature, GOOGLE) } } }
}

/** Google's slot, filled for an upstream: only with what came out of it. */
export function ownCallExtra(signature: Signature | undefined): Json {
  if (signature === undefined || (signature.issuer !== ID && signature.issuer !== GOOGLE)) return {}
  return { extra_content: { google: { thought_signature: signature.value } } }
}
