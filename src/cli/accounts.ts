/** `logicaproxy accounts`: its place in the command line. What it does is loaded when it is asked for (accounts-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

/** Options of `accounts`, the global ones included. */
export interface AccountsCliOptions {
  config?: string
  json?: boolean
  revoke?: boolean
}

/** Subcommands that change one account: arguments and what they do. */
const CHANGES: readonly [words: string, does: string][] = [
  ['enable <account>', 'use it again'],
  ['disable <account>', 'keep it, but send nothing to it'],
  ['label <account> <name>', 'name it'],
  ['weight <account> <weight>', 'its share within its priority; 1 is normal, 0 none'],
  ['priority <account> <number>', 'higher ones are used first'],
  ['proxy <account> <url>', 'its own proxy; "direct" uses none, "default" the config\'s'],
  ['concurrency <account> <most>', 'most requests at once; "default" leaves it to the config'],
  ['reset <account>', 'forget its rests: it is tried again at once'],
  ['refresh <account>', 'refresh its token now'],
]

/** Adds `accounts` to the command line. */
export function addAccountsCommands(program: Command): void {
  const accounts = program
    .command('accounts')
    .description(
      'the accounts you logged in to: state, plan, what is left (an account is named by id, its beginning, or label)',
    )
    .action(run('list'))
  accounts.command('list', { hidden: true }).action(run('list'))
  for (const [words, does] of CHANGES)
    accounts
      .command(words)
      .description(does)
      .action(run(words.split(' ')[0]!))
  accounts
    .command('remove <account>')
    .description('forget its login')
    .option('--revoke', 'tell the vendor, too, that the login is given up')
    .action(run('remove'))
}

function run(verb: string) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<AccountsCliOptions>()
    const words = args.filter((a): a is string => typeof a === 'string')
    const { accounts } = await import('./accounts-run.ts')
    await accounts(createOutput(options.json === true), options, verb, words)
  }
}
