import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { endpoints } from '../gateway/testing/fixture.ts'
import { failure } from '../hub/failure.ts'
import type { RequestHead } from './access.ts'
import type { Door, Verdict } from './door.ts'
import { head, house } from './testing/fixture.ts'

const LOCAL = { host: 'localhost' }
const KEYED = endpoints(1, { 'api-keys': ['good', { name: 'narrow', key: 'narrow', models: ['other*'] }] })

function enter(door: Door, headers: Record<string, string> = {}, over: Partial<RequestHead> = {}): Verdict {
  const verdict = door.enter(head({ ...LOCAL, ...headers }, over))
  assert.ok(!(verdict instanceof Promise))
  return verdict
}

function answer(door: Door, headers: Record<string, string> = {}, over: Partial<RequestHead> = {}) {
  const verdict = enter(door, headers, over)
  assert.equal(verdict.type, 'answer')
  const { response } = verdict as Verdict & { type: 'answer' }
  return { ...response, json: response.body === '' ? undefined : JSON.parse(response.body) }
}

describe('a call', () => {
  it('goes on with its match, its client, and a query without keys', () => {
    const { door } = house(KEYED)
    const verdict = enter(door, {}, { url: '/v1beta/models/a%2Fb:streamGenerateContent?alt=sse&key=good' })
    assert.ok(verdict.type === 'call')
    assert.deepEqual(
      [verdict.matched.protocol.id, verdict.matched.model, verdict.query, verdict.matched.pin],
      ['gemini', 'a/b', '?alt=sse', undefined],
    )
    assert.match(verdict.client.name, /^key-/)
    assert.match(verdict.id, /^req_\w+$/)
  })

  it('gets an id of its own', () => {
    const { door } = house(KEYED)
    const ids = Array.from({ length: 50 }, () => {
      const v = enter(door, { 'x-api-key': 'good' })
      return v.type === 'call' ? v.id : ''
    })
    assert.equal(new Set(ids).size, 50)
  })

  it('may be pinned to a provider by id or alias', () => {
    const { door } = house(endpoints(1))
    for (const [name, pin] of [
      ['one', 'one'],
      ['ONE', 'one'],
      ['anthropic', 'claude'],
    ] as const) {
      const v = enter(door, {}, { url: `/api/provider/${name}/v1/messages` })
      assert.equal(v.type === 'call' && v.matched.pin, pin)
    }
    const { status, json } = answer(door, {}, { url: '/api/provider/nobody/v1/messages' })
    assert.deepEqual([status, json.error.type], [404, 'not_found_error'])
    assert.match(json.error.message, /no provider "nobody". Known: .*one/)
  })

  it('may end in a slash', () => {
    assert.equal(enter(house(endpoints(1)).door, {}, { url: '/v1/messages/?beta=true' }).type, 'call')
  })
})

describe('a refusal', () => {
  it('comes in the dialect of the path, before the body', () => {
    const { door, ended } = house(KEYED)
    assert.equal(answer(door).json.error.type, 'authentication_error')
    assert.equal(answer(door).json.type, 'error')
    assert.equal(answer(door, {}, { url: '/v1/chat/completions' }).json.error.code, 'invalid_api_key')
    assert.equal(answer(door, {}, { url: '/v1beta/models/m:generateContent' }).json.error.status, 'UNAUTHENTICATED')
    assert.equal(answer(door).headers['x-should-retry'], 'false')
    assert.ok(ended.every((r) => r.status === 401 && r.client === '' && r.failure?.kind === 'unauthorized'))
  })

  it('of a foreign Host or Origin comes before everything, health included', () => {
    const { door } = house(KEYED)
    for (const url of ['/v1/messages', '/health', '/metrics', '/', '/nowhere'])
      for (const headers of [{ host: 'evil.test' }, { origin: 'https://evil.test' }] as Record<string, string>[]) {
        assert.equal(answer(door, { 'x-api-key': 'good', ...headers }, { url, method: 'GET' }).status, 403, url)
        assert.equal(answer(door, headers, { url, method: 'OPTIONS' }).status, 403, url)
      }
  })

  it('of strangers does not tell which paths there are', () => {
    const { door } = house(KEYED)
    for (const url of ['/v1/nothing', '/v1/models', '/api/provider/nobody/v1/messages'])
      assert.equal(answer(door, {}, { url, method: 'GET' }).status, 401)
  })

  it('of a method names those that fit', () => {
    const { status, headers } = answer(house(endpoints(1)).door, {}, { method: 'GET' })
    assert.deepEqual([status, headers['allow']], [405, 'POST'])
  })

  it('of a path has a label that strangers cannot choose', () => {
    const { door, ended } = house(endpoints(1))
    answer(door, {}, { url: '/some/made/up/path' })
    answer(door, {}, { url: '/v1/messages', method: 'PUT' })
    assert.deepEqual(
      ended.map((r) => r.endpoint),
      ['other', '/v1/messages'],
    )
  })

  it('for later faults is in the dialect too', () => {
    const { door } = house(endpoints(1))
    const { status, body } = door.refuse(head(LOCAL, { url: '/v1/responses' }), failure('too-large', 'big'))
    assert.deepEqual([status, JSON.parse(body).error.code], [413, 'request_too_large'])
  })

  it('while shutting down asks to come back', () => {
    const { door, admin } = house(endpoints(1))
    admin.startDraining()
    const { status, headers, json } = answer(door)
    assert.deepEqual([status, headers['retry-after'], json.error.type], [503, '5', 'overloaded_error'])
    assert.equal(answer(door, {}, { method: 'GET', url: '/health' }).status, 200)
  })
})

describe("an access check of the embedder's own", () => {
  it('takes the place of the key list, at once or later', async () => {
    for (const access of [() => ({ name: 'guest' }), async () => ({ name: 'guest' })]) {
      const verdict = await house(KEYED, { access }).door.enter(head(LOCAL))
      assert.equal(verdict.type === 'call' && verdict.client.name, 'guest')
    }
  })

  it('refuses with undefined', async () => {
    for (const access of [() => undefined, async () => undefined]) {
      const verdict = await house({}, { access }).door.enter(head({ ...LOCAL, 'x-api-key': 'good' }))
      assert.equal(verdict.type === 'answer' && verdict.response.status, 401)
    }
  })

  it('sees the head', () => {
    let seen: RequestHead | undefined
    enter(
      house(
        {},
        {
          access: (h) => {
            seen = h
            return undefined
          },
        },
      ).door,
      { 'X-Team': 'a' },
    )
    assert.equal(seen?.header('x-team'), 'a')
  })
})

describe('the model list', () => {
  const list = (headers: Record<string, string>, url = '/v1/models', config: object = endpoints(1)) =>
    answer(house(config).door, headers, { method: 'GET', url })

  it('has the shape its asker expects', () => {
    assert.equal(list({}).json.object, 'list')
    assert.equal(list({ 'anthropic-version': '2023-06-01' }).json.data[0].type, 'model')
    assert.equal(list({ 'x-goog-api-client': 'genai' }).json.models[0].name, 'models/m')
    assert.ok(Array.isArray(list({}, '/v1/models?client_version=0.169.0').json.models))
    assert.equal(list({ 'anthropic-version': 'x' }, '/v1beta/models').json.models[0].name, 'models/m')
  })

  it('holds what the key may use', () => {
    const ids = (key: string) =>
      list({ 'x-api-key': key }, '/v1/models', KEYED).json.data.map((m: { id: string }) => m.id)
    assert.deepEqual([ids('good'), ids('narrow')], [['m'], []])
    assert.equal(list({ 'x-api-key': 'narrow' }, '/v1/models/m', KEYED).status, 404)
  })

  it('holds one model by name, and says so when it is not there', () => {
    assert.equal(list({}, '/v1/models/m').json.id, 'm')
    assert.equal(list({}, '/v1beta/models/m').json.name, 'models/m')
    assert.equal(list({}, '/v1/models/none').json.error.code, 'model_not_found')
    assert.equal(list({ 'anthropic-version': 'x' }, '/v1/models/none').json.error.type, 'not_found_error')
  })

  it('ends with auto where the router leads somewhere, in the form of each asker', () => {
    const config = { ...endpoints(1), 'ai-router': { 'default-model': 'm' } }
    const last = (headers: Record<string, string>, url = '/v1/models') => {
      const { data, models } = list(headers, url, config).json
      return (data ?? models).at(-1)
    }
    const { object, owned_by } = last({})
    assert.deepEqual([last({}).id, object, owned_by], ['auto', 'model', 'logicaproxy'])
    assert.equal(list({}, '/v1/models/auto', config).json.id, 'auto')
    const { id, type, display_name } = last({ 'anthropic-version': '2023-06-01' })
    assert.deepEqual([id, type, display_name], ['auto', 'model', 'Auto (AI Router)'])
    assert.equal(last({}, '/v1beta/models').name, 'models/auto')
    assert.equal(
      list({}, '/v1beta/models/auto', config).json.supportedGenerationMethods.includes('generateContent'),
      true,
    )
    assert.equal(last({}, '/v1/models?client_version=1').slug, 'auto')
    assert.equal(list({}, '/v1/models/auto').status, 404)
  })

  it('is that of the pinned provider', () => {
    const pinned = (name: string) => list({}, `/api/provider/${name}/models`).json.data.length
    assert.deepEqual([pinned('one'), pinned('gemini')], [1, 0])
  })
})

describe('pages of other origins', () => {
  const config = endpoints(1, { 'allowed-origins': ['https://app.example'] })
  const origin = { origin: 'https://app.example' }

  it('that are listed may ask first, and read every answer', () => {
    const { door } = house(config)
    const first = answer(door, { ...origin, 'access-control-request-headers': 'x-api-key' }, { method: 'OPTIONS' })
    assert.deepEqual(
      [
        first.status,
        first.headers['access-control-allow-origin'],
        first.headers['access-control-allow-headers'],
        first.body,
      ],
      [204, 'https://app.example', 'x-api-key', ''],
    )
    for (const over of [{ url: '/health', method: 'GET' }, { url: '/v1/none' }, { url: '/v1/models', method: 'GET' }]) {
      const { headers } = answer(door, origin, over)
      assert.deepEqual([headers['access-control-allow-origin'], headers['vary']], ['https://app.example', 'origin'])
    }
  })

  it('never get a star', () => {
    const { door } = house(config)
    assert.equal(answer(door, {}, { method: 'OPTIONS' }).headers['access-control-allow-origin'], undefined)
    assert.equal(answer(door, {}, { url: '/health', method: 'GET' }).headers['access-control-allow-origin'], undefined)
  })
})

describe('a request for another protocol on the connection', () => {
  const KEY = { 'x-api-key': 'good' }
  const upgrade = (headers: Record<string, string>, url = '/v1/responses', config: object = {}, method = 'GET') => {
    const { door } = house({ ...KEYED, ...config })
    const verdict = door.upgrade(head({ ...LOCAL, ...headers }, { url, method })) as Verdict
    return verdict.type === 'answer' ? verdict.response.status : (verdict as Verdict & { type: 'call' }).client.name
  }

  it('is let in where Responses are spoken, by key, Host and Origin like any other', () => {
    const name = upgrade(KEY)
    assert.equal(typeof name, 'string')
    for (const path of ['/api/provider/openai/v1/responses', '/backend-api/codex/responses', '/v1/responses?key=good'])
      assert.equal(upgrade(path.includes('?') ? {} : KEY, path), name, path)
    assert.equal(upgrade({}), 401)
    assert.equal(upgrade({ ...KEY, host: 'evil.test' }), 403)
    assert.equal(upgrade({ ...KEY, origin: 'https://evil.test' }), 403)
    assert.equal(upgrade(KEY, '/api/provider/nobody/v1/responses'), 404)
  })

  it('needs no key where websocket-auth is false, and still is somebody with one', () => {
    assert.equal(upgrade({}, '/v1/responses', { 'websocket-auth': false }), 'anyone')
    assert.equal(upgrade(KEY, '/v1/responses', { 'websocket-auth': false }), upgrade(KEY))
    assert.equal(upgrade({ host: 'evil.test' }, '/v1/responses', { 'websocket-auth': false }), 403)
  })

  it('is told 426 elsewhere, which makes Codex fall back at once', () => {
    for (const path of ['/v1/chat/completions', '/v1/responses/compact', '/v1/nothing', '/v1/messages'])
      assert.equal(upgrade(KEY, path), 426, path)
    assert.equal(upgrade(KEY, '/v1/responses', {}, 'POST'), 426)
    assert.equal(upgrade({}, '/v1/chat/completions'), 401)
  })
})
