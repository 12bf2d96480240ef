/**
 * What models can take, for routes that are chosen by content. Every vendor's own word goes first (its models and families);
 * where it says nothing, the names of models that are served by many endpoints tell. What nobody knows of counts as able:
 * a model must not be left out for being new.
 */
import { type ModelFamily, modelFacts } from './families.ts'
import type { MediaInput, Provider } from './provider.ts'

/** What is known of a model. Absent or undefined: unknown. */
export interface Abilities {
  /** Tokens. */
  contextLength?: number
  input?: readonly MediaInput[]
  tools?: boolean
  schema?: boolean
  reasons?: boolean
}

const TEXT: readonly MediaInput[] = []
const SIGHT: readonly MediaInput[] = ['image', 'document']
const ALL: readonly MediaInput[] = ['image', 'document', 'audio', 'video']

/**
 * By the vendors' public model pages, as far as they agree over versions. The first pattern that fits counts, so that
 * variants with eyes stand before the blind ones of the same name.
 */
const KNOWN: readonly ModelFamily[] = [
  { pattern: /(?:^|[-_/])(?:vl|vision|omni|multimodal)(?:[-_:.\d]|$)|\dv(?:[-:.]|$)|llava|pixtral|internvl/i },
  { pattern: /^claude-(?:instant|2)/, input: TEXT, tools: false, schema: false, reasons: false },
  { pattern: /^claude-/, input: SIGHT },
  { pattern: /^gemini-.*(?:-image|-tts|-live)/ },
  { pattern: /^gemini-/, input: ALL },
  { pattern: /^gemma-?[12](?:[-:.]|$)/, input: TEXT, tools: false },
  { pattern: /^gpt-3\.5/, input: TEXT, contextLength: 16_385, schema: false },
  { pattern: /^gpt-4(?:-(?:0314|0613))?$/, input: TEXT, contextLength: 8_192, schema: false },
  { pattern: /^gpt-4-32k/, input: TEXT, contextLength: 32_768, schema: false },
  { pattern: /^gpt-4o.*audio/, input: ['audio'] },
  { pattern: /^(?:gpt-4[.o]|gpt-5|chatgpt-4o)/, input: SIGHT },
  { pattern: /^gpt-4-/, input: ['image'], schema: false },
  { pattern: /^(?:o1-(?:mini|preview))/, input: TEXT, tools: false, schema: false },
  { pattern: /^o3-mini/, input: TEXT },
  { pattern: /^o\d/, input: SIGHT },
  { pattern: /^gpt-oss/, input: TEXT },
  { pattern: /^grok-(?:code|2(?!-vision)|3)/, input: TEXT },
  { pattern: /^grok-4/, input: ['image'] },
  { pattern: /^deepseek-?(?:r1|reasoner)/i, input: TEXT, schema: false },
  { pattern: /^deepseek(?!-?(?:ocr|vl))/i, input: TEXT },
  { pattern: /^glm-[45]/i, input: TEXT },
  { pattern: /^kimi-k2(?!\.\d)/i, input: TEXT },
  { pattern: /^qwen.*coder/i, input: TEXT },
  { pattern: /^(?:qwen[23](?:\.5)?-(?:max|\d+b)|qwq|qwen3:)/i, input: TEXT },
  { pattern: /^minimax-m[12]/i, input: TEXT },
  { pattern: /^(?:codestral|devstral|mixtral|mistral-(?:7b|nemo|tiny))/i, input: TEXT },
  { pattern: /^(?:codellama|llama-?[23](?:\.[13])?(?:[-:]|$))/i, input: TEXT },
]

/** What a model can take, asked of `own` (who serves it), of the other vendors, then of what its name tells. */
export function abilitiesOf(own: Provider | undefined, all: Iterable<Provider>, id: string): Abilities {
  const name = id.slice(id.lastIndexOf('/') + 1)
  const told = (own && modelFacts([own], id)) ?? modelFacts(all, id)
  const known = KNOWN.find(({ pattern }) => pattern.test(name))
  const pick = <K extends 'input' | 'tools' | 'schema' | 'contextLength'>(key: K) => told?.[key] ?? known?.[key]
  return {
    contextLength: pick('contextLength'),
    input: pick('input'),
    tools: pick('tools'),
    schema: pick('schema'),
    reasons: told?.reasons ?? (told?.reasoning === undefined ? known?.reasons : true),
  }
}
