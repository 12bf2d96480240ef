/** `logicaproxy route`: its place in the command line. What it does is loaded when it is asked for (route-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

/** Options of the command, the global ones included. */
export interface RouteCliOptions {
  config?: string
  json?: boolean
  system?: string
  model: string
  client?: string
  jsonl?: string
  wrong?: boolean
  category?: string
  list?: boolean
  remove?: string[]
  export?: boolean
  import?: string
}

/** Adds `route`. */
export function addRouteCommand(program: Command): void {
  program
    .command('route [prompt...]')
    .description('tell where "auto" sends a prompt and why; nothing is sent anywhere')
    .option('--system <text>', 'the system prompt beside it')
    .option('--model <name>', 'explain another model name, such as "auto(high)"', 'auto')
    .option('--client <name>', 'as the client of that name, with the routes of its key')
    .option(
      '--jsonl <file>',
      'decide a file of {"prompt"} or {"system","messages"} lines, one decision a line; - is stdin',
    )
    .option('--wrong', 'the decision is wrong: prompts like this belong to --category from now on')
    .option('--category <name>', 'where it belongs: code, reasoning, fast, creative, analysis, or one of yours')
    .option('--list', 'list what was labelled with --wrong')
    .option('--remove <id...>', 'forget labelled examples')
    .option('--export', 'print the labelled examples as JSON lines')
    .option('--import <file>', 'take over labelled examples from JSON lines; - is stdin')
    .addHelpText(
      'after',
      '\nA prompt of "-" is read from stdin. Labelled examples are kept in the store; a running server heeds them within a second.',
    )
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<RouteCliOptions>()
      const { route } = await import('./route-run.ts')
      await route(createOutput(options.json === true), options, words.join(' '))
    })
}
