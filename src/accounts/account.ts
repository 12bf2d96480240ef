import type { ProtocolId } from '../hub/protocol-id.ts'
import type { Effort } from '../hub/request.ts'

/** What is presented upstream at one moment. */
export type Credential =
  | { type: 'api-key'; value: string }
  | {
      type: 'oauth'
      /** The access token. */
      value: string
      /** What the vendor's API wants beside it: `account-id`, `project`, `resource-url`, `plan` … */
      details: Readonly<Record<string, string>>
    }

/** A model an account serves: the name clients use and the name the upstream knows. */
export interface AccountModel {
  /** Public name (the alias, or the upstream's own name). */
  name: string
  upstream: string
  /** Context window in tokens, where the configuration or the vendor's own list tells it. */
  contextLength?: number
  /** Reasoning levels it accepts, where the configuration tells them (`thinking.levels`). */
  efforts?: readonly Effort[]
}

/** Who pays: one credential with one provider, as configuration and logins describe it. Frozen with its snapshot. */
export interface Account {
  /** Stable over reloads and restarts, opaque: provider id and a digest of the credential or of who it belongs to. Living state is keyed by it. */
  id: string
  provider: string
  /** For people: label, or a masked hint of the key, or the login's e-mail. */
  label: string
  /** A key from the configuration; a login's token is asked of `Logins` each time, because it changes. */
  credential: { type: 'api-key'; value: string } | { type: 'login' }
  /** Base URL without a trailing slash. */
  baseUrl: string
  /** Further addresses of the same API in the vendor's order, for when the first does not answer. */
  otherBaseUrls?: readonly string[]
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
  /** Models listed in the configuration or by the vendor; undefined: the provider's own list. */
  models?: readonly AccountModel[]
  /** True: names outside `models` are tried, too, where the provider takes them by their form. */
  open?: boolean
  /** Whether a model name is excluded (wildcards of the configuration). */
  excludes(model: string): boolean
  /** True: this account never rests (`disable-cooling`). */
  neverRests: boolean
  /** Most requests under way at once; undefined: no limit. */
  concurrency?: number
}
