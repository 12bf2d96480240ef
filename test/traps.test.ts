/**
 * What real clients send and expect beside the documented forms, measured on the clients themselves (clients.md 4): each
 * trap as a request, on upstreams of every dialect that are as strict as the vendors. What WebSocket clients do is in
 * websocket.test.ts; the clients themselves run in test/agents.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type Attempt, parseFault } from '../src/simulator/index.ts'
import type { Json } from './support/dialects.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

/** Upstreams of one dialect each, and a model that its vendor has. */
const UPSTREAMS = {
  anthropic: { path: '', model: 'claude-sonnet-4-6' },
  'openai-chat': { path: '/v1', model: 'gpt-5.2' },
  'openai-responses': { path: '/v1', model: 'gpt-5.2' },
  gemini: { path: '', model: 'gemini-2.5-pro' },
} as const
type Upstream = keyof typeof UPSTREAMS
const ALL = Object.keys(UPSTREAMS) as Upstream[]
const others = (native: Upstream) => ALL.filter((u) => u !== native)

const KEYS: Record<string, Record<string, string>> = {
  bearer: { authorization: `Bearer ${CLIENT_KEY}` },
  'x-api-key': { 'x-api-key': CLIENT_KEY },
  'x-goog-api-key': { 'x-goog-api-key': CLIENT_KEY },
}

let running: Running
before(async () => {
  running = await start((url) => ({
    'openai-compatibility': ALL.map((name) => ({
      name,
      'base-url': url + UPSTREAMS[name].path,
      protocol: name,
      'api-key-entries': [{ 'api-key': `key-of-${name}` }],
      models: [{ name: UPSTREAMS[name].model, alias: `on-${name}` }],
    })).concat(
      // Names in no list, with the simulator's words in them, go to the upstream they are pinned to.
      ALL.map((name) => ({
        name: `any-${name}`,
        'base-url': url + UPSTREAMS[name].path,
        protocol: name,
        'api-key-entries': [{ 'api-key': `any-key-of-${name}` }],
      })) as never,
    ),
  }))
})
after(() => running.close())

interface Asked {
  status: number
  headers: Headers
  text: string
  json: Json
  /** What reached the upstream for it. */
  attempts: Attempt[]
  sent: Json
}

interface Ask {
  headers?: Record<string, string>
  method?: string
  /** Where the request is pinned to. */
  pin?: string
}

let busy: Promise<unknown> = Promise.resolve()

/** Asks, one request at a time, so that what reached the upstream is known to be its. */
function ask(
  path: string,
  body: unknown,
  { headers = KEYS['bearer']!, method = 'POST', pin }: Ask = {},
): Promise<Asked> {
  const turn = busy.then(async () => {
    const from = running.simulator.attempts().length
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
    const response = await fetch(running.url + (pin === undefined ? '' : `/api/provider/${pin}`) + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: (raw ? body : JSON.stringify(body)) as string }),
    })
    const text = await response.text()
    const attempts = running.simulator.attempts().slice(from)
    let json: Json
    try {
      json = JSON.parse(text)
    } catch {}
    const sent: Json = attempts.at(-1)?.body
    return { status: response.status, headers: response.headers, text, json, attempts, sent }
  })
  busy = turn.catch(() => {})
  return turn
}

const claude = (body: Json, more: Ask = {}) =>
  ask(
    '/v1/messages?beta=true',
    { max_tokens: 1000, ...body },
    {
      ...more,
      headers: { ...KEYS['bearer'], 'anthropic-version': '2023-06-01', ...more.headers },
    },
  )
const chat = (body: Json, more?: Ask) => ask('/v1/chat/completions', body, more)
const responses = (body: Json, more?: Ask) => ask('/v1/responses', { store: false, ...body }, more)
const gemini = (model: string, body: Json, { verb = 'generateContent', ...more }: Ask & { verb?: string } = {}) =>
  ask(`/v1beta/models/${model}:${verb}${verb.startsWith('stream') ? '?alt=sse' : ''}`, body, {
    headers: KEYS['x-goog-api-key'],
    ...more,
  })

/** Every server-sent event's data. */
const events = (text: string): Json[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice(6)))

const said = (value: unknown) => JSON.stringify(value)
const ok = (asked: Asked): Asked => {
  assert.equal(asked.status, 200, asked.text)
  assert.equal(asked.attempts.length, 1)
  return asked
}

/** Each tool's name as it reached an upstream. */
function toolNames(sent: Json): string[] {
  const tools: Json[] = [sent.tools ?? []].flat()
  return tools.flatMap((t) =>
    t.functionDeclarations ? t.functionDeclarations.map((f: Json) => f.name) : (t.function?.name ?? t.name ?? t.type),
  )
}

const HI = [{ role: 'user', content: 'Hello there' }]
const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

describe('1. the list of models has four askers', () => {
  const askers: [string, string, Record<string, string>, (json: Json) => unknown][] = [
    [
      'Claude',
      '/v1/models?limit=1000',
      { ...KEYS['x-api-key'], 'anthropic-version': '2023-06-01' },
      (j) => j.data[0].type === 'model' && j.has_more === false,
    ],
    ['Gemini, by its key', '/v1/models', KEYS['x-goog-api-key']!, (j) => j.models[0].name.startsWith('models/')],
    [
      'Gemini, by its client',
      '/v1/models',
      { ...KEYS['bearer'], 'x-goog-api-client': 'google-genai-sdk/1.30.0' },
      (j) => j.models[0].name.startsWith('models/'),
    ],
    ['Codex', '/v1/models?client_version=0.169.0', KEYS['bearer']!, (j) => Array.isArray(j.models)],
    ['everybody else', '/v1/models', KEYS['bearer']!, (j) => j.object === 'list' && j.data[0].object === 'model'],
  ]
  for (const [who, path, headers, fits] of askers)
    test(who, async () => {
      const { status, json, text } = await ask(path, undefined, { headers, method: 'GET' })
      assert.equal(status, 200)
      assert.ok(fits(json), text)
    })

  test('and POST below it is Gemini', async () => {
    const { json } = ok(
      await ask('/v1/models/on-anthropic:generateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }),
    )
    assert.equal(json.candidates[0].finishReason, 'STOP')
  })
})

describe('2. the key may stand in any header on any route', () => {
  for (const [where, headers] of Object.entries(KEYS))
    test(where, async () => {
      ok(await ask('/v1/messages', { model: 'on-anthropic', max_tokens: 9, messages: HI }, { headers }))
      ok(await ask('/v1/chat/completions', { model: 'on-openai-chat', messages: HI }, { headers }))
      ok(await ask('/v1/responses', { model: 'on-openai-responses', input: 'Hi' }, { headers }))
      ok(
        await ask('/v1beta/models/on-gemini:generateContent', { contents: [{ parts: [{ text: 'Hi' }] }] }, { headers }),
      )
      for (const path of ['/v1/models', '/v1beta/models', '/v1/models/on-gemini'])
        assert.equal((await ask(path, undefined, { headers, method: 'GET' })).status, 200, path)
      assert.ok(running.simulator.attempts().every((a) => !said(a.headers).includes(CLIENT_KEY)))
    })
})

test('3. the look before the first request is answered, without a key and under a prefix', async () => {
  for (const path of ['/api/hello', '/api/provider/claude/api/hello']) {
    const { status, attempts } = await ask(path, undefined, { headers: {}, method: 'HEAD' })
    assert.deepEqual([status, attempts.length], [200, 0], path)
  }
})

describe('4. bodies come compressed', () => {
  const body = said({ model: 'on-openai-responses', store: false, input: 'Hello '.repeat(9000) })
  for (const [encoding, compress] of [
    ['zstd', zstdCompressSync],
    ['gzip', gzipSync],
  ] as const)
    for (const upstream of ALL)
      test(`${encoding} on ${upstream}`, async () => {
        const bytes = compress(body.replace('on-openai-responses', `on-${upstream}`))
        ok(await ask('/v1/responses', bytes, { headers: { ...KEYS['bearer'], 'content-encoding': encoding } }))
      })
})

/** Claude Code's first turn, shortened. */
const CLAUDE_CODE = {
  max_tokens: 128_000,
  stream: true,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330.f6d; cc_entrypoint=sdk-cli;' },
    {
      type: 'text',
      text: "You are a Claude agent, built on Anthropic's Claude Agent SDK.",
      cache_control: { type: 'ephemeral' },
    },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nBe short.\n</system-reminder>' },
        { type: 'text', text: 'Call the Bash tool.', cache_control: { type: 'ephemeral' } },
      ],
    },
    {
      role: 'system',
      content: [{ type: 'text', text: '# Environment\nPlatform: linux', cache_control: { type: 'ephemeral' } }],
      output_config: { effort: 'medium' },
    },
  ],
  tools: [
    {
      name: 'Bash',
      description: 'Runs a command.',
      input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
    },
    {
      name: 'DeferredToolPlaceholder',
      description: 'Never call this tool.',
      input_schema: { type: 'object', properties: {} },
      defer_loading: true,
    },
  ],
  metadata: { user_id: said({ device_id: '499b', account_uuid: '', session_id: '1d2c' }) },
  thinking: { type: 'adaptive', display: 'omitted' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  output_config: { effort: 'medium' },
}

describe('6, 7. the first turn of Claude Code', () => {
  for (const upstream of others('anthropic'))
    test(`on ${upstream}`, async () => {
      const asked = ok(await claude({ ...CLAUDE_CODE, model: `on-${upstream}` }))
      const sent = said(asked.sent)
      for (const kept of ['# Environment', 'Be short.', 'Call the Bash tool.', 'Claude Agent SDK', 'Bash'])
        assert.ok(sent.includes(kept), kept)
      for (const gone of ['defer_loading', 'cache_control', 'context_management']) assert.ok(!sent.includes(gone), gone)
      const stop = events(asked.text).find((e) => e.type === 'message_delta')
      assert.equal(stop.delta.stop_reason, 'tool_use')
      const call = events(asked.text).find((e) => e.content_block?.type === 'tool_use')
      assert.equal(call.content_block.name, 'Bash')
    })

  test('its own vendor gets it to the byte', async () => {
    const body = said({ ...CLAUDE_CODE, model: 'claude-opus-5' })
    const beta = 'context-management-2025-06-27,mid-conversation-system-2026-01-01,advanced-tool-use-2025-11-20'
    const { status, attempts, text } = await ask('/v1/messages?beta=true', body, {
      pin: 'any-anthropic',
      headers: { ...KEYS['bearer'], 'anthropic-version': '2023-06-01', 'anthropic-beta': beta },
    })
    assert.equal(status, 200, text)
    assert.equal(said(attempts[0]!.body), body)
    assert.equal(attempts[0]!.headers['anthropic-beta'], beta)
  })
})

describe('8. a request that is refused makes one request upstream', () => {
  for (const upstream of ALL)
    test(`400 of ${upstream}`, async () => {
      const model = `${UPSTREAMS[upstream].model}+400`
      for (const stream of [false, true]) {
        const asked = await claude({ model, messages: HI, stream }, { pin: `any-${upstream}` })
        assert.equal(asked.status, 400, asked.text)
        assert.equal(asked.json.type, 'error')
        assert.equal(asked.attempts.length, 1)
      }
    })

  test('six of them in a row do not rest the account', async () => {
    const model = 'claude-sonnet-4-6+400'
    for (let i = 0; i < 6; i++) await claude({ model, messages: HI }, { pin: 'any-anthropic' })
    ok(await claude({ model: 'claude-sonnet-4-6', messages: HI }, { pin: 'any-anthropic' }))
  })
})

describe('9. threads the vendor keeps', () => {
  const beta = { 'anthropic-beta': 'message-threads-2026-08-12', 'anthropic-version': '2026-10-21' }
  for (const upstream of others('anthropic')) {
    test(`one begun on ${upstream} is a request like any other`, async () => {
      const body = { model: `on-${upstream}`, messages: HI, thread: { type: 'create' } }
      assert.ok(!said(ok(await claude(body, { headers: beta })).sent).includes('thread'))
    })

    test(`one continued on ${upstream} is not found, and the SDK says it all again`, async () => {
      const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' }
      const asked = await claude(
        {
          model: `on-${upstream}`,
          messages: [{ role: 'user', content: [result] }],
          thread: { type: 'continue', previous_message_id: 'msg_1' },
        },
        { headers: beta },
      )
      assert.equal(asked.status, 404)
      assert.equal(asked.attempts.length, 0)
      assert.equal(asked.json.type, 'error')
      assert.equal(asked.json.error.type, 'not_found_error')
      assert.deepEqual(asked.json.error.details, { error_code: 'thread_not_found' })
    })
  }
})

/** What the Codex CLI sends for its own models: tools in the input, custom ones in namespaces. */
const EXEC = {
  type: 'custom',
  name: 'exec',
  description: 'Run JavaScript code',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: /[\\s\\S]+/' },
}
const CODEX = (model: string) => ({
  model,
  stream: true,
  store: false,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '01a203bd-b4d8-74a1',
  client_metadata: { 'x-codex-installation-id': 'i' },
  reasoning: { effort: 'medium', context: 'all_turns' },
  text: { verbosity: 'low' },
  parallel_tool_calls: false,
  tool_choice: 'auto',
})
const CODEX_TOOLS = {
  type: 'additional_tools',
  id: 'at_01',
  role: 'developer',
  tools: [
    { type: 'namespace', name: 'functions', description: '', tools: [EXEC] },
    {
      type: 'namespace',
      name: 'agents',
      description: 'Other agents.',
      tools: [{ type: 'function', name: 'spawn', description: 'Spawns.', parameters: WEATHER, strict: false }],
    },
  ],
}
const message = (role: string, text: string) => ({
  type: 'message',
  id: `msg_${role}`,
  role,
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
})

describe('10, 11. Codex with a model of its own', () => {
  for (const upstream of others('openai-responses')) {
    test(`a custom tool's round trip on ${upstream}`, async () => {
      const input = [
        CODEX_TOOLS,
        message('developer', 'You are Codex.'),
        message('user', 'Call the exec tool: text(1)'),
      ]
      const asked = ok(await responses({ ...CODEX(`on-${upstream}`), input }))
      const names = toolNames(asked.sent)
      assert.equal(names.length, 2)
      assert.ok(names.every((name) => /^[\w-]{1,64}$/.test(name)) && new Set(names).size === 2, names.join())
      assert.ok(said(asked.sent).includes('You are Codex.'))
      const done = events(asked.text).filter((e) => e.type === 'response.output_item.done')
      const call = done.map((e) => e.item).find((item) => item.type === 'custom_tool_call')
      assert.equal(call?.name, 'exec', asked.text)
      assert.equal(call.namespace, 'functions')
      assert.ok(!call.input.startsWith('{'), call.input)
      const deltas = events(asked.text).filter((e) => e.type === 'response.custom_tool_call_input.delta')
      assert.equal(deltas.map((e) => e.delta).join(''), call.input)
      assert.equal(events(asked.text).at(-1).type, 'response.completed')

      const output = {
        type: 'custom_tool_call_output',
        call_id: call.call_id,
        output: [{ type: 'input_text', text: 'TOOL-RAN-5521' }],
      }
      const answered = ok(
        await responses({ ...CODEX(`on-${upstream}`), input: [...input, ...done.map((e) => e.item), output] }),
      )
      assert.ok(
        events(answered.text)
          .at(-1)
          .response.output.some((item: Json) => said(item).includes('TOOL-RAN-5521')),
      )
    })

    test(`a function in a namespace on ${upstream}`, async () => {
      const asked = ok(
        await responses({
          model: `on-${upstream}`,
          input: 'Call the spawn tool for Paris.',
          tools: [
            CODEX_TOOLS.tools[1],
            { type: 'function', name: 'spawn', parameters: WEATHER, strict: true },
            { type: 'web_search' },
          ],
          tool_choice: 'required',
        }),
      )
      const call = asked.json.output.find((item: Json) => item.type === 'function_call')
      assert.equal(call.name, 'spawn')
      assert.ok(call.namespace === 'agents' || call.namespace === undefined)
      assert.equal(typeof JSON.parse(call.arguments).city, 'string')
    })
  }
})

test('11. what hundreds of messages lose does not make a head that clients refuse', async () => {
  const input = Array.from({ length: 800 }, (_, i) => ({
    ...message(i % 2 === 0 ? 'user' : 'assistant', `turn ${i}`),
    internal_chat_message_metadata_passthrough: { turn_id: 't' },
  }))
  const { headers } = ok(await responses({ model: 'on-anthropic', input: [...input, message('user', 'Hi')] }))
  assert.equal(headers.get('x-logicaproxy-dropped'), 'messages.*.internal_chat_message_metadata_passthrough')
})

describe('12. compaction', () => {
  for (const upstream of others('openai-responses')) {
    test(`/responses/compact on ${upstream} is done by a summary, and says so`, async () => {
      const asked = ok(
        await ask('/v1/responses/compact', {
          model: `on-${upstream}`,
          input: [message('user', 'Remember 42.'), message('assistant', 'Yes.')],
        }),
      )
      assert.equal(asked.headers.get('x-logicaproxy-emulated'), 'compact')
      assert.equal(asked.json.object, 'response.compaction')
      assert.ok(asked.json.output.length > 0)
    })

    test(`a trigger at the end of the input on ${upstream} makes one compaction item, which says what it holds`, async () => {
      const input = [message('user', 'Remember 42.'), message('assistant', 'Yes.'), { type: 'compaction_trigger' }]
      const asked = ok(await responses({ model: `on-${upstream}`, stream: true, input }))
      const all = events(asked.text)
      const { output } = all.at(-1).response
      assert.deepEqual(
        output.map((item: Json) => item.type),
        ['compaction'],
      )
      assert.equal(all.filter((e) => e.type === 'response.output_item.done').length, 1)

      const next = ok(await responses({ model: `on-${upstream}`, input: [...output, message('user', 'What was it?')] }))
      assert.ok(said(next.sent).includes('[simulated]'), 'the summary reaches the model')
      const home = ok(
        await responses({ model: 'on-openai-responses', input: [...output, message('user', 'What was it?')] }),
      )
      assert.ok(said(home.sent).includes('[simulated]'), 'also where the vendor could not open the item')
    })
  }
})

describe('13. Copilot has custom tools in chat completions', () => {
  const tool = {
    type: 'custom',
    custom: {
      name: 'apply_patch',
      description: 'Patches.',
      format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: /.+/' } },
    },
  }
  for (const upstream of ALL)
    test(`on ${upstream}`, async () => {
      const messages: Json[] = [{ role: 'user', content: 'Call the apply_patch tool.' }]
      const asked = ok(await chat({ model: `on-${upstream}`, messages, tools: [tool] }))
      const [call] = asked.json.choices[0].message.tool_calls
      assert.equal(call.type, 'custom', asked.text)
      assert.equal(call.custom.name, 'apply_patch')
      assert.ok(!call.custom.input.startsWith('{'))
      messages.push(asked.json.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'patched-7' })
      assert.match(ok(await chat({ model: `on-${upstream}`, messages, tools: [tool] })).text, /patched-7/)
    })
})

describe('18. an upgrade where there is none', () => {
  test('is a 426 with a key, at which Codex falls back at once, and a 401 without', async () => {
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    const { request } = await import('node:http')
    const status = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        const req = request(`${running.url}/v1/chat/completions`, { headers: { ...upgrade, ...headers } })
        req.on('error', reject)
        req.on('upgrade', (res) => resolve(res.statusCode))
        req.on('response', (res) => {
          res.resume()
          resolve(res.statusCode)
        })
        req.end()
      })
    assert.equal(await status(KEYS['bearer']!), 426)
    assert.equal(await status({ authorization: 'Bearer wrong' }), 401)
  })
})

describe('19. Gemini CLI', () => {
  const user = (text: string) => ({ role: 'user', parts: [{ text }] })
  const declaration = {
    name: 'run_shell_command',
    description: 'Runs.',
    parametersJsonSchema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
  }
  const classifier = {
    contents: [user('Which model?')],
    systemInstruction: { role: 'user', parts: [{ text: 'You are a classifier.' }] },
    generationConfig: {
      temperature: 0,
      topP: 1,
      maxOutputTokens: 1024,
      responseMimeType: 'application/json',
      responseJsonSchema: {
        type: 'OBJECT',
        properties: {
          reasoning: { type: 'STRING', description: 'Why.' },
          model_choice: { type: 'STRING', enum: ['flash', 'pro'] },
        },
        required: ['reasoning', 'model_choice'],
      },
      thinkingConfig: { thinkingBudget: 512 },
    },
  }
  for (const upstream of ALL) {
    test(`its classifier on ${upstream} answers in JSON of the schema`, async () => {
      const asked = ok(await gemini(`on-${upstream}`, classifier))
      const parts: Json[] = asked.json.candidates[0].content.parts
      const answer = JSON.parse(
        parts
          .filter((p) => !p.thought)
          .map((p) => p.text)
          .join(''),
      )
      assert.deepEqual(Object.keys(answer).sort(), ['model_choice', 'reasoning'])
      assert.ok(['flash', 'pro'].includes(answer.model_choice))
    })

    test(`a tool's round trip on ${upstream}, ids and signatures given back`, async () => {
      const ask = {
        systemInstruction: { role: 'user', parts: [{ text: 'You are Gemini CLI.' }] },
        tools: [{ functionDeclarations: [declaration] }],
        generationConfig: {
          temperature: 1,
          topP: 0.95,
          topK: 64,
          thinkingConfig: { includeThoughts: true, thinkingBudget: 8192 },
        },
      }
      const contents: Json[] = [user('Call the run_shell_command tool.')]
      const verb = 'streamGenerateContent'
      const asked = ok(await gemini(`on-${upstream}`, { ...ask, contents }, { verb }))
      assert.match(events(asked.text).at(-1).candidates[0].finishReason, /^STOP$/)
      const parts: Json[] = events(asked.text).flatMap((e) => e.candidates?.[0]?.content?.parts ?? [])
      const call = parts.find((p) => p.functionCall)
      assert.equal(call.functionCall.name, 'run_shell_command', asked.text)
      assert.equal(typeof call.functionCall.args.command, 'string')

      const response = { name: 'run_shell_command', response: { output: 'TOOL-RAN-5521' } }
      // With the id the answer had, or the client's own; with the signature it had, or the client's stopgap.
      for (const id of [call.functionCall.id, 'run_shell_command-1763-abc'])
        for (const thoughtSignature of [call.thoughtSignature, 'skip_thought_signature_validator']) {
          const model = {
            role: 'model',
            parts: [
              ...parts.filter((p) => p.text && !p.thought),
              {
                functionCall: { ...call.functionCall, ...(id && { id }) },
                ...(thoughtSignature && { thoughtSignature }),
              },
            ],
          }
          const result = { role: 'user', parts: [{ functionResponse: { ...(id && { id }), ...response } }] }
          const answered = ok(
            await gemini(`on-${upstream}`, { ...ask, contents: [...contents, model, result] }, { verb }),
          )
          const answer: Json[] = events(answered.text).flatMap((e) => e.candidates?.[0]?.content?.parts ?? [])
          assert.match(answer.map((p) => p.text ?? '').join(''), /TOOL-RAN-5521/)
          assert.equal(events(answered.text).filter((e) => e.candidates?.[0]?.finishReason).length, 1)
          if (upstream !== 'gemini') assert.ok(!said(answered.sent).includes('skip_thought_signature_validator'))
        }
    })
  }

  for (const upstream of ALL)
    test(`a stream of ${upstream} that breaks ends in one error, which no version of the SDK takes for an end`, async () => {
      const model = `${UPSTREAMS[upstream].model}+events:9+cut:4`
      const asked = await gemini(
        model,
        { contents: [user('Hi')] },
        { verb: 'streamGenerateContent', pin: `any-${upstream}` },
      )
      assert.equal(asked.status, 200)
      const all = events(asked.text)
      assert.ok(all.every((e) => e.candidates?.[0]?.finishReason === undefined))
      assert.equal(all.filter((e) => e.error).length, 1)
      assert.ok(all.at(-1).error.code >= 500)
      // The SDK's 1.x looks at nothing but what is left over at the end.
      assert.match(asked.text, /\n\n:[^\n]+\n$/)
    })

  for (const upstream of ALL)
    test(`20. Cline asks ${upstream} for googleSearch and nothing else`, async () => {
      ok(
        await gemini(
          `on-${upstream}`,
          { contents: [user('Hi')], tools: [{ googleSearch: {} }] },
          { verb: 'streamGenerateContent' },
        ),
      )
    })
})

describe('21. the usage of a stream of chat completions', () => {
  for (const upstream of ALL) {
    test(`comes in a chunk of its own where it was asked for, on ${upstream}`, async () => {
      const asked = ok(
        await chat({ model: `on-${upstream}`, messages: HI, stream: true, stream_options: { include_usage: true } }),
      )
      const last = events(asked.text).at(-1)
      assert.deepEqual(last.choices, [])
      assert.ok(last.usage.total_tokens > 0)
      assert.match(asked.text, /data: \[DONE\]\n\n$/)
    })

    test(`and does not where it was not, on ${upstream}`, async () => {
      const asked = ok(await chat({ model: `on-${upstream}`, messages: HI, stream: true }))
      assert.ok(events(asked.text).every((e) => e.choices.length === 1))
    })
  }
})

describe('22. more output than a model can give is asked of it as much as it can', () => {
  for (const [upstream, most] of [
    ['openai-chat', 128_000],
    ['openai-responses', 128_000],
    ['gemini', 65_536],
  ] as const)
    test(upstream, async () => {
      const { sent } = ok(await claude({ model: `on-${upstream}`, max_tokens: 128_000, messages: HI }))
      const asked =
        sent.max_completion_tokens ??
        sent.max_tokens ??
        sent.max_output_tokens ??
        sent.generationConfig?.maxOutputTokens
      assert.ok(asked === undefined || asked <= most, `${asked}`)
    })

  test('of Claude too, asked in another dialect', async () => {
    const { sent } = ok(await chat({ model: 'on-anthropic', max_completion_tokens: 1_000_000, messages: HI }))
    assert.ok(sent.max_tokens <= 128_000, `${sent.max_tokens}`)
  })
})

describe('the words clients act on (clients.md 5)', () => {
  test('a bad key is not to be tried again', async () => {
    const headers = { authorization: 'Bearer wrong', 'anthropic-version': '2023-06-01' }
    for (const path of ['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1beta/models/m:generateContent']) {
      const asked = await ask(path, {}, { headers })
      assert.equal(asked.status, 401)
      assert.equal(asked.headers.get('x-should-retry'), 'false', path)
    }
  })

  for (const upstream of ALL)
    test(`a 429 of ${upstream} says when to come back, also where the vendor did not`, async () => {
      running.simulator.setKeyFault(`any-key-of-${upstream}`, parseFault('429'))
      const model = UPSTREAMS[upstream].model
      const pin = `any-${upstream}`
      try {
        for (const stream of [false, true]) {
          // The first is the vendor's own; from the second on the account rests.
          const all = [
            await claude({ model, messages: HI, stream }, { pin }),
            await chat({ model, messages: HI, stream }, { pin }),
            await responses({ model, input: 'Hi', stream }, { pin }),
            await gemini(model, { contents: [{ parts: [{ text: 'Hi' }] }] }, { pin }),
          ]
          for (const asked of all) {
            assert.equal(asked.status, 429, asked.text)
            assert.match(asked.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
          }
        }
      } finally {
        running.simulator.setKeyFault(`any-key-of-${upstream}`, undefined)
      }
    })
})
