import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { abilitiesOf } from './abilities.ts'
import { providers } from './index.ts'

const of = (id: string, own?: string) =>
  abilitiesOf(
    providers.find((p) => p.id === own),
    providers,
    id,
  )
const sees = (id: string) => of(id).input?.includes('image')

describe('what models take', () => {
  it('is told by their names, with and without the name of a house', () => {
    for (const id of [
      'claude-sonnet-4-6',
      'gpt-5.2',
      'gpt-4o',
      'gemini-2.5-pro',
      'o3',
      'grok-4.5',
      'anthropic/claude-opus-5',
    ])
      assert.equal(sees(id), true, id)
    for (const id of [
      'deepseek-v3.2',
      'deepseek/deepseek-r1',
      'qwen3-coder-plus',
      'qwen3-32b',
      'glm-4.6',
      'kimi-k2',
      'gpt-oss-120b-medium',
      'gpt-3.5-turbo',
      'grok-code-fast-1',
      'o3-mini',
      'llama-3.1-8b',
    ])
      assert.equal(sees(id), false, id)
  })

  it('is unknown of what nobody knows: new models, and those with eyes under the name of blind ones', () => {
    for (const id of [
      'qwen3-vl-plus',
      'glm-4.5v',
      'deepseek-vl2',
      'llama-3.2-vision',
      'some-new-model',
      'kimi-k2.5',
      'coder-model',
    ])
      assert.equal(sees(id), undefined, id)
  })

  it("is the vendor's own word first, for lengths and reasoning", () => {
    assert.equal(of('claude-sonnet-4-6', 'claude').contextLength, 200_000)
    assert.deepEqual([of('gpt-4o').reasons, of('gpt-5.2').reasons, of('who-knows').reasons], [false, true, undefined])
    assert.equal(of('kimi-k2', 'kimi').reasons, false)
  })
})
