/**
 * What Google's refusals say beyond their status: `google.rpc.Status` with its details
 * (https://cloud.google.com/apis/design/errors#error_details; the table of domain.md 1.3). Shared by the two products
 * that are used with a Google account.
 */
import type { Failure } from '../hub/failure.ts'

type Json = Record<string, unknown>

/** A refusal, read. Lists are empty and not absent. */
export interface RpcError {
  message: string
  /** `RESOURCE_EXHAUSTED`, `PERMISSION_DENIED` … */
  status?: string
  /** `reason` of each ErrorInfo. */
  reasons: readonly string[]
  /** `metadata` of all ErrorInfos together. */
  metadata: Readonly<Record<string, string>>
  /** `quotaId` of each violation of a QuotaFailure. */
  quotaIds: readonly string[]
  /** Links of a Help detail. */
  links: readonly string[]
  /** Seconds of the RetryInfo. */
  retryDelay?: number
  /** Whether there were no details at all. */
  bare: boolean
}

/** Reads a refusal's body; also one in a list of one, or behind `data:`. @returns undefined if it is none. Never throws. */
export function readRpcError(body: string): RpcError | undefined {
  const parsed = parse(body)
  const error = object(object(Array.isArray(parsed) ? parsed[0] : parsed)?.['error'])
  if (error === undefined) return undefined
  const message = error['message']
  const status = error['status']
  const details = (Array.isArray(error['details']) ? error['details'] : []).map(object).filter((d) => d !== undefined)
  const reasons: string[] = []
  const metadata: Record<string, string> = {}
  const quotaIds: string[] = []
  const links: string[] = []
  let retryDelay: number | undefined
  for (const detail of details) {
    if (typeof detail['reason'] === 'string') reasons.push(detail['reason'])
    for (const [name, value] of Object.entries(object(detail['metadata']) ?? {}))
      if (typeof value === 'string') metadata[name] = value
    for (const violation of list(detail['violations'])) {
      const id = violation['quotaId']
      if (typeof id === 'string') quotaIds.push(id)
    }
    for (const link of list(detail['links'])) if (typeof link['url'] === 'string') links.push(link['url'])
    if (typeof detail['retryDelay'] === 'string') retryDelay ??= durationSeconds(detail['retryDelay'])
  }
  return {
    message: typeof message === 'string' ? message : '',
    ...(typeof status === 'string' && { status }),
    reasons,
    metadata,
    quotaIds,
    links,
    ...(retryDelay !== undefined && { retryDelay }),
    bare: details.length === 0,
  }
}

/** A failure that a rule has read more closely: the vendor's words stay, ours follow. Text that is undefined adds none. */
export function explained(read: Failure, words: string | undefined, over: Partial<Failure>): Failure {
  if (words === undefined) return { ...read, ...over }
  const own = read.message.trim()
  const stop = own === '' ? '' : /[.!?]$/.test(own) ? ' ' : '. '
  return { ...read, message: `${own}${stop}${words}`, ...over }
}

/** The first of these that is an address a person may be sent to: Google's own by https, or a stand-in on this machine. */
export function googleLink(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((text) => {
    if (text === undefined || !URL.canParse(text)) return false
    const { protocol, hostname, username, password } = new URL(text)
    if (username !== '' || password !== '') return false
    return protocol === 'https:'
      ? /(?:^|\.)google\.com$/.test(hostname)
      : protocol === 'http:' && LOOPBACK.has(hostname)
  })
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Seconds of a protobuf duration, `12.3s`, or of Go's form, `1h2m3s`; undefined for anything else. */
export function durationSeconds(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined
  const unit: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 }
  const sum = parts.reduce((total, [, count, name]) => total + Number(count) * unit[name!]!, 0)
  return Math.round(sum * 1000) / 1000
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    const data = /^data: ?(.*)$/m.exec(body)?.[1]
    if (data === undefined) return undefined
    try {
      return JSON.parse(data)
    } catch {
      return undefined
    }
  }
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function list(value: unknown): Json[] {
  return (Array.isArray(value) ? value : []).map(object).filter((item) => item !== undefined)
}
