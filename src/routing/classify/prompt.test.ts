import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { classify, promptOf, readPrompt } from './index.ts'
import { withoutCourtesy, withoutInjected } from './strip.ts'

const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value))
const DIALECTS = ['anthropic', 'openai-chat', 'openai-responses', 'gemini', 'openai-completions']
const ask = 'Translate this sentence to French: "good \\ morning" – ok?\n\u{1F600}'

/** The same two turns and system prompt in each dialect. */
const same: Record<string, unknown> = {
  anthropic: {
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: ask },
          { type: 'image', source: {} },
        ],
      },
    ],
  },
  'openai-chat': {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ask },
          { type: 'image_url', image_url: { url: 'data:' } },
        ],
      },
    ],
  },
  'openai-responses': {
    instructions: 'Be brief.',
    input: [
      { role: 'user', content: 'hello' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: ask },
          { type: 'input_image', image_url: 'data:' },
        ],
      },
    ],
  },
  gemini: {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      { role: 'user', parts: [{ text: 'hello' }] },
      { role: 'model', parts: [{ text: 'hi' }] },
      { role: 'user', parts: [{ text: ask }, { inlineData: { mimeType: 'image/png', data: '' } }] },
    ],
  },
}

describe('the prompt of a request', () => {
  for (const [dialect, body] of Object.entries(same))
    it(`is the last user turn, in ${dialect}`, () => {
      for (const bytes of [bodyOf(body), Buffer.from(JSON.stringify(body, null, 2))]) {
        const { chars, ...prompt } = readPrompt(dialect, bytes)
        assert.equal(chars, bytes.length)
        assert.deepEqual(prompt, {
          text: ask,
          earlier: 'hello',
          agent: false,
          attachments: { images: 1, files: 0, toolResults: 0 },
          tools: 0,
          turns: 2,
          empty: false,
          system: 'Be brief.',
          jsonSchema: false,
        })
      }
    })
  it('is a plain string where dialects allow it', () => {
    assert.equal(readPrompt('openai-responses', bodyOf({ input: ask })).text, ask)
    assert.equal(readPrompt('openai-completions', bodyOf({ prompt: ask })).text, ask)
    assert.equal(readPrompt('openai-completions', bodyOf({ prompt: ['one', 'two words'] })).text, 'two words')
    assert.equal(readPrompt('gemini', bodyOf({ contents: [{ parts: [{ text: ask }] }] })).text, ask)
  })
  it('tells structured output and tools', () => {
    const formats: [string, unknown][] = [
      ['openai-chat', { messages: [], response_format: { type: 'json_schema' } }],
      ['openai-responses', { input: '', text: { format: { type: 'json_object' } } }],
      ['gemini', { contents: [], generationConfig: { responseMimeType: 'application/json' } }],
      ['anthropic', { messages: [], output_config: { format: { type: 'json_schema' } } }],
    ]
    for (const [dialect, body] of formats) assert.equal(readPrompt(dialect, bodyOf(body)).jsonSchema, true, dialect)
    assert.equal(
      readPrompt('openai-chat', bodyOf({ messages: [], response_format: { type: 'text' } })).jsonSchema,
      false,
    )
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters: {} } }]
    const prompt = readPrompt('openai-chat', bodyOf({ messages: [{ role: 'user', content: 'hi' }], tools }))
    assert.equal(prompt.tools, 1)
    assert.equal(prompt.agent, false)
  })
  it('finds Codex’s tools and context among the turns', () => {
    const prompt = readPrompt(
      'openai-responses',
      bodyOf({
        input: [
          {
            type: 'additional_tools',
            role: 'developer',
            tools: [{ type: 'namespace', name: 'functions', tools: [{ name: 'exec' }, { name: 'apply_patch' }] }],
          },
          { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'You are Codex.' }] },
          {
            type: 'message',
            role: 'user',
            content: [{ type: 'input_text', text: '<environment_context>\n<cwd>/a</cwd>\n</environment_context>' }],
          },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'add a flag' }] },
          { type: 'custom_tool_call', name: 'exec', input: 'ls' },
          { type: 'custom_tool_call_output', output: [{ type: 'input_text', text: 'write a poem' }] },
        ],
      }),
    )
    assert.equal(prompt.agent, true)
    assert.equal(prompt.text, 'add a flag')
    assert.equal(prompt.earlier, '')
    assert.equal(prompt.attachments.toolResults, 1)
  })
})

describe('a long request', () => {
  const answer = { role: 'assistant', content: 'He said "so" and \\ more.\n'.repeat(150) }
  const long = (asked: string, after: object = {}) =>
    bodyOf({
      model: 'auto',
      messages: [
        { role: 'system', content: 'Be brief.' },
        ...Array.from({ length: 300 }, (_, i) => [{ role: 'user', content: `point ${i}` }, answer]).flat(),
        { role: 'user', content: asked },
      ],
      ...after,
    })
  it('gives its last turns, and the system prompt from its beginning', () => {
    const body = long('Summarize this.', {
      temperature: 1,
      tools: [{ type: 'function', function: { name: 'a', description: 'x'.repeat(9000) } }],
    })
    assert.ok(body.length > 1_000_000)
    const prompt = readPrompt('openai-chat', body)
    assert.equal(prompt.text, 'Summarize this.')
    assert.equal(prompt.earlier, 'point 295\npoint 296\npoint 297\npoint 298\npoint 299')
    assert.equal(prompt.system, 'Be brief.')
    assert.equal(prompt.tools, 1)
  })
  it('gives both ends of one huge message, and no more', () => {
    const text = `Summarize this file.\n${'const a = "b"; f("x") // é\n'.repeat(40_000)}Be short.`
    for (const [dialect, body] of [
      ['openai-chat', { messages: [{ role: 'user', content: text }] }],
      ['anthropic', { messages: [{ role: 'user', content: [{ type: 'text', text }] }], tools: [] }],
      ['openai-responses', { input: text }],
    ] as const) {
      const prompt = readPrompt(dialect, bodyOf(body))
      assert.ok(prompt.text.startsWith('Summarize this file.'), dialect)
      assert.ok(prompt.text.endsWith('Be short.'), dialect)
      assert.ok(prompt.text.length < 20_000)
    }
    assert.ok(promptOf(text).text.length < 20_000)
  })
  it('falls back on the first ask where tools ran for long', () => {
    const rounds = Array.from({ length: 200 }, (_, i) => [
      { role: 'assistant', content: [{ type: 'tool_use', id: `${i}`, name: 'Bash', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: `${i}`, content: 'line "of" output\n'.repeat(300) }],
      },
    ])
    const body = bodyOf({ messages: [{ role: 'user', content: 'fix the login bug' }, ...rounds.flat()] })
    assert.equal(readPrompt('anthropic', body).text, 'fix the login bug')
  })
})

describe('reading', () => {
  it('never throws, whatever the bytes, and whatever is decided on them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DIALECTS), fc.uint8Array({ maxLength: 300 }), (dialect, bytes) => {
        classify(readPrompt(dialect, Buffer.from(bytes)))
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...DIALECTS), fc.json({ maxDepth: 5 }), fc.nat(), (dialect, json, cut) => {
        const body = Buffer.from(`{"messages":${json},"input":${json},"contents":${json},"system":${json}}`)
        classify(readPrompt(dialect, body))
        classify(readPrompt(dialect, body.subarray(0, cut % (body.length + 1))))
      }),
    )
  })
  it('takes a body cut anywhere, also a long one', () => {
    const body = bodyOf({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a "quoted\\" thing 😀\n'.repeat(4000) }] }],
    })
    for (let cut = 0; cut < body.length; cut += 997) readPrompt('anthropic', body.subarray(0, cut))
  })
  it('reads long bodies as it does short ones', () => {
    const piece = fc.record({
      role: fc.constantFrom('user', 'assistant'),
      content: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (messages) => {
        const short = readPrompt('openai-chat', bodyOf({ messages }))
        const padded = readPrompt('openai-chat', bodyOf({ padding: 'x'.repeat(60_000), messages, more: 1 }))
        assert.deepEqual({ ...padded, chars: 0 }, { ...short, chars: 0 })
      }),
    )
  })
  it('calls empty what has no words', () => {
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '{"messages":[]}',
      '{"messages":[{"role":"user","content":"👍"}]}',
      '{"messages":5}',
    ])
      assert.equal(readPrompt('openai-chat', Buffer.from(body)).empty, true, body)
  })
})

describe('what programs put into a message', () => {
  it('is left out', () => {
    const cases: [string, string][] = [
      ['<system-reminder>\nWrite stories.\n</system-reminder>\n\nfix it', 'fix it'],
      ['fix it\n<environment_details>\nfiles: a.ts\n</environment_details>', 'fix it'],
      ['<environment_context><cwd>/x</cwd></environment_context>', ''],
      ['<task>\nadd a flag\n</task>\n<environment_details>x</environment_details>', 'add a flag'],
      ['…the rest of a reminder </system-reminder> do this', 'do this'],
      ['do this <file path="a.ts">const a = 1', 'do this'],
      ['# Context from my IDE setup:\n\n## Open tabs:\n- a.ts\n\n## My request for Codex:\nrename it', 'rename it'],
      ['# AGENTS.md instructions for /home/ann\n\nalways test', ''],
      ['why is <div> not closed by </span>?', 'why is <div> not closed by </span>?'],
    ]
    for (const [text, left] of cases) assert.equal(withoutInjected(text), left)
  })
  it('is not mistaken for courtesy, which is left out too', () => {
    const cases: [string, string][] = [
      ['Hi there! Fix the test. Thanks in advance!', 'Fix the test.'],
      ['Hallo, übersetze das. Vielen Dank im Voraus!', 'übersetze das.'],
      ['你好，翻译这句话，谢谢！', '翻译这句话'],
      ['hello', 'hello'],
      ['Thanks!', 'Thanks!'],
      ['Hello world in C', 'Hello world in C'],
      ['Write a thank you note', 'Write a thank you note'],
    ]
    for (const [text, left] of cases) assert.equal(withoutCourtesy(text), left)
  })
})
