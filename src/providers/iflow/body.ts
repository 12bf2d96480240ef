/**
 * What iFlow's chat API wants beyond the dialect (domain.md 1.5, quirks). `reasoning_content` of the history stays where the
 * dialect put it: GLM 4 and MiniMax M2 want to see it again.
 */
import type { Loss } from '../../hub/loss.ts'
import type { Vessel } from '../provider.ts'
import { fields } from '../reading.ts'
import { thinkingOf } from './models.ts'

type Json = Record<string, unknown>

export const vessel: Vessel = {
  edit(body, { model }) {
    return withThinking(withoutEmptyTools(body), model)
  },
}

/** An empty list of tools breaks the stream, and a choice among none is refused. */
function withoutEmptyTools(body: Json): Json {
  const { tools, tool_choice, parallel_tool_calls, ...rest } = body
  if (!Array.isArray(tools) || tools.length > 0) return body
  return rest
}

/** The ways the dialect has to ask for thinking; none of them is read here. */
const ASKS = ['reasoning_effort', 'reasoning', 'thinking', 'enable_thinking', 'thinking_budget'] as const

function withThinking(body: Json, model: string): { body: Json; losses: Loss[] } {
  const asked = ASKS.filter((name) => body[name] !== undefined)
  if (asked.length === 0 && thinkingOf(model) !== 'split') return { body, losses: [] }
  const rest = Object.fromEntries(
    Object.entries(body).filter(([name]) => !asked.includes(name as (typeof ASKS)[number])),
  )
  const on = wanted(body)
  switch (thinkingOf(model)) {
    case undefined:
      return {
        body: rest,
        losses: on === false ? [] : asked.map((field) => ({ field, reason: `${model} has no switch for thinking` })),
      }
    case 'split':
      return {
        body: { reasoning_split: true, ...rest },
        losses: on === false ? asked.map((field) => ({ field, reason: `${model} always thinks` })) : [],
      }
    case 'template':
    case 'template-kept': {
      if (on === undefined) return { body: rest, losses: [] }
      const keeps = on && thinkingOf(model) === 'template-kept'
      const kwargs = { enable_thinking: on, ...(keeps && { clear_thinking: false }) }
      return {
        // What a client says to the template itself stands.
        body: { ...rest, chat_template_kwargs: { ...kwargs, ...fields(body['chat_template_kwargs']) } },
        losses: on ? graded(body) : [],
      }
    }
  }
}

/** Whether thinking is asked for; undefined leaves it to the model. */
function wanted(body: Json): boolean | undefined {
  const { reasoning_effort: effort, enable_thinking: enabled } = body
  if (typeof enabled === 'boolean') return enabled
  const type = fields(body['thinking'])['type']
  if (typeof type === 'string') return type !== 'disabled'
  const reasoning = fields(body['reasoning'])
  const word = typeof effort === 'string' ? effort : reasoning['effort']
  if (typeof word === 'string') return word !== 'none'
  return typeof reasoning['enabled'] === 'boolean' ? reasoning['enabled'] : undefined
}

/** It is on or off: how much is left to the model. */
function graded(body: Json): Loss[] {
  const reason = 'iFlow has thinking on or off only'
  const budgets: readonly [string, unknown][] = [
    ['reasoning_effort', body['reasoning_effort']],
    ['reasoning.effort', fields(body['reasoning'])['effort']],
    ['thinking.budget_tokens', fields(body['thinking'])['budget_tokens']],
    ['thinking_budget', body['thinking_budget']],
  ]
  return budgets.filter(([, said]) => said !== undefined).map(([field]) => ({ field, reason }))
}
