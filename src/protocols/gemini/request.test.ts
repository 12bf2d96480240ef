import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import type { ChatRequest, Message, Part } from '../../hub/request.ts'
import { packSignature } from '../../hub/signature.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { Json, TargetModel } from '../codec.ts'
import { parseExact, stringifyExact } from '../exact-json.ts'
import { geminiCodec } from './codec.ts'
import { SIGNATURE_BYPASS } from './contents-encode.ts'

const SECOND: TargetModel = {
  model: 'gemini-2.5-flash',
  reasoning: { by: 'budget', min: 128, max: 24_576, off: true },
  maxOutput: 65_536,
}
const THIRD: TargetModel = {
  model: 'gemini-3-flash-preview',
  reasoning: { by: 'effort', levels: ['minimal', 'low', 'medium', 'high'] },
}

let simulator: Simulator
before(async () => {
  simulator = await createSimulator({ signatures: 'any' })
})
after(() => simulator.close())

const decode = (body: Json): ChatRequest => geminiCodec.request.decode(body, { model: 'm', stream: false })

/** Encodes, and lets the strict stand-in for the vendor judge it. */
async function accepted(request: Partial<ChatRequest>, target = THIRD): Promise<{ body: Json; lost: string[] }> {
  const { body, losses } = geminiCodec.request.encode(
    { model: 'm', stream: false, messages: [say('Hi')], ...request },
    target,
  )
  const response = await fetch(`${simulator.url}/v1beta/models/${target.model}:generateContent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k' },
    body: stringifyExact(body),
  })
  assert.equal(response.status, 200, await response.text())
  return { body, lost: losses.map(({ field }) => field) }
}

function say(text: string, role: Message['role'] = 'user'): Message {
  return { role, parts: [{ type: 'text', text }] }
}

function turn(role: Message['role'], ...parts: Part[]): Message {
  return { role, parts }
}

const call = (id: string, name: string, input = '{}'): Part => ({ type: 'tool-call', id, name, input })
const result = (callId: string, text: string): Part => ({
  type: 'tool-result',
  callId,
  parts: [{ type: 'text', text }],
})
const declared = (...names: string[]): ChatRequest['tools'] =>
  names.map((name) => ({ type: 'function', name, schema: { type: 'object', properties: {} } }))

function contents(body: Json): { role: string; parts: Json[] }[] {
  return body['contents'] as { role: string; parts: Json[] }[]
}

test('both spellings are read, one is written', async () => {
  const request = decode({
    system_instruction: { role: 'user', parts: { text: 'Be brief.' } },
    contents: [
      { role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }] },
      { role: 'model', parts: [{ function_call: { name: 'snake_name', args: { snake_key: null } } }] },
      { role: 'function', parts: [{ function_response: { name: 'snake_name', response: { snake_key: 1 } } }] },
    ],
    tools: [
      {
        function_declarations: [
          { name: 'snake_name', parameters: { type: 'OBJECT', properties: { a_b: { any_of: [{ type: 'STRING' }] } } } },
        ],
      },
    ],
    generation_config: { max_output_tokens: '64', top_k: 3, response_mime_type: 'application/json' },
    tool_config: { function_calling_config: { mode: 'any', allowed_function_names: ['snake_name'] } },
  })
  assert.equal(request.maxOutputTokens, 64)
  assert.equal(request.topK, 3)
  assert.deepEqual(request.output, { type: 'json' })
  assert.deepEqual(request.toolChoice, { mode: 'tool', name: 'snake_name' })
  assert.deepEqual(request.tools, [
    {
      type: 'function',
      name: 'snake_name',
      schema: { type: 'object', properties: { a_b: { anyOf: [{ type: 'string' }] } } },
      extras: { gemini: { $form: 'parameters' } },
    },
  ])
  const { body } = await accepted(request)
  assert.deepEqual(body['systemInstruction'], { parts: [{ text: 'Be brief.' }] })
  assert.deepEqual(contents(body)[1]!.parts[0]!['functionCall'], { name: 'snake_name', args: { snake_key: null } })
  assert.deepEqual(contents(body)[2], {
    role: 'user',
    parts: [{ functionResponse: { name: 'snake_name', response: { snake_key: 1 } } }],
  })
})

test('calls without ids are paired with their results by name and order', () => {
  const { messages } = decode({
    contents: [
      { role: 'user', parts: [{ text: 'x' }] },
      { role: 'model', parts: ['a', 'b', 'a'].map((name) => ({ functionCall: { name, args: {} } })) },
      {
        role: 'user',
        parts: ['b', 'a', 'a'].map((name) => ({ functionResponse: { name, response: { result: name } } })),
      },
    ],
  })
  const ids = messages[1]!.parts.map((part) => (part.type === 'tool-call' ? part.id : ''))
  assert.equal(new Set(ids).size, 3)
  assert.deepEqual(
    messages[2]!.parts.map((part) => (part.type === 'tool-result' ? part.callId : '')),
    [ids[1], ids[0], ids[2]],
  )
  // The same as the conversation grows.
  const longer = decode({
    contents: [
      { role: 'user', parts: [{ text: 'x' }] },
      { role: 'model', parts: ['a', 'b', 'a'].map((name) => ({ functionCall: { name, args: {} } })) },
      { role: 'model', parts: [{ functionCall: { name: 'a' } }] },
    ],
  })
  assert.deepEqual(longer.messages[1], messages[1])
})

test('results find the name of their call, and no id that Gemini did not give', async () => {
  const { body } = await accepted({
    tools: declared('read-file', 'list'),
    messages: [
      say('Go'),
      turn('assistant', call('toolu_1', 'read-file'), call('call_0_aaaaaaaaaaaa', 'list')),
      turn('user', result('toolu_1', 'text'), result('call_0_aaaaaaaaaaaa', '{"n":1}'), {
        type: 'text',
        text: 'Well?',
      }),
    ],
  })
  assert.deepEqual(contents(body).slice(1), [
    {
      role: 'model',
      parts: [
        { functionCall: { name: 'read-file', args: {} }, thoughtSignature: SIGNATURE_BYPASS },
        { functionCall: { name: 'list', args: {} } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { name: 'read-file', response: { result: 'text' } } },
        { functionResponse: { name: 'list', response: { n: 1 } } },
        { text: 'Well?' },
      ],
    },
  ])
})

test('signatures: own ones on their part, others not, the bypass for Gemini 3 only', async () => {
  const own = { issuer: 'gemini', value: 'c2lnbmF0dXJl' }
  const messages = [
    say('Go'),
    turn('assistant', { type: 'reasoning', text: '', signature: own }, call('1', 'f'), call('2', 'f')),
    turn('user', result('1', 'a'), result('2', 'b')),
    turn(
      'assistant',
      { type: 'reasoning', text: 'hm', signature: { issuer: 'anthropic', value: 'x' } },
      call('3', 'f'),
    ),
    turn('user', result('3', 'c')),
  ]
  const tools = declared('f')
  const third = await accepted({ messages, tools })
  assert.deepEqual(
    contents(third.body)
      .filter(({ role }) => role === 'model')
      .map(({ parts }) => parts.map((p) => p['thoughtSignature'])),
    [[own.value, undefined], [SIGNATURE_BYPASS]],
  )
  assert.deepEqual(third.lost, ['reasoning'])
  const second = await accepted({ messages, tools }, SECOND)
  assert.ok(!JSON.stringify(second.body).includes(SIGNATURE_BYPASS))
})

test("another vendor's thought is put together again", () => {
  const packed = packSignature({ issuer: 'anthropic', value: 'sig' }, 'gemini')
  const { messages } = decode({
    contents: [
      {
        role: 'model',
        parts: [
          { text: 'a', thought: true },
          { text: 'b', thought: true },
          { text: '', thought: true, thoughtSignature: packed },
          { text: 'c', thought: true },
          { text: '', thought: true, thoughtSignature: packed },
          { text: 'd' },
        ],
      },
    ],
  })
  const signature = { issuer: 'anthropic', value: 'sig' }
  assert.deepEqual(messages[0]!.parts, [
    { type: 'reasoning', text: 'ab', signature },
    { type: 'reasoning', text: 'c', signature },
    { type: 'text', text: 'd' },
  ])
})

test('what results hold', async () => {
  const image: Part = { type: 'media', kind: 'image', source: { type: 'base64', data: 'AAAA' }, mediaType: 'image/png' }
  const messages = (parts: Part[], failed?: true): Message[] => [
    say('Go'),
    turn('assistant', call('1', 'f')),
    turn('user', { type: 'tool-result', callId: '1', parts, ...(failed && { failed }) }),
  ]
  const tools = declared('f')
  const answer = async (parts: Part[], failed?: true, target = THIRD) =>
    contents((await accepted({ messages: messages(parts, failed), tools }, target)).body)[2]!.parts
  const text = (value: string): Part => ({ type: 'text', text: value })
  const response = async (value: string, failed?: true) =>
    ((await answer([text(value)], failed))[0]!['functionResponse'] as Json)['response']
  assert.deepEqual(await response('plain'), { result: 'plain' })
  assert.deepEqual(await response('{"a":{"b":[1]}}'), { a: { b: [1] } })
  assert.deepEqual(await response('[1,2]'), { result: '[1,2]' })
  assert.deepEqual(await response(''), { result: '' })
  assert.deepEqual(await response('boom', true), { error: 'boom' })
  assert.deepEqual(await response('{"error":"e","code":1}', true), { error: 'e', code: 1 })
  const inline = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
  const response3 = { name: 'f', response: { result: 'see' }, parts: [inline] }
  assert.deepEqual(await answer([text('see'), image]), [{ functionResponse: response3 }])
  assert.deepEqual(await answer([text('see'), image], undefined, SECOND), [
    { functionResponse: { name: 'f', response: { result: 'see' } } },
    inline,
  ])
})

test('the words of a result are taken out of their usual object, and put back into the same', () => {
  for (const [response, text, failed] of [
    [{ output: 'x' }, 'x', undefined],
    [{ result: '{"a":1}' }, '{"a":1}', undefined],
    [{ error: 'no' }, 'no', true],
    [{ error: { code: 1 } }, '{"error":{"code":1}}', true],
    [{ a: 1, result: 'x' }, '{"a":1,"result":"x"}', undefined],
    [{}, '{}', undefined],
  ] as const) {
    const request = decode({
      contents: [
        { role: 'user', parts: [{ text: 'x' }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response } }] },
      ],
    })
    const part = request.messages[2]!.parts[0]!
    assert.equal(part.type === 'tool-result' && part.parts[0]?.type === 'text' && part.parts[0].text, text)
    assert.equal(part.type === 'tool-result' && part.failed, failed)
    const { body } = geminiCodec.request.encode(request, SECOND)
    assert.deepEqual((contents(body)[2]!.parts[0]!['functionResponse'] as Json)['response'], response)
  }
})

test('arguments keep their numbers, their order, and what is no object', async () => {
  const args = async (input: string) => {
    const messages = [say('x'), turn('assistant', call('1', 'f', input)), turn('user', result('1', 'ok'))]
    const { body } = await accepted({ messages, tools: declared('f') })
    return stringifyExact((contents(body)[1]!.parts[0]!['functionCall'] as Json)['args'])
  }
  assert.equal(
    await args('{"b":12345678901234567890,"a":1.10000000000000000001}'),
    '{"b":12345678901234567890,"a":1.10000000000000000001}',
  )
  assert.equal(await args(''), '{}')
  assert.equal(await args('[1]'), '{"_raw":"[1]"}')
  assert.equal(await args('{"a":'), '{"_raw":"{\\"a\\":"}')
  const read = decode(
    parseExact(
      '{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":12345678901234567890}}}]}]}',
    ) as Json,
  )
  assert.equal((read.messages[0]!.parts[0] as { input: string }).input, '{"id":12345678901234567890}')
})

test('systems: leading ones together, later ones in their place, alone as the user', async () => {
  const { body } = await accepted({
    messages: [say('One', 'system'), say('Two', 'system'), say('Hi'), say('Now in French', 'system'), say('Go')],
  })
  assert.deepEqual(body['systemInstruction'], { parts: [{ text: 'One' }, { text: 'Two' }] })
  assert.deepEqual(contents(body), [
    {
      role: 'user',
      parts: [{ text: 'Hi' }, { text: '<system-reminder>\nNow in French\n</system-reminder>' }, { text: 'Go' }],
    },
  ])
  const alone = await accepted({ messages: [say('Only', 'system')] })
  assert.equal(alone.body['systemInstruction'], undefined)
  assert.deepEqual(contents(alone.body), [{ role: 'user', parts: [{ text: 'Only' }] }])
})

test('turns: empty ones, a prefill, a history that was cut', async () => {
  await accepted({ messages: [say('')] })
  await accepted({ messages: [say('Continue:', 'assistant')] })
  await accepted({ messages: [say('Hi'), say('Sure, ', 'assistant')] })
  await accepted({ messages: [] })
  const cut = [turn('assistant', call('1', 'f')), turn('user', result('1', 'x'))]
  const { body } = await accepted({ messages: cut, tools: declared('f') })
  assert.deepEqual(contents(body)[0], { role: 'user', parts: [{ text: '' }] })
  const empty = await accepted({ messages: [turn('user', { type: 'text', text: '' }, { type: 'text', text: 'Hi' })] })
  assert.deepEqual(contents(empty.body), [{ role: 'user', parts: [{ text: 'Hi' }] }])
})

test('thinking by what the model has', () => {
  const config = (reasoning: ChatRequest['reasoning'], target: TargetModel) =>
    (
      geminiCodec.request.encode({ model: 'm', stream: false, messages: [say('x')], reasoning }, target).body[
        'generationConfig'
      ] as Json | undefined
    )?.['thinkingConfig']
  assert.deepEqual(config({ depth: { mode: 'effort', effort: 'xhigh' }, show: true }, THIRD), {
    thinkingLevel: 'HIGH',
    includeThoughts: true,
  })
  assert.deepEqual(config({ depth: { mode: 'off' } }, THIRD), { thinkingLevel: 'MINIMAL' })
  assert.deepEqual(config({ depth: { mode: 'budget', tokens: 8192 } }, THIRD), { thinkingLevel: 'MEDIUM' })
  assert.deepEqual(config({ depth: { mode: 'effort', effort: 'max' } }, SECOND), { thinkingBudget: 24_576 })
  assert.deepEqual(config({ depth: { mode: 'off' } }, SECOND), { thinkingBudget: 0 })
  assert.deepEqual(config({ depth: { mode: 'auto' } }, SECOND), { thinkingBudget: -1 })
  assert.equal(config({ depth: { mode: 'effort', effort: 'low' } }, { model: 'm' }), undefined)
  const own = decode({
    contents: [],
    generationConfig: { thinkingConfig: { thinkingBudget: 77, includeThoughts: false } },
  })
  assert.deepEqual(config(own.reasoning, { model: 'm' }), { thinkingBudget: 77, includeThoughts: false })
})

test('tools beside search, formats beside functions', async () => {
  const tools: ChatRequest['tools'] = [...declared('f')!, { type: 'web-search' }]
  const second = await accepted({ tools, output: { type: 'json' } }, SECOND)
  assert.deepEqual(second.lost, ['tools.web_search', 'response_format'])
  const third = await accepted({ tools, output: { type: 'schema', schema: { type: 'object' } } })
  assert.deepEqual(third.lost, [])
  assert.deepEqual(third.body['toolConfig'], { includeServerSideToolInvocations: true })
  const search = await accepted({ tools: [{ type: 'web-search', maxUses: 2 }] }, SECOND)
  assert.deepEqual(search.body['tools'], [{ googleSearch: {} }])
  assert.deepEqual(search.lost, ['tools.web_search.maxUses'])
})

test('choices', async () => {
  const tools = declared('f', 'g')
  const chosen = async (request: Partial<ChatRequest>, target = THIRD) => {
    const { body } = await accepted({ tools, ...request }, target)
    return (body['toolConfig'] as Json | undefined)?.['functionCallingConfig']
  }
  assert.equal(await chosen({}), undefined)
  assert.deepEqual(await chosen({ toolChoice: { mode: 'auto' } }), { mode: 'AUTO' })
  assert.deepEqual(await chosen({ toolChoice: { mode: 'none' } }), { mode: 'NONE' })
  assert.deepEqual(await chosen({ toolChoice: { mode: 'required' } }), { mode: 'ANY' })
  assert.deepEqual(await chosen({ toolChoice: { mode: 'tool', name: 'g' } }), {
    mode: 'ANY',
    allowedFunctionNames: ['g'],
  })
  assert.deepEqual(await chosen({ toolChoice: { mode: 'allowed', names: ['f', 'g'] } }), {
    mode: 'VALIDATED',
    allowedFunctionNames: ['f', 'g'],
  })
  assert.equal(await chosen({ toolChoice: { mode: 'required' }, tools: [] }), undefined)
  const strict = tools!.map((tool) => ({ ...tool, strict: true }))
  assert.deepEqual(await chosen({ tools: strict as ChatRequest['tools'] }), { mode: 'VALIDATED' })
})

test('free-text tools become functions with one string', async () => {
  const { body } = await accepted({
    tools: [{ type: 'custom', name: 'exec', description: 'Runs' }],
    messages: [
      say('x'),
      turn('assistant', { type: 'tool-call', id: '1', name: 'exec', input: 'ls "a"', custom: true }),
      turn('user', { type: 'tool-result', callId: '1', parts: [{ type: 'text', text: 'a' }], custom: true }),
    ],
  })
  assert.deepEqual((contents(body)[1]!.parts[0]!['functionCall'] as Json)['args'], { input: 'ls "a"' })
})

test('media by reference', () => {
  const encode = (source: Extract<Part, { type: 'media' }>['source'], mediaType?: string) =>
    contents(
      geminiCodec.request.encode(
        {
          model: 'm',
          stream: false,
          messages: [
            turn('user', { type: 'media', kind: 'image', source, ...(mediaType !== undefined && { mediaType }) }),
          ],
        },
        SECOND,
      ).body,
    )[0]!.parts[0]
  assert.deepEqual(encode({ type: 'url', url: 'gs://b/a.png' }), {
    fileData: { fileUri: 'gs://b/a.png', mimeType: 'image/png' },
  })
  assert.deepEqual(encode({ type: 'url', url: 'data:image/webp;base64,AAAA' }), {
    inlineData: { mimeType: 'image/webp', data: 'AAAA' },
  })
  for (const source of [
    { type: 'url', url: 'https://example.com/a.png' } as const,
    { type: 'file', id: 'file-1' } as const,
  ])
    assert.throws(
      () => encode(source),
      (error: unknown) => error instanceof FailureError && error.failure.kind === 'invalid-request',
    )
})

test('limits', async () => {
  const { body, lost } = await accepted(
    { stop: ['1', '2', '3', '4', '5', '6'], seed: 2 ** 40, maxOutputTokens: 128_000, user: 'u' },
    SECOND,
  )
  assert.deepEqual(body['generationConfig'], { stopSequences: ['1', '2', '3', '4', '5'], maxOutputTokens: 65_536 })
  assert.deepEqual(lost, ['max_tokens', 'stop', 'seed', 'user'])
})

test('tools the upstream ran itself stay its own', () => {
  const body = {
    contents: [
      { role: 'user', parts: [{ text: 'x' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'mcp', args: {} } },
          { functionResponse: { name: 'mcp', response: { a: 1 } } },
          { text: 'y' },
        ],
      },
    ],
  }
  const request = decode(body)
  assert.deepEqual(
    request.messages[1]!.parts.map((p) => p.type),
    ['native', 'native', 'text'],
  )
  assert.deepEqual(geminiCodec.request.encode(request, SECOND).body, body)
})

test('both forms of a count', async () => {
  const place = { model: 'm', stream: false }
  const plain = geminiCodec.count!.decode({ contents: [{ role: 'user', parts: [{ text: 'x' }] }] }, place)
  const whole = geminiCodec.count!.decode(
    { generateContentRequest: { model: 'models/m', contents: [{ role: 'user', parts: [{ text: 'x' }] }] } },
    place,
  )
  assert.deepEqual(plain, whole)
  const response = await fetch(`${simulator.url}/v1beta/models/gemini-2.5-flash:countTokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k' },
    body: JSON.stringify(geminiCodec.count!.encode(whole, SECOND)),
  })
  assert.equal(response.status, 200)
  assert.ok(geminiCodec.count!.read((await response.json()) as Json)! > 0)
})

test('odd bodies are read or refused, never a crash', () => {
  let deep: unknown = {}
  for (let i = 0; i < 50_000; i += 1) deep = { deep }
  for (const body of [
    {},
    { contents: null },
    { contents: 'Hi' },
    { contents: { parts: 'Hi' } },
    { contents: [7, null, { role: 'constructor', parts: [null, 7, {}, { functionCall: 7 }, { text: 7 }] }] },
    { contents: [], tools: { functionDeclarations: {} }, toolConfig: 7, generationConfig: [] },
    { contents: [], generationConfig: { thinkingConfig: { thinkingLevel: 'constructor' }, stopSequences: 'x' } },
    { contents: [], deep },
  ]) {
    const request = decode(body as Json)
    for (const { role } of request.messages) assert.ok(['user', 'assistant', 'system'].includes(role))
    geminiCodec.request.encode(request, THIRD)
  }
})
