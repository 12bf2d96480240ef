/** What Antigravity asks of a request by the model that is to answer it (domain.md 1.6, rules by model; 3.10). */
import type { Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { arr, obj, objs, str } from '../vendors/util.ts'

/** Keywords of the schema subset; every other one is an unknown name. */
const KEYWORDS = new Set([
  'type',
  'description',
  'properties',
  'required',
  'items',
  'enum',
  'nullable',
  'propertyOrdering',
])

/** The first rule a request breaks. */
export function checkModelRules(request: Json, model: string): Problem | undefined {
  const claude = model.startsWith('claude-')
  const tools = objs(request['tools'])
  const functions = tools.flatMap((t) => objs(t['functionDeclarations']))
  return (
    checkFunctions(functions, claude) ??
    checkTools(tools, functions, request, claude) ??
    checkConfig(obj(request['generationConfig']) ?? {}, model) ??
    checkReplay(objs(request['contents']))
  )
}

function checkTools(tools: Json[], functions: Json[], request: Json, claude: boolean): Problem | undefined {
  if (functions.length && tools.some((t) => 'googleSearch' in t || 'urlContext' in t))
    return invalid('Built-in tools cannot be combined with function calling.')
  const mode = obj(obj(request['toolConfig'])?.['functionCallingConfig'])?.['mode']
  if (claude && functions.length && mode !== 'VALIDATED')
    return invalid('toolConfig.functionCallingConfig.mode must be VALIDATED for this model.')
  return undefined
}

function checkFunctions(functions: Json[], claude: boolean): Problem | undefined {
  for (const [i, f] of functions.entries()) {
    const at = `request.tools[0].function_declarations[${i}]`
    const name = str(f['name'])
    if (!/^[A-Za-z_][\w.:-]{0,63}$/.test(name)) return invalid(`* ${at}.name: [FIELD_INVALID] Invalid function name.`)
    if ('parametersJsonSchema' in f)
      return invalid(
        `Invalid JSON payload received. Unknown name "parametersJsonSchema" at '${at}': Cannot find field.`,
      )
    const fault = schemaFault(f['parameters'], `${at}.parameters`)
    if (fault) return invalid(fault)
    const properties = obj(obj(f['parameters'])?.['properties'])
    if (claude && !Object.keys(properties ?? {}).length)
      return invalid(`tools.${i}.custom.input_schema: an object with at least one property is required for '${name}'.`)
  }
  return undefined
}

/** What is wrong with a schema, by an allow-list. */
function schemaFault(schema: unknown, at: string): string | undefined {
  const s = obj(schema)
  if (!s) return undefined
  const odd = Object.keys(s).find((k) => !KEYWORDS.has(k))
  if (odd !== undefined) return `Invalid JSON payload received. Unknown name "${odd}" at '${at}': Cannot find field.`
  if (s['type'] !== undefined && typeof s['type'] !== 'string')
    return `Proto field is not repeating, cannot start list at '${at}.type'.`
  const wrong = arr(s['enum']).find((e) => typeof e !== 'string')
  if (wrong !== undefined) return `Invalid value at '${at}.enum' (TYPE_STRING), ${JSON.stringify(wrong)}`
  const properties = obj(s['properties']) ?? {}
  const lost = arr(s['required']).find((r) => !(str(r) in properties))
  if (lost !== undefined) return `* ${at}.required: property '${lost}' is not defined`
  for (const [name, value] of Object.entries(properties)) {
    const fault = schemaFault(value, `${at}.properties[${name}]`)
    if (fault) return fault
  }
  return schemaFault(s['items'], `${at}.items`)
}

function checkConfig(config: Json, model: string): Problem | undefined {
  const max = config['maxOutputTokens']
  if (max === undefined) return undefined
  if (model.startsWith('gemini-')) return invalid('maxOutputTokens is not supported for this model.')
  const budget = obj(config['thinkingConfig'])?.['thinkingBudget']
  return typeof max === 'number' && typeof budget === 'number' && max <= budget
    ? invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
    : undefined
}

/** The first call of each model turn that is replayed carries a signature. */
function checkReplay(contents: Json[]): Problem | undefined {
  for (const [i, c] of contents.entries()) {
    if (c['role'] !== 'model') continue
    const call = objs(c['parts']).find((p) => 'functionCall' in p)
    if (!call || call['thoughtSignature'] !== undefined) continue
    const name = str(obj(call['functionCall'])?.['name'])
    return invalid(
      `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`default_api:${name}\` , position ${i + 1}.`,
    )
  }
  return undefined
}
