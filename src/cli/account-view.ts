/** An account as people and programs see it. Pure. */
import type { Rest } from '../accounts/cooldown.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import type { LoginPolicy } from '../accounts/oauth/flow.ts'
import type { QuotaState, QuotaWindow } from '../accounts/quota.ts'
import type { Output } from './output.ts'

export interface AccountRow {
  record: LoginRecord
  title: string
  policy?: LoginPolicy
  quota?: QuotaState
  rests: readonly { model?: string; rest: Rest }[]
}

/** `now` in ms; the lines are for a terminal. */
export function accountLines(
  row: AccountRow,
  out: Pick<Output, 'bold' | 'dim' | 'good' | 'bad'>,
  now: number,
): string[] {
  const { record, title, policy, quota } = row
  const { facts, id } = record
  const plan = facts.plan ?? quota?.plan
  const lines = [`${out.bold(facts.label)}  ${id}  ${title}${plan === undefined ? '' : `, ${plan}`}`]
  lines.push(`    ${stateWords(row, out, now)}`)
  const settings = [
    facts.priority === 0 ? '' : `priority ${facts.priority}`,
    facts.weight === 1 ? '' : `weight ${facts.weight}`,
    facts.concurrency === undefined ? '' : `at most ${facts.concurrency} at once`,
    facts.proxyUrl === undefined ? '' : `proxy ${proxyHost(facts.proxyUrl)}`,
    facts.prefix === undefined ? '' : `prefix ${facts.prefix}`,
    facts.origin.how === 'borrowed' ? `borrowed from ${facts.origin.from}` : '',
  ].filter((word) => word !== '')
  if (settings.length > 0) lines.push(`    ${settings.join(', ')}`)
  for (const window of quota?.windows ?? []) lines.push(`    ${quotaLine(window, now)}`)
  for (const { model, rest } of row.rests) {
    if (rest.until <= now) continue
    const next = Math.min(rest.probeAt, rest.until)
    lines.push(
      `    ${model ?? 'the account'} rests for ${spell(rest.until - now)}, tried again ${next <= now ? 'with the next request' : `in ${spell(next - now)}`}: ${rest.failure.message}`,
    )
  }
  if (policy !== undefined && policy.state !== 'supported')
    lines.push(out.dim(`    ${policy.state} as of ${policy.since}: ${policy.url}`))
  return lines
}

function stateWords({ record }: AccountRow, out: Pick<Output, 'good' | 'bad'>, now: number): string {
  const { facts, expiresAt } = record
  if (facts.state.is === 'needs-login')
    return `${out.bad('needs a login')} since ${new Date(facts.state.since).toISOString()}: ${facts.state.reason}`
  if (facts.disabled) return out.bad('disabled')
  const token =
    expiresAt === undefined
      ? ''
      : expiresAt <= now
        ? ', its token is refreshed with the next request'
        : `, token for ${spell(expiresAt - now)}`
  return `${out.good('ready')}${token}`
}

/** `5 hours   ████████░░  80 %, full again in 2 h`. */
function quotaLine(window: QuotaWindow, now: number): string {
  const over = window.resetsAt !== undefined && window.resetsAt <= now
  const used = over ? 0 : window.used
  const cells = Math.max(0, Math.min(10, Math.round(used * 10)))
  const reset = window.resetsAt === undefined || over ? '' : `, new in ${spell(window.resetsAt - now)}`
  const refused = window.exhausted && !over ? ', used up' : ''
  return `${window.title.padEnd(14)} ${'█'.repeat(cells)}${'░'.repeat(10 - cells)} ${String(Math.round(used * 100)).padStart(3)} % used${reset}${refused}`
}

/** A proxy without the name and password in its URL. */
const proxyHost = (proxy: string): string => URL.parse(proxy)?.host ?? proxy

/** `3 min`, `2 h`, `6 d`: rounded, for people. */
export function spell(ms: number): string {
  const minutes = ms / 60_000
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} s`
  if (minutes < 90) return `${Math.round(minutes)} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

/** All of it for programs; the proxy without its password. */
export function accountJson({ record, title, policy, quota, rests }: AccountRow): Record<string, unknown> {
  const { id, provider, expiresAt, updatedAt, facts } = record
  const { label, email, plan, state, origin, disabled, priority, weight, prefix, concurrency, note } = facts
  return {
    id,
    provider,
    title,
    label,
    email,
    plan: plan ?? quota?.plan,
    state,
    origin,
    disabled,
    priority,
    weight,
    prefix,
    concurrency,
    note,
    proxy: facts.proxyUrl === undefined ? undefined : proxyHost(facts.proxyUrl),
    expiresAt,
    updatedAt,
    policy,
    quota,
    rests: rests.map(({ model, rest }) => ({
      model,
      until: rest.until,
      nextTry: Math.min(rest.probeAt, rest.until),
      reason: rest.failure.message,
    })),
  }
}
