/** The JSON Schema of the config file, made from the zod schema, for editors. */
import * as z from 'zod'
import { ignoredKeys } from './ignored.ts'
import { configSchema } from './schema.ts'

type Json = Record<string, unknown>

/** JSON Schema (draft 2020-12) of what may stand in the file. */
export function configJsonSchema(): Json {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' }) as Json
  allowVariables(schema)
  for (const [pattern, why] of Object.entries(ignoredKeys)) addIgnored(schema, pattern.split(/\.|(?=\[\])/), why)
  return {
    $schema: schema['$schema'],
    title: 'LogicaProxy config',
    description: `The config file of LogicaProxy. Any value may be "\${NAME}", read from the environment.`,
    ...schema,
  }
}

/** A number or a switch may also be written as `${NAME}`. */
function allowVariables(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    node.forEach(allowVariables)
    return
  }
  const schema = node as Json
  for (const value of Object.values(schema)) allowVariables(value)
  if (schema['type'] === 'integer' || schema['type'] === 'number' || schema['type'] === 'boolean') {
    schema['type'] = [schema['type'], 'string']
    schema['pattern'] = '^\\$\\{.+\\}$'
    // The safe-integer bounds say nothing to a reader.
    if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum']
    if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum']
  }
}

/** An ignored key is accepted and shown as obsolete. */
function addIgnored(schema: Json, steps: string[], why: string): void {
  const [step, ...rest] = steps
  if (step === undefined) return
  const next = step === '[]' ? schema['items'] : step === '*' ? schema['additionalProperties'] : undefined
  if (next) {
    addIgnored(next as Json, rest, why)
    return
  }
  const properties = schema['properties'] as Record<string, Json> | undefined
  if (!properties) return
  if (rest.length > 0) addIgnored(properties[step] ?? {}, rest, why)
  else properties[step] = { deprecated: true, description: `Accepted and ignored: ${why}.` }
}

/** The text of `config.schema.json`. */
export function configSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`
}
