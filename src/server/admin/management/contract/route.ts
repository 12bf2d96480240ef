/** What a row of the route table says. */
import type * as z from 'zod'

export interface RouteSpec {
  /** Name of its handler; `operationId` in the OpenAPI document. */
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root, with `{name}` for a part of the path. */
  path: string
  /** `admin`: the admin token or a session; `none`: anybody who may reach this machine's management. */
  auth: 'none' | 'admin'
  /** Whether a caller with a cookie has to send `X-CSRF-Token`: every route that changes something. */
  csrf: boolean
  summary: string
  query?: z.ZodObject
  body?: z.ZodType
  /** JSON of this shape, or another media type. */
  response:
    | z.ZodType
    | { media: 'text/event-stream' | 'text/csv' | 'application/json' | 'application/yaml' | 'text/plain' }
  /** 200 unless said. */
  status?: number
  /** Kept for programs written for CLIProxyAPI (domain.md 5.3). */
  legacy?: true
}

// What rows begin with.
export const read = { method: 'GET', auth: 'admin', csrf: false } as const
export const post = { method: 'POST', auth: 'admin', csrf: true } as const
export const patch = { method: 'PATCH', auth: 'admin', csrf: true } as const
export const put = { method: 'PUT', auth: 'admin', csrf: true } as const
export const remove = { method: 'DELETE', auth: 'admin', csrf: true } as const
