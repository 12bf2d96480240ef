import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { type DataKey, newDataKey } from './data-key.ts'
import { openTokens, sealTokens } from './rows.ts'
import { associated, SealError, seal, unseal } from './seal.ts'
import { tokensOf } from './testing/fixture.ts'

const only = (key: DataKey) => (fingerprint: string) => (fingerprint === key.fingerprint ? key : undefined)

describe('a seal', () => {
  const key = newDataKey()

  it('opens to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 4 }),
        (plain, context) => {
          assert.deepEqual(
            new Uint8Array(unseal(only(key), 'secret', context, seal(key, 'secret', context, plain))),
            plain,
          )
        },
      ),
    )
  })

  it('never repeats a nonce in 10^5 seals', () => {
    const plain = Buffer.from('x')
    const seen = new Set<string>()
    for (let i = 0; i < 100_000; i++)
      seen.add(seal(key, 'credential', ['a', 'claude', i], plain).toString('latin1', 12, 24))
    assert.equal(seen.size, 100_000)
  })

  it('fails for every single bit that is flipped', () => {
    const row = { id: 'a', provider: 'claude', version: 3 }
    const sealed = sealTokens(key, row, { tokens: tokensOf('one'), since: 3 })
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const bent = Buffer.from(sealed)
      bent[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(() => openTokens(only(key), { ...row, sealed: bent }), SealError, `bit ${bit}`)
    }
  })

  it('fails for every truncation, and for bytes added', () => {
    const sealed = seal(key, 'credential', ['a', 'claude', 1], Buffer.from('some tokens'))
    for (let length = 0; length < sealed.length; length++)
      for (const cut of [sealed.subarray(0, length), sealed.subarray(sealed.length - length)])
        assert.throws(() => unseal(only(key), 'credential', ['a', 'claude', 1], cut), SealError, `${length}`)
    for (const more of [Buffer.concat([sealed, Buffer.alloc(1)]), Buffer.concat([Buffer.alloc(1), sealed])])
      assert.throws(() => unseal(only(key), 'credential', ['a', 'claude', 1], more), SealError)
  })

  it('stands for one id, provider, version and purpose alone', () => {
    const row = { id: 'a', provider: 'claude', version: 3 }
    const sealed = sealTokens(key, row, { tokens: tokensOf('one'), since: 3 })
    assert.equal(openTokens(only(key), { ...row, sealed }).tokens.refreshToken, 'refresh-one')
    for (const other of [{ id: 'b' }, { provider: 'codex' }, { version: 2 }, { version: 4 }])
      assert.throws(() => openTokens(only(key), { ...row, ...other, sealed }), { why: 'refused' })
    assert.throws(() => unseal(only(key), 'secret', ['a', 'claude', 3], sealed), { why: 'refused' })
  })

  it('tells a foreign key from an alteration', () => {
    const sealed = seal(newDataKey(), 'secret', [], Buffer.from('x'))
    assert.throws(() => unseal(only(key), 'secret', [], sealed), { why: 'other-key' })
    assert.throws(() => unseal(only(key), 'secret', [], Buffer.from('{"access_token":"x"}'.repeat(5))), {
      why: 'format',
    })
  })

  it('binds parts so that no two lists of parts read the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 4 }),
        fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 4 }),
        (a, b) => {
          const same = JSON.stringify(a) === JSON.stringify(b)
          assert.equal(associated(Buffer.of(), a).equals(associated(Buffer.of(), b)), same)
        },
      ),
    )
  })
})

describe('a data key', () => {
  it('shows nothing of itself when it is printed or serialised', () => {
    const key = newDataKey()
    const raw = key.raw()
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key)
    for (const form of ['hex', 'base64', 'latin1'] as const) assert.ok(!shown.includes(raw.toString(form)))
    assert.match(key.fingerprint, /^[0-9a-f]{16}$/)
    assert.ok(!raw.toString('hex').includes(key.fingerprint))
  })
})
