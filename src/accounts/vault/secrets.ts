/** An embedder's own named secrets, sealed like the logins, in documents of kind `secret`. */
import * as z from 'zod'
import type { DocumentRow, Store } from '../../store/store.ts'
import { VaultError } from '../vault.ts'
import type { Custody } from './custody.ts'
import { SealError, seal, unseal } from './seal.ts'

export const SECRET_KIND = 'secret'

export interface SecretInfo {
  name: string
  /** Whose it is, in the embedder's words; empty if nobody said. */
  provider: string
  createdAt: number
  /** ms since the epoch; undefined: it stays. */
  expiresAt?: number
}

export interface StoreSecretOptions {
  provider?: string
  /** Life in milliseconds from now. */
  ttlMs?: number
  /** End of its life, ms since the epoch, in place of `ttlMs`. */
  expiresAt?: number
}

/** The vault as an embedder sees it. Every method rejects with `VaultError` or `StoreError`. */
export interface Vault {
  /** Keeps a secret under a name, in place of the one before. Durable before it resolves. */
  store(name: string, value: string | Uint8Array, options?: StoreSecretOptions): Promise<SecretInfo>
  /** The secret, or undefined if there is none or its time is over. @throws {VaultError} `tampered` */
  retrieve(name: string): Promise<Buffer | undefined>
  /** False: there was none. */
  delete(name: string): Promise<boolean>
  /** What there is, without the secrets themselves, by name. */
  list(): Promise<SecretInfo[]>
  /** Removes what has expired from the store; resolves with how many. */
  purgeExpired(): Promise<number>
}

const storedSchema = z.object({ provider: z.string(), createdAt: z.number(), sealed: z.base64() })
type Stored = z.infer<typeof storedSchema>

export interface Secrets extends Vault {
  /** Seals what is under another key anew. Resolves with how many could not be opened. */
  resealAll(): Promise<number>
}

export function createSecrets(custody: Custody): Secrets {
  const { store, now } = custody
  const contextOf = (info: SecretInfo) => [info.name, info.provider, info.createdAt, info.expiresAt ?? 'for ever']

  async function read(name: string): Promise<{ info: SecretInfo; document: DocumentRow; value: Stored } | undefined> {
    const document = await store.documents.get(SECRET_KIND, name, now())
    return document && described(document)
  }

  async function open(info: SecretInfo, value: Stored): Promise<Buffer> {
    const attempt = () =>
      unseal(custody.unlocked().find, 'secret', contextOf(info), Buffer.from(value.sealed, 'base64'))
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof SealError) || error.why !== 'other-key') throw error
      await custody.follow()
      return attempt()
    }
  }

  async function write(info: SecretInfo, plain: Uint8Array, expected?: number): Promise<boolean> {
    const sealed = seal((await custody.ready()).key, 'secret', contextOf(info), plain).toString('base64')
    const value = JSON.stringify({ provider: info.provider, createdAt: info.createdAt, sealed } satisfies Stored)
    const document = { kind: SECRET_KIND, id: info.name, value, updatedAt: now(), expiresAt: info.expiresAt, expected }
    return (await store.documents.put([document])) === 'written'
  }

  return {
    async store(name, value, { provider = '', ttlMs, expiresAt } = {}) {
      if (name === '' || Buffer.byteLength(name) > 512) throw new RangeError('a name has 1 to 512 bytes')
      const createdAt = now()
      const end = expiresAt ?? (ttlMs === undefined ? undefined : createdAt + ttlMs)
      if (end !== undefined && !(end > createdAt)) throw new RangeError('a secret has to live for a while')
      const plain = Buffer.from(value as string)
      const info: SecretInfo = { name, provider, createdAt, expiresAt: end }
      await write(info, plain).finally(() => plain.fill(0))
      await synced(store, createdAt)
      return info
    },
    async retrieve(name) {
      await custody.ready()
      const found = await read(name)
      if (found === undefined) return undefined
      return open(found.info, found.value).catch((error) => {
        if (!(error instanceof SealError)) throw error
        throw new VaultError('tampered', `The secret ${JSON.stringify(name)} cannot be opened: ${error.message}.`)
      })
    },
    async delete(name) {
      await custody.ready()
      return (await store.documents.remove(SECRET_KIND, [name])) > 0
    },
    async list() {
      await custody.ready()
      const documents = await store.documents.all(SECRET_KIND, now())
      return documents.map((d) => described(d).info).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async purgeExpired() {
      await custody.ready()
      const at = now()
      const over = async () =>
        (await store.documents.all(SECRET_KIND, 0)).filter((d) => (d.expiresAt ?? Infinity) <= at)
      const before = (await over()).length
      // By the clock and not by name: one that is stored anew meanwhile stays.
      await store.documents.purge(at)
      return before - (await over()).length
    },
    async resealAll() {
      let lost = 0
      for (const document of await store.documents.all(SECRET_KIND, now())) {
        const { info, value } = described(document)
        // Written anew by others meanwhile: then under the new key, too.
        const plain = await open(info, value).catch(() => undefined)
        if (plain === undefined) lost++
        else await write(info, plain, document.version).finally(() => plain.fill(0))
      }
      return lost
    },
  }
}

function parse(text: string): Stored | undefined {
  try {
    return storedSchema.parse(JSON.parse(text), { jitless: true })
  } catch {
    return undefined
  }
}

function described(document: DocumentRow): { info: SecretInfo; document: DocumentRow; value: Stored } {
  // What is no such document has an empty seal: opening it will tell.
  const { provider, createdAt, sealed } = parse(document.value) ?? { provider: '', createdAt: 0, sealed: '' }
  const info = { name: document.id, provider, createdAt, expiresAt: document.expiresAt }
  return { info, document, value: { provider, createdAt, sealed } }
}

/**
 * Documents survive the process, not a power cut; leases do. As the engine syncs its log in order, a durable write after
 * others makes those durable as well.
 */
export async function synced(store: Store, now: number): Promise<void> {
  await store.leases.acquire('vault-sync', 'vault', now, 1)
}
