/** Lets rests, bindings and quota readings outlive the process, and shares them with others on the same store. */
import type { Behind } from '../store/behind.ts'
import type { DocumentRow, Store } from '../store/store.ts'
import type { Binding } from './affinity.ts'
import type { Rest } from './cooldown.ts'
import type { RestPlace } from './ledger.ts'
import type { Pool } from './pool.ts'
import type { QuotaState } from './quota.ts'
import type { QuotaTable } from './quota-table.ts'

const REST = 'cooldown'
const BINDING = 'session'
const QUOTA = 'quota'
/** Readings are shown, with their age, for so long. */
const QUOTA_LIFE_MS = 14 * 86_400_000

export interface Remembrance {
  onRest(place: RestPlace, rest: Rest | undefined): void
  onBinding(binding: Binding): void
  onQuota(accountId: string, state: QuotaState): void
  /** Reads what the store knows into pool and table; afterwards follows what other processes write. */
  attach(pool: Pool, quotas: QuotaTable): Promise<void>
  close(): void
}

/** @param behind writes for us; nothing here waits for the store but `attach`. */
export function createRemembrance(store: Store, behind: Behind, now: () => number): Remembrance {
  let stop: (() => void) | undefined
  // What comes from the store must not be written back to it.
  let reading = false

  async function read(kind: string, pool: Pool, quotas: QuotaTable): Promise<void> {
    if (kind !== REST && kind !== BINDING && kind !== QUOTA) return
    const rows = await store.documents.all(kind, now())
    reading = true
    try {
      if (kind === REST) pool.restore(rows.flatMap(restOf), [])
      else if (kind === BINDING) pool.restore([], rows.flatMap(parsed<Binding>))
      else for (const row of rows) for (const state of parsed<QuotaState>(row)) quotas.restore(row.id, state)
    } finally {
      reading = false
    }
  }

  return {
    onRest(place, rest) {
      // Endpoints are looked at afresh: a network is another one after a restart.
      if (reading || 'endpoint' in place) return
      const id = JSON.stringify([place.account, place.model ?? null])
      if (rest === undefined) behind.remove(REST, id)
      else behind.put({ kind: REST, id, value: JSON.stringify(rest), updatedAt: now(), expiresAt: rest.until })
    },
    onBinding(binding) {
      if (reading) return
      const value = JSON.stringify(binding)
      behind.put({ kind: BINDING, id: binding.session, value, updatedAt: now(), expiresAt: binding.expires })
    },
    onQuota(accountId, state) {
      if (reading) return
      const expiresAt = state.at + QUOTA_LIFE_MS
      behind.put({ kind: QUOTA, id: accountId, value: JSON.stringify(state), updatedAt: now(), expiresAt })
    },
    async attach(pool, quotas) {
      for (const kind of [QUOTA, REST, BINDING]) await read(kind, pool, quotas)
      stop = store.onChange((change) => {
        if (change.table === 'documents') read(change.kind, pool, quotas).catch(() => {})
      })
    },
    close: () => stop?.(),
  }
}

function parsed<T>(row: DocumentRow): T[] {
  try {
    return [JSON.parse(row.value) as T]
  } catch {
    // A record of another version is no loss: it is learned again.
    return []
  }
}

function restOf(row: DocumentRow): (readonly [RestPlace, Rest])[] {
  return parsed<Rest>(row).flatMap((rest) => {
    const [account, model] = JSON.parse(row.id) as [string, string | null]
    return [[model === null ? { account } : { account, model }, { ...rest, probeLease: 0 }] as const]
  })
}
