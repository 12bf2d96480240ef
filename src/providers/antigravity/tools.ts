/** Tools as Antigravity takes them (domain.md 1.6, "Rules by model"). */
import type { Loss } from '../../hub/loss.ts'
import { asObject, fieldsOf, type Json, objects } from '../code-assist.ts'
import type { Manners } from './models.ts'
import { PLACEHOLDER, toolSchema } from './schema.ts'

/** Members of a function's declaration that the API takes. */
const DECLARED = new Set(['name', 'description', 'parameters', 'parametersJsonSchema'])

/**
 * The tools and how they may be called: schemas cut to the subset; functions or Google's own tools, never both; Claude's
 * models under VALIDATED and nothing else.
 */
export function toolsFor(request: Json, manners: Manners): { fields: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const declarations: Json[] = []
  const hosted: Json[] = []
  for (const tool of objects(request['tools']).map(fieldsOf)) {
    const { functionDeclarations, ...others } = tool
    for (const declaration of objects(functionDeclarations)) declarations.push(declared(declaration, manners, losses))
    for (const [name, value] of Object.entries(others)) hosted.push({ [name]: value })
  }
  const dropped =
    declarations.length > 0 ? 'Antigravity has no search beside functions' : 'only Gemini models have it here'
  const kept = declarations.length > 0 || !manners.gemini ? [] : hosted
  if (kept.length === 0)
    for (const tool of hosted) losses.push({ field: `tools.${wordOf(Object.keys(tool)[0]!)}`, reason: dropped })
  const config = choice(request['toolConfig'], declarations.length > 0, manners, losses)
  const tools = [...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []), ...kept]
  return {
    fields: { ...(tools.length > 0 && { tools }), ...(config !== undefined && { toolConfig: config }) },
    losses,
  }
}

/** What the encoders call it. */
const wordOf = (tool: string): string => (tool === 'googleSearch' ? 'web_search' : tool)

function declared(declaration: Json, { claude }: Manners, losses: Loss[]): Json {
  const fields = fieldsOf(declaration)
  const { name, description, parameters, parametersJsonSchema } = fields
  const schema = parameters ?? parametersJsonSchema
  for (const field of Object.keys(fields))
    if (!DECLARED.has(field))
      losses.push({ field: `tools.${String(name)}.${field}`, reason: 'Antigravity has no such field' })
  return {
    name,
    ...(description !== undefined && { description }),
    ...((schema !== undefined || claude) && { parameters: toolSchema(schema, claude) }),
  }
}

function choice(given: unknown, functions: boolean, { claude }: Manners, losses: Loss[]): Json | undefined {
  const { functionCallingConfig, ...rest } = fieldsOf(given)
  // It is about Google's own tools beside functions, which there never are.
  delete rest['includeServerSideToolInvocations']
  const calling = fieldsOf(functionCallingConfig)
  if (claude && functions) {
    const mode = typeof calling['mode'] === 'string' ? calling['mode'].toUpperCase() : 'AUTO'
    if (mode === 'ANY' || mode === 'NONE')
      losses.push({
        field: 'tool_choice',
        reason: `${mode}: Claude on Antigravity takes VALIDATED only`,
      })
    calling['mode'] = 'VALIDATED'
  }
  const config = { ...rest, ...(functions && Object.keys(calling).length > 0 && { functionCallingConfig: calling }) }
  return Object.keys(config).length > 0 ? config : undefined
}

interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

/** JSON whose numbers keep their digits where a double would change them; undefined if it is none. */
export function parseExact(text: string): unknown {
  const json = JSON as unknown as ExactJson
  try {
    return json.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
    )
  } catch {
    return undefined
  }
}

/** Takes what stood in for empty parameters (`toolSchema`) out of an answer's calls, in place. @returns whether it was there. */
export function stripPlaceholder(answer: unknown): boolean {
  let found = false
  for (const candidate of objects(asObject(answer)?.['candidates']))
    for (const part of objects(asObject(candidate['content'])?.['parts'])) {
      const call = asObject(part['functionCall'])
      if (call !== undefined && strip(call['args'])) found = true
    }
  return found
}

/** Takes the member out, at any depth. @returns whether it was there. */
function strip(value: unknown): boolean {
  if (Array.isArray(value)) return value.map(strip).includes(true)
  const object = asObject(value)
  if (object === undefined) return false
  const here = Object.hasOwn(object, PLACEHOLDER)
  delete object[PLACEHOLDER]
  return Object.values(object).map(strip).includes(true) || here
}
