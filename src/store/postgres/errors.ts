import { StoreError, type StoreErrorCode } from '../store.ts'

/** Network errors, and what the driver says without a code: the connection is gone, or never came about. */
const GONE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTDOWN',
])
const SAID_GONE =
  /connection terminated|connection ended|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|client was closed|not queryable|server closed the connection/i

/** SQLSTATE codes with which a server ends a connection or takes none: it goes down, comes up, or is full. */
const REFUSES = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '08P01',
])

/** Whether nothing can be said to this connection any more. */
export function connectionLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return (code !== undefined && (GONE.has(code) || REFUSES.has(code))) || SAID_GONE.test(message ?? '')
}

/** Whether the server undid a transaction only because of another one, so that it may simply be tried again. */
export const undone = (error: unknown): boolean => ['40001', '40P01'].includes((error as { code?: string }).code ?? '')

/**
 * An error of Postgres or of the way to it as a `StoreError`; anything else (a fault of ours) stays what it is.
 * @param server host, port and database, for the message; never the whole address, which may hold a password.
 */
export function postgresError(error: unknown, server: string): Error {
  if (error instanceof StoreError) return error
  if (!(error instanceof Error)) return new Error(String(error))
  const told = trouble(error as Error & { code?: string }, server)
  return told ? new StoreError(told[0], told[1], { cause: error, passing: connectionLost(error) }) : error
}

function trouble(error: Error & { code?: string }, server: string): [StoreErrorCode, string] | undefined {
  const { code = '', message } = error
  if (code === '28P01' || code === '28000')
    return ['unavailable', `Postgres at ${server} refuses the login (${code}). Check user and password in store.url.`]
  if (code === '3D000')
    return ['unavailable', `Postgres at ${server} has no such database. Create it, or correct store.url.`]
  if (code === '42501')
    return ['read-only', `Postgres at ${server} does not let this user do that (${message}). Grant it the right.`]
  if (code === '25006')
    return [
      'read-only',
      `Postgres at ${server} takes no writes: it is a standby or read-only. Point store.url at the primary.`,
    ]
  if (code === '53100' || code === '53200')
    return [
      'full',
      `Postgres at ${server} has no space or memory left (${message}). Nothing that was saved before is lost.`,
    ]
  if (code.startsWith('XX'))
    return ['corrupt', `Postgres at ${server} reports damage (${code}: ${message}). See its log.`]
  if (code === '57014' || code === '55P03')
    return ['unavailable', `Postgres at ${server} took too long (${message}). See what keeps it busy.`]
  if (undone(error)) return ['unavailable', `Postgres at ${server} undid the transaction three times (${message}).`]
  if (connectionLost(error))
    return [
      'unavailable',
      `Postgres at ${server} cannot be reached (${code || message}). Is it running, and is store.url right?`,
    ]
  if (/SSL|TLS|certificate/i.test(message) || code.includes('CERT'))
    return ['unavailable', `No secure connection to Postgres at ${server} (${message}). Check sslmode in store.url.`]
  return undefined
}
