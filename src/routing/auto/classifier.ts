/** The built-in classifier: the trained model, with the categories of the config and the labelled examples beside it. */
import type { Config } from '../../config/schema.ts'
import {
  CATEGORIES,
  classify,
  compileExamples,
  type ExampleSet,
  type LabelledExample,
  readPrompt,
} from '../classify/index.ts'
import type { Classifier } from '../plan.ts'

/** Every category a prompt can have: the five, those of the config, and those it only has routes for. */
export function categoriesOf(rules: Pick<Config['ai-router'], 'categories' | 'routes'>): string[] {
  return [...new Set([...CATEGORIES, ...Object.keys(rules.categories), ...Object.keys(rules.routes)])]
}

// Logins change more often than examples: a new snapshot with the same ones keeps what was compiled.
const compiled = new WeakMap<object, { categories: object; set: ExampleSet | undefined }>()

function setOf(
  categories: Config['ai-router']['categories'],
  examples: readonly LabelledExample[],
): ExampleSet | undefined {
  const before = compiled.get(examples)
  if (before?.categories === categories) return before.set
  const none = examples.length === 0 && Object.keys(categories).length === 0
  const set = none ? undefined : compileExamples(examples, categories)
  compiled.set(examples, { categories, set })
  return set
}

/** @param examples labelled prompts; compiled once for each list. */
export function createClassifier(
  categories: Config['ai-router']['categories'],
  examples: readonly LabelledExample[],
): Classifier {
  const set = setOf(categories, examples)
  return ({ protocol, body, prompt = readPrompt(protocol, body) }) => classify(prompt, set)
}
