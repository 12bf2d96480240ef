import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { LoginRecord } from '../accounts/login-record.ts'
import { waitingLogins } from './waiting-logins.ts'

const login = (email: string) =>
  JSON.stringify({ type: 'claude', email, access_token: 'a', refresh_token: 'r', expired: '2030-01-01T00:00:00Z' })

describe('login files that lie in the auth directory', () => {
  it('are told with what to do, until an account came from them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'waiting-'))
    try {
      assert.equal(await waitingLogins(directory, []), undefined)
      writeFileSync(join(directory, 'other.json'), '{"a":1}')
      assert.equal(await waitingLogins(directory, []), undefined)
      const file = join(directory, 'claude-a@example.com.json')
      writeFileSync(file, login('a@example.com'))
      assert.match((await waitingLogins(directory, []))!, /holds a login file .*"logicaproxy import --from /)
      writeFileSync(join(directory, 'claude-b@example.com.json'), login('b@example.com'))
      assert.match((await waitingLogins(directory, []))!, /holds 2 login files/)
      const borrowed = { facts: { origin: { how: 'borrowed', from: file, at: 0 } } } as LoginRecord
      assert.match((await waitingLogins(directory, [borrowed]))!, /holds a login file/)
      assert.equal(await waitingLogins(join(directory, 'none'), []), undefined)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
