import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../config/load.ts'
import type { ListedModel } from '../../protocols/protocol.ts'
import { type ListingInput, servedModels } from './listing.ts'

const LENGTHS: Record<string, readonly [context: number | undefined, output: number | undefined]> = {
  small: [100, 10],
  big: [1_000, 20],
  wide: [500, 5],
  plain: [undefined, undefined],
}

const model = (id: string, extra: Partial<ListedModel> = {}): ListedModel => {
  const [contextLength, maxOutput] = LENGTHS[id] ?? []
  return { id, ownedBy: 'house', created: 0, contextLength, maxOutput, ...extra }
}

function asked(router: string, over: Partial<ListingInput> & { names?: readonly string[] } = {}) {
  const names = over.names ?? Object.keys(LENGTHS)
  const registry: ListingInput['registry'] = {
    list: () => names.map((id) => model(id)),
    dialectsOf: (id) => (names.includes(id) ? ['openai-chat'] : []),
  }
  return servedModels({ registry, config: parseConfig(router).config, ...over })
}

const auto = (router: string, over: Parameters<typeof asked>[1] = {}) =>
  asked(router, over).find((m) => m.id === 'auto')

describe('the list of models', () => {
  it('ends with auto where the router leads to a model that is served', () => {
    const list = asked('ai-router: { default-model: small }')
    assert.deepEqual(
      list.map(({ id }) => id),
      ['small', 'big', 'wide', 'plain', 'auto'],
    )
    assert.deepEqual(list.at(-1), {
      id: 'auto',
      ownedBy: 'logicaproxy',
      displayName: 'Auto (AI Router)',
      created: 0,
      contextLength: 100,
      maxOutput: 10,
    })
  })

  it('has none where the router is off, leads nowhere, or only to models that nobody serves', () => {
    assert.equal(auto('{}'), undefined)
    assert.equal(auto('ai-router: { enabled: false, default-model: small }'), undefined)
    assert.equal(auto('ai-router: { routes: { code: nobody } }'), undefined)
    assert.ok(auto('ai-router: { routes: { code: [nobody, small] } }'))
    assert.ok(auto('{ ai-router: { default-model: nobody }, fallback: { nobody: [small] } }'))
  })

  it('gives auto the lengths that hold for every category: with guards the longest model of each will do', () => {
    const routes = 'default-model: small, routes: { code: [small, big], creative: wide }'
    assert.equal(auto(`ai-router: { ${routes} }`)!.contextLength, 100)
    assert.equal(auto('ai-router: { routes: { code: [small, big], creative: wide } }')!.contextLength, 500)
    assert.equal(auto('ai-router: { guards: false, routes: { code: [small, big] } }')!.contextLength, 100)
    assert.equal(auto('ai-router: { dry-run: true, routes: { code: [small, big] } }')!.contextLength, 100)
    assert.equal(auto('ai-router: { routes: { code: big, creative: wide } }')!.maxOutput, 5)
    assert.equal(auto('ai-router: { default-model: plain }')!.contextLength, undefined)
  })

  it('heeds what a key may use and what it has of its own', () => {
    const router = 'ai-router: { default-model: small }'
    const only = (...names: string[]) => ({ allows: (id: string) => names.includes(id) })
    assert.equal(auto(router, only('small')), undefined)
    assert.ok(auto(router, only('small', 'auto')))
    assert.equal(auto(router, only('big', 'auto')), undefined)
    assert.ok(auto(router, only('auto')), 'a key for auto alone goes wherever the router leads')
    assert.deepEqual(
      asked(router, only('auto')).map(({ id }) => id),
      ['auto'],
    )
    assert.equal(auto(router, { own: { enabled: false } }), undefined)
    assert.ok(auto('{}', { own: { 'default-model': 'big' } }))
  })

  it('lists auto once where an account calls a model so', () => {
    const names = ['auto', 'small']
    assert.equal(asked('ai-router: { default-model: small }', { names }).filter((m) => m.id === 'auto').length, 1)
    assert.equal(asked('ai-router: { enabled: false }', { names }).filter((m) => m.id === 'auto').length, 1)
  })
})
