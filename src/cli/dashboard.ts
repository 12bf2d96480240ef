/** `logicaproxy dashboard`: its place in the command line. What it does is loaded when it is asked for (dashboard-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

export interface DashboardOptions {
  config?: string
  json?: boolean
  port?: number
  /** False: print the link only. */
  browser?: boolean
}

/** Adds `dashboard` to the command line. @param portNumber reads a port. */
export function addDashboardCommand(program: Command, portNumber: (text: string) => number): void {
  program
    .command('dashboard')
    .description('open the dashboard of the running server: a link that signs you in once')
    .option('-p, --port <port>', 'port the server listens on, if it is not the one of the config', portNumber)
    .option('--no-browser', 'print the link only')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DashboardOptions>()
      await (await import('./dashboard-run.ts')).dashboard(createOutput(options.json === true), options)
    })
}
