/**
 * Evaluates the classifier of the AI Router on sources it was not trained on: one family of sources at a time is left out.
 *
 * `--json` prints one object; `--brief` leaves out the tables by source; `--family REGEX` judges some families only.
 */
import { cpus } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CATEGORIES } from '../src/routing/classify/categories.ts'
import { judgeCases } from './router/cases.ts'
import type { Judged } from './router/fold.ts'
import { byKeywords } from './router/keywords.ts'
import {
  calibration,
  confusion,
  costly,
  figures,
  grouped,
  type Result,
  robustness,
  temperatureFactor,
} from './router/metrics.ts'
import { report } from './router/print.ts'
import { familyOf, ownRows, type Row, sharedRows } from './router/rows.ts'
import { timing } from './router/timing.ts'

const rows = [...sharedRows(), ...ownRows()]
/** `ROUTER_QUICK=1` leaves out what takes long; `ROUTER_OPTIONS` overrides options of learning: both for trying things out. */
const quick = process.env['ROUTER_QUICK'] === '1'
const only = process.argv.indexOf('--family')
const wanted = new RegExp(only < 0 ? '' : (process.argv[only + 1] ?? ''))
const families = [...new Set(rows.map(({ source }) => familyOf(source)))].filter((family) => wanted.test(family))

/** Runs the folds on as many threads as there are cores. */
async function judge(): Promise<Judged[]> {
  const queue = [...families]
  const all: Judged[] = []
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./router/fold.ts', import.meta.url))
      const give = () => {
        const family = queue.shift()
        if (family !== undefined) worker.postMessage(family)
        else void worker.terminate().then(() => resolve())
      }
      worker.on('message', (judged: Judged[]) => {
        all.push(...judged)
        give()
      })
      worker.on('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: Math.min(4, cpus().length, families.length) }, work))
  return all.sort((a, b) => a.row - b.row)
}

const results: Result[] = (await judge()).map(({ row, scores, hard, variants }) => ({
  row: rows[row]!,
  got: CATEGORIES[scores.indexOf(Math.max(...scores))]!,
  scores,
  hard,
  variants,
}))
const open = results.filter(({ row }) => familyOf(row.source) !== 'own')
const own = results.filter(({ row }) => familyOf(row.source) === 'own')
const keywords = open.map(({ row }): Result => ({ row, got: byKeywords(row.prompt) }))
const byFamily = grouped(open, ({ source }) => familyOf(source))
const count = Object.keys(byFamily).length || 1
const mean = (of: 'strict' | 'lenient' | 'core') => Object.values(byFamily).reduce((sum, f) => sum + f[of], 0) / count

const evaluation = {
  all: figures(open),
  familyMean: { strict: mean('strict'), lenient: mean('lenient'), core: mean('core') },
  natural: figures(open.filter(({ row }) => row.nat !== undefined)),
  keywordTable: figures(keywords),
  own: figures(own),
  ownByLanguage: grouped(own, ({ lang }) => lang),
  byLanguage: grouped(open, ({ lang }) => lang),
  byFamily,
  bySource: grouped(open, ({ source }) => source),
  confusion: confusion(open),
  calibration: calibration(open),
  temperatureFactor: temperatureFactor(open),
  robustness: robustness(open),
  costly: costly(open),
  cases: quick ? [] : judgeCases(),
  timing: quick ? [] : timing(),
}
export type Evaluation = typeof evaluation
export type Rows = readonly Row[]

if (process.argv.includes('--json')) console.log(JSON.stringify(evaluation, null, 2))
else report(evaluation, process.argv.includes('--brief'))
