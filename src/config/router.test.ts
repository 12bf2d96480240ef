import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CATEGORIES } from '../routing/classify/index.ts'
import { builtInCategories } from './checks.ts'
import { ConfigError, parseConfig } from './load.ts'

const parse = (text: string) => parseConfig(text, { env: {} })
function refusal(text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('it was taken')
}

describe('ai-router', () => {
  test('is careful unless it says otherwise', () => {
    assert.deepEqual(parse('').config['ai-router'], {
      enabled: true,
      'default-model': '',
      routes: {},
      'min-confidence': 0.4,
      categories: {},
      guards: true,
      sticky: true,
      'dry-run': false,
    })
  })

  test('takes a model or a list, categories by keywords or examples, and routes of one client', () => {
    const { config, notices } = parse(`
ai-router:
  routes: { code: a, support: [b, c] }
  categories:
    support: { keywords: [refund] }
    empty: {}
api-keys:
  - { key: k, ai-router: { enabled: false, routes: { fast: d } } }
`)
    assert.deepEqual(config['ai-router'].routes, { code: ['a'], support: ['b', 'c'] })
    assert.deepEqual(config['ai-router'].categories, {
      support: { keywords: ['refund'], examples: [] },
      empty: { keywords: [], examples: [] },
    })
    assert.deepEqual((config['api-keys'][0] as { 'ai-router': unknown })['ai-router'], {
      enabled: false,
      routes: { fast: ['d'] },
    })
    assert.deepEqual(notices, [])
  })

  test('with a fault is told with its line', () => {
    assert.match(refusal('ai-router:\n  min-confidence: 2\n'), /:2: .*min-confidence.*a number from 0 to 1/)
    assert.match(refusal('ai-router:\n  stiky: true\n'), /:2: .*stiky.*did you mean "sticky"/)
    assert.match(refusal('ai-router:\n  categories:\n    x: { keyword: [a] }\n'), /did you mean "keywords"/)
    assert.match(refusal('api-keys:\n  - { key: k, ai-router: { sticky: true } }\n'), /unknown key "sticky"/)
  })

  test('tells of routes that no prompt goes', () => {
    const [notice, ...more] = parse('ai-router:\n  routes:\n    code: a\n    kode: b\n').notices
    assert.deepEqual([notice!.kind, notice!.line, notice!.path, more], ['warning', 4, 'ai-router.routes.kode', []])
    assert.match(notice!.message, /"kode".*ai-router\.categories/)
  })

  test('knows the categories of the classifier', () => {
    assert.deepEqual(builtInCategories, [...CATEGORIES])
  })
})
