/** The operating system's keyring, asked only when an import looks there. */
import type { KeyringEntry, KeyringReader } from './types.ts'

/** A locked keyring asks its owner; longer than this nobody is there. */
const PATIENCE_MS = 20_000

/**
 * A reader, or undefined where there is no keyring to ask (Linux without a session bus) or its module is not installed.
 * Failures count as nothing found: the files are looked at in any case.
 */
export async function openKeyring(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Promise<KeyringReader | undefined> {
  if (platform !== 'darwin' && platform !== 'win32' && !env['DBUS_SESSION_BUS_ADDRESS']) return undefined
  const keyring = await import('@napi-rs/keyring').catch(() => undefined)
  if (keyring === undefined) return undefined
  const { AsyncEntry } = keyring
  return async ({ service, account, target }: KeyringEntry) => {
    try {
      const entry =
        platform === 'win32' && target !== undefined
          ? AsyncEntry.withTarget(target, service, account)
          : new AsyncEntry(service, account)
      return unwrapped((await entry.getPassword(AbortSignal.timeout(PATIENCE_MS))) ?? undefined)
    } catch {
      return undefined
    }
  }
}

/** Go programs on macOS store base64 under a mark of their library. */
export function unwrapped(value: string | undefined): string | undefined {
  const mark = 'go-keyring-base64:'
  return value?.startsWith(mark) ? Buffer.from(value.slice(mark.length), 'base64').toString('utf8') : value
}
