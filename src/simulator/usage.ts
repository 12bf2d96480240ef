import { hash } from 'node:crypto'
import type { Ask, Block, Context, Usage } from './types.ts'

/** Tokens by the rule of thumb: four characters each. */
export function tokens(chars: number): number {
  return Math.ceil(chars / 4)
}

/** Prompt tokens of a request. */
export function promptTokens(ask: Ask): number {
  let chars = 0
  for (const s of ask.segments) chars += s.length
  return Math.max(1, tokens(chars))
}

/** Vendors cache prompts from this length on; below it answers depend on nothing but the request. */
export const CACHE_FROM = 1024

/**
 * Count what a request and its answer cost. Long prompts are remembered per key by their prefixes, so that a
 * conversation's next turn reads the earlier ones from the cache as it would at the vendor.
 */
export function usageOf(ask: Ask, blocks: Block[], ctx: Context, forced: number | undefined): Usage {
  const input = promptTokens(ask)
  let output = 0
  let reasoning = 0
  for (const b of blocks) {
    if (b.type === 'text') output += b.pieces.chars
    else if (b.type === 'call') output += b.input.length + b.tool.name.length
    else if (b.type === 'refusal') output += b.text.length
    else reasoning += tokens(Math.max(b.text.length, 64))
  }
  const usage: Usage = { fresh: input, cacheRead: 0, cacheWrite: 0, output: Math.max(1, tokens(output)), reasoning }
  if (forced !== undefined) {
    usage.cacheRead = Math.min(forced, Math.max(0, input - 1))
    usage.fresh = input - usage.cacheRead
  } else if (ask.cacheable && input >= CACHE_FROM) {
    const { read, written } = prefixes(ask, ctx)
    usage.cacheRead = Math.min(read, input - 1)
    usage.cacheWrite = Math.min(written, input - 1 - usage.cacheRead)
    usage.fresh = input - usage.cacheRead - usage.cacheWrite
  }
  return usage
}

function prefixes(ask: Ask, ctx: Context): { read: number; written: number } {
  const seen = ctx.state.prefixes
  let chain = `${ctx.key}\n${ask.model}`
  let chars = 0
  let read = 0
  // The last message is the new question; everything before it is what a later turn shares.
  for (let i = 0; i < ask.segments.length; i++) {
    const segment = ask.segments[i]!
    chain = hash('sha1', `${chain}\n${segment}`)
    chars += segment.length
    const count = tokens(chars)
    if (count < CACHE_FROM) continue
    if (seen.has(chain)) read = count
    else seen.set(chain, count)
  }
  if (seen.size > 20_000) seen.clear()
  return { read, written: tokens(chars) - read }
}
