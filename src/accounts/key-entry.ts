/** One client key in memory: its settings, its meter, and what the road asks of it. */
import type { Config } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import type { Failure } from '../hub/failure.ts'
import type { Usage } from '../hub/response.ts'
import type { Meter } from './key-meter.ts'
import type { KeySettings, StoredKey } from './key-record.ts'
import { disabled, expired, limitReached, type RefusalReason, revoked } from './key-words.ts'

/** Routes of "auto" for one client. */
export type OwnRouter = Exclude<Config['api-keys'][number], string>['ai-router']

/** What of a call that is over a key has to know. */
export interface EndedCall {
  usage?: Usage
}

/** What the door and the road ask of a client key; it lives as long as the key, and says what holds now. */
export interface KeyHolder {
  readonly name: string
  /** Name for the store and for pages. */
  readonly keyId: string
  /** How long bodies of its calls are kept, ms; undefined: they are not. */
  readonly keepsBodiesMs: number | undefined
  /** What "auto" means for this client, where the config says so. */
  readonly router: OwnRouter | undefined
  allows(model: string): boolean
  /** Why it is not let in at all: it has expired, is switched off or revoked. */
  ended(): Failure | undefined
  /** Why it is refused now, limits included; a look without consequences. */
  refusal(): Failure | undefined
  /** Takes a place for a call, or says why there is none. What it gives is called once, when the call is over. */
  begin(): Failure | ((call: EndedCall) => void)
}

export interface KeyEntry {
  readonly id: string
  readonly source: 'config' | 'store'
  readonly holder: KeyHolder
  settings: KeySettings
  /** Set for keys of the store. */
  stored: (StoredKey & { version: number }) | undefined
  /** Hash of the present key. */
  hash: string
  router: OwnRouter | undefined
  gone: boolean
  lastUsedAt: number
  refusals: number
  /** Calls of a priced limit whose cost nobody knows. */
  unpriced: number
  lastRefusal: { at: number; reason: RefusalReason } | undefined
  setModels(models: readonly string[] | undefined): void
}

/** What an entry is made of, and what changes when its key does. */
export type KeyBase = Pick<KeyEntry, 'id' | 'source' | 'settings' | 'hash' | 'stored' | 'router'>

export interface EntryContext<Call extends EndedCall> {
  now: () => number
  meter: Meter
  /** Millionths of a US dollar; undefined: unknown. */
  cost(call: Call): number | undefined
  refused(entry: KeyEntry, reason: RefusalReason): void
  /** Something was used and is to be kept. */
  used(entry: KeyEntry): void
}

export function createEntry<Call extends EndedCall>(
  base: KeyBase,
  { now, meter, cost, refused, used }: EntryContext<Call>,
): KeyEntry {
  let allows: ((model: string) => boolean) | undefined
  const entry: KeyEntry = {
    ...base,
    gone: false,
    lastUsedAt: 0,
    refusals: 0,
    unpriced: 0,
    lastRefusal: undefined,
    holder: {
      get name() {
        return entry.settings.name
      },
      keyId: base.id,
      get keepsBodiesMs() {
        return entry.settings.keepsBodiesMs
      },
      get router() {
        return entry.router
      },
      allows: (model) => allows?.(model) ?? true,
      ended: () => standing(now()),
      refusal() {
        const at = now()
        return standing(at) ?? over(meter.look(entry.settings.limits, at), at)
      },
      begin() {
        const at = now()
        const why = standing(at) ?? over(meter.enter(entry.settings.limits, at), at)
        if (why !== undefined) return why
        entry.lastUsedAt = at
        used(entry)
        return leave as (call: EndedCall) => void
      },
    },
    setModels(models) {
      allows = models === undefined ? undefined : matcher(models)
    },
  }
  entry.setModels(base.settings.models)
  return entry

  /** Not closed over the call: one function serves all calls of the key. */
  function leave(call: Call): void {
    const { usage } = call
    const micros = cost(call)
    if (micros === undefined) entry.unpriced += 1
    // What a cache gave back was counted when it was written.
    const tokens = usage === undefined ? 0 : usage.input + usage.cacheWrite + usage.output
    meter.leave(now(), tokens, micros)
    used(entry)
  }

  function standing(at: number): Failure | undefined {
    const { name, enabled, expiresAt } = entry.settings
    if (entry.gone) return told('revoked', revoked(name))
    if (expiresAt !== undefined && at >= expiresAt) return told('expired', expired(name, expiresAt))
    if (!enabled) return told('disabled', disabled(name))
    return undefined
  }

  function over(reached: ReturnType<Meter['look']>, at: number): Failure | undefined {
    return reached && told(reached.limit, limitReached(entry.settings.name, reached, at))
  }

  function told(reason: RefusalReason, failure: Failure): Failure {
    entry.refusals += 1
    entry.lastRefusal = { at: now(), reason }
    refused(entry, reason)
    return failure
  }
}
