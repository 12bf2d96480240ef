/** The router's public side: what a snapshot compiles, and what lasts. */
import type { Config } from '../../config/schema.ts'
import type { Provider } from '../../providers/provider.ts'
import { classify, type LabelledExample, promptOf } from '../classify/index.ts'
import type { Classifier } from '../plan.ts'
import { categoriesOf, createClassifier } from './classifier.ts'
import { createGuards, type Guards } from './guards.ts'

/** Compiled once for each configuration, login and example that changes. */
export interface Router {
  /** The built-in one. */
  readonly classifier: Classifier
  readonly guards: Guards
  /** Every category a prompt can have or be labelled with. */
  readonly categories: readonly string[]
}

const NO_EXAMPLES: readonly LabelledExample[] = Object.freeze([])

/** Compiles the router. @param examples labelled prompts; compiled once for each list. */
export function compileRouter(
  config: Pick<Config, 'ai-router'>,
  providers: ReadonlyMap<string, Provider>,
  examples: readonly LabelledExample[] = NO_EXAMPLES,
): Router {
  const { categories, routes, enabled } = config['ai-router']
  // The weights are read once, here, and not while the first client waits.
  if (enabled && (config['ai-router']['default-model'] !== '' || Object.keys(routes).length > 0))
    classify(promptOf('hello'))
  return {
    classifier: createClassifier(categories, examples.length === 0 ? NO_EXAMPLES : examples),
    guards: createGuards(providers),
    categories: categoriesOf(config['ai-router']),
  }
}

export {
  createExamples,
  EXAMPLE_KIND,
  ExampleError,
  type Examples,
  exampleId,
  LONGEST_EXAMPLE,
  MOST_EXAMPLES,
  type StoredExample,
} from './examples.ts'
export { explainRoute, type RouteExplanation, type RouteQuestion, requestOf } from './explain.ts'
export { servedModels } from './listing.ts'
export { createSticky, type Kept, type Sticky } from './sticky.ts'
