/** `auto` as a model among the others, so that clients that choose from a list can choose it. */
import type { Config } from '../../config/schema.ts'
import type { ListedModel } from '../../protocols/protocol.ts'
import type { Registry } from '../models.ts'
import { AUTO } from '../plan.ts'
import { listed, type OwnRules, rulesFor } from './rules.ts'

/** What the list is asked for. */
export interface ListingInput {
  registry: Pick<Registry, 'list' | 'dialectsOf'>
  config: Pick<Config, 'ai-router' | 'fallback'>
  /** Of the client that asks. */
  own?: OwnRules | undefined
  allows?: ((model: string) => boolean) | undefined
  /** Provider id the list is pinned to. */
  pin?: string | undefined
}

/**
 * The models a client may ask for, `auto` last where the router is on and leads to a model that is served. Its lengths
 * hold whatever the prompt turns out to be: of each category what its models can take together (guards) or what its
 * first one takes, and of these the least. A model that is only called `auto` by its account is never reached while
 * the router is on, so it is not listed twice.
 */
export function servedModels(input: ListingInput): ListedModel[] {
  const { registry, config, own, allows, pin } = input
  const rules = rulesFor(config['ai-router'], own)
  const served = registry.list(pin).filter(({ id }) => allows?.(id) ?? true)
  if (!rules.enabled) return served
  const models = served.filter(({ id }) => id !== AUTO)
  if (allows?.(AUTO) === false) return models

  const known = new Map(registry.list().map((model) => [model.id, model]))
  // A key that may use `auto` and no model by name goes wherever the router leads (plan-auto.ts).
  const bars = allows !== undefined && [...known.keys()].some((id) => id !== AUTO && allows(id))
  const reaches = (id: string) => (!bars || allows!(id)) && registry.dialectsOf(id, pin).length > 0
  const withFallback = (id: string) => [id, ...listed(config.fallback, id)]
  const standard = rules['default-model']
  const routes = Object.values(rules.routes)
  // In a dry run one model answers everything (plan-auto.ts).
  const lists = rules['dry-run'] ? [[standard || (routes.flat()[0] ?? '')]] : [...routes, []]
  const led = lists
    .map((names) => [...new Set([...names, standard].filter((id) => id !== '').flatMap(withFallback))].filter(reaches))
    .filter((ids) => ids.length > 0)
  if (led.length === 0) return models

  const least = (of: 'contextLength' | 'maxOutput'): number | undefined => {
    const found = led.flatMap((ids) => {
      const lengths = ids.flatMap((id) => known.get(id)?.[of] ?? [])
      if (lengths.length === 0) return []
      return of === 'contextLength' && rules.guards && !rules['dry-run'] ? Math.max(...lengths) : lengths[0]!
    })
    return found.length === 0 ? undefined : Math.min(...found)
  }
  const auto = { id: AUTO, ownedBy: 'logicaproxy', displayName: 'Auto (AI Router)', created: 0 }
  return [...models, { ...auto, contextLength: least('contextLength'), maxOutput: least('maxOutput') }]
}
