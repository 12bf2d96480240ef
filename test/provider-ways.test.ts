/**
 * Where a login goes when its first way is closed: Antigravity's further hosts, the projects of one Google login, the
 * subscription host of xAI. The vendor here is a few lines that know domain.md and nothing of the simulator.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type CallRecord, createGateway, type RunningGateway } from '../src/index.ts'
import { ask, chat, type Json } from './support/dialects.ts'
import { CLIENT_KEY } from './support/start.ts'

interface Asked {
  host: string
  path: string
  body: Json
  headers: Record<string, string | string[] | undefined>
}
type Answer = { status: number; body: unknown; sse?: true }

const GOOGLE = ['daily-cloudcode-pa.googleapis.com', 'cloudcode-pa.googleapis.com']
const SANDBOX = 'daily-cloudcode-pa.sandbox.googleapis.com'
const DAILY = GOOGLE[0]!

interface Standing extends AsyncDisposable {
  gateway: RunningGateway
  url: string
  calls: CallRecord[]
  /** Model calls as they came. */
  asked: Asked[]
}

/** A gateway with one login at a vendor that answers by a function. */
async function standing(
  provider: string,
  hosts: readonly string[],
  details: Record<string, string>,
  answer: (asked: Asked) => Answer,
): Promise<Standing> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      text += piece
    })
    request.on('end', () => {
      const [, host = '', ...rest] = (request.url ?? '').split('/')
      const one = {
        host,
        path: `/${rest.join('/')}`,
        body: text === '' ? {} : JSON.parse(text),
        headers: request.headers,
      }
      const isCall = /generateContent|\/responses$/i.test(one.path.split('?')[0]!)
      if (isCall) asked.push(one)
      const { status, body, sse } = isCall ? answer(one) : { status: 404, body: {} }
      response.writeHead(status, { 'content-type': sse ? 'text/event-stream' : 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const authDir = mkdtempSync(join(tmpdir(), 'logicaproxy-ways-'))
  const config = {
    port: 0,
    'api-keys': [CLIENT_KEY],
    'auth-dir': authDir,
    'request-retry': 0,
    vault: { wrap: 'key-file' },
    'host-overrides': Object.fromEntries(hosts.map((host) => [`https://${host}`, `${base}/${host}`])),
  }
  const quiet = () => {}
  const gateway = await createGateway({
    config,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet } as never,
  })
  const calls: CallRecord[] = []
  gateway.on('end', (record) => calls.push(record))
  const { url } = await gateway.listen()
  const tokens = {
    accessToken: 'ya29.token',
    refreshToken: 'r',
    issuedAt: Date.now(),
    expiresAt: Date.now() + 3_600_000,
  }
  await gateway.logins!.add(
    provider,
    { ...tokens, details },
    { subject: `${base} anna`, label: 'anna' },
    { origin: { how: 'login', at: Date.now() }, acknowledgedAt: 1 },
  )
  await new Promise((resolve) => setTimeout(resolve, 60))
  return {
    gateway,
    url,
    calls,
    asked,
    async [Symbol.asyncDispose]() {
      await gateway.close({ drainMs: 0 })
      server.closeAllConnections()
      server.close()
      rmSync(authDir, { recursive: true, force: true })
    },
  }
}

const said = (text: string): Answer => ({
  status: 200,
  body: {
    response: {
      candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    },
    traceId: 't',
  },
})

const rpc = (code: number, status: string, message: string, details: object[] = []): Answer => ({
  status: code,
  body: { error: { code, status, message, details } },
})

const question = (house: Standing, model: string, text = 'Hello') =>
  ask({ url: house.url } as never, chat, { model, text })

describe('the hosts of Antigravity (domain.md 1.6, "hosts in order")', () => {
  const model = 'gemini-3-flash'
  const project = { project: 'my-project-1' }

  test('the second is tried by itself when the first stumbles, and is gone to at once the next time', async () => {
    await using house = await standing('antigravity', GOOGLE, project, ({ host }) =>
      host === DAILY ? rpc(503, 'UNAVAILABLE', 'The service is currently unavailable.') : said(host),
    )
    const first = await question(house, model)
    assert.equal(first.status, 200, first.raw)
    assert.equal(first.text, 'cloudcode-pa.googleapis.com')
    assert.deepEqual(
      house.asked.map(({ host }) => host),
      GOOGLE,
    )
    assert.equal((await question(house, model)).status, 200)
    assert.deepEqual(
      house.asked.slice(2).map(({ host }) => host),
      ['cloudcode-pa.googleapis.com'],
    )
    // Nobody rests for it, and each try is told.
    assert.deepEqual(
      house.calls[0]!.attempts.map(({ status }) => status),
      [503, 200],
    )
    // The same request, to the byte: one project, one requestId of the form agent-<uuid>.
    assert.deepEqual(house.asked[0]!.body, house.asked[1]!.body)
    assert.match(house.asked[0]!.body.requestId, /^agent-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })

  test('the sandbox is the third', async () => {
    await using house = await standing('antigravity', [...GOOGLE, SANDBOX], project, ({ host }) =>
      host === SANDBOX ? said(host) : rpc(500, 'INTERNAL', 'Internal error encountered.'),
    )
    assert.equal((await question(house, model)).text, SANDBOX)
    assert.deepEqual(
      house.asked.map(({ host }) => host),
      [...GOOGLE, SANDBOX],
    )
  })

  test('each is asked once when all of them stumble, and the refusal is told', async () => {
    await using house = await standing('antigravity', [...GOOGLE, SANDBOX], project, () =>
      rpc(503, 'UNAVAILABLE', 'The service is currently unavailable.'),
    )
    const answer = await question(house, model)
    assert.equal(answer.status, 503, answer.raw)
    assert.match(answer.raw, /currently unavailable/)
    assert.equal(house.asked.length, 3)
  })

  test('a stand-in of the first is never left for a real host', async () => {
    await using house = await standing('antigravity', [DAILY], project, () => rpc(503, 'UNAVAILABLE', 'Away.'))
    assert.equal((await question(house, model)).status, 503)
    assert.equal(house.asked.length, 1)
    assert.ok(house.calls[0]!.attempts.every(({ failure }) => /Away/.test(failure?.message ?? '')))
  })

  test('a further host that does not take us is left again, and the first one has the last word', async () => {
    let well = false
    await using house = await standing('antigravity', GOOGLE, project, ({ host }) =>
      host !== DAILY
        ? said('This version of Antigravity is no longer supported. Please update to receive the latest features!')
        : well
          ? said('well again')
          : rpc(503, 'UNAVAILABLE', 'Away for a moment.'),
    )
    const refused = await question(house, model)
    assert.equal(refused.status, 503, refused.raw)
    assert.match(refused.raw, /Away for a moment/)
    assert.deepEqual(
      house.asked.map(({ host }) => host),
      [DAILY, GOOGLE[1], DAILY],
    )
    well = true
    assert.equal((await question(house, model)).raw.includes('no longer supported'), false)
    assert.ok(!house.asked.slice(3).some(({ host }) => host !== DAILY))
  })

  test('a refusal of the account is no matter of hosts', async () => {
    await using house = await standing('antigravity', GOOGLE, project, () =>
      rpc(429, 'RESOURCE_EXHAUSTED', 'You have exhausted your capacity on this model.', [
        { reason: 'QUOTA_EXHAUSTED' },
      ]),
    )
    assert.equal((await question(house, model)).status, 429)
    assert.equal(house.asked.length, 1)
  })
})

describe('several projects of one Google login (domain.md 1.3, 4.4 switch-project)', () => {
  const model = 'gemini-2.5-pro'
  const projects = ['alpha-1', 'beta-2', 'gamma-3']
  const daily = {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
  }

  test('one that is used up rests alone, for this model, and the next one takes the request', async () => {
    const empty = new Set<string>()
    await using house = await standing(
      'gemini-cli',
      ['cloudcode-pa.googleapis.com'],
      { project: projects.join(',') },
      ({ body }) =>
        empty.has(`${body.project} ${body.model}`)
          ? rpc(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [daily])
          : said(body.project),
    )
    const home = (await question(house, model)).text
    assert.ok(projects.includes(home))
    // The same conversation stays there.
    assert.equal((await question(house, model)).text, home)
    empty.add(`${home} ${model}`)
    const moved = await question(house, model)
    assert.equal(moved.status, 200, moved.raw)
    assert.notEqual(moved.text, home)
    assert.deepEqual(
      house.calls.at(-1)!.attempts.map(({ status }) => status),
      [429, 200],
    )
    // It is known now: not asked again. Another model there still has room.
    await question(house, model)
    assert.equal(house.calls.at(-1)!.attempts.length, 1)
    const other = await Promise.all(
      Array.from({ length: 12 }, (_, i) => question(house, 'gemini-2.5-flash', `Hello ${i}`)),
    )
    assert.ok(other.every(({ status }) => status === 200))
    assert.ok(other.some(({ text }) => text === home))
  })

  test('when all are used up each was asked once, and the account rests', async () => {
    await using house = await standing(
      'gemini-cli',
      ['cloudcode-pa.googleapis.com'],
      { project: projects.join(',') },
      () => rpc(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [daily]),
    )
    assert.equal((await question(house, model)).status, 429)
    assert.deepEqual(new Set(house.asked.map(({ body }) => body.project)), new Set(projects))
    assert.equal(house.asked.length, 3)
    assert.equal((await question(house, model)).status, 429)
    assert.equal(house.asked.length, 3)
  })
})

describe('the hosts of xAI (domain.md 1.8)', () => {
  const HOSTS = ['api.x.ai', 'cli-chat-proxy.grok.com']
  const answered = (text: string): Answer => ({
    status: 200,
    body: {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      model: 'grok-4.6',
      output: [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text }] }],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    },
  })

  test('a plan that the API does not serve goes on to the host of its subscription, in our own name', async () => {
    await using house = await standing('xai', HOSTS, {}, ({ host }) =>
      host === 'api.x.ai'
        ? { status: 403, body: { code: 'permission-denied', error: 'Your team does not have access to the API.' } }
        : answered(host),
    )
    const answer = await question(house, 'grok-4.6')
    assert.equal(answer.status, 200, answer.raw)
    assert.equal(answer.text, 'cli-chat-proxy.grok.com')
    const [api, there] = house.asked
    assert.equal(api!.headers['x-xai-token-auth'], undefined)
    assert.equal(there!.headers['x-xai-token-auth'], 'xai-grok-cli')
    assert.match(String(there!.headers['user-agent']), /^logicaproxy\//)
    for (const name of ['x-grok-client-version', 'x-grok-client-identifier'])
      assert.equal(there!.headers[name], undefined)
    await question(house, 'grok-4.6')
    assert.deepEqual(
      house.asked.map(({ host }) => host),
      [...HOSTS, 'cli-chat-proxy.grok.com'],
    )
  })

  test('where that host takes its own program alone, the word of the API is told, and the API is asked next time', async () => {
    let open = false
    await using house = await standing('xai', HOSTS, {}, ({ host }) =>
      host !== 'api.x.ai'
        ? { status: 403, body: { error: 'Your grok cli version is not supported. Please update.' } }
        : open
          ? answered(host)
          : { status: 403, body: { code: 'permission-denied', error: 'Your team does not have access to the API.' } },
    )
    const refused = await question(house, 'grok-4.6')
    assert.equal(refused.status, 403, refused.raw)
    assert.match(refused.raw, /does not have access to the API/)
    assert.deepEqual(
      house.asked.map(({ host }) => host),
      [...HOSTS, 'api.x.ai'],
    )
    open = true
    await question(house, 'grok-4.6')
    assert.ok(!house.asked.slice(3).some(({ host }) => host !== 'api.x.ai'))
  })
})
