/** Which seat a conversation has, so that prompt caches and encrypted state find their account again. */

export interface Binding {
  session: string
  key: string
  /** Clock time, ms. */
  expires: number
}

export interface Affinity {
  /** Key of the seat, while the binding lives. */
  bound(session: string, at: number): string | undefined
  bind(session: string, key: string, at: number): void
  /** Takes over bindings of an earlier life; those it has already stay. */
  restore(bindings: Iterable<Binding>, at: number): void
}

const MAX_SESSIONS = 20_000

/**
 * @param ttlMs life of a binding since its last use; read at every use. 0 turns affinity off.
 * @param changed hears bindings that moved, or that have lived a quarter of their life since it last heard of them.
 */
export function createAffinity(ttlMs: () => number, changed: (binding: Binding) => void = () => {}): Affinity {
  const sessions = new Map<string, { key: string; expires: number; told: number }>()

  return {
    bound(session, at) {
      const b = sessions.get(session)
      if (b === undefined) return undefined
      if (b.expires > at) return b.key
      sessions.delete(session)
      return undefined
    },
    bind(session, key, at) {
      const before = sessions.get(session)
      sessions.delete(session)
      const expires = at + ttlMs()
      const news = before?.key !== key || expires - before.told > ttlMs() / 4
      sessions.set(session, { key, expires, told: news ? expires : before!.told })
      if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!)
      if (news) changed({ session, key, expires })
    },
    restore(bindings, at) {
      for (const { session, key, expires } of bindings)
        if (expires > at && !sessions.has(session) && sessions.size < MAX_SESSIONS)
          sessions.set(session, { key, expires, told: expires })
    },
  }
}
