/** What a broken connection means. */
import { type Failure, failure } from '../hub/failure.ts'

/** Error codes that mean the endpoint itself cannot be reached: its other accounts would find the same. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
])

/** Reads a transport error. */
export function transportFailure(error: Error, upstream: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT')
    return failure('timeout', `${upstream} could not be connected to in time (timeouts.connect)`, {
      scope: 'provider',
      code,
    })
  if (UNREACHABLE.has(code))
    return failure('upstream', `${upstream} cannot be reached (${code})`, { scope: 'provider', code })
  if (error.name === 'ForbiddenAddressError')
    return failure('forbidden', error.message, { scope: 'provider', status: 502 })
  const what = code === '' || code.startsWith('UND_ERR') ? error.message : code
  return failure('upstream', `the connection to ${upstream} broke (${what})`, { scope: 'model', code })
}
