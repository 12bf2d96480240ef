import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSigned, markSignatures, withOwnSignatures } from './google-signatures.ts'

const BYPASS = 'skip_thought_signature_validator'
const user = { role: 'user', parts: [{ text: 'go' }] }
const model = (...parts: object[]) => ({ role: 'model', parts })
const call = (name: string, signature?: string) => ({
  functionCall: { name, args: {} },
  ...(signature !== undefined && { thoughtSignature: signature }),
})
const thought = (signature?: string) => ({
  text: 'hm',
  thought: true,
  ...(signature !== undefined && { thoughtSignature: signature }),
})
const own = (parts: object[], name: string) =>
  withOwnSignatures([user, model(...parts)], name, name.startsWith('claude-') || undefined)
const partsOf = (parts: object[], name: string) => (own(parts, name).contents as { parts: unknown }[])[1]?.parts

describe('signatures on the way to a model', () => {
  it('stay on the very part they came with', () => {
    const contents = [user, model(thought('AAA='), call('f', 'BBB='), call('g'))]
    const out = withOwnSignatures(contents, 'gemini-3-pro-preview')
    assert.deepEqual(out, { contents, lost: false })
    assert.equal((out.contents as unknown[])[1], contents[1], 'not even copied')
  })

  it('are stood in for on the first call of each turn of the model alone', () => {
    const contents = [user, model({ text: 'x' }, call('f'), call('g')), user, model(call('h'))]
    assert.deepEqual(withOwnSignatures(contents, 'gemini-3.1-pro-preview').contents, [
      user,
      model({ text: 'x' }, call('f', BYPASS), call('g')),
      user,
      model(call('h', BYPASS)),
    ])
  })

  it('are found under either spelling', () => {
    const snake = { function_call: { name: 'f' }, thought_signature: 'AAA=' }
    assert.deepEqual(partsOf([snake], 'gemini-3-flash-preview'), [snake])
    assert.deepEqual(partsOf([{ function_call: { name: 'f' }, thought_signature: '' }], 'gemini-3-flash-preview'), [
      { function_call: { name: 'f' }, thoughtSignature: BYPASS },
    ])
  })

  it('are no matter to the second generation and to others', () => {
    for (const name of ['gemini-2.5-pro', 'gpt-oss-120b-medium'])
      assert.deepEqual(partsOf([call('f')], name), [call('f')])
    assert.deepEqual(withOwnSignatures([model(call('f'))], 'gpt-oss-120b-medium', true).contents, [
      model(call('f', BYPASS)),
    ])
  })

  it("marked as Claude's come back bare to Claude", () => {
    const marked = { candidates: [{ content: { parts: [thought('AAA='), call('f', 'BBB='), { text: 'x' }] } }] }
    assert.ok(markSignatures(marked))
    const { parts } = marked.candidates[0]!.content
    assert.equal((parts[0] as { thoughtSignature: string }).thoughtSignature, 'claude#AAA=')
    assert.deepEqual(partsOf(parts, 'claude-sonnet-4-6'), [thought('AAA='), call('f', 'BBB='), { text: 'x' }])
    assert.ok(!own(parts, 'claude-sonnet-4-6').lost)
  })

  it("of Claude's never reach Gemini, nor Gemini's Claude", () => {
    const claudes = [thought('claude#AAA='), call('f', 'claude#BBB='), { text: '', thoughtSignature: 'claude#C' }]
    assert.deepEqual(partsOf(claudes, 'gemini-3-pro-preview'), [call('f', BYPASS)])
    assert.ok(own(claudes, 'gemini-3-pro-preview').lost)
    assert.deepEqual(partsOf(claudes, 'gemini-2.5-pro'), [call('f')])
    const geminis = [thought('AAA='), { text: 'said', thoughtSignature: 'CCC=' }, call('f', 'BBB=')]
    assert.deepEqual(partsOf(geminis, 'claude-opus-4-6-thinking'), [{ text: 'said' }, call('f', BYPASS)])
  })

  it('are demanded of thoughts by Claude', () => {
    assert.deepEqual(own([thought()], 'claude-sonnet-4-6'), { contents: [user], lost: true })
    assert.deepEqual(own([thought(BYPASS), { text: 'x' }], 'claude-sonnet-4-6').lost, true)
    assert.deepEqual(partsOf([thought()], 'gemini-3-pro-preview'), [thought()])
  })

  it('leave what is no conversation alone', () => {
    for (const odd of [undefined, 'x', [null, 1, { role: 'model' }, { role: 'model', parts: [null, 'x'] }]])
      assert.deepEqual(withOwnSignatures(odd, 'claude-sonnet-4-6').contents, odd)
  })
})

describe('markSignatures', () => {
  it('marks once', () => {
    const answer = { candidates: [{ content: { parts: [thought('claude#A')] } }] }
    assert.ok(!markSignatures(answer))
    assert.ok(!markSignatures({}))
  })
})

it('a stand-in is no signature', () => {
  assert.ok(isSigned(call('f', 'AAA=')))
  for (const none of [undefined, '', BYPASS, 'context_engineering_is_the_way_to_go'])
    assert.ok(!isSigned(call('f', none)))
})
