import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LoginRecord, LoginState } from '../accounts/login-record.ts'
import { account } from '../accounts/testing/fixture.ts'
import { providers } from '../providers/index.ts'
import { createRegistry } from '../routing/models.ts'
import { endedLogins } from './ended-logins.ts'

const dead: LoginState = {
  is: 'needs-login',
  since: 0,
  reason: 'The vendor no longer takes it. Log in again.',
  version: 1,
}

function login(id: string, provider: string, state: LoginState): LoginRecord {
  return { id, provider, facts: { label: `${id}'s`, state } } as unknown as LoginRecord
}

function ended(logins: readonly LoginRecord[]) {
  return endedLogins({
    logins,
    accounts: (list) =>
      list.flatMap(({ id, provider, facts }) =>
        facts.state.is === 'ready' ? [account({ id, provider, speaks: ['anthropic'] })] : [],
      ),
    registry: (accounts) => createRegistry(accounts, providers, { forcePrefix: false }),
  })
}

it('a model whose logins have ended is told with the accounts and what to do', () => {
  const why = ended([login('c1', 'claude', dead), login('c2', 'claude', dead), login('k1', 'kimi', dead)])
  const failure = why('claude-sonnet-4-6', undefined)
  assert.deepEqual([failure?.kind, failure?.code], ['unauthorized', 'needs_login'])
  assert.match(
    failure!.message,
    /^The login c1 \(c1's\) has ended\. .*\(logicaproxy login claude\) So have: c2 \(c2's\)\.$/,
  )
})

it('a model that they would not serve either is of nobody, and so is one of logins that are well', () => {
  assert.equal(ended([login('c1', 'claude', dead)])('gpt-unheard-of', undefined), undefined)
  assert.equal(ended([login('c1', 'claude', { is: 'ready' })])('claude-sonnet-4-6', undefined), undefined)
  assert.equal(ended([login('c1', 'claude', dead)])('claude-sonnet-4-6', 'openai'), undefined)
})
