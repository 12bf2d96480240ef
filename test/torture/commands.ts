/** What the driver says to a process that plays a gateway, and what it hears. */
export interface OpenCommand {
  type: 'open'
  authDir: string
  storeUrl: string
  hosts: Record<string, string>
  ahead: boolean
  keeper: boolean
}

export type Command =
  | OpenCommand
  /** So many requests at once that want a token; `refused`: the present one was answered with 401. */
  | { type: 'ask'; id: string; count: number; refused?: boolean }
  | { type: 'refresh'; id: string }
  /** Refreshes without a pause until it is killed. */
  | { type: 'loop'; id: string }
  | { type: 'reveal'; id: string }
  | { type: 'look' }
  | { type: 'close' }

export interface Asked {
  tokens: string[]
  failures: string[]
}

export interface Look {
  states: Record<string, string>
  reasons: Record<string, string>
  expiresAt: Record<string, number>
  notices: readonly string[]
  trouble: string | undefined
  errors: string[]
}

export type Reply = { n: number; value?: unknown; error?: string } | { done: number }
