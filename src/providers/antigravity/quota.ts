/**
 * What is left: `retrieveUserQuotaSummary` tells the windows of both pools, Gemini's models and all others (Claude and
 * GPT-OSS); where an account does not get it, `fetchAvailableModels` tells what is left for each model (domain.md 1.6).
 */
import { LoginError } from '../../accounts/oauth/flow.ts'
import type { QuotaWindow } from '../../accounts/quota.ts'
import { askCodeAssist, asObject, type Json, objects, projectsOf } from '../code-assist.ts'
import { readingOf, windowOf } from '../google-quota.ts'
import type { QuotaSource } from '../provider.ts'

const HOUR = 3_600_000

/** By the first word of a bucket's id: the models of its pool. */
const POOLS: Readonly<Record<string, { title: string; models: readonly string[] }>> = {
  gemini: { title: 'Gemini', models: ['gemini-*'] },
  '3p': { title: 'Claude and GPT-OSS', models: ['claude-*', 'gpt-oss-*'] },
}

/** By the last word of a bucket's id. */
const SPANS: Readonly<Record<string, { title: string; lengthMs: number }>> = {
  '5h': { title: '5 hours', lengthMs: 5 * HOUR },
  weekly: { title: 'week', lengthMs: 7 * 24 * HOUR },
}

export const quota: QuotaSource = {
  async ask(account, credential, http, now) {
    const project = projectsOf(credential)[0]
    const asked = project === undefined ? {} : { project }
    const ask = (method: string) => askCodeAssist(method, asked, account, credential, http)
    let windows: QuotaWindow[] = []
    try {
      windows = readSummary((await ask('retrieveUserQuotaSummary')).json)
    } catch (error) {
      if (!(error instanceof LoginError) || error.code !== 'refused') throw error
    }
    if (windows.length === 0) windows = readModelQuota((await ask('fetchAvailableModels')).json)
    return readingOf(windows, now)
  },
}

/** `groups[{displayName, buckets[{bucketId, remainingFraction, resetTime}]}]`; an unknown bucket is about all models. */
export function readSummary(json: Readonly<Record<string, unknown>>): QuotaWindow[] {
  const summary = asObject(json['response']) ?? json
  return objects(summary['groups']).flatMap((group) =>
    objects(group['buckets']).flatMap((bucket) => {
      const id = nameOf(bucket)
      if (id === undefined) return []
      const pool = POOLS[id.slice(0, id.indexOf('-'))]
      const span = SPANS[id.slice(id.lastIndexOf('-') + 1)]
      const known = pool !== undefined && span !== undefined
      const { displayName } = group
      const window = windowOf(bucket, {
        id,
        title: known ? `${pool.title}, ${span.title}` : typeof displayName === 'string' ? `${displayName}, ${id}` : id,
        ...(pool !== undefined && { models: pool.models }),
        ...(span !== undefined && { lengthMs: span.lengthMs }),
      })
      return window === undefined ? [] : [window]
    }),
  )
}

function nameOf(bucket: Json): string | undefined {
  const names = [bucket['bucketId'], bucket['id'], bucket['name']]
  return names.find((name): name is string => typeof name === 'string' && name !== '')
}

/** `models{<id>: {quotaInfo{remainingFraction, resetTime}}}`: models of a pool tell the same figure. */
export function readModelQuota(json: Readonly<Record<string, unknown>>): QuotaWindow[] {
  return Object.entries(asObject(json['models']) ?? {}).flatMap(([id, told]) => {
    const facts = asObject(told)
    if (facts?.['isInternal'] === true) return []
    const { displayName } = facts ?? {}
    const title = typeof displayName === 'string' ? displayName : id
    const window = windowOf(asObject(facts?.['quotaInfo']) ?? {}, { id, title, models: [id] })
    return window === undefined ? [] : [window]
  })
}
