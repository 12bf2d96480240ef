import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loginAccount, token, vendor } from '../testing/logins.ts'
import { quota, readUsage } from './quota.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000
const seconds = (at: number) => String(at / 1000)
const login = loginAccount('claude', 'https://api.anthropic.com')
const headers = (over: Record<string, string>) =>
  Object.fromEntries(Object.entries(over).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]))

describe('the headers of an answer', () => {
  it('tell both windows, the binding one, and that the account may be used', () => {
    const told = headers({
      status: 'allowed_warning',
      reset: seconds(NOW + HOUR),
      'representative-claim': 'five_hour',
      '5h-status': 'allowed_warning',
      '5h-reset': seconds(NOW + HOUR),
      '5h-utilization': '0.92',
      '7d-status': 'allowed',
      '7d-reset': seconds(NOW + 50 * HOUR),
      '7d-utilization': '0.4',
      'overage-status': 'rejected',
      'overage-disabled-reason': 'org_level_disabled',
    })
    assert.deepEqual(quota.fromHeaders!(told, NOW), {
      at: NOW,
      windows: [
        { id: '5h', title: '5 hours', lengthMs: 5 * HOUR, used: 0.92, resetsAt: NOW + HOUR },
        { id: '7d', title: 'week', lengthMs: 168 * HOUR, used: 0.4, resetsAt: NOW + 50 * HOUR },
      ],
      binding: '5h',
      allowed: true,
    })
  })

  it('tell that a window refuses', () => {
    const reading = quota.fromHeaders!(
      headers({ status: 'rejected', '7d-status': 'rejected', '7d-reset': seconds(NOW) }),
      NOW,
    )
    assert.deepEqual(reading, {
      at: NOW,
      windows: [{ id: '7d', title: 'week', lengthMs: 168 * HOUR, used: 1, resetsAt: NOW, exhausted: true }],
      allowed: false,
    })
  })

  it('tell the pool of Opus as a window of those models alone, which does not stop the account', () => {
    const reading = quota.fromHeaders!(
      headers({
        status: 'rejected',
        '7d_oi-status': 'rejected',
        '7d_oi-utilization': '1.02',
        '5h-utilization': '0.1',
        'representative-claim': 'seven_day_opus',
      }),
      NOW,
    )
    assert.deepEqual(reading?.windows[1], {
      id: '7d-opus',
      title: 'week, Opus',
      lengthMs: 168 * HOUR,
      models: ['*opus*'],
      used: 1.02,
      exhausted: true,
    })
    assert.equal(reading?.allowed, undefined)
    assert.equal(reading?.binding, '7d-opus')
  })

  it('of a window nobody knows keep no model from work', () => {
    assert.deepEqual(quota.fromHeaders!(headers({ '30d_x-utilization': '0.5' }), NOW)?.windows, [
      { id: '30d-x', title: '30d x', models: [], used: 0.5 },
    ])
  })

  it('are taken as per cent where they can be no share', () => {
    assert.equal(quota.fromHeaders!(headers({ '5h-utilization': '45' }), NOW)?.windows[0]?.used, 0.45)
  })

  it('of a key tell nothing of windows', () => {
    assert.equal(quota.fromHeaders!({ 'anthropic-ratelimit-requests-remaining': '5', date: 'x' }, NOW), undefined)
  })
})

describe('the usage endpoint', () => {
  const reset = '2026-11-22T17:00:00.000000+00:00'
  const at = Date.UTC(2026, 10, 22, 17)

  it('is asked with the bearer and the beta, and its older form is read', async () => {
    const { http, asked } = vendor({
      five_hour: { utilization: 24, resets_at: reset },
      seven_day: { utilization: 36, resets_at: null },
      seven_day_opus: { utilization: 100, resets_at: reset },
      seven_day_sonnet: null,
      iguana_necktie: null,
      extra_usage: { is_enabled: false, utilization: null },
    })
    assert.deepEqual(await quota.ask!(login, token(), http, NOW), {
      at: NOW,
      windows: [
        { id: '5h', title: '5 hours', lengthMs: 5 * HOUR, used: 0.24, resetsAt: at },
        { id: '7d', title: 'week', lengthMs: 168 * HOUR, used: 0.36 },
        {
          id: '7d-opus',
          title: 'week, Opus',
          lengthMs: 168 * HOUR,
          models: ['*opus*'],
          used: 1,
          resetsAt: at,
          exhausted: true,
        },
      ],
      allowed: true,
    })
    assert.equal(asked[0]?.url, 'https://api.anthropic.com/api/oauth/usage')
    assert.equal(asked[0]?.headers?.['anthropic-beta'], 'oauth-2025-04-20')
    assert.equal(asked[0]?.headers?.['authorization'], 'Bearer tok')
  })

  it('in its newer form is read, too, and goes before the older one', () => {
    const reading = readUsage(
      {
        five_hour: { utilization: 11, resets_at: reset },
        limits: [
          { kind: 'session', group: 'session', percent: 12, resets_at: reset, scope: null },
          { kind: 'weekly_all', group: 'weekly', percent: 100, resets_at: reset },
          { kind: 'weekly_scoped', percent: 75, resets_at: reset, scope: { model: { display_name: 'Fable' } } },
          { kind: 'weekly_opus', utilization: 5 },
          { kind: 'monthly_spend', percent: 3 },
          null,
          { percent: 4 },
        ],
      },
      NOW,
    )
    assert.deepEqual(
      reading?.windows.map(({ id, used, models }) => [id, used, models]),
      [
        ['5h', 0.12, undefined],
        ['7d', 1, undefined],
        ['7d-fable', 0.75, ['*fable*']],
        ['7d-opus', 0.05, ['*opus*']],
        ['monthly-spend', 0.03, []],
      ],
    )
    assert.equal(reading?.allowed, false)
  })

  it('does not call an account useless whose extra usage carries on', () => {
    const reading = readUsage(
      { five_hour: { utilization: 100 }, extra_usage: { is_enabled: true, utilization: 20 } },
      NOW,
    )
    assert.equal(reading?.allowed, undefined)
    assert.deepEqual(reading?.windows[1], { id: 'extra-usage', title: 'extra usage', models: [], used: 0.2 })
  })

  it('with nothing in it gives no reading, and a key has none', async () => {
    assert.equal(readUsage({}, NOW), undefined)
    const { http, asked } = vendor({})
    assert.equal(await quota.ask!(login, { type: 'api-key', value: 'k' }, http, NOW), undefined)
    assert.equal(asked.length, 0)
  })

  it('is asked five minutes apart, because it is rate-limited itself', () => assert.equal(quota.everyMs, 300_000))
})
