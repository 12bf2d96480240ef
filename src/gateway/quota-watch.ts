/** Hears what an answer tells of its account's allowances. */
import type { Quotas } from '../accounts/quota.ts'
import type { Provider } from '../providers/provider.ts'
import type { Sse } from '../wire/sse.ts'
import type { UpstreamHeaders } from './transport.ts'

/** Reads the head of an answer, where its vendor tells something there. */
export function tellHeaders(
  quotas: Quotas | undefined,
  provider: Provider,
  accountId: string,
  headers: UpstreamHeaders,
  now: () => number,
): void {
  if (quotas === undefined || provider.quota?.fromHeaders === undefined) return
  const reading = provider.quota.fromHeaders(headers, now())
  if (reading !== undefined) quotas.tell(accountId, reading)
}

/** Reads the events of a stream, where its vendor tells something there; undefined where none does. */
export function observer(
  quotas: Quotas | undefined,
  provider: Provider,
  accountId: string,
  now: () => number,
): ((event: Sse) => void) | undefined {
  const read = provider.quota?.fromEvent
  if (quotas === undefined || read === undefined) return undefined
  return ({ event, data }) => {
    const reading = read(event, data, now())
    if (reading !== undefined) quotas.tell(accountId, reading)
  }
}
