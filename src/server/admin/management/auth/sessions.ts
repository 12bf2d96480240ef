/** Browsers that are signed in. The cookie's value is kept nowhere, only its hash; sessions outlive a restart in the store. */
import type { Behind } from '../../../../store/index.ts'
import { deadline } from '../../../../store/index.ts'
import type { Store } from '../../../../store/store.ts'
import type { SessionEntry } from '../contract.ts'
import { newSecret, same, sha256 } from './secrets.ts'

export const SESSION_KIND = 'dashboard-session'
/** Without use a session lasts so long, ms. */
const IDLE_MS = 12 * 3_600_000
/** And so long with use: then one signs in again. */
const LONGEST_MS = 7 * 86_400_000
/** How often use is written down. */
const NOTE_MS = 5 * 60_000
const MOST = 200
const MOST_UNKNOWN = 1_000

export interface Session {
  /** Hash of the cookie. */
  id: string
  by: SessionEntry['by']
  createdAt: number
  lastUsedAt: number
  address: string
  userAgent: string
  /** Of the admin token it was opened under: another token ends it. */
  print: string
}

export interface Sessions {
  /** Opens one; the cookie's value is told here alone. */
  open(
    by: Session['by'],
    at: { address: string; userAgent: string },
    print: string,
  ): Promise<{ cookie: string; session: Session }>
  /** The session of a cookie, if it has not ended; counts as use. */
  find(cookie: string, print: string): Promise<Session | undefined>
  end(id: string): Promise<boolean>
  list(print: string): Promise<Session[]>
  close(): void
}

export const expiryOf = (session: Session): number =>
  Math.min(session.lastUsedAt + IDLE_MS, session.createdAt + LONGEST_MS)

/** What a page sends in the CSRF header: made of the cookie, which it cannot read itself. */
export const csrfOf = (cookie: string): string => Buffer.from(sha256(`csrf\n${cookie}`), 'hex').toString('base64url')
export const isCsrf = (cookie: string, presented: string): boolean => same(csrfOf(cookie), presented)

export interface SessionsOptions {
  store: Pick<Store, 'documents' | 'onChange'>
  behind: Pick<Behind, 'put'>
  now: () => number
}

export function createSessions({ store, behind, now }: SessionsOptions): Sessions {
  const sessions = new Map<string, Session & { notedAt: number }>()
  /** Cookies that belong to no session: looked up once. */
  const unknown = new Set<string>()
  const stop = store.onChange((change) => {
    if (change.table !== 'documents' || change.kind !== SESSION_KIND) return
    // Another process opened or ended some: they are read again when they are used.
    sessions.clear()
    unknown.clear()
  })

  const row = (s: Session) => ({
    kind: SESSION_KIND,
    id: s.id,
    value: JSON.stringify({ ...s, notedAt: undefined }),
    updatedAt: now(),
    expiresAt: expiryOf(s),
  })

  function remember(session: Session): void {
    if (sessions.size >= MOST) sessions.delete(sessions.keys().next().value!)
    sessions.set(session.id, { ...session, notedAt: now() })
  }

  async function load(id: string): Promise<Session | undefined> {
    if (unknown.has(id)) return undefined
    const found = await deadline(store.documents.get(SESSION_KIND, id, now())).catch(() => null)
    // A store that does not answer says nothing about the session.
    if (found === null) return undefined
    const session = found === undefined ? undefined : parsed(found.value)
    if (session !== undefined) {
      remember(session)
      return session
    }
    if (unknown.size >= MOST_UNKNOWN) unknown.delete(unknown.values().next().value!)
    unknown.add(id)
    return undefined
  }

  return {
    async open(by, { address, userAgent }, print) {
      const cookie = newSecret()
      const at = now()
      const session: Session = {
        id: sha256(cookie),
        by,
        createdAt: at,
        lastUsedAt: at,
        address,
        userAgent: userAgent.slice(0, 300),
        print,
      }
      remember(session)
      // In memory it works at once; that it outlives a restart is not worth waiting for.
      behind.put(row(session))
      return { cookie, session }
    },

    async find(cookie, print) {
      if (cookie.length < 32 || cookie.length > 128) return undefined
      const id = sha256(cookie)
      const session = sessions.get(id) ?? (await load(id))
      if (session === undefined) return undefined
      if (session.print !== print || expiryOf(session) <= now()) {
        sessions.delete(id)
        return undefined
      }
      const live = sessions.get(id)
      if (live === undefined) return undefined
      live.lastUsedAt = now()
      if (now() - live.notedAt >= NOTE_MS) {
        live.notedAt = now()
        behind.put(row(live))
      }
      return live
    },

    async end(id) {
      const had = sessions.delete(id)
      unknown.add(id)
      // A batch that waits would bring it back: what is written now has no session in it.
      behind.put({ kind: SESSION_KIND, id, value: '{}', updatedAt: now(), expiresAt: now() })
      const removed = await deadline(store.documents.remove(SESSION_KIND, [id]), 1_000).catch(() => 0)
      return had || removed > 0
    },

    async list(print) {
      const rows = await deadline(store.documents.all(SESSION_KIND, now())).catch(() => [])
      const all = new Map(
        rows.flatMap(({ value }) => {
          const session = parsed(value)
          return session === undefined || unknown.has(session.id) ? [] : [[session.id, session] as const]
        }),
      )
      for (const session of sessions.values()) all.set(session.id, session)
      return [...all.values()]
        .filter((s) => s.print === print && expiryOf(s) > now())
        .sort((a, b) => b.lastUsedAt - a.lastUsedAt)
    },

    close: stop,
  }
}

function parsed(value: string): Session | undefined {
  try {
    const session = JSON.parse(value) as Session
    return typeof session.id === 'string' && typeof session.createdAt === 'number' ? session : undefined
  } catch {
    return undefined
  }
}
