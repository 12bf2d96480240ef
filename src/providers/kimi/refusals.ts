/** What Kimi's refusals mean, and what to do about them. */
import type { Failure } from '../../hub/failure.ts'
import type { Headers } from '../login-request.ts'
import { followedBy } from '../reading.ts'

interface Known {
  /** The error's type, or words of its message. */
  type?: string
  text?: RegExp
  means: Partial<Failure>
  advice?: string
}

/** In order: one type stands for several things, which only the words tell apart. */
const KNOWN: readonly Known[] = [
  {
    text: /only available for Coding Agents/i,
    means: { kind: 'forbidden', scope: 'request' },
    advice:
      'Kimi takes this login from the programs it names alone. Use one of them through LogicaProxy, or an API key of the open platform (openai-compatibility in the config). No other account was tried.',
  },
  {
    text: /(?:usage|quota|billing cycle)[^.]*(?:limit|exceeded|exhausted)|reached your usage limit/i,
    means: { kind: 'quota-exhausted', scope: 'account' },
    advice:
      'The allowance of this Kimi account is used up: it comes back when its window is emptied (logicaproxy accounts).',
  },
  {
    type: 'exceeded_current_quota_error',
    means: { kind: 'quota-exhausted', scope: 'account' },
    advice:
      'The allowance of this Kimi account is used up: it comes back when its window is emptied (logicaproxy accounts).',
  },
  {
    type: 'access_terminated_error',
    means: { kind: 'forbidden', scope: 'account' },
    advice: 'Kimi has ended the access of this account: see kimi.com/code/console.',
  },
  { type: 'engine_overloaded_error', means: { kind: 'overloaded', scope: 'model' } },
  { type: 'rate_limit_reached_error', means: { kind: 'rate-limited', scope: 'model' } },
]

/** Looks closer at what the dialect read of a refusal. Kimi's words stay first and unchanged. */
export function judge(read: Failure, status: number, _headers: Headers, _body: string): Failure {
  if (status !== 402 && status !== 403 && status !== 429 && read.kind !== 'rate-limited') return read
  const known = KNOWN.find(({ type, text }) => (type !== undefined && type === read.code) || text?.test(read.message))
  if (known === undefined) return read
  const message = known.advice === undefined ? read.message : followedBy(read.message, known.advice)
  return { ...read, ...known.means, message }
}
