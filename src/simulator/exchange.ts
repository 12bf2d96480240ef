import type { Json } from './types.ts'

/** A request to a vendor host's stand-in. */
export interface Exchange {
  method: string
  host: string
  /** Path at the vendor, decoded no further. */
  path: string
  query: URLSearchParams
  headers: Record<string, string>
  raw: Buffer
  /** Where the simulator itself is reached. */
  base: string
}

/** A finished answer. Text is sent as HTML, anything else as JSON. */
export interface Reply {
  status: number
  headers?: Record<string, string>
  body: unknown
  /** Milliseconds of real time before it goes out. */
  delayMs?: number
  /** How the connection betrays it: cut in half, reset before a byte, or never answered. */
  fate?: 'cut' | 'reset' | 'hang'
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers?: Record<string, string>): Reply {
  return { status, body, headers }
}

/** The media type of a request body, in lower case without parameters. */
export function mediaType(headers: Record<string, string>): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
}

/** Fields of a form or JSON body; undefined when it is neither, or broken. Only strings and booleans count as fields. */
export function fields(x: Pick<Exchange, 'headers' | 'raw'>): { form: 'json' | 'form'; values: Json } | undefined {
  const type = mediaType(x.headers)
  const text = x.raw.toString('utf8')
  if (type === 'application/x-www-form-urlencoded') {
    const values: Json = {}
    for (const [name, value] of new URLSearchParams(text)) {
      // A field given twice is an attack or a mistake (RFC 6749 3.2).
      if (name in values) return undefined
      values[name] = value
    }
    return { form: 'form', values }
  }
  if (type !== 'application/json') return undefined
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { form: 'json', values: value as Json }
      : undefined
  } catch {
    return undefined
  }
}

/** The bearer token of a request, or empty. */
export function bearer(headers: Record<string, string>): string {
  const authorization = headers['authorization'] ?? ''
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : ''
}
