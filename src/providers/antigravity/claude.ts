/** Claude's models behind Antigravity: Claude's own rules, in Gemini's words (domain.md 1.6, 3.4, 3.5, 3.7). */
import type { Loss } from '../../hub/loss.ts'
import { budgetOf } from '../../hub/reasoning.ts'
import { EFFORTS } from '../../hub/request.ts'
import { fieldsOf, type Json, objects } from '../code-assist.ts'
import { callOf, isSigned } from '../google-signatures.ts'

/** Least tokens of thinking. */
const LEAST = 1_024

/** `generationConfig` as Claude's models take it: a thinking budget below the most it may write, one sampling knob. */
export function claudeConfig(given: Json, contents: unknown, maxOutput: number, losses: Loss[]): Json {
  const { thinkingConfig, ...config } = given
  // Fields by the names the dialects' encoders tell them under, since most clients speak another one.
  const lose = (field: string, reason: string) => losses.push({ field, reason })
  const thinking = fieldsOf(thinkingConfig)
  const wanted = thinkingConfig === undefined ? 0 : wantedBudget(thinking)
  const most = typeof config['maxOutputTokens'] === 'number' ? config['maxOutputTokens'] : maxOutput
  const budget = Math.min(wanted, most - 1)
  if (wanted > 0 && budget < LEAST) lose('reasoning', `there is no room to think in ${most} tokens`)
  else if (budget < wanted) lose('reasoning', 'its budget has to be below max_tokens')
  const on = budget >= LEAST && wanted > 0
  if (on && unthoughtLoop(contents)) {
    // Claude refuses to think from the middle of a tool loop that began without its thoughts.
    lose('reasoning', 'the calls that are being answered have lost their thoughts')
    return sampling(config, false, lose)
  }
  if (!on) return sampling(config, false, lose)
  const { includeThoughts } = thinking
  return {
    ...sampling(config, true, lose),
    maxOutputTokens: most,
    thinkingConfig: { thinkingBudget: budget, ...(includeThoughts !== undefined && { includeThoughts }) },
  }
}

/** Tokens of thinking that are asked for; 0: none. */
function wantedBudget({ thinkingBudget, thinkingLevel }: Json): number {
  if (typeof thinkingBudget === 'number' && thinkingBudget >= 0)
    return thinkingBudget === 0 ? 0 : Math.max(thinkingBudget, LEAST)
  const level = EFFORTS.find((effort) => typeof thinkingLevel === 'string' && effort === thinkingLevel.toLowerCase())
  if (level === 'none') return 0
  // Left to the model (-1, or nothing said): Claude has no such word, medium is meant.
  return Math.max(budgetOf(level ?? 'medium'), LEAST)
}

const NAMES = { temperature: 'temperature', topP: 'top_p', topK: 'top_k' } as const

/** Newest models take one of temperature and top_p; while they think, neither of them may be turned, nor top_k. */
function sampling(config: Json, thinks: boolean, lose: (field: string, reason: string) => void): Json {
  const out = { ...config }
  const { temperature, topP } = config
  const drop = (field: keyof typeof NAMES, reason: string) => {
    if (out[field] === undefined) return
    lose(NAMES[field], reason)
    delete out[field]
  }
  if (thinks) {
    const reason = 'Claude takes none while it thinks'
    if (temperature === 1) delete out['temperature']
    drop('temperature', reason)
    drop('topK', reason)
    if (typeof topP === 'number' && topP < 0.95) drop('topP', `${reason} below 0.95`)
    return out
  }
  if (typeof temperature === 'number' && temperature > 1) {
    lose('temperature', 'Claude takes 1 at most')
    out['temperature'] = 1
  }
  if (temperature !== undefined) drop('topP', 'Claude takes either temperature or top_p')
  return out
}

/** Whether the tool loop that is going on began with a call without thoughts of Claude's own. */
function unthoughtLoop(contents: unknown): boolean {
  const turns = objects(contents)
  const start = turns.findLastIndex(
    (turn) => turn['role'] !== 'model' && objects(turn['parts']).some((part) => !isResult(part)),
  )
  const first = turns.slice(start + 1).find((turn) => turn['role'] === 'model')
  const parts = objects(first?.['parts'])
  const call = parts.find((part) => callOf(part) !== undefined)
  return call !== undefined && !isSigned(call) && !parts.some((part) => part['thought'] === true)
}

function isResult(part: Json): boolean {
  return 'functionResponse' in part || 'function_response' in part
}
