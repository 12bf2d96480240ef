import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, afterEach, describe, it } from 'node:test'
import { type CallbackHub, type CallbackSeat, createCallbackHub, type Outcome } from './callback.ts'
import { LoginError } from './flow.ts'
import type { Landing } from './paste.ts'

const hubs: CallbackHub[] = []
const others: Server[] = []
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close()))
  await Promise.all(others.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})
after(() => assert.equal(hubs.length, 0))

const WISH = { title: 'Vendor', host: 'localhost', path: '/callback', ports: [] } as const

async function open(
  options: Parameters<typeof createCallbackHub>[0] = {},
): Promise<{ hub: CallbackHub; seat: CallbackSeat }> {
  const hub = createCallbackHub(options)
  hubs.push(hub)
  return { hub, seat: await hub.seat(WISH) }
}

/** A login that waits, and what it heard. */
function waiting(
  seat: CallbackSeat,
  state: string,
  until = Number.POSITIVE_INFINITY,
  outcome: Outcome = { ok: true, words: 'Logged in as anna.' },
): Landing[] {
  const heard: Landing[] = []
  seat.expect(state, until, async (landing) => {
    heard.push(landing)
    return outcome
  })
  return heard
}

interface Got {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

function get(
  port: number,
  path: string,
  over: { host?: string; method?: string; at?: string; body?: string } = {},
): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const request = httpRequest(
    {
      host: over.at ?? '127.0.0.1',
      port,
      path,
      method: over.method ?? 'GET',
      headers: { host: over.host ?? `localhost:${port}` },
    },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    },
  )
  request.on('error', reject)
  request.end(over.body)
  return promise
}

const heading = ({ text }: Got): string => /<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? ''

describe('the way back of a login', () => {
  it('takes the code on 127.0.0.1 and on ::1, on the same port', async () => {
    const { seat } = await open()
    assert.equal(seat.redirectUri, `http://localhost:${seat.port}/callback`)
    const [first, second] = [waiting(seat, 'one'), waiting(seat, 'two')]
    const a = await get(seat.port, '/callback?code=abc&state=one')
    const b = await get(seat.port, '/callback?code=def&state=two', { at: '::1', host: `[::1]:${seat.port}` })
    assert.deepEqual([a.status, b.status], [200, 200])
    assert.equal(heading(a), 'You are logged in')
    assert.match(a.text, /Logged in as anna/)
    assert.deepEqual([first[0]?.code, second[0]?.code], ['abc', 'def'])
  })

  it('is on loopback alone', async () => {
    const { seat } = await open()
    const outside = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find((i) => !i.internal && i.family === 'IPv4')?.address
    // A machine without a network has no other address to be reached at.
    if (outside === undefined) return
    await assert.rejects(
      new Promise((resolve, reject) =>
        connect({ host: outside, port: seat.port }, () => resolve(undefined)).on('error', reject),
      ),
    )
  })

  it('tells how the login ended when that went wrong', async () => {
    const { seat } = await open()
    waiting(seat, 's', undefined, { ok: false, words: 'Vendor refused the login with 400 (invalid_grant).' })
    const page = await get(seat.port, '/callback?code=c&state=s')
    assert.equal(page.status, 400)
    assert.match(page.text, /invalid_grant/)
    assert.match(page.text, /Go back to LogicaProxy/)
  })

  it('sends the browser back to the program when the end takes longer', async () => {
    const { seat } = await open({ patienceMs: 20 })
    seat.expect('s', Number.POSITIVE_INFINITY, () => new Promise(() => {}))
    const page = await get(seat.port, '/callback?code=c&state=s')
    assert.equal(page.status, 200)
    assert.equal(heading(page), 'Go back to LogicaProxy')
  })

  it('keeps logins under way at once apart by their state', async () => {
    const { hub, seat } = await open()
    const other = await hub.seat({ ...WISH, path: '/other' })
    assert.equal(other.port, seat.port)
    const [first, second] = [waiting(seat, 'one'), waiting(other, 'two')]
    assert.equal((await get(seat.port, '/other?code=b&state=two')).status, 200)
    assert.equal((await get(seat.port, '/callback?code=a&state=one')).status, 200)
    assert.deepEqual([first.map((l) => l.code), second.map((l) => l.code)], [['a'], ['b']])
  })

  it('tells a denial of the vendor, and ends the login with it', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 's', undefined, { ok: false, words: 'Vendor did not grant the login (access_denied).' })
    const page = await get(seat.port, '/callback?error=access_denied&error_description=No&state=s')
    assert.equal(page.status, 400)
    assert.equal(heard[0]?.error, 'access_denied')
  })
})

describe('the way back refuses', () => {
  it('a wrong state, and the login goes on waiting', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 'right')
    const page = await get(seat.port, '/callback?code=evil&state=wrong')
    assert.equal(page.status, 400)
    assert.equal(heading(page), 'No login is waiting for this')
    assert.equal(heard.length, 0)
    assert.equal((await get(seat.port, '/callback?code=good&state=right')).status, 200)
    assert.equal(heard[0]?.code, 'good')
  })

  it('a state that was used, even by two requests at once', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 's')
    const pages = await Promise.all([1, 2, 3].map((n) => get(seat.port, `/callback?code=c${n}&state=s`)))
    assert.deepEqual(pages.map((p) => p.status).sort(), [200, 409, 409])
    assert.equal(heard.length, 1)
    assert.equal(heading(await get(seat.port, '/callback?code=c&state=s')), 'This login has been used already')
  })

  it('a state whose time is over', async () => {
    let at = 1000
    const { seat } = await open({ now: () => at })
    const heard = waiting(seat, 's', 601_000)
    at = 601_000
    const page = await get(seat.port, '/callback?code=c&state=s')
    assert.equal(page.status, 410)
    assert.equal(heading(page), 'This login took too long')
    assert.equal(heard.length, 0)
  })

  it('a callback without state, without code, or with either twice', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 's')
    for (const query of ['', 'state=s', 'code=c', 'code=c&code=d&state=s', 'code=c&state=s&state=t', 'error=x'])
      assert.equal((await get(seat.port, `/callback?${query}`)).status, 400, query)
    assert.equal(heard.length, 0)
  })

  it('a script in what the vendor says, by escaping it', async () => {
    const { seat } = await open()
    const script = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&'
    waiting(seat, 's', undefined, { ok: false, words: `Vendor did not grant the login (${script}).` })
    const wrong = await get(seat.port, `/callback?error=x&error_description=${encodeURIComponent(script)}&state=nobody`)
    const right = await get(seat.port, `/callback?error=x&error_description=${encodeURIComponent(script)}&state=s`)
    for (const page of [wrong, right]) {
      assert.doesNotMatch(page.text, /<script|<img/i)
      assert.match(page.text, /&lt;script&gt;alert\(1\)/)
    }
  })

  it('every way for a page to do harm: scripts, frames, forms, caches, referrers', async () => {
    const { seat } = await open()
    const { headers, text } = await get(seat.port, '/callback?code=c&state=nobody')
    const policy = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
      assert.ok(policy.includes(part), part)
    assert.doesNotMatch(policy, /unsafe|script-src|\*/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['access-control-allow-origin'], undefined)
    assert.doesNotMatch(text, /https?:\/\//)
  })

  it('a foreign Host, and its own name with another port', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 's')
    for (const host of [
      'evil.example',
      `evil.example:${seat.port}`,
      'localhost',
      'localhost:1',
      `localhost.evil.example:${seat.port}`,
      `127.0.0.2:${seat.port}`,
    ]) {
      const page = await get(seat.port, '/callback?code=c&state=s', { host })
      assert.equal(page.status, 403, host)
      assert.match(page.text, /another host/)
    }
    assert.equal(heard.length, 0)
    assert.equal((await get(seat.port, '/callback?code=c&state=s', { host: `LOCALHOST:${seat.port}` })).status, 200)
  })

  it('every method but GET', async () => {
    const { seat } = await open()
    const heard = waiting(seat, 's')
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const page = await get(seat.port, '/callback?code=c&state=s', {
        method,
        body: method === 'POST' ? 'code=c&state=s' : undefined,
      })
      assert.equal(page.status, 405, method)
      assert.equal(page.headers['allow'], 'GET')
    }
    assert.equal((await get(seat.port, '/callback?code=c&state=s', { method: 'HEAD' })).status, 405)
    assert.equal(heard.length, 0)
  })

  it('an address that is too long, for us and for Node', async () => {
    const { seat } = await open()
    waiting(seat, 's')
    const long = await get(seat.port, `/callback?code=${'x'.repeat(9000)}&state=s`)
    assert.equal(long.status, 414)
    assert.match(long.text, /longer than that of any login/)
    const longer = await get(seat.port, `/callback?code=${'x'.repeat(20_000)}&state=s`)
    assert.equal(longer.status, 431)
    assert.match(longer.text, /far longer/)
  })

  it('another path, and what is no HTTP', async () => {
    const { seat } = await open()
    waiting(seat, 's')
    assert.equal((await get(seat.port, '/favicon.ico')).status, 404)
    assert.equal((await get(seat.port, '/callback/x?code=c&state=s')).status, 404)
    assert.equal((await get(seat.port, '//evil/callback?code=c&state=s')).status, 400)
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(seat.port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'))
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    assert.match(said, /^HTTP\/1\.1 400 /)
    assert.match(said, /default-src 'none'/)
  })

  it('a state on the path of another login', async () => {
    const { hub, seat } = await open()
    const other = await hub.seat({ ...WISH, path: '/other' })
    const heard = waiting(seat, 'one')
    waiting(other, 'two')
    assert.equal((await get(seat.port, '/other?code=c&state=one')).status, 400)
    assert.equal(heard.length, 0)
  })
})

/** Somebody else who listens on a port. */
async function occupied(host: string, port = 0): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: true }, () => resolve())
  })
  others.push(server)
  return (server.address() as { port: number }).port
}

describe('a port that is in use', () => {
  it('is told with who has it, and what to do', async () => {
    const port = await occupied('127.0.0.1')
    const hub = createCallbackHub()
    hubs.push(hub)
    await assert.rejects(hub.seat({ ...WISH, ports: [port] }), (error: unknown) => {
      assert.ok(error instanceof LoginError)
      assert.equal(error.code, 'port')
      assert.match(error.message, new RegExp(`port ${port} `))
      assert.match(error.message, /--port/)
      assert.match(error.message, /--device|--no-browser/)
      if (process.platform === 'linux') assert.match(error.message, new RegExp(`process ${process.pid}`))
      return true
    })
  })

  it('is one, too, when only ::1 is taken: the browser might go there', async () => {
    const port = await occupied('::1')
    const hub = createCallbackHub()
    hubs.push(hub)
    await assert.rejects(hub.seat({ ...WISH, ports: [port] }), LoginError)
  })

  it('gives way to the next one the vendor knows', async () => {
    const port = await occupied('127.0.0.1')
    const spare = await occupied('127.0.0.1')
    await new Promise((resolve) => others.pop()!.close(resolve))
    const hub = createCallbackHub()
    hubs.push(hub)
    const seat = await hub.seat({ ...WISH, ports: [port, spare] })
    assert.equal(seat.port, spare)
  })

  it('is shared by logins of this program', async () => {
    const { hub, seat } = await open()
    const seats = await Promise.all([1, 2, 3].map(() => hub.seat({ ...WISH, ports: [seat.port] })))
    for (const other of seats) assert.equal(other.port, seat.port)
  })

  it('is free again after the hub is closed', async () => {
    const { hub, seat } = await open()
    seat.release()
    await hub.close()
    assert.equal(await occupied('127.0.0.1', seat.port), seat.port)
  })
})
