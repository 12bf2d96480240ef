/**
 * Bodies of the calls of keys that say so, and of nobody else: secrets taken out, the beginning only, gone after the time
 * the key says. They go to the store at once and not by the write-behind, so that a store that is down holds none of them
 * in memory.
 */
import type { KeptExchange } from '../gateway/events.ts'
import type { Store } from '../store/store.ts'

const KIND = 'body'
/** Bytes of each side that are kept. */
const MOST_BYTES = 256 * 1024
/** Bodies on their way to the store at once; more are not kept. */
const MOST_WAITING = 32

/** What a document of kind `body` holds; its id is that of the call. */
export interface KeptBodies {
  request: string
  response: string
  /** Whole sizes, bytes; of what is longer the beginning is kept. */
  requestBytes: number
  responseBytes: number
}

export interface BodyKeeper {
  keep(exchange: KeptExchange): void
  /** Not kept since the start, because too many were on their way or the store refused them. */
  readonly lost: number
}

export interface BodyOptions {
  store: Pick<Store, 'documents'>
  scrub(text: string): string
  now: () => number
  trouble?(error: Error): void
}

export function keepBodies({ store, scrub, now, trouble }: BodyOptions): BodyKeeper {
  let waiting = 0
  let lost = 0
  const text = (bytes: Buffer): string =>
    scrub(bytes.subarray(0, MOST_BYTES).toString('utf8')).replaceAll('\0', '\uFFFD')

  return {
    keep({ record, keepMs, request, response }) {
      if (waiting >= MOST_WAITING) {
        lost += 1
        return
      }
      waiting += 1
      const at = now()
      const kept: KeptBodies = {
        request: text(request),
        response: text(response),
        requestBytes: request.length,
        responseBytes: record.bytesOut,
      }
      const row = { kind: KIND, id: record.id, value: JSON.stringify(kept), updatedAt: at, expiresAt: at + keepMs }
      store.documents
        .put([row])
        .catch((error: Error) => {
          lost += 1
          trouble?.(error)
        })
        .finally(() => {
          waiting -= 1
        })
    },
    get lost() {
      return lost
    },
  }
}

/** The bodies of a call, and until when they are kept; undefined: none were, or no longer. @throws {StoreError} */
export async function keptBodies(
  store: Pick<Store, 'documents'>,
  callId: string,
  now: number,
): Promise<(KeptBodies & { until: number }) | undefined> {
  const row = await store.documents.get(KIND, callId, now)
  if (row === undefined) return undefined
  return { ...(JSON.parse(row.value) as KeptBodies), until: row.expiresAt ?? 0 }
}
