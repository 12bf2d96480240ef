/** The rules of the router as they hold for one client. */
import type { Config } from '../../config/schema.ts'

/** What a client has of its own (`api-keys[].ai-router`); what is absent is everybody's. */
export interface OwnRules {
  readonly enabled?: boolean
  readonly 'default-model'?: string
  readonly routes?: Readonly<Record<string, readonly string[]>>
}

export type Rules = Config['ai-router']

// A client's rules are made once for each config.
const merged = new WeakMap<OwnRules, { of: Rules; rules: Rules }>()

/** The rules of the config with a client's own put over them: its routes replace those of the same category. */
export function rulesFor(config: Rules, own: OwnRules | undefined): Rules {
  if (own === undefined) return config
  const before = merged.get(own)
  if (before?.of === config) return before.rules
  const rules: Rules = Object.freeze({
    ...config,
    enabled: own.enabled ?? config.enabled,
    'default-model': own['default-model'] ?? config['default-model'],
    routes: { ...config.routes, ...(own.routes as Rules['routes'] | undefined) },
  })
  merged.set(own, { of: config, rules })
  return rules
}

/** A list of the config under a name that a client or a classifier chose: `constructor` and its like are in no list. */
export function listed(lists: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] {
  return Object.hasOwn(lists, name) ? lists[name]! : []
}
