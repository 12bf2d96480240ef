/** What Anthropic's refusals of a login mean, and what to do about them (domain.md 1.1). */
import type { Failure } from '../../hub/failure.ts'
import type { Headers } from '../login-request.ts'
import { followedBy, secondsTo, until } from '../reading.ts'
import { bindingOf, headerWindows, isWhole, unifiedReset, unifiedStatus } from './quota.ts'

interface Known {
  text: RegExp
  means: Pick<Failure, 'kind' | 'scope'>
  /** What the person should know and can do; follows Anthropic's own words. */
  advice: string
}

/** A refusal of how the login is used: another account would be refused alike, and trying it would be evading. */
const POLICY = { kind: 'forbidden', scope: 'request' } as const
/** This very request needs something paid; the account is well. */
const EXTRA = { kind: 'quota-exhausted', scope: 'request' } as const
const ACCOUNT = { kind: 'forbidden', scope: 'account' } as const

const KEY = 'or give LogicaProxy an API key (claude-api-key in the config)'

const KNOWN: readonly Known[] = [
  {
    text: /only authorized for use with Claude Code/i,
    means: POLICY,
    advice: `Anthropic takes this login from Claude Code alone. Use Claude Code through LogicaProxy, ${KEY}. No other account was tried.`,
  },
  {
    text: /Third-party apps now draw from your extra usage/i,
    means: POLICY,
    advice: `Anthropic bills this client as extra usage and not to the plan. Allow extra usage at claude.ai/settings/usage, use Claude Code, ${KEY}. No other account was tried.`,
  },
  {
    text: /You're out of extra usage/i,
    means: POLICY,
    advice: `Anthropic bills this client as extra usage, and none is left. Add some at claude.ai/settings/usage, use Claude Code, ${KEY}. No other account was tried.`,
  },
  {
    text: /extra usage is required for long context/i,
    means: EXTRA,
    advice:
      'The account itself is well: shorten the conversation below 200,000 tokens, leave out the beta context-1m-2025-08-07, or allow extra usage at claude.ai/settings/usage.',
  },
  {
    text: /usage credits are required for fast mode/i,
    means: EXTRA,
    advice: 'The account itself is well: leave out speed "fast", or add usage credits at claude.ai/settings/usage.',
  },
  {
    text: /OAuth authentication is currently not (?:allowed|supported)/i,
    means: ACCOUNT,
    advice: `The organisation of this account does not let logins use the API. Ask its administrator, ${KEY}.`,
  },
  {
    text: /does not meet scope requirement/i,
    means: ACCOUNT,
    advice: 'This login lacks a permission. Log in again: logicaproxy login claude.',
  },
  {
    text: /organization has been disabled/i,
    means: ACCOUNT,
    advice: 'Anthropic has disabled the organisation of this account. Write to its support, or remove the account.',
  },
]

/**
 * Looks closer at what the dialect read of a refusal. Anthropic's words stay first and unchanged.
 * @param now ms since the epoch.
 */
export function judge(read: Failure, status: number, headers: Headers, _body: string, now = Date.now()): Failure {
  const known = KNOWN.find(({ text }) => text.test(read.message))
  if (known !== undefined) return { ...read, ...known.means, message: followedBy(read.message, known.advice) }
  return status === 429 || read.kind === 'rate-limited' ? tooMany(read, headers, now) : read
}

/** Which of a subscription's windows is used up (domain.md 1.1, "429 classification"); a short burst if none. */
function tooMany(read: Failure, headers: Headers, now: number): Failure {
  const spent = headerWindows(headers).filter(({ status }) => status === 'rejected')
  const whole = spent.filter(({ kind }) => isWhole(kind))
  const named = whole.length > 0 ? whole : spent
  if (named.length > 0) {
    const resets = named.map(({ resetsAt }) => resetsAt).filter((at) => at !== undefined)
    const titles = named.map(({ kind }) => kind.title).join(' and ')
    return usedUp(
      read,
      whole.length > 0 ? 'account' : 'model',
      titles,
      resets.length > 0 ? Math.max(...resets) : undefined,
      now,
    )
  }
  const binding = unifiedStatus(headers) === 'rejected' ? bindingOf(headers) : undefined
  if (binding === undefined) return read
  return usedUp(read, isWhole(binding) ? 'account' : 'model', binding.title, unifiedReset(headers), now)
}

function usedUp(
  read: Failure,
  scope: 'account' | 'model',
  title: string,
  resetsAt: number | undefined,
  now: number,
): Failure {
  const retryAfter = resetsAt === undefined ? read.retryAfter : secondsTo(resetsAt, now)
  const when = resetsAt === undefined ? '' : ` ${until(resetsAt)}`
  return {
    ...read,
    kind: 'quota-exhausted',
    scope,
    message: followedBy(read.message, `This Claude subscription's allowance (${title}) is used up${when}.`),
    ...(retryAfter !== undefined && { retryAfter }),
  }
}
