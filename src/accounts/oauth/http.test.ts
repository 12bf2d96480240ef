import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, describe, it } from 'node:test'
import { LoginError } from './flow.ts'
import { createVendorHttp, neverSent, type VendorHttpOptions } from './http.ts'

const servers: Server[] = []
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(
  listener: RequestListener,
  tunnel?: (request: IncomingMessage, socket: Duplex) => void,
): Promise<string> {
  const server = createServer(listener)
  if (tunnel !== undefined) server.on('connect', tunnel)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

function client(options: Partial<VendorHttpOptions> = {}) {
  const made = createVendorHttp({ userAgent: 'logicaproxy/test', ...options })
  closers.push(made.close)
  return made.http
}

const failure = async (promise: Promise<unknown>): Promise<LoginError> => {
  const error = await promise.then(
    () => assert.fail('it went well'),
    (e: unknown) => e,
  )
  assert.ok(error instanceof LoginError, String(error))
  return error
}

describe('a call to a vendor', () => {
  it('says who we are and gives back what came', async () => {
    const url = await serve((request, response) => {
      response.writeHead(418, { 'content-type': 'application/json', 'x-own': 'a' })
      response.end(JSON.stringify({ agent: request.headers['user-agent'], coding: request.headers['accept-encoding'] }))
    })
    const got = await client()({ method: 'GET', url: `${url}/x?y=1` })
    assert.equal(got.status, 418)
    assert.deepEqual(got.json, { agent: 'logicaproxy/test', coding: 'identity' })
    assert.equal(got.headers['x-own'], 'a')
  })

  it('has an empty object for what is no JSON object', async () => {
    const url = await serve((_, response) => response.end('[1]'))
    const got = await client()({ method: 'GET', url })
    assert.deepEqual([got.json, got.text], [{}, '[1]'])
  })

  it('is not led elsewhere by a redirect', async () => {
    const asked: string[] = []
    const url = await serve((request, response) => {
      asked.push(request.url!)
      response.writeHead(302, { location: '/elsewhere' })
      response.end()
    })
    assert.equal((await client()({ method: 'POST', url: `${url}/token`, body: 'secret' })).status, 302)
    assert.deepEqual(asked, ['/token'])
  })

  it('ends at 1 MiB', async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(1024 * 1024 + 1, 'x')))
    assert.match((await failure(client()({ method: 'GET', url }))).message, /larger than 1 MiB/)
  })

  it('ends in time, also in the middle of an answer', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200)
      response.write('{')
    })
    const error = await failure(client({ timeoutMs: 60 })({ method: 'GET', url }))
    assert.match(error.message, /did not answer in time/)
    assert.equal(neverSent(error), false)
  })

  it('is given up with the login', async () => {
    const url = await serve(() => {})
    const login = new AbortController()
    const call = client({ signal: login.signal })({ method: 'GET', url })
    login.abort()
    assert.equal((await failure(call)).code, 'cancelled')
  })

  it('never reaches link-local or metadata addresses, by number or by redirect of the config', async () => {
    for (const url of [
      'http://169.254.169.254/latest',
      'http://[fe80::1]/',
      'http://0xa9fea9fe/',
      'http://[::ffff:169.254.169.254]/',
    ]) {
      const error = await failure(client()({ method: 'GET', url }))
      assert.match(error.message, /never connects/)
      assert.equal(neverSent(error), true)
    }
  })

  it('tells who could not be asked, without what was said to them', async () => {
    const url = await serve((request) => request.socket.destroy())
    const cut = await failure(client()({ method: 'POST', url: `${url}/token?secret=hush`, body: 'refresh_token=hush' }))
    assert.match(cut.message, /127\.0\.0\.1:\d+ could not be asked: the connection was cut/)
    assert.doesNotMatch(cut.message, /hush/)
    assert.equal(neverSent(cut), false)
  })

  it('knows when nothing can have been sent', async () => {
    const url = await serve(() => {})
    const server = servers.pop()!
    await new Promise((resolve) => server.close(resolve))
    const error = await failure(client()({ method: 'GET', url }))
    assert.match(error.message, /refused/)
    assert.equal(neverSent(error), true)
  })
})

describe('a proxy', () => {
  it('is gone through, and named without its password when it fails', async () => {
    const through: string[] = []
    const proxy = await serve((request, response) => {
      through.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`)
      response.end('{"by":"proxy"}')
    })
    const withLogin = proxy.replace('http://', 'http://me:hush@')
    const got = await client({ proxyUrl: withLogin })({ method: 'GET', url: 'http://vendor.test/x' })
    assert.deepEqual(got.json, { by: 'proxy' })
    assert.deepEqual(through, [`http://vendor.test/x Basic ${Buffer.from('me:hush').toString('base64')}`])

    const refusing = await serve(
      () => {},
      (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
    )
    const error = await failure(
      client({ proxyUrl: refusing.replace('http://', 'http://me:hush@') })({
        method: 'GET',
        url: 'https://vendor.test/',
      }),
    )
    assert.match(error.message, /through the proxy 127\.0\.0\.1:\d+/)
    assert.doesNotMatch(error.message, /hush/)
  })

  it('that is none at all fails the call and nothing else', async () => {
    assert.equal(
      (await failure(client({ proxyUrl: 'nonsense' })({ method: 'GET', url: 'https://vendor.test/' }))).code,
      'network',
    )
  })

  it('is left out by "direct"', async () => {
    const url = await serve((_, response) => response.end('{}'))
    assert.equal((await client({ proxyUrl: 'direct' })({ method: 'GET', url })).status, 200)
  })
})
