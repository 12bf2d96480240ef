/** What was changed, by whom, from where: kept in the store, told in the log. Never a secret. */
import { randomBytes } from 'node:crypto'
import { deadline } from '../../../store/index.ts'
import type { Actor } from './auth/auth.ts'
import type { ManagementContext } from './context.ts'
import type { AuditEntry, AuditPage } from './contract.ts'

export const AUDIT_KIND = 'audit'
const KEEP_MS = 90 * 86_400_000
const MOST = 5_000
/** Refusals of one source are told once in this time. */
const REFUSED_MS = 10_000

type Who = Pick<Actor, 'from' | 'id'> & { kind: AuditEntry['who']['kind'] }

export interface Audit {
  /** Resolves once it is stored, or waits to be. Never rejects. */
  done(
    who: Who,
    action: string,
    target: string,
    message: string,
    change?: { before?: unknown; after?: unknown; requestId?: string },
  ): Promise<void>
  failed(who: Who, action: string, target: string, message: string): Promise<void>
  /** Somebody was turned away. A flood of them makes few entries. */
  refused(from: string, action: string, message: string): void
  /** @throws {StoreError} */
  list(query: { limit: number; cursor?: string; action?: string }): Promise<AuditPage>
}

/** What a change of a text did, in words: `1 line added, 2 removed`. */
export function linesWords({ added, removed }: { added: number; removed: number }): string {
  const lines = (n: number) => (n === 1 ? '1 line' : `${n} lines`)
  if (added === 0) return removed === 0 ? 'no line differs' : `${lines(removed)} removed`
  return removed === 0 ? `${lines(added)} added` : `${lines(added)} added, ${removed} removed`
}

export function createAudit(context: Pick<ManagementContext, 'store' | 'behind' | 'now' | 'log' | 'scrub'>): Audit {
  const { store, behind, now, log, scrub } = context
  const told = new Map<string, { at: number; more: number }>()
  let sequence = 0
  let sincePurge = 0

  async function write(entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
    const at = now()
    // Ids sort by time; the number keeps the order within one millisecond.
    sequence = (sequence + 1) % 1e6
    const id = `${String(at).padStart(14, '0')}-${String(sequence).padStart(6, '0')}-${randomBytes(3).toString('hex')}`
    const value = scrub(JSON.stringify({ ...entry, at }))
    const row = { kind: AUDIT_KIND, id, value, updatedAt: at, expiresAt: at + KEEP_MS }
    log(
      entry.outcome === 'done' ? 'info' : 'warn',
      {
        who: entry.who,
        from: entry.from,
        action: entry.action,
        target: entry.target,
        ...(entry.requestId === undefined ? {} : { requestId: entry.requestId }),
      },
      entry.message,
    )
    await deadline(store.documents.put([row])).catch(() => behind.put(row))
    sincePurge += 1
    if (sincePurge >= 500) {
      sincePurge = 0
      await purge().catch(() => {})
    }
  }

  async function purge(): Promise<void> {
    const rows = await store.documents.all(AUDIT_KIND, now())
    const old = rows
      .map(({ id }) => id)
      .sort()
      .slice(0, Math.max(0, rows.length - MOST))
    if (old.length > 0) await store.documents.remove(AUDIT_KIND, old)
  }

  const entry = (who: Who, action: string, target: string, outcome: AuditEntry['outcome'], message: string) => ({
    who: { kind: who.kind, ...(who.id === undefined ? {} : { id: who.id }) },
    from: who.from,
    action,
    target,
    outcome,
    message,
  })

  return {
    done: (who, action, target, message, change = {}) =>
      write({ ...entry(who, action, target, 'done', message), ...change }),
    failed: (who, action, target, message) => write(entry(who, action, target, 'failed', message)),
    refused(from, action, message) {
      const key = `${from} ${action}`
      const last = told.get(key)
      if (last !== undefined && now() - last.at < REFUSED_MS) {
        last.more += 1
        return
      }
      if (told.size >= 1_000) told.clear()
      told.set(key, { at: now(), more: 0 })
      const before = last !== undefined && last.more > 0 ? ` (${last.more} more since the last entry)` : ''
      void write(entry({ kind: 'nobody', from }, action, 'management', 'refused', message + before))
    },
    async list({ limit, cursor, action }) {
      const rows = (await store.documents.all(AUDIT_KIND, now()))
        .filter(({ id }) => cursor === undefined || id < cursor)
        .sort((a, b) => (a.id < b.id ? 1 : -1))
      const entries: AuditEntry[] = []
      for (const { id, value } of rows) {
        const found = { ...(JSON.parse(value) as Omit<AuditEntry, 'id'>), id }
        if (action !== undefined && found.action !== action) continue
        if (entries.length === limit) return { entries, next: entries.at(-1)!.id }
        entries.push(found)
      }
      return { entries }
    },
  }
}
