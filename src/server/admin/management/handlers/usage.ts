/** What was used, and a request to try it out. */
import { deadline } from '../../../../store/index.ts'
import { PRICES_AS_OF } from '../../../../telemetry/prices.ts'
import { keptBodies } from '../../../../telemetry/usage-bodies.ts'
import { EXPORT_TYPES, exportUsage } from '../../../../telemetry/usage-export.ts'
import { invalid, notFound } from '../errors.ts'
import { sendTest } from '../test-request.ts'
import { strip } from '../views/account-view.ts'
import { columnsOf, filterOf, labelsOf, rowView, sumsOf, usageDetailView } from '../views/usage-view.ts'
import { type Handlers, type Tools, whoOf } from './handler.ts'

/** A query over much usage takes long; a store that is down longer. */
const PATIENCE_MS = 15_000

export function usageHandlers({
  context,
  audit,
}: Tools): Handlers<'usageTotals' | 'usageCalls' | 'usageDetail' | 'usageExport' | 'wipeUsage' | 'test'> {
  const { store, behind } = context
  /** What ended a moment ago is to be there, if the store takes it now. */
  const settled = () => deadline(behind.flush(), 500).catch(() => {})

  return {
    async usageTotals({ query }) {
      const { by, bucket, tz, ...rest } = query
      const columns = columnsOf(by)
      if ('unknown' in columns) throw invalid(`Usage has no column "${columns.unknown.slice(0, 40)}".`, 'by')
      await settled()
      // Buckets begin at local midnight: what is asked for is moved by the offset, and the answer back.
      const shift = bucket === undefined ? 0 : tz * 60_000
      const rows =
        bucket === undefined || shift === 0
          ? await deadline(
              store.usage.totals(filterOf(rest), columns, bucket === undefined ? undefined : bucket * 1_000),
              PATIENCE_MS,
            )
          : await shifted(context, rest, columns, bucket * 1_000, shift)
      const label = labelsOf(context)
      return strip({
        from: rest.from,
        to: rest.to,
        pricesFrom: PRICES_AS_OF,
        rows: rows.map(({ key, ...totals }) => {
          const account = key.account
          return {
            key: strip(key) as Record<string, string | number>,
            ...(typeof account === 'string' ? { label: label(account) } : {}),
            ...sumsOf([totals]),
          }
        }),
        sum: sumsOf(rows),
      })
    },

    async usageCalls({ query }) {
      const { limit, cursor, ...rest } = query
      const before = cursor === undefined ? undefined : cursorOf(cursor)
      await settled()
      const rows = await deadline(store.usage.list(filterOf(rest), limit + 1, before), PATIENCE_MS)
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      const label = labelsOf(context)
      return {
        calls: page.map((row) => rowView(row, label)),
        ...(rows.length > limit && last !== undefined ? { next: `${last.at}~${last.id}` } : {}),
      }
    },

    async usageDetail({ params }) {
      const id = params['id'] ?? ''
      const callId = id.includes('/') ? id.slice(0, id.indexOf('/')) : id
      await settled()
      const rows = await deadline(store.usage.get(callId), PATIENCE_MS)
      if (rows.length === 0) throw notFound('This call is not recorded: it is too old, was wiped, or recording is off.')
      const kept = await deadline(keptBodies(store, callId, context.now()), PATIENCE_MS)
      const bodies =
        kept === undefined
          ? undefined
          : { request: context.scrub(kept.request), response: context.scrub(kept.response), until: kept.until }
      return { ...usageDetailView(rows, context, bodies), logs: context.logs.lines({ limit: 200, request: callId }) }
    },

    async usageExport({ query }) {
      const { format, ...rest } = query
      await settled()
      const pieces = exportUsage(store.usage, filterOf(rest), format)
      const encoder = new TextEncoder()
      // The next piece is read when the one before has left.
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { value, done } = await pieces.next()
            if (done) controller.close()
            else controller.enqueue(encoder.encode(value))
          },
          cancel: () => void pieces.return(undefined),
        },
        { highWaterMark: 0 },
      )
      const day = new Date(context.now()).toISOString().slice(0, 10)
      return new Response(stream, {
        headers: {
          'content-type': EXPORT_TYPES[format],
          'content-disposition': `attachment; filename="logicaproxy-usage-${day}.${format}"`,
        },
      })
    },

    async wipeUsage({ actor, caller }) {
      const removed = await context.usage.wipe()
      await audit.done(whoOf(actor, caller), 'usage.wipe', 'usage', `All recorded usage was deleted: ${removed} rows.`)
      return { ok: true, removed }
    },

    async test({ body, actor, caller, signal }) {
      const result = await sendTest(context, body, signal)
      await audit.done(
        whoOf(actor, caller),
        'test',
        body.model,
        `A test request was sent to ${body.model}: status ${result.status}.`,
        { requestId: result.requestId },
      )
      return result
    },
  }
}

type Query = Parameters<typeof filterOf>[0]

/** Sums by buckets of another time zone: hours (or quarters of one) are summed by the store and gathered here. */
async function shifted(
  { store }: Tools['context'],
  query: Query,
  columns: Parameters<typeof store.usage.totals>[1],
  bucketMs: number,
  shift: number,
) {
  // A step that divides both the bucket and the offset lands on every boundary.
  const step = gcd(bucketMs, Math.abs(shift))
  const rows = await deadline(store.usage.totals(filterOf(query), columns, step), PATIENCE_MS)
  const gathered = new Map<string, (typeof rows)[number]>()
  for (const row of rows) {
    const at = Number(row.key.bucket)
    const bucket = Math.floor((at + shift) / bucketMs) * bucketMs - shift
    const key = { ...row.key, bucket }
    const name = JSON.stringify(key)
    const before = gathered.get(name)
    if (before === undefined) {
      gathered.set(name, { ...row, key })
      continue
    }
    for (const field of Object.keys(row) as (keyof typeof row)[]) if (field !== 'key') before[field] += row[field]
  }
  return [...gathered.values()]
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

function cursorOf(cursor: string): { at: number; id: string } {
  const at = cursor.indexOf('~')
  const time = Number(cursor.slice(0, at))
  if (at <= 0 || !Number.isFinite(time))
    throw invalid('This cursor is not one of ours; take `next` of the page before.', 'cursor')
  return { at: time, id: cursor.slice(at + 1) }
}
