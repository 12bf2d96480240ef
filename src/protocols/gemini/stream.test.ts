import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { event, marks } from '../testing/taps.ts'
import { geminiTap } from './stream.ts'

const chunk = (parts: object[], finishReason?: string, usage?: object) =>
  event({ candidates: [{ content: { parts, role: 'model' }, finishReason }], usageMetadata: usage })

describe('the generateContent tap', () => {
  it('ends at the finish reason and takes the last usage', () => {
    const tap = marks(geminiTap(), [
      [chunk([{ text: '' }], undefined, { promptTokenCount: 3 }), 'handshake'],
      [chunk([{ text: 'hm', thought: true }], undefined, { promptTokenCount: 3, thoughtsTokenCount: 2 }), 'content'],
      [chunk([{ text: 'say "finishReason": "STOP" and "error"' }]), 'content'],
    ])
    assert.equal(tap.ended, false)
    const usage = {
      promptTokenCount: 9,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 2,
      toolUsePromptTokenCount: 1,
    }
    marks(tap, [[chunk([{ text: '' }], 'STOP', usage), 'end']])
    assert.equal(tap.ended, true)
    assert.deepEqual(tap.usage, { input: 6, cacheRead: 4, cacheWrite: 0, output: 7, reasoning: 2 })
  })

  for (const part of [
    { functionCall: { name: 'f', args: {} } },
    { inlineData: { mimeType: 'image/png', data: 'AA' } },
    { executableCode: { code: 'x' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK' } },
  ]) {
    it(`takes ${Object.keys(part)[0]} for content`, () => void marks(geminiTap(), [[chunk([part]), 'content']]))
  }

  it('takes a signature alone for nothing yet', () => {
    marks(geminiTap(), [[chunk([{ text: '', thoughtSignature: 'x' }]), 'handshake']])
  })

  it('ends without content at a finish or a block', () => {
    assert.equal(marks(geminiTap(), [[event({ candidates: [{ finishReason: 'SAFETY' }] }), 'end']]).ended, true)
    assert.equal(marks(geminiTap(), [[event({ promptFeedback: { blockReason: 'SAFETY' } }), 'end']]).ended, true)
  })

  it('passes over an unspecified finish reason', () => {
    const tap = marks(geminiTap(), [
      [chunk([{ text: 'a' }], 'FINISH_REASON_UNSPECIFIED'), 'content'],
      [event({ promptFeedback: { blockReason: 'BLOCK_REASON_UNSPECIFIED' } }), 'content'],
    ])
    assert.equal(tap.ended, false)
  })

  it('reads an error before and after content', () => {
    const error = event({ error: { code: 503, message: 'Überlast', status: 'UNAVAILABLE' } })
    const tap = marks(geminiTap(), [[error, 'error']])
    assert.deepEqual(tap.failure, {
      kind: 'overloaded',
      status: 503,
      scope: 'model',
      message: 'Überlast',
      code: 'UNAVAILABLE',
    })
    assert.ok(
      marks(geminiTap(), [
        [chunk([{ text: 'a' }]), 'content'],
        [error, 'error'],
      ]).failure,
    )
  })

  it('does not take an argument named error for one', () => {
    const tap = marks(geminiTap(), [[chunk([{ functionCall: { name: 'f', args: { error: 'x' } } }]), 'content']])
    assert.equal(tap.failure, undefined)
  })

  it('leaves what is no JSON to the client', () => void marks(geminiTap(), [[event('{"half'), 'content']]))
})
