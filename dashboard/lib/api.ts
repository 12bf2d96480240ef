/** Calls of the management API. Every refusal becomes an `ApiError` whose message can be shown as it is. */
import type {
  ConfigFault,
  Problem,
  RouteAnswer,
  RouteId,
  RouteInput,
  Session,
} from '../../src/server/admin/management/contract.ts'
import { ROUTES } from './routes.ts'

export type QueryValue = string | number | boolean | undefined
export interface CallOptions<I extends RouteId> {
  /** The `{id}` or `{name}` of the path. */
  id?: string
  query?: Readonly<Record<string, QueryValue>>
  body?: RouteInput<I>
  signal?: AbortSignal
}

/** A refusal, or no answer at all (`code` is `offline`, `status` 0). */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly param?: string
  readonly faults: readonly ConfigFault[]
  constructor(status: number, error: Partial<Problem['error']>) {
    super(error.message ?? `The server answered ${status} without saying why.`)
    this.name = 'ApiError'
    this.status = status
    this.code = error.code ?? 'unknown'
    this.param = error.param
    this.faults = error.faults ?? []
  }
}

let csrf: string | undefined
let onSignedOut: () => void = () => {}

/** Keeps the CSRF token of a session for the calls to come. */
export function useSession(session: Session): void {
  csrf = session.csrf
}

/** Hears that the server no longer knows this browser. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

/** Address of a call: for links (export) and the event stream. */
export function address(
  id: RouteId,
  options: { id?: string; query?: Readonly<Record<string, QueryValue>> } = {},
): string {
  const path = ROUTES[id].slice(ROUTES[id].indexOf(' ') + 1).replace(/\{\w+\}/, encodeURIComponent(options.id ?? ''))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options.query ?? {}))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query.size === 0 ? path : `${path}?${query}`
}

/** @throws {ApiError} for every status of 400 or more, and when nothing answers. */
export async function call<I extends RouteId>(id: I, options: CallOptions<I> = {}): Promise<RouteAnswer<I>> {
  const response = await send(id, options)
  if (response.status !== 403 || csrf === undefined) return read(id, response)
  // The token of another session stands in this page when somebody signed in anew in another tab: fetch it once.
  const refusal = await refusalOf(response)
  if (refusal.code !== 'csrf') throw refusal
  useSession(await read('session', await send('session', {})))
  return read(id, await send(id, options))
}

async function send<I extends RouteId>(id: I, options: CallOptions<I>): Promise<Response> {
  const method = ROUTES[id].slice(0, ROUTES[id].indexOf(' '))
  const headers: Record<string, string> = { accept: 'application/json' }
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrf !== undefined) headers['x-csrf-token'] = csrf
  try {
    return await fetch(address(id, options), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError(0, {
      code: 'offline',
      message: 'LogicaProxy does not answer. It may be restarting: this page tries again by itself.',
    })
  }
}

async function read<I extends RouteId>(id: I, response: Response): Promise<RouteAnswer<I>> {
  if (response.ok) return (await response.json()) as RouteAnswer<I>
  const refusal = await refusalOf(response)
  if (response.status === 401 && id !== 'signIn') onSignedOut()
  throw refusal
}

async function refusalOf(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Problem
    return new ApiError(response.status, problem.error)
  } catch {
    return new ApiError(response.status, {})
  }
}

/** What to tell a person of any error. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
