/** Walks the schema: the schema at a path, its known keys, and the list of all keys for help pages. */
import type * as z from 'zod'
import type { Path } from './read.ts'
import { configSchema } from './schema.ts'

/** The parts of a zod definition that walking needs. */
interface Definition {
  type: string
  shape?: Record<string, z.core.$ZodType>
  element?: z.core.$ZodType
  valueType?: z.core.$ZodType
  innerType?: z.core.$ZodType
  in?: z.core.$ZodType
  options?: readonly z.core.$ZodType[]
  defaultValue?: unknown
}

const definition = (schema: z.core.$ZodType) => schema._zod.def as unknown as Definition

/** Takes off what wraps a schema: default, optional, transform. Unions stay. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const def = definition(schema)
  const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined)
  return inner ? unwrap(inner) : schema
}

/** The alternatives a schema stands for, unwrapped. */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  const bare = unwrap(schema)
  return definition(bare).options?.flatMap(alternatives) ?? [bare]
}

function child(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  for (const option of alternatives(schema)) {
    const def = definition(option)
    const found = def.type === 'array' ? def.element : def.type === 'record' ? def.valueType : def.shape?.[String(part)]
    if (found) return found
  }
  return undefined
}

/** The keys known at a path. */
export function knownKeys(path: Path, root: z.core.$ZodType = configSchema): string[] {
  let schema: z.core.$ZodType | undefined = root
  for (const part of path) schema = schema && child(schema, part)
  return schema ? alternatives(schema).flatMap((option) => Object.keys(definition(option).shape ?? {})) : []
}

/** A key of the config, for help pages. */
export interface ConfigKey {
  /** `routing.strategy`, `claude-api-key[].weight`, `ai-router.routes.*` */
  path: string
  description: string
  /** What it is when left out; undefined for a key without a default. */
  default: unknown
}

/** Every key of the config in the order of the schema. */
export function configKeys(): ConfigKey[] {
  const keys: ConfigKey[] = []
  collect(configSchema, '', keys)
  return keys
}

function collect(schema: z.core.$ZodType, path: string, keys: ConfigKey[]): void {
  for (const option of alternatives(schema)) {
    const def = definition(option)
    if (def.element) collect(def.element, `${path}[]`, keys)
    if (def.type === 'record' && def.valueType) collect(def.valueType, `${path}.*`, keys)
    for (const [key, value] of Object.entries(def.shape ?? {})) {
      const full = path === '' ? key : `${path}.${key}`
      keys.push({ path: full, description: (value as z.ZodType).description ?? '', default: defaultOf(value) })
      collect(value, full, keys)
    }
  }
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const def = definition(schema)
  if (def.type === 'default') return def.defaultValue
  return def.innerType ? defaultOf(def.innerType) : undefined
}
