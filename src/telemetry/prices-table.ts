/**
 * Public list prices of model families, in US dollars for a million tokens: standard tier, no batch or priority rates, no
 * regional surcharge. A family of whose price we are not sure is not here: unknown stays unknown.
 *
 * Read at: platform.claude.com/docs/en/about-claude/pricing, developers.openai.com/api/docs/pricing,
 * ai.google.dev/gemini-api/docs/pricing, platform.moonshot.ai/docs/pricing, docs.x.ai/docs/models.
 */

/** Prices of one size of prompt, US dollars for a million tokens. An absent one is not published, or not known. */
export interface Rates {
  /** Input neither read from nor written to a cache. */
  readonly input: number
  readonly cacheRead?: number
  /** Writing what is kept five minutes, where writing has a price of its own. */
  readonly cacheWrite?: number
  readonly output: number
}

export interface FamilyPrice extends Rates {
  /** Prices of the whole request once its prompt is larger than so many tokens. */
  readonly long?: Rates & { readonly above: number }
}

/** The day up to which the table is known to hold (ISO). */
export const PRICES_AS_OF = '2026-10-24'

type Numbers = readonly [input: number, cacheRead: number | undefined, cacheWrite: number | undefined, output: number]

const rates = ([input, cacheRead, cacheWrite, output]: Numbers): Rates => ({
  input,
  output,
  ...(cacheRead !== undefined && { cacheRead }),
  ...(cacheWrite !== undefined && { cacheWrite }),
})
const price = (numbers: Numbers, long?: { above: number; numbers: Numbers }): FamilyPrice => ({
  ...rates(numbers),
  ...(long && { long: { above: long.above, ...rates(long.numbers) } }),
})

/** Anthropic: a cache is written at 1.25 times the input's price; what it costs to read is told for each model. */
const claude = (input: number, cacheRead: number, output: number) => price([input, cacheRead, input * 1.25, output])

/** OpenAI's large models: above 272,000 tokens of prompt the input costs twice, the output one and a half times as much. */
function openaiLong(input: number, cacheRead: number, output: number, cacheWrite?: number): FamilyPrice {
  const twice = cacheWrite === undefined ? undefined : cacheWrite * 2
  return price([input, cacheRead, cacheWrite, output], {
    above: 272_000,
    numbers: [input * 2, cacheRead * 2, twice, output * 1.5],
  })
}
const openai = (input: number, cacheRead: number | undefined, output: number) =>
  price([input, cacheRead, undefined, output])

const opus4 = claude(15, 1.5, 75)
const opus = claude(5, 0.5, 25)
const sonnet = claude(3, 0.3, 15)
const gpt5 = openai(1.25, 0.125, 10)
const gpt52 = openai(1.75, 0.175, 14)
const gemini3Pro = price([2, 0.2, undefined, 12], { above: 200_000, numbers: [4, 0.4, undefined, 18] })

/** Families by their names, without dates and versions of a release. */
export const FAMILY_PRICES: Readonly<Record<string, FamilyPrice>> = {
  'claude-fable-5-1': claude(10, 0.25, 50),
  'claude-fable-5': claude(10, 1, 50),
  'claude-opus-5-5': claude(4, 0.2, 20),
  'claude-opus-5': opus,
  'claude-opus-4-8': opus,
  'claude-opus-4-7': opus,
  'claude-opus-4-6': opus,
  'claude-opus-4-5': opus,
  'claude-opus-4-1': opus4,
  'claude-opus-4': opus4,
  'claude-sonnet-5-5': claude(2, 0.1, 10),
  'claude-sonnet-5': claude(2, 0.2, 10),
  'claude-sonnet-4-6': sonnet,
  'claude-sonnet-4-5': sonnet,
  'claude-sonnet-4': sonnet,
  'claude-3-7-sonnet': sonnet,
  'claude-3-5-sonnet': sonnet,
  'claude-haiku-5-5': price([0.1, 0.01, 0.125, 0.5], { above: 100_000, numbers: [0.5, 0.05, 0.625, 2.5] }),
  'claude-haiku-4-5': claude(1, 0.1, 5),
  'claude-3-5-haiku': claude(0.8, 0.08, 4),
  'claude-3-haiku': price([0.25, 0.03, 0.3, 1.25]),

  'gpt-6-sol': openaiLong(2, 0.2, 10, 2.5),
  'gpt-6-luna': openaiLong(0.1, 0.01, 0.5, 0.125),
  'gpt-5.6': openaiLong(5, 0.5, 30),
  'gpt-5.6-sol': openaiLong(5, 0.5, 30),
  'gpt-5.6-terra': openaiLong(2, 0.2, 12),
  'gpt-5.6-luna': openaiLong(0.2, 0.02, 1.2),
  'gpt-5.5': openaiLong(5, 0.5, 30),
  'gpt-5.5-pro': openai(30, undefined, 180),
  'gpt-5.4': openaiLong(2.5, 0.25, 15),
  'gpt-5.4-mini': openai(0.75, 0.075, 4.5),
  'gpt-5.4-nano': openai(0.2, 0.02, 1.25),
  'gpt-5.4-pro': openai(30, undefined, 180),
  'gpt-5.3-codex': gpt52,
  'gpt-5.2': gpt52,
  'gpt-5.2-codex': gpt52,
  'gpt-5.2-pro': openai(21, undefined, 168),
  'gpt-5.1': gpt5,
  'gpt-5.1-codex': gpt5,
  'gpt-5.1-codex-max': gpt5,
  'gpt-5.1-codex-mini': openai(0.25, 0.025, 2),
  'gpt-5': gpt5,
  'gpt-5-codex': gpt5,
  'gpt-5-mini': openai(0.25, 0.025, 2),
  'gpt-5-nano': openai(0.05, 0.005, 0.4),
  'gpt-5-pro': openai(15, undefined, 120),
  'gpt-4.1': openai(2, 0.5, 8),
  'gpt-4.1-mini': openai(0.4, 0.1, 1.6),
  'gpt-4.1-nano': openai(0.1, 0.025, 0.4),
  'gpt-4o': openai(2.5, 1.25, 10),
  'gpt-4o-mini': openai(0.15, 0.075, 0.6),
  o3: openai(2, 0.5, 8),
  'o3-mini': openai(1.1, 0.55, 4.4),
  'o4-mini': openai(1.1, 0.275, 4.4),

  'gemini-3.1-pro': gemini3Pro,
  'gemini-3-pro': gemini3Pro,
  'gemini-3-flash': price([0.5, 0.05, undefined, 3]),
  'gemini-3.1-flash-lite': price([0.25, 0.025, undefined, 1.5]),
  'gemini-2.5-pro': price([1.25, 0.125, undefined, 10], { above: 200_000, numbers: [2.5, 0.25, undefined, 15] }),
  'gemini-2.5-flash': price([0.3, 0.03, undefined, 2.5]),
  'gemini-2.5-flash-lite': price([0.1, 0.01, undefined, 0.4]),

  'kimi-k3': price([3, 0.3, undefined, 15]),
  'kimi-k2.7-code': price([0.95, 0.19, undefined, 4]),
  'kimi-k2.7-code-highspeed': price([1.9, 0.38, undefined, 8]),
  'kimi-k2.6': price([0.95, 0.16, undefined, 4]),
  'kimi-k2.5': price([0.6, 0.1, undefined, 3]),

  'grok-4': price([3, 0.75, undefined, 15], { above: 128_000, numbers: [6, undefined, undefined, 30] }),
}
