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
/** A rest younger than this may not have reached the store yet, ms: that it is not there says nothing. */
const SETTLED_MS = 2_000
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
  // Rests as the store has them, and since when: one that is gone was ended by somebody else (a person, a success elsewhere).
  const kept = new Map<string, number>()

  async function read(kind: string, pool: Pool, quotas: QuotaTable): Promise<void> {
    if (kind !== REST && kind !== BINDING && kind !== QUOTA) return
    // A rest that still waits to be written is not in the store either, and nobody has ended it.
    if (kind === REST) await behind.flush()
    const rows = await store.documents.all(kind, now())
    reading = true
    try {
      if (kind === REST) readRests(rows, pool)
      else if (kind === BINDING) pool.restore([], rows.flatMap(parsed<Binding>))
      else for (const row of rows) for (const state of parsed<QuotaState>(row)) quotas.restore(row.id, state)
    } finally {
      reading = false
    }
  }

  function readRests(rows: readonly DocumentRow[], pool: Pool): void {
    const there = new Set(rows.map((row) => row.id))
    const ended = [...kept].filter(([id, since]) => !there.has(id) && now() - since > SETTLED_MS).map(([id]) => id)
    for (const id of ended) kept.delete(id)
    for (const id of there) if (!kept.has(id)) kept.set(id, now())
    pool.restore([...rows.flatMap(restOf), ...ended.map((id) => [placeOf(id), undefined] as const)], [])
  }

  return {
    onRest(place, rest) {
      // Endpoints are looked at afresh: a network is another one after a restart.
      if (reading || 'endpoint' in place) return
      const id = JSON.stringify([place.account, place.model ?? null])
      if (rest === undefined) {
        kept.delete(id)
        behind.remove(REST, id)
        return
      }
      if (!kept.has(id)) kept.set(id, now())
      behind.put({ kind: REST, id, value: JSON.stringify(rest), updatedAt: now(), expiresAt: rest.until })
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
      // First, so that a store that is away now is read once it is back.
      stop = store.onChange((change) => {
        if (change.table === 'documents') read(change.kind, pool, quotas).catch(() => {})
      })
      const readings = await Promise.allSettled([QUOTA, REST, BINDING].map((kind) => read(kind, pool, quotas)))
      for (const reading of readings) if (reading.status === 'rejected') throw reading.reason
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
    return [[placeOf(row.id), { ...rest, probeLease: 0 }] as const]
  })
}

/** The place of a rest, from its row's id. */
function placeOf(id: string): RestPlace {
  const [account, model] = JSON.parse(id) as [string, string | null]
  return model === null ? { account } : { account, model }
}
