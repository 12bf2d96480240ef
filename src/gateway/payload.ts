/** The operator's `payload` rules (domain.md 5.1): parameters set, forced or taken out by model. */
import type { PayloadRules } from '../config/schema.ts'
import { matcher } from '../config/wildcard.ts'
import type { ProtocolId } from '../hub/protocol-id.ts'

type Json = Record<string, unknown>
type Selector = PayloadRules['default'][number]['models'][number]

/** What a rule can look at besides the body. */
export interface PayloadContext {
  /** Upstream and public model name; a rule may name either. */
  models: readonly string[]
  /** Dialect sent upstream. */
  protocol: ProtocolId
  /** Dialect of the client. */
  from: ProtocolId
  header(name: string): string | undefined
}

export interface CompiledPayload {
  /** True when no rule can apply: the body stays bytes. */
  empty: boolean
  /** Rules whose model and dialect fit; empty when the body needs no change. */
  applicable(context: PayloadContext): readonly PayloadStep[]
}

/** Changes a parsed body in place. */
export type PayloadStep = (body: Json) => void

/** Names the reference gives the dialects in its rules. */
const DIALECT_NAMES = new Map<string, readonly ProtocolId[]>(
  Object.entries({
    openai: ['openai-chat'],
    'openai-chat': ['openai-chat'],
    'openai-response': ['openai-responses'],
    'openai-responses': ['openai-responses'],
    responses: ['openai-responses'],
    codex: ['openai-responses'],
    claude: ['anthropic'],
    anthropic: ['anthropic'],
    gemini: ['gemini'],
    antigravity: ['gemini'],
    'gemini-cli': ['gemini'],
  }),
)

interface CompiledRule {
  selectors: readonly ((context: PayloadContext) => boolean)[]
  conditions: readonly Selector[]
  change: PayloadStep
}

/** Compiles the rules of a configuration. Order: defaults, overrides, filters. */
export function compilePayload(rules: PayloadRules): CompiledPayload {
  const compiled: CompiledRule[] = []
  const add = (models: readonly Selector[], change: PayloadStep) =>
    compiled.push({ selectors: models.map(selector), conditions: models, change })

  for (const rule of rules.default) add(rule.models, setAll(rule.params, false))
  for (const rule of rules['default-raw']) add(rule.models, setAll(parsed(rule.params), false))
  for (const rule of rules.override) add(rule.models, setAll(rule.params, true))
  for (const rule of rules['override-raw']) add(rule.models, setAll(parsed(rule.params), true))
  for (const rule of rules.filter)
    add(rule.models, (body) => {
      for (const path of rule.params) remove(body, split(path))
    })

  return {
    empty: compiled.length === 0,
    applicable(context) {
      const steps: PayloadStep[] = []
      for (const { selectors, conditions, change } of compiled) {
        const fitting = conditions.filter((_, i) => selectors[i]!(context))
        if (fitting.length > 0)
          steps.push((body) => {
            if (fitting.some((c) => holds(c, body))) change(body)
          })
      }
      return steps
    },
  }
}

function selector(s: Selector): (context: PayloadContext) => boolean {
  const model = matcher([s.name])
  const headers = Object.entries(s.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), matcher([value])] as const,
  )
  return (context) =>
    context.models.some(model) &&
    speaks(s.protocol, context.protocol) &&
    speaks(s['from-protocol'], context.from) &&
    headers.every(([name, matches]) => matches(context.header(name) ?? ''))
}

function speaks(named: string | undefined, protocol: ProtocolId): boolean {
  return named === undefined || named === '' || DIALECT_NAMES.get(named.toLowerCase())?.includes(protocol) === true
}

function holds(s: Selector, body: Json): boolean {
  const equal = (paths: Json) =>
    Object.entries(paths).every(([path, value]) => JSON.stringify(get(body, split(path))) === JSON.stringify(value))
  return (
    (s.match ?? []).every(equal) &&
    !(s['not-match'] ?? []).some(equal) &&
    (s.exist ?? []).every((path) => get(body, split(path)) !== undefined) &&
    (s['not-exist'] ?? []).every((path) => get(body, split(path)) === undefined)
  )
}

function parsed(params: Json): Json {
  return Object.fromEntries(
    Object.entries(params).map(([path, value]) => [path, typeof value === 'string' ? JSON.parse(value) : value]),
  )
}

function setAll(params: Json, force: boolean): PayloadStep {
  const entries = Object.entries(params).map(([path, value]) => [split(path), value] as const)
  return (body) => {
    for (const [path, value] of entries) if (force || get(body, path) === undefined) set(body, path, value)
  }
}

/** Paths are dotted; a number is an index, and `\.` a dot within a name. */
function split(path: string): string[] {
  return path.split(/(?<!\\)\./).map((piece) => piece.replaceAll('\\.', '.'))
}

const UNSAFE = new Set(['__proto__', 'prototype', 'constructor'])

function child(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
  return (node as Json)[name]
}

function get(body: Json, path: readonly string[]): unknown {
  return path.reduce<unknown>(child, body)
}

function set(body: Json, path: readonly string[], value: unknown): void {
  if (path.some((name) => UNSAFE.has(name))) return
  let node: Json = body
  for (const name of path.slice(0, -1)) {
    const next = child(node, name)
    if (typeof next === 'object' && next !== null) node = next as Json
    else {
      const made: Json = {}
      node[name] = made
      node = made
    }
  }
  // A copy: the rule's own value must not be shared between requests.
  node[path[path.length - 1]!] = structuredClone(value)
}

function remove(body: Json, path: readonly string[]): void {
  const parent = get(body, path.slice(0, -1))
  const name = path[path.length - 1]!
  if (Array.isArray(parent)) {
    const index = Number(name)
    if (Number.isInteger(index) && index >= 0 && index < parent.length) parent.splice(index, 1)
  } else if (typeof parent === 'object' && parent !== null) delete (parent as Json)[name]
}
