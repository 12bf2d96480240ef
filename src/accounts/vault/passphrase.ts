/** Where the passphrase comes from: a file named on the command line or in the config, the environment, or a person. */
import { VaultError } from '../vault.ts'
import { NOT_THE_WORLD, readPrivate } from './private-file.ts'

export const PASSPHRASE_VARIABLE = 'LOGICAPROXY_PASSPHRASE'

export interface PassphraseSources {
  env: NodeJS.ProcessEnv
  /** `--passphrase-file`, or the config's `vault.passphrase-file`. It goes before the environment. */
  file?: string
  /** Asks a person, where there is one. Undefined: nobody answered. */
  ask?: () => Promise<string | undefined>
}

/**
 * The passphrase, or undefined if none is given.
 * @param mayAsk whether a person may be asked now.
 * @throws {VaultError} for a file that is missing, empty, a link, or readable by others.
 */
export async function findPassphrase(sources: PassphraseSources, mayAsk: boolean): Promise<string | undefined> {
  if (sources.file !== undefined && sources.file !== '') return readPassphraseFile(sources.file)
  const named = sources.env[PASSPHRASE_VARIABLE]
  if (named !== undefined && named !== '') return named
  const answer = mayAsk ? await sources.ask?.() : undefined
  return answer === '' ? undefined : answer
}

/** The text of a passphrase file without the end of its line. @throws {VaultError} */
export async function readPassphraseFile(path: string): Promise<string> {
  const bytes = await readPrivate(path, 'passphrase file', NOT_THE_WORLD)
  if (bytes === undefined) throw new VaultError('no-key', `There is no passphrase file ${path}.`)
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  bytes.fill(0)
  if (text === '') throw new VaultError('no-key', `The passphrase file ${path} is empty.`)
  return text
}
