import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LoginFacts } from '../accounts/login-record.ts'
import { failure } from '../hub/failure.ts'
import { type AccountRow, accountJson, accountLines, spell } from './account-view.ts'
import { heard } from './testing/fixture.ts'

const NOW = 1_000_000
const facts: LoginFacts = {
  label: 'work',
  subject: 's',
  plan: 'max',
  state: { is: 'ready' },
  origin: { how: 'login', at: 0 },
  disabled: false,
  priority: 0,
  weight: 1,
  headers: {},
  excludedModels: [],
  createdAt: 0,
}
const row = (over: Partial<LoginFacts> = {}, rest: Partial<AccountRow> = {}): AccountRow => ({
  record: {
    id: 'claude-1',
    provider: 'claude',
    version: 1,
    expiresAt: NOW + 7_200_000,
    updatedAt: NOW,
    facts: { ...facts, ...over },
  },
  title: 'Claude',
  rests: [],
  ...rest,
})
const lines = (r: AccountRow) => accountLines(r, heard(), NOW)

describe('an account', () => {
  it('is a line, and what is special about it', () => {
    assert.deepEqual(lines(row()), ['work  claude-1  Claude, max', '    ready, token for 2 h'])
    assert.match(
      lines(row({ priority: 5, weight: 2, concurrency: 3, prefix: 'team' })).join('\n'),
      /priority 5, weight 2, at most 3 at once, prefix team/,
    )
    assert.match(lines(row({ disabled: true })).join('\n'), /disabled/)
    assert.match(
      lines(row({ state: { is: 'needs-login', since: 0, reason: 'It was revoked.' } })).join('\n'),
      /needs a login since 1970-.*It was revoked\./,
    )
  })

  it('has bars for what is used, and when it is new', () => {
    const quota = {
      at: NOW,
      windows: [
        { id: '5h', title: '5 hours', used: 0.8, resetsAt: NOW + 3_600_000 },
        { id: '7d', title: 'week', used: 1.2, exhausted: true },
        { id: 'old', title: 'day', used: 0.9, resetsAt: NOW - 1 },
      ],
    }
    const text = lines(row({}, { quota })).join('\n')
    assert.match(text, /5 hours +████████░░ +80 % used, new in 60 min/)
    assert.match(text, /week +██████████ 120 % used, used up/)
    assert.match(text, /day +░░░░░░░░░░ +0 % used/)
  })

  it('tells why it rests and when it is tried again', () => {
    const rest = {
      until: NOW + 600_000,
      probeAt: NOW + 120_000,
      probeLease: 0,
      failures: 1,
      failure: failure('rate-limited', 'Too many requests.', { scope: 'account' }),
    }
    assert.match(
      lines(row({}, { rests: [{ rest }, { model: 'opus', rest: { ...rest, until: NOW - 1 } }] })).join('\n'),
      /the account rests for 10 min, tried again in 2 min: Too many requests\./,
    )
  })

  it('shows its policy and never a proxy’s password', () => {
    const policy = { state: 'restricted' as const, since: '2026-01-01', note: 'n', url: 'https://x.test' }
    const shown = row({ proxyUrl: 'http://me:hush@proxy.test:1' }, { policy })
    const text = lines(shown).join('\n') + JSON.stringify(accountJson(shown))
    assert.match(text, /restricted as of 2026-01-01: https:\/\/x\.test/)
    assert.match(text, /proxy proxy\.test:1/)
    assert.doesNotMatch(text, /hush/)
  })

  it('spells times for people', () => {
    assert.deepEqual([500, 59_000, 61_000, 5_400_000, 172_800_000].map(spell), ['1 s', '59 s', '1 min', '2 h', '2 d'])
  })
})
