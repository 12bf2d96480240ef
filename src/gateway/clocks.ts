/** The clocks that run while an upstream is waited for: total, first content, silence, a client that stands still, keep-alive. */

/** Times in milliseconds; 0 sets no limit. */
export interface ClockLimits {
  firstEventMs: number
  idleMs: number
  /** Clock time at which the whole call has to be over; Infinity for none. */
  deadline: number
  /** Pause after which a waiting client gets a sign of life. */
  keepAliveMs: number
}

/** What the clocks go by; clock times in milliseconds. */
export interface ClockState {
  startedAt: number
  lastByteAt: number
  lastWriteAt: number
  /** Since when the client has not taken more; 0 while it does. */
  pausedAt: number
  /** Whether the first content is still waited for. */
  waitsForFirst: boolean
  /** `open`: the client can be kept alive; `soon`: it may be any moment; `never`. */
  alive: 'open' | 'soon' | 'never'
}

export type RunOut = 'total' | 'first-event' | 'idle' | 'stalled' | 'keep-alive'

/** The longest wait a timer takes. */
const MAX_TIMER_MS = 0x7fffffff

/** Which clock has run out at `at`, if any. */
export function runOut(state: ClockState, limits: ClockLimits, at: number): RunOut | undefined {
  if (at >= limits.deadline) return 'total'
  if (state.pausedAt > 0) return limits.idleMs > 0 && at >= state.pausedAt + limits.idleMs ? 'stalled' : undefined
  if (at >= silenceEnds(state, limits)) return state.waitsForFirst ? 'first-event' : 'idle'
  if (state.alive === 'open' && limits.keepAliveMs > 0 && at >= state.lastWriteAt + limits.keepAliveMs)
    return 'keep-alive'
  return undefined
}

/**
 * Milliseconds from `at` until the next clock may run out, one that starts only later included: it cannot run out before
 * its own length has passed. So a call needs one timer, and not another whenever something happens.
 */
export function nextLook(state: ClockState, limits: ClockLimits, at: number): number {
  let due = limits.deadline
  if (limits.idleMs > 0) due = Math.min(due, (state.pausedAt > 0 ? state.pausedAt : at) + limits.idleMs)
  if (state.pausedAt === 0) {
    due = Math.min(due, silenceEnds(state, limits))
    if (limits.keepAliveMs > 0 && state.alive !== 'never')
      due = Math.min(due, (state.alive === 'open' ? state.lastWriteAt : at) + limits.keepAliveMs)
  }
  return Math.min(Math.max(1, due - at), MAX_TIMER_MS)
}

/** Clock time at which the silence that is allowed now ends. */
function silenceEnds(state: ClockState, limits: ClockLimits): number {
  const ms = state.waitsForFirst ? limits.firstEventMs : limits.idleMs
  if (ms === 0) return Number.POSITIVE_INFINITY
  return (state.waitsForFirst ? state.startedAt : state.lastByteAt) + ms
}

/**
 * Runs something once the clock shows `at`, and not before: timers run by another clock and may fire a millisecond early.
 * @returns what calls it off.
 */
export function atClock(at: number, now: () => number, run: () => void): () => void {
  let timer: NodeJS.Timeout
  const arm = (): void => {
    timer = setTimeout(() => (now() < at ? arm() : run()), Math.max(0, at - now()))
  }
  arm()
  return () => clearTimeout(timer)
}
