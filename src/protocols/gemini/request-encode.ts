/** Hub → generateContent request. */

import { CUSTOM_SCHEMA } from '../../hub/custom.ts'
import type { Loss } from '../../hub/loss.ts'
import { asBudget, asEffort } from '../../hub/reasoning.ts'
import type { ChatRequest, CustomTool, Effort, FunctionTool, SearchTool, Tool } from '../../hub/request.ts'
import type { Json, TargetModel } from '../codec.ts'
import { asObject } from '../json.ts'
import { encodeContents } from './contents-encode.ts'
import { defined } from './fields.ts'
import { CONFIG } from './request-decode.ts'
import { toJsonForm, toSubset } from './schema.ts'

/** Levels there are; a hub level beyond them becomes the nearest. */
const LEVELS: readonly Effort[] = ['minimal', 'low', 'medium', 'high']

const MAX_STOPS = 5
/** `seed` is an int32. */
const MAX_SEED = 2 ** 31 - 1

type Lose = (field: string, reason: string) => void

export function encodeRequest(request: ChatRequest, target: TargetModel): { body: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const lose: Lose = (field, reason) => {
    losses.push({ field, reason })
  }
  // The third generation has levels, and with them signatures, media in results, and tools of both kinds at once.
  const third = target.reasoning?.by === 'effort'
  const { toolConfig, ...extras } = (request.extras?.gemini ?? {}) as Json
  const own = Object.entries(extras)
  const rest = Object.fromEntries(own.filter(([name]) => !name.startsWith(CONFIG)))
  const said = encodeContents(request, third)
  losses.push(...said.losses)
  const { tools, hasFunctions, mixed } = encodeTools(request.tools ?? [], third, lose)
  const choice = encodeChoice(request, asObject(toolConfig), { hasFunctions, mixed, third }, lose)
  const config = {
    ...encodeSampling(request, target, lose),
    ...encodeThinking(request, target, lose),
    ...encodeOutput(request, hasFunctions && !third, lose),
    ...Object.fromEntries(
      own.flatMap(([name, value]) => (name.startsWith(CONFIG) ? [[name.slice(CONFIG.length), value]] : [])),
    ),
  }
  for (const [field, value] of Object.entries({
    verbosity: request.verbosity,
    user: request.user,
    prompt_cache_key: request.cacheKey,
  }))
    if (value !== undefined) lose(field, 'Gemini has no such field')
  const body: Json = {
    ...defined({ systemInstruction: said.systemInstruction }),
    contents: said.contents,
    ...(tools.length > 0 && { tools }),
    ...(choice !== undefined && { toolConfig: choice }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...rest,
  }
  return { body, losses }
}

function encodeTools(
  tools: readonly Tool[],
  third: boolean,
  lose: Lose,
): { tools: Json[]; hasFunctions: boolean; mixed: boolean } {
  const declarations: Json[] = []
  const hosted: Json[] = []
  const searches: SearchTool[] = []
  for (const tool of tools) {
    switch (tool.type) {
      case 'function':
      case 'custom':
        declarations.push(encodeFunction(tool, tool.name, lose))
        break
      case 'namespace':
        for (const inner of tool.tools) declarations.push(encodeFunction(inner, `${tool.name}__${inner.name}`, lose))
        break
      case 'web-search':
        searches.push(tool)
        break
      case 'native': {
        const value = tool.protocol === 'gemini' ? asObject(tool.value) : undefined
        if (value !== undefined) hosted.push(value)
        break
      }
    }
  }
  const hasFunctions = declarations.length > 0
  // Before Gemini 3 a request with both is refused.
  if (hasFunctions && !third && searches.length > 0)
    lose('tools.web_search', 'this model cannot search beside functions')
  else for (const search of searches) hosted.push(encodeSearch(search, lose))
  return {
    tools: [...(hasFunctions ? [{ functionDeclarations: declarations }] : []), ...hosted],
    hasFunctions,
    mixed: hasFunctions && third && hosted.length > 0,
  }
}

function encodeFunction(tool: FunctionTool | CustomTool, name: string, lose: Lose): Json {
  const { $form: form, ...rest } = (tool.extras?.gemini ?? {}) as Json
  const named = { name, ...defined({ description: tool.description }) }
  if (tool.type === 'custom') {
    if (tool.format !== undefined && asObject(tool.format)?.['type'] !== 'text')
      lose('tools.format', 'Gemini has no grammars for the input of tools')
    return { ...named, parametersJsonSchema: CUSTOM_SCHEMA, ...rest }
  }
  if (tool.schema === undefined) return { ...named, ...rest }
  return form === 'parameters'
    ? { ...named, parameters: toSubset(tool.schema), ...rest }
    : { ...named, parametersJsonSchema: toJsonForm(tool.schema), ...rest }
}

function encodeSearch(tool: SearchTool, lose: Lose): Json {
  const { $form: form, ...rest } = (tool.extras?.gemini ?? {}) as Json
  for (const field of ['maxUses', 'allowedDomains', 'blockedDomains', 'location'] as const)
    if (tool[field] !== undefined) lose(`tools.web_search.${field}`, "Gemini's search cannot be narrowed")
  return { [typeof form === 'string' ? form : 'googleSearch']: rest }
}

function encodeChoice(
  request: ChatRequest,
  own: Json | undefined,
  { hasFunctions, mixed, third }: { hasFunctions: boolean; mixed: boolean; third: boolean },
  lose: Lose,
): Json | undefined {
  if (request.parallelToolCalls === false) lose('parallel_tool_calls', 'Gemini cannot be held to one call at a time')
  const rest = asObject(own?.['functionCallingConfig'])
  const calling: Json = {
    ...(hasFunctions || rest !== undefined ? callingConfig(request, hasFunctions, lose) : undefined),
    ...rest,
  }
  if (hasFunctions && isStrict(request)) {
    // ANY and VALIDATED hold calls to their schemas; the latter leaves the model free to call nothing.
    const free = calling['mode'] === undefined || calling['mode'] === 'AUTO'
    if (free && third) calling['mode'] = 'VALIDATED'
    else if (free) lose('tools.strict', 'this model cannot be held to the schemas of its tools')
  }
  const config: Json = {
    ...(Object.keys(calling).length > 0 && { functionCallingConfig: calling }),
    // Tools of both kinds are refused unless the answer may show the hosted ones at work.
    ...(mixed && { includeServerSideToolInvocations: true }),
    ...own,
  }
  if (Object.keys(calling).length > 0) config['functionCallingConfig'] = calling
  return Object.keys(config).length > 0 ? config : undefined
}

/** Names of functions that are not there are refused; of names alone nothing else can be made. */
function declared(names: readonly string[], { tools = [] }: ChatRequest): string[] {
  const there = new Set(
    tools.flatMap((tool) => (tool.type === 'function' || tool.type === 'custom' ? [tool.name] : [])),
  )
  const kept = names.filter((name) => there.has(name))
  return kept.length > 0 ? kept : [...there]
}

function isStrict({ tools = [] }: ChatRequest): boolean {
  return tools.some((tool) => tool.type === 'function' && tool.strict === true)
}

function callingConfig(request: ChatRequest, hasFunctions: boolean, lose: Lose): Json | undefined {
  const choice = request.toolChoice
  switch (choice?.mode) {
    case undefined:
      return undefined
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return hasFunctions ? { mode: 'ANY' } : undefined
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    case 'allowed':
      // Names are taken with ANY and VALIDATED only; the latter leaves the model free to call nothing.
      return { mode: choice.required ? 'ANY' : 'VALIDATED', allowedFunctionNames: declared(choice.names, request) }
    case 'web-search':
      lose('tool_choice', 'Gemini cannot be made to search')
      return undefined
  }
}

function encodeSampling(request: ChatRequest, target: TargetModel, lose: Lose): Json {
  let { maxOutputTokens, seed } = request
  // An empty one is refused.
  let stop = request.stop?.filter((sequence) => sequence !== '')
  if (maxOutputTokens !== undefined && target.maxOutput !== undefined && maxOutputTokens > target.maxOutput) {
    lose('max_tokens', `this model writes ${target.maxOutput} tokens at most`)
    maxOutputTokens = target.maxOutput
  }
  if (stop !== undefined && stop.length > MAX_STOPS) {
    lose('stop', `Gemini takes ${MAX_STOPS} stop sequences`)
    stop = stop.slice(0, MAX_STOPS)
  }
  if (seed !== undefined && (!Number.isInteger(seed) || Math.abs(seed) > MAX_SEED)) {
    lose('seed', 'Gemini takes 32-bit seeds')
    seed = undefined
  }
  return defined({
    candidateCount: request.count,
    stopSequences: stop?.length === 0 ? undefined : stop,
    maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    responseLogprobs: request.logprobs === undefined ? undefined : true,
    logprobs: request.logprobs?.top,
  })
}

/**
 * Budget or level, by what the model has. Where that is unknown, what a client of this dialect said is said again; others
 * get no thinking rather than a 400, which models without it answer.
 */
function encodeThinking({ reasoning }: ChatRequest, target: TargetModel, lose: Lose): Json {
  if (reasoning === undefined) return {}
  const { depth, show } = reasoning
  const { $form: own, ...rest } = (reasoning.extras?.gemini ?? {}) as Json
  const ability = target.reasoning
  if (ability === undefined && own === undefined) {
    if (depth !== undefined || show === true) lose('reasoning', 'it is not known whether this model reasons')
    return {}
  }
  const levels =
    ability === undefined ? depth?.mode === 'effort' && LEVELS : ability.by === 'effort' && known(ability.levels)
  const thinking = levels
    ? { thinkingLevel: asEffort(depth, levels)?.toUpperCase() }
    : { thinkingBudget: asBudget(depth, ability?.by === 'budget' ? ability : { min: 1, max: Number.MAX_SAFE_INTEGER }) }
  const wire = { ...defined({ ...thinking, includeThoughts: show }), ...rest }
  return Object.keys(wire).length > 0 || own !== undefined ? { thinkingConfig: wire } : {}
}

function encodeOutput({ output }: ChatRequest, refused: boolean, lose: Lose): Json {
  if (output === undefined) return {}
  if (refused) {
    lose('response_format', 'this model cannot promise a format beside functions')
    return {}
  }
  const json = { responseMimeType: 'application/json' }
  if (output.type === 'json') return json
  const { $form: form, ...rest } = (output.extras?.gemini ?? {}) as Json
  const own = asObject(output.schema)
  // What the format is for stands in the schema here; its own words come first.
  const schema =
    own === undefined || output.description === undefined ? output.schema : { description: output.description, ...own }
  if (form === 'responseSchema') return { ...json, responseSchema: toSubset(schema), ...rest }
  const field = typeof form === 'string' ? form : 'responseJsonSchema'
  return { ...json, [field]: toJsonForm(schema), ...rest }
}

/** The model's levels that this dialect has a word for. */
function known(levels: readonly Effort[]): readonly Effort[] {
  const said = levels.filter((level) => LEVELS.includes(level))
  return said.length > 0 ? said : LEVELS
}
