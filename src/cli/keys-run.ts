/** `logicaproxy keys …`: works on the shared store, beside a running server, which takes it over within a second. */
import {
  type ClientKeyRecord,
  type ClientKeys,
  createClientKeys,
  KeyError,
  type KeyPatch,
  type NewKey,
} from '../accounts/client-keys.ts'
import { parseDate, parseDuration } from '../config/fields.ts'
import type { KeysCliOptions } from './keys.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { dollars, table, withStore } from './with-store.ts'

/** @throws {CommandError} */
export async function keys(
  out: Output,
  options: KeysCliOptions,
  verb: string,
  word: string | undefined,
): Promise<void> {
  await withStore(options, async (store, config) => {
    const all = createClientKeys({ config: config['api-keys'], store })
    try {
      await all.load()
      await act(out, all, options, verb, word ?? '')
    } catch (error) {
      if (error instanceof KeyError)
        throw new CommandError(error.message, error.code === 'conflict' ? EXIT.failed : EXIT.usage)
      throw error
    } finally {
      all.close()
    }
  })
}

async function act(out: Output, all: ClientKeys, options: KeysCliOptions, verb: string, word: string): Promise<void> {
  switch (verb) {
    case 'list':
      list(out, all.records())
      return
    case 'create':
      show(out, await all.create(settingsOf(options, word)), 'made')
      return
    case 'rotate': {
      const grace = duration(options.grace ?? '0', '--grace')
      show(out, await all.rotate(named(all, word).id, grace), 'rotated')
      if (grace > 0) out.talk(`The old one is taken for ${options.grace} more.`)
      return
    }
    case 'revoke': {
      const record = named(all, word)
      await all.revoke(record.id)
      out.line(`${out.good('✔')} The key "${record.name}" is not taken any more.`)
      out.data({ event: 'revoked', id: record.id, name: record.name })
      return
    }
    default: {
      const patch = verb === 'change' ? patchOf(options) : { enabled: verb === 'enable' }
      if (Object.keys(patch).length === 0) throw new CommandError('Say what to change: --help lists it.', EXIT.usage)
      const record = await all.change(named(all, word).id, patch)
      out.line(`${out.good('✔')} ${record.name}  ${limitsOf(record) || 'no limits'}`)
      out.data({ event: 'changed', ...record })
    }
  }
}

function show(out: Output, { key, record }: { key: string; record: ClientKeyRecord }, done: string): void {
  out.line(`${out.good('✔')} The key "${record.name}" is ${done}. It is shown this once:`)
  out.line()
  out.line(`  ${out.bold(key)}`)
  out.line()
  out.line('A running server takes it within a second.')
  out.data({ event: done, key, ...record })
}

/** @throws {CommandError} */
function named(all: ClientKeys, word: string): ClientKeyRecord {
  const records = all.records()
  const found = records.filter((r) => r.id === word || r.name.toLowerCase() === word.toLowerCase())
  if (found.length === 1) return found[0]!
  const names = records.map((r) => `${r.name} (${r.id})`).join(', ')
  throw new CommandError(
    `There ${found.length === 0 ? `is no key "${word}"` : `are several keys "${word}"`}.${names === '' ? '' : ` There are: ${names}.`}`,
    EXIT.usage,
  )
}

function list(out: Output, records: readonly ClientKeyRecord[]): void {
  out.data({ keys: records })
  if (records.length === 0) {
    out.line(
      'There is no key: everyone on this machine may use these accounts. "logicaproxy keys create <name>" makes one.',
    )
    return
  }
  const rows = records.map((r) => [
    r.name,
    r.hint ?? (r.source === 'config' ? 'in the config' : ''),
    stateOf(r),
    String(r.used.requestsThisMonth),
    dollars(r.used.microsThisMonth),
    r.lastUsedAt === undefined ? '' : day(r.lastUsedAt),
    [r.models?.join(',') ?? '', limitsOf(r)].filter((text) => text !== '').join('; '),
  ])
  const titles = ['NAME', 'KEY', 'STATE', 'REQUESTS', 'COST', 'LAST USED', 'MAY']
  const [head, ...lines] = table([titles, ...rows], new Set([3, 4]))
  out.line(out.dim(head!))
  for (const line of lines) out.line(line)
  out.line(out.dim('Requests and cost of this month (UTC), cost by list prices.'))
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

function stateOf(r: ClientKeyRecord): string {
  if (!r.enabled) return 'disabled'
  if (r.expiresAt !== undefined) return r.expiresAt <= Date.now() ? 'expired' : `until ${day(r.expiresAt)}`
  return r.graceUntil === undefined ? 'ready' : `ready, the old one until ${day(r.graceUntil)}`
}

function limitsOf({ limits }: ClientKeyRecord): string {
  const said = [
    limits.requestsPerMinute && `${limits.requestsPerMinute} requests/min`,
    limits.tokensPerMinute && `${limits.tokensPerMinute} tokens/min`,
    limits.tokensPerDay && `${limits.tokensPerDay} tokens/day`,
    limits.microsPerDay && `${dollars(limits.microsPerDay)}/day`,
    limits.microsPerMonth && `${dollars(limits.microsPerMonth)}/month`,
    limits.concurrency && `${limits.concurrency} at once`,
  ]
  return said.filter(Boolean).join(', ')
}

/** What the flags say of a new key. @throws {CommandError} */
function settingsOf(options: KeysCliOptions, name: string): NewKey {
  const patch = patchOf(options)
  const said = Object.entries(patch).filter(([, value]) => value !== null)
  const limits = Object.fromEntries(Object.entries(patch.limits ?? {}).filter(([, value]) => value !== null))
  return { ...(Object.fromEntries(said) as Omit<NewKey, 'name' | 'limits'>), limits, name }
}

/** What the flags change; `none` takes it away. @throws {CommandError} */
export function patchOf(options: KeysCliOptions): KeyPatch {
  const patch: KeyPatch = {}
  const limits: NonNullable<KeyPatch['limits']> = {}
  const set = <T>(text: string | undefined, read: (text: string) => T, put: (value: T | null) => void): void => {
    if (text !== undefined) put(text === 'none' ? null : read(text))
  }
  const count = (flag: string) => (text: string) => number(text, flag, true)
  const money = (flag: string) => (text: string) => Math.round(number(text, flag, false) * 1_000_000)
  set(options.requestsPerMinute, count('--requests-per-minute'), (n) => {
    limits.requestsPerMinute = n
  })
  set(options.tokensPerMinute, count('--tokens-per-minute'), (n) => {
    limits.tokensPerMinute = n
  })
  set(options.tokensPerDay, count('--tokens-per-day'), (n) => {
    limits.tokensPerDay = n
  })
  set(options.usdPerDay, money('--usd-per-day'), (n) => {
    limits.microsPerDay = n
  })
  set(options.usdPerMonth, money('--usd-per-month'), (n) => {
    limits.microsPerMonth = n
  })
  set(options.concurrent, count('--concurrent'), (n) => {
    limits.concurrency = n
  })
  if (Object.keys(limits).length > 0) patch.limits = limits
  set(options.models, words, (models) => {
    patch.models = models
  })
  set(options.expires, date, (at) => {
    patch.expiresAt = at
  })
  set(
    options.note,
    (text) => text,
    (note) => {
      patch.note = note
    },
  )
  set(
    options.storeBodies,
    (text) => duration(text, '--store-bodies'),
    (ms) => {
      patch.keepsBodiesMs = ms
    },
  )
  return patch
}

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

function number(text: string, flag: string, whole: boolean): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0 || (whole && !Number.isSafeInteger(value)))
    throw new CommandError(
      `${flag} takes ${whole ? 'a whole number' : 'an amount'} above 0, or none; found "${text}".`,
      EXIT.usage,
    )
  return value
}

function duration(text: string, flag: string): number {
  const seconds = parseDuration(text)
  if (seconds === undefined)
    throw new CommandError(`${flag} takes a duration such as 30m, 1h or 7d; found "${text}".`, EXIT.usage)
  return seconds * 1000
}

function date(text: string): number {
  const at = parseDate(text)
  if (at === undefined)
    throw new CommandError(
      `--expires takes a date such as 2027-01-31 or 2027-01-31T18:00:00Z; found "${text}".`,
      EXIT.usage,
    )
  return at
}
