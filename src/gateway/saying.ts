/** What the client is told, as bytes: heads of answers, refusals, last words. Pure. */
import type { Failure } from '../hub/failure.ts'
import type { Framing, Protocol } from '../protocols/protocol.ts'
import type { Refusal } from './attempt-contract.ts'
import type { CallRecord } from './events.ts'
import { JSON_ARRAY_HEADERS, returnable, STREAM_HEADERS } from './headers.ts'
import type { UpstreamHeaders } from './transport.ts'

/** Adds to `own` what says the form of an answer. @param length of a whole answer, bytes, where it is known. */
export function formOf(
  own: string[],
  record: CallRecord,
  framing: Framing,
  headers: UpstreamHeaders,
  length: number | undefined,
): void {
  const ours = record.lane !== 'pass-through'
  if (record.stream && (ours || length === undefined))
    own.push(...(framing === 'sse' ? STREAM_HEADERS : JSON_ARRAY_HEADERS))
  else own.push('content-type', ours ? 'application/json' : String(headers['content-type'] ?? 'application/json'))
  if (length !== undefined) own.push('content-length', String(length))
}

/** Adds to `own` what says that an answer is a count of ours. */
export function formOfEstimate(own: string[], answer: Buffer): void {
  own.push('content-type', 'application/json', 'content-length', String(answer.length))
  own.push('x-logicaproxy-estimated', 'true')
}

/** The terminal error of an answer that has begun. */
export function lastWords(protocol: Protocol, framing: Framing, f: Failure, id: string): string {
  if (framing === 'json-array') return `,\r\n${protocol.failure.encode(f, id).body}]`
  return protocol.failure.midStream(f, id)
}

/** An error in place of an answer. A refusal about this request alone is handed on as it came. */
export function refusalOf(
  own: string[],
  record: CallRecord,
  protocol: Protocol,
  f: Failure,
  refusal: Refusal | undefined,
): { status: number; body: Buffer | string; text: string } {
  if (refusal !== undefined && refusal.advised !== true && f.scope === 'request' && record.lane !== 'translate') {
    own.push('content-type', String(refusal.headers['content-type'] ?? 'application/json'))
    own.push('content-length', String(refusal.body.length))
    for (const value of returnable(refusal.headers)) own.push(value)
    return { status: refusal.status, body: refusal.body, text: refusal.body.toString('utf8') }
  }
  const said = protocol.failure.encode(f, record.id)
  for (const [name, value] of Object.entries(said.headers)) own.push(name, value)
  own.push('content-length', String(Buffer.byteLength(said.body)))
  return { status: said.status, body: said.body, text: said.body }
}
