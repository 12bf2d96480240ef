import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chatUsage } from './usage.ts'

describe('chatUsage', () => {
  const table: [name: string, told: object, expected: [number, number, number, number, number]][] = [
    ['plain', { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }, [5, 0, 0, 2, 0]],
    [
      'cached and written',
      { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 } },
      [3, 4, 3, 2, 0],
    ],
    [
      'reasoning within the completion',
      { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14, completion_tokens_details: { reasoning_tokens: 6 } },
      [5, 0, 0, 9, 6],
    ],
    [
      'reasoning beside it (xAI)',
      { prompt_tokens: 5, completion_tokens: 9, total_tokens: 20, completion_tokens_details: { reasoning_tokens: 6 } },
      [5, 0, 0, 15, 6],
    ],
    [
      'more reasoning than output (OpenRouter)',
      {
        prompt_tokens: 43,
        completion_tokens: 10,
        total_tokens: 53,
        completion_tokens_details: { reasoning_tokens: 11 },
      },
      [43, 0, 0, 10, 10],
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 2 },
      [2, 8, 0, 1, 0],
    ],
    ['Mistral', { prompt_tokens: 10, completion_tokens: 1, num_cached_tokens: 8 }, [2, 8, 0, 1, 0]],
    [
      'Databricks',
      { prompt_tokens: 10, completion_tokens: 1, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 },
      [5, 3, 2, 1, 0],
    ],
    [
      'more cached than asked (Grok on Azure)',
      { prompt_tokens: 29, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 157 } },
      [0, 29, 0, 6, 0],
    ],
    [
      'null details',
      { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: null, completion_tokens_details: null },
      [5, 0, 0, 2, 0],
    ],
  ]
  for (const [name, told, [input, cacheRead, cacheWrite, output, reasoning]] of table) {
    it(name, () => assert.deepEqual(chatUsage(told), { input, cacheRead, cacheWrite, output, reasoning }))
  }
  it('is undefined when nothing is told', () => {
    for (const told of [undefined, null, {}, [], 'x', { prompt_tokens: -1 }]) assert.equal(chatUsage(told), undefined)
  })
})
