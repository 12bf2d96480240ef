/** What xAI's refusals of a login mean, and what to do about them. */
import type { Failure } from '../../hub/failure.ts'
import type { Headers } from '../login-request.ts'
import { followedBy } from '../reading.ts'

/** Seconds after which an account is asked again whose rolling 24 hours are used up: they come back bit by bit. */
const ROLLING_REST = 1_800

const KEY = 'use an API key instead (openai-compatibility in the config)'

/** Looks closer at what the dialect read of a refusal. xAI's words stay first and unchanged. */
export function judge(read: Failure, status: number, _headers: Headers, _body: string): Failure {
  const code = read.code ?? ''
  const { message } = read
  if (code.endsWith('free-usage-exhausted') || USED_UP.test(message))
    return {
      ...read,
      kind: 'quota-exhausted',
      // The free allowance is counted for each model.
      scope: /\bmodel\b/i.test(message) ? 'model' : 'account',
      retryAfter: read.retryAfter ?? ROLLING_REST,
      message: followedBy(
        message,
        `xAI counts over the last 24 hours: the allowance of this account comes back bit by bit, and it is asked again from time to time.`,
      ),
    }
  if (code.includes('spending-limit') || /spending limit|(?:run )?out of credits?\b/i.test(message))
    return {
      ...read,
      kind: 'quota-exhausted',
      scope: 'account',
      message: followedBy(
        message,
        `Add credits or raise the limit of this account at console.x.ai, or disable the account.`,
      ),
    }
  if (CLIENT_GATE.test(message))
    return {
      ...read,
      kind: 'forbidden',
      scope: 'request',
      message: followedBy(
        message,
        `This host of xAI serves its own program alone, and LogicaProxy does not pose as it: use the Grok CLI through LogicaProxy, the host api.x.ai for this account, or ${KEY}. No other account was tried.`,
      ),
    }
  if (status === 403 && read.kind === 'forbidden' && read.scope === 'account')
    return { ...read, message: followedBy(message, `xAI may keep logins of some plans from its API: ${KEY}.`) }
  return read
}

const USED_UP = /used all the included (?:free )?usage|reached your usage limit/i

const CLIENT_GATE =
  /\b(?:client|grok(?: cli| build)?) version\b|x-grok-client|unsupported client|client is not supported|update (?:your )?grok/i
