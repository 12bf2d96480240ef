/** What a call would cost by public list prices: an estimate, dated, and unknown where the price is not known. */
import { matcher } from '../config/wildcard.ts'
import type { CallRecord } from '../gateway/events.ts'
import type { Usage } from '../hub/response.ts'
import { FAMILY_PRICES, type FamilyPrice, PRICES_AS_OF, type Rates } from './prices-table.ts'

export { type FamilyPrice, PRICES_AS_OF, type Rates } from './prices-table.ts'

/** Prices of the owner's own: model patterns (`*` stands for any text) and US dollars for a million tokens. */
export type OwnPrices = Readonly<
  Record<string, { input: number; output: number; 'cache-read'?: number; 'cache-write'?: number }>
>

/** Where the price of a model is from. */
export interface KnownPrice {
  price: FamilyPrice
  /** Family of the bundled table, or the pattern of the config. */
  family: string
  /** Date of the bundled table; absent for a price from the config. */
  asOf?: string
}

export interface Prices {
  /** The price of a model by its upstream name; undefined where it is not known. */
  of(model: string): KnownPrice | undefined
  /** Millionths of a US dollar; undefined where a price that is needed is not known. */
  cost(model: string, usage: Usage): number | undefined
}

/** Names looked up before, at most so many: clients may ask for any name. */
const MOST_NAMES = 2_000

/** Compiles the price table. @param own goes before the bundled prices; the first pattern that fits wins. */
export function createPrices(own: OwnPrices = {}): Prices {
  const given = Object.entries(own).map(([pattern, p]) => ({
    fits: matcher([pattern]),
    known: {
      family: pattern,
      price: {
        input: p.input,
        output: p.output,
        cacheRead: p['cache-read'] ?? p.input,
        cacheWrite: p['cache-write'] ?? p.input,
      },
    } satisfies KnownPrice,
  }))
  const names = new Map<string, KnownPrice | undefined>()

  function find(model: string): KnownPrice | undefined {
    const own = given.find(({ fits }) => fits(model))
    if (own !== undefined) return own.known
    const family = familyOf(model)
    return family === undefined ? undefined : { family, price: FAMILY_PRICES[family]!, asOf: PRICES_AS_OF }
  }

  function of(model: string): KnownPrice | undefined {
    const known = names.get(model)
    if (known !== undefined || names.has(model)) return known
    const found = find(model)
    if (names.size >= MOST_NAMES) names.clear()
    names.set(model, found)
    return found
  }

  return {
    of,
    cost(model, usage) {
      const known = of(model)
      return known === undefined ? undefined : costOf(known.price, usage)
    },
  }
}

/** Millionths of a US dollar: dollars for a million tokens are millionths for one. */
export function costOf(price: FamilyPrice, usage: Usage): number | undefined {
  const { long } = price
  const isLong = long !== undefined && usage.input + usage.cacheRead + usage.cacheWrite > long.above
  const rates: Rates = isLong ? long : price
  if (usage.cacheRead > 0 && rates.cacheRead === undefined) return undefined
  if (usage.cacheWrite > 0 && rates.cacheWrite === undefined) return undefined
  return Math.round(
    usage.input * rates.input +
      usage.cacheRead * (rates.cacheRead ?? 0) +
      usage.cacheWrite * (rates.cacheWrite ?? 0) +
      usage.output * rates.output,
  )
}

/**
 * The family of a model's name: without the house in front (`anthropic/…`), the date or version of a release behind, and
 * the words of vendors for variants of the same price. A variant that is not in the table has no price: `:free` and the
 * like cost something else.
 */
export function familyOf(model: string): string | undefined {
  let name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  // OpenRouter writes claude-sonnet-4.5.
  if (name.startsWith('claude-')) name = name.replaceAll('.', '-')
  for (let round = 0; round < 4; round += 1) {
    if (Object.hasOwn(FAMILY_PRICES, name)) return name
    const shorter = name.replace(SUFFIX, '')
    if (shorter === name) return undefined
    name = shorter
  }
  return undefined
}

const SUFFIX = /(?:-\d{8}|-\d{4}-\d{2}-\d{2}|-\d{2}-\d{2}|-\d{3}|@\d{8}|-latest|-preview|-thinking|\[1m\])$/

/** What of a call its cost depends on. */
export type Costed = Pick<CallRecord, 'usage' | 'servedModel' | 'endpoint' | 'firstEventAt' | 'failure'> & {
  attempts: readonly { model: string }[]
}

/**
 * What a call cost, in millionths of a US dollar. An answer that never began and a count of tokens cost nothing; an answer
 * that does not tell its tokens, or of a model without a known price, costs nobody knows what: undefined.
 */
export function callCost(prices: Prices, call: Costed): number | undefined {
  const { usage, attempts } = call
  if (usage !== undefined) return prices.cost(attempts.at(-1)?.model ?? call.servedModel, usage)
  if (call.failure !== undefined && call.firstEventAt === undefined) return 0
  return COUNTS.test(call.endpoint) ? 0 : undefined
}

const COUNTS = /count_?tokens/i
