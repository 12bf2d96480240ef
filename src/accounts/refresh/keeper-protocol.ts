/** What the gateway and its keeper say to each other, over the private channel between parent and child. */
import type { StoreLocation } from '../../store/store.ts'
import type { Outcome, RefreshJob, Troubled } from './job.ts'

export type ToKeeper =
  | { type: 'open'; location: StoreLocation; owner: string; userAgent: string }
  /** The data key travels with every job: the vault may have been given a new one. */
  | { type: 'run'; n: number; job: RefreshJob; key: Uint8Array }

export type FromKeeper =
  | { type: 'ready' }
  | { type: 'troubled'; n: number; what: Troubled }
  | { type: 'done'; n: number; outcome: Outcome }
