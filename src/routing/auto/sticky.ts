/** Which model a conversation has: in memory, bounded, beside the config, so that a reload does not scatter conversations. */

/** What was decided for a conversation, and what came of it. */
export interface Kept {
  category: string
  confidence?: number
  /** The model that answered last. */
  model: string
  /** The category was not sure enough to choose by. */
  unsure: boolean
}

export interface Sticky {
  find(key: string): Kept | undefined
  keep(key: string, kept: Kept): void
  readonly size: number
}

const MOST = 20_000

/** @param ttlMs life since the last use, ms; read at every use. 0 keeps nothing. */
export function createSticky(now: () => number, ttlMs: () => number, most = MOST): Sticky {
  // Oldest use first.
  const entries = new Map<string, { kept: Kept; usedAt: number }>()

  function put(key: string, kept: Kept): void {
    entries.delete(key)
    entries.set(key, { kept, usedAt: now() })
    if (entries.size > most) entries.delete(entries.keys().next().value!)
  }

  return {
    find(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (now() - entry.usedAt >= ttlMs()) {
        entries.delete(key)
        return undefined
      }
      put(key, entry.kept)
      return entry.kept
    },
    keep(key, kept) {
      if (ttlMs() > 0) put(key, kept)
    },
    get size() {
      return entries.size
    },
  }
}

/**
 * Confidence, and distance to the kept category, from which another category is clear; and how long an ask must be, in
 * letters, to mean something of its own. "Thanks, go on" is `fast` by itself and says nothing of the work it belongs to,
 * and hard work sent to the fast model is the costliest mistake: that way more is asked for.
 */
const CLEAR = { confidence: 0.8, margin: 0.5, letters: 10 }
const CLEAR_FAST = { confidence: 0.95, margin: 0.8, letters: 24 }

/** What is said of a turn, as far as it can end a conversation's hold on its model. */
export interface TurnSaid {
  category: string
  confidence?: number
  scores?: Readonly<Record<string, number>>
}

/** Whether a turn is clearly about something else than its conversation was. */
export function turned(kept: Kept, said: TurnSaid | undefined, text: string): boolean {
  if (said === undefined || (said.category === kept.category && !kept.unsure)) return false
  const clear = said.category === 'fast' ? CLEAR_FAST : CLEAR
  if (extent(text) < clear.letters) return false
  // A classifier that tells no confidence is taken at its word.
  const { confidence = 1, scores = {} } = said
  const own = said.category === kept.category || !Object.hasOwn(scores, kept.category) ? 0 : scores[kept.category]!
  return confidence >= clear.confidence && confidence - own >= clear.margin
}

/** Length in letters of an alphabet: an ideograph or a syllable says about as much as three. */
function extent(text: string): number {
  let sum = 0
  for (let i = 0; i < text.length && sum < CLEAR_FAST.letters; i += 1) sum += text.charCodeAt(i) >= 0x2e80 ? 3 : 1
  return sum
}
