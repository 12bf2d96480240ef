/** What is left for each model: `retrieveUserQuota` (domain.md 1.3, Code Assist API). */
import type { QuotaReading, QuotaWindow } from '../../accounts/quota.ts'
import { askCodeAssist, objects, projectsOf } from '../code-assist.ts'
import { readingOf, windowOf } from '../google-quota.ts'
import type { QuotaSource } from '../provider.ts'

export const quota: QuotaSource = {
  async ask(account, credential, http, now) {
    const readings: QuotaWindow[][] = []
    for (const project of projectsOf(credential)) {
      const { json } = await askCodeAssist('retrieveUserQuota', { project }, account, credential, http)
      readings.push(readBuckets(json))
    }
    return readingOf(together(readings), now)
  },
}

/** `buckets[{modelId, tokenType, remainingFraction, remainingAmount, resetTime}]`; of several for a model the fullest counts. */
export function readBuckets(json: Readonly<Record<string, unknown>>): QuotaWindow[] {
  const byModel = new Map<string, QuotaWindow>()
  for (const bucket of objects(json['buckets'])) {
    const { modelId } = bucket
    if (typeof modelId !== 'string' || modelId === '') continue
    const window = windowOf(bucket, { id: modelId, title: modelId, models: [modelId] })
    const before = byModel.get(modelId)
    if (window !== undefined && (before === undefined || window.used > before.used)) byModel.set(modelId, window)
  }
  return [...byModel.values()]
}

/** Several projects share the work: a model has what is left in all of them, and is used up when it is in each. */
function together(readings: readonly QuotaWindow[][]): QuotaReading['windows'] {
  if (readings.length === 1) return readings[0]!
  const ids = new Set(readings.flatMap((windows) => windows.map(({ id }) => id)))
  return [...ids].map((id) => {
    const same = readings.flatMap((windows) => windows.filter((window) => window.id === id))
    const resets = same.flatMap(({ resetsAt }) => resetsAt ?? [])
    const { exhausted: _, resetsAt: __, ...first } = same[0]!
    return {
      ...first,
      used: same.reduce((sum, { used }) => sum + used, 0) / same.length,
      ...(resets.length > 0 && { resetsAt: Math.min(...resets) }),
      ...(same.every(({ exhausted }) => exhausted === true) && { exhausted: true }),
    }
  })
}
