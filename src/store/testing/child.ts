/** Another process at the same store, for tests: `node child.ts <task> <location as JSON> [arguments…]`. */
import { createBehind, openStore } from '../index.ts'
import type { StoreLocation } from '../store.ts'
import { bytes, credential, usageRow } from './rows.ts'

const [task = '', location = '', ...args] = process.argv.slice(2)
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
const nap = () => new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 4))
const me = `process ${process.pid}`

const TASKS: Record<string, () => Promise<void>> = {
  /** Writes over what it read, again and again, until so many writes were its own. */
  async race() {
    const store = await openStore(where)
    for (let done = 0; done < Number(args[0]); ) {
      const { revision } = await store.manifest()
      const row = await store.credentials.get('a')
      const version = (row?.version ?? 0) + 1
      const manifest = { expected: revision, value: bytes(String(revision + 1)) }
      const result = await store.credentials.put(credential('a', version), { expected: version - 1, manifest })
      if (result === 'written') done += 1
    }
    await store.close()
  },
  /** Hands a token on under a lease: whoever presents one that was used before ends the chain. */
  async chain() {
    const store = await openStore(where)
    for (let done = 0; done < Number(args[0]); ) {
      const lease = await store.leases.acquire('chain', me, Date.now(), 10_000)
      if (!('number' in lease)) {
        await nap()
        continue
      }
      const row = await store.credentials.get('token')
      const used = await store.documents.get('used', String(row?.version ?? 0), 0)
      if (used) say({ reused: used.id })
      await store.documents.put([{ kind: 'used', id: String(row?.version ?? 0), value: me, updatedAt: 1 }])
      const version = (row?.version ?? 0) + 1
      const result = await store.credentials.put(credential('token', version), {
        expected: version - 1,
        fence: { lease: lease.name, number: lease.number },
      })
      if (result === 'written') done += 1
      else say({ lost: version })
      await store.leases.release(lease, me)
    }
    await store.close()
  },
  /** Takes a lease, notes what it is about to do, and waits for its end. */
  async hold() {
    const store = await openStore(where)
    const lease = await store.leases.acquire('l', me, 1_000, 500)
    if (!('number' in lease)) throw new Error('the lease is held')
    await store.leases.note(lease, me, 'presents abc')
    await store.credentials.put(credential('a', 1), { expected: 0 })
    say('held')
    setInterval(() => {}, 1_000)
  },
  /** Counts calls and waits for its end. */
  async count() {
    const store = await openStore(where)
    const behind = createBehind({ store })
    for (let i = 0; i < Number(args[0]); i += 1) behind.usage(usageRow(`req_${i}/0`, i))
    behind.put({ kind: 'session', id: 's', value: '1', updatedAt: 1 })
    // Nobody flushes: the store is asked until it has them all.
    while ((await store.usage.totals({}, []))[0]?.requests !== Number(args[0]) || behind.counts.waiting > 0) await nap()
    say('written')
    setInterval(() => {}, 1_000)
  },
  /** Writes one document and one credential, each when it is told to. */
  async write() {
    const store = await openStore(where)
    say('ready')
    for await (const _ of process.stdin) {
      await store.documents.put([{ kind: 'settings', id: 'x', value: '1', updatedAt: 1 }])
      await store.credentials.put(credential('other', 1), { expected: 0 })
      break
    }
    await store.close()
    process.stdin.destroy()
  },
  /** Opens, and says what came of it. */
  async open() {
    try {
      const store = await openStore(where)
      await store.documents.put([{ kind: 'opened', id: me, value: '1', updatedAt: 1 }])
      await store.close()
      say({ opened: true })
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      say({ code, message })
    }
  },
}

const where = JSON.parse(location) as StoreLocation
await TASKS[task]!()
