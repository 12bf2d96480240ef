import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from './codec.ts'
import { protocolOf } from './index.ts'

const ask = (thinking: object): Json => ({
  model: 'm',
  max_tokens: 9_000,
  thinking,
  messages: [{ role: 'user', content: 'hi' }],
})

/** An Anthropic request as another dialect says it. */
function said(thinking: object, to: 'anthropic' | 'openai-responses' | 'gemini'): Json {
  const request = protocolOf('anthropic').codec!.request.decode(ask(thinking), { model: 'm', stream: true })
  const reasoning = { by: 'budget' as const, min: 128, max: 32_768, off: true }
  return protocolOf(to).codec!.request.encode(request, { model: 'm', ...(to === 'anthropic' ? {} : { reasoning }) })
    .body
}

describe('thoughts that Anthropic shows unasked', () => {
  const old = { type: 'enabled', budget_tokens: 2_000 }

  it('are asked for where they have to be', () => {
    assert.equal((said(old, 'openai-responses')['reasoning'] as Json)['summary'], 'auto')
    const config = said(old, 'gemini')['generationConfig'] as { thinkingConfig: Json }
    assert.equal(config.thinkingConfig['includeThoughts'], true)
  })

  it('are not asked for at home, where nothing changes', () => {
    assert.deepEqual(said(old, 'anthropic')['thinking'], old)
  })

  it('are not asked for where the client wants none', () => {
    for (const thinking of [{ ...old, display: 'omitted' }, { type: 'disabled' }])
      assert.equal((said(thinking, 'openai-responses')['reasoning'] as Json | undefined)?.['summary'], undefined)
  })
})
