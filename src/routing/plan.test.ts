import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { configuredAccounts } from '../accounts/configured.ts'
import { parseConfig } from '../config/load.ts'
import type { Failure } from '../hub/failure.ts'
import { compatible, providers } from '../providers/index.ts'
import { createGuards } from './auto/guards.ts'
import { createRegistry } from './models.ts'
import { type Classifier, isPlan, type Plan, type PlanInput, plan, type Routed } from './plan.ts'

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

const routed = (p: Plan | Failure): Routed => (p as Plan).routed!
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
    const p = ask('auto', router)
    assert.deepEqual(targets(p), ['d'])
    assert.deepEqual([routed(p).category, routed(p).confidence, routed(p).model], ['default', 0, 'd'])
    assert.match(routed(p).reason, /no classifier/)
  })

  it('with a classifier goes down the list of its category, then to the default', () => {
    const p = ask('auto', router, { classifier: says('code') })
    assert.deepEqual(targets(p), ['a', 'b', 'd'])
    assert.deepEqual([routed(p).category, routed(p).reason], ['code', 'it smells of code'])
  })

  it('with a category that has no route goes to the default and keeps the category', () => {
    for (const category of ['poetry', 'constructor', '__proto__']) {
      const p = ask('auto', router, { classifier: says(category) })
      assert.deepEqual([targets(p), routed(p).category], [['d'], category])
    }
  })

  it('with a classifier that cannot tell goes to the default', () => {
    assert.deepEqual(targets(ask('auto', router, { classifier: () => undefined })), ['d'])
  })

  it('hands the classifier dialect, body and what of it is the user', () => {
    let seen: { protocol: string; body: Buffer; prompt?: { text: string } } | undefined
    const body = Buffer.from('{"messages":[{"role":"user","content":"hello there"}]}')
    ask('auto', router, {
      body,
      classifier: (request) => {
        seen = request
        return undefined
      },
    })
    assert.deepEqual([seen!.protocol, seen!.body, seen!.prompt!.text], ['openai-chat', body, 'hello there'])
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

  it("with a category that is not sure goes to the default, then to the route; the limit is the config's", () => {
    const unsure: Classifier = () => ({ category: 'code', confidence: 0.39, reason: 'code: perhaps (confidence 0.39)' })
    const p = ask('auto', router, { classifier: unsure })
    assert.deepEqual([targets(p), routed(p).category], [['d', 'a', 'b'], 'code'])
    assert.equal(routed(p).reason, 'code: perhaps (confidence 0.39); less sure than 0.4; the default model answers')
    const bold = { 'ai-router': { ...router['ai-router'], 'min-confidence': 0.3 } }
    assert.deepEqual(targets(ask('auto', bold, { classifier: unsure })), ['a', 'b', 'd'])
    const none = { 'ai-router': { routes: router['ai-router'].routes } }
    assert.deepEqual(targets(ask('auto', none, { classifier: unsure })), ['a', 'b'])
  })

  it('does not send what may be hard work to the fast model alone', () => {
    const scores = { code: 0.1, reasoning: 0.38, fast: 0.5, creative: 0.01, analysis: 0.01 }
    const doubt: Classifier = () => ({ category: 'fast', confidence: 0.5, scores, hard: true, reason: 'fast: short' })
    assert.deepEqual(targets(ask('auto', router, { classifier: doubt })), ['d', 'c'])
    const none = { 'ai-router': { routes: { code: 'a', reasoning: 'b', fast: 'c' } } }
    assert.deepEqual(targets(ask('auto', none, { classifier: doubt })), ['b', 'c'])
  })

  it('without a route or a default goes where the next likely category does', () => {
    const scores = { code: 0.1, reasoning: 0, fast: 0.2, creative: 0.7, analysis: 0 }
    const poem: Classifier = () => ({ category: 'creative', confidence: 0.7, scores, reason: 'creative: a poem' })
    const p = ask('auto', { 'ai-router': { routes: { code: 'a', fast: 'c' } } }, { classifier: poem })
    assert.deepEqual([targets(p), routed(p).category], [['c'], 'creative'])
    assert.match(routed(p).reason, /fast answers/)
  })

  it('says which models nobody serves, and goes on without them', () => {
    const p = ask('auto', { 'ai-router': { routes: { code: ['gone', 'b'] } } }, { classifier: says('code') })
    assert.deepEqual(targets(p), ['b'])
    assert.equal(routed(p).reason, 'it smells of code; skipped gone: it is served by no account')
    const f = failed(ask('auto', { 'ai-router': { routes: { code: ['gone', 'too'] } } }, { classifier: says('code') }))
    assert.deepEqual([f.status, f.code], [404, 'model_not_found'])
    assert.match(f.message, /gone is served by no account; too is served by no account/)
  })

  it('is planned at the pinned provider alone', () => {
    const config = { 'ai-router': { routes: { code: ['claude-opus-5', 'a'] } } }
    const p = ask('auto', config, { classifier: says('code'), pin: 'local', translates: true })
    assert.deepEqual(targets(p), ['a'])
    assert.match(routed(p).reason, /claude-opus-5: it is not served at provider local/)
  })
})

describe('auto for one client', () => {
  const router = { 'ai-router': { 'default-model': 'd', routes: { code: 'a', fast: 'c' } } }
  const code = { classifier: says('code') }

  it('has its own routes and default, and the common ones for the rest', () => {
    const own = { 'default-model': 'b', routes: { code: ['c'] } }
    assert.deepEqual(targets(ask('auto', router, { ...code, client: { router: own } })), ['c', 'b'])
    assert.deepEqual(targets(ask('auto', router, { classifier: says('fast'), client: { router: own } })), ['c', 'b'])
    assert.deepEqual(targets(ask('auto', router, { ...code, client: { router: { routes: { fast: ['b'] } } } })), [
      'a',
      'd',
    ])
  })

  it('can be off, or on where it is off for the others', () => {
    assert.equal(failed(ask('auto', router, { client: { router: { enabled: false } } })).code, 'model_not_found')
    const off = { 'ai-router': { ...router['ai-router'], enabled: false } }
    assert.deepEqual(targets(ask('auto', off, { ...code, client: { router: { enabled: true } } })), ['a', 'd'])
  })

  it('leads only to models that its key may use', () => {
    const client = (names: string[]) => ({ allows: (model: string) => names.includes(model) })
    const p = ask('auto', router, { ...code, client: client(['auto', 'd']) })
    assert.deepEqual(targets(p), ['d'])
    assert.match(routed(p).reason, /skipped a: it is not for this key/)
    const f = failed(ask('auto', router, { ...code, client: client(['auto', 'b']) }))
    assert.deepEqual([f.status, f.code], [403, 'model_not_allowed'])
  })

  it('leads everywhere for a key that names nothing but auto', () => {
    const p = ask('auto', router, { ...code, client: { allows: (model) => model === 'auto' } })
    assert.deepEqual(targets(p), ['a', 'd'])
  })
})

describe('guards', () => {
  const served = (name: string, more: object = {}) => ({ name, alias: name.replace('up-', ''), ...more })
  const models = [
    { name: 'deepseek-v3', alias: 'blind' },
    { name: 'gpt-4o', alias: 'seeing' },
    { name: 'gpt-3.5-turbo', alias: 'small', 'max-context-length': 1_000 },
    { name: 'gpt-4', alias: 'middling', 'max-context-length': 3_000 },
    served('who-knows'),
  ]
  const config = (route: string[], more: object = {}) => ({
    'openai-compatibility': [{ name: 'local', 'base-url': 'http://127.0.0.1:1', models }],
    'ai-router': { routes: { code: route }, ...more },
  })
  const guards = createGuards(new Map(providers.map((p) => [p.id, p])))
  const asked = (route: string[], body: object, more: object = {}) =>
    ask('auto', config(route, more), { classifier: says('code'), guards, body: Buffer.from(JSON.stringify(body)) })
  const image = {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
    ],
  }

  it('send images only to models that take them, and tell who was skipped', () => {
    const p = asked(['blind', 'seeing'], image)
    assert.deepEqual(targets(p), ['seeing'])
    assert.match(routed(p).reason, /skipped blind: it takes no images/)
    assert.deepEqual(targets(asked(['blind', 'seeing'], { messages: [] })), ['blind', 'seeing'])
  })

  it('take a model that nobody knows for able', () => {
    assert.deepEqual(targets(asked(['blind', 'who-knows'], image)), ['who-knows'])
  })

  it('refuse where nobody can, and say what to do', () => {
    const f = failed(asked(['blind', 'small'], image))
    assert.deepEqual([f.status, f.code], [400, 'no_capable_model'])
    assert.match(f.message, /blind takes no images; small takes no images.*ai-router\.routes/)
    assert.equal((f as { routed?: Routed }).routed!.category, 'code')
  })

  it('heed the context, and let the largest answer where none is enough', () => {
    const long = { messages: [{ role: 'user', content: 'fix it. '.repeat(1_000) }] }
    assert.deepEqual(targets(asked(['small', 'seeing'], long)), ['seeing'])
    const p = asked(['small', 'middling'], { messages: [{ role: 'user', content: 'fix it. '.repeat(9_000) }] })
    assert.deepEqual(targets(p), ['middling', 'small'])
    assert.match(
      routed(p).reason,
      /nobody can all of it \(small has a context of 1000 tokens, about 18\d\d\d are needed/,
    )
  })

  it('heed reasoning as a wish: better an answer without than none', () => {
    const deep = { reasoning_effort: 'high', messages: [{ role: 'user', content: 'fix it' }] }
    const p = asked(['small', 'who-knows'], deep)
    assert.deepEqual(targets(p), ['who-knows'])
    assert.match(routed(p).reason, /small: it does not reason/)
    const only = asked(['small'], deep)
    assert.deepEqual(targets(only), ['small'])
    assert.match(routed(only).reason, /nobody can all of it \(small does not reason\)/)
  })

  it('can be switched off', () => {
    assert.deepEqual(targets(asked(['blind', 'seeing'], image, { guards: false })), ['blind', 'seeing'])
  })
})

describe('a dry run', () => {
  const router = { 'default-model': 'd', routes: { code: 'a' }, 'dry-run': true }

  it('tells what would be and leaves the default model to answer', () => {
    const p = ask('auto', { 'ai-router': router }, { classifier: says('code') })
    assert.deepEqual([targets(p), routed(p).category, routed(p).model], [['d'], 'code', 'd'])
    assert.equal(routed(p).reason, 'dry run, a would answer: it smells of code')
  })

  it('without a default goes to the first model there is', () => {
    const p = ask('auto', { 'ai-router': { ...router, 'default-model': '', routes: { fast: 'c', code: 'a' } } })
    assert.deepEqual(targets(p), ['c'])
    assert.equal(failed(ask('auto', { 'ai-router': { 'dry-run': true } })).code, 'model_not_found')
  })
})
