import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { newPkce, newState } from './pkce.ts'

describe('PKCE', () => {
  it('has a challenge that is the SHA-256 of the verifier, base64url without padding', async () => {
    for (let i = 0; i < 200; i++) {
      const { verifier, challenge } = await newPkce()
      assert.match(verifier, /^[A-Za-z0-9\-._~]{43,128}$/)
      assert.equal(challenge, createHash('sha256').update(verifier, 'ascii').digest('base64url'))
      assert.doesNotMatch(challenge, /=/)
    }
  })

  it('never gives the same verifier or state twice', async () => {
    const verifiers = new Set<string>()
    const states = new Set<string>()
    for (let i = 0; i < 1000; i++) {
      verifiers.add((await newPkce()).verifier)
      states.add(newState())
    }
    assert.equal(verifiers.size, 1000)
    assert.equal(states.size, 1000)
  })
})

describe('a state', () => {
  it('holds 128 bits of chance or more', () => {
    assert.ok(Buffer.from(newState(), 'base64url').length * 8 >= 128)
  })
})
