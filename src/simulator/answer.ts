import { wordValue } from './behaviour.ts'
import type { Fault } from './faults.ts'
import { numbered, pieces } from './pieces.ts'
import { sample, stock } from './sample.ts'
import type { Answer, Ask, Block, Context, Pieces, ToolSpec } from './types.ts'
import { usageOf } from './usage.ts'

const WANTS_TOOL = /\b(?:call|tools?|weather|function|parallel)\b/i

/** What the tools say back and what the prompt says, shortened for quoting. */
function quote(text: string, max: number): string {
  const flat = text
    .slice(0, max * 4)
    .replace(/\s+/g, ' ')
    .trim()
  return flat.length > max ? `${flat.slice(0, max)}…` : flat
}

/** Which tools to call: forced ones, else those the prompt names, else none or the first. */
function choose(ask: Ask, forced: number | undefined): { tool: ToolSpec; turn: number }[] {
  if (!ask.tools.length || ask.choice === 'none' || ask.results.length) return []
  const choice = ask.choice
  const named = typeof choice === 'object' ? ask.tools.filter((t) => t.name === choice.name) : undefined
  const from = named?.length ? named : ask.tools
  if (forced !== undefined) {
    const rounds = new Map<ToolSpec, number>()
    return Array.from({ length: forced }, (_, i) => {
      const tool = from[i % from.length]!
      const turn = rounds.get(tool) ?? 0
      rounds.set(tool, turn + 1)
      return { tool, turn }
    })
  }
  const lower = ask.userText.toLowerCase()
  const mentioned = from.filter((t) => lower.includes(t.name.toLowerCase()))
  if (ask.choice === 'auto' && !mentioned.length && !WANTS_TOOL.test(ask.userText)) return []
  const places = stock(ask.userText).places
  const targets = mentioned.length ? mentioned : [from[0]!]
  const parallel = /\bparallel\b/i.test(ask.userText)
  if (!ask.parallel || typeof choice === 'object') return [{ tool: targets[0]!, turn: 0 }]
  if (targets.length > 1) return targets.slice(0, 4).map((tool) => ({ tool, turn: 0 }))
  if (places.length > 1) return places.slice(0, 4).map((_, turn) => ({ tool: targets[0]!, turn }))
  if (!parallel) return [{ tool: targets[0]!, turn: 0 }]
  if (from.length > 1) return from.slice(0, 2).map((tool) => ({ tool, turn: 0 }))
  return [0, 1].map((turn) => ({ tool: targets[0]!, turn }))
}

function argumentsFor(tool: ToolSpec, ask: Ask, turn: number): string {
  const from = stock(ask.userText, turn)
  if (tool.custom) return quote(ask.userText, 80) + (turn ? ` ${turn + 1}` : '')
  return JSON.stringify(sample(tool.schema, from))
}

/** The default prose: says that it is simulated, then what it was given. */
function prose(ask: Ask): string {
  if (ask.results.length)
    return `[simulated] ${ask.model} got ${ask.results.map((r) => `"${quote(r, 200)}"`).join(' and ')}.`
  const media = ask.media.map((m) => ` You sent ${m.kind} ${m.mediaType} of ${m.bytes} bytes.`).join('')
  return `[simulated] ${ask.model} here.${media} You said: ${quote(ask.userText, 240)}`
}

/** Honour stop sequences and the output limit, in this order of appearance. */
function limit(text: string, ask: Ask): { text: string; finish: Answer['finish']; stop?: string } {
  let cutAt = text.length
  let stop: string | undefined
  for (const s of ask.stops) {
    const at = s ? text.indexOf(s) : -1
    if (at >= 0 && at < cutAt) [cutAt, stop] = [at, s]
  }
  const room = ask.maxTokens === undefined ? Number.POSITIVE_INFINITY : ask.maxTokens * 4
  if (room < cutAt) return { text: text.slice(0, room), finish: 'length' }
  if (stop !== undefined) return { text: text.slice(0, cutAt), finish: 'stop', stop }
  return { text, finish: 'end' }
}

/** Filler of a chosen shape; it overrides limits, since the test that asked for it wants exactly that. */
function filler(words: readonly Fault[], key: string): Pieces | undefined {
  const value = (name: string) => wordValue(words, name, key)
  const huge = value('huge')
  if (huge !== undefined) return pieces('x'.repeat(huge), Math.max(1, huge))
  const events = value('events')
  const length = value('len')
  if (events !== undefined) return numbered(events, Math.max(1, length ?? 16))
  if (length !== undefined)
    return pieces(
      numbered(Math.ceil(length / 16), 16)
        .text()
        .slice(0, length),
      16,
    )
  return undefined
}

/** The answer to a request, from nothing but the request and the words in its model name. */
export function answer(ask: Ask, words: readonly Fault[], ctx: Context): Answer {
  const has = (name: string) => wordValue(words, name, ctx.key) !== undefined
  const blocks: Block[] = []
  const base = { seed: ctx.seed, model: ask.model, blocks }
  const done = (finish: Answer['finish'], stop?: string): Answer => ({
    ...base,
    finish,
    stop,
    usage: usageOf(ask, blocks, ctx, wordValue(words, 'cached', ctx.key)),
  })
  if (has('empty')) return done('end')
  if (has('refusal')) return done('refusal')
  if (has('refusal-text')) {
    blocks.push({ type: 'refusal', text: "[simulated] I'm sorry, but I can't help with that." })
    return done('blocked')
  }
  if (ask.reasoning || has('think') || has('think-redacted')) {
    const text = `The user wants: ${quote(ask.userText, 80)}. This is simulated reasoning.`
    blocks.push(has('think-redacted') ? { type: 'reasoning', text: '', redacted: true } : { type: 'reasoning', text })
  }
  const fill = filler(words, ctx.key)
  if (fill) {
    blocks.push({ type: 'text', pieces: fill })
    return done('end')
  }
  const calls = has('text') ? [] : choose(ask, wordValue(words, 'tools', ctx.key))
  if (calls.length) {
    calls.forEach(({ tool, turn }, i) => {
      // The place in the answer is part of the id, so parallel calls never share one.
      const id = `${ctx.seed.slice(0, 18)}${i.toString(16).padStart(2, '0')}`
      blocks.push({ type: 'call', id, tool, input: argumentsFor(tool, ask, turn) })
    })
    return done('tools')
  }
  const text = ask.format
    ? JSON.stringify(
        ask.format.schema
          ? sample(ask.format.schema, stock(ask.userText))
          : { simulated: true, said: quote(ask.userText, 80) },
      )
    : prose(ask)
  const limited = limit(text, ask)
  blocks.push({ type: 'text', pieces: pieces(limited.text) })
  return done(limited.finish, limited.stop)
}

/** Tool calls of an answer. */
export function calls(answer: Answer): Extract<Block, { type: 'call' }>[] {
  return answer.blocks.filter((b) => b.type === 'call')
}
