import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { configuredAccounts } from '../accounts/configured.ts'
import { parseConfig } from '../config/load.ts'
import type { Failure } from '../hub/failure.ts'
import { compatible, providers } from '../providers/index.ts'
import { createRegistry } from './models.ts'
import { type Classifier, isPlan, type Plan, type PlanInput, plan } from './plan.ts'

const SERVED = ['a', 'b', 'c', 'd'].map((name) => ({ name }))

function ask(model: string, config: object = {}, over: Partial<PlanInput> = {}): Plan | Failure {
  const parsed = parseConfig(
    stringify({
      'openai-compatibility': [{ name: 'local', 'base-url': 'http://127.0.0.1:1', models: SERVED }],
      'claude-api-key': [{ 'api-key': 'k' }],
      ...config,
    }),
    { env: {} },
  ).config
  const local = compatible({ name: 'local', baseUrl: 'http://127.0.0.1:1', speaks: ['openai-chat'] })
  const registry = createRegistry(configuredAccounts(parsed), [...providers, local], { forcePrefix: false })
  return plan({
    registry,
    config: parsed,
    protocol: 'openai-chat',
    model,
    body: Buffer.from('{}'),
    translates: false,
    ...over,
  })
}

const targets = (p: Plan | Failure) => (isPlan(p) ? p.targets.map((t) => t.model) : p.code)
const failed = (p: Plan | Failure): Failure => {
  assert.ok(!isPlan(p))
  return p
}
const says =
  (category: string): Classifier =>
  () => ({ category, reason: `it smells of ${category}` })

describe('a named model', () => {
  it('is one target without fallbacks', () => {
    assert.deepEqual(targets(ask('a')), ['a'])
  })

  it('is followed by its fallbacks in order; those that nobody serves are left out', () => {
    assert.deepEqual(targets(ask('a', { fallback: { a: ['c', 'nobody', 'b'] } })), ['a', 'c', 'b'])
  })

  it('that nobody serves still has its fallbacks', () => {
    assert.deepEqual(targets(ask('old', { fallback: { old: 'd' } })), ['d'])
  })

  it('does not inherit the fallbacks of its fallbacks', () => {
    assert.deepEqual(targets(ask('a', { fallback: { a: 'b', b: 'c' } })), ['a', 'b'])
  })

  it('that nobody serves is an unknown model, and the message says where to look', () => {
    const f = failed(ask('nope'))
    assert.deepEqual([f.status, f.kind, f.code, f.param], [404, 'unknown-model', 'model_not_found', 'model'])
    assert.match(f.message, /"nope".*GET \/v1\/models/)
  })

  it('that is served in another dialect only says in which', () => {
    const f = failed(ask('claude-opus-5'))
    assert.deepEqual([f.status, f.code], [400, 'unsupported_dialect'])
    assert.match(f.message, /served in anthropic only.*\(openai-chat\)/)
  })

  it('is looked for at the pinned provider alone, and the message names it', () => {
    assert.deepEqual(targets(ask('a', {}, { pin: 'local' })), ['a'])
    assert.match(failed(ask('a', {}, { pin: 'claude' })).message, /at provider "claude"/)
    assert.match(failed(ask('claude-opus-5', {}, { pin: 'claude' })).message, /at provider "claude" in anthropic/)
  })

  it('from the prototype of an object has neither fallbacks nor accidents', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      for (const config of [{}, { fallback: { a: 'b' } }])
        assert.equal(failed(ask(name, config)).code, 'model_not_found')
  })
})

describe('auto', () => {
  const router = { 'ai-router': { 'default-model': 'd', routes: { code: ['a', 'b'], fast: 'c' } } }

  it('without a classifier goes to the default model and says so', () => {
    const p = ask('auto', router) as Plan
    assert.deepEqual(targets(p), ['d'])
    assert.equal(p.category, 'default')
    assert.match(p.reason!, /no classifier/)
  })

  it('with a classifier goes down the list of its category, then to the default', () => {
    const p = ask('auto', router, { classifier: says('code') }) as Plan
    assert.deepEqual(targets(p), ['a', 'b', 'd'])
    assert.deepEqual([p.category, p.reason], ['code', 'it smells of code'])
  })

  it('with a category that has no route goes to the default and keeps the category', () => {
    for (const category of ['poetry', 'constructor', '__proto__']) {
      const p = ask('auto', router, { classifier: says(category) }) as Plan
      assert.deepEqual([targets(p), p.category], [['d'], category])
    }
  })

  it('with a classifier that cannot tell goes to the default', () => {
    assert.deepEqual(targets(ask('auto', router, { classifier: () => undefined })), ['d'])
  })

  it('hands the classifier dialect and body', () => {
    let seen: unknown
    const body = Buffer.from('{"x":1}')
    ask('auto', router, {
      body,
      classifier: (request) => {
        seen = request
        return undefined
      },
    })
    assert.deepEqual(seen, { protocol: 'openai-chat', body })
  })

  it('tries the fallbacks of a model before the next of the route', () => {
    const p = ask('auto', { ...router, fallback: { a: 'c' } }, { classifier: says('code') })
    assert.deepEqual(targets(p), ['a', 'c', 'b', 'd'])
  })

  it('with nowhere to go says which keys to set', () => {
    const f = failed(ask('auto'))
    assert.equal(f.status, 400)
    assert.match(f.message, /ai-router\.default-model/)
  })

  it('with a default that nobody serves is an unknown model of that name', () => {
    assert.match(failed(ask('auto', { 'ai-router': { 'default-model': 'gone' } })).message, /"gone"/)
  })

  it('is a name like any other when the router is off', () => {
    const off = { 'ai-router': { enabled: false, 'default-model': 'd' } }
    assert.equal(failed(ask('auto', off)).code, 'model_not_found')
  })
})
