/** `logicaproxy import`: its place in the command line. What it does is loaded when it is asked for (import-run.ts). */
import type { Command } from 'commander'
import { createOutput } from './output.ts'

/** Options of `import`, the global ones included. */
export interface ImportCliOptions {
  config?: string
  json?: boolean
  from?: string
  provider?: string
  move?: boolean
  borrow?: boolean
  dryRun?: boolean
  /** False: `--no-keyring`. */
  keyring?: boolean
  keepFile?: boolean
  yesIKnow?: boolean
  project?: string
  /** Of service accounts. */
  location?: string
  prefix?: string
}

/** Adds `import` to the command line. */
export function addImportCommands(program: Command): void {
  program
    .command('import')
    .description("take over logins of the vendors' own programs and of CLIProxyAPI that are on this machine")
    .option('--from <path>', 'an auth folder or a single file, in place of all known places')
    .option('--provider <name>', 'only this one')
    .option('--move', 'LogicaProxy refreshes the login from now on')
    .option('--borrow', 'read-only: the other program refreshes it, LogicaProxy follows its file')
    .option('--dry-run', 'show what there is and change nothing')
    .option('--keep-file', 'leave the other program its file after a move')
    .option('--no-keyring', "do not look into the operating system's keyring")
    .option('--project <id>', 'Google Cloud project, where the login needs one')
    .option('--location <region>', 'region of a Vertex service account (us-central1 unless its file says another)')
    .option('--prefix <name>', 'reach what is taken as "name/model"')
    .option('--yes-i-know', "take logins although the provider's policy is restricted (it is shown)")
    .action(async (...args: unknown[]) => {
      const command = args.at(-1) as Command
      const options = command.optsWithGlobals<ImportCliOptions>()
      const { importLogins } = await import('./import-run.ts')
      await importLogins(createOutput(options.json === true), options)
    })
}
