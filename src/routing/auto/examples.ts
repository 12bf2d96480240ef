/** Labelled examples ("this is wrong"): kept in the store, shared by every process that uses it, and heeded at once. */
import { createHash } from 'node:crypto'
import type { Store } from '../../store/store.ts'
import type { LabelledExample } from '../classify/index.ts'

/** Kind of the store's documents. */
export const EXAMPLE_KIND = 'router-example'
/** Longest text of an example, in characters; of longer ones the beginning counts. */
export const LONGEST_EXAMPLE = 20_000
/** Most examples: each costs every prompt a little time. */
export const MOST_EXAMPLES = 2_000

export interface StoredExample extends LabelledExample {
  /** The same text has the same id: a later label replaces the earlier one. */
  id: string
  /** ms since the epoch. */
  createdAt: number
}

export interface Examples {
  /** Oldest first. The same list until something changes. */
  list(): readonly StoredExample[]
  /**
   * Stores examples, all or none.
   * @throws {ExampleError} for an empty text or too many
   * @throws {StoreError}
   */
  add(examples: readonly LabelledExample[]): Promise<readonly StoredExample[]>
  /** @returns how many there were. @throws {StoreError} */
  remove(ids: readonly string[]): Promise<number>
  close(): void
}

/** An example that cannot be stored; the message says why. */
export class ExampleError extends Error {
  override readonly name = 'ExampleError'
}

/** The id of a text's example. */
export function exampleId(text: string): string {
  return `ex-${createHash('sha256').update(normal(text)).digest('hex').slice(0, 12)}`
}

const normal = (text: string) => text.trim().slice(0, LONGEST_EXAMPLE)

/**
 * Reads the examples and follows them.
 * @param onChange hears that `list()` is another one now, whoever changed it; own changes included.
 * @param onTrouble hears why the store could not be read; what was known before stays.
 * @param patienceMs how long the first reading is waited for; what comes later is told by `onChange`. Without it: until it is there.
 */
export async function createExamples(
  store: Pick<Store, 'documents' | 'onChange'>,
  now: () => number,
  onChange: () => void = () => {},
  onTrouble: (error: Error) => void = () => {},
  patienceMs?: number,
): Promise<Examples> {
  let list: readonly StoredExample[] = []
  let closed = false
  let reading: Promise<void> | undefined
  let again = false

  async function read(): Promise<void> {
    const rows = await store.documents.all(EXAMPLE_KIND, now())
    const found = rows.flatMap(exampleOf).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    // A store that others write to may hold more; the newest count.
    const next = found.slice(-MOST_EXAMPLES)
    if (JSON.stringify(next) === JSON.stringify(list)) return
    list = Object.freeze(next)
    if (!closed) onChange()
  }

  /** One reading at a time; what changes meanwhile is read after it. */
  function follow(): Promise<void> {
    again = true
    reading ??= (async () => {
      try {
        while (again && !closed) {
          again = false
          await read()
        }
      } finally {
        reading = undefined
      }
    })()
    return reading
  }

  const stop = store.onChange((change) => {
    if (change.table === 'documents' && change.kind === EXAMPLE_KIND) follow().catch(onTrouble)
  })
  const first = follow().catch(onTrouble)
  if (patienceMs === undefined) await first
  else await Promise.race([first, new Promise((resolve) => setTimeout(resolve, patienceMs).unref())])

  return {
    list: () => list,
    async add(examples) {
      const stored = examples.map(({ text, category }): StoredExample => {
        const kept = normal(text)
        if (!/[\p{L}\p{N}]/u.test(kept)) throw new ExampleError('An example needs words: this text has none.')
        return { id: exampleId(kept), text: kept, category, createdAt: now() }
      })
      const ids = new Set([...list.map(({ id }) => id), ...stored.map(({ id }) => id)])
      if (ids.size > MOST_EXAMPLES)
        throw new ExampleError(`There is room for ${MOST_EXAMPLES} examples: remove some first.`)
      await store.documents.put(
        stored.map(({ id, text, category, createdAt }) => ({
          kind: EXAMPLE_KIND,
          id,
          value: JSON.stringify({ text, category, createdAt }),
          updatedAt: createdAt,
        })),
      )
      await follow()
      return stored
    },
    async remove(ids) {
      const removed = await store.documents.remove(EXAMPLE_KIND, ids)
      await follow()
      return removed
    },
    close() {
      closed = true
      stop()
    },
  }
}

/** A row that is not ours to read is left alone. */
function exampleOf({ id, value, updatedAt }: { id: string; value: string; updatedAt: number }): StoredExample[] {
  try {
    const { text, category, createdAt = updatedAt } = JSON.parse(value) as Partial<StoredExample>
    if (typeof text !== 'string' || typeof category !== 'string' || typeof createdAt !== 'number') return []
    return [{ id, text, category, createdAt }]
  } catch {
    return []
  }
}
