import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { createSimulator, type Simulator } from './index.ts'
import { call } from './testing/call.ts'

let sim: Simulator
before(async () => {
  sim = await createSimulator()
})
after(() => sim.close())

const user = { role: 'user', content: 'Hi' }
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const use = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} })
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' })
const mark = { cache_control: { type: 'ephemeral' } }
const text = (t: string, more = {}) => ({ type: 'text', text: t, ...more })
const chatCall = (id: string) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
})
const chatTool = { type: 'function', function: { name: 'f', parameters: schema } }
const fc = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })
const fco = (id: string) => ({ type: 'function_call_output', call_id: id, output: 'ok' })
const decl = (parameters: object, more = {}) => ({
  tools: [{ functionDeclarations: [{ name: 'f', parameters }] }],
  ...more,
})
const turn = (role: string, ...parts: object[]) => ({ role, parts })
const gCall = { functionCall: { name: 'f', args: {} } }
const gResult = { functionResponse: { name: 'f', response: { ok: true } } }

/** vendor, model, change to a good request (undefined removes a field), what the refusal says (undefined: accepted). */
const CASES: [string, string, object, RegExp | undefined][] = [
  ['anthropic', 'claude-sonnet-4-6', { max_tokens: undefined }, /^max_tokens: Field required/],
  ['anthropic', 'claude-sonnet-4-6', { messages: undefined }, /^messages: Field required/],
  ['anthropic', 'claude-sonnet-4-6', { messages: [] }, /at least one message is required/],
  ['anthropic', 'claude-sonnet-4-6', { frequency_penalty: 1 }, /^frequency_penalty: Extra inputs are not permitted/],
  ['anthropic', 'claude-sonnet-4-6', { context_management: {} }, /Extra inputs/],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [{ role: 'system', content: 'x' }, user] },
    /role 'system' is not supported/,
  ],
  ['anthropic', 'claude-opus-4-8', { messages: [user, { role: 'system', content: 'x' }] }, undefined],
  [
    'anthropic',
    'claude-sonnet-4-5',
    { messages: [{ role: 'assistant', content: 'x' }] },
    /first message must use the "user" role/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [{ role: 'user', content: [text('')] }] },
    /text content blocks must be non-empty/,
  ],
  ['anthropic', 'claude-sonnet-4-6', { messages: [{ role: 'user', content: '' }] }, /must have non-empty content/],
  ['anthropic', 'claude-sonnet-4-6', { system: [text('')] }, /system: text content blocks must be non-empty/],
  ['anthropic', 'claude-sonnet-4-6', { tools: [{ name: 'a.b', input_schema: schema }] }, /should match pattern/],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { tools: [{ name: 'f', input_schema: { properties: {} } }] },
    /input_schema.type: Field required/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { tools: [{ name: 'f', input_schema: { type: 'object', anyOf: [] } }] },
    /does not support oneOf, allOf, or anyOf/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { tools: [{ name: 'f', input_schema: schema, parameters: {} }] },
    /tools.0.custom.parameters: Extra inputs/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [user, { role: 'assistant', content: [use('t1')] }, user] },
    /ids were found without `tool_result` blocks immediately after: t1/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    {
      messages: [
        user,
        { role: 'assistant', content: [use('t1')] },
        { role: 'user', content: [text('so'), result('t1')] },
      ],
    },
    /without `tool_result` blocks/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    {
      messages: [
        user,
        { role: 'assistant', content: [use('t1')] },
        { role: 'user', content: [result('t1'), text('so')] },
      ],
    },
    undefined,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [{ role: 'user', content: [result('t1')] }] },
    /unexpected `tool_use_id` found in `tool_result` blocks: t1/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [user, { role: 'assistant', content: [use('a:b')] }, { role: 'user', content: [result('a:b')] }] },
    /tool_use.id: String should match/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-5',
    { thinking: { type: 'enabled', budget_tokens: 1000 }, max_tokens: 2000 },
    /greater than or equal to 1024/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-5',
    { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 1024 },
    /must be greater than `thinking.budget_tokens`/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-5',
    { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000, temperature: 0.5 },
    /`temperature` may only be set to 1/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-5',
    {
      thinking: { type: 'enabled', budget_tokens: 1024 },
      max_tokens: 2000,
      tools: [{ name: 'f', input_schema: schema }],
      tool_choice: { type: 'any' },
    },
    /tool_choice forces tool use/,
  ],
  ['anthropic', 'claude-sonnet-4-5', { thinking: { type: 'adaptive' } }, /adaptive thinking is not supported/],
  [
    'anthropic',
    'claude-opus-5',
    { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 },
    /"thinking.type.enabled" is not supported/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    { messages: [{ role: 'user', content: [1, 2, 3, 4, 5].map((n) => text(`${n}`, mark)) }] },
    /maximum of 4 blocks with cache_control may be provided. Found 5/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-6',
    {
      system: [text('s', mark)],
      messages: [{ role: 'user', content: [text('u', { cache_control: { type: 'ephemeral', ttl: '1h' } })] }],
    },
    /must not come after a ttl='5m'/,
  ],
  [
    'anthropic',
    'claude-sonnet-4-5',
    { messages: [user, { role: 'assistant', content: 'Well ' }] },
    /cannot end with trailing whitespace/,
  ],
  [
    'anthropic',
    'claude-opus-5',
    { messages: [user, { role: 'assistant', content: 'Well' }] },
    /does not support assistant message prefill/,
  ],

  ['openai-chat', 'gpt-4o', { messages: [] }, /empty array/],
  ['openai-chat', 'gpt-4o', { top_k: 3 }, /Unrecognized request argument supplied: top_k/],
  [
    'openai-chat',
    'gpt-4o',
    { messages: [{ role: 'tool', tool_call_id: 'c', content: 'x' }] },
    /must be a response to a preceeding message with 'tool_calls'/,
  ],
  ['openai-chat', 'gpt-4o', { messages: [user, chatCall('c1'), user] }, /must be followed by tool messages.*c1/],
  [
    'openai-chat',
    'gpt-4o',
    { messages: [user, chatCall('c1'), { role: 'tool', tool_call_id: 'c1', content: 'x' }] },
    undefined,
  ],
  ['openai-chat', 'gpt-4o', { tools: [] }, /Invalid 'tools': empty array/],
  ['openai-chat', 'gpt-4o', { tool_choice: 'auto' }, /'tool_choice' is only allowed when 'tools' are specified/],
  ['openai-chat', 'gpt-4o', { tools: [{ type: 'function', function: { name: 'x'.repeat(65) } }] }, /maximum length 64/],
  [
    'openai-chat',
    'gpt-4o',
    { tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: schema } }] },
    /'additionalProperties' is required to be supplied and to be false/,
  ],
  [
    'openai-chat',
    'gpt-5',
    { max_tokens: 10 },
    /'max_tokens' is not supported with this model. Use 'max_completion_tokens'/,
  ],
  ['openai-chat', 'gpt-5', { temperature: 0.2 }, /Only the default \(1\) value is supported/],
  ['openai-chat', 'gpt-5.4-mini', { tools: [chatTool], reasoning_effort: 'low' }, /Please use \/v1\/responses instead/],
  ['openai-chat', 'gpt-4o', { stop: ['1', '2', '3', '4', '5'] }, /maximum length 4/],
  ['openai-chat', 'gpt-4o', { stream: false, stream_options: {} }, /only allowed when 'stream' is enabled/],
  ['openai-chat', 'gpt-4o', { response_format: { type: 'json_object' } }, /must contain the word 'json'/],

  ['openai-responses', 'gpt-5.2', { messages: [] }, /Unknown parameter: 'messages'/],
  ['openai-responses', 'gpt-5.2', { input: undefined }, /Missing required parameter: 'input'/],
  [
    'openai-responses',
    'gpt-5.2',
    { input: [fco('c1')] },
    /No tool call found for function call output with call_id c1/,
  ],
  ['openai-responses', 'gpt-5.2', { input: [user, fc('c1')] }, /No tool output found for function call c1/],
  ['openai-responses', 'gpt-5.2', { input: [user, fc('c1'), fco('c1')] }, undefined],
  [
    'openai-responses',
    'gpt-5.2',
    { input: [user, { type: 'reasoning', id: 'rs_1', summary: [] }] },
    /Items are not persisted/,
  ],
  [
    'openai-responses',
    'gpt-5.2',
    { input: [user, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAforeign' }] },
    /could not be verified/,
  ],
  [
    'openai-responses',
    'gpt-5.2',
    { input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] },
    /Supported values are: 'output_text', and 'refusal'/,
  ],
  ['openai-responses', 'gpt-5.2', { tools: [chatTool] }, /Missing required parameter: 'tools\[0\].name'/],
  ['openai-responses', 'gpt-5.2', { max_output_tokens: 1 }, /Expected a value >= 16/],
  ['openai-responses', 'gpt-5.2', { tool_choice: 'required' }, /must be specified with 'tools'/],
  ['openai-responses', 'gpt-5', { top_p: 0.5 }, /'top_p' is not supported with this model/],
  [
    'openai-responses',
    'gpt-5.2',
    { text: { format: { type: 'json_schema', name: 'r', strict: true, schema } } },
    /Invalid schema for response_format 'r'/,
  ],
  [
    'openai-responses',
    'gpt-5.2',
    { input: [{ ...user, cache_control: {} }] },
    /Unknown parameter: 'input\[0\].cache_control'/,
  ],

  ['gemini', 'gemini-2.5-flash', { contents: undefined }, /contents is not specified/],
  ['gemini', 'gemini-2.5-flash', { max_tokens: 3 }, /Unknown name "max_tokens": Cannot find field/],
  [
    'gemini',
    'gemini-2.5-flash',
    { generation_config: { max_output_tokens: 10 }, system_instruction: turn('user', { text: 's' }) },
    undefined,
  ],
  ['gemini', 'gemini-2.5-flash', { contents: [turn('assistant', { text: 'x' })] }, /valid role: user, model/],
  ['gemini', 'gemini-2.5-flash', { contents: [turn('user', {})] }, /required oneof field 'data'/],
  [
    'gemini',
    'gemini-2.5-flash',
    decl({ type: 'object', properties: { v: { type: 'number', exclusiveMinimum: 0 } } }),
    /Unknown name "exclusiveMinimum" at 'tools\[0\].function_declarations\[0\].parameters.properties\[0\].value'/,
  ],
  [
    'gemini',
    'gemini-2.5-flash',
    decl({ type: 'object', additionalProperties: false }),
    /Unknown name "additionalProperties"/,
  ],
  [
    'gemini',
    'gemini-2.5-flash',
    {
      tools: [
        {
          functionDeclarations: [
            { name: 'f', parametersJsonSchema: { ...schema, additionalProperties: false, $schema: 'x' } },
          ],
        },
      ],
    },
    undefined,
  ],
  [
    'gemini',
    'gemini-2.5-flash',
    decl({ type: 'object', properties: { t: { type: ['string', 'null'] } } }),
    /cannot start list/,
  ],
  ['gemini', 'gemini-2.5-flash', { tools: [{ functionDeclarations: [{ name: '1f' }] }] }, /Invalid function name/],
  [
    'gemini',
    'gemini-2.5-flash',
    { contents: [turn('user', { text: 'x' }), turn('model', gCall, gCall), turn('user', gResult)] },
    /number of function response parts is equal/,
  ],
  ['gemini', 'gemini-2.5-flash', { contents: [turn('user', gResult)] }, /immediately after a function call turn/],
  [
    'gemini',
    'gemini-2.5-flash',
    { contents: [turn('user', { text: 'x' }), turn('model', gCall), turn('user', gResult)] },
    undefined,
  ],
  [
    'gemini',
    'gemini-3-flash-preview',
    { contents: [turn('user', { text: 'x' }), turn('model', gCall), turn('user', gResult)] },
    /missing a thought_signature.*position 2/,
  ],
  [
    'gemini',
    'gemini-3-flash-preview',
    {
      contents: [
        turn('user', { text: 'x' }),
        turn('model', { ...gCall, thoughtSignature: 'EqQBforeign' }),
        turn('user', gResult),
      ],
    },
    /signature is not valid/,
  ],
  [
    'gemini',
    'gemini-3-flash-preview',
    { generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'low' } } },
    /only one of thinking budget and thinking level/,
  ],
  [
    'gemini',
    'gemini-2.5-flash',
    decl(schema, { tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'f' }] }] }),
    /Tool use with function calling is unsupported/,
  ],
]

for (const [vendor, model, extra, refusal] of CASES) {
  test(`${vendor} ${refusal ? 'refuses' : 'takes'} ${JSON.stringify(extra).slice(0, 110)}${refusal ? ` with ${refusal.source.slice(0, 60)}` : ''}`, async () => {
    const r = await call(sim.url, vendor, model, { extra })
    if (!refusal) return assert.equal(r.status, 200, r.text)
    assert.ok(r.status === 400 || r.status === 404, `${r.status} ${r.text}`)
    assert.match(JSON.parse(r.text).error.message, refusal)
  })
}

test('keys are demanded, and only listed ones taken', async () => {
  const strict = await createSimulator({ keys: ['good'] })
  try {
    for (const [vendor, model, status] of [
      ['anthropic', 'claude-x', 401],
      ['openai-chat', 'gpt-4o', 401],
      ['openai-responses', 'gpt-4o', 401],
      ['gemini', 'gemini-2.5-flash', 400],
    ] as const) {
      assert.equal((await call(strict.url, vendor, model, { key: 'bad' })).status, status)
      assert.equal((await call(strict.url, vendor, model, { key: 'good' })).status, 200)
    }
    const bare = await fetch(`${strict.url}/v1/messages`, { method: 'POST', body: '{}' })
    assert.equal(bare.status, 401)
    const query = await fetch(`${strict.url}/v1beta/models?key=good`)
    assert.equal(query.status, 200)
  } finally {
    await strict.close()
  }
})

test('compressed bodies are read, broken ones refused', async () => {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [user] })
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(body)],
    ['br', brotliCompressSync(body)],
    ['zstd', zstdCompressSync(body)],
  ] as const) {
    const res = await fetch(`${sim.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k', 'content-encoding': encoding },
      body: new Uint8Array(bytes),
    })
    assert.equal(res.status, 200, encoding)
    await res.arrayBuffer()
  }
  for (const [path, headers] of [
    ['/v1/messages', { 'x-api-key': 'k' }],
    ['/v1/responses', { authorization: 'Bearer k' }],
  ] as const) {
    const res = await fetch(sim.url + path, { method: 'POST', headers, body: '{"model"' })
    assert.equal(res.status, 400)
    await res.arrayBuffer()
  }
})

test('the log tells what arrived', async () => {
  sim.reset()
  await call(sim.url, 'openai-chat', 'gpt-4o', { key: 'secret' })
  const [attempt] = sim.attempts({ vendor: 'openai-chat', key: 'secret', model: 'gpt-4o' })
  assert.equal(attempt?.path, '/v1/chat/completions')
  assert.match(attempt.bodyHash, /^[0-9a-f]{64}$/)
  assert.equal((attempt.body as { model: string }).model, 'gpt-4o')
  assert.equal(attempt.headers['content-type'], 'application/json')
  assert.ok(attempt.eventsSent > 3)
})

test('a long prompt is read from the cache at the next turn', async () => {
  const long = 'word '.repeat(2000)
  const usage = async (vendor: string, model: string, extra: object, path?: string) =>
    JSON.parse((await call(sim.url, vendor, model, { key: 'cache', extra, path })).text)
  const chat = {
    stream: false,
    messages: [{ role: 'user', content: long }, { role: 'assistant', content: 'ok' }, user],
  }
  assert.equal((await usage('openai-chat', 'gpt-4o', chat)).usage.prompt_tokens_details.cached_tokens, 0)
  assert.ok((await usage('openai-chat', 'gpt-4o', chat)).usage.prompt_tokens_details.cached_tokens > 2000)
  const claude = { stream: false, system: [text(long, mark)], messages: [user] }
  const first = (await usage('anthropic', 'claude-sonnet-4-6', claude)).usage
  assert.ok(first.cache_creation_input_tokens > 2000 && first.cache_read_input_tokens === 0)
  const second = (await usage('anthropic', 'claude-sonnet-4-6', claude)).usage
  assert.ok(second.cache_read_input_tokens > 2000 && second.input_tokens < 100)
})
