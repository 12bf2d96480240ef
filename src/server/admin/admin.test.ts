import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { endpoints } from '../../gateway/testing/fixture.ts'
import { failure } from '../../hub/failure.ts'
import { type House, head, house } from '../testing/fixture.ts'

function page({ admin }: House, path: string, mayObserve = true, method = 'GET') {
  const response = admin.answer(head({}, { method }), path, () => mayObserve)
  return (
    response && {
      ...response,
      json: response.headers['content-type'] === 'application/json' ? JSON.parse(response.body) : undefined,
    }
  )
}

describe('the pages', () => {
  const h = house(endpoints(1), { metrics: () => 'metric 1\n' })

  it('of health say that it lives, and since when', () => {
    for (const path of ['/health', '/healthz'])
      assert.deepEqual(page(h, path)!.json, { status: 'ok', version: '1.2.3', uptime: 0 })
  })

  it('of the front name the endpoints of every protocol', () => {
    const { endpoints: list } = page(h, '/')!.json
    for (const line of ['POST /v1/messages', 'POST /v1/chat/completions', 'POST /v1/responses', 'GET /health'])
      assert.ok(list.includes(line), line)
  })

  it('of metrics are for those who may observe', () => {
    assert.equal(page(h, '/metrics')!.body, 'metric 1\n')
    assert.match(page(h, '/metrics')!.headers['content-type']!, /version=0\.0\.4/)
    assert.equal(page(h, '/metrics', false)!.status, 401)
    assert.equal(page(house({}), '/metrics'), undefined)
  })

  it('of hello answer before a connection, under any prefix', () => {
    for (const path of ['/api/hello', '/api/provider/claude/api/hello']) assert.equal(page(h, path)!.status, 200)
  })

  it('are never kept by a cache, and answer GET and HEAD alone', () => {
    for (const path of ['/', '/health', '/ready', '/metrics', '/api/hello']) {
      assert.equal(page(h, path)!.headers['cache-control'], 'no-store')
      assert.equal(page(h, path, true, 'HEAD')!.status, 200)
      assert.equal(page(h, path, true, 'POST'), undefined)
    }
    assert.equal(page(h, '/v1/models'), undefined)
  })
})

describe('readiness', () => {
  it('needs an account', () => {
    const { status, json } = page(house({}), '/ready')!
    assert.deepEqual([status, json.ready, json.reasons], [503, false, ['no account is configured or logged in']])
    assert.equal(page(house(endpoints(1)), '/ready')!.status, 200)
  })

  it('ends when shutting down begins', () => {
    const h = house(endpoints(1))
    h.admin.startDraining()
    assert.equal(page(h, '/ready')!.status, 503)
    assert.equal(h.admin.draining(), true)
  })

  it('tells who rests and why to those who may observe, and only them', () => {
    const h = house(endpoints(1))
    const { accounts, registry } = h.gateway.snapshot
    const candidates = registry.find('m', { protocol: 'openai-chat' })
    const seat = h.gateway.pool.take(candidates, { rotation: 'm', strategy: 'round-robin' })!
    h.gateway.pool.failed(seat, failure('rate-limited', 'slow down', { scope: 'model', retryAfter: 60 }))
    const { resting } = page(h, '/ready')!.json
    assert.deepEqual(
      [resting[0].account, resting[0].model, resting[0].because],
      [accounts[0]!.id, 'one-model', 'slow down'],
    )
    assert.deepEqual(Object.keys(page(h, '/ready', false)!.json), ['ready', 'reasons'])
  })

  it('tells of a refused config until one was accepted', () => {
    const h = house(endpoints(1))
    h.admin.configFault('line 3: no')
    assert.equal(page(h, '/ready')!.json.config.rejected, 'line 3: no')
    assert.equal(page(h, '/ready')!.status, 200)
    h.admin.configFault(undefined)
    assert.equal('rejected' in page(h, '/ready')!.json.config, false)
  })
})

describe('who may observe', () => {
  const ask = (config: object, remoteAddress: string | undefined, headers: Record<string, string> = {}) => {
    const { door } = house(config, { metrics: () => 'm' })
    const v = door.enter(head({ host: 'localhost', ...headers }, { method: 'GET', url: '/metrics', remoteAddress }))
    return v instanceof Promise || v.type !== 'answer' ? 0 : v.response.status
  }

  it('is this machine, by the socket alone, and whoever has a key', () => {
    const keyed = { 'api-keys': ['good'] }
    assert.equal(ask(keyed, '127.0.0.1'), 200)
    assert.equal(ask(keyed, '::ffff:127.0.0.1'), 200)
    assert.equal(ask(keyed, undefined), 200)
    assert.equal(ask(keyed, '10.0.0.9'), 401)
    assert.equal(ask(keyed, '10.0.0.9', { 'x-forwarded-for': '127.0.0.1' }), 401)
    assert.equal(ask(keyed, '10.0.0.9', { 'x-api-key': 'good' }), 200)
    assert.equal(ask({}, '10.0.0.9'), 401)
  })
})
