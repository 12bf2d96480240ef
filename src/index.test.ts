import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import {
  type CallRecord,
  ConfigError,
  type CreateGatewayOptions,
  createGateway,
  dialectRequest,
  type Provider,
  type RunningGateway,
  UnsafeBindError,
  version,
} from './index.ts'

const dir = mkdtempSync(join(tmpdir(), 'logicaproxy-index-'))
const open: RunningGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close({ drainMs: 0 })
})
after(() => rmSync(dir, { recursive: true }))

const CONFIG = { port: 0, 'auth-dir': dir, 'openai-api-key': [{ 'api-key': 'sk-upstream' }] }

async function make(options: Partial<CreateGatewayOptions> = {}): Promise<RunningGateway> {
  const gateway = await createGateway({ config: CONFIG, ...options })
  open.push(gateway)
  return gateway
}

function file(text: string): string {
  const path = join(dir, `config-${Math.random().toString(36).slice(2)}.yaml`)
  writeFileSync(path, text)
  return path
}

const chat = (model: string, headers: Record<string, string> = {}) =>
  new Request('http://localhost/v1/chat/completions', { method: 'POST', body: JSON.stringify({ model }), headers })

/** An upstream that answers everything and remembers what it was asked. */
function upstream() {
  const asked: { url: string; headers: Headers; body: string }[] = []
  const fetchUpstream = (async (url: string, init: RequestInit) => {
    asked.push({ url, headers: new Headers(init.headers), body: Buffer.from(init.body as Uint8Array).toString() })
    return Response.json({
      choices: [{ message: { content: 'hi' } }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    })
  }) as typeof fetch
  return { asked, fetchUpstream }
}

describe('createGateway', () => {
  it('takes an object, with the keys and defaults of a file', async () => {
    const gateway = await make()
    assert.deepEqual([gateway.config.host, gateway.config.port, gateway.config.timeouts.connect], ['127.0.0.1', 0, 10])
    assert.equal(gateway.active, 0)
  })

  it('takes a path', async () => {
    const path = file(`port: 0\nauth-dir: ${dir}\nclaude-api-key:\n  - api-key: sk-ant\n`)
    const gateway = await make({ config: path })
    const { data } = (await (await gateway.fetch(new Request('http://localhost/v1/models'))).json()) as {
      data: { id: string }[]
    }
    assert.ok(data.some((m) => m.id.startsWith('claude-')))
  })

  it('refuses a config with every fault at once', async () => {
    await assert.rejects(
      createGateway({ config: { port: 'x', hots: 'y' } }),
      (e) => e instanceof ConfigError && /port/.test(e.message) && /hots/.test(e.message),
    )
    await assert.rejects(createGateway({ config: join(dir, 'none.yaml') }), ConfigError)
  })

  it('listens on a port of its own and answers there', async () => {
    const gateway = await make()
    const { url, port } = await gateway.listen()
    assert.ok(port > 0)
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string; version: string }
    assert.deepEqual([health.status, health.version], ['ok', version])
  })

  it('refuses to listen in public without keys, unless an access check guards it', async () => {
    await assert.rejects((await make()).listen({ host: '0.0.0.0' }), UnsafeBindError)
    await assert.rejects((await make({ config: { ...CONFIG, host: '' } })).listen(), UnsafeBindError)
    await (await make({ config: { ...CONFIG, 'api-keys': ['k'] } })).listen({ host: '0.0.0.0' })
    await (await make({ access: () => undefined })).listen({ host: '0.0.0.0' })
  })

  it('closes as often as it is told to', async () => {
    const gateway = await make()
    await gateway.listen()
    assert.deepEqual(await Promise.all([gateway.close(), gateway.close()]), [0, 0])
    assert.equal(await gateway.close(), 0)
    const never = await make()
    assert.equal(await never.close(), 0)
  })
})

describe('reload', () => {
  it('puts a good config in force and tells so', async () => {
    const gateway = await make()
    const heard: string[] = []
    gateway.on('reload', ({ digest }) => heard.push(digest))
    await gateway.reload({ ...CONFIG, 'gemini-api-key': [{ 'api-key': 'g' }] })
    assert.equal(gateway.config['gemini-api-key'].length, 1)
    assert.match(heard.join(), /^[0-9a-f]{64}$/)
  })

  it('keeps what it has when the config is bad, and tells why', async () => {
    const gateway = await make()
    const before = gateway.config
    const heard: Error[] = []
    gateway.on('reload-failed', (e) => heard.push(e))
    await assert.rejects(gateway.reload({ port: -1 }), ConfigError)
    assert.equal(gateway.config, before)
    assert.ok(heard[0] instanceof ConfigError)
    const ready = (await (await gateway.fetch(new Request('http://localhost/ready'))).json()) as {
      config: { rejected: string }
    }
    assert.match(ready.config.rejected, /port/)
  })

  it('reads the file again', async () => {
    const path = file(`port: 0\nauth-dir: ${dir}\n`)
    const gateway = await make({ config: path, watch: false })
    writeFileSync(path, `port: 0\nauth-dir: ${dir}\ndebug: true\n`)
    await gateway.reload()
    assert.equal(gateway.config.debug, true)
    writeFileSync(path, 'port: [')
    await assert.rejects(gateway.reload(), ConfigError)
    assert.equal(gateway.config.debug, true)
  })
})

describe("an embedder's own", () => {
  it('fetch carries the requests upstream; events tell of them', async () => {
    const { asked, fetchUpstream } = upstream()
    const gateway = await make({ fetchUpstream })
    const ended: CallRecord[] = []
    gateway.on('end', (record) => ended.push(record))
    const response = await gateway.fetch(chat('gpt-5.5', { authorization: 'Bearer client-key', 'x-mine': 'yes' }))
    assert.equal(response.status, 200)
    await response.text()
    assert.equal(asked[0]!.url, 'https://api.openai.com/v1/chat/completions')
    assert.deepEqual(
      [asked[0]!.headers.get('authorization'), asked[0]!.headers.get('x-mine')],
      ['Bearer sk-upstream', 'yes'],
    )
    assert.deepEqual([ended[0]!.provider, ended[0]!.usage?.output], ['openai', 2])
  })

  it('access check decides who may come in, and what they may use', async () => {
    const { fetchUpstream } = upstream()
    const gateway = await make({
      fetchUpstream,
      access: async (head) =>
        head.header('x-team') === 'a' ? { name: 'team a', allows: (m) => m === 'gpt-5.5' } : undefined,
    })
    assert.equal((await gateway.fetch(chat('gpt-5.5'))).status, 401)
    assert.equal((await gateway.fetch(chat('gpt-5.5', { 'x-team': 'a' }))).status, 200)
    assert.equal((await gateway.fetch(chat('gpt-5.4', { 'x-team': 'a' }))).status, 403)
  })

  it('access check that takes its time: who has left by then is not counted as under way', async () => {
    const asked = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const gateway = await make({
      access: async () => {
        asked.resolve()
        await left.promise
        return { name: 'late' }
      },
    })
    const { port } = await gateway.listen()
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{')
    await asked.promise
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
    left.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await gateway.close({ drainMs: 0 }), 0)
  })

  it('classifier routes the model auto', async () => {
    const { asked, fetchUpstream } = upstream()
    const gateway = await make({
      fetchUpstream,
      config: { ...CONFIG, 'ai-router': { routes: { code: 'gpt-5.3-codex' }, 'default-model': 'gpt-5.5' } },
      classifier: ({ body }) =>
        String(body).includes('code') ? { category: 'code', reason: 'it says code' } : undefined,
    })
    const request = (content: string) =>
      new Request('http://localhost/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
      })
    const coded = await gateway.fetch(request('write code'))
    assert.deepEqual(
      ['x-ai-route', 'x-ai-category', 'x-ai-reason'].map((name) => coded.headers.get(name)),
      ['gpt-5.3-codex', 'code', 'it says code'],
    )
    await gateway.fetch(request('hello'))
    assert.deepEqual(
      asked.map((a) => JSON.parse(a.body).model),
      ['gpt-5.3-codex', 'gpt-5.5'],
    )
  })

  it('provider stands beside the built-in ones, or takes the place of one', async () => {
    const { asked, fetchUpstream } = upstream()
    const mine: Provider = {
      id: 'openai',
      title: 'Mine',
      aliases: ['acme'],
      policy: { state: 'supported', since: '2026-01-01', note: '', url: '' },
      speaks: ['openai-chat'],
      baseUrl: 'https://acme.test',
      models: [{ id: 'acme-1' }],
      serves: (model) => model.startsWith('acme-'),
      request: (out, account, credential) => ({
        ...dialectRequest(out, account, credential),
        origin: 'https://acme.test',
      }),
    }
    const gateway = await make({ fetchUpstream, providers: [mine] })
    const { data } = (await (await gateway.fetch(new Request('http://localhost/api/provider/acme/models'))).json()) as {
      data: { id: string }[]
    }
    assert.deepEqual(
      data.map((m) => m.id),
      ['acme-1'],
    )
    assert.equal((await gateway.fetch(chat('acme-1'))).status, 200)
    assert.match(asked[0]!.url, /^https:\/\/acme\.test\//)
    assert.equal((await gateway.fetch(chat('gpt-5.5'))).status, 404)
  })

  it('provider that throws is a clear answer and not a crash', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve))
    const broken = {
      id: 'openai',
      title: 'Broken',
      aliases: [],
      policy: { state: 'supported', since: '2026-01-01', note: '', url: '' },
      speaks: ['openai-chat'],
      baseUrl: 'https://acme.test',
      models: [{ id: 'acme-1' }],
      serves: () => false,
      request() {
        throw new Error('a fault of the provider')
      },
    } satisfies Provider
    const gateway = await make({ providers: [broken] })
    assert.equal((await gateway.fetch(chat('acme-1'))).status, 500)
    assert.equal(gateway.active, 0)
    await warned
  })
})
