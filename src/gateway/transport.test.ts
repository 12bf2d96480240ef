import assert from 'node:assert/strict'
import dns from 'node:dns'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import type { UpstreamRequest } from '../providers/provider.ts'
import { createFetchTransport } from './fetch-transport.ts'
import {
  createTransport,
  ForbiddenAddressError,
  isForbiddenAddress,
  type UpstreamFlight,
  type UpstreamHeaders,
  type UpstreamTransport,
} from './transport.ts'

describe('an address', () => {
  it('is forbidden where machines keep their secrets, in every spelling', () => {
    for (const address of [
      '169.254.169.254',
      '169.254.0.1',
      '100.100.100.200',
      '0.0.0.0',
      '::',
      'fe80::1',
      'febf::ffff',
      'fe80::1%eth0',
      'fd00:ec2::254',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '0:0:0:0:0:ffff:a9fe:a9fe',
      '::ffff:0.0.0.0',
    ])
      assert.ok(isForbiddenAddress(address), address)
  })

  it('is fine elsewhere, in one’s own network too', () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '10.0.0.1',
      '192.168.1.1',
      '100.100.100.201',
      '8.8.8.8',
      '2001:db8::1',
      'api.test',
      '',
    ])
      assert.ok(!isForbiddenAddress(address), address)
  })

  it('is read as a URL reads it', () => {
    for (const host of ['0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '169.254.43518', '[::ffff:169.254.169.254]'])
      assert.ok(isForbiddenAddress(new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')), host)
  })
})

interface Heard {
  status: number
  headers: UpstreamHeaders
  text: string
  chunks: number
  end: 'end' | Error | undefined
}

/** Sends, and resolves when it is over. */
function sent(transport: UpstreamTransport, over: Partial<UpstreamRequest>, proxyUrl?: string) {
  const heard: Heard = { status: 0, headers: {}, text: '', chunks: 0, end: undefined }
  const over_ = Promise.withResolvers<Heard>()
  const head = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  let flight: UpstreamFlight | undefined
  const finish = (end: 'end' | Error) => {
    assert.notEqual(flight, undefined, 'over before `send` had returned')
    assert.equal(heard.end, undefined, 'over twice')
    heard.end = end
    over_.resolve(heard)
  }
  flight = transport.send(
    { origin: 'http://127.0.0.1:1', path: '/', method: 'POST', headers: [], body: Buffer.from('{}'), ...over },
    { proxyUrl },
    {
      onHead(status, headers) {
        heard.status = status
        heard.headers = headers
        head.resolve()
      },
      onData(chunk) {
        heard.text += chunk.toString()
        heard.chunks += 1
        first.resolve()
      },
      onEnd: () => finish('end'),
      onError: finish,
    },
  )
  return { heard, flight, over: over_.promise, head: head.promise, first: first.promise }
}

const MAKERS: [string, () => UpstreamTransport][] = [
  ['undici', () => createTransport({ connectTimeoutMs: () => 2_000 })],
  ['fetch', () => createFetchTransport(fetch)],
]

for (const [name, make] of MAKERS)
  describe(`the transport over ${name}`, () => {
    let server: Server
    let origin: string
    let transport: UpstreamTransport
    let answer: (req: IncomingMessage, res: ServerResponse, body: string) => void

    before(async () => {
      server = createServer((req, res) => {
        let body = ''
        req.on('data', (c) => {
          body += c
        })
        req.on('end', () => answer(req, res, body))
        req.on('error', () => {})
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      transport = make()
    })
    after(async () => {
      await transport.close()
      server.closeAllConnections()
      server.close()
    })

    it('carries method, path, headers and body there, and status, headers and bytes back', async () => {
      let seen: unknown[] = []
      answer = (req, res, body) => {
        seen = [req.method, req.url, req.headers['x-a'], body]
        res.writeHead(418, { 'X-B': 'c', 'content-type': 'text/plain' })
        res.end('short and stout')
      }
      const heard = await sent(transport, { origin, path: '/v1/x?y=z', headers: ['X-A', 'b'], body: Buffer.from('hé') })
        .over
      assert.deepEqual(seen, ['POST', '/v1/x?y=z', 'b', 'hé'])
      assert.deepEqual(
        [heard.status, heard.headers['x-b'], heard.text, heard.end],
        [418, 'c', 'short and stout', 'end'],
      )
    })

    it('follows no redirect', async () => {
      answer = (_, res) => {
        res.writeHead(302, { location: 'http://169.254.169.254/' })
        res.end()
      }
      assert.equal((await sent(transport, { origin }).over).status, 302)
    })

    it('tells a cut from an end', async () => {
      answer = (_, res) => {
        res.writeHead(200)
        res.write('half')
        setImmediate(() => res.destroy())
      }
      const heard = await sent(transport, { origin }).over
      assert.ok(heard.end instanceof Error)
    })

    it('says with a code that nobody listens', async () => {
      const heard = await sent(transport, { origin: 'http://127.0.0.1:47' }).over
      assert.equal((heard.end as NodeJS.ErrnoException).code, 'ECONNREFUSED')
    })

    it('closes the connection of a request that was given up, and is heard of no more', async () => {
      const closed = Promise.withResolvers<void>()
      answer = (_, res) => {
        res.on('close', () => closed.resolve())
        res.writeHead(200)
        res.write('x')
      }
      const { heard, flight, first } = sent(transport, { origin })
      await first
      flight.abort()
      await closed.promise
      assert.equal(heard.end, undefined)
    })

    it('can be given up before it is connected', async () => {
      answer = (_, res) => res.end()
      const { heard, flight } = sent(transport, { origin })
      flight.abort()
      flight.abort()
      await sent(transport, { origin }).over
      assert.equal(heard.status, 0)
      assert.equal(heard.end, undefined)
    })

    it('pauses: what the reader does not take piles up at the sender', async () => {
      const total = 64 * 1024 * 1024
      let written = 0
      answer = (_, res) => {
        const piece = Buffer.alloc(65_536)
        const more = () => {
          while (written < total) {
            written += piece.length
            if (!res.write(piece)) {
              res.once('drain', more)
              return
            }
          }
          res.end()
        }
        more()
      }
      const { heard, flight, first, over } = sent(transport, { origin })
      await first
      flight.pause()
      flight.pause()
      let before = -1
      // The sockets' own buffers fill up; then nothing moves any more.
      for (let still = 0; still < 5; still += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        if (written !== before) still = 0
        before = written
      }
      assert.ok(written < total, `${written} bytes were sent to a reader who paused`)
      flight.resume()
      assert.equal((await over).text.length, total)
      assert.equal(heard.end, 'end')
    })
  })

describe('the transport', () => {
  const transport = createTransport({ connectTimeoutMs: () => 2_000 })
  const realLookup = dns.lookup
  after(() => transport.close())
  afterEach(() => {
    dns.lookup = realLookup
    syncBuiltinESMExports()
  })

  /** Names resolve to these addresses from here on. */
  function resolveTo(...addresses: string[]): void {
    const fake = (_: string, options: { all?: boolean }, done: (...args: unknown[]) => void) => {
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      if (options.all === true) done(null, found)
      else done(null, found[0]!.address, found[0]!.family)
    }
    dns.lookup = fake as unknown as typeof dns.lookup
    syncBuiltinESMExports()
  }

  it('never connects to a forbidden address given as a literal', async () => {
    for (const origin of [
      'http://169.254.169.254',
      'http://[::ffff:a9fe:a9fe]',
      'http://0.0.0.0:80',
      'http://0xa9fea9fe',
    ])
      for (const proxy of [undefined, 'http://127.0.0.1:1'])
        assert.ok((await sent(transport, { origin }, proxy).over).end instanceof ForbiddenAddressError, origin)
  })

  it('never connects to one that a name resolves to, not even as the second of two', async () => {
    for (const addresses of [['169.254.169.254'], ['127.0.0.1', 'fe80::1'], ['::ffff:169.254.169.254']]) {
      resolveTo(...addresses)
      const { end } = await sent(transport, { origin: `http://rebind-${addresses.length}${addresses[0]!.length}.test` })
        .over
      assert.ok(end instanceof ForbiddenAddressError, String(end))
    }
  })

  it('connects to what else a name resolves to', async () => {
    const server = createServer((_, res) => res.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    resolveTo('127.0.0.1')
    const { port } = server.address() as AddressInfo
    assert.equal((await sent(transport, { origin: `http://fine.test:${port}` }).over).text, 'hello')
    server.closeAllConnections()
    server.close()
  })

  it('tells of a request it cannot send after `send` has returned, never within', async () => {
    const cannot = [
      { headers: ['x-bad', 'ライン'] },
      { headers: ['bad name', 'x'] },
      { headers: ['x-bad', 'a\nb'] },
      { path: '/with space' },
    ]
    for (const over of cannot) assert.ok((await sent(transport, over).over).end instanceof Error, JSON.stringify(over))
  })

  it('that was closed tells it in the same way', async () => {
    const closed = createTransport({ connectTimeoutMs: () => 2_000 })
    const server = createServer((_, res) => res.end('x'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await sent(closed, { origin }).over
    await closed.close()
    server.close()
    const { end } = await sent(closed, { origin }).over
    assert.ok(end instanceof Error)
    await closed.close()
  })
})

describe('the transport over a fetch of one’s own', () => {
  it('hands it the request as fetch takes it, and undoes what fetch has done', async () => {
    let seen: [unknown, RequestInit | undefined] | undefined
    const transport = createFetchTransport((async (url: unknown, init?: RequestInit) => {
      seen = [url, init]
      return new Response('plain', {
        status: 201,
        headers: { 'content-encoding': 'gzip', 'content-length': '9', 'x-a': 'b' },
      })
    }) as typeof fetch)
    const { status, headers, text } = await sent(transport, { path: '/p', headers: ['a', '1', 'a', '2'] }).over
    assert.deepEqual(
      [status, text, headers['x-a'], headers['content-encoding'], headers['content-length']],
      [201, 'plain', 'b', undefined, undefined],
    )
    assert.equal(seen![0], 'http://127.0.0.1:1/p')
    assert.deepEqual(
      [seen![1]!.method, seen![1]!.redirect, seen![1]!.headers],
      [
        'POST',
        'manual',
        [
          ['a', '1'],
          ['a', '2'],
        ],
      ],
    )
  })

  it('tells what it throws, at once or later, and what lies inside', async () => {
    const inside = Object.assign(new Error('inside'), { code: 'ECONNRESET' })
    for (const [thrown, told] of [
      [new TypeError('fetch failed', { cause: inside }), inside],
      ['text', 'text'],
    ] as const) {
      const sync = createFetchTransport((() => {
        throw thrown
      }) as unknown as typeof fetch)
      const late = createFetchTransport((() => Promise.reject(thrown)) as typeof fetch)
      for (const transport of [sync, late]) {
        const { end } = await sent(transport, {}).over
        if (typeof told === 'string') assert.equal((end as Error).message, told)
        else assert.equal(end, told)
      }
    }
  })

  it('takes an answer without a body for an end', async () => {
    const transport = createFetchTransport((async () => new Response(null, { status: 204 })) as typeof fetch)
    assert.equal((await sent(transport, {}).over).end, 'end')
  })
})
