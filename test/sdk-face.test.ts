/** LogicaProxy as a library, as its README shows it: the faces of `createGateway`, and the examples. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import {
  ConfigError,
  type CreateGatewayOptions,
  createGateway,
  dialectRequest,
  type Provider,
  type RunningGateway,
  UnsafeBindError,
  version,
} from '../src/index.ts'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { ROOT, temporary, waitFor } from './support-process.ts'

let simulator: Simulator
before(async () => {
  simulator = await createSimulator()
})
after(() => simulator.close())

const KEY = 'sdk-face-client-key'
const config = (more: Record<string, unknown> = {}) => ({
  port: 0,
  'api-keys': [KEY],
  'request-retry': 0,
  'openai-api-key': [{ 'api-key': 'upstream-openai', 'base-url': `${simulator.url}/v1` }],
  ...more,
})

async function made(options: Partial<CreateGatewayOptions> = {}): Promise<RunningGateway & AsyncDisposable> {
  const gateway = await createGateway({ config: config(), ...options })
  return Object.defineProperty(gateway, Symbol.asyncDispose, { value: () => gateway.close({ drainMs: 0 }) }) as never
}

const chat = (model = 'gpt-5.2', more: RequestInit & { stream?: boolean } = {}): RequestInit => ({
  method: 'POST',
  headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    model,
    ...(more.stream && { stream: true }),
    messages: [{ role: 'user', content: 'Which face?' }],
  }),
  ...more,
})
const CHAT = 'http://localhost/v1/chat/completions'
const contentOf = async (response: Response) =>
  ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]!.message.content

describe('.listen', () => {
  test('opens a free port and tells where', async () => {
    await using gateway = await made()
    const at = await gateway.listen()
    assert.equal(at.url, `http://127.0.0.1:${at.port}`)
    assert.ok(at.port > 0)
    assert.match(await contentOf(await fetch(`${at.url}/v1/chat/completions`, chat())), /Which face\?/)
  })

  test('refuses a public address without keys, unless an access check guards it', async () => {
    await using open = await made({ config: config({ 'api-keys': [] }) })
    await assert.rejects(open.listen({ host: '0.0.0.0', port: 0 }), UnsafeBindError)
    await using guarded = await made({ config: config({ 'api-keys': [] }), access: () => undefined })
    const at = await guarded.listen({ host: '0.0.0.0', port: 0 })
    assert.equal((await fetch(`http://127.0.0.1:${at.port}/v1/chat/completions`, chat())).status, 401)
  })

  test('a port in use rejects with its code', async () => {
    await using one = await made()
    await using two = await made()
    const { port } = await one.listen()
    await assert.rejects(two.listen({ port }), { code: 'EADDRINUSE' })
  })
})

test('.handler answers inside a server of one’s own, streams too', async () => {
  await using gateway = await made()
  const server = createServer((req, res) => {
    if (!req.url!.startsWith('/llm/')) return void res.end('mine')
    req.url = req.url!.slice(4)
    gateway.handler(req, res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.match(await contentOf(await fetch(`${url}/llm/v1/chat/completions`, chat())), /Which face\?/)
  const stream = await fetch(`${url}/llm/v1/chat/completions`, chat('gpt-5.2+events:5', { stream: true }))
  assert.match(await stream.text(), /data: \[DONE\]\n\n$/)
  assert.equal((await fetch(`${url}/llm/v1/chat/completions`, chat('gpt-5.2', { headers: {} }))).status, 401)
  assert.equal(await (await fetch(`${url}/elsewhere`)).text(), 'mine')
  server.close()
  server.closeAllConnections()
})

describe('.fetch', () => {
  test('answers whole, with our headers', async () => {
    await using gateway = await made()
    const response = await gateway.fetch(new Request(CHAT, chat()))
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-logicaproxy-lane'), 'pass-through')
    assert.match(await contentOf(response), /Which face\?/)
  })

  test('streams piece by piece', async () => {
    await using gateway = await made()
    const response = await gateway.fetch(new Request(CHAT, chat('gpt-5.2+events:10+pace:10', { stream: true })))
    let pieces = 0
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      pieces += 1
      text += chunk
    }
    assert.ok(pieces >= 5, `${pieces} pieces`)
    assert.match(text, /data: \[DONE\]\n\n$/)
  })

  test('an abort before the answer rejects, one inside a stream breaks it, a cancel ends it; upstream hears of each', async () => {
    await using gateway = await made()
    const ends: (string | undefined)[] = []
    gateway.on('end', (record) => ends.push(record.failure?.kind))
    const gone = async (model: string) => {
      await waitFor(() => simulator.attempts({ model }).at(-1)?.outcome === 'client-gone')
      await waitFor(() => gateway.active === 0)
      assert.equal(ends.pop(), 'cancelled')
    }

    const early = new AbortController()
    const never = gateway.fetch(new Request(CHAT, chat('gpt-5.2+delay:60000', { signal: early.signal })))
    await waitFor(() => simulator.attempts({ model: 'gpt-5.2+delay:60000' }).length === 1)
    early.abort()
    await assert.rejects(never, { name: 'AbortError' })
    await gone('gpt-5.2+delay:60000')

    const late = new AbortController()
    const model = 'gpt-5.2+events:1000+pace:10'
    const response = await gateway.fetch(new Request(CHAT, chat(model, { stream: true, signal: late.signal })))
    const reader = response.body!.getReader()
    assert.equal((await reader.read()).done, false)
    late.abort()
    await assert.rejects(
      async () => {
        while (!(await reader.read()).done);
      },
      { name: 'AbortError' },
    )
    await gone(model)

    const left = 'gpt-5.2+events:1001+pace:10'
    const other = await gateway.fetch(new Request(CHAT, chat(left, { stream: true })))
    await other.body!.cancel()
    await gone(left)

    const before = AbortSignal.abort()
    await assert.rejects(async () => gateway.fetch(new Request(CHAT, chat('gpt-5.2', { signal: before }))), {
      name: 'AbortError',
    })
  })

  test('a reader that does not read pauses the upstream', async () => {
    await using gateway = await made()
    const model = 'gpt-5.2+events:20000+len:10000'
    const response = await gateway.fetch(new Request(CHAT, chat(model, { stream: true })))
    let last = -1
    let same = 0
    await waitFor(() => {
      const { eventsSent } = simulator.attempts({ model }).at(-1)!
      same = eventsSent === last ? same + 1 : 0
      last = eventsSent
      return same > 30
    })
    assert.ok(last < 5_000, `${last} of 20,000 events`)
    await response.body!.cancel()
  })

  test('refuses what the listener refuses: keys, bodies over the limit, foreign hosts', async () => {
    await using gateway = await made({ config: config({ limits: { 'body-mib': 0.1 } }) })
    const status = async (url: string, init: RequestInit) => (await gateway.fetch(new Request(url, init))).status
    assert.equal(await status(CHAT, chat('gpt-5.2', { headers: {} })), 401)
    assert.equal(await status(CHAT, chat('gpt-5.2', { body: 'x'.repeat(200_000) })), 413)
    assert.equal(await status(CHAT, chat('gpt-5.2', { body: '{' })), 400)
    assert.equal(await status('http://evil.example/v1/chat/completions', chat()), 403)
    assert.equal(await status('http://localhost/nowhere', chat()), 404)

    // An endless body is not read to its end.
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(16_384))
      },
    })
    const init = { ...chat(), body: endless, duplex: 'half' } as RequestInit
    assert.equal(await status(CHAT, init), 413)
    assert.ok(pulled < 20, `${pulled} pieces of 16 KiB`)
  })
})

describe('.reload, .config and .on', () => {
  test('takes another object, tells it, and keeps the old one when it is wrong', async () => {
    await using gateway = await made()
    const told: string[] = []
    const stop = gateway.on('reload', ({ digest }) => told.push(digest))
    gateway.on('reload-failed', (error) => told.push(error.name))
    await gateway.reload(config({ 'drain-seconds': 7 }))
    assert.equal(gateway.config['drain-seconds'], 7)
    await assert.rejects(gateway.reload({ port: 'nonsense', hots: 1 }), (error: Error) => {
      assert.ok(error instanceof ConfigError)
      assert.equal(error.faults.length, 2)
      return true
    })
    assert.equal(gateway.config['drain-seconds'], 7)
    assert.match(told[0]!, /^[0-9a-f]{64}$/)
    assert.equal(told[1], 'ConfigError')
    stop()
    await gateway.reload(config())
    assert.equal(told.length, 2, 'a listener that stopped hears no more')
    assert.throws(() => {
      ;(gateway.config as Record<string, unknown>)['port'] = 1
    }, TypeError)
  })

  test('follows a file, unless told not to', async () => {
    using dir = temporary()
    const file = join(dir.path, 'config.yaml')
    const write = (seconds: number) =>
      writeFileSync(file, stringify(config({ 'auth-dir': dir.path, 'drain-seconds': seconds })))
    write(1)
    await using follows = await made({ config: file })
    await using still = await made({ config: file, watch: false })
    await follows.listen()
    write(2)
    await waitFor(() => follows.config['drain-seconds'] === 2)
    assert.equal(still.config['drain-seconds'], 1)
    await still.reload()
    assert.equal(still.config['drain-seconds'], 2)
  })

  test('attempt, failed and end tell of one call, and a listener that throws is not the client’s matter', async () => {
    await using gateway = await made()
    const heard: string[] = []
    gateway.on('attempt', ({ status, accountLabel }) => heard.push(`attempt ${status} ${accountLabel}`))
    gateway.on('end', ({ status, requestedModel }) => heard.push(`end ${status} ${requestedModel}`))
    gateway.on('failed', ({ response }) => heard.push(`failed ${response.status}`))
    const warned = once(process, 'warning')
    const stop = gateway.on('end', () => {
      throw new Error('a listener of the embedder')
    })
    assert.equal((await gateway.fetch(new Request(CHAT, chat('gpt-5.2+400')))).status, 400)
    assert.match(String((await warned)[0]), /a listener of the embedder/)
    stop()
    assert.deepEqual(
      heard.map((h) => h.replace(/openai .*/, 'openai')),
      ['attempt 400 openai', 'end 400 gpt-5.2+400', 'failed 400'],
    )
  })
})

describe('what an embedder brings along', () => {
  test('a provider of one’s own, and one in place of a built-in', async () => {
    const sent: string[] = []
    const provider = (id: string): Provider => ({
      id,
      title: id,
      aliases: ['my-pin'],
      policy: { state: 'supported', since: '2026-11-22', note: '', url: '' },
      speaks: ['openai-chat'],
      baseUrl: '',
      models: [],
      serves: (model) => model.startsWith(id === 'mine' ? 'mine-' : 'gpt-'),
      request(out, account, credential) {
        sent.push(`${id} ${out.model}`)
        return dialectRequest(out, account, credential)
      },
    })
    const entry = { name: 'mine', 'base-url': `${simulator.url}/v1`, 'api-key-entries': [{ 'api-key': 'key-of-mine' }] }
    await using gateway = await made({
      config: config({ 'openai-compatibility': [entry] }),
      providers: [provider('mine'), provider('openai')],
    })
    assert.equal((await gateway.fetch(new Request(CHAT, chat('mine-1')))).status, 200)
    assert.equal((await gateway.fetch(new Request(CHAT, chat('gpt-5.2')))).status, 200)
    assert.deepEqual(sent, ['mine mine-1', 'openai gpt-5.2'])
  })

  test('an upstream fetch', async () => {
    const asked: string[] = []
    await using gateway = await made({
      fetchUpstream: async (input, init) => {
        asked.push(String(input instanceof Request ? input.url : input))
        return fetch(input, init)
      },
    })
    assert.equal((await gateway.fetch(new Request(CHAT, chat()))).status, 200)
    assert.deepEqual(asked, [`${simulator.url}/v1/chat/completions`])
  })

  test('an access check that throws lets nobody in', async () => {
    await using gateway = await made({
      access: () => {
        throw new Error('the directory is down')
      },
    })
    const { url } = await gateway.listen()
    const warned = once(process, 'warning')
    assert.equal((await fetch(`${url}/v1/chat/completions`, chat())).status, 500)
    await warned
    assert.equal(simulator.attempts({ model: 'never' }).length, 0)
  })
})

test('.close resolves with how many calls had to be ended, and refuses what comes later', async () => {
  const gateway = await createGateway({ config: config() })
  await gateway.listen()
  const response = await gateway.fetch(new Request(CHAT, chat('gpt-5.2+events:1000+pace:10', { stream: true })))
  assert.equal(gateway.active, 1)
  assert.equal(await gateway.close({ drainMs: 50 }), 1)
  assert.equal(gateway.active, 0)
  const text = await response.text()
  assert.equal(text.match(/"error"/g)?.length, 1)
  assert.doesNotMatch(text, /\[DONE\]/)
  assert.equal((await gateway.fetch(new Request(CHAT, chat()))).status, 503)
})

test('the version is the package’s', () => {
  assert.equal(version, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version)
})

describe('examples', () => {
  const says: Record<string, readonly RegExp[]> = {
    'custom-provider.ts': [/attempt at acme …anna: 503/, /attempt at acme …-ben: 200/, /saw the region eu/],
    'custom-access.ts': [/200 for research/, /403 for support/, /401 for a stranger/],
    'embed.ts': [
      /1\. A listener\n.*→ 200, \d+ tokens in/,
      /the rest of your program/,
      /200 text\/event-stream.*\d events/,
      /gpt-5\.4 here/,
      /refused: config:1: port must be/,
    ],
  }
  const files = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'))
  test('each is listed here', () => assert.deepEqual(files.sort(), Object.keys(says).sort()))
  for (const name of files)
    test(name, async () => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples', name)], {
        timeout: 20_000,
      })
      for (const pattern of says[name] ?? []) assert.match(stdout, pattern)
      assert.equal(stderr, '')
    })
})
