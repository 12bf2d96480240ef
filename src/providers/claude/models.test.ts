import assert from 'node:assert/strict'
import { it } from 'node:test'
import { LoginError } from '../../accounts/oauth/flow.ts'
import { modelFacts } from '../families.ts'
import { loginAccount, token, vendor } from '../testing/logins.ts'
import { claude } from './index.ts'
import { liveModels } from './models.ts'

const login = loginAccount('claude', 'https://api.anthropic.com/v1')

it('live models are those of the account, under their names with and without a date', async () => {
  const { http, asked } = vendor({
    data: [
      { type: 'model', id: 'claude-opus-5', display_name: 'Claude Opus 5' },
      { type: 'model', id: 'claude-haiku-4-5-20251001', max_input_tokens: 150_000 },
      { type: 'model', id: 'claude-new-9' },
      { type: 'model' },
    ],
    has_more: false,
  })
  assert.deepEqual(await liveModels(login, token(), http), [
    { name: 'claude-opus-5', upstream: 'claude-opus-5', contextLength: 1_000_000 },
    { name: 'claude-haiku-4-5-20251001', upstream: 'claude-haiku-4-5-20251001', contextLength: 150_000 },
    { name: 'claude-haiku-4-5', upstream: 'claude-haiku-4-5-20251001', contextLength: 150_000 },
    { name: 'claude-new-9', upstream: 'claude-new-9' },
  ])
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['https://api.anthropic.com/v1/models?limit=1000'],
  )
})

it('live models are read page by page, but not for ever', async () => {
  const { http, asked } = vendor({ data: [{ id: 'claude-a' }], has_more: true, last_id: 'claude a' })
  assert.deepEqual(await liveModels(login, token(), http), [{ name: 'claude-a', upstream: 'claude-a' }])
  assert.equal(asked.length, 5)
  assert.equal(asked[1]?.url, 'https://api.anthropic.com/v1/models?limit=1000&after_id=claude%20a')
})

it('live models are not asked for with a key, and a refusal is told', async () => {
  assert.equal(await liveModels(login, { type: 'api-key', value: 'k' }, vendor({}).http), undefined)
  await assert.rejects(liveModels(login, token(), vendor({}, 403).http), LoginError)
  assert.equal(await liveModels(login, token(), vendor({ data: [] }).http), undefined)
})

it('what is known of models is what domain.md 1.1 says', () => {
  const facts = (id: string) => modelFacts([claude], id)
  for (const id of ['claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5', 'claude-fable-5']) {
    assert.deepEqual([facts(id)?.contextLength, facts(id)?.maxOutput], [1_000_000, 128_000], id)
    assert.deepEqual(facts(id)?.reasoning, { by: 'effort', levels: ['low', 'medium', 'high', 'xhigh', 'max'] }, id)
  }
  assert.deepEqual(facts('claude-sonnet-4-6')?.reasoning, { by: 'effort', levels: ['low', 'medium', 'high', 'max'] })
  for (const id of ['claude-haiku-4-5-20251001', 'claude-sonnet-4-5-20250929', 'claude-opus-4-5-20251101'])
    assert.deepEqual(
      [facts(id)?.contextLength, facts(id)?.maxOutput, facts(id)?.reasoning],
      [200_000, 64_000, { by: 'budget', min: 1_024, max: 128_000, off: true }],
      id,
    )
  for (const id of ['claude-opus-4-1-20250805', 'claude-opus-4-20250514'])
    assert.equal(facts(id)?.maxOutput, 32_000, id)
})
