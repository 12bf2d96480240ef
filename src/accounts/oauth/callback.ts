/**
 * The way back of a browser login: one server for all logins under way, told apart by their state (RFC 8252, 8.9).
 * Loopback only, GET only, no foreign Host, a state is good once and for a limited time.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LoginError } from './flow.ts'
import { type Loopback, openLoopback } from './loopback.ts'
import { type Page, pageHeaders, renderPage } from './pages.ts'
import { fromParams, type Landing } from './paste.ts'
import { plain } from './text.ts'

/** Where a login wants its browser to come back to. */
export interface CallbackWish {
  /** Vendor or product, for people. */
  title: string
  host: 'localhost' | '127.0.0.1'
  path: string
  /** Any free port when empty. */
  ports: readonly number[]
}

/** How a login took what came back, for the page. */
export type Outcome = { ok: true; words: string } | { ok: false; words: string }

export interface CallbackSeat {
  readonly port: number
  readonly redirectUri: string
  /**
   * Waits for one callback. `deliver` is called at most once, while the clock is before `until`.
   * What it resolves to is shown, if it comes soon.
   */
  expect(state: string, until: number, deliver: (landing: Landing) => Promise<Outcome>): void
  /** The login has its code by another way, or is over: a callback that still comes is told so. */
  settle(state: string, how: 'used' | 'expired'): void
  release(): void
}

export interface CallbackHub {
  /** @throws {LoginError} `port` */
  seat(wish: CallbackWish): Promise<CallbackSeat>
  close(): Promise<void>
}

export interface CallbackOptions {
  now?: () => number
  /** ms that an unused server still answers, so that a page loaded again says what happened. */
  lingerMs?: number
  /** ms a browser waits for the end of the login before it is sent back to the program. */
  patienceMs?: number
}

interface Waiting {
  is: 'waiting' | 'used' | 'expired'
  port: number
  path: string
  title: string
  until: number
  deliver(landing: Landing): Promise<Outcome>
}

interface Station {
  server: Loopback
  seats: number
  closing?: NodeJS.Timeout
}

const MAX_URL = 8 * 1024
/** States remembered, those that are over included. */
const MOST_STATES = 1000

/** Makes the hub; nothing listens before the first seat is taken. */
export function createCallbackHub(options: CallbackOptions = {}): CallbackHub {
  const now = options.now ?? Date.now
  const lingerMs = options.lingerMs ?? 60_000
  const patienceMs = options.patienceMs ?? 8_000
  const stations = new Map<number, Station>()
  const states = new Map<string, Waiting>()

  function answer(request: IncomingMessage, response: ServerResponse, port: number): void {
    void judge(request, port)
      .catch((error: unknown) => unexpected(error))
      .then((page) => {
        if (response.destroyed) return
        const html = renderPage(page)
        if (page.status === 405) response.setHeader('allow', 'GET')
        response.writeHead(page.status, { ...pageHeaders, 'content-length': Buffer.byteLength(html) })
        response.end(html)
      })
  }

  async function judge(request: IncomingMessage, port: number): Promise<Page> {
    if (!ownHost(request.headers.host, port)) return refusals.host
    if (request.method !== 'GET') return refusals.method
    const target = request.url ?? ''
    if (target.length > MAX_URL) return refusals.long
    const url = target.startsWith('/') && !target.startsWith('//') ? URL.parse(target, 'http://localhost') : null
    if (url === null) return refusals.address
    const known = [...states.values()].some((w) => w.port === port && w.path === url.pathname)
    if (!known) return refusals.path
    let landing: Landing
    try {
      landing = fromParams(url.searchParams)
    } catch (error) {
      return refused(400, 'This address is not whole', (error as LoginError).message)
    }
    return await land(landing, url.pathname, port)
  }

  async function land(landing: Landing, path: string, port: number): Promise<Page> {
    const waiting = states.get(landing.state ?? '')
    if (waiting === undefined || waiting.port !== port || waiting.path !== path) return refusals.state(landing)
    if (waiting.is === 'used') return refusals.used(waiting.title)
    if (waiting.is === 'expired' || now() >= waiting.until) {
      waiting.is = 'expired'
      return refusals.expired(waiting.title)
    }
    // Before anything is awaited: a second request with this state finds it used.
    waiting.is = 'used'
    const outcome = await soon(waiting.deliver(landing), patienceMs)
    if (outcome === undefined) return received(waiting.title)
    return outcome.ok
      ? { status: 200, title: 'You are logged in', paragraphs: [outcome.words, 'You can close this page.'] }
      : refused(400, `The login to ${waiting.title} did not work`, outcome.words)
  }

  async function station(wish: CallbackWish): Promise<Station> {
    const own = [...stations.values()].find((s) => wish.ports.length === 0 || wish.ports.includes(s.server.port))
    if (own !== undefined) return own
    let port = 0
    const server = await openLoopback(wish.ports, wish.title, (request, response) => answer(request, response, port))
    port = server.port
    const made: Station = { server, seats: 0 }
    stations.set(port, made)
    return made
  }

  function forget(): void {
    for (const [state, waiting] of states) {
      if (states.size <= MOST_STATES) return
      if (waiting.is !== 'waiting' || now() >= waiting.until) states.delete(state)
    }
  }

  async function shut(closing: Station): Promise<void> {
    clearTimeout(closing.closing)
    stations.delete(closing.server.port)
    for (const [state, waiting] of states) if (waiting.port === closing.server.port) states.delete(state)
    await closing.server.close()
  }

  // One at a time: two logins that want the same port share it instead of racing for it.
  let queue: Promise<unknown> = Promise.resolve()
  return {
    seat(wish) {
      const taken = queue.then(async () => {
        const at = await station(wish)
        at.seats += 1
        clearTimeout(at.closing)
        at.server.keepAlive(true)
        return seatAt(at, wish)
      })
      queue = taken.catch(() => {})
      return taken
    },
    async close() {
      await queue
      await Promise.all([...stations.values()].map(shut))
    },
  }

  function seatAt(at: Station, wish: CallbackWish): CallbackSeat {
    const { port } = at.server
    let released = false
    return {
      port,
      redirectUri: `http://${wish.host}:${port}${wish.path}`,
      expect(state, until, deliver) {
        states.set(state, { is: 'waiting', port, path: wish.path, title: wish.title, until, deliver })
        forget()
      },
      settle(state, how) {
        const waiting = states.get(state)
        if (waiting?.is === 'waiting') waiting.is = how
      },
      release() {
        if (released) return
        released = true
        at.seats -= 1
        if (at.seats > 0) return
        at.server.keepAlive(false)
        at.closing = setTimeout(() => void shut(at), lingerMs)
        at.closing.unref()
      },
    }
  }
}

/** A page of another site reaches this server under its own name only by a trick with the DNS. */
function ownHost(host: string | undefined, port: number): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].some((name) => host?.toLowerCase() === `${name}:${port}`)
}

function soon<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const NEXT = 'Nothing was changed. Go back to LogicaProxy and start the login again.'

const refused = (status: number, title: string, ...paragraphs: string[]): Page => ({
  status,
  title,
  paragraphs: [...paragraphs, 'Go back to LogicaProxy; it says what to do next.'],
})

const received = (title: string): Page => ({
  status: 200,
  title: 'Go back to LogicaProxy',
  paragraphs: [`The answer of ${title} has arrived. LogicaProxy is still at work with it and says how it ends.`],
})

function unexpected(error: unknown): Page {
  const words = error instanceof LoginError ? error.message : 'Something unexpected happened.'
  return refused(500, 'The login did not work', words)
}

const refusals = {
  host: {
    status: 403,
    title: 'This request was refused',
    paragraphs: ['It names another host than this machine. A login comes back to localhost only.', NEXT],
  },
  method: {
    status: 405,
    title: 'This request was refused',
    paragraphs: ['A login comes back as a plain page view (GET).', NEXT],
  },
  long: {
    status: 414,
    title: 'This request was refused',
    paragraphs: ['Its address is far longer than that of any login.', NEXT],
  },
  address: { status: 400, title: 'This request was refused', paragraphs: ['Its address cannot be read.', NEXT] },
  path: {
    status: 404,
    title: 'There is no page here',
    paragraphs: ['Only a login that is under way comes back here, and none with this address is.', NEXT],
  },
  state: (landing: Landing): Page => ({
    status: 400,
    title: 'No login is waiting for this',
    paragraphs: [
      'This answer does not belong to a login that LogicaProxy started here: it is from another login, or was made up by somebody else. It was not used.',
      ...(landing.error === undefined
        ? []
        : [`It says: ${plain(`${landing.error} ${landing.errorDescription ?? ''}`)}`]),
      NEXT,
    ],
  }),
  used: (title: string): Page => ({
    status: 409,
    title: 'This login has been used already',
    paragraphs: [
      `The login to ${title} took its answer before; each is good for one time. Perhaps this page was loaded again.`,
      'Nothing more was done. LogicaProxy says how the login ended.',
    ],
  }),
  expired: (title: string): Page => ({
    status: 410,
    title: 'This login took too long',
    paragraphs: [
      `The login to ${title} was not finished in time, or was cancelled, and is not waiting any more.`,
      NEXT,
    ],
  }),
} as const satisfies Record<string, Page | ((...args: never[]) => Page)>
