/**
 * `npm run torture`: refreshes in several processes, killed, cut off and out of disk, against vendors that end a login
 * when a token comes twice.
 *
 *     node test/torture/main.ts [--rounds 200] [--kills 200] [--engine sqlite|postgres] [--only race,kill] [--seed 1] [--json]
 *
 * Exits with 1 when something was lost.
 */
import { parseArgs } from 'node:util'
import { torture } from './run.ts'
import type { Place, Result } from './scenarios.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    kills: { type: 'string', default: '200' },
    'ahead-seconds': { type: 'string', default: '20' },
    engine: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})

const say = (line: string) => void (values.json || process.stdout.write(`${line}\n`))

function show({ scenario, engine, figures, faults, ms }: Result): void {
  say(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${engine.padEnd(8)} ${scenario} (${(ms / 1000).toFixed(1)} s)`)
  for (const [name, value] of Object.entries(figures)) say(`       ${name}: ${value}`)
  for (const fault of faults) say(`     ! ${fault}`)
}

const seed = Number(values.seed)
say(`seed ${seed}`)
const results = await torture({
  engines: values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine as Place['engine']],
  rounds: Number(values.rounds),
  kills: Number(values.kills),
  aheadMs: Number(values['ahead-seconds']) * 1000,
  seed,
  only: values.only?.split(','),
  heard: show,
})
const failed = results.filter(({ faults }) => faults.length > 0).length
if (values.json) process.stdout.write(`${JSON.stringify({ seed, failed, results }, undefined, 2)}\n`)
else say(failed === 0 ? `all ${results.length} scenarios held` : `${failed} of ${results.length} scenarios failed`)
process.exit(failed === 0 ? 0 : 1)
