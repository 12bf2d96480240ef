import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anthropicResetHeader, openaiResetHeader, retryAfterHeader, retryHint, textHint } from './hints.ts'
import { readShape } from './shape.ts'

describe('textHint', () => {
  const table: [string, number | undefined][] = [
    ['Rate limit reached. Please try again in 1.3s. Visit …', 1.3],
    ['Please retry in 48.939935699s.', 48.94],
    ['Your quota will reset after 1h2m3s', 3723],
    ['Please retry after 60 seconds.', 60],
    ['try again in 6m0s', 360],
    ['Please try again in 20ms.', 0.02],
    ['wait for 2 minutes and 5 seconds', 125],
    ['try again in a moment', undefined],
    ['try again in 5 months', undefined],
    ['Please try again later', undefined],
    ['it took 5s', undefined],
  ]
  for (const [text, seconds] of table) it(text, () => assert.equal(textHint(text), seconds))
})

describe('retryAfterHeader', () => {
  it('takes seconds', () => assert.equal(retryAfterHeader({ 'retry-after': '12' }), 12))
  it('takes fractions', () => assert.equal(retryAfterHeader({ 'retry-after': '1.5' }), 1.5))
  it('prefers milliseconds', () =>
    assert.equal(retryAfterHeader({ 'retry-after-ms': '250', 'retry-after': '1' }), 0.25))
  it('takes the first of two', () => assert.equal(retryAfterHeader({ 'retry-after': ['3', '9'] }), 3))
  it('takes an HTTP date', () => {
    const seconds = retryAfterHeader({ 'retry-after': new Date(Date.now() + 90_000).toUTCString() })
    assert.ok(seconds !== undefined && seconds >= 88 && seconds <= 91, String(seconds))
  })
  it('takes a date that has passed as now', () => {
    assert.equal(retryAfterHeader({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }), 0)
  })
  it('takes nothing from nonsense', () => {
    for (const value of ['', 'soon', 'NaN']) assert.equal(retryAfterHeader({ 'retry-after': value }), undefined)
    assert.equal(retryAfterHeader({}), undefined)
  })
})

describe('reset headers', () => {
  it('OpenAI: the longest of the budgets that are used up', () => {
    const headers = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-ratelimit-remaining-project-requests': '4000',
      'x-ratelimit-reset-project-requests': '2h',
    }
    assert.equal(openaiResetHeader(headers), 360)
    assert.equal(
      openaiResetHeader({ 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '6m0s' }),
      undefined,
    )
  })

  it('Anthropic: the latest of the budgets that are used up', () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
    const seconds = anthropicResetHeader({
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': at(10),
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': at(40),
      'anthropic-ratelimit-output-tokens-remaining': '7',
      'anthropic-ratelimit-output-tokens-reset': at(900),
    })
    assert.ok(seconds !== undefined && seconds >= 39 && seconds <= 41, String(seconds))
  })
})

describe('retryHint', () => {
  const shape = (error: object) => readShape(JSON.stringify({ error: { message: 'm', ...error } }))

  it("puts the subscription's own window first", () => {
    assert.equal(retryHint(429, { 'retry-after': '3' }, shape({ resets_in_seconds: 1800 })), 1800)
    const resetsAt = retryHint(429, {}, shape({ resets_at: Date.now() / 1000 + 600 }))
    assert.ok(resetsAt !== undefined && Math.abs(resetsAt - 600) <= 1)
  })
  it('then the header, then the details, then the words', () => {
    const google = shape({ details: [{ retryDelay: '48s' }], message: 'Please retry in 9s' })
    assert.equal(retryHint(429, { 'retry-after': '3' }, google), 3)
    assert.equal(retryHint(429, {}, google), 48)
    assert.equal(retryHint(429, {}, shape({ message: 'Please retry in 9s' })), 9)
  })
  it('reads the rate-limit budgets only of a 429', () => {
    const headers = { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '4s' }
    assert.equal(retryHint(429, headers, undefined), 4)
    assert.equal(retryHint(500, headers, undefined), undefined)
  })
})
