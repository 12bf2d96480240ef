/**
 * Trains the classifier of the AI Router on every labelled row and writes `src/routing/classify/weights.ts`.
 *
 * The same rows and the same seed give the same bytes. `--seed N` takes another seed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { augmented } from './router/augment.ts'
import { balance, DEFAULTS, exampleOf, kept, learn } from './router/learn.ts'
import { packed, strongest } from './router/pack.ts'
import { familyOf, ownRows, ROOT, sharedRows } from './router/rows.ts'

const MOST_BYTES = 150_000
/** Found by `router:eval` on predictions for families that were left out. */
const TEMPERATURE = 1.25
const WORDS = 13_000

const at = process.argv.indexOf('--seed')
const seed = at < 0 ? DEFAULTS.seed : Number(process.argv[at + 1])
const options = { ...DEFAULTS, seed }
const started = Date.now()
const rows = augmented([...sharedRows(), ...ownRows()], seed)
const examples = rows.map((row) => exampleOf(row, row.source.startsWith('own-') ? row.source : familyOf(row.source), options))
balance(examples, rows)
const keep = kept(examples, options)
const model = learn(examples, options, keep)
const base64 = packed(model, strongest(model, examples, keep, WORDS), TEMPERATURE)
const text = `/** Weights of the classifier, written by \`npm run router:train\` (seed ${seed}, ${rows.length} rows). Not to be edited. */
export const WEIGHTS =
  '${base64}'
`
if (text.length > MOST_BYTES) throw new Error(`the weights take ${text.length} bytes, more than ${MOST_BYTES}`)
writeFileSync(join(ROOT, 'src', 'routing', 'classify', 'weights.ts'), text)
console.log(`${rows.length} rows, seed ${seed}: ${text.length} bytes in ${((Date.now() - started) / 1000).toFixed(1)} s`)
