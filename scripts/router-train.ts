/**
 * Trains the classifier of the AI Router on every labelled row and writes `src/routing/classify/weights.ts`.
 *
 * The same rows and the same seed give the same bytes. `--seed N` takes another seed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULTS } from './router/learn.ts'
import { ownRows, ROOT, sharedRows } from './router/rows.ts'
import { trained } from './router/train.ts'

const MOST_BYTES = 150_000
const at = process.argv.indexOf('--seed')
const seed = at < 0 ? DEFAULTS.seed : Number(process.argv[at + 1])
const started = Date.now()
const { base64, rows } = trained([...sharedRows(), ...ownRows()], seed)
const text = `/** Weights of the classifier, written by \`npm run router:train\` (seed ${seed}, ${rows} rows). Not to be edited. */
export const WEIGHTS =
  '${base64}'
`
if (text.length > MOST_BYTES) throw new Error(`the weights take ${text.length} bytes, more than ${MOST_BYTES}`)
writeFileSync(join(ROOT, 'src', 'routing', 'classify', 'weights.ts'), text)
console.log(`${rows} rows, seed ${seed}: ${text.length} bytes in ${((Date.now() - started) / 1000).toFixed(1)} s`)
