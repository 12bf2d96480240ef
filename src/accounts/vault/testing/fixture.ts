/** Vaults, logins and directories for tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Store } from '../../../store/store.ts'
import type { LoginFacts, Tokens } from '../../login-record.ts'
import { VaultError } from '../../vault.ts'
import { type OpenVaultOptions, openVault } from '../index.ts'
import type { Keychain } from '../keychain.ts'

/** Cheap enough to be derived hundreds of times. */
export const CHEAP = { memoryKiB: 64, passes: 1, parallelism: 1 }

export const START = Date.UTC(2026, 10, 22)

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new directory of mode 0700, removed when the tests are over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'logicaproxy-vault-'))
  folders.push(path)
  return path
}

/** A keychain in memory; `broken` has no daemon. */
export function fakeKeychain(broken = false): Keychain & { entries: Map<string, Buffer> } {
  const entries = new Map<string, Buffer>()
  const check = () => {
    if (broken) throw new VaultError('no-key', 'The keychain of this machine cannot be used (no daemon).')
  }
  return {
    entries,
    async read(name) {
      check()
      const found = entries.get(name)
      return found && Buffer.from(found)
    },
    async write(name, secret) {
      check()
      entries.set(name, Buffer.from(secret))
    },
    async remove(name) {
      check()
      entries.delete(name)
    },
  }
}

export interface Wishes extends Partial<Omit<OpenVaultOptions, 'config'>> {
  wrap?: OpenVaultOptions['config']['vault']['wrap']
  keyFile?: string
  passphrase?: string
}

/** Opens a vault with cheap keys and a clock that stands. */
export function vaultOn(store: Store, authDir: string, wishes: Wishes = {}) {
  const { wrap = 'auto', keyFile = '', passphrase, ...rest } = wishes
  return openVault({
    store,
    authDir,
    config: { vault: { wrap, 'key-file': keyFile, 'passphrase-file': '' } },
    env: passphrase === undefined ? {} : { LOGICAPROXY_PASSPHRASE: passphrase },
    now: () => START,
    keychain: fakeKeychain(true),
    cost: CHEAP,
    ...rest,
  })
}

export type TestVault = Awaited<ReturnType<typeof vaultOn>>

export function factsOf(label: string): LoginFacts {
  return {
    label,
    subject: label,
    state: { is: 'ready' },
    origin: { how: 'login', at: START },
    disabled: false,
    priority: 0,
    weight: 1,
    headers: {},
    excludedModels: [],
    createdAt: START,
  }
}

export function tokensOf(secret: string, more: Partial<Tokens> = {}): Tokens {
  return {
    accessToken: `access-${secret}`,
    refreshToken: `refresh-${secret}`,
    expiresAt: START + 3_600_000,
    issuedAt: START,
    details: {},
    ...more,
  }
}

export const login = (id: string, provider = 'claude') => ({ id, provider, facts: factsOf(id) })

/** Puts logins `a`, `b`, `c` …, each twice, so that every one has version 2. */
export async function fill(vault: TestVault, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await vault.put(login(id), tokensOf(`${id}1`), { expected: 0 })
    await vault.put(login(id), tokensOf(`${id}2`), { expected: 1 })
  }
}

/** What can be used and what is damaged, by id. */
export async function read(vault: TestVault): Promise<{ good: Record<string, string>; bad: Record<string, string> }> {
  const good: Record<string, string> = {}
  const bad: Record<string, string> = {}
  for (const loaded of await vault.all())
    if ('damage' in loaded) bad[loaded.record.id] = loaded.damage
    else good[loaded.record.id] = loaded.tokens.refreshToken!
  return { good, bad }
}
