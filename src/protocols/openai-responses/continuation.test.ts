import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOf, itemsOf, responsesContinuation, withoutReasoning } from './continuation.ts'
import { brokenFrame, errorFrame, eventsOfWhole, prewarmed } from './socket.ts'

const user = (content: string) => `{"role":"user","content":"${content}"}`
const call = (id: string) => `{"type":"function_call","call_id":"${id}","name":"f","arguments":"{}"}`
const output = (id: string) => `{"type":"function_call_output","call_id":"${id}","output":"ok"}`

describe('an input', () => {
  it('is its items, a string is one message, and nothing is none', () => {
    assert.equal(itemsOf(` [ ${user('a')} , 2 ] `), `${user('a')} , 2`)
    assert.deepEqual(JSON.parse(itemsOf('"say \\"x\\""')), { type: 'message', role: 'user', content: 'say "x"' })
    assert.equal(itemsOf('null'), '')
    assert.equal(itemsOf('[]'), '')
  })
})

describe('what a turn adds', () => {
  const { joined } = responsesContinuation
  it('is taken as it came where only a user speaks', () => {
    const added = `${user('b')},${output('c1')}`
    assert.deepEqual(joined(`${user('a')},${call('c1')}`, added), { added, replaces: false })
    assert.deepEqual(joined('', `${user('a')},${call('c1')}`).replaces, false)
  })

  it('leaves out what is known already', () => {
    const { added, replaces } = joined(`${user('a')},${call('c1')}`, `${call('c1')},${output('c1')},${user('b')}`)
    assert.equal(replaces, false)
    assert.deepEqual(JSON.parse(`[${added}]`), [JSON.parse(output('c1')), JSON.parse(user('b'))])
    const message = '{"type":"message","id":"msg_1","role":"assistant","content":[]}'
    assert.equal(joined(`${user('a')},${message}`, message).added, '')
  })

  it('replaces everything when it is everything', () => {
    const first = '{"type":"message","role":"user","content":"a","id":"msg_9"}'
    const added = `${first},${call('c1')},${output('c1')}`
    assert.deepEqual(joined(`${user('a')},${call('c1')}`, added), { added, replaces: true })
  })

  it('of a model that is not the beginning is added', () => {
    const added = `${call('c7')},${output('c7')}`
    assert.deepEqual(joined(user('a'), added), { added, replaces: false })
  })

  it('keeps long numbers as they are', () => {
    const odd = '{"type":"function_call_output","call_id":"c1","output":"x","n":12345678901234567890}'
    assert.match(joined(`${user('a')},${call('c1')}`, `${call('c1')},${odd}`).added, /12345678901234567890/)
  })
})

it('items that are only named are put in, where they are known', () => {
  const { dereferenced } = responsesContinuation
  const find = (id: string) => (id === 'fc_1' ? call('c1') : undefined)
  const named = (id: string) => `{"type":"item_reference","id":"${id}"}`
  assert.equal(dereferenced(`${user('a')},${named('fc_1')}`, find), `${user('a')},${call('c1')}`)
  assert.equal(dereferenced(`${named('fc_1')},${named('fc_2')}`, find), `${call('c1')},${named('fc_2')}`)
  assert.equal(dereferenced(`${user('a')},${named('fc_2')}`, find), undefined)
})

describe('an answer', () => {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [] }
  it('is read whole, or from the last event of a stream', () => {
    const response = { id: 'resp_1', output: [message] }
    const text = JSON.stringify(message)
    const expected = { id: 'resp_1', items: text, named: [['msg_1', text]] }
    assert.deepEqual(responsesContinuation.answered(JSON.stringify(response)), expected)
    const end = `event: x\ndata: {"a":1}\n\nevent: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response })}\n\n`
    assert.deepEqual(responsesContinuation.answered(end), expected)
    for (const odd of ['', 'data: {', ': keep-alive\n\n', '{"output":[]}'])
      assert.equal(responsesContinuation.answered(odd), undefined)
  })

  it('goes back without reasoning that was not sealed, and then without ids that would ask for it', () => {
    const sealed = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'x' }
    assert.equal(
      answerOf({ id: 'r', output: [sealed, message] })?.items,
      `${JSON.stringify(sealed)},${JSON.stringify(message)}`,
    )
    const { encrypted_content: _, ...bare } = sealed
    const { id: _i, ...nameless } = message
    assert.equal(answerOf({ id: 'r', output: [bare, message] })?.items, JSON.stringify(nameless))
    assert.equal(answerOf({ id: 'r', output: [] }, [message])?.items, JSON.stringify(message))
  })

  it('tells its id in its first bytes, and not whom it follows', () => {
    const { idIn } = responsesContinuation
    assert.equal(idIn('data: {"response":{"previous_response_id":"resp_0","id":"resp_1"'), 'resp_1')
    assert.equal(idIn('{ "id": "resp_2"'), 'resp_2')
    assert.equal(idIn('{"id":"msg_1"'), undefined)
  })
})

it('an input is taken without reasoning where there is some', () => {
  const reasoning = '{"type":"reasoning","id":"rs_1","encrypted_content":"x"}'
  assert.equal(withoutReasoning(user('a')), undefined)
  const left = withoutReasoning(`${user('a')},${reasoning},{"type":"function_call","id":"fc_1","call_id":"c1"}`)
  assert.deepEqual(JSON.parse(`[${left}]`), [JSON.parse(user('a')), { type: 'function_call', call_id: 'c1' }])
})

describe('frames', () => {
  it('tell a refusal with its status, and when to come back', () => {
    const body = '{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded","param":null}}'
    const frame = JSON.parse(errorFrame(429, ['Retry-After', '7', 'content-type', 'application/json'], body))
    assert.deepEqual(frame, {
      type: 'error',
      status: 429,
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null, message: 'slow down' },
      headers: { 'retry-after': '7' },
    })
    const web = JSON.parse(errorFrame(502, [], '<html>bad gateway</html>'))
    assert.deepEqual([web.status, web.error.type], [502, 'server_error'])
    assert.equal(typeof web.error.message, 'string')
  })

  it('tell the end of a broken stream both ways', () => {
    const flat = { type: 'error', code: 'rate_limit_exceeded', message: 'slow down', param: null, sequence_number: 4 }
    const frame = JSON.parse(brokenFrame(JSON.stringify(flat)))
    assert.deepEqual([frame.type, frame.message, frame.sequence_number], ['error', 'slow down', 4])
    assert.deepEqual([frame.status, frame.error.code, frame.error.message], [429, 'rate_limit_exceeded', 'slow down'])
  })

  it('make a stream of an answer that came whole', () => {
    const item = { type: 'message', id: 'msg_1' }
    const types = eventsOfWhole({ id: 'resp_1', status: 'incomplete', output: [item] }).map((t) => JSON.parse(t).type)
    assert.deepEqual(types, [
      'response.created',
      'response.output_item.added',
      'response.output_item.done',
      'response.incomplete',
    ])
  })

  it('of a prewarm hold an answer with nothing in it', () => {
    const [created, completed] = prewarmed({ model: 'm', tools: [1] }, 'resp_prewarm_1', 5).map((t) => JSON.parse(t))
    assert.deepEqual(
      [created.type, created.response.status, created.response.usage],
      ['response.created', 'in_progress', null],
    )
    assert.deepEqual(
      [completed.type, completed.response.status, completed.response.output, completed.response.usage.total_tokens],
      ['response.completed', 'completed', [], 0],
    )
    assert.deepEqual([completed.response.model, completed.response.tools], ['m', [1]])
  })
})
