/** Counts input tokens where no upstream does: by the length of the text, calibrated per model from what upstreams report. */
import type { ChatRequest, Part } from '../hub/request.ts'

export interface Estimator {
  /** Tokens a model is likely to count for so much text. */
  estimate(model: string, size: number): number
  /** An upstream counted: later estimates for this model lean on it. */
  observe(model: string, size: number, tokens: number): void
}

/** Tokens an image costs, roughly; vendors differ by its pixels, which are not looked at. */
const MEDIA_TOKENS = 1_000
/** How much one observation moves the factor of its model. */
const LEARNING = 0.2
const MOST_MODELS = 500
/** What upstreams report is off by caches, hidden prompts and bugs; a factor outside of this is noise. */
const FACTOR = { min: 0.5, max: 2.5 }

/** Makes an estimator that knows nothing yet. */
export function createEstimator(): Estimator {
  const factors = new Map<string, number>()
  return {
    estimate: (model, size) => Math.max(1, Math.round(size * (factors.get(model) ?? 1))),
    observe(model, size, tokens) {
      if (size < 20 || tokens <= 0) return
      const seen = Math.min(FACTOR.max, Math.max(FACTOR.min, tokens / size))
      const before = factors.get(model)
      if (before === undefined && factors.size >= MOST_MODELS) factors.delete(factors.keys().next().value!)
      factors.set(model, before === undefined ? seen : before + (seen - before) * LEARNING)
    },
  }
}

/** The size of a request in uncalibrated tokens: text, tools and schemas by their characters, media by the piece. */
export function requestSize(request: ChatRequest): number {
  let size = 3
  for (const { parts } of request.messages) size += 4 + partsSize(parts)
  for (const tool of request.tools ?? []) size += 8 + textSize(JSON.stringify(tool))
  if (request.output?.type === 'schema') size += textSize(JSON.stringify(request.output.schema))
  return size
}

function partsSize(parts: readonly Part[]): number {
  let size = 0
  for (const part of parts)
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
        size += textSize(part.text)
        break
      case 'media':
        size += part.source.type === 'text' ? textSize(part.source.text) : MEDIA_TOKENS
        break
      case 'tool-call':
        size += 6 + textSize(part.name) + textSize(part.input)
        break
      case 'tool-result':
        size += 6 + partsSize(part.parts)
        break
      case 'search':
        size += textSize(JSON.stringify(part.sources))
        break
      case 'native':
        size += textSize(JSON.stringify(part.value) ?? '')
        break
    }
  return size
}

/** About four letters of Latin script make a token, and about one and a half of others. */
function textSize(text: string): number {
  let wide = 0
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x2ff) wide += 1
  return (text.length - wide) / 4 + wide / 1.5
}
