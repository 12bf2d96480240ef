import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { isHarmlessAddress, isPublicAddress } from './public-address.ts'
import { Fetcher, type FetchRules, RemoteMediaError } from './remote-fetch.ts'

const PNG = Buffer.from('\x89PNG\r\n\x1a\nthe rest', 'latin1')

/** A server of files; the test says what it answers. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
let asked: IncomingMessage[] = []
let server: Server
let port: number

before(async () => {
  server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  // All of 127.0.0.0/8, so that one port can be two hosts.
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const png = (_: IncomingMessage, response: ServerResponse): void => {
  response.setHeader('content-type', 'image/png')
  response.end(PNG)
}

interface Asks extends Partial<FetchRules> {
  serves?: typeof answer
  ms?: number
}

async function fetched(path: string, { serves = png, ms = 5_000, ...rules }: Asks = {}) {
  answer = serves
  asked = []
  await using fetcher = new Fetcher({
    allowed: isHarmlessAddress,
    accepts: (type) => type.startsWith('image/'),
    maxBytes: 1_000,
    connectMs: 2_000,
    ...rules,
  })
  const url = path.startsWith('/') ? `http://127.0.0.1:${port}${path}` : path
  return await fetcher.fetch(url, AbortSignal.timeout(ms))
}

const fails = (path: string, why: RegExp, asks?: Asks) =>
  assert.rejects(fetched(path, asks), (error) => {
    assert.ok(error instanceof RemoteMediaError, String(error))
    assert.match(error.message, why)
    return true
  })

/** A resolver that gives each question the next answer. */
function names(...answers: string[][]): typeof lookup & { asked: number } {
  const look = ((_: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) => {
    const found = answers[Math.min(look.asked++, answers.length - 1)]!.map((address) => ({ address, family: 4 }))
    process.nextTick(() => (options.all ? callback(null, found) : callback(null, found[0]!.address, 4)))
  }) as unknown as typeof lookup & { asked: number }
  look.asked = 0
  return look
}

const redirectTo =
  (location: string, status = 302) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === '/from') response.writeHead(status, { location }).end()
    else png(request, response)
  }

describe('fetching', () => {
  it('brings the bytes and their type', async () => {
    assert.deepEqual(await fetched('/a.png?size=2#top'), { mediaType: 'image/png', bytes: PNG })
    assert.equal(asked[0]!.url, '/a.png?size=2')
  })

  it('tells nothing of anybody', async () => {
    await fetched('/a.png')
    assert.deepEqual(Object.keys(asked[0]!.headers).sort(), [
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
    assert.match(asked[0]!.headers['user-agent']!, /^logicaproxy\//)
    assert.equal(asked[0]!.headers['accept-encoding'], 'identity')
  })

  it('follows redirects, relative ones too, and takes no cookies along', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const serves = (request: IncomingMessage, response: ServerResponse) => {
        response.setHeader('set-cookie', 'a=b')
        redirectTo('/to', status)(request, response)
      }
      assert.deepEqual((await fetched('/from', { serves })).bytes, PNG)
      assert.equal(asked[1]!.url, '/to')
      assert.equal(asked[1]!.headers.cookie, undefined)
    }
  })

  it('follows three redirects and no more', async () => {
    const hops = (most: number) => (request: IncomingMessage, response: ServerResponse) => {
      const hop = Number(request.url!.slice(1))
      if (hop === most) png(request, response)
      else response.writeHead(302, { location: `/${hop + 1}` }).end()
    }
    await fetched('/0', { serves: hops(3) })
    await fails('/0', /redirects too often/, { serves: hops(4) })
    assert.equal(asked.length, 4)
  })

  it('refuses what is no answer', async () => {
    for (const status of [204, 206, 304, 400, 404, 500])
      await fails('/a.png', new RegExp(`status ${status}$`), {
        serves: (_, response) => response.writeHead(status).end(),
      })
    await fails('/a.png', /^it is empty$/, { serves: (_, response) => response.end() })
    await fails('/a.png', /connection to its host failed/, { serves: (request) => request.socket.destroy() })
  })

  it('refuses a cut answer', async () => {
    const serves = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': '500' })
      response.write(PNG, () => response.destroy())
    }
    await fails('/a.png', /connection to its host failed/, { serves })
  })

  it('refuses URLs of other schemes and with a password, also where it is sent to', async () => {
    const own = `127.0.0.1:${port}`
    for (const [url, why] of [
      ['file:///etc/passwd', /not of http/],
      ['ftp://127.0.0.1/', /not of http/],
      ['gopher://127.0.0.1/', /not of http/],
      [`http://me:secret@${own}/`, /holds a user or a password/],
      [`http://me@${own}/`, /holds a user or a password/],
      ['http://', /cannot be read/],
    ] as const) {
      await fails(url, why)
      assert.equal(asked.length, 0)
      if (url !== 'http://') await fails('/from', why, { serves: redirectTo(url) })
    }
  })
})

describe('the size of what is fetched', () => {
  it('is refused by the head', async () => {
    const serves = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1001' })
      response.write('x')
    }
    await fails('/a.png', /^it is larger than 0 MiB$/, { serves })
    await fails('/a.png', /^it is larger than 0.5 MiB$/, {
      maxBytes: 512 * 1024,
      serves: (_, response) => response.writeHead(200, { 'content-length': String(1024 * 1024) }).end(),
    })
  })

  it('is counted while it comes, and the connection closed in the middle', async () => {
    let written = 0
    let closed: Promise<void> | undefined
    const serves = (_: IncomingMessage, response: ServerResponse) => {
      response.setHeader('content-type', 'image/png')
      closed = new Promise((resolve) => response.on('close', resolve))
      response.write(PNG)
      const timer = setInterval(() => {
        written += 400
        response.write(Buffer.alloc(400))
      }, 5)
      response.on('close', () => clearInterval(timer))
    }
    await fails('/a.png', /larger than/, { serves })
    await closed
    assert.ok(written < 100_000, String(written))
  })

  it('may be all that is allowed', async () => {
    const whole = Buffer.concat([PNG, Buffer.alloc(1_000 - PNG.length)])
    assert.equal((await fetched('/a.png', { serves: (_, response) => response.end(whole) })).bytes.length, 1_000)
  })

  it('is that of the bytes: packed ones are refused', async () => {
    const serves = (_: IncomingMessage, response: ServerResponse) =>
      response.writeHead(200, { 'content-type': 'image/png', 'content-encoding': 'gzip' }).end('x')
    await fails('/a.png', /compressed/, { serves })
  })
})

describe('the type of what is fetched', () => {
  const typed = (type: string, body: Buffer | string) => (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(200, { 'content-type': type }).end(body)

  it('must be wanted, by the head and by the bytes', async () => {
    await fails('/', /its type, text\/html, is not allowed/, { serves: typed('text/html; charset=utf-8', '<p>') })
    await fails('/', /its type, application\/pdf, is not allowed/, { serves: typed('image/png', '%PDF-1.4') })
    await fails('/', /not of the type that its server says/, { serves: typed('image/png', 'secret words') })
    await fails('/', /its type, text\/plain, is not allowed/, { serves: typed('', 'secret words') })
  })

  it('is told by the bytes', async () => {
    assert.equal((await fetched('/', { serves: typed('image/gif', PNG) })).mediaType, 'image/png')
    assert.equal((await fetched('/', { serves: typed('application/octet-stream', PNG) })).mediaType, 'image/png')
  })
})

describe('the time fetching takes', () => {
  it('ends with a silent server', async () => {
    await fails('/', /took too long/, { ms: 60, serves: () => {} })
  })

  it('ends with a server that never ends', async () => {
    const serves = (_: IncomingMessage, response: ServerResponse) => {
      response.write(PNG)
      const timer = setInterval(() => response.write('x'), 5)
      response.on('close', () => clearInterval(timer))
    }
    await fails('/', /took too long/, { ms: 60, serves })
  })
})

describe('the guard', () => {
  const guarded = { allowed: isPublicAddress }

  it('refuses private addresses in every spelling, before it connects', async () => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '127.1',
      '0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '１２７.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
    ])
      await fails(`http://${host}:${port}/`, /not one of the public internet/, guarded)
    assert.equal(asked.length, 0)
  })

  it('never lets anybody to metadata', async () => {
    for (const host of ['169.254.169.254', '[fe80::1]', '168.63.129.16', '100.100.100.200', '[::ffff:a9fe:a9fe]'])
      await fails(`http://${host}/latest/meta-data`, /not one of the public internet/)
    const lookup = names(['169.254.169.254'])
    await fails('http://metadata.test/', /not one of the public internet/, { lookup })
  })

  it('checks what a name stands for, all of it', async () => {
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['10.0.0.1', '8.8.8.8'], []])
      await fails(`http://files.test:${port}/`, /not one of the public internet/, {
        ...guarded,
        lookup: names(addresses),
      })
    assert.equal(asked.length, 0)
  })

  it('checks redirects anew', async () => {
    for (const host of ['127.0.0.2', 'localhost', 'other.test', '169.254.169.254', '[::1]'])
      await fails('/from', /not one of the public internet/, {
        // In this test 127.0.0.1 is the open internet, and nothing else.
        allowed: (address) => address === '127.0.0.1',
        lookup: names(['127.0.0.2']),
        serves: redirectTo(`http://${host}:${port}/secret`),
      })
    assert.deepEqual(
      asked.map((request) => request.url),
      ['/from'],
    )
  })

  it('is in the look-up that the connection uses: a name cannot be one host when checked and another when used', async () => {
    const lookup = names(['127.0.0.1'], ['127.0.0.2'])
    const rules = { allowed: (address: string) => address === '127.0.0.1', lookup }
    // One question for one connection, and its answer is where the connection goes.
    await fetched(`http://rebind.test:${port}/a.png`, rules)
    assert.equal(lookup.asked, 1)
    assert.equal(asked[0]!.socket.localAddress, '127.0.0.1')
    await fails(`http://rebind.test:${port}/a.png`, /not one of the public internet/, rules)
    assert.equal(lookup.asked, 2)
    assert.equal(asked.length, 0)
  })

  it('says what fails without an address', async () => {
    const unknown = ((_: string, __: object, callback: (error: Error) => void) =>
      process.nextTick(callback, Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))) as typeof lookup
    await fails('http://nowhere.test/', /^its host is not known$/, { lookup: unknown })
    await fails('http://127.0.0.1:1/', /^the connection to its host failed$/)
  })
})
