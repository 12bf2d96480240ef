/**
 * Who wrote? Each transaction raises the revision of the topics it touches (table `lp_changes`). An instance that knows
 * which revisions are its own tells those of others by what is missing.
 */
import { asNumber, asText, type Operation, type Row, type Statement, statement } from './statement.ts'
import type { StoreChange } from './store.ts'

const DOCUMENTS = 'documents/'

export const CREDENTIALS_TOPIC = 'credentials'
export const documentsTopic = (kind: string) => DOCUMENTS + kind

export const changeOf = (topic: string): StoreChange =>
  topic.startsWith(DOCUMENTS) ? { table: 'documents', kind: topic.slice(DOCUMENTS.length) } : { table: 'credentials' }

/** Counts a change of a topic. On Postgres its row lock lets the writers of one topic through one by one. */
export const raise = (topic: string): Statement => ({
  ...statement(
    `INSERT INTO lp_changes (topic, revision) VALUES ($1, 1)
     ON CONFLICT (topic) DO UPDATE SET revision = lp_changes.revision + 1 RETURNING revision`,
    topic,
  ),
  topic,
})

/** The revisions of all topics. */
export function* revisions(): Operation<Row[]> {
  const { rows } = yield statement('SELECT topic, revision FROM lp_changes')
  return rows
}

export interface Changes {
  /** A transaction of ours was committed with this revision. */
  own(topic: string, revision: number): void
  /** @returns the topics that others have changed since the last time. */
  seen(rows: readonly Row[]): string[]
}

/** @param start the revisions from which on changes are told. */
export function createChanges(start: readonly Row[]): Changes {
  const known = new Map<string, number>(start.map((row) => [asText(row['topic']), asNumber(row['revision'])]))
  /** Revisions of ours above the known one. */
  const mine = new Map<string, Set<number>>()
  return {
    own(topic, revision) {
      let last = known.get(topic) ?? 0
      if (revision <= last) return
      const ahead = mine.get(topic) ?? new Set<number>()
      ahead.add(revision)
      while (ahead.delete(last + 1)) last += 1
      known.set(topic, last)
      if (ahead.size > 0) mine.set(topic, ahead)
      else mine.delete(topic)
    },
    seen(rows) {
      const told: string[] = []
      for (const row of rows) {
        const topic = asText(row['topic'])
        const revision = asNumber(row['revision'])
        const last = known.get(topic) ?? 0
        if (revision <= last) continue
        const ahead = mine.get(topic)
        let ours = 0
        for (const one of ahead ?? [])
          if (one <= revision) {
            ours += 1
            ahead!.delete(one)
          }
        if (ahead?.size === 0) mine.delete(topic)
        known.set(topic, revision)
        if (revision - last > ours) told.push(topic)
      }
      return told
    },
  }
}
