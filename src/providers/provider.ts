import type { Account } from '../accounts/account.ts'
import type { Failure } from '../hub/failure.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { ReasoningAbility } from '../hub/reasoning.ts'
import type { ModelFamily } from './families.ts'

/** What a vendor says about use of its subscription or key through a program like this one. */
export interface ProviderPolicy {
  state: 'supported' | 'tolerated' | 'restricted' | 'discontinued'
  /** ISO date of the reading. */
  since: string
  note: string
  url: string
}

/** A model a provider is known to serve; lengths in tokens. */
export interface ProviderModel {
  id: string
  displayName?: string
  contextLength?: number
  maxOutput?: number
  reasoning?: ReasoningAbility
}

/** A request on its way out, in the account's dialect, before the vendor's address and credential are put on. */
export interface Outgoing {
  protocol: ProtocolId
  action: 'generate' | 'count-tokens' | 'compact'
  /** Upstream model name. */
  model: string
  stream: boolean
  /** Query of the client's request without credentials, `''` or starting with `?`. */
  query: string
  /** The client's own headers that may travel on: flat list of names and values, as they came. */
  headers: readonly string[]
  body: Buffer
}

/** What is sent: a flat header list keeps the client's spelling and order. */
export interface UpstreamRequest {
  origin: string
  path: string
  method: 'POST' | 'GET'
  headers: string[]
  body: Buffer | null
}

/** Who answers. Data and a small adapter; removable without touching anything else. */
export interface Provider {
  id: string
  title: string
  /** Other names accepted in `/api/provider/{name}/…`. */
  aliases: readonly string[]
  policy: ProviderPolicy
  /** Dialects its endpoint speaks when the account does not say otherwise, best first. */
  speaks: readonly ProtocolId[]
  baseUrl: string
  /** Models known without asking. */
  models: readonly ProviderModel[]
  /** What is known of models by the form of their names. */
  families?: readonly ModelFamily[]
  /** Whether a name that is in no list is worth sending there (new models appear between releases). */
  serves(model: string): boolean
  /** Address, headers and envelope. Pure. */
  request(out: Outgoing, account: Account): UpstreamRequest
  /** What this vendor's refusals mean, where that differs from the dialect's usual reading. */
  judge?(
    failure: Failure,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: string,
  ): Failure
}
