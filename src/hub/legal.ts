/**
 * Makes tool names and call ids legal for a dialect, and gives them back: one injective map for each request. The same
 * request always gives the same names, so prompt caches hold.
 */
import { createHash } from 'node:crypto'
import { customUnwrapper, type Unwrapper } from './custom.ts'
import type { ChatRequest, Message, Part, Tool, ToolChoice } from './request.ts'
import type { StreamEvent } from './response.ts'

export interface Rule {
  pattern: RegExp
  max: number
}

/** Undoes in an answer what was done to the tools of its request. One for each answer: free text unwraps as it streams. */
export interface Restore {
  push(event: StreamEvent, next: (event: StreamEvent) => void): void
}

/** Separates a namespace from its tool in dialects without namespaces. */
const NAMESPACE = '__'

interface Names {
  legal(name: string): string
  original(name: string): string
}

/** An injective map into what a rule allows; what fits already stays as it is. */
function names(rule: Rule, taken: Iterable<string>): Names {
  const there = new Map<string, string>()
  const back = new Map<string, string>()
  // Names that fit keep themselves; the others are made around them.
  for (const name of taken)
    if (fits(name, rule)) {
      there.set(name, name)
      back.set(name, name)
    }
  return {
    legal(name) {
      const known = there.get(name)
      if (known !== undefined) return known
      let made = fits(name, rule) && !back.has(name) ? name : shortened(name, rule, 0)
      for (let salt = 1; back.has(made); salt += 1) made = shortened(name, rule, salt)
      there.set(name, made)
      back.set(made, name)
      return made
    },
    original: (name) => back.get(name) ?? name,
  }
}

function fits(name: string, { pattern, max }: Rule): boolean {
  return name.length <= max && pattern.test(name)
}

/** The beginning of the name, cleaned, and a digest of the whole. */
function shortened(name: string, { max }: Rule, salt: number): string {
  const digest = createHash('sha256').update(`${salt}\n${name}`).digest('hex').slice(0, 8)
  const clean = name.replace(/[^a-zA-Z0-9_-]/g, '_').replace(/^[^a-zA-Z_]+/, '')
  return `${clean.slice(0, Math.max(0, max - 9)) || 't'}_${digest}`
}

/**
 * The request with legal names and ids, and what undoes it. Nothing is copied that needs no change.
 * @param flatten whether the dialect lacks namespaces: their tools become plain ones with joined names.
 */
export function legalise(
  request: ChatRequest,
  rules: { toolName: Rule; callId: Rule },
  flatten: boolean,
): { request: ChatRequest; restorer: () => Restore } {
  const spaced = new Map<string, { name: string; namespace: string }>()
  const custom = new Set<string>()
  const declared: string[] = []
  for (const tool of request.tools ?? []) {
    if (tool.type === 'function' || tool.type === 'custom') declared.push(tool.name)
    if (tool.type === 'custom') custom.add(tool.name)
    if (tool.type === 'namespace')
      for (const inner of tool.tools) {
        const joined = flatten ? `${tool.name}${NAMESPACE}${inner.name}` : inner.name
        declared.push(joined)
        spaced.set(joined, { name: inner.name, namespace: tool.name })
        if (inner.type === 'custom') custom.add(joined)
      }
  }
  const toolNames = names(rules.toolName, declared)
  const callIds = names(rules.callId, callIdsOf(request.messages))

  const called = (name: string, namespace?: string): string =>
    toolNames.legal(flatten && namespace !== undefined ? `${namespace}${NAMESPACE}${name}` : name)

  const legal: ChatRequest = {
    ...request,
    messages: request.messages.map((message) => mapMessage(message, called, callIds.legal)),
    ...(request.tools !== undefined && {
      tools: request.tools.flatMap((tool) => mapTool(tool, toolNames.legal, flatten)),
    }),
    ...(request.toolChoice !== undefined && { toolChoice: mapChoice(request.toolChoice, toolNames.legal) }),
  }
  return { request: legal, restorer: () => restorer({ toolNames, callIds, spaced, custom }) }
}

interface Renamed {
  toolNames: Names
  callIds: Names
  spaced: ReadonlyMap<string, { name: string; namespace: string }>
  custom: ReadonlySet<string>
}

function restorer({ toolNames, callIds, spaced, custom }: Renamed): Restore {
  // Calls of free-text tools that the dialect carried as functions, by part index.
  const wrapped = new Map<number, Unwrapper>()
  return {
    push(event, next) {
      if (event.type === 'part-start' && event.part.type === 'tool-call') {
        const name = toolNames.original(event.part.name)
        const inner = spaced.get(name)
        const isCustom = event.part.custom === true || custom.has(name)
        if (isCustom && !event.part.custom) wrapped.set(event.index, customUnwrapper())
        next({
          ...event,
          part: {
            ...event.part,
            id: callIds.original(event.part.id),
            name: inner?.name ?? name,
            ...(inner !== undefined && { namespace: inner.namespace }),
            ...(isCustom && { custom: true as const }),
          },
        })
        return
      }
      const unwrapper = event.type === 'part-delta' || event.type === 'part-end' ? wrapped.get(event.index) : undefined
      if (unwrapper === undefined) {
        next(event)
        return
      }
      const text = event.type === 'part-delta' ? unwrapper.push(event.text) : unwrapper.end()
      if (text !== '') next({ type: 'part-delta', index: (event as { index: number }).index, text })
      if (event.type === 'part-end') next(event)
    },
  }
}

function* callIdsOf(messages: readonly Message[]): Generator<string> {
  for (const { parts } of messages)
    for (const part of parts) {
      if (part.type === 'tool-call') yield part.id
      if (part.type === 'tool-result') yield part.callId
    }
}

function mapMessage(
  message: Message,
  name: (name: string, namespace?: string) => string,
  id: (id: string) => string,
): Message {
  if (!message.parts.some((part) => part.type === 'tool-call' || part.type === 'tool-result')) return message
  return {
    ...message,
    parts: message.parts.map((part): Part => {
      if (part.type === 'tool-call') return { ...part, id: id(part.id), name: name(part.name, part.namespace) }
      if (part.type === 'tool-result')
        return { ...part, callId: id(part.callId), ...(part.name !== undefined && { name: name(part.name) }) }
      return part
    }),
  }
}

function mapTool(tool: Tool, name: (name: string) => string, flatten: boolean): Tool[] {
  switch (tool.type) {
    case 'function':
    case 'custom':
      return [{ ...tool, name: name(tool.name) }]
    case 'namespace':
      return flatten
        ? tool.tools.map((inner) => ({ ...inner, name: name(`${tool.name}${NAMESPACE}${inner.name}`) }))
        : [{ ...tool, tools: tool.tools.map((inner) => ({ ...inner, name: name(inner.name) })) }]
    default:
      return [tool]
  }
}

function mapChoice(choice: ToolChoice, name: (name: string) => string): ToolChoice {
  if (choice.mode === 'tool') return { ...choice, name: name(choice.name) }
  if (choice.mode === 'allowed') return { ...choice, names: choice.names.map(name) }
  return choice
}
