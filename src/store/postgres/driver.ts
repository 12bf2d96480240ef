import type pg from 'pg'
import { StoreError } from '../store.ts'

type Driver = Pick<typeof pg, 'Pool' | 'Client'>

/** The optional package `pg`, loaded when it is needed. @throws {StoreError} if it is not installed */
export async function loadDriver(load: () => Promise<{ default: Driver }> = () => import('pg')): Promise<Driver> {
  try {
    return (await load()).default
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    const why = missing
      ? 'store.url asks for Postgres, but the package "pg" is not installed. Run `npm install pg` beside logicaproxy, or leave store.url out.'
      : `store.url asks for Postgres, but the package "pg" cannot be loaded (${(cause as Error).message}).`
    throw new StoreError('unavailable', why, { cause })
  }
}

const INT8 = 20

/** How every connection is made. Limits are wide: a slow server is slow, not dead, and no request waits for it. */
export function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'logicaproxy',
    // Several round trips, each of which a bad line may hold up for seconds.
    connectionTimeoutMillis: 30_000,
    query_timeout: 45_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      // All our whole numbers are safe ones (`bound`); the driver would give 64-bit ones as text.
      getTypeParser: (oid: number, format?: string) => (oid === INT8 ? Number : parserOf(oid, format)),
    } as pg.CustomTypesConfig,
  }
}

const BYTEA = 17
const INT4 = 23

/** The few types of this schema: anything else is text. */
function parserOf(oid: number, format: string | undefined): (value: string) => unknown {
  if (format === 'binary') return (value) => value
  if (oid === BYTEA) return (value) => Buffer.from(value.slice(2), 'hex')
  if (oid === INT4) return Number
  return (value) => value
}

/** The server as messages name it: without user, password and options. @throws {StoreError} if it is no such address */
export function serverName(url: string): string {
  if (!/^postgres(ql)?:\/\//i.test(url) || !URL.canParse(url))
    throw new StoreError(
      'unavailable',
      'store.url is no Postgres address: postgres://user:password@host:5432/database.',
    )
  const { hostname, port, pathname } = new URL(url)
  return `${hostname || 'localhost'}${port && `:${port}`}${pathname === '/' ? '' : pathname}`
}
