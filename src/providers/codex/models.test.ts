import assert from 'node:assert/strict'
import { it } from 'node:test'
import { modelFacts } from '../families.ts'
import { loginAccount, token, vendor } from '../testing/logins.ts'
import { codex } from './index.ts'
import { liveModels, models } from './models.ts'

const login = loginAccount('codex', 'https://chatgpt.com/backend-api/codex')

it('live models are what the plan shows, the recommended first, with lengths and levels', async () => {
  const { http, asked } = vendor({
    models: [
      {
        slug: 'gpt-5.4',
        context_window: 1_050_000,
        visibility: 'list',
        priority: 2,
        supported_reasoning_levels: [{ effort: 'low' }, { effort: 'xhigh' }, { effort: 'ultra' }],
      },
      {
        slug: 'gpt-5.6-sol',
        context_window: 372_000,
        visibility: 'list',
        priority: 1,
        supported_reasoning_levels: ['low', 'max'],
      },
      { slug: 'gpt-secret', visibility: 'hide', priority: 0 },
      { slug: 'gpt-none', visibility: 'none' },
      { slug: 'gpt-plain' },
      { display_name: 'nameless', visibility: 'list' },
    ],
  })
  assert.deepEqual(await liveModels(login, token({ 'account-id': 'acc-1' }), http), [
    { name: 'gpt-5.6-sol', upstream: 'gpt-5.6-sol', contextLength: 372_000, efforts: ['low', 'max'] },
    { name: 'gpt-5.4', upstream: 'gpt-5.4', contextLength: 1_050_000, efforts: ['low', 'xhigh'] },
    { name: 'gpt-plain', upstream: 'gpt-plain' },
  ])
  assert.match(asked[0]!.url, /^https:\/\/chatgpt\.com\/backend-api\/codex\/models\?client_version=\d+\.\d+\.\d+$/)
  assert.equal(asked[0]?.headers?.['chatgpt-account-id'], 'acc-1')
  assert.equal(await liveModels(login, token(), vendor({ models: [] }).http), undefined)
  assert.equal(await liveModels(login, { type: 'api-key', value: 'k' }, vendor({}).http), undefined)
})

it('what is known of models is what domain.md 1.2 says, each once', () => {
  const length = (id: string) => models.find((model) => model.id === id)?.contextLength
  assert.deepEqual(
    [
      'gpt-5.6-sol',
      'gpt-5.5',
      'gpt-5.4',
      'gpt-5.4-mini',
      'gpt-5.3-codex',
      'gpt-5.3-codex-spark',
      'codex-auto-review',
    ].map(length),
    [372_000, 272_000, 1_050_000, 400_000, 400_000, 128_000, 272_000],
  )
  assert.equal(new Set(models.map(({ id }) => id)).size, models.length)
  const levels = (id: string) => {
    const ability = modelFacts([codex], id)?.reasoning
    return ability?.by === 'effort' ? ability.levels.join() : undefined
  }
  assert.equal(levels('gpt-5'), 'minimal,low,medium,high')
  assert.equal(levels('gpt-5.1'), 'none,low,medium,high')
  assert.equal(levels('gpt-5.1-codex'), 'low,medium,high')
  assert.equal(levels('gpt-5.2'), 'none,low,medium,high,xhigh')
  assert.equal(levels('gpt-5.3-codex'), 'low,medium,high,xhigh')
  assert.equal(levels('gpt-5.6-sol'), 'low,medium,high,xhigh,max')
})
