import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { EditContext } from '../provider.ts'
import { editContext, loginAccount } from '../testing/logins.ts'
import { editBody } from './body.ts'
import { codex } from './index.ts'

type Json = Record<string, unknown>

const login = loginAccount('codex', 'https://chatgpt.com/backend-api/codex', { speaks: ['openai-responses'] })
const edit = (body: Json, over: Partial<EditContext> = {}) =>
  editBody(body, editContext(login, { protocol: 'openai-responses', model: 'gpt-5.5', ...over }))
const lost = (body: Json) => edit(body).losses.map(({ field }) => field)
const itemsOf = (...input: unknown[]) => edit({ input }).body['input'] as Json[]

describe('a body for the Codex backend', () => {
  it('has the required fields, whatever the client sent', () => {
    assert.deepEqual(edit({ input: 'hi' }), {
      body: {
        model: 'gpt-5.5',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
        instructions: '',
        stream: true,
        store: false,
        include: ['reasoning.encrypted_content'],
        parallel_tool_calls: true,
      },
      losses: [],
    })
  })

  it('has a faster tier as the plan allows, and none on the free one', () => {
    const on = (plan: string) =>
      edit({ service_tier: 'priority' }, { credential: { type: 'oauth', value: 't', details: { plan } } })
    assert.equal(on('plus').body['service_tier'], 'priority')
    assert.equal('service_tier' in on('free').body, false)
    assert.deepEqual(
      on('free').losses.map(({ field }) => field),
      ['service_tier'],
    )
  })

  it('keeps what the client said where it may', () => {
    const said = {
      model: 'gpt-5.5',
      instructions: 'Be brief.',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      tools: [{ type: 'function', name: 'f', parameters: {} }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { effort: 'high', summary: 'auto' },
      text: { verbosity: 'low' },
      include: ['web_search_call.action.sources', 'reasoning.encrypted_content'],
      prompt_cache_key: 'mine',
      service_tier: 'priority',
      client_metadata: { a: 1 },
    }
    assert.deepEqual(edit(said), { body: { ...said, stream: true, store: false }, losses: [] })
  })

  it('asks for a stream even where the client wants a whole answer', () => {
    assert.equal(edit({ input: 'x', stream: false }, { stream: false }).body['stream'], true)
    assert.equal(codex.vessel?.(login)?.streamsOnly, true)
  })

  const refused: Record<string, unknown> = {
    max_output_tokens: 10,
    max_tokens: 10,
    max_completion_tokens: 10,
    max_tool_calls: 2,
    temperature: 0.5,
    top_p: 0.5,
    top_k: 4,
    stop: ['x'],
    n: 2,
    seed: 7,
    presence_penalty: 0.1,
    frequency_penalty: 0.1,
    logit_bias: { 5: 1 },
    logprobs: true,
    top_logprobs: 3,
    truncation: 'auto',
    user: 'me',
    metadata: { a: 'b' },
    safety_identifier: 'x',
    previous_response_id: 'resp_1',
    conversation: 'conv_1',
    prompt: { id: 'p' },
    background: true,
    prompt_cache_retention: '24h',
    context_management: [{ type: 'compaction' }],
    service_tier: 'scale',
  }
  for (const [field, value] of Object.entries(refused))
    it(`goes without ${field}, and says so`, () => {
      for (const action of ['generate', 'compact'] as const) {
        const { body, losses } = edit({ input: 'x', [field]: value }, { action })
        assert.equal(Object.hasOwn(body, field), false)
        assert.deepEqual(
          losses.map((l) => l.field),
          [field],
        )
      }
    })

  it('goes without fields that ask for nothing, and says nothing of them', () => {
    const idle: Json = {
      temperature: 1,
      top_p: 1,
      n: 1,
      stop: [],
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      logprobs: false,
      top_logprobs: 0,
      truncation: 'disabled',
      metadata: {},
      background: false,
      stream_options: { include_obfuscation: false },
      service_tier: 'auto',
      store: false,
    }
    assert.deepEqual(lost({ input: 'x', ...idle }), [])
    assert.deepEqual(lost({ input: 'x', ...Object.fromEntries(Object.keys(refused).map((f) => [f, null])) }), [])
    const { body } = edit({ input: 'x', ...idle })
    for (const field of Object.keys(idle)) if (field !== 'store') assert.equal(Object.hasOwn(body, field), false, field)
    assert.deepEqual(lost({ input: 'x', service_tier: 'default' }), [])
  })

  it('keeps the service tiers a plan can have', () => {
    for (const service_tier of ['priority', 'flex'])
      assert.equal(edit({ input: 'x', service_tier }).body['service_tier'], service_tier)
  })

  it('says that nothing is stored where the client wanted it, and that there are no logprobs', () => {
    assert.deepEqual(lost({ input: 'x', store: true }), ['store'])
    const include = ['message.output_text.logprobs', 'file_search_call.results']
    assert.deepEqual(lost({ input: 'x', include }), ['include'])
    assert.deepEqual(edit({ input: 'x', include }).body['include'], [
      'file_search_call.results',
      'reasoning.encrypted_content',
    ])
  })

  it('names the conversation for the cache, the same in every turn, unless the client did', () => {
    const key = (session?: string, body: Json = {}) =>
      edit({ input: 'x', ...body }, { session }).body['prompt_cache_key']
    assert.match(key('s1') as string, /^[0-9a-f-]{36}$/)
    assert.equal(key('s1'), key('s1', { input: 'more' }))
    assert.notEqual(key('s1'), key('s2'))
    assert.equal(key('s1', { prompt_cache_key: 'mine' }), 'mine')
    assert.equal(key(undefined), undefined)
  })

  it('is the same to the byte for the same request, and its input only grows with the conversation', () => {
    const item = fc.oneof(
      fc.record({ type: fc.constant('message'), role: fc.constantFrom('user', 'system'), content: fc.string() }),
      fc.record({
        type: fc.constant('function_call'),
        id: fc.string(),
        call_id: fc.string({ maxLength: 90 }),
        name: fc.string(),
        arguments: fc.string(),
      }),
      fc.record({
        type: fc.constant('reasoning'),
        id: fc.string(),
        encrypted_content: fc.option(fc.string(), { nil: undefined }),
      }),
    )
    fc.assert(
      fc.property(fc.array(item), item, fc.object(), (input, next, more) => {
        const { tools: _, ...rest } = more as Json
        const said = JSON.stringify({ ...rest, input })
        const once = edit(JSON.parse(said))
        assert.equal(JSON.stringify(edit(JSON.parse(said))), JSON.stringify(once))
        // What came through once comes through again unchanged.
        assert.deepEqual(edit(once.body).body, once.body)
        const before = JSON.stringify(once.body['input']).slice(0, -1)
        const after = JSON.stringify(edit({ ...JSON.parse(said), input: [...input, next] }).body['input'])
        assert.ok(after.startsWith(before))
      }),
    )
  })

  it("leaves the client's own object alone", () => {
    const said = { input: [{ role: 'system', content: 'x', id: 'msg_1' }], temperature: 0.1 }
    const copy = structuredClone(said)
    edit(said)
    assert.deepEqual(said, copy)
  })
})

describe('the items', () => {
  it('have developers for systems, and no ids, since nothing is stored', () => {
    assert.deepEqual(
      itemsOf(
        { type: 'message', id: 'msg_1', role: 'system', content: 'a' },
        { role: 'system', content: 'b' },
        { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'function_call_output', id: 'fco_1', call_id: 'c1', output: 'x' },
      ),
      [
        { type: 'message', role: 'developer', content: 'a' },
        { role: 'developer', content: 'b' },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'x' },
      ],
    )
  })

  it('of reasoning come back with their encrypted content alone, untouched', () => {
    const kept = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' }
    const { body, losses } = edit({ input: [kept, { type: 'reasoning', id: 'rs_2', summary: [] }] })
    assert.deepEqual(body['input'], [kept])
    assert.deepEqual(
      losses.map(({ field }) => field),
      ['input.1'],
    )
  })

  it('of a compaction keep what they carry, references are told as lost, and strange ones pass', () => {
    const compaction = { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAAA' }
    const picture = { type: 'image_generation_call', id: 'ig_1', result: 'b64' }
    const odd = [{ type: 'compaction_trigger' }, 'text', 5, null]
    assert.deepEqual(itemsOf(compaction, picture, ...odd), [compaction, picture, ...odd])
    assert.deepEqual(lost({ input: [{ type: 'item_reference', id: 'msg_1' }] }), ['input.0'])
  })

  it('have call ids of at most 64 characters, the same for call and result', () => {
    const long = 'call_'.padEnd(90, 'x')
    const [call, result] = itemsOf(
      { type: 'function_call', call_id: long, name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: long, output: '' },
    )
    assert.equal(call!['call_id'], result!['call_id'])
    assert.equal((call!['call_id'] as string).length, 64)
    assert.notEqual(itemsOf({ type: 'function_call', call_id: `${long}y` })[0]!['call_id'], call!['call_id'])
    const fits = 'c'.repeat(64)
    assert.equal(itemsOf({ type: 'function_call', call_id: fits })[0]!['call_id'], fits)
  })

  it('have valid names where the tool is offered no more', () => {
    const name = (said: string, tools: unknown[] = []) =>
      (edit({ input: [{ type: 'function_call', call_id: 'c', name: said }], tools }).body['input'] as Json[])[0]![
        'name'
      ]
    assert.equal(name('mcp.server/tool'), 'mcp_server_tool')
    assert.equal(name(''), '_')
    assert.equal(name('plain-1_A'), 'plain-1_A')
    assert.match(name('x'.repeat(80)) as string, /^x{20}_[\w-]{43}$/)
    assert.equal(name('odd.name', [{ type: 'function', name: 'odd.name' }]), 'odd.name')
  })

  it('of no list are an empty one', () => {
    for (const input of [undefined, null, 5]) assert.deepEqual(edit({ input }).body['input'], [])
  })
})

it('search of the web goes by its newer name, also as the chosen tool', () => {
  const { body } = edit({
    input: 'x',
    tools: [
      { type: 'web_search_preview_2025_03_11', search_context_size: 'low' },
      { type: 'web_search_preview' },
      { type: 'function', name: 'web_search_preview' },
    ],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search_preview' }] },
  })
  assert.deepEqual(body['tools'], [
    { type: 'web_search', search_context_size: 'low' },
    { type: 'web_search' },
    { type: 'function', name: 'web_search_preview' },
  ])
  assert.deepEqual(body['tool_choice'], { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] })
  assert.deepEqual(edit({ input: 'x', tool_choice: { type: 'web_search_preview' } }).body['tool_choice'], {
    type: 'web_search',
  })
})

it('a compaction goes without what belongs to a stream', () => {
  const { body } = edit({ input: 'x', stream: true, store: true, include: [] }, { action: 'compact', session: 's' })
  assert.deepEqual(Object.keys(body).toSorted(), ['input', 'instructions', 'model'])
})
