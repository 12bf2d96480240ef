import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../config/load.ts'
import { compilePayload, type PayloadContext } from './payload.ts'

type Body = Record<string, unknown>

function change(payload: object, body: unknown, context: Partial<PayloadContext> = {}): unknown {
  const compiled = compilePayload(parseConfig(stringify({ payload }), { env: {} }).config.payload)
  const copy = structuredClone(body) as Body
  const steps = compiled.applicable({
    models: ['gpt-5', 'public'],
    protocol: 'openai-chat',
    from: 'openai-chat',
    header: () => undefined,
    ...context,
  })
  for (const step of steps) step(copy)
  return copy
}

const forAll = [{ name: '*' }]
const set = (params: object, models: object[] = forAll) => [{ models, params }]

describe('rules', () => {
  it('of kind default set what is not there, and leave what is', () => {
    const rules = { default: set({ temperature: 1, 'a.b.c': [1] }) }
    assert.deepEqual(change(rules, {}), { temperature: 1, a: { b: { c: [1] } } })
    assert.deepEqual(change(rules, { temperature: 0, a: { b: { c: null } } }), {
      temperature: 0,
      a: { b: { c: null } },
    })
  })

  it('of kind override set it whatever is there', () => {
    const rules = { override: set({ temperature: 1, 'a.b': 2 }) }
    assert.deepEqual(change(rules, { temperature: 0, a: 'text' }), { temperature: 1, a: { b: 2 } })
  })

  it('of the raw kinds take JSON text', () => {
    assert.deepEqual(change({ 'default-raw': set({ x: '{"deep":[1,2]}' }) }, {}), { x: { deep: [1, 2] } })
    assert.deepEqual(change({ 'override-raw': set({ x: '"text"', y: 'null' }) }, { x: 1 }), { x: 'text', y: null })
  })

  it('of kind filter take out, also from arrays', () => {
    const rules = { filter: [{ models: forAll, params: ['a.b', 'list.1', 'gone.x', 'list.9', 'list.x'] }] }
    assert.deepEqual(change(rules, { a: { b: 1, c: 2 }, list: [0, 1, 2] }), { a: { c: 2 }, list: [0, 2] })
  })

  it('work in the order defaults, overrides, filters', () => {
    const rules = {
      filter: [{ models: forAll, params: ['z'] }],
      override: set({ x: 'over' }),
      default: set({ x: 'default', y: 'default', z: 1 }),
    }
    assert.deepEqual(change(rules, {}), { x: 'over', y: 'default' })
  })

  it('reach into arrays by number and into names with dots by \\.', () => {
    const rules = { override: set({ 'messages.0.content': 'hi', 'a\\.b': 1 }) }
    assert.deepEqual(change(rules, { messages: [{ role: 'user' }] }), {
      messages: [{ role: 'user', content: 'hi' }],
      'a.b': 1,
    })
  })

  it('do not share their own values between requests', () => {
    const compiled = compilePayload(
      parseConfig(stringify({ payload: { override: set({ x: { list: [] } }) } }), { env: {} }).config.payload,
    )
    const context = { models: ['m'], protocol: 'gemini', from: 'gemini', header: () => undefined } as const
    const bodies: Body[] = [{}, {}]
    for (const body of bodies) for (const step of compiled.applicable(context)) step(body)
    assert.deepEqual(bodies[0], bodies[1])
    assert.notEqual(bodies[0]!['x'], bodies[1]!['x'])
  })

  it('are empty when there are none', () => {
    assert.ok(compilePayload(parseConfig('', { env: {} }).config.payload).empty)
  })
})

describe('a rule is for', () => {
  const touched = (selector: object, body: object = {}, context: Partial<PayloadContext> = {}) =>
    'mark' in (change({ override: set({ mark: 1 }, [{ name: '*', ...selector }]) }, body, context) as Body)

  it('models by name with wildcards, upstream or public', () => {
    assert.deepEqual(
      ['gpt-5', 'gpt-*', 'pub*', 'claude-*'].map((name) => touched({ name })),
      [true, true, true, false],
    )
  })

  it('dialects under their own names and those of the reference', () => {
    for (const [name, protocol] of [
      ['openai', 'openai-chat'],
      ['responses', 'openai-responses'],
      ['codex', 'openai-responses'],
      ['claude', 'anthropic'],
      ['Anthropic', 'anthropic'],
      ['antigravity', 'gemini'],
    ] as const) {
      assert.ok(touched({ protocol: name }, {}, { protocol }))
      assert.ok(touched({ 'from-protocol': name }, {}, { from: protocol }))
      const other = protocol === 'gemini' ? 'anthropic' : 'gemini'
      assert.ok(!touched({ protocol: name }, {}, { protocol: other }))
      assert.ok(!touched({ 'from-protocol': name }, {}, { from: other }))
    }
    assert.ok(!touched({ protocol: 'constructor' }))
  })

  it('headers whose value fits', () => {
    const header = (name: string) => (name === 'user-agent' ? 'claude-cli/2.1' : undefined)
    assert.ok(touched({ headers: { 'User-Agent': 'claude-cli/*' } }, {}, { header }))
    assert.ok(!touched({ headers: { 'User-Agent': 'codex*' } }, {}, { header }))
    assert.ok(!touched({ headers: { 'X-Other': 'a' } }, {}, { header }))
  })

  it('bodies where paths have values or not, are there or not', () => {
    const body = { a: { b: 1 }, list: [{ x: 'y' }], nothing: null }
    for (const [selector, wanted] of [
      [{ match: [{ 'a.b': 1 }] }, true],
      [{ match: [{ 'a.b': 2 }] }, false],
      [{ match: [{ 'a.b': 1, 'list.0.x': 'z' }] }, false],
      [{ match: [{ a: { b: 1 } }, { nothing: null }] }, true],
      [{ 'not-match': [{ 'a.b': 2 }] }, true],
      [{ 'not-match': [{ 'a.b': 1 }] }, false],
      [{ exist: ['a.b', 'nothing'] }, true],
      [{ exist: ['a.c'] }, false],
      [{ 'not-exist': ['a.c'] }, true],
      [{ 'not-exist': ['list.0'] }, false],
    ] as const)
      assert.equal(touched(selector, body), wanted, JSON.stringify(selector))
  })

  it('any of its selectors that fits', () => {
    const models = [{ name: 'claude-*' }, { name: '*', match: [{ a: 1 }] }]
    assert.deepEqual(change({ override: set({ mark: 1 }, models) }, { a: 1 }), { a: 1, mark: 1 })
    assert.deepEqual(change({ override: set({ mark: 1 }, models) }, { a: 2 }), { a: 2 })
  })
})

describe('the prototype of objects', () => {
  it('is out of reach of every rule', () => {
    for (const path of [
      '__proto__.polluted',
      'constructor.prototype.polluted',
      'a.__proto__.polluted',
      'a.constructor.x',
    ])
      for (const kind of ['default', 'override']) {
        change({ [kind]: set({ [path]: 'yes' }) }, { a: {} })
        assert.equal(({} as Body)['polluted'], undefined, path)
      }
    change({ filter: [{ models: forAll, params: ['__proto__.toString', 'constructor.prototype.toString'] }] }, {})
    assert.equal(typeof {}.toString, 'function')
  })

  it('holds nothing that a condition could see', () => {
    const rules = { override: set({ mark: 1 }, [{ name: '*', exist: ['constructor'] }]) }
    assert.deepEqual(change(rules, {}), {})
  })
})
