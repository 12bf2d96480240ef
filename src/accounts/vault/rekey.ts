/**
 * A new data key, and all records sealed anew under it, while servers run. At every point the header opens all there is:
 *
 *   1. one write of the header puts the new key in force and keeps the old one, sealed under the new;
 *   2. record after record is sealed anew, each by compare-and-set with the manifest;
 *   3. one more write of the header forgets the old key.
 *
 * Interrupted anywhere, everything can be read, and the next re-key finishes what was begun. A server that runs follows:
 * it reads the new header and unwraps it as it did the first; where it could not, because the passphrase is new to it,
 * the header holds a bridge (the new key sealed under the old) while 1 to 3 last.
 */
import { randomBytes } from 'node:crypto'
import { VaultError } from '../vault.ts'
import type { Custody } from './custody.ts'
import { newDataKey } from './data-key.ts'
import { sealKey, type VaultHeader, type WrapKind, wrapKey } from './header.ts'
import { sealManifest } from './manifest.ts'
import type { Records } from './records.ts'
import { isUnder } from './seal.ts'
import { type Secrets, synced } from './secrets.ts'
import { makeWrap } from './wrapping.ts'

const LEASE = 'vault-rekey'
const LEASE_MS = 60_000

export interface RekeyOptions {
  /** What protects the key from now on; as it was when left out. */
  wrap?: WrapKind
  /** The new passphrase; from the usual sources when left out. */
  passphrase?: string
  /**
   * Let running servers follow to a passphrase they do not know (default). False when the old key may be in strange
   * hands: they then have to be started again with the new passphrase.
   */
  bridge?: boolean
  /** A new key in the key file. Default: on SQLite; on Postgres the same file may lie on many machines. */
  freshKeyFile?: boolean
  /** Finish an interrupted re-key, and no more. */
  resume?: boolean
  /** How long running servers get to follow before records are sealed anew, ms; 2,500 when left out. */
  settleMs?: number
}

export interface RekeyResult {
  fingerprint: string
  wrap: WrapKind
  /** Records and secrets sealed anew. */
  resealed: number
  /** Those that could not be opened before, and cannot now. */
  damaged: number
}

export async function rekey(
  custody: Custody,
  records: Records,
  secrets: Secrets,
  options: RekeyOptions,
): Promise<RekeyResult> {
  const { store, now } = custody
  const owner = `rekey-${process.pid}-${randomBytes(6).toString('hex')}`
  /** Takes the lease, or holds it longer; being durable, it also syncs what was written before it. */
  async function hold() {
    const lease = await store.leases.acquire(LEASE, owner, now(), LEASE_MS)
    if ('heldUntil' in lease)
      throw new VaultError(
        'locked',
        `Another re-key is under way, or was interrupted less than a minute ago. Try again in ${Math.max(1, Math.ceil((lease.heldUntil - now()) / 1000))} s.`,
      )
    return lease
  }

  async function begin(): Promise<void> {
    const { header, key, find } = await custody.follow()
    const kind = options.wrap ?? header.wrap.kind
    const next = newDataKey()
    const freshKeyFile = options.freshKeyFile ?? store.engine === 'sqlite'
    const made = await makeWrap(custody.sources, { kind, passphrase: options.passphrase, freshKeyFile }, true)
    const { id, createdAt } = header
    const fresh = wrapKey(
      { id, createdAt, keyAt: now(), fingerprint: next.fingerprint, wrap: made.wrap },
      next,
      made.key,
    )
    const retired = [key, ...header.retired.map((old) => find(old.fingerprint)!)]
    fresh.retired = retired.map((old) => ({ fingerprint: old.fingerprint, key: sealKey(next, old, 'retired') }))
    fresh.manifest = header.manifest
    if (kind === 'passphrase' && options.bridge !== false)
      fresh.bridge = { from: key.fingerprint, key: sealKey(key, next, 'bridge') }
    if (!(await custody.replaceHeader(fresh, [next, ...retired]))) {
      await made.undo()
      throw new VaultError('locked', 'Another process changed the vault just now. Try again.')
    }
    await hold()
    await dropWrap(header, fresh)
    const settle = options.settleMs ?? 2_500
    if (settle > 0) await new Promise((resolve) => setTimeout(resolve, settle))
  }

  async function sealAnew(): Promise<{ resealed: number; damaged: number }> {
    let resealed = 0
    for (let round = 0; ; round++) {
      const { sound, damaged } = await records.stale(custody.unlocked().key.fingerprint)
      if (sound.length === 0) return { resealed, damaged: damaged + (await secrets.resealAll()) }
      if (round === 100) throw busy()
      for (const row of sound) {
        if (await records.reseal(row)) resealed++
        await hold()
      }
    }
  }

  /** Forgets the old keys. False: somebody wrote under one of them at the last moment, and they are still there. */
  async function finish(): Promise<boolean> {
    const before = await records.manifest()
    const { header, key, find } = custody.unlocked()
    const { bridge: _, ...rest } = header
    const next: VaultHeader = { ...rest, retired: [] }
    // Nothing was there to seal anew: the manifest comes into the header under the new key, for this revision.
    const stored = await store.manifest()
    if (stored.revision !== before.revision) return false
    if (stored.revision > 0 && !isUnder(stored.value, key.fingerprint))
      next.manifest = { revision: before.revision, value: sealManifest(key, before).toString('base64') }
    const old = header.retired.map((r) => find(r.fingerprint)!)
    if (!(await custody.replaceHeader(next, [key]))) {
      await custody.follow()
      return false
    }
    const after = await store.manifest()
    if (after.revision === before.revision || isUnder(after.value, key.fingerprint)) return true
    await custody.replaceHeader(header, [key, ...old])
    return false
  }

  async function complete(): Promise<{ resealed: number; damaged: number }> {
    let resealed = 0
    for (let tries = 0; tries < 20; tries++) {
      const done = await sealAnew()
      resealed += done.resealed
      if (await finish()) return { resealed, damaged: done.damaged }
    }
    throw busy()
  }

  const busy = () =>
    new VaultError('locked', 'Others change the vault without a pause. Run: logicaproxy vault rekey --resume')

  /** What protected the key before is of no use now, and had better not lie about. */
  async function dropWrap(before: VaultHeader, after: VaultHeader): Promise<void> {
    if (before.wrap.kind === 'keychain') await custody.sources.keychain.remove(before.wrap.entry).catch(() => {})
    if (after.wrap.kind === 'key-file') await custody.sources.keyFile.keepOnly(after.wrap.key)
  }

  await custody.ready()
  const lease = await hold()
  try {
    await custody.follow()
    let done = { resealed: 0, damaged: 0 }
    if (custody.unlocked().header.retired.length > 0) {
      done = await complete()
    }
    if (!options.resume) {
      await begin()
      done = await complete()
    }
    await synced(store, now())
    const { header, key } = custody.unlocked()
    return { fingerprint: key.fingerprint, wrap: header.wrap.kind, ...done }
  } finally {
    await store.leases.release(lease, owner).catch(() => {})
  }
}
