/** The command line: one table of commands; each command's code is loaded only when it is asked for. */
import { Command, CommanderError, Option } from 'commander'
import { version } from '../version.ts'
import { addAccountsCommands } from './accounts.ts'
import { addDashboardCommand } from './dashboard.ts'
import { addImportCommands } from './import.ts'
import { addKeysCommand } from './keys.ts'
import { legacyFlags } from './legacy-flags.ts'
import { addLoginCommands } from './login.ts'
import { CommandError, createOutput, EXIT, tame } from './output.ts'
import { addRouteCommand } from './route.ts'
import { plainer } from './unknown-command.ts'
import { addUsageCommand } from './usage.ts'
import { addVaultCommand } from './vault.ts'

const program: Command = new Command('logicaproxy')
  .description('Your model subscriptions and API keys behind the standard APIs.')
  .version(version, '-v, --version')
  .option(
    '-c, --config <file>',
    'config file (default: $LOGICAPROXY_CONFIG, ./config.yaml or ~/.logicaproxy/config.yaml)',
  )
  .option('--json', 'machine-readable output on stdout')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong config, 4 cannot listen, 5 the store cannot be opened.',
  )
  .showHelpAfterError('(--help tells more)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({
    writeErr: (text) => process.stderr.write(text),
    outputError: (message, write) => write(plainer(message, program)),
  })

const port = () => new Option('-p, --port <port>', 'port to listen on').argParser(portNumber)

program
  .command('serve', { isDefault: true })
  .description('start the gateway (what happens without a command)')
  .addOption(port())
  .option('--host <host>', 'address to listen on')
  .action(run(async (out, options) => (await import('./serve.ts')).serve(out, options)))

program
  .command('demo')
  .description('gateway and simulated providers in one: sample requests, then a server to play with')
  .addOption(port())
  .option('--api-key <key>', 'client key of the demo', 'demo-key')
  .option('--once', 'end after the samples: 0 if all were answered')
  .action(run(async (out, options) => (await import('./demo.ts')).demo(out, options)))

program
  .command('simulate')
  .description('serve the simulated vendors alone: APIs, logins, subscriptions')
  .addOption(port())
  .option('--faults', 'list the words a model name may carry, and what they do')
  .action(run(async (out, options) => (await import('./simulate.ts')).simulate(out, options)))

const config = program.command('config').description('look after the config file')
config
  .command('check [file]')
  .description('read the config and tell every fault with its line')
  .action(run(async (out, options, file) => (await import('./config.ts')).check(out, file ?? options.config)))
config
  .command('schema')
  .description('print the JSON Schema of the config')
  .action(run(async () => (await import('./config.ts')).schema()))
config
  .command('path')
  .description('print which config file is used')
  .action(run(async (out, options) => (await import('./config.ts')).path(out, options.config)))

addLoginCommands(program)
addAccountsCommands(program)
addImportCommands(program)
addVaultCommand(program)
addDashboardCommand(program, portNumber)
addKeysCommand(program)
addUsageCommand(program)
addRouteCommand(program)

/** Options of all commands, the global ones included. */
export interface CliOptions {
  config?: string
  json?: boolean
  port?: number
  host?: string
  apiKey?: string
  once?: boolean
  faults?: boolean
}

type Action = (out: ReturnType<typeof createOutput>, options: CliOptions, argument?: string) => Promise<void> | void

/** Gives a command its output and options, whatever arguments commander puts before them. */
function run(action: Action) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<CliOptions>()
    const argument = typeof args[0] === 'string' ? args[0] : undefined
    await action(createOutput(options.json === true), options, argument)
  }
}

function portNumber(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new CommanderError(
      EXIT.usage,
      'port',
      `error: the port must be a whole number from 0 to 65535, found "${text}"`,
    )
  return value
}

/** `-config FILE`, as the product description and CLIProxyAPI write it, means `--config FILE`. */
function normalised(argv: readonly string[]): string[] {
  return argv.map((word) => (/^-[a-z][a-z-]+/.test(word) ? `-${word}` : word))
}

// Whoever reads the output has read enough, as `head` has: no reason to break off in the middle of a change, or to crash.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

try {
  await program.parseAsync(normalised(legacyFlags(process.argv.slice(2))), { from: 'user' })
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.code === 'port') process.stderr.write(`${tame(error.message)}\n`)
    // Help and version come this way too, with exit code 0.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else if (error instanceof CommandError) {
    process.stderr.write(`${tame(error.message)}\n`)
    process.exitCode = error.exitCode
  } else {
    process.stderr.write(`${(error as Error).stack ?? String(error)}\n`)
    process.exitCode = EXIT.failed
  }
}
