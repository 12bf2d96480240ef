import type { Account, AccountModel, Credential } from '../accounts/account.ts'
import type { LoginFlow, LoginPolicy, VendorHttp } from '../accounts/oauth/flow.ts'
import type { QuotaReading } from '../accounts/quota.ts'
import type { Failure } from '../hub/failure.ts'
import type { Loss } from '../hub/loss.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'
import type { ReasoningAbility } from '../hub/reasoning.ts'
import type { ModelFamily } from './families.ts'

/** What a vendor says about use of its subscription or key through a program like this one. */
export type ProviderPolicy = LoginPolicy

/** A model a provider is known to serve; lengths in tokens. */
export interface ProviderModel {
  id: string
  displayName?: string
  contextLength?: number
  maxOutput?: number
  reasoning?: ReasoningAbility
  /** Media it takes beside text; absent: unknown. */
  input?: readonly MediaInput[]
  /** False: it takes no tools. */
  tools?: false
  /** False: it holds to no JSON schema. */
  schema?: false
}

/** A kind of media a model may take. */
export type MediaInput = 'image' | 'document' | 'audio' | 'video'

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
  /** The conversation's key, where one is known: stable, opaque. Some vendors keep their caches by a header of it. */
  session?: string
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
  /** The same for accounts people logged in to, where a subscription serves other models than a key. */
  loginModels?: readonly ProviderModel[]
  /** What is known of models by the form of their names. */
  families?: readonly ModelFamily[]
  /** Whether a name that is in no list is worth sending there (new models appear between releases). */
  serves(model: string): boolean
  /** How people log in to it; absent: by key alone. */
  login?: LoginFlow
  /** Address and headers. Pure. `credential` is the account's key, or its token of this moment. */
  request(out: Outgoing, account: Account, credential: Credential): UpstreamRequest
  /**
   * What this vendor's API wants of a body and what it gives back, where it is not the dialect's plain form. Asked once for
   * each attempt: what it returns may remember what the answer's stream has told.
   */
  vessel?(account: Account): Vessel | undefined
  /** Reads what is left of the account's allowances. */
  quota?: QuotaSource
  /** The vendor's own list of models for this account; undefined where it has none. @throws {LoginError} */
  liveModels?(account: Account, credential: Credential, http: VendorHttp): Promise<readonly AccountModel[] | undefined>
  /** What this vendor's refusals mean, where that differs from the dialect's usual reading. */
  judge?(
    failure: Failure,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: string,
  ): Failure
}

/** What `Vessel.edit` knows of the call. */
export interface EditContext {
  protocol: ProtocolId
  action: Outgoing['action']
  /** Upstream model name. */
  model: string
  /** Whether the client reads a stream. */
  stream: boolean
  account: Account
  credential: Credential
  /** The request's id: the same for every attempt of one call. */
  id: string
  /** The conversation's key, where one is known: stable, opaque. */
  session?: string
}

/** How bodies travel to a vendor whose API is a dialect with demands of its own, or a dialect in an envelope. */
export interface Vessel {
  /** Bodies pass as they are: `edit` is not asked, and may be left to say so itself. */
  asIs?: true
  /** The account under the address of this attempt, where the vendor has several. */
  at?: Account
  /** The API streams only: a whole answer is gathered from its stream. */
  streamsOnly?: boolean
  /** Changes the body (already in the dialect) to what the vendor takes, and puts the envelope on. @returns what was lost. */
  edit(body: Record<string, unknown>, context: EditContext): { body: Record<string, unknown>; losses: Loss[] }
  /**
   * Takes the envelope off the JSON text of one event, or of a whole answer; undefined: there is nothing in it for us.
   * @throws {FailureError} when the content is a refusal in disguise.
   */
  open?(json: string): string | undefined
  /**
   * Hears why the attempt was in vain, before anybody rests for it. @returns whether the same account has another way (a
   * host, a project) that is free: then nobody rests, and the request is tried again. What failed rests here meanwhile, so
   * that this ends.
   */
  turn?(failure: Failure): boolean
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Where readings of allowances come from. Each returns undefined when there is nothing to read. */
export interface QuotaSource {
  fromHeaders?(headers: Headers, now: number): QuotaReading | undefined
  /** From an event of a stream; `name` and `data` as they came. Called for every event: look at the name first. */
  fromEvent?(name: string, data: string, now: number): QuotaReading | undefined
  /** Asks the vendor's usage endpoint. @throws {LoginError} */
  ask?(account: Account, credential: Credential, http: VendorHttp, now: number): Promise<QuotaReading | undefined>
  /** Shortest time between two such questions, ms (5 minutes unless said). */
  everyMs?: number
}
