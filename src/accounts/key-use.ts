/**
 * What client keys have used, over restarts and over processes. Each process keeps its own sums under its own name; what a
 * key has used is the sum of all of them. The usage table, which may be pruned, wiped or off, gives a lower bound for what
 * an earlier version did not count, and the last minute.
 */
import { randomBytes } from 'node:crypto'
import type { Behind } from '../store/behind.ts'
import type { DocumentRow, Store } from '../store/store.ts'
import { addSpending, type Meter, monthStart, noSpending, type Spending } from './key-meter.ts'
import { KEY_USE_KIND } from './key-record.ts'

/** Written so often at most: together with the write-behind's own wait it stays under a second. */
const WRITE_MS = 400
/** What others have used is read so often at most. */
const READ_MS = 1_000
/** Sums of past months are of no use; when a key was last used is shown a while longer. */
const LIFE_MS = 62 * 86_400_000
const DAY_MS = 86_400_000

export interface KeyUseKeeper {
  /** A meter was made. */
  began(id: string, meter: Meter): void
  /** Something was used. */
  touch(id: string, lastUsedAt: number): void
  /** When a key was last used in any process, as far as it was read; 0: not known. */
  lastUsed(id: string): number
  /** Reads what was used before this process began, then follows what others use. @throws {StoreError} */
  load(keys: readonly { id: string; name: string }[]): Promise<void>
  close(): void
}

export interface KeyUseOptions {
  store?: Pick<Store, 'documents' | 'usage' | 'onChange'>
  behind?: Pick<Behind, 'put'>
  now: () => number
  meterOf(id: string): Meter
  trouble?: (error: Error) => void
}

interface Others {
  spending: Spending
  lastUsedAt: number
}

export function createKeyUse({ store, behind, now, meterOf, trouble }: KeyUseOptions): KeyUseKeeper {
  const process = randomBytes(6).toString('hex')
  const startedAt = now()
  const dirty = new Map<string, number>()
  /** Sums of all other processes, past ones included. */
  let others = new Map<string, Others>()
  /** What the usage table knew at the start beyond those sums. */
  const floors = new Map<string, Spending>()
  let writing: NodeJS.Timeout | undefined
  let reading: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  let closed = false

  function write(): void {
    writing = undefined
    const at = now()
    for (const [id, lastUsedAt] of dirty) {
      const value = JSON.stringify({ ...meterOf(id).own(at), lastUsedAt })
      behind?.put({ kind: KEY_USE_KIND, id: `${id}/${process}`, value, updatedAt: at, expiresAt: at + LIFE_MS })
    }
    dirty.clear()
  }

  async function read(): Promise<void> {
    const at = now()
    const found = new Map<string, Others>()
    for (const row of await store!.documents.all(KEY_USE_KIND, at)) {
      const slash = row.id.lastIndexOf('/')
      const said = parsed(row)
      if (said === undefined || row.id.slice(slash + 1) === process) continue
      const id = row.id.slice(0, slash)
      const before = found.get(id) ?? { spending: noSpending(at), lastUsedAt: 0 }
      found.set(id, {
        spending: addSpending(before.spending, said),
        lastUsedAt: Math.max(before.lastUsedAt, said.lastUsedAt),
      })
    }
    others = found
    for (const id of found.keys()) rebase(id, meterOf(id))
  }

  function rebase(id: string, meter: Meter): void {
    const sum = others.get(id)?.spending
    const floor = floors.get(id)
    if (sum === undefined && floor === undefined) return
    const at = now()
    const known = addSpending(noSpending(at), sum ?? noSpending(at))
    meter.setBase(floor === undefined ? known : addSpending(known, floor))
  }

  /** @param keys in the usage table they stand under their names. */
  async function readTable(keys: readonly { id: string; name: string }[]): Promise<void> {
    const idOf = new Map(keys.map(({ id, name }) => [name, id]))
    const [days, seconds] = await Promise.all([
      store!.usage.totals({ from: monthStart(startedAt), to: startedAt }, ['clientKey'], DAY_MS),
      store!.usage.totals({ from: startedAt - 60_000, to: startedAt }, ['clientKey'], 1000),
    ])
    const told = new Map<string, Spending>()
    for (const row of days) {
      const id = idOf.get(String(row.key.clientKey))
      if (id === undefined) continue
      const tokens = tokensOf(row)
      const spending: Spending = {
        day: Number(row.key.bucket),
        tokensToday: tokens,
        microsToday: row.costMicros,
        month: monthStart(startedAt),
        requestsThisMonth: row.requests,
        tokensThisMonth: tokens,
        microsThisMonth: row.costMicros,
      }
      told.set(id, addSpending(told.get(id) ?? noSpending(startedAt), spending))
    }
    for (const [id, said] of told) {
      floors.set(id, beyond(said, others.get(id)?.spending ?? noSpending(startedAt)))
      rebase(id, meterOf(id))
    }
    for (const row of seconds) {
      const id = idOf.get(String(row.key.clientKey))
      if (id !== undefined) meterOf(id).recall(Number(row.key.bucket), row.requests, tokensOf(row))
    }
  }

  return {
    began: (id, meter) => rebase(id, meter),
    touch(id, lastUsedAt) {
      if (behind === undefined || closed) return
      dirty.set(id, lastUsedAt)
      writing ??= setTimeout(write, WRITE_MS).unref()
    },
    lastUsed: (id) => others.get(id)?.lastUsedAt ?? 0,
    async load(keys) {
      if (store === undefined) return
      stop ??= store.onChange((change) => {
        if (change.table !== 'documents' || change.kind !== KEY_USE_KIND || closed) return
        reading ??= setTimeout(() => {
          reading = undefined
          read().catch((error) => trouble?.(error))
        }, READ_MS).unref()
      })
      await read()
      await readTable(keys)
    },
    close() {
      closed = true
      stop?.()
      clearTimeout(writing)
      clearTimeout(reading)
      write()
    },
  }
}

const tokensOf = (row: { inputTokens: number; cacheWriteTokens: number; outputTokens: number }): number =>
  row.inputTokens + row.cacheWriteTokens + row.outputTokens

/** By how much one account of the same time says more than the other. */
function beyond(said: Spending, known: Spending): Spending {
  const more = (field: Exclude<keyof Spending, 'day' | 'month'>, same: boolean) =>
    Math.max(0, said[field] - (same ? known[field] : 0))
  const today = said.day === known.day
  const now = said.month === known.month
  return {
    day: said.day,
    tokensToday: more('tokensToday', today),
    microsToday: more('microsToday', today),
    month: said.month,
    requestsThisMonth: more('requestsThisMonth', now),
    tokensThisMonth: more('tokensThisMonth', now),
    microsThisMonth: more('microsThisMonth', now),
  }
}

function parsed(row: DocumentRow): (Spending & { lastUsedAt: number }) | undefined {
  try {
    const said = JSON.parse(row.value) as Spending & { lastUsedAt: number }
    return Number.isFinite(said.day) && Number.isFinite(said.month) ? said : undefined
  } catch {
    return undefined
  }
}
