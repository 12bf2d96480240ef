/** `logicaproxy keys`: its place in the command line. What it does is loaded when it is asked for (keys-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

/** Options of `keys`, the global ones included. */
export interface KeysCliOptions {
  config?: string
  json?: boolean
  models?: string
  requestsPerMinute?: string
  tokensPerMinute?: string
  tokensPerDay?: string
  usdPerDay?: string
  usdPerMonth?: string
  concurrent?: string
  expires?: string
  note?: string
  storeBodies?: string
  grace?: string
}

const SETTINGS: readonly [flag: string, does: string][] = [
  ['--models <patterns>', 'only these models, with commas; * stands for any text'],
  ['--requests-per-minute <n>', 'most requests in any 60 seconds'],
  ['--tokens-per-minute <n>', 'most tokens in any 60 seconds'],
  ['--tokens-per-day <n>', 'most tokens in a day (UTC)'],
  ['--usd-per-day <amount>', 'most money in a day (UTC), by list prices'],
  ['--usd-per-month <amount>', 'most money in a month (UTC), by list prices'],
  ['--concurrent <n>', 'most requests under way at once'],
  ['--expires <date>', 'when it ends: 2027-01-31, or 2027-01-31T18:00:00Z'],
  ['--note <text>', 'a remark'],
  ['--store-bodies <duration>', 'keep bodies of its requests and answers for so long, such as 1d'],
]

/** Adds `keys` to the command line. */
export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('the keys of your clients: what they may do, what they have used (a key is named by its name or id)')
    .action(run('list'))
  keys.command('list', { hidden: true }).action(run('list'))
  const create = keys.command('create <name>').description('make a key; it is shown this once').action(run('create'))
  const change = keys
    .command('change <key>')
    .description('change what a key may do; "none" takes a limit away')
    .action(run('change'))
  for (const [flag, does] of SETTINGS) {
    create.option(flag, does)
    change.option(flag, does)
  }
  keys
    .command('rotate <key>')
    .description('make a new key in place of this one; it is shown this once')
    .option('--grace <duration>', 'take the old one so much longer, such as 1h; 7 days at most', '0')
    .action(run('rotate'))
  keys.command('enable <key>').description('take it again').action(run('enable'))
  keys.command('disable <key>').description('refuse it, but keep it').action(run('disable'))
  keys.command('revoke <key>').description('end it now, for good').action(run('revoke'))
}

function run(verb: string) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<KeysCliOptions>()
    const words = args.filter((a): a is string => typeof a === 'string')
    const { keys } = await import('./keys-run.ts')
    await keys(createOutput(options.json === true), options, verb, words[0])
  }
}
