import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { callCost, costOf, createPrices, familyOf, PRICES_AS_OF } from './prices.ts'
import { FAMILY_PRICES } from './prices-table.ts'
import { callRecord } from './testing/fixture.ts'

const usage = (over: object) => ({ input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, ...over })
const MILLION = 1_000_000

describe('the price table', () => {
  it('has a date, and prices that fit together', () => {
    assert.match(PRICES_AS_OF, /^\d{4}-\d{2}-\d{2}$/)
    for (const [family, price] of Object.entries(FAMILY_PRICES))
      for (const rates of [price, ...(price.long ? [price.long] : [])]) {
        assert.ok(rates.input > 0 && rates.output >= rates.input, family)
        assert.ok((rates.cacheRead ?? 0) < rates.input, family)
        assert.ok((rates.cacheWrite ?? rates.input) >= rates.input, family)
        assert.equal(familyOf(family), family)
      }
  })

  it('finds a family under the names that vendors and routers give it', () => {
    for (const [name, family] of [
      ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
      ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
      ['claude-opus-4-6-thinking', 'claude-opus-4-6'],
      ['claude-opus-4-6[1m]', 'claude-opus-4-6'],
      ['claude-haiku-4-5@20251001', 'claude-haiku-4-5'],
      ['gpt-5-2025-08-07', 'gpt-5'],
      ['openai/gpt-5.1-codex-max', 'gpt-5.1-codex-max'],
      ['models/gemini-2.5-pro-preview-05-06', 'gemini-2.5-pro'],
      ['gemini-3-pro-preview', 'gemini-3-pro'],
    ])
      assert.equal(familyOf(name!), family, name)
  })

  it('knows no price of what is not in it: unknown is not 0', () => {
    for (const name of ['gpt-5-unheard-of', 'claude-sonnet-4.5:free', 'my-model', '', '__proto__', 'constructor'])
      assert.equal(createPrices().cost(name, usage({ input: 10 })), undefined, name)
  })

  it('is per kind of token: what a million of each costs is its price', () => {
    const sonnet = FAMILY_PRICES['claude-sonnet-4-6']!
    assert.equal(costOf(sonnet, usage({ input: MILLION })), 3 * MILLION)
    assert.equal(costOf(sonnet, usage({ cacheRead: MILLION })), 0.3 * MILLION)
    assert.equal(costOf(sonnet, usage({ cacheWrite: MILLION })), 3.75 * MILLION)
    assert.equal(costOf(sonnet, usage({ output: MILLION, reasoning: 5 })), 15 * MILLION)
    assert.equal(costOf(FAMILY_PRICES['gpt-5-pro']!, usage({ cacheRead: 1 })), undefined, 'no price for a cache')
  })

  it('takes the long prices from the first token above the threshold on, for the whole request', () => {
    const pro = FAMILY_PRICES['gemini-2.5-pro']!
    assert.equal(costOf(pro, usage({ input: 100_000, cacheRead: 100_000 })), 125_000 + 12_500)
    assert.equal(costOf(pro, usage({ input: 100_001, cacheRead: 100_000 })), Math.round(100_001 * 2.5 + 25_000))
  })

  it('never makes a request dearer by taking tokens away, whole micros always', () => {
    const counts = fc.record({
      input: fc.nat(400_000),
      cacheRead: fc.nat(400_000),
      cacheWrite: fc.nat(9_999),
      output: fc.nat(99_999),
    })
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(FAMILY_PRICES)), counts, (family, tokens) => {
        const cost = createPrices().cost(family, usage(tokens))
        const less = createPrices().cost(family, usage({ ...tokens, output: 0 }))
        if (cost === undefined) return
        assert.ok(Number.isSafeInteger(cost) && less! <= cost)
      }),
    )
  })
})

describe('prices of the owner', () => {
  const prices = createPrices({ 'my-*': { input: 1, output: 2 }, 'gpt-5': { input: 9, output: 9, 'cache-read': 0 } })

  it('go before the bundled ones, by pattern, and a cache costs as much as input where nothing is said', () => {
    assert.equal(prices.cost('my-model', usage({ input: 1, cacheRead: 1, cacheWrite: 1, output: 1 })), 5)
    assert.equal(prices.cost('gpt-5', usage({ input: 1, cacheRead: 100 })), 9)
    assert.deepEqual([prices.of('gpt-5')!.family, prices.of('gpt-5')!.asOf], ['gpt-5', undefined])
    assert.equal(prices.of('gpt-5-mini')!.asOf, PRICES_AS_OF)
  })

  it('bound what they remember of names', () => {
    for (let i = 0; i < 10_000; i += 1) prices.of(`name-${i}`)
    assert.equal(prices.cost('my-model', usage({ output: 1 })), 2)
  })
})

describe('the cost of a call', () => {
  const prices = createPrices()
  it('goes by the upstream name of the model that answered', () => {
    const record = callRecord({ servedModel: 'our-alias' })
    assert.equal(callCost(prices, record), Math.round(10 * 3 + 2000 * 0.3 + 30 * 3.75 + 400 * 15))
  })
  it('is 0 where nothing was answered, and unknown where nobody tells', () => {
    const failure = { kind: 'rate-limited', status: 429, scope: 'account', message: 'x' } as const
    assert.equal(callCost(prices, callRecord({ usage: undefined, failure, firstEventAt: undefined })), 0)
    assert.equal(callCost(prices, callRecord({ usage: undefined, failure })), undefined, 'it had begun')
    assert.equal(callCost(prices, callRecord({ usage: undefined })), undefined)
    assert.equal(callCost(prices, callRecord({ usage: undefined, endpoint: '/v1/messages/count_tokens' })), 0)
    assert.equal(callCost(prices, callRecord({ usage: undefined, endpoint: '/v1beta/models/{model}:countTokens' })), 0)
  })
})
