/**
 * The keychain of the operating system: macOS Keychain, Windows Credential Manager, the Secret Service of a Linux
 * desktop. On Linux the Secret Service is asked for by name, because @napi-rs/keyring would else fall back to the
 * kernel's keyring, which forgets everything when the machine restarts, and the logins with it.
 */
import { VaultError } from '../vault.ts'

export interface Keychain {
  /** The secret under a name; undefined if there is none. @throws {VaultError} `no-key` */
  read(name: string): Promise<Buffer | undefined>
  write(name: string, secret: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
}

const SERVICE = 'logicaproxy'
/** A keychain may ask its owner to unlock it; nobody may be there to see it. */
const LIMIT_MS = 60_000

/** The keychain of this machine, loaded at its first use. */
export function systemKeychain(): Keychain {
  async function entry(name: string) {
    try {
      const { AsyncEntry } = await import('@napi-rs/keyring')
      return new AsyncEntry(SERVICE, name, { linux: { store: 'secret-service' } })
    } catch (error) {
      throw unavailable(error)
    }
  }
  const ask = async <T>(name: string, what: (e: Awaited<ReturnType<typeof entry>>, s: AbortSignal) => Promise<T>) => {
    const found = await entry(name)
    return what(found, AbortSignal.timeout(LIMIT_MS)).catch((error) => {
      throw unavailable(error)
    })
  }
  return {
    async read(name) {
      const text = await ask(name, (e, signal) => e.getPassword(signal))
      return text === null || text === undefined ? undefined : Buffer.from(text, 'base64')
    },
    write: (name, secret) => ask(name, (e, signal) => e.setPassword(Buffer.from(secret).toString('base64'), signal)),
    async remove(name) {
      await ask(name, (e, signal) => e.deleteCredential(signal))
    },
  }
}

function unavailable(error: unknown): VaultError {
  const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  return new VaultError(
    'no-key',
    `The keychain of this machine cannot be used (${why.slice(0, 160)}). On Linux it needs a running and unlocked ` +
      'Secret Service (GNOME Keyring, KWallet); on a server use a key file or a passphrase.',
    { cause: error },
  )
}
