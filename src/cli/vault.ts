/** `logicaproxy vault`: its place in the command line. What it does is loaded when it is asked for (vault-run.ts). */
import { type Command, Option } from 'commander'
import { createOutput } from './output.ts'

/** Options of the vault's commands, the global ones included. */
export interface VaultCliOptions {
  config?: string
  json?: boolean
  passphraseFile?: string
  accept?: boolean
  dryRun?: boolean
  wrap?: 'key-file' | 'keychain' | 'passphrase'
  newPassphraseFile?: string
  resume?: boolean
  settle?: string
  bridge?: boolean
  bundlePassphraseFile?: string
  plain?: boolean
  tokensInTheClear?: boolean
}

/** Where the passphrase of an export may stand, and a new one of the vault. */
export const BUNDLE_VARIABLE = 'LOGICAPROXY_BUNDLE_PASSPHRASE'
export const NEW_VARIABLE = 'LOGICAPROXY_NEW_PASSPHRASE'

/** Adds `vault` and its commands. */
export function addVaultCommand(program: Command): void {
  const vault = program.command('vault').description('look after the tokens at rest')
  const command = (name: string, description: string) =>
    vault
      .command(name)
      .description(description)
      .option('--passphrase-file <file>', "file that holds the vault's passphrase")

  command('status', 'tell whether the vault opens, what protects it and what is damaged')
    .option('--accept', 'take the logins as they are: after a backup was restored, or damage was looked into')
    .action(run('status'))
  command('list', 'list what is kept, without the tokens').action(run('list'))
  command('fingerprint', "print the data key's fingerprint").action(run('fingerprint'))
  command('purge', 'remove what has expired and cannot be renewed')
    .option('--dry-run', 'only tell what would be removed')
    .action(run('purge'))
  command('rekey', 'make a new data key and seal everything anew; servers may go on running')
    .addOption(
      new Option('--wrap <kind>', 'what protects the key from now on').choices(['key-file', 'keychain', 'passphrase']),
    )
    .option('--new-passphrase-file <file>', `file that holds the new passphrase; or ${NEW_VARIABLE}`)
    .option(
      '--no-bridge',
      'do not help running servers over to a new passphrase: for when the old key is known to others',
    )
    .option('--settle <seconds>', 'how long running servers get to notice the new key', '2.5')
    .option('--resume', 'finish an interrupted re-key, and no more')
    .action(run('rekey'))
  command('export <file>', 'write logins and secrets into a new file, protected by a passphrase of its own')
    .option('--bundle-passphrase-file <file>', `file that holds the export's passphrase; or ${BUNDLE_VARIABLE}`)
    .option('--plain', 'without protection')
    .option('--tokens-in-the-clear', 'with --plain: yes, whoever reads the file can use the accounts')
    .action(run('exportTo'))
  command('import <file>', 'take over logins and secrets from an export; the tokens issued last stay')
    .option('--bundle-passphrase-file <file>', `file that holds the export's passphrase; or ${BUNDLE_VARIABLE}`)
    .action(run('importFrom'))
}

type Verb = keyof typeof import('./vault-run.ts')

function run(verb: Verb) {
  return async (...args: unknown[]): Promise<void> => {
    const options = (args.at(-1) as Command).optsWithGlobals<VaultCliOptions>()
    const actions = await import('./vault-run.ts')
    await actions[verb](createOutput(options.json === true), options, typeof args[0] === 'string' ? args[0] : '')
  }
}
