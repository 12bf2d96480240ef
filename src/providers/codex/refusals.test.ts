import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRetriable } from '../../hub/failure.ts'
import { protocolOf } from '../../protocols/index.ts'
import { judge } from './refusals.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

function refusal(status: number, json: unknown, headers: Record<string, string> = {}) {
  const body = typeof json === 'string' ? json : JSON.stringify(json)
  return judge(protocolOf('openai-responses').failure.decode(status, headers, body), status, headers, body, NOW)
}

const error = (fields: object) => ({ error: { message: 'The usage limit has been reached', ...fields } })

describe('usage_limit_reached', () => {
  it('rests the account until its window is emptied, and says until when and that it is asked before', () => {
    const f = refusal(429, error({ type: 'usage_limit_reached', plan_type: 'plus', resets_at: NOW / 1000 + 7_200 }))
    assert.deepEqual([f.kind, f.scope, f.status, f.retryAfter], ['quota-exhausted', 'account', 429, 7_200])
    assert.match(
      f.message,
      /^The usage limit has been reached\. The allowance of this ChatGPT account \(plan "plus"\) is used up until 2026-11-22 14:00 UTC;/,
    )
  })

  it('is read from seconds, from the headers of full windows, and without either', () => {
    assert.equal(refusal(429, error({ type: 'usage_limit_reached', resets_in_seconds: 90 })).retryAfter, 90)
    const headers = {
      'x-codex-primary-used-percent': '100',
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-at': String(NOW / 1000 + 600),
      'x-codex-secondary-used-percent': '40',
      'x-codex-secondary-reset-at': String(NOW / 1000 + 99_999),
    }
    assert.equal(refusal(429, error({ type: 'usage_limit_reached' }), headers).retryAfter, 600)
    assert.equal(refusal(429, error({ type: 'usage_limit_reached' })).retryAfter, undefined)
  })

  it('inside a stream means the same', () => {
    const event = {
      type: 'response.failed',
      response: { error: { code: 'usage_limit_reached', message: 'm', resets_in_seconds: 60 } },
    }
    const f = refusal(200, event)
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['quota-exhausted', 'account', 60])
  })
})

it('usage_not_included is about the plan, and says so', () => {
  const f = refusal(429, error({ type: 'usage_not_included', plan_type: 'free', message: 'Upgrade to Plus.' }))
  assert.deepEqual([f.kind, f.scope], ['quota-exhausted', 'account'])
  assert.match(f.message, /^Upgrade to Plus\. .*\(plan "free"\) does not include Codex/)
})

it('usage_not_included is not asked again at the reset that is told with it, which is now', () => {
  const f = refusal(429, error({ type: 'usage_not_included', resets_at: 1, resets_in_seconds: 0, message: 'No.' }))
  assert.equal(f.retryAfter, undefined)
})

describe('a shortage passes', () => {
  it('of a model at capacity in seconds, with whatever status', () => {
    for (const status of [429, 503, 400]) {
      const f = refusal(status, error({ message: 'Selected model is at capacity. Please try a different model.' }))
      assert.deepEqual([f.kind, f.scope, f.retryAfter], ['overloaded', 'model', 10], String(status))
      assert.ok(isRetriable(f))
    }
    const told = refusal(429, error({ message: 'Selected model is at capacity.' }), { 'retry-after': '3' })
    assert.equal(told.retryAfter, 3)
  })

  for (const code of ['server_is_overloaded', 'slow_down'])
    it(`of ${code}, by its status and inside a stream`, () => {
      for (const f of [
        refusal(503, error({ code })),
        refusal(200, { type: 'response.failed', response: { error: { code, message: 'm' } } }),
      ])
        assert.deepEqual([f.kind, f.scope], ['overloaded', 'model'])
    })

  it('of a rate limit as long as it says', () => {
    const f = refusal(200, {
      type: 'response.failed',
      response: { error: { code: 'rate_limit_exceeded', message: 'Please try again in 1.3s.' } },
    })
    assert.deepEqual([f.kind, f.scope, f.retryAfter], ['rate-limited', 'model', 1.3])
  })
})

it('a token that is no longer taken is left to the road to renew', () => {
  for (const code of ['token_invalidated', 'token_expired']) {
    const f = refusal(401, error({ code }))
    assert.deepEqual([f.kind, f.scope, f.code], ['unauthorized', 'account', code])
  }
})

it('a deactivated workspace rests the account and says whom to ask', () => {
  for (const [status, json] of [
    [402, { detail: { code: 'deactivated_workspace' } }],
    [402, { error: { code: 'deactivated_workspace' } }],
    [403, { detail: 'This workspace has been deactivated and can no longer be used.' }],
    [401, error({ code: 'account_deactivated', message: 'Your account was deactivated.' })],
  ] as const) {
    const f = refusal(status, json)
    assert.deepEqual([f.kind, f.scope], ['forbidden', 'account'], JSON.stringify(json))
    assert.match(f.message, /ask its owner, or log in with another one \(logicaproxy login codex\)/)
    assert.doesNotMatch(f.message, /[{}]/)
  }
})

it('a model that this plan lacks is tried at accounts with other plans', () => {
  const detail = "The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account."
  const f = refusal(400, { detail })
  assert.deepEqual([f.kind, f.scope], ['unknown-model', 'model'])
  assert.ok(isRetriable(f) && f.message.startsWith(detail))
})

describe('a 403', () => {
  it("of bot protection is the network's, and passes", () => {
    for (const f of [
      refusal(403, '<!DOCTYPE html><html><title>Just a moment...</title></html>'),
      refusal(403, '{}', { 'cf-mitigated': 'challenge' }),
    ]) {
      assert.deepEqual([f.kind, f.scope, f.retryAfter], ['upstream', 'account', 60])
      assert.match(f.message, /not the account\. Use another network, or set a proxy/)
    }
  })

  it('of a country names the proxy', () => {
    const f = refusal(403, error({ code: 'unsupported_country_region_territory', message: 'Country not supported' }))
    assert.deepEqual([f.kind, f.scope], ['forbidden', 'account'])
    assert.match(f.message, /^Country not supported\. .*check the proxy/)
  })
})

it('everything else is what the dialect says', () => {
  const encrypted = refusal(400, error({ code: 'invalid_encrypted_content', message: 'm' }))
  assert.deepEqual(
    [encrypted.kind, encrypted.scope, encrypted.code],
    ['invalid-request', 'request', 'invalid_encrypted_content'],
  )
  assert.equal(refusal(400, error({ code: 'context_length_exceeded' })).scope, 'request')
  assert.equal(refusal(404, error({ message: "Item with id 'rs_1' not found." })).scope, 'request')
  assert.equal(refusal(500, 'oops').kind, 'upstream')
})
