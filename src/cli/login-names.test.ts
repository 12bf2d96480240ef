import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loginProviders as named } from '../config/checks.ts'
import { loginProviders } from './with-accounts.ts'

describe('the providers that keys of the config name', () => {
  it('are those one can log in to', () => {
    assert.deepEqual([...named].sort(), loginProviders.map(({ id }) => id).sort())
  })
})
