/** Whatever comes in, a codec answers with an event, a value or a named refusal, and never breaks. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FailureError } from '../../hub/failure.ts'
import type { Json } from '../codec.ts'
import { event } from '../testing/taps.ts'
import { openaiChatCodec as codec } from './codec.ts'

const junk = fc.oneof(
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 2, arbitrary: fc.constantFrom(null, '', 'x', 0, -1, 1.5, true, [], {}, [null], [{}], [[]]) },
)
const record = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, junk])), { requiredKeys: [] })
const nested = (shape: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: fc.array(shape, { maxLength: 3 }) }, junk)

const body = record('name', 'arguments', 'input')
const call = fc.record(
  {
    index: fc.oneof(fc.nat(2), junk),
    id: junk,
    type: junk,
    function: fc.oneof(body, junk),
    custom: fc.oneof(body, junk),
    extra_content: junk,
  },
  { requiredKeys: [] },
)
const part = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom('text', 'thinking', 'image_url', 'input_audio', 'file', 'refusal', 'video_url'),
      text: junk,
      thinking: junk,
      image_url: junk,
      input_audio: junk,
      file: junk,
      cache_control: junk,
    },
    { requiredKeys: ['type'] },
  ),
  junk,
)
const message = fc.record(
  {
    role: fc.constantFrom('user', 'assistant', 'system', 'developer', 'tool', 'function'),
    content: fc.oneof(nested(part), fc.string()),
    tool_calls: nested(call),
    function_call: fc.oneof(body, junk),
    reasoning_content: junk,
    reasoning: junk,
    reasoning_details: nested(record('type', 'text', 'summary', 'data', 'signature', 'index')),
    refusal: junk,
    annotations: nested(record('type', 'url_citation')),
    images: nested(record('image_url')),
    audio: junk,
    tool_call_id: fc.oneof(fc.constant('a'), junk),
    name: junk,
    extra_content: junk,
    cache_control: junk,
  },
  { requiredKeys: ['role'] },
)
const choice = fc.record(
  {
    index: fc.constantFrom(0, 1, undefined),
    delta: fc.oneof(message, junk),
    message: fc.oneof(message, junk),
    text: junk,
    finish_reason: fc.oneof(fc.constantFrom('stop', 'tool_calls', ''), junk),
    stop_reason: junk,
  },
  { requiredKeys: [] },
)
const chunk = fc.record(
  { id: junk, model: junk, choices: nested(choice), usage: junk, citations: junk, search_results: junk, x_groq: junk },
  { requiredKeys: [] },
)

/** Runs, letting only named refusals pass. */
function tolerates(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof FailureError)) throw error
    assert.ok(error.failure.message.length > 0)
  }
}

describe('the chat codec takes anything', () => {
  it('in streams, and its events stay in order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: chunk }, junk), { maxLength: 6 }), (chunks) => {
        const decoder = codec.stream.decoder()
        const events = [...chunks.flatMap((item) => decoder.push(event(item))), ...decoder.end()]
        const open = new Set<number>()
        let next = 0
        for (const each of events) {
          if (each.type === 'part-start') {
            assert.equal(each.index, next++)
            open.add(each.index)
          } else if ('index' in each) assert.ok(open.has(each.index))
          if (each.type === 'part-end') open.delete(each.index)
        }
        if (!events.some(({ type }) => type === 'error')) assert.equal(open.size, 0)
      }),
      { numRuns: 500 },
    )
  })

  it('as whole answers', () => {
    fc.assert(
      fc.property(chunk, (whole) => tolerates(() => void codec.response.decode(whole as Json))),
      { numRuns: 300 },
    )
  })

  it('as requests, which it can say again if it took them', () => {
    const request = fc.record(
      {
        messages: fc.array(message, { minLength: 1, maxLength: 4 }),
        tools: nested(
          fc.record(
            {
              type: fc.constantFrom('function', 'custom', 'x'),
              function: fc.oneof(record('name', 'description', 'parameters', 'strict'), junk),
              custom: junk,
            },
            { requiredKeys: [] },
          ),
        ),
        functions: junk,
        tool_choice: junk,
        web_search_options: junk,
        reasoning: fc.oneof(record('effort', 'max_tokens', 'enabled', 'exclude'), junk),
        reasoning_effort: junk,
        thinking: fc.oneof(record('type', 'budget_tokens'), junk),
        enable_thinking: junk,
        thinking_budget: junk,
        response_format: fc.oneof(record('type', 'json_schema', 'schema'), junk),
        stop: junk,
        stream_options: junk,
        logprobs: junk,
      },
      { requiredKeys: ['messages'] },
    )
    fc.assert(
      fc.property(request, (wire) =>
        tolerates(() => {
          const before = JSON.stringify(wire)
          const decoded = codec.request.decode(wire as Json, { model: 'm', stream: true })
          codec.request.encode(decoded, { model: 'm' })
          assert.equal(JSON.stringify(wire), before)
        }),
      ),
      { numRuns: 500 },
    )
  })
})
