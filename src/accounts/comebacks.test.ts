import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createComebacks } from './comebacks.ts'
import type { LoginFacts, LoginRecord } from './login-record.ts'

const READY: LoginFacts['state'] = { is: 'ready' }
const OVER: LoginFacts['state'] = { is: 'needs-login', since: 0, reason: 'over' }
const login = (id: string, state: LoginFacts['state'], at = 0) =>
  ({ id, facts: { state, origin: { how: 'login', at } } }) as LoginRecord

describe('logins that work again', () => {
  it('are those that had ended and have not any more, once', () => {
    const since = createComebacks([login('a', OVER), login('b', READY)])
    assert.deepEqual(since([login('a', OVER), login('b', READY)]), [])
    assert.deepEqual(since([login('a', READY), login('b', READY)]), ['a'])
    assert.deepEqual(since([login('a', READY), login('b', READY)]), [])
  })

  it('and those that came anew, although they never ended here', () => {
    const since = createComebacks([login('a', READY, 1)])
    assert.deepEqual(since([login('a', READY, 2)]), ['a'])
  })

  it('but nobody who is new, or has just ended', () => {
    const since = createComebacks([login('a', READY)])
    assert.deepEqual(since([login('a', OVER, 2), login('b', READY)]), [])
  })
})
