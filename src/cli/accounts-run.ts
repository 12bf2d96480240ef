/** `logicaproxy accounts …`: works on the shared store, beside a running server or without one. */
import type { Rest } from '../accounts/cooldown.ts'
import type { LoginFacts, LoginRecord } from '../accounts/login-record.ts'
import type { OpenAccounts } from '../accounts/open.ts'
import type { QuotaState } from '../accounts/quota.ts'
import type { Store } from '../store/store.ts'
import { type AccountRow, accountJson, accountLines } from './account-view.ts'
import type { AccountsCliOptions } from './accounts.ts'
import { accountData, checkedProxy } from './login-run.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { loginProviders, withAccounts } from './with-accounts.ts'

/** Kinds of the store's documents that others write (accounts/remembrance.ts). */
const REST = 'cooldown'
const QUOTA = 'quota'

/** @throws {CommandError} */
export async function accounts(
  out: Output,
  options: AccountsCliOptions,
  verb: string,
  words: readonly string[],
): Promise<void> {
  await withAccounts(out, options, async (open) => {
    if (verb === 'list') return await list(out, open)
    const record = named(open.logins.records(), words[0]!)
    const changed = await act(out, options, open, verb, record, words[1])
    if (changed === undefined) return
    out.line(`${out.good('✔')} ${changed.facts.label}  ${changed.id}`)
    out.data(accountData(changed))
  })
}

/** Does it. @returns the record as it is then; undefined: it has told all itself. */
async function act(
  out: Output,
  options: AccountsCliOptions,
  { logins, store }: OpenAccounts,
  verb: string,
  record: LoginRecord,
  value: string | undefined,
): Promise<LoginRecord | undefined> {
  const { id, facts } = record
  switch (verb) {
    case 'remove':
      await logins.remove(id, options.revoke === true)
      out.line(`${out.good('✔')} ${facts.label} is forgotten.`)
      out.data({ event: 'removed', id, revoked: options.revoke === true })
      out.talk(afterRemoval(record.provider, options.revoke === true))
      return undefined
    case 'reset': {
      const ids = (await store.documents.all(REST, Date.now()))
        .map((row) => row.id)
        .filter((key) => restKey(key)?.account === id)
      if (ids.length > 0) await store.documents.remove(REST, ids)
      out.line(`${out.good('✔')} ${facts.label}: ${ids.length} ${ids.length === 1 ? 'rest' : 'rests'} forgotten.`)
      out.data({ event: 'reset', id, rests: ids.length })
      return undefined
    }
    case 'refresh':
      return await logins.refresh(id)
    default:
      return await logins.change(id, changeOf(verb, value ?? ''))
  }
}

function afterRemoval(provider: string, revoke: boolean): string {
  const flow = loginProviders.find((p) => p.id === provider)?.login
  if (flow?.revoke === undefined)
    return 'Its vendor cannot be told from here: end the session on the account page there, too.'
  return revoke
    ? 'Its vendor was told.'
    : 'Its vendor still counts it as logged in; --revoke would have ended that, too.'
}

/** A changed fact from its words. @throws {CommandError} */
export function changeOf(verb: string, value: string): Partial<LoginFacts> {
  switch (verb) {
    case 'enable':
      return { disabled: false }
    case 'disable':
      return { disabled: true }
    case 'label': {
      const label = value.trim()
      if (label === '') throw usage('The name must not be empty.')
      return { label }
    }
    case 'weight':
      return { weight: number(value, 0, 1_000, 'The weight') }
    case 'priority':
      return { priority: number(value, -1_000, 1_000, 'The priority', true) }
    case 'concurrency':
      return {
        concurrency: value === 'default' ? undefined : number(value, 1, 100_000, 'The most requests at once', true),
      }
    case 'proxy':
      return { proxyUrl: value === 'default' ? undefined : checkedProxy(value) }
    default:
      throw usage(`There is no "accounts ${verb}".`)
  }
}

function number(text: string, least: number, most: number, what: string, whole = false): number {
  const value = Number(text)
  if (
    text.trim() === '' ||
    !Number.isFinite(value) ||
    value < least ||
    value > most ||
    (whole && !Number.isInteger(value))
  )
    throw usage(`${what} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, found "${text}".`)
  return value
}

const usage = (message: string): CommandError => new CommandError(message, EXIT.usage)

/** The account of an id, the beginning of one, a label or an address. @throws {CommandError} if it is none, or several. */
export function named(records: readonly LoginRecord[], name: string): LoginRecord {
  const exact = records.find((r) => r.id === name)
  if (exact !== undefined) return exact
  const wanted = name.toLowerCase()
  const same = records.filter((r) => r.facts.label.toLowerCase() === wanted || r.facts.email?.toLowerCase() === wanted)
  const found = same.length > 0 ? same : records.filter((r) => r.id.startsWith(wanted))
  if (found.length === 1) return found[0]!
  const among = (found.length > 1 ? found : records).map((r) => `${r.id} (${r.facts.label})`)
  const list =
    among.length === 0
      ? ' Nobody is logged in: logicaproxy login <provider>.'
      : ` There ${found.length > 1 ? 'are' : 'is'}: ${among.join(', ')}.`
  throw usage(found.length > 1 ? `"${name}" is several accounts.${list}` : `There is no account "${name}".${list}`)
}

async function list(out: Output, { logins, store }: OpenAccounts): Promise<void> {
  const rows = await rowsOf(logins.records(), store)
  if (rows.length === 0)
    out.line(
      'Nobody is logged in. "logicaproxy login" does that, "logicaproxy import" takes over logins that are on this machine.',
    )
  for (const row of rows) for (const line of accountLines(row, out, Date.now())) out.line(line)
  out.data({ accounts: rows.map(accountJson) })
}

/** What the store knows of each account beside its record. */
async function rowsOf(records: readonly LoginRecord[], store: Pick<Store, 'documents'>): Promise<AccountRow[]> {
  const now = Date.now()
  const [rests, quotas] = await Promise.all([store.documents.all(REST, now), store.documents.all(QUOTA, now)])
  const quotaOf = new Map(quotas.map((row) => [row.id, parsed<QuotaState>(row.value)]))
  const restsOf = new Map<string, AccountRow['rests']>()
  for (const row of rests) {
    const place = restKey(row.id)
    const rest = parsed<Rest>(row.value)
    if (place === undefined || rest === undefined) continue
    restsOf.set(place.account, [...(restsOf.get(place.account) ?? []), { model: place.model, rest }])
  }
  return records.map((record) => {
    const provider = loginProviders.find((p) => p.id === record.provider)
    return {
      record,
      title: provider?.login.title ?? record.provider,
      policy: provider?.login.policy,
      quota: quotaOf.get(record.id),
      rests: restsOf.get(record.id) ?? [],
    }
  })
}

function restKey(id: string): { account: string; model?: string } | undefined {
  const key = parsed<[string, string | null]>(id)
  if (!Array.isArray(key) || typeof key[0] !== 'string') return undefined
  return key[1] === null ? { account: key[0] } : { account: key[0], model: key[1] }
}

function parsed<T>(json: string): T | undefined {
  try {
    return JSON.parse(json) as T
  } catch {
    return undefined
  }
}
