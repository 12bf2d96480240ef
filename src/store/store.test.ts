import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { DocumentRow, Lease } from './store.ts'
import { ENGINES } from './testing/engines.ts'
import { bytes, credential } from './testing/rows.ts'

const held = (got: Lease | { heldUntil: number }): Lease => {
  if (!('number' in got)) assert.fail(`held until ${got.heldUntil}`)
  return got
}

for (const { name, fresh } of ENGINES) {
  describe(`credentials (${name})`, () => {
    it('come back as they were put, in the order of their ids', async () => {
      const { credentials } = await fresh()
      const second = credential('b', 1, {
        sealed: new Uint8Array([0, 255, 10, 39, 92]),
        facts: '{"label":"ö \'\\" \u{1F600}"}',
      })
      const { expiresAt: _, ...first } = credential('a', 1)
      assert.equal(await credentials.put(second, { expected: 0 }), 'written')
      assert.equal(await credentials.put(first, { expected: 0 }), 'written')
      assert.deepEqual(await credentials.all(), [first, second])
      assert.deepEqual(await credentials.get('b'), second)
      assert.equal(await credentials.get('c'), undefined)
    })

    it('are written only over the version that was read', async () => {
      const { credentials } = await fresh()
      assert.equal(await credentials.put(credential('a', 2), { expected: 1 }), 'conflict')
      assert.equal(await credentials.put(credential('a', 1), { expected: 0 }), 'written')
      assert.equal(await credentials.put(credential('a', 1, { facts: '{}' }), { expected: 0 }), 'conflict')
      assert.equal(await credentials.put(credential('a', 2), { expected: 1 }), 'written')
      assert.equal(await credentials.put(credential('a', 2, { facts: '{}' }), { expected: 1 }), 'conflict')
      assert.deepEqual(await credentials.get('a'), credential('a', 2))
    })

    it('never get a version that does not rise', async () => {
      const { credentials } = await fresh()
      await assert.rejects(credentials.put(credential('a', 3), { expected: 3 }), RangeError)
    })

    it('let exactly one of many writers of the same version through', async () => {
      const { credentials } = await fresh()
      await credentials.put(credential('a', 1), { expected: 0 })
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          credentials.put(credential('a', 2, { sealed: bytes(`writer ${i}`) }), { expected: 1 }),
        ),
      )
      const winner = results.indexOf('written')
      assert.equal(results.filter((result) => result === 'written').length, 1)
      assert.deepEqual((await credentials.get('a'))?.sealed, bytes(`writer ${winner}`))
    })

    it('refuse a write whose lease has gone to somebody else', async () => {
      const { credentials, leases } = await fresh()
      await credentials.put(credential('a', 1), { expected: 0 })
      const late = held(await leases.acquire('refresh a', 'slow', 0, 100))
      const fence = { lease: 'refresh a', number: late.number }
      assert.equal(await credentials.put(credential('a', 2), { expected: 1, fence }), 'written')
      held(await leases.acquire('refresh a', 'quick', 100, 100))
      assert.equal(await credentials.put(credential('a', 3), { expected: 2, fence }), 'conflict')
      assert.equal((await credentials.get('a'))?.version, 2)
      assert.equal(
        await credentials.put(credential('a', 3), { expected: 2, fence: { lease: 'none', number: 1 } }),
        'conflict',
      )
    })

    it('move the manifest in the same step, or not at all', async () => {
      const store = await fresh()
      const { credentials } = store
      assert.deepEqual(await store.manifest(), { revision: 0, value: new Uint8Array() })
      const put = (id: string, version: number, manifest: number) =>
        credentials.put(credential(id, version), {
          expected: version - 1,
          manifest: { expected: manifest, value: bytes(`${id} ${version}`) },
        })
      assert.equal(await put('a', 1, 0), 'written')
      assert.equal(await put('b', 1, 0), 'conflict')
      assert.equal(await credentials.get('b'), undefined)
      assert.equal(await put('b', 1, 1), 'written')
      assert.equal(await put('b', 3, 2), 'conflict')
      assert.deepEqual(await store.manifest(), { revision: 2, value: bytes('b 1') })
      assert.equal(await credentials.remove('a', { expected: 1, value: bytes('x') }), 'conflict')
      assert.ok(await credentials.get('a'))
      assert.equal(await credentials.remove('a', { expected: 2, value: bytes('without a') }), 'written')
      assert.equal(await credentials.remove('a', { expected: 3, value: bytes('x') }), 'conflict')
      assert.deepEqual(await store.manifest(), { revision: 3, value: bytes('without a') })
      assert.deepEqual(
        (await credentials.all()).map((row) => row.id),
        ['b'],
      )
    })

    it('change their facts without a new version', async () => {
      const { credentials } = await fresh()
      await credentials.put(credential('a', 1), { expected: 0 })
      assert.equal(await credentials.putFacts('a', '{"label":"two"}', 2_000), 'written')
      assert.deepEqual(await credentials.get('a'), credential('a', 1, { facts: '{"label":"two"}', updatedAt: 2_000 }))
      assert.equal(await credentials.putFacts('gone', '{}', 2_000), 'conflict')
    })
  })

  describe(`leases (${name})`, () => {
    it('are held by one owner until their time is over, and each holder gets a higher number', async () => {
      const { leases } = await fresh()
      const first = held(await leases.acquire('l', 'one', 1_000, 500))
      assert.deepEqual(first, { name: 'l', number: 1, until: 1_500 })
      assert.deepEqual(await leases.acquire('l', 'two', 1_499, 500), { heldUntil: 1_500 })
      assert.deepEqual(await leases.acquire('l', 'two', 1_500, 500), { name: 'l', number: 2, until: 2_000 })
      assert.deepEqual(await leases.acquire('other', 'one', 1_500, 500), { name: 'other', number: 1, until: 2_000 })
    })

    it('are prolonged under the same number by their holder', async () => {
      const { leases } = await fresh()
      await leases.acquire('l', 'one', 0, 100)
      assert.deepEqual(await leases.acquire('l', 'one', 90, 100), { name: 'l', number: 1, until: 190 })
      assert.deepEqual(await leases.acquire('l', 'one', 200, 100), { name: 'l', number: 2, until: 300 })
    })

    it('are free at once when they are released, and only by who holds them', async () => {
      const { leases } = await fresh()
      const first = held(await leases.acquire('l', 'one', 0, 1_000))
      await leases.release(first, 'two')
      await leases.release({ ...first, number: 7 }, 'one')
      assert.deepEqual(await leases.acquire('l', 'two', 1, 1_000), { heldUntil: 1_000 })
      await leases.release(first, 'one')
      assert.deepEqual(await leases.acquire('l', 'two', 1, 1_000), { name: 'l', number: 2, until: 1_001 })
    })

    it('hand a note that was not cleared to the next holder', async () => {
      const { leases } = await fresh()
      const first = held(await leases.acquire('l', 'one', 0, 10))
      assert.equal(await leases.note(first, 'one', 'presents abc'), true)
      const second = held(await leases.acquire('l', 'two', 10, 10))
      assert.deepEqual(second, { name: 'l', number: 2, until: 20, note: 'presents abc' })
      assert.equal(await leases.note(first, 'one', 'late'), false)
      assert.equal(await leases.note(second, 'two', undefined), true)
      await leases.release(second, 'two')
      assert.deepEqual(await leases.acquire('l', 'three', 11, 10), { name: 'l', number: 3, until: 21 })
    })

    it('go to one of many who ask at the same time', async () => {
      const { leases } = await fresh()
      const all = await Promise.all(Array.from({ length: 10 }, (_, i) => leases.acquire('l', `owner ${i}`, 0, 100)))
      assert.equal(all.filter((got) => 'number' in got).length, 1)
    })
  })

  describe(`documents (${name})`, () => {
    const row = (id: string, value: string, more: Partial<DocumentRow> = {}) => ({
      kind: 'session',
      id,
      value,
      updatedAt: 10,
      ...more,
    })

    it('raise their version with every write, and keep kinds apart', async () => {
      const { documents } = await fresh()
      await documents.put([row('a', '1'), row('b', '2'), row('a', 'x', { kind: 'other' })])
      await documents.put([row('a', '3')])
      assert.deepEqual(await documents.all('session', 10), [
        row('a', '3', { version: 2 }),
        row('b', '2', { version: 1 }),
      ])
      assert.deepEqual(await documents.get('other', 'a', 10), row('a', 'x', { kind: 'other', version: 1 }))
      assert.equal(await documents.get('session', 'x', 10), undefined)
    })

    it('keep the last of several values for one id', async () => {
      const { documents } = await fresh()
      assert.equal(await documents.put([row('a', '1'), row('b', '1'), row('a', '2')]), 'written')
      assert.equal((await documents.get('session', 'a', 10))?.value, '2')
      assert.equal(await documents.put([row('a', '3'), row('a', '4', { expected: 2 } as object)]), 'written')
      assert.deepEqual(await documents.get('session', 'a', 10), row('a', '4', { version: 3 }))
      assert.equal(await documents.put([]), 'written')
    })

    it('are written all or none, and only over the version expected', async () => {
      const { documents } = await fresh()
      const guarded = (id: string, expected: number) => ({ ...row(id, `over ${expected}`), expected })
      assert.equal(await documents.put([guarded('a', 0)]), 'written')
      assert.equal(await documents.put([row('b', '1'), guarded('a', 0)]), 'conflict')
      assert.equal(await documents.get('session', 'b', 10), undefined)
      assert.equal(await documents.put([guarded('a', 1)]), 'written')
      assert.equal(await documents.put([guarded('a', 1)]), 'conflict')
      assert.equal((await documents.get('session', 'a', 10))?.version, 2)
    })

    it('are gone at their time, and make room for a new one', async () => {
      const { documents } = await fresh()
      await documents.put([row('a', '1', { expiresAt: 100 }), row('b', '1', { expiresAt: 200 }), row('c', '1')])
      assert.equal((await documents.get('session', 'a', 99))?.expiresAt, 100)
      assert.equal(await documents.get('session', 'a', 100), undefined)
      assert.deepEqual(
        (await documents.all('session', 100)).map(({ id }) => id),
        ['b', 'c'],
      )
      assert.equal(await documents.put([{ ...row('b', '2', { updatedAt: 150 }), expected: 0 }]), 'conflict')
      assert.equal(await documents.put([{ ...row('a', '2', { updatedAt: 150 }), expected: 0 }]), 'written')
      assert.equal(await documents.purge(250), 1)
      assert.deepEqual(
        (await documents.all('session', 0)).map(({ id }) => id),
        ['a', 'c'],
      )
    })

    it('are removed by id or by kind', async () => {
      const { documents } = await fresh()
      const many = Array.from({ length: 150 }, (_, i) => row(`n${i}`, '1'))
      await documents.put([...many, row('a', '1'), row('a', '1', { kind: 'other' })])
      assert.equal(await documents.remove('session', ['a', 'a', 'none']), 1)
      assert.equal(await documents.remove('session', []), 0)
      assert.equal(
        await documents.remove(
          'session',
          many.slice(0, 100).map(({ id }) => id),
        ),
        100,
      )
      assert.equal(await documents.remove('session'), 50)
      assert.equal((await documents.all('other', 0)).length, 1)
    })

    it('behave like a map, whatever is put', async () => {
      const { documents } = await fresh()
      const some = fc.array(
        fc.record({ kind: fc.constantFrom('k1', 'k2'), id: fc.constantFrom('a', 'b', 'c\n', 'ä'), value: fc.json() }),
        { maxLength: 90 },
      )
      await fc.assert(
        fc.asyncProperty(some, async (rows) => {
          await Promise.all(['k1', 'k2'].map((kind) => documents.remove(kind)))
          await documents.put(rows.map((one) => ({ ...one, updatedAt: 1 })))
          for (const kind of ['k1', 'k2']) {
            const wanted = Object.fromEntries(
              rows.filter((one) => one.kind === kind).map(({ id, value }) => [id, value]),
            )
            const got = Object.fromEntries((await documents.all(kind, 1)).map(({ id, value }) => [id, value]))
            assert.deepEqual(got, wanted)
          }
        }),
        { numRuns: 40 },
      )
    })
  })

  describe(`a store (${name})`, () => {
    it('takes text with NUL from clients, and numbers that are not whole', async () => {
      const { documents } = await fresh()
      await documents.put([
        { kind: 'k', id: 'a\0b', value: 'x\0', updatedAt: 1.4, expiresAt: Number.POSITIVE_INFINITY },
      ])
      const got = await documents.get('k', 'a\0b', 5)
      assert.deepEqual([got?.id, got?.value, got?.updatedAt], ['a\uFFFDb', 'x\uFFFD', 1])
    })

    it('says that it can be used, and refuses everything once it is closed', async () => {
      const store = await fresh()
      await store.check()
      await store.close()
      await store.close()
      const closed = { name: 'StoreError', code: 'closed' }
      await assert.rejects(store.check(), closed)
      await assert.rejects(store.documents.all('k', 0), closed)
      await assert.rejects(store.usage.list({}, 1), closed)
    })
  })
}
