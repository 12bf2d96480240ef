/** `logicaproxy usage`: its place in the command line. What it does is loaded when it is asked for (usage-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

/** Options of `usage`, the global ones included. */
export interface UsageCliOptions {
  config?: string
  json?: boolean
  by: string
  days: string
  key?: string
  model?: string
  account?: string
  provider?: string
  attempts?: boolean
  format?: string
  output?: string
  yes?: boolean
}

/** Adds `usage` to the command line. */
export function addUsageCommand(program: Command): void {
  const filtered = (command: Command) =>
    command
      .option('--days <n>', 'how far back, in days', '30')
      .option('--key <name>', 'only this client key')
      .option('--model <name>', 'only this model')
      .option('--account <id>', 'only this account')
      .option('--provider <id>', 'only this provider')
  const usage = filtered(
    program
      .command('usage')
      .description('what was used: requests, tokens, cost by list prices')
      .option('--by <columns>', 'day, model, account, key, provider, endpoint, status; several with commas', 'model'),
  ).action(run('totals'))
  filtered(
    usage
      .command('export')
      .description('every request as CSV or JSON, newest first')
      .option('--format <format>', 'csv or json; csv if left out, json with --json')
      .option('-o, --output <file>', 'write to a file that only you can read; standard output if left out')
      .option('--attempts', 'attempts in vain, too'),
  ).action(run('export'))
  usage
    .command('wipe')
    .description('drop everything that was recorded, kept bodies too')
    .option('--yes', 'without asking')
    .action(run('wipe'))
}

function run(verb: string) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<UsageCliOptions>()
    const { usage } = await import('./usage-run.ts')
    await usage(createOutput(options.json === true), options, verb)
  }
}
