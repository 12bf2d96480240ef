/** A store in memory with the contract's compare-and-set, and a hook before each call: to fail there, or to interleave. */
import type {
  CredentialRow,
  DocumentRow,
  Lease,
  Store,
  StoreChange,
  UsageTable,
  WriteResult,
} from '../../../store/store.ts'

export interface MemoryStore extends Store {
  /** The tables themselves, to tamper with. */
  rows: Map<string, CredentialRow>
  documentRows: Map<string, DocumentRow>
  manifestRow: { revision: number; value: Uint8Array }
  /** Called before every operation with its name; what it throws is the operation's failure. */
  before: (operation: string) => void | Promise<void>
  /** Called after every operation: what it throws is an answer that got lost. */
  after: (operation: string) => void | Promise<void>
  /** Tells listeners of a change, as if another process had made it. */
  tell(change: StoreChange): void
  /** A copy of all there is, and the way back to it. */
  backup(): () => void
}

export function createMemoryStore(): MemoryStore {
  let rows = new Map<string, CredentialRow>()
  let documents = new Map<string, DocumentRow>()
  let manifest = { revision: 0, value: new Uint8Array() as Uint8Array }
  const leases = new Map<string, { owner: string; number: number; until: number; note?: string }>()
  const listeners = new Set<(change: StoreChange) => void>()
  const key = (kind: string, id: string) => `${kind}\n${id}`
  const copy = (row: CredentialRow): CredentialRow => ({ ...row, sealed: Uint8Array.from(row.sealed) })
  const lives = (row: DocumentRow | undefined, now: number) =>
    row !== undefined && (row.expiresAt === undefined || row.expiresAt > now) ? { ...row } : undefined

  function stepFits(step: { expected: number } | undefined): boolean {
    return step === undefined || step.expected === manifest.revision
  }
  function take(step: { value: Uint8Array } | undefined): void {
    if (step !== undefined) manifest = { revision: manifest.revision + 1, value: Uint8Array.from(step.value) }
  }
  /** Every operation goes through here. */
  async function run<T>(operation: string, work: () => T): Promise<T> {
    await store.before(operation)
    const result = work()
    await store.after(operation)
    return result
  }

  const store: MemoryStore = {
    engine: 'sqlite',
    get rows() {
      return rows
    },
    get documentRows() {
      return documents
    },
    get manifestRow() {
      return manifest
    },
    set manifestRow(value) {
      manifest = value
    },
    before: () => {},
    after: () => {},
    tell: (change) => {
      for (const listener of listeners) listener(change)
    },
    backup() {
      const kept = structuredClone({ rows, documents, manifest })
      return () => {
        const again = structuredClone(kept)
        rows = again.rows
        documents = again.documents
        manifest = again.manifest
      }
    },
    credentials: {
      all: () => run('credentials.all', () => [...rows.values()].map(copy)),
      get: (id) =>
        run('credentials.get', () => {
          const row = rows.get(id)
          return row && copy(row)
        }),
      put: (row, guard) =>
        run('credentials.put', (): WriteResult => {
          if (row.version <= guard.expected) throw new RangeError('the version has to rise')
          if ((rows.get(row.id)?.version ?? 0) !== guard.expected || !stepFits(guard.manifest)) return 'conflict'
          if (guard.fence && leases.get(guard.fence.lease)?.number !== guard.fence.number) return 'conflict'
          rows.set(row.id, copy(row))
          take(guard.manifest)
          return 'written'
        }),
      putFacts: (id, facts, updatedAt) =>
        run('credentials.putFacts', (): WriteResult => {
          const row = rows.get(id)
          if (row === undefined) return 'conflict'
          rows.set(id, { ...row, facts, updatedAt })
          return 'written'
        }),
      remove: (id, step) =>
        run('credentials.remove', (): WriteResult => {
          if (!rows.has(id) || !stepFits(step)) return 'conflict'
          rows.delete(id)
          take(step)
          return 'written'
        }),
    },
    leases: {
      acquire: (name, owner, now, ttlMs) =>
        run('leases.acquire', (): Lease | { heldUntil: number } => {
          const held = leases.get(name)
          if (held !== undefined && held.owner !== owner && held.until > now) return { heldUntil: held.until }
          const same = held !== undefined && held.owner === owner && held.until > now
          const number = (held?.number ?? 0) + (same ? 0 : 1)
          leases.set(name, { owner, number, until: now + ttlMs, note: held?.note })
          return { name, number, until: now + ttlMs, note: held?.note }
        }),
      note: (lease, owner, note) =>
        run('leases.note', () => {
          const held = leases.get(lease.name)
          if (held?.owner !== owner || held.number !== lease.number) return false
          held.note = note
          return true
        }),
      release: (lease, owner) =>
        run('leases.release', () => {
          const held = leases.get(lease.name)
          if (held?.owner === owner && held.number === lease.number)
            leases.set(lease.name, { ...held, owner: '', until: 0 })
        }),
    },
    documents: {
      all: (kind, now) =>
        run('documents.all', () =>
          [...documents.values()].filter((d) => d.kind === kind && lives(d, now)).map((d) => ({ ...d })),
        ),
      get: (kind, id, now) => run('documents.get', () => lives(documents.get(key(kind, id)), now)),
      put: (list) =>
        run('documents.put', (): WriteResult => {
          for (const row of list) {
            const there = lives(documents.get(key(row.kind, row.id)), row.updatedAt)
            if (row.expected !== undefined && row.expected !== (there?.version ?? 0)) return 'conflict'
          }
          for (const { expected: _, ...row } of list) {
            const version = (documents.get(key(row.kind, row.id))?.version ?? 0) + 1
            documents.set(key(row.kind, row.id), { ...row, version })
          }
          return 'written'
        }),
      remove: (kind, ids) =>
        run('documents.remove', () => {
          const gone = [...documents.values()].filter((d) => d.kind === kind && (ids?.includes(d.id) ?? true))
          for (const row of gone) documents.delete(key(row.kind, row.id))
          return gone.length
        }),
      purge: (now) =>
        run('documents.purge', () => {
          const gone = [...documents.values()].filter((d) => !lives(d, now))
          for (const row of gone) documents.delete(key(row.kind, row.id))
          return gone.length
        }),
    },
    // The vault has nothing to do with it.
    usage: {} as UsageTable,
    manifest: () => run('manifest', () => ({ revision: manifest.revision, value: Uint8Array.from(manifest.value) })),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    check: () => run('check', () => {}),
    close: async () => {},
  }
  return store
}
