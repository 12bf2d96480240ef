import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Effort } from '../hub/request.ts'

/** What is presented upstream. Key accounts never change; login accounts are refreshed. */
export interface Credential {
  type: 'api-key'
  value: string
}

/** A model an account serves: the name clients use and the name the upstream knows. */
export interface AccountModel {
  /** Public name (the alias, or the upstream's own name). */
  name: string
  upstream: string
  /** Context window in tokens, where the configuration tells it. */
  contextLength?: number
  /** Reasoning levels it accepts, where the configuration tells them (`thinking.levels`). */
  efforts?: readonly Effort[]
}

/** Who pays: one credential with one provider, as the configuration describes it. Frozen with its snapshot. */
export interface Account {
  /** Stable over reloads and restarts, opaque: provider id and a digest of the credential. Living state is keyed by it. */
  id: string
  provider: string
  /** For people: label, or a masked hint of the key. */
  label: string
  credential: Credential
  /** Base URL without a trailing slash. */
  baseUrl: string
  /** `direct`, a proxy URL, or undefined for the global setting. */
  proxyUrl?: string
  /** Headers the operator adds to every request. */
  headers: Readonly<Record<string, string>>
  /** Dialects this account's endpoint speaks, best first. */
  speaks: readonly ProtocolId[]
  /** Higher tiers are used first. */
  priority: number
  /** Share within a tier for the weighted strategy; 1 is normal. */
  weight: number
  prefix?: string
  /** Models listed in the configuration; undefined: the provider's own list. */
  models?: readonly AccountModel[]
  /** Whether a model name is excluded (wildcards of the configuration). */
  excludes(model: string): boolean
  /** True: this account never rests (`disable-cooling`). */
  neverRests: boolean
}
