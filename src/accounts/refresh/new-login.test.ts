import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LoginRecord } from '../login-record.ts'
import type { Entry } from './entry.ts'
import { accountId, asKnown } from './new-login.ts'
import { needsLogin } from './words.ts'

const record = (provider: string, subject: string, label: string): LoginRecord => ({
  id: `${provider}-1`,
  provider,
  version: 1,
  expiresAt: undefined,
  updatedAt: 0,
  facts: {
    subject,
    label,
    state: { is: 'ready' },
    origin: { how: 'login', at: 0 },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: 0,
  },
})

const entries = (...records: LoginRecord[]) => new Map(records.map((one) => [one.id, { record: one } as Entry]))

describe('whose login it is where the vendor does not say', () => {
  const named = { subject: 'name:mine', label: 'mine' }

  it('a label renews the account that has it and came without a name', () => {
    for (const subject of ['login:0a1b', 'found:2c3d'])
      assert.equal(asKnown('qwen', named, entries(record('qwen', subject, 'mine'))).subject, subject)
  })

  it('not one of another provider or label, nor one whose owner the vendor named', () => {
    for (const other of [
      record('kimi', 'login:1', 'mine'),
      record('qwen', 'login:1', 'Mine'),
      record('qwen', 'mine@test.example', 'mine'),
    ])
      assert.equal(asKnown('qwen', named, entries(other)), named)
  })

  it('the account of that very name goes before', () => {
    const own = { ...record('qwen', 'name:mine', 'renamed'), id: accountId('qwen', 'name:mine', new Map()) }
    assert.equal(asKnown('qwen', named, entries(record('qwen', 'login:1', 'mine'), own)), named)
  })

  it('a known owner is left as he is', () => {
    const known = { subject: 'anna@test.example', email: 'anna@test.example' }
    assert.equal(asKnown('gemini-cli', known, entries(record('gemini-cli', 'login:1', 'mine'))), known)
  })
})

describe('the command that renews a login', () => {
  const told = (subject: string, label: string) => needsLogin(record('qwen', subject, label), 'Over.').message

  it('says under which label, where only that tells whose it is', () => {
    assert.match(told('name:mine', 'mine'), /\(logicaproxy login qwen --label mine\)$/)
    assert.match(told('login:1', 'my own'), /\(logicaproxy login qwen --label "my own"\)$/)
    assert.match(told('anna@test.example', 'mine'), /\(logicaproxy login qwen\)$/)
  })
})
