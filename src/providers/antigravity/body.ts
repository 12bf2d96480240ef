/** The envelope of Antigravity and what it asks of a request (domain.md 1.6). */
import type { Account } from '../../accounts/account.ts'
import type { Loss } from '../../hub/loss.ts'
import {
  asObject,
  countEnvelope,
  fieldsOf,
  type Json,
  objects,
  openEnvelope,
  sessionName,
  takenFields,
} from '../code-assist.ts'
import { createCodeAssistWays, type Way } from '../code-assist-ways.ts'
import { markSignatures, withOwnSignatures } from '../google-signatures.ts'
import { conversationId } from '../login-request.ts'
import type { EditContext, Vessel } from '../provider.ts'
import { claudeConfig } from './claude.ts'
import { mannersOf } from './models.ts'
import { createGate } from './refusals.ts'
import { answerSchema, PLACEHOLDER } from './schema.ts'
import { parseExact, stripPlaceholder, toolsFor } from './tools.ts'

/** Members that Code Assist has and this API has not. */
const ELSEWHERE = ['safetySettings', 'cachedContent', 'labels'] as const

const wayOf = createCodeAssistWays()

/** One for each attempt: what the request was decides how its answer is read, and where it went where the next one goes. */
export function createVessel(account: Account): Vessel {
  const way = wayOf(account)
  const gate = createGate()
  let claude = false
  return {
    at: way.at,
    turn: way.turn,
    edit(body, context) {
      claude = mannersOf(context.model).claude
      return context.action === 'count-tokens' ? countEnvelope(body, context.model) : enveloped(body, context, way)
    },
    open(json) {
      const answer = openEnvelope(json)
      if (answer === undefined) return undefined
      gate(answer)
      return claude ? asGiven(answer) : answer
    },
  }
}

function enveloped(body: Json, context: EditContext, way: Way): { body: Json; losses: Loss[] } {
  const { model } = context
  const project = way.project(context)
  const manners = mannersOf(model)
  const { request: taken, losses } = takenFields(body)
  for (const field of ELSEWHERE) {
    if (taken[field] !== undefined) losses.push({ field, reason: 'Antigravity has no such field' })
    delete taken[field]
  }
  const tools = toolsFor(taken, manners)
  const { contents, lost } = withOwnSignatures(userTurns(taken['contents']), model, true)
  if (lost) losses.push({ field: 'reasoning', reason: 'its state belongs to another model' })
  const config = configOf(taken['generationConfig'], model, contents, losses)
  const instruction = asObject(taken['systemInstruction'])
  const session = sessionName(context)
  const request: Json = {
    contents,
    // Instructions have no role here.
    ...(instruction !== undefined && { systemInstruction: { parts: objects(instruction['parts']) } }),
    ...tools.fields,
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(session !== undefined && { sessionId: session }),
  }
  return {
    body: {
      project,
      model,
      // Fields of the schema (domain.md 1.6), and no names we go by: the header says who is asking.
      userAgent: 'antigravity',
      requestType: typeOfRequest(model, tools.fields['tools']),
      // domain.md 1.6: `agent-<uuid>`; the same for every attempt of one call.
      requestId: `agent-${conversationId(context.id, context.account.id)}`,
      request,
    },
    losses: [...losses, ...tools.losses],
  }
}

/** An answer of Claude's as its client may see it: without what stood in for empty parameters, its signatures marked. */
function asGiven(answer: string): string {
  if (!answer.includes(PLACEHOLDER) && !/thought_?[sS]ignature/.test(answer)) return answer
  const parsed = parseExact(answer)
  if (parsed === undefined) return answer
  const stripped = stripPlaceholder(parsed)
  const marked = markSignatures(parsed)
  return stripped || marked ? JSON.stringify(parsed) : answer
}

/** Results of functions are the user's turn; the public API's older role for them is unknown here. */
function userTurns(contents: unknown): unknown {
  if (!Array.isArray(contents)) return contents
  return contents.map((content) => {
    const turn = asObject(content)
    return turn?.['role'] === 'function' ? { ...turn, role: 'user' } : content
  })
}

function configOf(given: unknown, model: string, contents: unknown, losses: Loss[]): Json {
  const manners = mannersOf(model)
  const { responseJsonSchema, ...config } = fieldsOf(given)
  if (config['thinkingConfig'] !== undefined) config['thinkingConfig'] = fieldsOf(config['thinkingConfig'])
  const schema = config['responseSchema'] ?? responseJsonSchema
  if (schema !== undefined) config['responseSchema'] = answerSchema(schema)
  if (manners.gemini) {
    if (config['maxOutputTokens'] !== undefined)
      losses.push({ field: 'max_tokens', reason: 'Antigravity takes none for Gemini models' })
    delete config['maxOutputTokens']
    return config
  }
  const most = config['maxOutputTokens']
  if (typeof most === 'number' && most > manners.maxOutput) {
    losses.push({
      field: 'max_tokens',
      reason: `this model writes ${manners.maxOutput} tokens at most here`,
    })
    config['maxOutputTokens'] = manners.maxOutput
  }
  return manners.claude ? claudeConfig(config, contents, manners.maxOutput, losses) : config
}

function typeOfRequest(model: string, tools: unknown): 'agent' | 'image_gen' | 'web_search' {
  if (/image/.test(model)) return 'image_gen'
  const list = objects(tools)
  return list.length > 0 && list.every((tool) => 'googleSearch' in tool) ? 'web_search' : 'agent'
}
