import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ClientKeyRecord } from '../accounts/client-keys.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { RestingInfo } from '../accounts/pool.ts'
import type { AlertFacts } from './alert-rules.ts'
import { createAlerts } from './alerts.ts'

const START = Date.UTC(2026, 10, 22, 17, 10, 0)
const ACCOUNT = { id: 'claude-1', label: 'work', provider: 'claude' }

function house(over: Partial<AlertFacts> = {}) {
  const clock = { now: START }
  const facts: { -readonly [F in keyof AlertFacts]: AlertFacts[F] } = {
    now: START,
    accounts: [ACCOUNT],
    logins: [],
    quota: () => undefined,
    resting: [],
    vaultTrouble: [],
    storeTrouble: undefined,
    keys: [],
    ...over,
  }
  const told: string[] = []
  const logged: string[] = []
  const alerts = createAlerts({
    facts: () => facts,
    now: () => clock.now,
    everyMs: 1 << 30,
    log: (level, _, message) => logged.push(`${level} ${message}`),
  })
  alerts.on((alert, over) => told.push(`${over ? '-' : '+'}${alert.level} ${alert.id}`))
  const look = (passMs = 0) => {
    clock.now += passMs
    alerts.look()
  }
  const used = (share: number, more = {}) => {
    const window = { id: '5h', title: '5 hours', used: share, resetsAt: START + 3_600_000, ...more }
    facts.quota = () => ({ at: START, windows: [window] })
    look()
  }
  return { alerts, facts, told, logged, look, used, clock }
}

const login = (state: LoginRecord['facts']['state'], disabled = false) =>
  ({ id: 'claude-1', provider: 'claude', facts: { label: 'work', state, disabled } }) as LoginRecord
const rest = (accountId: string, until: number): RestingInfo => ({
  accountId,
  label: accountId,
  provider: 'claude',
  until,
  nextTry: until,
  failure: { kind: 'rate-limited', status: 429, scope: 'account', message: 'too many' },
})
const key = (over: Partial<ClientKeyRecord>) =>
  ({
    id: 'key-1',
    name: 'ci',
    enabled: true,
    limits: { microsPerMonth: 100 },
    used: { microsThisMonth: 0, tokensToday: 0, microsToday: 0 },
    unpriced: 0,
    ...over,
  }) as ClientKeyRecord

describe('an alert', () => {
  it('is raised once at 80 %, once more at 95 %, and cleared by the reset', () => {
    const { told, used, alerts } = house()
    for (const share of [0.5, 0.799, 0.8, 0.81, 0.95, 0.96, 0.99, 0]) used(share)
    assert.deepEqual(told, ['+warning quota:claude-1:5h', '+critical quota:claude-1:5h', '-critical quota:claude-1:5h'])
    assert.deepEqual(alerts.list(), [])
  })

  it('says what, whose, until when and what to do', () => {
    const { alerts, used, logged } = house()
    used(0.95)
    const [alert] = alerts.list()
    assert.equal(
      alert!.words,
      'The account work (claude) has used 95 % of its allowance "5 hours"; it is reset at 2026-11-22T18:10:00Z.',
    )
    assert.deepEqual([alert!.account, alert!.until, alert!.since], ['claude-1', START + 3_600_000, START])
    assert.match(logged[0]!, /^error The account work/)
  })

  it('does not flicker: between 77 and 80 % nothing begins and nothing ends', () => {
    const { told, used } = house()
    for (const share of [0.78, 0.79, 0.8, 0.79, 0.78, 0.77, 0.8]) used(share)
    assert.deepEqual(told, ['+warning quota:claude-1:5h'])
    used(0.76)
    assert.equal(told.length, 2)
  })

  it('alternates raised and over, whatever shares come', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { maxLength: 100 }), (shares) => {
        const { told, used, alerts } = house()
        for (const share of shares) used(share)
        let raised = false
        for (const line of told) {
          if (line.startsWith('-')) assert.ok(raised)
          raised = line.startsWith('+')
        }
        assert.equal(alerts.list().length, raised ? 1 : 0)
        const last = shares.at(-1) ?? 0
        if (last >= 0.8) assert.ok(raised)
        if (last < 0.77) assert.ok(!raised)
      }),
    )
  })

  it('tells of a login that is needed, not of a disabled one, until somebody has logged in', () => {
    const { told, facts, look, alerts } = house()
    const needs = { is: 'needs-login', since: START, reason: 'the vendor refused the refresh token' } as const
    facts.logins = [login(needs)]
    look()
    assert.match(alerts.list()[0]!.action!, /logicaproxy login claude/)
    facts.logins = [login({ is: 'ready' })]
    look()
    facts.logins = [login(needs, true)]
    look()
    assert.deepEqual(told, ['+critical needs-login:claude-1', '-critical needs-login:claude-1'])
  })

  it('tells when everybody of a provider rests for a while, and when nobody has for a while', () => {
    const { told, facts, look, alerts } = house({ accounts: [ACCOUNT, { ...ACCOUNT, id: 'claude-2' }] })
    facts.resting = [rest('claude-1', START + 60_000)]
    look(20_000)
    facts.resting = [rest('claude-1', START + 60_000), rest('claude-2', START + 30_000)]
    look()
    look(4_999)
    assert.deepEqual(told, [])
    look(1)
    assert.match(alerts.list()[0]!.words, /All 2 accounts of claude rest\. The soonest, claude-2, .*17:10:30Z/)
    facts.resting = []
    look()
    look(9_999)
    assert.deepEqual(told, ['+critical all-resting:claude'])
    look(1)
    assert.deepEqual(told, ['+critical all-resting:claude', '-critical all-resting:claude'])
  })

  it('tells of one model that rests nothing: others go on', () => {
    const { told, facts, look } = house()
    facts.resting = [{ ...rest('claude-1', START + 60_000), model: 'opus' }]
    look()
    look(60_000)
    assert.deepEqual(told, [])
  })

  it('tells of vault and store', () => {
    const { told, facts, look } = house({ vaultTrouble: ['The vault is locked.'], storeTrouble: 'The disk is full.' })
    look()
    look(2_000)
    facts.vaultTrouble = []
    facts.storeTrouble = undefined
    look()
    look(10_000)
    assert.deepEqual(told, ['+critical vault', '+critical store', '-critical vault', '-critical store'])
  })

  it('tells of a key near its budget, and of one whose budget does not see everything', () => {
    const { told, facts, look, alerts } = house()
    const spent = (microsThisMonth: number) => key({ used: { ...key({}).used, microsThisMonth } })
    facts.keys = [spent(79)]
    look()
    facts.keys = [spent(80)]
    look()
    facts.keys = [spent(100)]
    look()
    assert.match(alerts.list()[0]!.words, /The key "ci" has used 100 % of its limit usd-per-month/)
    facts.keys = [key({ unpriced: 3 })]
    look()
    assert.deepEqual(told, [
      '+info usage:key-1:usd-per-month',
      '+warning usage:key-1:usd-per-month',
      '+warning usage:key-1:unpriced',
      '-warning usage:key-1:usd-per-month',
    ])
  })

  it('stands before the lesser ones, then in the order of time', () => {
    const { alerts, facts, look } = house({ keys: [key({ used: { ...key({}).used, microsThisMonth: 99 } })] })
    look()
    facts.vaultTrouble = ['locked']
    look(1)
    assert.deepEqual(
      alerts.list().map((a) => a.kind),
      ['vault', 'usage'],
    )
  })
})
