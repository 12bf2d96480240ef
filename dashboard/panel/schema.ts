/** What the form reads of the config's JSON Schema. */

export interface Schema {
  type?: string | readonly string[]
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: readonly Schema[]
  required?: readonly string[]
  minimum?: number
  maximum?: number
  deprecated?: boolean
}

export type Kind =
  | 'switch'
  | 'choice'
  | 'number'
  | 'text'
  | 'lines'
  | 'one-or-lines'
  | 'list'
  | 'group'
  | 'record'
  | 'any'

const has = (schema: Schema, type: string) =>
  schema.type === type || (Array.isArray(schema.type) && schema.type.includes(type))

/** Which control a schema asks for. */
export function kindOf(schema: Schema): Kind {
  if (schema.enum !== undefined) return 'choice'
  if (has(schema, 'boolean')) return 'switch'
  if (has(schema, 'integer') || has(schema, 'number')) return 'number'
  if (has(schema, 'string')) return 'text'
  if (has(schema, 'array')) {
    const kind = schema.items === undefined ? 'any' : kindOf(schema.items)
    return kind === 'text' || kind === 'choice' ? 'lines' : 'list'
  }
  if (schema.properties !== undefined) return 'group'
  if (typeof schema.additionalProperties === 'object') return 'record'
  if (schema.anyOf !== undefined) {
    const kinds = schema.anyOf.map(kindOf)
    if (kinds.every((k) => k === 'number' || k === 'text')) return 'text'
    if (kinds.every((k) => k === 'text' || k === 'choice' || k === 'lines')) return 'one-or-lines'
    const group = schema.anyOf.find((s) => kindOf(s) === 'group')
    if (group !== undefined) return 'group'
  }
  return 'any'
}

/** The mapping among the forms a value may have. */
export const groupOf = (schema: Schema): Schema =>
  schema.properties !== undefined ? schema : (schema.anyOf?.find((s) => s.properties !== undefined) ?? schema)

/** Sections of the form, in the order of the example file; what is in none comes last. */
export const SECTIONS: readonly { title: string; keys: readonly string[] }[] = [
  {
    title: 'Listener',
    keys: ['host', 'port', 'tls', 'allowed-hosts', 'allowed-origins', 'trusted-proxies', 'limits', 'drain-seconds'],
  },
  { title: 'Clients and management', keys: ['api-keys', 'websocket-auth', 'remote-management', 'commercial-mode'] },
  {
    title: 'Accounts with a key',
    keys: ['claude-api-key', 'openai-api-key', 'codex-api-key', 'gemini-api-key', 'openai-compatibility'],
  },
  { title: 'Logins', keys: ['auth-dir', 'login', 'oauth-clients', 'host-overrides', 'vault', 'store'] },
  {
    title: 'Models',
    keys: [
      'oauth-model-alias',
      'oauth-excluded-models',
      'force-model-prefix',
      'fallback',
      'payload',
      'strict-translation',
    ],
  },
  { title: 'Routing', keys: ['ai-router', 'routing'] },
  {
    title: 'Retries and rests',
    keys: [
      'request-retry',
      'max-retry-credentials',
      'max-retry-interval',
      'disable-cooling',
      'transient-error-cooldown-seconds',
      'cooldown',
      'streaming',
      'timeouts',
    ],
  },
  { title: 'Network', keys: ['proxy-url', 'remote-media'] },
  {
    title: 'Logs and records',
    keys: ['debug', 'log', 'logging-to-file', 'logs-max-total-size-mb', 'request-log', 'error-logs-max-files'],
  },
]
