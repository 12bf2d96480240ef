import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocols } from '../protocols/index.ts'
import { createRouter } from './routes.ts'

const router = createRouter(protocols)
const match = (line: string, hint?: 'anthropic' | 'gemini') => {
  const [method, path] = line.split(' ') as [string, string]
  const m = router.match(method, path, hint)
  if (m.type === 'route') return [m.protocol.id, m.route.action, m.model, m.pin, m.route.stream]
  return [m.type, m.protocol.id, m.type === 'method' ? m.allow.join() : undefined]
}

describe('every route', () => {
  for (const protocol of protocols)
    for (const route of protocol.routes) {
      const path = route.path.replace('{model}', 'some-model')
      const model = path === route.path ? undefined : 'some-model'
      it(`${route.method} ${route.path} leads to its protocol, and so does a pinned one with and without /v1`, () => {
        const wanted = [protocol.id, route.action, model]
        assert.deepEqual(match(`${route.method} ${path}`).slice(0, 3), wanted)
        assert.deepEqual(match(`${route.method} /api/provider/box${path}`).slice(0, 4), [...wanted, 'box'])
        if (path.startsWith('/v1/'))
          assert.deepEqual(match(`${route.method} /api/provider/box${path.slice(3)}`).slice(0, 4), [...wanted, 'box'])
        const m = router.match(route.method, path, undefined)
        assert.equal(m.type === 'route' && m.endpoint, route.path)
      })

      it(`${route.path} refuses other methods and names its own`, () => {
        for (const method of ['PUT', 'DELETE', 'PATCH']) assert.equal(match(`${method} ${path}`)[0], 'method')
        assert.match(String(match(`DELETE ${path}`)[2]), new RegExp(route.method))
      })
    }
})

describe("a model's name in a path", () => {
  it('may hold slashes, colons and what is percent-encoded', () => {
    for (const [path, model] of [
      ['vendor/model', 'vendor/model'],
      ['llama3:8b', 'llama3:8b'],
      ['vendor/llama3:8b-q4', 'vendor/llama3:8b-q4'],
      ['a%2Fb%3Ac', 'a/b:c'],
      ['mod%C3%A8le', 'modèle'],
      ['100%', '100%'],
      ['%zz', '%zz'],
      ['generateContent', 'generateContent'],
      ['a:generateContent', 'a:generateContent'],
    ] as const) {
      assert.deepEqual(match(`POST /v1beta/models/${path}:generateContent`).slice(0, 3), ['gemini', 'generate', model])
      assert.deepEqual(match(`POST /v1/models/${path}:streamGenerateContent`).slice(2), [model, undefined, true])
      if (!path.endsWith(':generateContent')) {
        assert.deepEqual(match(`GET /v1/models/${path}`).slice(0, 3), ['openai-chat', 'get-model', model])
        assert.deepEqual(match(`GET /v1beta/models/${path}`).slice(0, 3), ['gemini', 'get-model', model])
      }
    }
  })

  it('is not empty', () => {
    assert.equal(match('POST /v1beta/models/:generateContent')[0], 'nothing')
    assert.equal(match('GET /v1/models/')[0], 'nothing')
  })
})

describe('a path that leads nowhere', () => {
  it('is refused in the dialect it is nearest to', () => {
    for (const [line, id] of [
      ['POST /v1/messages/batches', 'anthropic'],
      ['GET /v1/responses/resp_1', 'openai-responses'],
      ['POST /v1/chat/other', 'openai-chat'],
      ['POST /v1beta/files', 'gemini'],
      ['POST /v1beta/models/m:embedContent', 'gemini'],
      ['POST /v1/models/m:predict', 'gemini'],
      ['GET /', 'openai-chat'],
      ['POST /v1/embeddings', 'openai-chat'],
      ['GET //v1/messages', 'openai-chat'],
      ['GET /V1/messages', 'openai-chat'],
      ['POST /v1/messages/', 'anthropic'],
      ['GET /api/provider/box', 'openai-chat'],
      ['POST /api/provider/box/v1beta/none', 'gemini'],
      ['GET /api/provider//v1/models', 'openai-chat'],
    ] as const)
      assert.deepEqual(match(line).slice(0, 2), ['nothing', id], line)
  })

  it('is refused in the dialect of the headers if it is near to none', () => {
    assert.deepEqual(match('GET /v1/other', 'anthropic').slice(0, 2), ['nothing', 'anthropic'])
    assert.deepEqual(match('POST /v1beta/other', 'anthropic').slice(0, 2), ['nothing', 'gemini'])
  })

  it('says which methods Gemini has here', () => {
    const m = router.match('POST', '/v1beta/models/m:embedContent', undefined)
    assert.match(m.type === 'nothing' ? m.message : '', /"embedContent" is not served here: use generateContent/)
  })

  it('is shown without control characters and not at length', () => {
    const m = router.match('GET', `/\u0001é${'x'.repeat(1_000)}`, undefined)
    assert.ok(m.type === 'nothing')
    assert.match(m.message, /\/\?\?x/)
    assert.ok(m.message.length < 300)
  })
})

describe('a method', () => {
  it('that does not fit is refused in the dialect of the path', () => {
    assert.deepEqual(match('GET /v1/messages'), ['method', 'anthropic', 'POST'])
    assert.deepEqual(match('GET /v1/responses'), ['method', 'openai-responses', 'POST'])
    assert.deepEqual(match('POST /v1/models'), ['method', 'openai-chat', 'GET'])
    assert.deepEqual(match('GET /v1beta/models/m:generateContent'), ['method', 'gemini', 'POST'])
    assert.deepEqual(match('POST /v1/models/m'), ['method', 'openai-chat', 'GET'])
  })

  it('HEAD is as good as GET', () => {
    assert.equal(match('HEAD /v1/models')[1], 'list-models')
    assert.deepEqual(match('HEAD /v1/messages'), ['method', 'anthropic', 'POST'])
  })
})

describe('a pin', () => {
  it('is decoded', () => {
    assert.equal(match('POST /api/provider/My%20Box/v1/messages')[3], 'My Box')
    assert.equal(match('POST /api/provider/a%2Fb/chat/completions')[3], 'a/b')
  })

  it('marks the endpoint of its label without naming the provider, which strangers choose', () => {
    const m = router.match('POST', '/api/provider/whatever/v1/messages', undefined)
    assert.equal(m.type === 'route' && m.endpoint, '/api/provider/{provider}/v1/messages')
  })
})
