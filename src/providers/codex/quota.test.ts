import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loginAccount, token, vendor } from '../testing/logins.ts'
import { quota, readUsage } from './quota.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000
const login = loginAccount('codex', 'https://chatgpt.com/backend-api/codex')
const at = (hours: number) => (NOW + hours * HOUR) / 1000

const HEADERS = {
  'x-codex-primary-used-percent': '12.5',
  'x-codex-primary-window-minutes': '300',
  'x-codex-primary-reset-at': String(at(2)),
  'x-codex-secondary-used-percent': '73',
  'x-codex-secondary-window-minutes': '10080',
  'x-codex-secondary-reset-at': String(at(90)),
  'x-codex-plan-type': 'plus',
  'x-codex-active-limit': 'codex',
}

const BOTH = [
  { id: '5h', title: '5 hours', used: 0.125, resetsAt: NOW + 2 * HOUR, lengthMs: 5 * HOUR },
  { id: '7d', title: 'week', used: 0.73, resetsAt: NOW + 90 * HOUR, lengthMs: 168 * HOUR },
]

describe('the headers of an answer', () => {
  it('tell both windows, the plan, the binding one and that the account may be used', () => {
    const reading = quota.fromHeaders!(HEADERS, NOW)
    assert.deepEqual(reading, { at: NOW, windows: BOTH, plan: 'plus', allowed: true, binding: '7d' })
  })

  it('tell a full window, and whether credits carry on', () => {
    const full = { ...HEADERS, 'x-codex-primary-used-percent': '100' }
    assert.equal(quota.fromHeaders!(full, NOW)?.allowed, false)
    assert.equal(quota.fromHeaders!(full, NOW)?.windows[0]?.exhausted, true)
    for (const name of ['x-codex-credits-has-credits', 'x-codex-credits-unlimited'])
      assert.equal(quota.fromHeaders!({ ...full, [name]: 'True' }, NOW)?.allowed, undefined, name)
  })

  it('tell limits of single models, which do not stop the others', () => {
    const reading = quota.fromHeaders!(
      {
        ...HEADERS,
        'x-codex-bengalfox-limit-name': 'GPT-5.3-Codex-Spark',
        'x-codex-bengalfox-primary-used-percent': '100',
        'x-codex-bengalfox-primary-window-minutes': '300',
        'x-codex-active-limit': 'bengalfox',
      },
      NOW,
    )
    assert.deepEqual(reading?.windows[2], {
      id: 'gpt-5.3-codex-spark-5h',
      title: '5 hours, GPT-5.3-Codex-Spark',
      used: 1,
      lengthMs: 5 * HOUR,
      models: ['gpt-5.3-codex-spark*'],
      exhausted: true,
    })
    assert.deepEqual([reading?.allowed, reading?.binding], [true, 'gpt-5.3-codex-spark-5h'])
  })

  it('leave out a window the plan does not have, and call one without a length by its slot', () => {
    const reading = quota.fromHeaders!(
      {
        'x-codex-primary-used-percent': '5',
        'x-codex-primary-reset-after-seconds': '60',
        'x-codex-secondary-used-percent': '0',
        'x-codex-secondary-window-minutes': '0',
      },
      NOW,
    )
    assert.deepEqual(reading?.windows, [{ id: 'primary', title: 'primary', used: 0.05, resetsAt: NOW + 60_000 }])
  })

  it('of the API tell nothing of windows', () => {
    assert.equal(quota.fromHeaders!({ 'x-ratelimit-remaining-requests': '5', 'x-oai-request-id': 'r' }, NOW), undefined)
  })
})

describe('the event of the stream', () => {
  const event = {
    type: 'codex.rate_limits',
    plan_type: 'plus',
    rate_limits: {
      allowed: true,
      limit_reached: false,
      primary: { used_percent: 12.5, window_minutes: 300, reset_at: at(2) },
      secondary: { used_percent: 73, window_minutes: 10_080, reset_after_seconds: 90 * 3_600 },
    },
  }

  it('tells the same, whether or not the stream names its events', () => {
    for (const name of ['codex.rate_limits', ''])
      assert.deepEqual(quota.fromEvent!(name, JSON.stringify(event), NOW), {
        at: NOW,
        windows: BOTH,
        plan: 'plus',
        allowed: true,
      })
  })

  it('of one model says nothing of the account', () => {
    const spark = { ...event, metered_limit_name: 'gpt-5.3-codex-spark', plan_type: undefined }
    const reading = quota.fromEvent!('codex.rate_limits', JSON.stringify(spark), NOW)
    assert.deepEqual(
      reading?.windows.map(({ models }) => models),
      [['gpt-5.3-codex-spark*'], ['gpt-5.3-codex-spark*']],
    )
    assert.equal(reading?.allowed, undefined)
  })

  it('is not looked for in others', () => {
    for (const [name, data] of [
      ['response.output_text.delta', '{"type":"codex.rate_limits"}'],
      ['', '{"type":"response.output_text.delta","delta":"codex.rate_limits"}'],
      ['codex.rate_limits', 'broken'],
      ['', '[DONE]'],
    ] as const)
      assert.equal(quota.fromEvent!(name, data, NOW), undefined, data)
  })
})

describe('the usage endpoint', () => {
  const usage = {
    plan_type: 'pro',
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: { used_percent: 12.5, limit_window_seconds: 18_000, reset_after_seconds: 7_200, reset_at: at(2) },
      secondary_window: { used_percent: 73, limit_window_seconds: 604_800, reset_after_seconds: 324_000 },
    },
    credits: { has_credits: false, unlimited: false, balance: null },
  }

  it('is asked beside the backend with bearer and account, in our own name', async () => {
    const { http, asked } = vendor(usage)
    const reading = await quota.ask!(login, token({ 'account-id': 'acc-1' }), http, NOW)
    assert.deepEqual(reading, { at: NOW, windows: BOTH, plan: 'pro', allowed: true })
    assert.equal(asked[0]?.url, 'https://chatgpt.com/backend-api/wham/usage')
    assert.equal(asked[0]?.headers?.['chatgpt-account-id'], 'acc-1')
    assert.equal(asked[0]?.headers?.['originator'], 'logicaproxy')
  })

  it('tells that the account may be used again, or not', () => {
    const allowed = (rate_limit: object) =>
      readUsage({ ...usage, rate_limit: { ...usage.rate_limit, ...rate_limit } }, NOW)?.allowed
    assert.equal(allowed({}), true)
    assert.equal(allowed({ allowed: false }), false)
    assert.equal(allowed({ limit_reached: true }), false)
    assert.equal(
      readUsage({ rate_limit: { primary_window: { used_percent: 100 } }, credits: { unlimited: true } }, NOW)?.allowed,
      undefined,
    )
  })

  it('tells limits of single models and of code reviews, too', () => {
    const window = { used_percent: 100, limit_window_seconds: 604_800 }
    const reading = readUsage(
      {
        ...usage,
        additional_rate_limits: [
          {
            limit_name: 'GPT-5.3-Codex-Spark',
            metered_feature: 'codex_bengalfox',
            rate_limit: { primary_window: window },
          },
          { rate_limit: { primary_window: window } },
          null,
        ],
        code_review_rate_limit: { primary_window: window },
      },
      NOW,
    )
    assert.deepEqual(
      reading?.windows.slice(2).map(({ id, models }) => [id, models]),
      [
        ['gpt-5.3-codex-spark-7d', ['gpt-5.3-codex-spark*']],
        ['code-review-7d', ['codex-auto-review*']],
      ],
    )
    assert.equal(reading?.allowed, true)
  })

  it('with nothing in it gives no reading', () => assert.equal(readUsage({}, NOW), undefined))
})
