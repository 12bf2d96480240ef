import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { configuredAccounts } from '../../accounts/configured.ts'
import { createPool } from '../../accounts/pool.ts'
import { parseConfig } from '../../config/load.ts'
import { failure } from '../../hub/failure.ts'
import { compatible, providers } from '../../providers/index.ts'
import { createRegistry } from '../models.ts'
import { isPlan, plan } from '../plan.ts'
import { compileRouter, explainRoute, type RouteQuestion, requestOf } from './index.ts'

/** A question about a prompt, with three models in the routes. */
function question(prompt: string, router: object = {}, more: Partial<RouteQuestion> = {}): RouteQuestion {
  const { config } = parseConfig(
    stringify({
      'openai-compatibility': [
        { name: 'local', 'base-url': 'http://127.0.0.1:1', models: ['a', 'b', 'c'].map((name) => ({ name })) },
      ],
      'ai-router': { 'default-model': 'c', routes: { code: ['a', 'gone', 'b'] }, ...router },
    }),
    { env: {} },
  )
  const local = compatible({ name: 'local', baseUrl: 'http://127.0.0.1:1', speaks: ['openai-chat'] })
  const vendors = [...providers, local]
  return {
    registry: createRegistry(configuredAccounts(config), vendors, { forcePrefix: false }),
    config,
    ...compileRouter(config, new Map(vendors.map((p) => [p.id, p]))),
    protocol: 'openai-chat',
    body: requestOf({ prompt }),
    ...more,
  }
}
const CODE = 'refactor this function to use async/await'

describe('an explanation', () => {
  it('tells category, scores, signals, target, fallbacks and who was skipped, in data and in words', () => {
    const e = explainRoute(question(CODE))
    assert.equal(e.decision!.category, 'code')
    assert.ok(e.decision!.confidence! > 0.8)
    assert.equal(Object.keys(e.decision!.scores).length, 5)
    assert.ok(e.decision!.signals.some(({ words }) => words === '"refactor" (a change to code)'))
    assert.deepEqual([e.target, e.fallbacks], ['a', ['b', 'c']])
    assert.deepEqual(e.skipped, [{ model: 'gone', why: 'is served by no account' }])
    assert.match(e.words, /^a answers: code: .*refactor.*; skipped gone: it is served by no account$/)
    assert.ok(e.tookUs > 0)
    assert.equal(e.failure, undefined)
    assert.deepEqual(JSON.parse(JSON.stringify(e)), e)
  })

  it('goes on to the next where every account of a model rests', () => {
    const pool = createPool()
    const asked = question(CODE, {}, { pool })
    const [candidate] = asked.registry.find('a', { protocol: 'openai-chat' })
    const seat = pool.take([candidate!], { rotation: 'a', strategy: 'round-robin' })!
    pool.failed(seat, failure('rate-limited', 'slow down', { scope: 'model', retryAfter: 60 }))
    const e = explainRoute(asked)
    assert.deepEqual([e.target, e.fallbacks], ['b', ['a', 'c']])
    assert.equal(e.targets[0]!.standings[0]!.is, 'resting')
    assert.match(e.words, /^b answers: .*; a has no usable account now$/)
  })

  it('tells of a conversation that it stays, and of a dry run that nothing is routed', () => {
    const kept = { category: 'code', confidence: 0.9, model: 'b', unsure: false }
    const e = explainRoute(question('thanks, go on', {}, { kept }))
    assert.deepEqual([e.target, e.category, e.decision!.category], ['b', 'code', 'fast'])
    assert.deepEqual(e.sticky, { model: 'b', category: 'code' })
    const dry = explainRoute(question(CODE, { 'dry-run': true }))
    assert.deepEqual([dry.target, dry.dryRun], ['c', true])
    assert.match(dry.words, /dry run, a would answer/)
  })

  it('tells what is needed and why nobody can', () => {
    const body = Buffer.from(
      JSON.stringify({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: CODE },
              { type: 'image_url', image_url: { url: 'x' } },
            ],
          },
        ],
        tools: [{ type: 'function', function: { name: 'f' } }],
      }),
    )
    assert.deepEqual(explainRoute(question('', {}, { body })).needs, ['images', 'tools'])
    const none = explainRoute(question(CODE, { 'default-model': '', routes: { code: 'gone' } }))
    assert.deepEqual([none.target, none.targets], [undefined, []])
    assert.match(none.failure!, /No account serves the model "gone"/)
  })

  it('explains a named model and a suffix, too', () => {
    const named = explainRoute(question(CODE, {}, { model: 'b' }))
    assert.deepEqual([named.target, named.decision], ['b', undefined])
    assert.deepEqual(explainRoute(question(CODE, {}, { model: 'auto(high)' })).needs, ['reasoning'])
    assert.match(explainRoute(question(CODE, {}, { model: 'nope' })).failure!, /"nope"/)
  })
})

describe('the same conversation', () => {
  it('gives the same route, whatever it is', () => {
    const asked = question('')
    const turn = fc.record({
      role: fc.constantFrom('user', 'assistant', 'system'),
      content: fc.string({ unit: 'grapheme' }),
    })
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 6 }), (messages) => {
        const body = Buffer.from(JSON.stringify({ messages }))
        const route = () => {
          const result = plan({ ...asked, body, model: 'auto', translates: true })
          assert.ok(isPlan(result))
          const { category, confidence, reason } = result.routed!
          return [result.targets.map(({ model }) => model), category, confidence, reason]
        }
        assert.deepEqual(route(), route())
      }),
    )
  })

  it('is never explained by throwing', () => {
    const asked = question('')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { words } = explainRoute({ ...asked, body: Buffer.from(bytes) })
        assert.ok(words.length > 0)
      }),
    )
  })
})
