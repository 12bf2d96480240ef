/**
 * A store that need not be there yet: where it cannot be reached at a start, the gateway begins without it, and it is
 * opened as soon as it can be. Until then every question is refused at once, as it would be during an outage later on.
 */
import { type Store, type StoreChange, StoreError } from './store.ts'

export interface PatientOptions {
  /** How long a start waits for the store before it goes on without it, ms; 5 s when left out. */
  patienceMs?: number
  /** Told once when it is away, and when it turns out that it will not come back by itself. */
  away?(error: StoreError): void
  /** It is there now. @param ms since the start. */
  back?(ms: number): void
  /** In [0, 1); for tests. */
  random?: () => number
  /** Runs something after so many ms, keeping no process alive for it; for tests. @returns calls it off. */
  after?: (ms: number, run: () => void) => () => void
}

export interface PatientStore {
  readonly store: Store
  /** Why it is not there; undefined: it is, and answers for itself. */
  missing(): StoreError | undefined
}

const PATIENCE_MS = 5_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Opens a store, or stands in for it until it can be opened.
 * @param engine which one it will be.
 * @throws {StoreError} what will not pass by itself: a wrong address or password, a damaged file, a newer schema.
 */
export async function openPatiently(
  engine: Store['engine'],
  open: () => Promise<Store>,
  options: PatientOptions = {},
): Promise<PatientStore> {
  const { patienceMs = PATIENCE_MS, random = Math.random, after = afterwards } = options
  const startedAt = performance.now()
  const first = open()
  let stopWaiting = () => {}
  const late = new Promise<'late'>((resolve) => {
    stopWaiting = after(patienceMs, () => resolve('late'))
  })
  let opening: Promise<Store> | undefined = first
  const who = engine === 'postgres' ? 'Postgres (store.url)' : 'The store'
  let why = new StoreError('unavailable', `${who} has not answered for ${patienceMs / 1000} s.`, { passing: true })
  try {
    const opened = await Promise.race([first, late])
    if (opened !== 'late') return { store: opened, missing: () => undefined }
  } catch (error) {
    if (!(error instanceof StoreError) || !error.passing) throw error
    why = error
    opening = undefined
  } finally {
    stopWaiting()
  }

  let real: Store | undefined
  let closing: Promise<void> | undefined
  let callOff = () => {}
  let pause = FIRST_PAUSE_MS
  const listeners = new Set<(change: StoreChange) => void>()
  /** Kinds of documents that were asked for in vain. */
  const missed = new Set<string>()

  function take(store: Store): void {
    if (closing !== undefined) return void store.close().catch(() => {})
    real = store
    store.onChange(tell)
    options.back?.(performance.now() - startedAt)
    // Whoever asked in vain asks again: to them all of it is news.
    for (const kind of missed) tell({ table: 'documents', kind })
    tell({ table: 'credentials' })
  }

  function tell(change: StoreChange): void {
    for (const listener of [...listeners]) listener(change)
  }

  function missing(error: unknown): void {
    if (closing !== undefined) return
    const told = error instanceof StoreError ? error : new StoreError('unavailable', `${(error as Error).message}`)
    // That it is away for another reason is no news; that it will not come by itself is.
    if (!told.passing && told.message !== why.message) options.away?.(told)
    why = told
  }

  function again(): void {
    if (closing !== undefined) return
    callOff = after(pause * (0.75 + random() / 2), () => attempt(open()))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }

  function attempt(under: Promise<Store>): void {
    under.then(take, (error: unknown) => {
      missing(error)
      again()
    })
  }

  function there(): Store {
    if (real !== undefined) return real
    if (closing !== undefined) throw new StoreError('closed', 'The store has been closed.')
    throw why
  }

  // Each is a promise, also where it is refused.
  const standIn: Store = {
    engine,
    credentials: {
      all: async () => there().credentials.all(),
      get: async (id) => there().credentials.get(id),
      put: async (row, guard) => there().credentials.put(row, guard),
      putFacts: async (id, facts, updatedAt) => there().credentials.putFacts(id, facts, updatedAt),
      remove: async (id, manifest) => there().credentials.remove(id, manifest),
    },
    leases: {
      acquire: async (name, owner, now, ttlMs) => there().leases.acquire(name, owner, now, ttlMs),
      note: async (lease, owner, note) => there().leases.note(lease, owner, note),
      release: async (lease, owner) => there().leases.release(lease, owner),
    },
    documents: {
      all: async (kind, now) => asked(kind).documents.all(kind, now),
      get: async (kind, id, now) => asked(kind).documents.get(kind, id, now),
      put: async (rows) => there().documents.put(rows),
      remove: async (kind, ids) => there().documents.remove(kind, ids),
      purge: async (now) => there().documents.purge(now),
    },
    usage: {
      append: async (rows) => there().usage.append(rows),
      list: async (filter, limit, before) => there().usage.list(filter, limit, before),
      get: async (id) => there().usage.get(id),
      totals: async (filter, by, bucketMs) => there().usage.totals(filter, by, bucketMs),
      prune: async (before, most) => there().usage.prune(before, most),
      wipe: async () => there().usage.wipe(),
    },
    manifest: async () => there().manifest(),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    check: async () => there().check(),
    close() {
      callOff()
      // One that is just being opened is closed as soon as it is there.
      closing ??= real === undefined ? Promise.resolve() : real.close()
      return closing
    },
  }

  function asked(kind: string): Store {
    if (real === undefined) missed.add(kind)
    return there()
  }

  options.away?.(why)
  if (opening === undefined) again()
  else attempt(opening)
  return { store: standIn, missing: () => (real === undefined ? why : undefined) }
}

function afterwards(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
