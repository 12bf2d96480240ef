import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StoreChange } from './store.ts'
import { startChild } from './testing/children.ts'
import { SHARED } from './testing/engines.ts'
import { bytes, credential } from './testing/rows.ts'

for (const { name, place, open } of SHARED) {
  describe(`several processes at one store (${name})`, () => {
    it('may all be the first to open it', async () => {
      const location = await place()
      const children = [1, 2, 3, 4].map(() => startChild('open', location))
      for (const child of children) assert.deepEqual(await child.rest(), [{ opened: true }])
      const store = await open(location)
      assert.equal((await store.documents.all('opened', 0)).length, 4)
    })

    it('lose no write and no step of the manifest', async () => {
      const location = await place()
      const store = await open(location)
      const children = [1, 2, 3].map(() => startChild('race', location, ['20']))
      for (const child of children) assert.deepEqual(await child.rest(), [])
      assert.equal((await store.credentials.get('a'))?.version, 60)
      assert.deepEqual(await store.manifest(), { revision: 60, value: bytes('60') })
    })

    it('use each token once when they go by the lease', async () => {
      const location = await place()
      const store = await open(location)
      const children = [1, 2, 3].map(() => startChild('chain', location, ['15']))
      for (const child of children) assert.deepEqual(await child.rest(), [])
      assert.equal((await store.credentials.get('token'))?.version, 45)
    })

    it('find the note of one that was killed, and its lease when its time is over', async () => {
      const location = await place()
      const child = startChild('hold', location)
      assert.equal(await child.next(), 'held')
      await child.kill()
      const store = await open(location)
      assert.deepEqual(await store.leases.acquire('l', 'next', 1_499, 100), { heldUntil: 1_500 })
      assert.deepEqual(await store.leases.acquire('l', 'next', 1_500, 100), {
        name: 'l',
        number: 2,
        until: 1_600,
        note: 'presents abc',
      })
      assert.deepEqual(await store.credentials.get('a'), credential('a', 1))
    })

    it('find what one that was killed had counted', async () => {
      const location = await place()
      const child = startChild('count', location, ['700'])
      assert.equal(await child.next(), 'written')
      await child.kill()
      const store = await open(location)
      assert.equal((await store.usage.totals({}, []))[0]?.requests, 700)
      assert.equal((await store.documents.all('session', 0)).length, 1)
    })

    it('hear what the others write, and not what they write themselves', async () => {
      const location = await place()
      const store = await open(location)
      const heard: StoreChange[] = []
      const all = Promise.withResolvers<void>()
      store.onChange((change) => {
        heard.push(change)
        if (heard.length === 2) all.resolve()
      })
      const child = startChild('write', location)
      assert.equal(await child.next(), 'ready')
      await Promise.all([
        store.documents.put([{ kind: 'settings', id: 'own', value: '1', updatedAt: 1 }]),
        store.documents.put([{ kind: 'own', id: 'own', value: '1', updatedAt: 1 }]),
        store.credentials.put(credential('own', 1), { expected: 0 }),
      ])
      child.process.stdin!.write('go\n')
      await child.rest()
      await all.promise
      await store.credentials.put(credential('own', 2), { expected: 1 })
      const by = (change: StoreChange) => JSON.stringify(change)
      assert.deepEqual(heard.map(by).sort(), [
        by({ table: 'credentials' }),
        by({ table: 'documents', kind: 'settings' }),
      ])
    })

    it('hear no more once they have stopped listening', async () => {
      const location = await place()
      const [one, two] = await Promise.all([open(location), open(location)])
      const heard: string[] = []
      const stop = one.onChange(() => heard.push('stopped'))
      const told = new Promise<void>((resolve) => {
        one.onChange(() => resolve())
      })
      stop()
      await two.documents.put([{ kind: 'k', id: '1', value: '1', updatedAt: 1 }])
      await told
      assert.deepEqual(heard, [])
    })
  })
}
