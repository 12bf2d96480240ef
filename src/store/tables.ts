/** The tables of a store over anything that can run operations. */
import type { Run } from './operations.ts'
import type { Store } from './store.ts'
import { packUsage, type UsagePlace } from './tables/usage.ts'

export type Tables = Pick<Store, 'credentials' | 'leases' | 'documents' | 'usage' | 'manifest'>

export function createTables(run: Run): Tables {
  const pruneTo = async (upTo: UsagePlace) => {
    let dropped = 0
    for (;;) {
      const step = await run('pruneUsage', upTo)
      if (step === 0) return dropped
      dropped += step
    }
  }
  return {
    credentials: {
      all: () => run('allCredentials'),
      get: (id) => run('getCredential', id),
      put: (row, guard) => run('putCredential', row, guard),
      putFacts: (id, facts, updatedAt) => run('putCredentialFacts', id, facts, updatedAt),
      remove: (id, manifest) => run('removeCredential', id, manifest),
    },
    leases: {
      acquire: (name, owner, now, ttlMs) => run('acquireLease', name, owner, now, ttlMs),
      note: (lease, owner, note) => run('noteOnLease', lease, owner, note),
      release: (lease, owner) => run('releaseLease', lease, owner),
    },
    documents: {
      all: (kind, now) => run('allDocuments', kind, now),
      get: (kind, id, now) => run('getDocument', kind, id, now),
      put: async (rows) => (rows.length === 0 ? 'written' : run('putDocuments', rows)),
      remove: async (kind, ids) => (ids?.length === 0 ? 0 : run('removeDocuments', kind, ids)),
      purge: (now) => run('purgeDocuments', now),
    },
    usage: {
      append: async (rows) => {
        if (rows.length > 0) await run('appendUsage', packUsage(rows))
      },
      list: (filter, limit, before) => run('listUsage', filter, limit, before),
      get: (id) => run('getUsage', id),
      totals: (filter, by, bucketMs) => run('totalUsage', filter, by, bucketMs),
      prune: async (before, most) => {
        const old = await pruneTo({ at: before, id: '' })
        const beyond = await run('usageBeyond', most)
        return beyond ? old + (await pruneTo(beyond)) : old
      },
      wipe: () => pruneTo({ at: Number.MAX_SAFE_INTEGER, id: '' }),
    },
    manifest: () => run('readManifest'),
  }
}
