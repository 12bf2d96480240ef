/** Failures of the management API, and how failures of the rooms below become answers. */
import type * as z from 'zod'
import { LoginError } from '../../../accounts/oauth/flow.ts'
import { VaultError } from '../../../accounts/vault.ts'
import { EditError } from '../../../config/edit.ts'
import { ConfigError } from '../../../config/load.ts'
import { FailureError } from '../../../hub/failure.ts'
import { StoreError } from '../../../store/store.ts'
import type { ConfigFault, Problem } from './contract.ts'

export interface ProblemMore {
  param?: string
  faults?: readonly ConfigFault[]
  retryAfterMs?: number
}

/** A failure with its status and code. The message is for people and holds no secret. */
export class ManagementError extends Error {
  readonly status: number
  readonly code: string
  readonly more: ProblemMore
  constructor(status: number, code: string, message: string, more: ProblemMore = {}) {
    super(message)
    this.name = 'ManagementError'
    this.status = status
    this.code = code
    this.more = more
  }
}

export const notFound = (what: string): ManagementError => new ManagementError(404, 'not-found', what)
export const invalid = (message: string, param?: string): ManagementError =>
  new ManagementError(400, 'invalid', message, param === undefined ? {} : { param })
export const unavailable = (message: string): ManagementError => new ManagementError(503, 'unavailable', message)

/** What does not fit the contract, in one sentence. */
export function fromIssues(issues: readonly z.core.$ZodIssue[]): ManagementError {
  const issue = issues[0]
  if (issue === undefined) return invalid('The request cannot be read.')
  const param = issue.path.reduce<string>(
    (at, part) => (typeof part === 'number' ? `${at}[${part}]` : at === '' ? String(part) : `${at}.${String(part)}`),
    '',
  )
  if (issue.code === 'unrecognized_keys')
    return invalid(
      `Unknown field ${issue.keys.map((k) => JSON.stringify(k.slice(0, 60))).join(', ')}.`,
      param || issue.keys[0],
    )
  return invalid(`${param === '' ? 'The request' : param}: ${issue.message}.`, param)
}

/** The answer to a failure of any room; undefined: it is a fault of ours, which is logged and told as such. */
export function asManagementError(error: unknown): ManagementError | undefined {
  if (error instanceof ManagementError) return error
  if (error instanceof StoreError)
    return new ManagementError(503, error.code === 'full' ? 'full' : 'unavailable', error.message)
  if (error instanceof VaultError) return new ManagementError(503, 'vault', error.message)
  if (error instanceof LoginError)
    return new ManagementError(LOGIN_STATUS[error.code] ?? 502, `login-${error.code}`, error.message)
  if (error instanceof FailureError) {
    const { kind, message, retryAfter } = error.failure
    return new ManagementError(502, kind, message, retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 })
  }
  if (error instanceof EditError) return new ManagementError(422, 'invalid', error.message, { param: error.path })
  if (error instanceof ConfigError)
    return new ManagementError(422, 'config', 'The config has faults; nothing was changed.', { faults: error.faults })
  return undefined
}

const LOGIN_STATUS: Readonly<Record<string, number>> = {
  input: 400,
  state: 400,
  port: 409,
  cancelled: 409,
  expired: 410,
  'secret-missing': 409,
  denied: 403,
  'not-eligible': 403,
}

export function problemOf({ code, message, more }: ManagementError, scrub: (text: string) => string): Problem {
  return {
    error: {
      code,
      message: scrub(message),
      ...(more.param === undefined ? {} : { param: more.param }),
      ...(more.faults === undefined
        ? {}
        : {
            faults: more.faults.map((f) => ({
              line: f.line,
              column: f.column,
              path: f.path,
              message: scrub(f.message),
            })),
          }),
      ...(more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs }),
    },
  }
}
