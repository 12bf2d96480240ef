/** Logins that other programs keep on this machine, as they are found. */
import type { LoginFacts, Tokens } from '../login-record.ts'
import type { Identity } from '../oauth/flow.ts'

/** Where things are; injected, so that every system can be tried on any. */
export interface Places {
  home: string
  platform: NodeJS.Platform
  env: NodeJS.ProcessEnv
  now: () => number
  /** Reads an entry of the operating system's keyring; undefined: nothing there, or no keyring. */
  keyring?: KeyringReader
}

export interface KeyringEntry {
  service: string
  account: string
  /** Name under Windows, where it is not made of the other two. */
  target?: string
}

export type KeyringReader = (entry: KeyringEntry) => Promise<string | undefined>

/** What a format reads out of a source: pure, without knowing where the text came from. */
export interface Parsed {
  provider: string
  tokens: Tokens
  /** Undefined: the source does not tell; the place it was found at stands in for it. */
  identity?: Identity
  /** Settings beside the tokens (auth folders). */
  facts?: Partial<
    Pick<
      LoginFacts,
      'disabled' | 'priority' | 'weight' | 'prefix' | 'proxyUrl' | 'excludedModels' | 'headers' | 'note' | 'neverRests'
    >
  >
  warnings?: readonly string[]
}

export interface Candidate extends Parsed {
  identity: Identity
  /** Whether `identity` is the vendor's own word. */
  known: boolean
  /** A path, `path#key`, `keyring:service/account` or `env:NAME`; `readSource` takes it again. */
  from: string
  /** ms since the epoch; undefined: nobody said. */
  expiresAt?: number
  canRefresh: boolean
  warnings: readonly string[]
}

/** Something that was there and could not be taken, in words. */
export interface Note {
  from: string
  words: string
}

export interface Found {
  candidates: Candidate[]
  notes: Note[]
}
