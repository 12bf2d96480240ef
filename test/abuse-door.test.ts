/** What the front door does with requests that are foreign, broken, oversized or meant to confuse. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { createGateway } from '../src/index.ts'
import { protocols } from '../src/protocols/index.ts'
import { type Dialect, dialects, post } from './support/dialects.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'
import { answersIn, type RawAnswer, rawly, waitFor } from './support-process.ts'

let running: Running
let port: number

before(async () => {
  running = await start((url) => ({
    'claude-api-key': [{ 'api-key': 'upstream-claude', 'base-url': url }],
    'openai-api-key': [{ 'api-key': 'upstream-openai', 'base-url': `${url}/v1` }],
    'gemini-api-key': [{ 'api-key': 'upstream-gemini', 'base-url': url }],
    limits: { 'body-mib': 1 },
  }))
  port = Number(new URL(running.url).port)
})
after(() => running.close())

const HOST = 'Host: 127.0.0.1\r\n'
const AUTH = `Authorization: Bearer ${CLIENT_KEY}\r\n`
const CHAT = JSON.stringify({ model: 'gpt-5.2', messages: [{ role: 'user', content: 'Hello' }] })
const chatRequest = (headers = HOST, body = CHAT) =>
  `POST /v1/chat/completions HTTP/1.1\r\n${headers}${AUTH}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** One request on a connection of its own. */
const once = (bytes: string | Buffer, method = 'GET'): Promise<RawAnswer> =>
  rawly(port, (client) => client.send(bytes).answer(method))

/** The error of an answer, after a check that it is one of this dialect and nothing else. */
function nativeError(dialect: Dialect['id'], { status, body }: Pick<RawAnswer, 'status' | 'body'>) {
  const json = JSON.parse(body)
  if (dialect === 'anthropic') {
    assert.equal(json.type, 'error')
    assert.equal(typeof json.error.type, 'string')
    assert.match(json.request_id, /^req_/)
  } else if (dialect === 'gemini') {
    assert.equal(json.error.code, status)
    assert.match(json.error.status, /^[A-Z_]+$/)
  } else {
    assert.equal(typeof json.error.type, 'string')
    assert.ok('param' in json.error && 'code' in json.error, body)
  }
  assert.ok(json.error.message.length > 10, body)
  return json.error as Record<string, unknown> & { message: string; type?: string; status?: string; code?: unknown }
}

/** Every path of the registry, one that is only administrative, pins, and one that leads nowhere. */
const PATHS: readonly [method: string, path: string][] = [
  ...protocols.flatMap((p) =>
    p.routes.map((r) => [r.method, r.path.replace('{model}', 'some-model')] as [string, string]),
  ),
  ['GET', '/'],
  ['GET', '/health'],
  ['GET', '/healthz'],
  ['GET', '/ready'],
  ['GET', '/metrics'],
  ['GET', '/api/hello'],
  ['GET', '/api/provider/openai/v1/models'],
  ['POST', '/api/provider/claude/v1/messages'],
  ['OPTIONS', '/v1/messages'],
  ['HEAD', '/health'],
  ['DELETE', '/v1/responses/resp_1'],
  ['GET', '/nowhere'],
]

const FOREIGN: readonly [name: string, headers: string, code: string][] = [
  ['Host evil.example', 'Host: evil.example\r\n', 'foreign_host'],
  ['Host evil.example:PORT', 'Host: evil.example:PORT\r\n', 'foreign_host'],
  ['Host localhost.evil.example', 'Host: localhost.evil.example\r\n', 'foreign_host'],
  ['Host 127.0.0.1.evil.example', 'Host: 127.0.0.1.evil.example:PORT\r\n', 'foreign_host'],
  ['Host localhost@evil.example', 'Host: localhost@evil.example\r\n', 'foreign_host'],
  ['Host of another address', 'Host: 192.0.2.7:PORT\r\n', 'foreign_host'],
  ['Host with a tail', 'Host: 127.0.0.1:PORT.evil.example\r\n', 'foreign_host'],
  ['empty Host', 'Host:\r\n', 'foreign_host'],
  ['X-Forwarded-Host from no proxy', 'Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1\r\n', 'foreign_host'],
  ['foreign Origin', `${HOST}Origin: https://evil.example\r\n`, 'foreign_origin'],
  ['Origin null', `${HOST}Origin: null\r\n`, 'foreign_origin'],
  ['Origin of another port', `${HOST}Origin: http://127.0.0.1:1\r\n`, 'foreign_origin'],
  ['Origin that begins like ours', `${HOST}Origin: http://127.0.0.1.evil.example\r\n`, 'foreign_origin'],
  ['Origin of a browser extension', `${HOST}Origin: chrome-extension://127.0.0.1\r\n`, 'foreign_origin'],
]

describe('a foreign Host or Origin is refused on every route', () => {
  for (const [name, headers, code] of FOREIGN)
    test(name, async () => {
      const attemptsBefore = running.simulator.attempts().length
      for (const [method, path] of PATHS) {
        // The key is good and a gigabyte is promised: neither makes a difference, and nothing is waited for.
        const body = method === 'POST' ? 'Content-Length: 1000000000\r\n' : ''
        const head = headers.replaceAll('PORT', String(port))
        const answer = await once(
          `${method} ${path} HTTP/1.1\r\n${head}${AUTH}${body}Connection: close\r\n\r\n`,
          method,
        )
        assert.equal(answer.status, 403, `${method} ${path}: ${answer.body}`)
        assert.equal(answer.headers['access-control-allow-origin'], undefined)
        if (method === 'HEAD') continue
        assert.match(answer.body, /is not one of ours|may not call this server/, `${method} ${path}`)
        if (path.startsWith('/v1/chat')) assert.equal(JSON.parse(answer.body).error.code, code)
      }
      assert.equal(running.simulator.attempts().length, attemptsBefore)
    })

  test('no Host at all: HTTP/1.1 forbids it, HTTP/1.0 does not, and both are refused', async () => {
    assert.equal((await once(`GET /health HTTP/1.1\r\n${AUTH}\r\n`)).status, 400)
    assert.equal((await once(`GET /health HTTP/1.0\r\n${AUTH}\r\n`)).status, 403)
  })

  test('two Hosts are refused', async () => {
    const answer = await once(`GET /health HTTP/1.1\r\n${HOST}Host: evil.example\r\n\r\n`)
    assert.equal(answer.status, 400)
  })

  test('an absolute URL in the request line does not stand in for the Host', async () => {
    const answer = await once(`GET http://127.0.0.1/health HTTP/1.1\r\nHost: evil.example\r\n\r\n`)
    assert.equal(answer.status, 403)
  })

  test('the refusal is in the dialect of its path', async () => {
    for (const dialect of dialects) {
      const path = dialect.path(dialect.model, false)
      const answer = await once(
        `POST ${path} HTTP/1.1\r\nHost: evil.example\r\n${AUTH}Content-Length: 2\r\nConnection: close\r\n\r\n{}`,
      )
      nativeError(dialect.id, answer)
    }
  })

  test('on upgrade, before the key is looked at', async () => {
    for (const [name, headers] of FOREIGN) {
      const head = headers.replaceAll('PORT', String(port))
      const answer = await once(
        `GET /v1/responses HTTP/1.1\r\n${head}${AUTH}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      )
      assert.equal(answer.status, 403, name)
    }
  })

  test('and our own names are not', async () => {
    const own = [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      'localhost.',
      '[::1]',
      '127.0.0.2',
      `127.0.0.1:${port}`,
      'localhost:9',
    ]
    for (const host of own)
      assert.equal((await once(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\n${AUTH}\r\n`)).status, 200, host)
    const page = await once(`GET /v1/models HTTP/1.1\r\n${HOST}Origin: http://127.0.0.1\r\n${AUTH}\r\n`)
    assert.equal(page.status, 200)
  })
})

describe('upgrades', () => {
  const upgrade = (headers: string, method = 'GET', path = '/v1/responses') =>
    `${method} ${path} HTTP/1.1\r\n${HOST}${headers}Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

  test('a WebSocket where there is none is told to use HTTP, with a key and not without', async () => {
    assert.equal((await once(upgrade(`${AUTH}Upgrade: websocket\r\n`, 'GET', '/v1/messages'))).status, 426)
    const refused = await once(upgrade('Upgrade: websocket\r\n'))
    assert.equal(refused.status, 401)
    assert.equal(nativeError('openai-responses', refused).code, 'invalid_api_key')
  })

  test('an offer of h2c is not taken, and the request is answered as it is', async () => {
    const answer = await once(
      chatRequest(`${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`),
    )
    assert.equal(answer.status, 200)
    assert.match(answer.body, /chat\.completion/)
  })
})

describe('who may not come in waits for nothing', () => {
  for (const dialect of dialects)
    test(`${dialect.id}: a bad key with a gigabyte to come is answered from the head alone`, async () => {
      const path = dialect.path(dialect.model, false)
      const from = performance.now()
      const answer = await once(
        `POST ${path} HTTP/1.1\r\n${HOST}x-api-key: wrong-key-123456\r\nContent-Length: 1000000000\r\n\r\n`,
      )
      assert.ok(performance.now() - from < 150, `${performance.now() - from} ms`)
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['connection'], 'close')
      assert.equal(JSON.stringify(nativeError(dialect.id, answer)).includes('wrong-key-123456'), false)
    })

  test('a bad key is not told to go on, a good one is', async () => {
    const ask = (auth: string) =>
      `POST /v1/chat/completions HTTP/1.1\r\n${HOST}${auth}Content-Length: ${CHAT.length}\r\nExpect: 100-continue\r\n\r\n`
    assert.equal((await once(ask('Authorization: Bearer wrong-key-1234\r\n'))).status, 401)
    await rawly(port, async (client) => {
      assert.equal((await client.send(ask(AUTH)).answer()).status, 100)
      const [, answer] = await client.send(CHAT).answers(2)
      assert.equal(answer!.status, 200)
    })
  })

  test('what is said with Expect and is not 100-continue is refused', async () => {
    const answer = await once(
      `POST /v1/chat/completions HTTP/1.1\r\n${HOST}${AUTH}Content-Length: 2\r\nExpect: tea\r\nConnection: close\r\n\r\n{}`,
    )
    assert.equal(answer.status, 417)
  })

  test('the key may stand in any of its places', async () => {
    for (const [query, header] of [
      ['', AUTH],
      ['', `authorization: ${CLIENT_KEY}\r\n`],
      ['', `x-api-key: ${CLIENT_KEY}\r\n`],
      ['', `x-goog-api-key: ${CLIENT_KEY}\r\n`],
      [`?key=${CLIENT_KEY}`, ''],
      [`?auth_token=${CLIENT_KEY}`, ''],
    ])
      assert.equal((await once(`GET /v1/models${query} HTTP/1.1\r\n${HOST}${header}\r\n`)).status, 200, query || header)
  })
})

describe('a body over the limit', () => {
  const KIB = 1024
  for (const dialect of dialects) {
    const path = dialect.path(dialect.model, false)
    const head = (framing: string) => `POST ${path} HTTP/1.1\r\n${HOST}${AUTH}${framing}\r\n\r\n`
    const refused = (answer: RawAnswer) => {
      assert.equal(answer.status, 413)
      assert.match(nativeError(dialect.id, answer).message, /larger than 1 MiB \(limits\.body-mib\)/)
    }

    test(`${dialect.id}: with a content-length it is refused before it is sent`, async () => {
      refused(await once(head(`Content-Length: ${1024 * KIB + 1}`)))
    })

    test(`${dialect.id}: without one, as soon as it is over`, async () => {
      const chunk = `${(1024 * KIB + 1).toString(16)}\r\n${'a'.repeat(1024 * KIB + 1)}\r\n`
      refused(await once(`${head('Transfer-Encoding: chunked')}${chunk}`))
    })

    test(`${dialect.id}: compressed, when it would be larger`, async () => {
      const bomb = zstdCompressSync(Buffer.alloc(2048 * KIB, ' '))
      assert.ok(bomb.length < KIB)
      const answer = await once(
        Buffer.concat([Buffer.from(head(`Content-Encoding: zstd\r\nContent-Length: ${bomb.length}`)), bomb]),
      )
      refused(answer)
    })
  }

  test('a client that writes all of it first still reads why', async () => {
    for (const framing of ['Content-Length: 33554432', 'Transfer-Encoding: chunked'])
      await rawly(port, async (client) => {
        // Bodies of SDKs are written in one go; only then do many clients read.
        client.socket.pause()
        client.send(`POST /v1/messages HTTP/1.1\r\n${HOST}${AUTH}${framing}\r\n\r\n`)
        if (framing.endsWith('chunked')) client.send('2000000\r\n')
        const piece = Buffer.alloc(256 * KIB, 'a')
        let go = (): void => {}
        client.socket.on('drain', () => go())
        client.socket.on('close', () => go())
        for (let sent = 0; sent < 32 * 1024 * KIB && !client.closed; sent += piece.length)
          if (!client.socket.write(piece))
            await new Promise<void>((resolve) => {
              go = resolve
            })
        client.socket.resume()
        const answer = await client.answer()
        assert.equal(answer.status, 413)
        assert.equal(client.error, undefined, `the connection was reset: ${client.error}`)
        await client.end()
      })
  })

  test('exactly at the limit it passes', async () => {
    const blank = JSON.stringify({ model: 'gpt-5.2', messages: [{ role: 'user', content: '' }] })
    const body = blank.replace('""', `"${'x'.repeat(1024 * KIB - blank.length)}"`)
    assert.equal(body.length, 1024 * KIB)
    assert.equal((await once(chatRequest(HOST, body))).status, 200)
    assert.equal((await once(chatRequest(HOST, `${body} `))).status, 413)
  })
})

describe('a broken body is a 400 in the dialect of its path', () => {
  const nested = (depth: number) => `{"model":"gpt-5.2","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  const broken: readonly [string, string][] = [
    ['half an object', '{"model":"gpt-5.2","messages":['],
    ['no JSON', 'model=gpt-5.2'],
    ['nothing', ''],
    ['an array', '[]'],
    ['a string', '"model"'],
    ['null', 'null'],
    ['two objects', '{"model":"gpt-5.2"}{"model":"gpt-5.2"}'],
    ['nesting of 201', nested(201)],
    ['nesting of 100,000', nested(100_000)],
  ]
  /** Broken inside a value: where the road does not read it, it is for the upstream to say. */
  const brokenInside: readonly [string, string][] = [
    ['a raw NUL', '{"model":"gpt\u00005.2"}'],
    ['an unfinished escape', '{"model":"gpt\\u12"}'],
  ]
  for (const dialect of dialects)
    test(dialect.id, async () => {
      const before = running.simulator.attempts().length
      for (const [name, body] of broken) {
        const answer = await post(running, dialect, dialect.path(dialect.model, false), body)
        assert.equal(answer.status, 400, `${name}: ${answer.raw}`)
        nativeError(dialect.id, { status: answer.status, body: answer.raw })
      }
      assert.equal(running.simulator.attempts().length, before, 'nothing broken is sent upstream')
      for (const [name, body] of brokenInside) {
        const answer = await post(running, dialect, dialect.path(dialect.model, false), body)
        assert.equal(answer.status, 400, `${name}: ${answer.raw}`)
      }
    })

  test('nesting of 200 is sent on', async () => {
    const body = `{"model":"gpt-5.2","messages":[{"role":"user","content":"hi"}],"metadata":${'{"a":'.repeat(199)}1${'}'.repeat(199)}}`
    const before = running.simulator.attempts().length
    await post(running, dialects[1]!, '/v1/chat/completions', body)
    assert.equal(running.simulator.attempts().length, before + 1)
  })

  test('a model that is missing, empty or no string', async () => {
    for (const dialect of dialects.filter((d) => d.id !== 'gemini'))
      for (const model of ['', '"model":"",', '"model":7,', '"model":null,', '"model":["gpt-5.2"],']) {
        const answer = await post(running, dialect, dialect.path('', false), `{${model}"messages":[]}`)
        assert.equal(answer.status, 400)
        assert.match(nativeError(dialect.id, { status: 400, body: answer.raw }).message, /"model"/)
      }
  })

  test('data that is not what its content-encoding says, and an encoding nobody knows', async () => {
    for (const [encoding, status] of [
      ['gzip', 400],
      ['br', 400],
      ['zstd', 400],
      ['lzma', 415],
      ['gzip, gzip', 415],
    ] as const)
      for (const dialect of dialects) {
        const answer = await post(running, dialect, dialect.path(dialect.model, false), CHAT, {
          'content-encoding': encoding,
        })
        assert.equal(answer.status, status, encoding)
        nativeError(dialect.id, { status, body: answer.raw })
      }
  })
})

describe('what is not served is told in the dialect of its path', () => {
  const tables: readonly [string, Dialect['id'], string, string, number, RegExp][] = [
    ['unknown path', 'openai-chat', 'GET', '/v2/models', 404, /Nothing is served/],
    ['unknown path under messages', 'anthropic', 'POST', '/v1/messages/batches', 404, /Nothing is served/],
    ['unknown path under responses', 'openai-responses', 'GET', '/v1/responses/resp_1', 404, /Nothing is served/],
    ['unknown path under v1beta', 'gemini', 'POST', '/v1beta/cachedContents', 404, /Nothing is served/],
    ['unknown verb', 'gemini', 'POST', '/v1beta/models/gemini-2.5-pro:embedContent', 404, /embedContent/],
    ['wrong method', 'anthropic', 'GET', '/v1/messages', 405, /use POST/],
    ['wrong method', 'openai-chat', 'PUT', '/v1/chat/completions', 405, /use POST/],
    ['wrong method', 'openai-responses', 'PATCH', '/v1/responses', 405, /use POST/],
    ['wrong method', 'gemini', 'GET', '/v1beta/models/gemini-2.5-pro:generateContent', 405, /use POST/],
    [
      'unknown provider',
      'openai-chat',
      'POST',
      '/api/provider/nobody/v1/chat/completions',
      404,
      /no provider "nobody"/,
    ],
    ['TRACE', 'openai-chat', 'TRACE', '/v1/chat/completions', 405, /TRACE is not possible/],
  ]
  for (const [name, dialect, method, path, status, says] of tables)
    test(`${name}: ${method} ${path}`, async () => {
      const answer = await once(`${method} ${path} HTTP/1.1\r\n${HOST}${AUTH}Content-Length: 0\r\n\r\n`)
      assert.equal(answer.status, status, answer.body)
      assert.match(nativeError(dialect, answer).message, says)
      if (status === 405) assert.equal(answer.headers['allow'], 'POST')
    })

  for (const dialect of dialects)
    test(`${dialect.id}: an unknown model is a 404`, async () => {
      const model = 'nobody-has-this'
      const answer = await post(
        running,
        dialect,
        dialect.path(model, false),
        JSON.stringify(dialect.body(model, false, 'Hello')),
      )
      assert.equal(answer.status, 404)
      assert.match(nativeError(dialect.id, { status: 404, body: answer.raw }).message, /nobody-has-this/)
    })

  test('TRACE does not echo, CONNECT opens nothing', async () => {
    const trace = await once(`TRACE /nowhere HTTP/1.1\r\n${HOST}${AUTH}X-Canary: echo-me\r\n\r\n`)
    assert.equal(trace.status, 404)
    assert.equal(trace.body.includes('echo-me'), false)
    await rawly(port, async (client) => {
      await client.send(`CONNECT 127.0.0.1:${new URL(running.simulator.url).port} HTTP/1.1\r\n${HOST}${AUTH}\r\n`).end()
      assert.doesNotMatch(client.received, /^HTTP\/1\.1 2/)
    })
  })

  test('a path of 8,000 odd characters is told short and clean', async () => {
    const answer = await once(`GET /${'%00%0d%0aSet-Cookie:x'.repeat(400)} HTTP/1.1\r\n${HOST}${AUTH}\r\n`)
    assert.equal(answer.status, 404)
    assert.ok(answer.body.length < 600)
    assert.equal(answer.headers['set-cookie'], undefined)
  })
})

describe('heads', () => {
  test('over 64 KiB it is a 431, and the connection is closed', async () => {
    await rawly(port, async (client) => {
      const answer = await client
        .send(`GET /health HTTP/1.1\r\n${HOST}X-Long: ${'a'.repeat(64 * 1024)}\r\n\r\n`)
        .answer()
      assert.equal(answer.status, 431)
      assert.match(JSON.parse(answer.body).error.message, /64 KiB \(limits\.header-kib\)/)
      await client.end()
    })
  })

  test('60 KiB pass', async () => {
    assert.equal((await once(`GET /health HTTP/1.1\r\n${HOST}X-Long: ${'a'.repeat(60 * 1024)}\r\n\r\n`)).status, 200)
  })

  test('HEAD answers as GET does, without a body', async () => {
    for (const path of ['/health', '/v1/models', '/metrics', '/nowhere']) {
      const get = await once(`GET ${path} HTTP/1.1\r\n${HOST}${AUTH}\r\n`)
      const received = await rawly(port, async (client) => {
        await client.send(`HEAD ${path} HTTP/1.1\r\n${HOST}${AUTH}Connection: close\r\n\r\n`).end()
        return client.received
      })
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${get.status} `))
      assert.equal(received.indexOf('\r\n\r\n'), received.length - 4, 'no body')
      assert.ok(Number(/content-length: (\d+)/.exec(received)![1]) > 0)
    }
  })

  test('HTTP/1.0 is answered and closed; a stream is not chunked for it', async () => {
    await rawly(port, async (client) => {
      await client.send(chatRequest().replace('HTTP/1.1', 'HTTP/1.0')).end()
      assert.match(client.received, /^HTTP\/1\.1 200 /)
      assert.match(client.received, /"object":"chat\.completion"/)
    })
    const body = JSON.stringify({ ...JSON.parse(CHAT), stream: true })
    await rawly(port, async (client) => {
      await client.send(chatRequest(HOST, body).replace('HTTP/1.1', 'HTTP/1.0')).end()
      assert.doesNotMatch(client.received, /transfer-encoding/i)
      assert.match(client.received, /data: \[DONE\]\n\n$/)
    })
  })
})

describe('requests that try to be two', () => {
  const smuggled = `GET /smuggled HTTP/1.1\r\n${HOST}${AUTH}\r\n`
  const attempts: readonly [string, string, string][] = [
    ['length and chunks', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`],
    ['chunks and length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${smuggled}`],
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`, smuggled],
    ['lengths in a list', `Content-Length: 0, ${smuggled.length}\r\n`, smuggled],
    ['a negative length', 'Content-Length: -1\r\n', smuggled],
    ['a hexadecimal length', 'Content-Length: 0x10\r\n', smuggled],
    ['a length with a plus', 'Content-Length: +2\r\n', `{}${smuggled}`],
    ['chunked twice', 'Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${smuggled}`],
    ['chunked and not last', 'Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`],
    ['chunked in disguise', 'Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n', `2\r\n{}xx\r\n0\r\n\r\n${smuggled}`],
    ['a bare line feed in the head', 'X-One: 1\nContent-Length: 0\r\n', smuggled],
    ['a folded header', 'X-One: 1\r\n Transfer-Encoding: chunked\r\n', smuggled],
    ['a NUL in a header', 'X-One: 1\u00002\r\n', smuggled],
  ]
  for (const [name, headers, body] of attempts)
    test(`${name}: refused, closed, and nothing behind it is answered`, async () => {
      await rawly(port, async (client) => {
        client.send(`POST /v1/chat/completions HTTP/1.1\r\n${HOST}${AUTH}${headers}\r\n${body}`)
        await client.end()
        const answers = answersIn(client.received)
        assert.equal(answers.length, 1, client.received)
        assert.equal(answers[0]!.status, 400, client.received)
        assert.equal(client.received.includes('/smuggled'), false)
      })
    })

  test('garbage behind a request whose answer streams does not get into the stream', async () => {
    const body = JSON.stringify({ ...JSON.parse(CHAT), model: 'gpt-5.2+events:20+pace:10', stream: true })
    await rawly(port, async (client) => {
      client.send(chatRequest(HOST, body))
      await waitFor(() => client.received.includes('data: '))
      await client.send('!!! garbage\r\n\r\n').end()
      assert.equal(client.received.match(/HTTP\/1\.1 /g)!.length, 1, client.received)
    })
  })
})

test('pipelined requests are answered in order, a slow one first', async () => {
  const slow = CHAT.replace('gpt-5.2', 'gpt-5.2+delay:100')
  await rawly(port, async (client) => {
    client.send(
      chatRequest(HOST, slow) +
        chatRequest() +
        `GET /v1/models HTTP/1.1\r\n${HOST}${AUTH}\r\n` +
        chatRequest(HOST, '{'),
    )
    const answers = await client.answers(4)
    assert.deepEqual(
      answers.map((a) => a.status),
      [200, 200, 200, 400],
    )
    assert.match(answers[0]!.body, /delay:100/)
    assert.doesNotMatch(answers[1]!.body, /delay:100/)
    assert.match(answers[2]!.body, /"object":"list"/)
  })
})

test('after a refusal with an unread body the connection is not used again', async () => {
  await rawly(port, async (client) => {
    // The "body" is a request: were the connection kept, it would be answered.
    const inner = `GET /v1/models HTTP/1.1\r\n${HOST}${AUTH}\r\n`
    client.send(
      `POST /v1/chat/completions HTTP/1.1\r\n${HOST}x-api-key: wrong-key-1234\r\nContent-Length: ${inner.length + 10}\r\n\r\n${inner}`,
    )
    await client.end()
    assert.deepEqual(
      answersIn(client.received).map((a) => a.status),
      [401],
    )
  })
})

test('a slow reader gets every byte', async () => {
  const events = 400
  const path = '/v1/chat/completions'
  const agent = new Agent({ keepAlive: true })
  const text = await new Promise<string>((resolve, reject) => {
    const req = request(running.url + path, {
      method: 'POST',
      agent,
      headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
    })
    req.on('error', reject)
    req.on('response', (res) => {
      let all = ''
      res.setEncoding('utf8')
      res.on('data', (piece: string) => {
        all += piece
        res.pause()
        setTimeout(() => res.resume(), 2)
      })
      res.on('end', () => resolve(all))
    })
    req.end(JSON.stringify({ ...JSON.parse(CHAT), model: `gpt-5.2+events:${events}+len:20000`, stream: true }))
  })
  agent.destroy()
  const deltas = [...text.matchAll(/^data: (\{.*\})$/gm)]
    .map((m) => JSON.parse(m[1]!).choices[0]?.delta?.content as string | undefined)
    .filter((t) => t !== undefined && t !== '')
  assert.equal(deltas.length, events)
  deltas.forEach((t, i) => {
    assert.equal(t!.length, 20_000)
    assert.ok(t!.startsWith(`${i} `))
  })
  assert.match(text, /data: \[DONE\]\n\n$/)
})

test('a key in the query is neither sent on nor told', async () => {
  const ends: unknown[] = []
  const stop = running.gateway.on('end', (record) => ends.push(record))
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] })
  const path = `/v1beta/models/gemini-2.5-flash:generateContent?key=${CLIENT_KEY}&x=1&auth_token=${CLIENT_KEY}`
  const answer = await once(`POST ${path} HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`)
  stop()
  assert.equal(answer.status, 200)
  const { path: sent, headers } = running.simulator.attempts().at(-1)!
  assert.equal(sent, '/v1beta/models/gemini-2.5-flash:generateContent?x=1')
  assert.equal(JSON.stringify({ headers, ends, answer }).includes(CLIENT_KEY), false)
})

test('allowed-hosts and allowed-origins open exactly what they name', async () => {
  const gateway = await createGateway({
    config: {
      port: 0,
      'api-keys': [CLIENT_KEY],
      'allowed-hosts': ['proxy.example.com'],
      'allowed-origins': ['https://app.example.com'],
    },
  })
  const at = await gateway.listen()
  const get = (host: string, origin?: string) =>
    rawly(at.port, (client) =>
      client
        .send(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\n${AUTH}${origin ? `Origin: ${origin}\r\n` : ''}\r\n`)
        .answer(),
    )
  assert.equal((await get('proxy.example.com')).status, 200)
  assert.equal((await get('Proxy.Example.Com:443')).status, 200)
  assert.equal((await get('other.example.com')).status, 403)
  assert.equal((await get('a.proxy.example.com')).status, 403)
  const allowed = await get('proxy.example.com', 'https://app.example.com')
  assert.equal(allowed.status, 200)
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example.com')
  assert.equal((await get('proxy.example.com', 'http://app.example.com')).status, 403)
  assert.equal((await get('proxy.example.com', 'https://app.example.com.evil.example')).status, 403)
  await gateway.close()
})
