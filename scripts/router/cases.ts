/** Conversations: as coding agents send them, of several turns, with systems of other kinds. None is trained on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { classify, readPrompt } from '../../src/routing/classify/index.ts'
import { byKeywords, TABLE_ROWS } from './keywords.ts'
import { OWN, type Row, sharedRows } from './rows.ts'

export interface CaseResult {
  name: string
  n: number
  right: number
  wrong: string[]
}

const CLIENTS = ['anthropic', 'openai-chat', 'openai-responses', 'gemini'] as const
type Client = (typeof CLIENTS)[number]

/** A coding agent's system prompt of some 30 KB, in our own words. */
const AGENT_SYSTEM = `You are a coding agent: an interactive CLI tool that helps users with software engineering tasks in their terminal.
${`
# Doing tasks
Use the tools to search the codebase, read files, edit them and run shell commands. Never write or suggest code that was not asked for.
Run the tests and the linter after a change. Reference functions as path:line. Do not commit unless the user asks you to. Write no poems.
When the user asks for a plan, analyze the repository first, compare alternatives, list the steps and translate them into todos.
If a command fails, read the error, debug it and report what you found. Summarize your work in at most four lines.
`.repeat(52)}
# Environment
Working directory: /home/ann/shop   Is a git repository: yes   Platform: linux   Branch: main
`

const REMINDER = `<system-reminder>
As you answer the user's questions, you can use the following context:
# CLAUDE.md
Run npm test before every commit. The server is in src/server. Use TypeScript. Write stories in the tracker, never in code.
${'Refactor functions over 40 lines. Translate user-facing strings. Analyze performance reports weekly.\n'.repeat(20)}
</system-reminder>`

const TOOLS = ['Bash', 'Read', 'Edit', 'Write', 'Grep', 'Glob', 'Task', 'WebFetch', 'TodoWrite'].map((name) => ({
  name,
  description: `The ${name} tool. ${'Use it to work on the code of the repository, with care and in small steps. '.repeat(30)}`,
  schema: { type: 'object', properties: { path: { type: 'string' }, command: { type: 'string' } }, required: ['path'] },
}))

/** A request as a coding agent sends it. */
export function agentBody(client: Client, ask: string, rounds = 0): Buffer {
  const history = Array.from({ length: rounds }, (_, i) => i)
  const result = `1: import { a } from './b.ts'\n2: export function run() { return a() }\n`.repeat(20)
  if (client === 'anthropic')
    return json({
      model: 'auto',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: REMINDER },
            { type: 'text', text: rounds > 0 ? 'fix the login bug' : ask },
          ],
        },
        ...history.flatMap((i) => [
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: `t${i}`, name: 'Bash', input: { command: 'npm test' } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: `t${i}`, content: result }] },
        ]),
        ...(rounds > 0
          ? [
              { role: 'assistant', content: 'Done.' },
              { role: 'user', content: ask },
            ]
          : []),
      ],
      system: [{ type: 'text', text: AGENT_SYSTEM }],
      tools: TOOLS.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
      max_tokens: 32000,
    })
  if (client === 'openai-chat')
    return json({
      model: 'auto',
      messages: [
        { role: 'system', content: AGENT_SYSTEM },
        ...(rounds > 0 ? [{ role: 'user', content: 'fix the login bug' }] : []),
        ...history.flatMap((i) => [
          {
            role: 'assistant',
            tool_calls: [{ id: `t${i}`, type: 'function', function: { name: 'Bash', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: `t${i}`, content: result },
        ]),
        { role: 'user', content: `<environment_details>\n${result}</environment_details>\n<task>\n${ask}\n</task>` },
      ],
      tools: TOOLS.map(({ name, description, schema }) => ({
        type: 'function',
        function: { name, description, parameters: schema },
      })),
    })
  if (client === 'openai-responses')
    return json({
      model: 'auto',
      instructions: AGENT_SYSTEM,
      input: [
        {
          type: 'message',
          role: 'developer',
          content: [{ type: 'input_text', text: '<permissions instructions>Sandbox: none</permissions instructions>' }],
        },
        {
          type: 'message',
          role: 'user',
          content: [
            {
              type: 'input_text',
              text: '<environment_context>\n<cwd>/home/ann/shop</cwd>\n<shell>bash</shell>\n</environment_context>',
            },
          ],
        },
        ...(rounds > 0
          ? [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'fix the login bug' }] }]
          : []),
        ...history.flatMap((i) => [
          { type: 'function_call', call_id: `t${i}`, name: 'exec_command', arguments: '{}' },
          { type: 'function_call_output', call_id: `t${i}`, output: result },
        ]),
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: ask }] },
      ],
      tools: TOOLS.map(({ name, description, schema }) => ({
        type: 'function',
        name,
        description,
        parameters: schema,
      })),
      store: false,
    })
  return json({
    systemInstruction: { role: 'user', parts: [{ text: AGENT_SYSTEM }] },
    contents: [
      { role: 'user', parts: [{ text: `<session_context>\nThis is the Gemini CLI. ${result}</session_context>` }] },
      { role: 'model', parts: [{ text: 'Got it. Thanks for the context!' }] },
      ...(rounds > 0 ? [{ role: 'user', parts: [{ text: 'fix the login bug' }] }] : []),
      ...history.flatMap((i) => [
        { role: 'model', parts: [{ functionCall: { name: 'run_shell_command', args: { command: `npm test ${i}` } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'run_shell_command', response: { output: result } } }] },
      ]),
      { role: 'user', parts: [{ text: ask }] },
    ],
    tools: [
      {
        functionDeclarations: TOOLS.map(({ name, description, schema }) => ({
          name,
          description,
          parametersJsonSchema: schema,
        })),
      },
    ],
  })
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** A conversation of at least `size` bytes. */
export function conversationBody(size: number): Buffer {
  const messages: { role: string; content: string }[] = [{ role: 'system', content: 'You are a helpful assistant.' }]
  for (let i = 0; i * 4000 < size; i += 1)
    messages.push(
      { role: 'user', content: `What about point ${i} of the list?` },
      {
        role: 'assistant',
        content: `It says "so" and 'thus'.\n${'An answer in "plain" words, with some length to it.\n'.repeat(75)}`,
      },
    )
  messages.push({ role: 'user', content: 'Summarize our discussion in three sentences.' })
  return json({ model: 'auto', messages, temperature: 0.2 })
}

/** The same turns in a dialect. */
export function turnsBody(client: Client, turns: readonly string[], system = ''): Buffer {
  const said = turns.flatMap((text, i) =>
    i === 0
      ? [['user', text]]
      : [
          ['assistant', 'Here you are.'],
          ['user', text],
        ],
  )
  if (client === 'gemini')
    return json({
      contents: said.map(([role, text]) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text }] })),
      ...(system === '' ? {} : { systemInstruction: { parts: [{ text: system }] } }),
    })
  if (client === 'openai-responses')
    return json({
      model: 'auto',
      ...(system === '' ? {} : { instructions: system }),
      input: said.map(([role, text]) => ({
        role,
        content: [{ type: role === 'user' ? 'input_text' : 'output_text', text }],
      })),
    })
  const messages = said.map(([role, content]) => ({ role, content }))
  if (client === 'anthropic')
    return json({ model: 'auto', max_tokens: 1000, messages, ...(system === '' ? {} : { system }) })
  return json({
    model: 'auto',
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages],
  })
}

const read = <T>(name: string): T[] =>
  readFileSync(join(OWN, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** System prompts that are no agent's: decisions must not depend on them. */
const SYSTEMS = [
  'You are a helpful assistant.',
  'You are ChatGPT, a large language model. Answer as concisely as possible. Current date: 2026-11-22.',
  'You are the support assistant of Acme Bank. Be friendly and professional. Never give legal advice.',
]

function counted(name: string, list: readonly { prompt: string; label: string; got: string }[]): CaseResult {
  const wrong = list.filter(({ label, got }) => label !== got)
  return {
    name,
    n: list.length,
    right: (list.length - wrong.length) / (list.length || 1),
    wrong: wrong.map(({ prompt, label, got }) => `${label} → ${got}: ${prompt.slice(0, 90).replaceAll('\n', ' ')}`),
  }
}

export function judgeCases(): CaseResult[] {
  const got = (protocol: string, body: Buffer) => classify(readPrompt(protocol, body)).category
  const agent = read<{ ask: string; label: string }>('cases-agent.jsonl')
  const turns = read<{ turns: string[]; label: string }>('cases-turns.jsonl')
  const agents = (rounds: number) =>
    agent.flatMap(({ ask, label }) =>
      CLIENTS.map((client) => ({
        prompt: `${client}: ${ask}`,
        label,
        got: got(client, agentBody(client, ask, rounds)),
      })),
    )
  const first = agents(0)
  const later = agents(6)
  const table = TABLE_ROWS.map(([prompt, label]) => ({
    prompt,
    label,
    got: got('openai-chat', turnsBody('openai-chat', [prompt])),
  }))
  const some = sharedRows().filter((_: Row, i) => i % 9 === 0)
  const steady = some.flatMap(({ prompt }) => {
    const plain = got('anthropic', turnsBody('anthropic', [prompt]))
    return SYSTEMS.map((system) => ({
      prompt,
      label: plain,
      got: got('anthropic', turnsBody('anthropic', [prompt], system)),
    }))
  })
  const dialects = some.flatMap(({ prompt }) => {
    const plain = got('anthropic', turnsBody('anthropic', [prompt]))
    return CLIENTS.map((client) => ({ prompt, label: plain, got: got(client, turnsBody(client, [prompt])) }))
  })
  return [
    counted(
      'coding agents: work on code, first turn',
      first.filter(({ label }) => label === 'code'),
    ),
    counted(
      'coding agents: work on code, after six rounds of tools',
      later.filter(({ label }) => label === 'code'),
    ),
    counted(
      'coding agents: something else, first turn',
      first.filter(({ label }) => label !== 'code'),
    ),
    counted(
      'coding agents: something else, after tools',
      later.filter(({ label }) => label !== 'code'),
    ),
    counted(
      'several turns',
      turns.flatMap(({ turns, label }) =>
        CLIENTS.slice(0, 2).map((client) => ({
          prompt: turns.join(' ‖ '),
          label,
          got: got(client, turnsBody(client, turns)),
        })),
      ),
    ),
    counted("the product description's keywords and example", table),
    counted("unchanged under a system prompt that is no agent's", steady),
    counted('the same in every dialect', dialects),
    counted(
      '(keyword table on its own keywords)',
      table.map((row) => ({ ...row, got: byKeywords(row.prompt) })),
    ),
  ]
}
