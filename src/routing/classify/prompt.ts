/** What a request asks: distilled from any dialect, in bounded memory and time. */
import type { ProtocolId } from '../../hub/protocol-id.ts'
import { peek, type Span } from '../../wire/peek.ts'
import { withoutInjected } from './strip.ts'
import { memberOf, systemText, type Turn, turnOf } from './turns.ts'
import {
  type Budget,
  elementsAhead,
  elementsBack,
  type Member,
  members,
  spaceAhead,
  spaceBack,
  stringOf,
} from './window.ts'

/** What the user asks, whatever the dialect. Bounded whatever the conversation. */
export interface Prompt {
  /** The ask: the last words of the user, what programs put there left out. At most some 16,000 characters. */
  text: string
  /** What the user said before, the oldest first; at most some 3,000 characters. */
  earlier: string
  /** Looks like a coding agent's conversation, by its system prompt or tools. */
  agent: boolean
  attachments: { images: number; files: number; toolResults: number }
  /** How many tools there are, as far as they were counted (64). */
  tools: number
  /** User turns with words, as far as the conversation was read. */
  turns: number
  /** There is no word to judge by. */
  empty: boolean
  /** The beginning of the system prompt: a prior, or the task where the user's message is only data. */
  system: string
  /** Structured output is wanted. */
  jsonSchema: boolean
  /** Size of the whole request in bytes. */
  chars: number
}

/** Bytes of each end of the ask, of an earlier turn, and of the system prompt that are read. */
const ASK = 6000
const EARLIER = 500
const SYSTEM = 3000
/** Turns before the ask that are heard, and elements that are stepped over to find them. */
const HEARD = 5
const STEPPED = 80

/** Where dialects keep their turns and their instructions. */
const TURNS: Readonly<Record<string, string>> = {
  anthropic: 'messages',
  'openai-chat': 'messages',
  'openai-responses': 'input',
  gemini: 'contents',
  'openai-completions': 'prompt',
}
const ANY_TURNS = ['messages', 'input', 'contents', 'prompt']
const INSTRUCTIONS = ['system', 'instructions', 'systemInstruction', 'system_instruction']
const FORMATS = ['response_format', 'text', 'generationConfig', 'generation_config', 'output_config', 'output_format']
const SCHEMA = /json_schema|json_object|response_?(?:Json)?_?Schema|application\/json/i

const AGENT_SYSTEM =
  /claude code|\bcodex\b|coding (?:agent|assistant)|software engineer|gemini cli|qwen code|opencode|github copilot|\bcline\b|\baider\b|roo code|\bcursor\b|windsurf|pair[ -]programm|apply_patch|\bcodebase\b|interactive cli|terminal-based|expert (?:programmer|developer)|repository|working directory|run (?:shell )?commands|\bIDE\b|code editor/gi
const AGENT_TOOL =
  /"name"\s*:\s*"(?:functions\.)?(?:bash|shell|exec|exec_command|local_shell|run_shell_command|run_terminal_cmd|execute_command|execute_bash|edit|multiedit|multi_edit|edit_file|str_replace(?:_editor|_based_edit_tool)?|replace|replace_in_file|apply_patch|applypatch|write|write_file|write_to_file|create_file|read|read_file|view|view_file|glob|grep|grep_search|search_files|codebase_search|list_dir|list_files|list_directory|notebookedit)"/gi

const nothing = (chars: number): Prompt => ({
  text: '',
  earlier: '',
  agent: false,
  attachments: { images: 0, files: 0, toolResults: 0 },
  tools: 0,
  turns: 0,
  empty: true,
  system: '',
  jsonSchema: false,
  chars,
})

const wordless = (text: string) => !/[\p{L}\p{N}]/u.test(text)

/** Reads the request. Never throws: of what is no request there is an empty prompt. */
export function readPrompt(protocol: ProtocolId, body: Buffer): Prompt {
  try {
    return read(protocol, body)
  } catch {
    return nothing(body.length)
  }
}

/** Bodies up to this size are read exactly, member by member; longer ones from both ends. */
const EXACT = 48_000

function topLevel(body: Buffer): readonly Member[] {
  if (body.length <= EXACT) {
    const names = [...ANY_TURNS, ...INSTRUCTIONS, ...FORMATS, 'tools']
    return Array.from(peek(body, names), ([key, { start, end }]) => ({ key, start, end }))
  }
  let start = body[0] === 0xef && body[1] === 0xbb ? 3 : 0
  start = spaceAhead(body, start)
  if (body[start] !== 123) return []
  return members(body, start, spaceBack(body, body.length), { left: 16_000 }, { left: 72_000 })
}

function read(protocol: ProtocolId, body: Buffer): Prompt {
  const top = topLevel(body)
  const prompt = nothing(body.length)
  const known = TURNS[protocol]
  const turns =
    (known === undefined ? undefined : memberOf(top, known)) ?? top.findLast(({ key }) => ANY_TURNS.includes(key))
  const budget: Budget = { left: 56_000 }
  prompt.jsonSchema = top.some(
    ({ key, start, end }) =>
      FORMATS.includes(key) &&
      body[start] === 123 &&
      SCHEMA.test(body.toString('latin1', start, Math.min(end, start + 2000))),
  )
  for (const key of INSTRUCTIONS) {
    const text = systemText(body, memberOf(top, key), SYSTEM, budget)
    if (text !== '') prompt.system = text
  }
  let agentTools = countTools(body, memberOf(top, 'tools'), prompt)
  if (turns !== undefined) {
    const tools = readTurns(body, turns, prompt, budget)
    if (tools !== undefined) agentTools += countTools(body, tools, prompt)
  }
  prompt.agent = agentTools >= 2 || agentSystem(prompt.system)
  prompt.empty = wordless(prompt.text)
  return prompt
}

/** Counts the tools; returns how many are a coding agent's. */
function countTools(body: Buffer, span: Span | undefined, prompt: Prompt): number {
  if (span === undefined || body[span.start] !== 91) return 0
  const budget = { left: 40_000 }
  const found = elementsAhead(body, span, 64, budget)
  prompt.tools += found.length
  // Where a tool's name stands is known for the first bytes of each only; schemas are long.
  let count = 0
  let window = ''
  for (const { start, end } of found.slice(0, 24)) window += body.toString('latin1', start, Math.min(end, start + 160))
  for (const _ of window.matchAll(AGENT_TOOL)) count += 1
  // Namespaces hold their tools inside.
  if (count < 2 && found.length > 0 && found.length < 4)
    for (const _ of body.toString('latin1', span.start, Math.min(span.end, span.start + 8000)).matchAll(AGENT_TOOL))
      count += 1
  return count
}

function agentSystem(system: string): boolean {
  if (system === '') return false
  let strength = 0
  for (const [cue] of system.slice(0, SYSTEM).matchAll(AGENT_SYSTEM))
    strength += /^(?:repository|working directory|codebase|software engineer|ide|cursor|codex)$/i.test(cue) ? 1 : 2
  return strength >= 2
}

function note(prompt: Prompt, turn: Turn): void {
  prompt.attachments.images += turn.images
  prompt.attachments.files += turn.files
  prompt.attachments.toolResults += turn.toolResults
}

/** Fills in the ask and what was said before; returns tools that stand among the turns. */
function readTurns(body: Buffer, span: Span, prompt: Prompt, budget: Budget): Span | undefined {
  if (body[span.start] === 34) {
    const { head, tail } = stringOf(body, span, ASK) ?? { head: '', tail: '' }
    prompt.text = [withoutInjected(head), withoutInjected(tail)].filter((part) => part !== '').join('\n')
    prompt.turns = prompt.text === '' ? 0 : 1
    return undefined
  }
  if (body[span.start] === 123) span = { start: span.start, end: span.end }
  const said: string[] = []
  let stepped = 0
  let tools: Span | undefined
  const take = (turn: Turn) => {
    note(prompt, turn)
    tools ??= turn.tools
    if (turn.role === 'system' && turn.text !== '') prompt.system = prompt.system || turn.text.slice(0, SYSTEM)
    if (turn.role === 'user' && turn.text !== '') said.unshift(turn.text)
  }
  if (body[span.start] === 123) take(turnOf(body, span, ASK, budget))
  else
    elementsBack(body, span, budget, (element) => {
      take(turnOf(body, element, said.length === 0 ? ASK : EARLIER, budget))
      stepped += 1
      return said.length <= HEARD && stepped < STEPPED && budget.left > 0
    })
  // Instructions and the first ask of an agent's long run stand at the beginning.
  if (body[span.start] === 91 && (said.length === 0 || prompt.system === '' || stepped >= STEPPED)) {
    const first: string[] = []
    const seen = said.length
    for (const element of elementsAhead(body, span, 3, { left: 16_000 })) {
      const turn = turnOf(body, element, seen === 0 ? ASK : EARLIER, { left: 16_000 })
      tools ??= turn.tools
      if (turn.role === 'system' && turn.text !== '') prompt.system = prompt.system || turn.text.slice(0, SYSTEM)
      if (turn.role === 'user' && turn.text !== '') first.push(turn.text)
    }
    if (seen === 0 || (stepped >= STEPPED && seen <= HEARD)) said.unshift(...first)
  }
  if (said.length === 0) said.push(...lastWindow(body, span))
  prompt.turns = said.length
  prompt.text = said.pop() ?? ''
  prompt.earlier = said.slice(-HEARD).join('\n').slice(-3000)
  return tools
}

// A key with its colon is searched for natively by the colon, which is rarer than the quote.
const TEXT_KEY = Buffer.from('"text":')
const CONTENT_KEY = Buffer.from('"content":')

/** A last turn so long that even its beginning is out of reach: the end of the conversation stands for it. */
function lastWindow(body: Buffer, span: Span): string[] {
  const at = Math.max(body.lastIndexOf(TEXT_KEY, span.end), body.lastIndexOf(CONTENT_KEY, span.end))
  if (at < span.start) return []
  const open = body.indexOf(34, body.indexOf(58, at))
  if (open < 0 || span.end - open < 8) return []
  let end = spaceBack(body, span.end)
  while (end > open && body[end - 1] !== 34) end -= 1
  const read = stringOf(body, { start: open, end }, ASK)
  if (read === undefined) return []
  const text = [withoutInjected(read.head), withoutInjected(read.tail)].filter((part) => part !== '').join('\n')
  return text === '' ? [] : [text]
}

/** A prompt of one text, as the command line is given it. */
export function promptOf(text: string, system = ''): Prompt {
  return promptOfMessages([{ role: 'user', content: text }], system)
}

/** A prompt of messages in any of the dialects, already parsed. */
export function promptOfMessages(messages: readonly { role?: string; content?: unknown }[], system = ''): Prompt {
  const body = Buffer.from(JSON.stringify({ system, messages }) ?? '')
  return readPrompt('openai-chat', body)
}
