import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOpener } from './stream.ts'

const run = (...events: unknown[]) => {
  const open = createOpener()
  return events.map((event) => open(typeof event === 'string' ? event : JSON.stringify(event)))
}

describe('the stream of the Codex backend', () => {
  const item = (id: string) => ({ type: 'message', id, content: [{ type: 'output_text', text: 'response.completed' }] })
  const done = (index: number, id: string) => ({
    type: 'response.output_item.done',
    output_index: index,
    item: item(id),
  })
  const completed = (output: unknown) => ({
    type: 'response.completed',
    response: { id: 'r', status: 'completed', output },
  })

  it('gets the items into its last event that were told before, in their order', () => {
    const told = run({ type: 'response.created', response: {} }, done(1, 'b'), done(0, 'a'), completed([])).at(-1)
    assert.deepEqual(JSON.parse(told!), completed([item('a'), item('b')]))
  })

  it('gets them where the output is missing, and in an incomplete end, too', () => {
    const end = { type: 'response.incomplete', response: { incomplete_details: { reason: 'max_output_tokens' } } }
    const told = run(done(0, 'a'), end).at(-1)
    assert.deepEqual(JSON.parse(told!).response, { output: [item('a')], ...end.response })
  })

  it('keeps every other event to the byte', () => {
    const events = [
      JSON.stringify(completed([item('x')]), null, 1),
      '{ "type": "response.output_text.delta", "delta": "response.completed and codex.rate_limits" }',
      '{"type":"response.output_text.delta","delta":"plain"}',
      'response.completed is no JSON',
      '{"output":[]}',
    ]
    assert.deepEqual(run(done(0, 'a'), ...events).slice(1), events)
    assert.deepEqual(run(JSON.stringify(completed([]), null, 1)), [JSON.stringify(completed([]), null, 1)])
  })

  it('writes nothing anew: numbers and letters stay as they were told', () => {
    const odd =
      '{"type":"response.output_item.done","output_index":0,"item":{"n":12345678901234567890.10,"t":"\u00c3\u00a9\\u0000"}}'
    const last = run(odd, '{"type":"response.completed","response":{ "big":1e400, "output" : [ ] ,"id":"r"}}').at(-1)
    assert.equal(
      last,
      '{"type":"response.completed","response":{ "big":1e400, "output" : [{"n":12345678901234567890.10,"t":"\u00c3\u00a9\\u0000"}] ,"id":"r"}}',
    )
    assert.equal(run(odd, '{"type":"response.completed","response":{}}').at(-1)?.includes('{"output":[{"n"'), true)
    assert.equal(
      run(odd, '{"type":"response.completed","response":null}').at(-1),
      '{"type":"response.completed","response":null}',
    )
  })

  it('keeps the allowances of the account to itself', () => {
    assert.deepEqual(run({ type: 'codex.rate_limits', rate_limits: {} }), [undefined])
  })

  it('starts anew with each answer', () => {
    const told = run(done(0, 'a'), { type: 'response.created', response: {} }, completed([])).at(-1)
    assert.deepEqual(JSON.parse(told!), completed([]))
  })
})
