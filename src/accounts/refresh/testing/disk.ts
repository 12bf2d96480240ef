/** What lasts, in memory: the vault's and the leases' own rules without seals, files or threads; it can be made to fail. */
import type { Lease, LeaseTable, StoreChange } from '../../../store/store.ts'
import type { LoginFacts, Tokens } from '../../login-record.ts'
import type { Loaded, TokenVault, VaultState } from '../../vault.ts'

export interface Row {
  id: string
  provider: string
  version: number
  facts: LoginFacts
  tokens: Tokens
  updatedAt: number
  damage?: string
}

export interface Disk {
  rows: Map<string, Row>
  leases: Map<string, { owner: string; number: number; until: number; note?: string }>
  /** Called before every operation, with its name; throws what the operation shall fail with, or waits. */
  before(operation: string, process: string): Promise<void> | void
  /** How often each operation was asked for. */
  counts: Record<string, number>
  /** The disk as one process sees it. */
  of(process: string): DiskView
}

export interface DiskView {
  vault: TokenVault
  leases: LeaseTable
  engine: 'sqlite'
  onChange(listener: (change: StoreChange) => void): () => void
  check(): Promise<void>
  state: { vault: VaultState }
}

export function facts(over: Partial<LoginFacts> = {}): LoginFacts {
  return {
    label: 'anna@example.org',
    subject: 'anna',
    state: { is: 'ready' },
    origin: { how: 'login', at: 0 },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: 0,
    ...over,
  }
}

export function createDisk(now: () => number): Disk {
  const rows: Disk['rows'] = new Map()
  const leases: Disk['leases'] = new Map()
  const listeners = new Map<string, Set<(change: StoreChange) => void>>()
  const counts: Record<string, number> = {}
  const disk: Disk = { rows, leases, before() {}, counts, of }

  function changed(by: string): void {
    for (const [process, heard] of listeners)
      if (process !== by) for (const listener of heard) listener({ table: 'credentials' })
  }

  function load(row: Row): Loaded {
    const { id, provider, version, updatedAt, tokens } = row
    const record = { id, provider, version, expiresAt: tokens.expiresAt, updatedAt, facts: row.facts }
    return row.damage === undefined ? { record, tokens } : { record, damage: row.damage }
  }

  function of(process: string): DiskView {
    const heard = new Set<(change: StoreChange) => void>()
    listeners.set(process, heard)
    const state: DiskView['state'] = { vault: { is: 'open', fingerprint: '0'.repeat(16), wrap: 'key-file' } }
    const op = async <T>(name: string, effect: () => T): Promise<T> => {
      counts[name] = (counts[name] ?? 0) + 1
      await disk.before(name, process)
      return effect()
    }
    const holds = (lease: Lease, owner: string) => {
      const row = leases.get(lease.name)
      return row?.owner === owner && row.number === lease.number ? row : undefined
    }
    return {
      state,
      engine: 'sqlite',
      onChange(listener) {
        heard.add(listener)
        return () => void heard.delete(listener)
      },
      check: () => op('check', () => {}),
      leases: {
        acquire: (name, owner, at, ttl) =>
          op('acquire', () => {
            const row = leases.get(name)
            if (row !== undefined && row.until > at && row.owner !== owner) return { heldUntil: row.until }
            const keeps = row?.owner === owner && row.until > at
            const number = keeps ? row.number : (row?.number ?? 0) + 1
            leases.set(name, { owner, number, until: at + ttl, note: row?.note })
            return { name, number, until: at + ttl, note: row?.note }
          }),
        note: (lease, owner, note) =>
          op('note', () => {
            const row = holds(lease, owner)
            if (row !== undefined) row.note = note
            return row !== undefined
          }),
        release: (lease, owner) =>
          op('release', () => {
            const row = holds(lease, owner)
            if (row !== undefined) Object.assign(row, { owner: '', until: 0 })
          }),
      },
      vault: {
        state: () => state.vault,
        all: () => op('all', () => [...rows.values()].map(load)),
        get: (id) =>
          op('get', () => {
            const row = rows.get(id)
            return row && load(row)
          }),
        put: ({ id, provider, facts }, tokens, { expected, fence }) =>
          op('put', () => {
            if ((rows.get(id)?.version ?? 0) !== expected) return 'conflict'
            if (fence !== undefined && (leases.get(fence.lease)?.number ?? 0) > fence.number) return 'conflict'
            rows.set(id, { id, provider, version: expected + 1, facts, tokens, updatedAt: now() })
            changed(process)
            return 'written'
          }),
        putFacts: (id, facts) =>
          op('putFacts', () => {
            const row = rows.get(id)
            if (row === undefined) return 'conflict'
            rows.set(id, { ...row, facts, updatedAt: now() })
            changed(process)
            return 'written'
          }),
        remove: (id) =>
          op('remove', () => {
            rows.delete(id)
            changed(process)
          }),
        open: () => {
          throw new Error('not here')
        },
        exportKey: () => new Uint8Array(32),
      },
    }
  }
  return disk
}
