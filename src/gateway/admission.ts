/** A client whose key takes no more now is told so, in its own protocol, before anything else is looked at. */
import type { Failure } from '../hub/failure.ts'
import type { CallRecord } from './events.ts'
import type { InboundRequest, Reply } from './exchange.ts'
import { ownHeaders } from './headers.ts'
import { type Matched, openRecord } from './reading.ts'
import { refusalOf } from './saying.ts'

/** Refuses a request. @returns its record. */
export function turnAway(matched: Matched, request: InboundRequest, reply: Reply, f: Failure, now: number): CallRecord {
  const record = openRecord(matched, request, now)
  const headers = ownHeaders(record)
  const { status, body } = refusalOf(headers, record, matched.protocol, f, undefined)
  reply.head(status, headers)
  reply.end(body)
  return { ...record, status, failure: f, bytesOut: body.length, barred: true }
}
