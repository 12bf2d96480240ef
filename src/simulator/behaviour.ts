import { type Fault, parseFault } from './faults.ts'

/** A model name taken apart. */
export interface Behaviour {
  model: string
  base: string
  words: readonly Fault[]
  /** Names present, for quick questions. */
  has: ReadonlySet<string>
  /** True when the answer can be given at once and kept: nothing paces, delays or spoils it. */
  plain: boolean
  /** Why the name cannot be understood. */
  wrong?: string
}

/** Words that only shape what is said, so that an encoded answer may be reused. */
const PLAIN = new Set([
  'think',
  'think-redacted',
  'reasoning-content',
  'tools',
  'text',
  'empty',
  'cached',
  'burst',
  'refusal',
  'refusal-text',
  'events',
  'len',
])

const known = new Map<string, Behaviour>()

/** Read the behaviour out of a model name; the table is in `faults.ts`. */
export function parseModel(model: string): Behaviour {
  const hit = known.get(model)
  if (hit) return hit
  const [base = '', ...texts] = model.split('+')
  const words: Fault[] = []
  let wrong: string | undefined
  for (const text of texts) {
    // A lone plus belongs to the name itself, as in `command-r+`.
    if (text === '') continue
    try {
      words.push(parseFault(text))
    } catch (error) {
      wrong ??= (error as Error).message
    }
  }
  const has = new Set(words.map((w) => w.name))
  const plain = !wrong && words.every((w) => PLAIN.has(w.name))
  const behaviour: Behaviour = { model, base, words, has, plain, wrong }
  if (known.size > 2_000) known.clear()
  known.set(model, behaviour)
  return behaviour
}

/** The number of a word, if the word applies to this key. */
export function wordValue(words: readonly Fault[], name: string, key: string): number | undefined {
  const word = words.find((w) => w.name === name && (w.only === undefined || key.endsWith(w.only)))
  return word && (word.value ?? DEFAULTS[name] ?? 0)
}

const DEFAULTS: Record<string, number> = { tools: 1, huge: 1_048_576, cached: 100, bytes: 7 }
