/** Calls, sums, series, logs: what was done. */
import type { UsageRowView } from '../../src/server/admin/management/contract.ts'
import { detailOf, makeCall, sumOf } from './calls.ts'
import { type Answers, type Household, refuse } from './household.ts'

const FILTERS = [
  'clientKey',
  'protocol',
  'endpoint',
  'requestedModel',
  'servedModel',
  'category',
  'provider',
  'account',
  'lane',
  'failure',
] as const

export function usageAnswers({ accounts, calls, logs, now, empty, random, tell }: Household): Answers {
  const filtered = (q: URLSearchParams) =>
    calls.filter(
      (c) =>
        FILTERS.every((f) => !q.has(f) || String(c[f]) === q.get(f)) &&
        (!q.has('status') || c.status === Number(q.get('status'))) &&
        (!q.has('from') || c.at >= Number(q.get('from'))),
    )

  return {
    series({ query }) {
      const seconds = Number(query.get('window') ?? 3600)
      const points = Number(query.get('points') ?? 60)
      const bucketMs = (seconds * 1000) / points
      const to = Math.ceil(now() / bucketMs) * bucketMs
      const from = to - points * bucketMs
      const buckets = Array.from({ length: points }, () => [] as UsageRowView[])
      for (const c of filtered(query))
        if (c.at >= from && c.at < to) buckets[Math.floor((c.at - from) / bucketMs)]!.push(c)
      return {
        from,
        to,
        bucketMs,
        source: seconds > 3600 ? 'usage' : 'recent',
        points: buckets.map((b, i) => {
          const s = sumOf(b)
          return {
            at: from + i * bucketMs,
            requests: s.requests,
            errors: s.errors,
            ...(b.length > 0 && { averageLatencyMs: s.averageLatencyMs }),
            inputTokens: s.inputTokens,
            outputTokens: s.outputTokens,
            costMicros: s.costMicros,
          }
        }),
      }
    },
    endpoints() {
      const groups = Map.groupBy(calls, (c) => c.endpoint)
      return {
        endpoints: [...groups].map(([endpoint, list]) => ({
          endpoint,
          protocol: list[0]!.protocol,
          requests: list.length,
          errors: sumOf(list).errors,
          errorRate: sumOf(list).errors / list.length,
          averageLatencyMs: sumOf(list).averageLatencyMs,
          p50Ms: 1200,
          p95Ms: 14_200,
          lastAt: list[0]!.at,
        })),
      }
    },
    usageTotals({ query }) {
      const by = (query.get('by') ?? '').split(',').filter(Boolean) as (keyof UsageRowView)[]
      const bucket = query.has('bucket') ? Number(query.get('bucket')) * 1000 : undefined
      const shift = Number(query.get('tz') ?? 0) * 60_000
      const list = filtered(query)
      const keyOf = (c: UsageRowView) => ({
        ...(bucket !== undefined && { bucket: Math.floor((c.at + shift) / bucket) * bucket - shift }),
        ...Object.fromEntries(by.map((f) => [f, c[f] as string | number])),
      })
      const groups = Map.groupBy(list, (c) => JSON.stringify(keyOf(c)))
      return {
        pricesFrom: '2026-11-01',
        rows: [...groups].map(([key, of]) => ({
          key: JSON.parse(key),
          ...(by.includes('account') && { label: of[0]!.accountLabel }),
          ...sumOf(of),
        })),
        sum: sumOf(list),
      }
    },
    usageCalls({ query }) {
      const limit = Number(query.get('limit') ?? 100)
      const from = Number(query.get('cursor') ?? 0)
      const list = filtered(query)
      const page = list.slice(from, from + limit)
      return { calls: page, ...(from + limit < list.length && { next: String(from + limit) }) }
    },
    usageDetail({ id }) {
      const found =
        calls.find((c) => c.callId === id) ??
        refuse(404, 'This request is not recorded any more: history is kept for 30 days.')
      return detailOf(found, logs)
    },
    wipeUsage: () => ({ ok: true, removed: calls.splice(0).length }),
    logs({ query }) {
      const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
      const least = levels.indexOf(query.get('level') ?? 'trace')
      const text = query.get('text')?.toLowerCase()
      const list = logs.filter(
        (l) =>
          levels.indexOf(l.level) >= least &&
          (!query.get('request') || l.requestId === query.get('request')) &&
          (text === undefined || l.message.toLowerCase().includes(text)),
      )
      return { lines: list.slice(-Number(query.get('limit') ?? 200)), level: 'info' }
    },
    errorFiles: () => ({
      files: empty
        ? []
        : [
            {
              name: 'error-v1-messages-2026-11-22T171201-req_00a1.json',
              at: now() - 3_000_000,
              bytes: 18_222,
              requestId: 'req_00a1',
            },
          ],
    }),
    errorFile: ({ id }) => ({
      name: id,
      document: { request: { method: 'POST' }, response: { status: 429 }, note: '<script>window.__xss=3</script>' },
    }),
    test({ body }) {
      const made = {
        ...makeCall(random, now(), calls.length + 100_000, accounts),
        requestedModel: String(body['model']),
        clientKey: 'dashboard',
        status: 200,
        failure: '',
      }
      made.servedModel ||= 'claude-haiku-4-5-20251001'
      calls.unshift(made)
      tell({ type: 'call', call: made })
      return {
        ok: true,
        requestId: made.callId,
        status: 200,
        ms: made.latencyMs,
        firstEventMs: 210,
        servedModel: made.servedModel,
        provider: made.provider,
        account: made.accountLabel,
        lane: made.lane,
        text: 'Hello to you, dear friend!',
      }
    },
  }
}
