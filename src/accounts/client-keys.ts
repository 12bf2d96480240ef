/**
 * The keys of the clients: those of the config, and those made at run time, which stand in the store as hashes and are
 * followed there. Looked up by hash; settings and limits hold from the next request on, in every process within a second.
 */
import { createHash, hash as hashOf, randomBytes, timingSafeEqual } from 'node:crypto'
import { newClientKey } from '../config/first-run.ts'
import type { Config } from '../config/schema.ts'
import type { Failure } from '../hub/failure.ts'
import type { Behind } from '../store/behind.ts'
import type { Store } from '../store/store.ts'
import { createEntry, type EndedCall, type KeyBase, type KeyEntry, type KeyHolder } from './key-entry.ts'
import { createMeter, type KeyLimits, type KeyUse, type Meter } from './key-meter.ts'
import { checkSettings, KEY_KIND, KeyError, type KeySettings, readKey, type StoredKey, writeKey } from './key-record.ts'
import { createKeyUse } from './key-use.ts'
import { notReadYet, type RefusalReason, rotatedAway } from './key-words.ts'

export type { EndedCall, KeyHolder } from './key-entry.ts'
export type { KeyLimits, KeyUse } from './key-meter.ts'
export { KeyError, type KeySettings } from './key-record.ts'
export type { RefusalReason } from './key-words.ts'

/** A client key for lists and pages; the key itself is not in it. */
export interface ClientKeyRecord extends KeySettings {
  id: string
  /** `config`: stands in the file and is changed there; `store`: made at run time. */
  source: 'config' | 'store'
  /** First characters, where they are known. */
  hint?: string
  createdAt?: number
  rotatedAt?: number
  /** The key before the present one is taken until then. */
  graceUntil?: number
  lastUsedAt?: number
  used: KeyUse
  /** Since the start of the process. */
  refusals: number
  lastRefusal?: { at: number; reason: RefusalReason }
  /** Calls since the start of the process whose cost nobody knows: a limit on money does not see them. */
  unpriced: number
}

export interface ClientKeys {
  /** Nobody needs a key: there is none, and there was none since the start. */
  readonly open: boolean
  /** Rises with every change, so that look-ups can be remembered until the next one. */
  readonly generation: number
  /** Whom a key belongs to, or why it is no longer taken; undefined: not known here. `until`: how long it is taken. */
  find(key: string): { holder: KeyHolder; until?: number } | Failure | undefined
  records(): ClientKeyRecord[]
  /** Makes a key: it is shown this once. @throws {KeyError} @throws {StoreError} */
  create(settings: NewKey): Promise<{ key: string; record: ClientKeyRecord }>
  /** Changes settings; `null` takes one away. @throws {KeyError} @throws {StoreError} */
  change(id: string, patch: KeyPatch): Promise<ClientKeyRecord>
  /** Makes a new key in place of the present one, which is taken `graceMs` longer. */
  rotate(id: string, graceMs?: number): Promise<{ key: string; record: ClientKeyRecord }>
  /** Ends a key now. */
  revoke(id: string): Promise<void>
  /** Takes over the keys of a config. */
  configure(entries: Config['api-keys']): void
  /** Hears that keys came, changed or went, here or in another process. */
  onChange(listener: () => void): () => void
  /** Hears every refusal. */
  onRefusal(listener: (record: { id: string; name: string; reason: RefusalReason }) => void): () => void
  /** Reads the store and follows it. While it cannot be read, only keys of the config are taken, and it is tried again. */
  load(): Promise<void>
  /** Hands what is still to be kept to the write-behind. */
  close(): void
}

export type NewKey = Partial<KeySettings> & { name: string }
export type KeyPatch = { [S in Exclude<keyof KeySettings, 'limits'>]?: KeySettings[S] | null } & {
  limits?: { [L in keyof KeyLimits]?: number | null } | null
}

export interface ClientKeysOptions<Call extends EndedCall = EndedCall> {
  config: Config['api-keys']
  /** Absent: the keys of the config alone. */
  store?: Pick<Store, 'documents' | 'usage' | 'onChange'>
  behind?: Pick<Behind, 'put'>
  now?: () => number
  /** What a call cost, millionths of a US dollar; undefined: unknown. */
  cost?: (call: Call) => number | undefined
  trouble?: (error: Error) => void
}

const RETRY_MS = 2_000
const RECALL_MS = 250
/** A longer grace is a second key. */
const MOST_GRACE_MS = 7 * 86_400_000

const sha256 = (key: string): string => hashOf('sha256', key, 'hex')
const HASHED = /^sha256:([0-9a-f]{64})$/i

export function createClientKeys<Call extends EndedCall>(options: ClientKeysOptions<Call>): ClientKeys {
  const { store, behind, now = Date.now, cost = () => 0, trouble } = options
  const entries = new Map<string, KeyEntry>()
  const meters = new Map<string, Meter>()
  const byHash = new Map<string, { entry: KeyEntry; digest: Buffer; until?: number }>()
  const changed = new Set<() => void>()
  const refusals = new Set<(record: { id: string; name: string; reason: RefusalReason }) => void>()
  let generation = 0
  let everHadKeys = false
  /** The store could not be read yet: who knows what keys there are. */
  let unread = false
  let retry: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  const use = createKeyUse({ store, behind, now, meterOf, trouble })
  configure(options.config)

  function meterOf(id: string): Meter {
    let meter = meters.get(id)
    if (meter === undefined) {
      meter = createMeter()
      meters.set(id, meter)
      use.began(id, meter)
    }
    return meter
  }

  function entryOf(base: KeyBase): KeyEntry {
    const before = entries.get(base.id)
    if (before !== undefined) {
      Object.assign(before, base, { gone: false })
      before.setModels(base.settings.models)
      return before
    }
    const entry = createEntry<Call>(base, {
      now,
      meter: meterOf(base.id),
      cost,
      refused(of, reason) {
        for (const listener of refusals) listener({ id: of.id, name: of.settings.name, reason })
      },
      used: (of) => use.touch(of.id, of.lastUsedAt),
    })
    entries.set(base.id, entry)
    return entry
  }

  /** Puts in place who there is of one source; those who are not are gone. */
  function settle(source: KeyEntry['source'], ids: ReadonlySet<string>): void {
    for (const entry of entries.values())
      if (entry.source === source && !ids.has(entry.id)) {
        entry.gone = true
        entries.delete(entry.id)
      }
    byHash.clear()
    for (const entry of entries.values()) {
      // What stands in the config goes before what was made at run time.
      for (const { hash, until } of [{ hash: entry.hash, until: undefined }, ...(entry.stored?.previous ?? [])])
        if (!byHash.has(hash) || entry.source === 'config')
          byHash.set(hash, { entry, digest: Buffer.from(hash, 'hex'), ...(until !== undefined && { until }) })
    }
    everHadKeys ||= entries.size > 0
    generation += 1
    for (const listener of changed) listener()
  }

  function configure(list: Config['api-keys']): void {
    const ids = new Set<string>()
    for (const item of list) {
      const said = typeof item === 'string' ? { key: item } : item
      const hash = (HASHED.exec(said.key)?.[1] ?? sha256(said.key)).toLowerCase()
      const id = `config-${hash.slice(0, 12)}`
      ids.add(id)
      const router = 'ai-router' in said ? said['ai-router'] : undefined
      entryOf({ id, source: 'config', hash, stored: undefined, settings: settingsOf(said, hash), router })
    }
    settle('config', ids)
  }

  async function read(): Promise<void> {
    const rows = await store!.documents.all(KEY_KIND, now())
    const found = rows.flatMap((row) => readKey(row) ?? [])
    for (const stored of found)
      entryOf({ id: stored.id, source: 'store', hash: stored.hash, stored, settings: stored, router: undefined })
    settle('store', new Set(found.map(({ id }) => id)))
    // One that cannot be read lets nobody in, but it is no reason to let everybody in.
    everHadKeys ||= rows.length > 0
  }

  let toldWhy: string | undefined
  /** The first reading, tried until it is done. Told once for each reason. */
  async function first(): Promise<void> {
    try {
      await reread()
      unread = false
    } catch (error) {
      unread = true
      generation += 1
      const { message } = error as Error
      if (message !== toldWhy) trouble?.(error as Error)
      toldWhy = message
      retry = setTimeout(() => void first(), RETRY_MS).unref()
      return
    }
    const names = [...entries.values()].map(({ id, settings }) => ({ id, name: settings.name }))
    const recall = use.load(names).catch((error: Error) => trouble?.(error))
    // What was used before this start is worth a moment; nobody waits long for it.
    await Promise.race([recall, new Promise((resolve) => setTimeout(resolve, RECALL_MS).unref())])
  }

  let reading: Promise<void> | undefined
  let again = false
  function reread(): Promise<void> {
    again = true
    reading ??= (async () => {
      while (again) {
        again = false
        await read()
      }
    })().finally(() => {
      reading = undefined
    })
    return reading
  }

  /** @throws {KeyError} */
  function inStore(id: string): KeyEntry & { stored: NonNullable<KeyEntry['stored']> } {
    const entry = entries.get(id)
    if (entry === undefined) throw new KeyError('unknown', `There is no client key "${id}".`)
    if (entry.stored === undefined)
      throw new KeyError(
        'read-only',
        `The key "${entry.settings.name}" stands in the config file and is changed there.`,
      )
    return entry as KeyEntry & { stored: NonNullable<KeyEntry['stored']> }
  }

  async function write(stored: StoredKey, expected: number): Promise<ClientKeyRecord> {
    if (store === undefined) throw new KeyError('read-only', 'Nothing is kept here, so no keys can be made.')
    const row = { kind: KEY_KIND, id: stored.id, value: writeKey(stored), updatedAt: now(), expected }
    if ((await store.documents.put([row])) === 'conflict') {
      await reread()
      throw new KeyError('conflict', 'The key was changed by somebody else at the same time. Look at it and try again.')
    }
    await reread()
    return recordOf(entries.get(stored.id)!)
  }

  function freeName(name: string, id?: string): void {
    for (const entry of entries.values())
      if (entry.id !== id && entry.settings.name.toLowerCase() === name.toLowerCase())
        throw new KeyError('taken', `There is a key "${entry.settings.name}" already. Choose another name.`)
  }

  function recordOf(entry: KeyEntry): ClientKeyRecord {
    const { id, source, settings, stored, refusals: count, lastRefusal, unpriced } = entry
    const { name, models, limits, expiresAt, enabled, note, keepsBodiesMs } = settings
    const grace = Math.max(0, ...(stored?.previous ?? []).map((p) => p.until).filter((until) => until > now()))
    const lastUsedAt = Math.max(entry.lastUsedAt, use.lastUsed(id))
    return withoutUndefined({
      id,
      source,
      name,
      models,
      limits: { ...limits },
      expiresAt,
      enabled,
      note,
      keepsBodiesMs,
      hint: stored?.hint,
      createdAt: stored?.createdAt,
      rotatedAt: stored?.rotatedAt,
      graceUntil: grace > 0 ? grace : undefined,
      lastUsedAt: lastUsedAt > 0 ? lastUsedAt : undefined,
      used: meterOf(id).used(now()),
      refusals: count,
      lastRefusal,
      unpriced,
    })
  }

  return {
    get open() {
      return !everHadKeys && !unread
    },
    get generation() {
      return generation
    },
    find(key) {
      const digest = createHash('sha256').update(key).digest()
      const found = byHash.get(digest.toString('hex'))
      // The look-up is by digest, so its timing tells nothing of the key; the comparison is constant-time besides.
      if (found === undefined || !timingSafeEqual(found.digest, digest))
        return unread && MADE_HERE.test(key) ? notReadYet() : undefined
      const { entry, until } = found
      if (until !== undefined && now() >= until) return rotatedAway(entry.settings.name, until)
      return until === undefined ? { holder: entry.holder } : { holder: entry.holder, until }
    },
    records: () => [...entries.values()].map(recordOf),
    async create(settings) {
      const whole: KeySettings = { limits: {}, enabled: true, ...withoutUndefined(settings) }
      checkSettings(whole, now())
      freeName(whole.name)
      const key = newClientKey()
      const id = `key-${randomBytes(5).toString('hex')}`
      const stored = { ...whole, id, hash: sha256(key), hint: hintOf(key), createdAt: now(), previous: [] }
      return { key, record: await write(stored, 0) }
    },
    async change(id, patch) {
      const { stored } = inStore(id)
      const { version, ...before } = stored
      const limits = patch.limits === null ? {} : withoutEmpty({ ...before.limits, ...patch.limits })
      const next = withoutEmpty({ ...before, ...withoutUndefined(patch), limits }) as StoredKey
      const expires = patch.expiresAt === undefined ? undefined : next.expiresAt
      checkSettings({ ...next, expiresAt: expires }, now())
      freeName(next.name, id)
      return await write(next, version)
    },
    async rotate(id, graceMs = 0) {
      const { version, ...before } = inStore(id).stored
      if (!(graceMs >= 0 && graceMs <= MOST_GRACE_MS))
        throw new KeyError('invalid', 'The old key is taken for up to 7 days more.')
      const at = now()
      const key = newClientKey()
      // Keys of the past stay known for a while, so that whoever still uses one is told what happened.
      const previous = [{ hash: before.hash, until: at + graceMs }, ...before.previous].slice(0, 5)
      const next = { ...before, hash: sha256(key), hint: hintOf(key), rotatedAt: at, previous }
      return { key, record: await write(next, version) }
    },
    async revoke(id) {
      const { stored } = inStore(id)
      await store!.documents.remove(KEY_KIND, [stored.id])
      await reread()
    },
    configure,
    onChange(listener) {
      changed.add(listener)
      return () => changed.delete(listener)
    },
    onRefusal(listener) {
      refusals.add(listener)
      return () => refusals.delete(listener)
    },
    async load() {
      if (store === undefined) return
      stop ??= store.onChange((change) => {
        if (change.table === 'documents' && change.kind === KEY_KIND) reread().catch((error) => trouble?.(error))
      })
      await first()
    },
    close() {
      clearTimeout(retry)
      stop?.()
      use.close()
    },
  }
}

/** A key of the config as settings. */
function settingsOf(said: Exclude<Config['api-keys'][number], string> | { key: string }, hash: string): KeySettings {
  const whole: Partial<Exclude<Config['api-keys'][number], string>> = said
  const { limits } = whole
  return withoutUndefined({
    name: whole.name ?? `key-${hash.slice(0, 8)}`,
    models: whole.models,
    limits: withoutUndefined({
      requestsPerMinute: limits?.['requests-per-minute'],
      tokensPerMinute: limits?.['tokens-per-minute'],
      tokensPerDay: limits?.['tokens-per-day'],
      microsPerDay: micros(limits?.['usd-per-day']),
      microsPerMonth: micros(limits?.['usd-per-month']),
      concurrency: limits?.concurrent,
    }),
    expiresAt: whole.expires,
    enabled: whole.enabled ?? true,
    keepsBodiesMs: whole['store-bodies'] === undefined ? undefined : whole['store-bodies'].expires * 1000,
  })
}

const micros = (usd: number | undefined): number | undefined =>
  usd === undefined ? undefined : Math.max(1, Math.round(usd * 1_000_000))

/** The form of keys made at run time. */
const MADE_HERE = /^lp-[A-Za-z0-9]{40}$/
const hintOf = (key: string): string => `${key.slice(0, 7)}…`

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}

function withoutEmpty<T extends object>(object: T): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null))
}
