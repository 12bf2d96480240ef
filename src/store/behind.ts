/**
 * Write-behind for hot state: what changes with every call is kept in memory by its owner and told here; the store hears
 * of it in batches, a quarter of a second later at most. Nobody waits, and a store that is down costs bounded memory.
 */
import { type DocumentRow, type Store, StoreError, type UsageRow } from './store.ts'

export type BehindDocument = Omit<DocumentRow, 'version'>

export interface BehindOptions {
  store: Pick<Store, 'documents' | 'usage'>
  /** Longest wait before a batch is written, in ms. */
  everyMs?: number
  /** Most entries waiting; for a new one the oldest usage is dropped, or the oldest document where there is none. */
  most?: number
  /** Told once when writing fails, once when entries begin to be dropped, each until writing succeeds again. */
  onTrouble?: (trouble: BehindTrouble) => void
  /** Writing succeeds again. */
  onRecovered?: (outage: { dropped: number }) => void
}

export type BehindTrouble =
  | { is: 'failing'; error: Error }
  | { is: 'dropping'; most: number }
  /** The store refused this entry itself, not its batch: it is given up. */
  | { is: 'refused'; what: string; error: Error }

export interface Behind {
  /** Keeps the newest value of each kind and id. */
  put(document: BehindDocument): void
  remove(kind: string, id: string): void
  usage(row: UsageRow): void
  /** Writes all that waits now. Rejects with the reason if it could not; what was not written still waits. */
  flush(): Promise<void>
  /** Flushes once and stops. */
  close(): Promise<void>
  /** How many entries wait, and how many were dropped since the start. */
  readonly counts: { readonly waiting: number; readonly dropped: number }
}

type Entry = { is: 'put'; row: BehindDocument } | { is: 'remove'; kind: string; id: string }
type Batch = [key: string, entry: Entry][]

/** Most entries in one transaction. */
const BATCH = 512
/**
 * So much usage does not wait: what is gone soon dies young, and the collector has little to move. Less at a time would cost
 * more: each lot wakes the store's thread and is a transaction, some 150 µs whatever is in it.
 */
const LOT = 256
const LONGEST_BACK_OFF_MS = 10_000

export function createBehind(options: BehindOptions): Behind {
  const { store, everyMs = 250, most = 10_000, onTrouble, onRecovered } = options
  /** Documents by kind and id, oldest first. */
  const documents = new Map<string, Entry>()
  // Apart from the documents, and a list: usage comes with every request, and a Map that is filled and emptied all the time
  // keeps its old members alive (gateway/roster.ts).
  let usage: UsageRow[] = []
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let failures = 0
  let dropped = 0
  let droppedBefore = 0
  let dropping = false
  let closed = false

  const waiting = () => documents.size + usage.length

  function add(key: string, entry: Entry) {
    // A newer value takes the newest place, too: what is written over again and again is dropped last.
    documents.delete(key)
    documents.set(key, entry)
    added()
  }

  function added() {
    if (waiting() > most) shorten()
    if (failures === 0) schedule(everyMs)
  }

  /** Usage goes first: it is history, and documents say what holds now. */
  function shorten() {
    const over = waiting() - most
    if (over <= 0) return
    const rows = Math.min(over, usage.length)
    usage.splice(0, rows)
    for (let gone = rows; gone < over; gone += 1) documents.delete(documents.keys().next().value!)
    dropped += over
    if (dropping) return
    dropping = true
    onTrouble?.({ is: 'dropping', most })
  }

  function schedule(ms: number) {
    if (timer || running || closed) return
    timer = setTimeout(() => {
      timer = undefined
      void flush().catch(() => {})
    }, ms)
    // While the store is down, waiting for it does not keep a process alive.
    if (failures > 0) timer.unref()
  }

  /** Writes as soon as what runs now is over. */
  function hurry() {
    clearTimeout(timer)
    timer = undefined
    schedule(0)
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    running ??= drain().finally(() => {
      running = undefined
      if (waiting() === 0) return
      if (failures > 0) schedule(backOff(failures, everyMs))
      else schedule(usage.length >= LOT ? 0 : everyMs)
    })
    return running
  }

  async function drain() {
    // What comes in meanwhile is the next round's.
    for (let left = documents.size; left > 0 && documents.size > 0; ) {
      const batch = [...documents.entries().take(Math.min(BATCH, left))]
      for (const [key] of batch) documents.delete(key)
      left -= batch.length
      await inOne(batch, (some) => write(store, some), whatOf, putBack)
    }
    const rows = usage
    usage = []
    for (let at = 0; at < rows.length; at += BATCH)
      await inOne(
        rows.slice(at, at + BATCH),
        (some) => store.usage.append(some),
        (row) => `usage ${row.id}`,
        (left) => {
          usage = [...left, ...rows.slice(at + BATCH), ...usage]
        },
      )
  }

  /** Writes a batch. One entry that cannot be stored must not keep the others from it. @param keep takes what is left. */
  async function inOne<T>(
    batch: readonly T[],
    put: (some: readonly T[]) => Promise<void>,
    what: (one: T) => string,
    keep: (left: readonly T[]) => void,
  ) {
    const outage = (error: StoreError, left: readonly T[]) => {
      keep(left)
      shorten()
      failed(error)
      return error
    }
    try {
      await put(batch)
    } catch (error) {
      if (error instanceof StoreError) throw outage(error, batch)
      for (const [at, one] of batch.entries())
        try {
          await put([one])
        } catch (error) {
          if (error instanceof StoreError) throw outage(error, batch.slice(at))
          dropped += 1
          onTrouble?.({ is: 'refused', what: what(one), error: error as Error })
        }
    }
    recovered()
  }

  function putBack(batch: readonly Batch[number][]) {
    const newer = [...documents]
    documents.clear()
    for (const [key, entry] of [...batch, ...newer]) {
      documents.delete(key)
      documents.set(key, entry)
    }
  }

  function failed(error: Error) {
    failures += 1
    if (failures === 1) onTrouble?.({ is: 'failing', error })
  }

  function recovered() {
    if (failures > 0) onRecovered?.({ dropped: dropped - droppedBefore })
    failures = 0
    dropping = false
    droppedBefore = dropped
  }

  return {
    put: (row) => add(`document ${row.kind} ${row.id}`, { is: 'put', row }),
    remove: (kind, id) => add(`document ${kind} ${id}`, { is: 'remove', kind, id }),
    usage(row) {
      usage.push(row)
      if (usage.length === LOT && failures === 0) hurry()
      added()
    },
    async flush() {
      // A round that is under way took what waited when it began; the rest takes another one.
      if (running) await running.catch(() => {})
      if (waiting() > 0) await flush()
    },
    async close() {
      try {
        if (running) await running.catch(() => {})
        if (waiting() > 0) await flush()
      } finally {
        closed = true
        clearTimeout(timer)
      }
    },
    counts: {
      get waiting() {
        return waiting()
      },
      get dropped() {
        return dropped
      },
    },
  }
}

const backOff = (failures: number, everyMs: number) =>
  Math.min(LONGEST_BACK_OFF_MS, everyMs * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 4)

const whatOf = ([key]: Batch[number]): string => key

async function write(store: Pick<Store, 'documents'>, batch: readonly Batch[number][]) {
  const entries = batch.map(([, entry]) => entry)
  const rows = entries.flatMap((entry) => (entry.is === 'put' ? [entry.row] : []))
  const removed = Map.groupBy(
    entries.filter((entry) => entry.is === 'remove'),
    ({ kind }) => kind,
  )
  if (rows.length > 0) await store.documents.put(rows)
  for (const [kind, gone] of removed)
    await store.documents.remove(
      kind,
      gone.map(({ id }) => id),
    )
}

/**
 * Waits no longer than that; for reads whose caller has an older value it may go on with.
 * @param ms budget. @throws {StoreError} `unavailable` when it is over; whatever the promise rejects with before.
 */
export function deadline<T>(promise: Promise<T>, ms = 250): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new StoreError('unavailable', `The store did not answer within ${ms} ms.`)),
      ms,
    )
    const over = () => clearTimeout(timer)
    promise.then(resolve, reject).finally(over)
  })
}
