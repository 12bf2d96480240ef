/** What whole answers and streams share: the wire parts of an answer, and what stands around them. */
import type { Part, Signature, TextPart } from '../../hub/request.ts'
import type { Finish, Usage } from '../../hub/response.ts'
import { packSignature } from '../../hub/signature.ts'
import type { Json } from '../codec.ts'
import { asObject } from '../json.ts'
import { argumentsOf } from './contents-encode.ts'
import { type Envelope, isEnvelope } from './envelope.ts'
import { encodeFinish, encodeUsage } from './finish.ts'
import { isMinted } from './ids.ts'
import { encodeSources } from './sources.ts'

/** The wire parts of one finished part; sources and the envelope have their place elsewhere. */
export function wireParts(part: Part): Json[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }]
    case 'reasoning':
      return part.text === '' && part.signature === undefined
        ? []
        : [{ text: part.text, thought: true, ...signatureField(part.signature) }]
    case 'tool-call':
      return [
        {
          functionCall: { ...(!isMinted(part.id) && { id: part.id }), name: part.name, args: argumentsOf(part) },
          ...signatureField(part.signature),
        },
      ]
    case 'media': {
      const { source, mediaType } = part
      if (source.type === 'base64')
        return [{ inlineData: { mimeType: mediaType ?? `${part.kind}/*`, data: source.data } }]
      if (source.type === 'url')
        return [{ fileData: { ...(mediaType !== undefined && { mimeType: mediaType }), fileUri: source.url } }]
      return []
    }
    case 'native':
      return part.protocol !== 'gemini' || isEnvelope(part.value) || asObject(part.value) === undefined
        ? []
        : [part.value as Json]
    default:
      return []
  }
}

export function signatureField(signature: Signature | undefined): { thoughtSignature?: string } {
  return signature === undefined ? {} : { thoughtSignature: packSignature(signature, 'gemini') }
}

/** The envelope among the parts, if this dialect's decoder left one. */
export function envelopeOf(parts: readonly Part[]): Envelope {
  for (const part of parts)
    if (part.type === 'native' && part.protocol === 'gemini' && isEnvelope(part.value)) return part.value.envelope
  return {}
}

/** The last words: finish reason, sources, usage, and what the envelope keeps. */
export function closing(
  parts: readonly Part[],
  finish: Finish,
  usage: Usage | undefined,
): { candidate: Json; answer: Json } {
  const { answer = {}, candidate = {}, usage: usageRest = {} } = envelopeOf(parts)
  const { groundingMetadata, citationMetadata, content: _, ...plain } = candidate
  const said = parts.filter((part): part is TextPart => part.type === 'text' && part.citations !== undefined)
  const sources = encodeSources(
    said.map(({ text, citations = [] }) => ({ text, citations })),
    parts.find((part) => part.type === 'search'),
    { groundingMetadata, citationMetadata },
  )
  const counted = usage === undefined ? usageRest : encodeUsage(usage, usageRest)
  return {
    candidate: { finishReason: encodeFinish(finish), ...plain, ...sources },
    answer: { ...(Object.keys(counted).length > 0 && { usageMetadata: counted }), ...answer },
  }
}
