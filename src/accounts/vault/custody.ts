/** Who holds the data key: unlocks the vault's header, makes it at the first start, follows it when others re-key. */
import { randomBytes } from 'node:crypto'
import { type Store, StoreError } from '../../store/store.ts'
import { VaultError, type VaultState } from '../vault.ts'
import { type DataKey, dataKey, newDataKey } from './data-key.ts'
import { HEADER_ID, HEADER_KIND, parseHeader, unsealKey, type VaultHeader, type WrapKind, wrapKey } from './header.ts'
import { oldFormPath, readOldForm } from './old-form.ts'
import { findPassphrase, PASSPHRASE_VARIABLE } from './passphrase.ts'
import { exists } from './private-file.ts'
import { makeWrap, type NewWrap, unlockHeader, type WrappingSources } from './wrapping.ts'

/** An open vault's keys. */
export interface Unlocked {
  header: VaultHeader
  /** Version of the header's document. */
  headerVersion: number
  /** What new seals are made under. */
  key: DataKey
  /** Also finds the keys that a running re-key retires. */
  find(fingerprint: string): DataKey | undefined
}

export interface Custody {
  readonly store: Store
  readonly sources: WrappingSources
  now(): number
  state(): VaultState
  /** The keys now. @throws {VaultError} `locked` */
  unlocked(): Unlocked
  /** The keys; tries again first where the trouble may have passed. @throws {VaultError} */
  ready(): Promise<Unlocked>
  /** Reads the header again: another process may have re-keyed. @throws {VaultError} */
  follow(): Promise<Unlocked>
  /** Compare-and-set of the header; takes it over with its keys. False: somebody else has changed it. */
  replaceHeader(header: VaultHeader, keys: readonly DataKey[]): Promise<boolean>
  warnings(): string[]
  close(): void
}

export interface CustodyOptions {
  store: Store
  sources: WrappingSources
  authDir: string
  /** The config's `vault.wrap`. */
  wish: WrapKind | 'auto'
  now: () => number
  /** The data key itself, handed over by a process that has it; wiped. */
  key?: Uint8Array
}

/** How often a locked vault that is used tries again, ms: permissions may have been put right, a file put back. */
const RETRY_MS = 5_000

/** Makes the custody and tries to unlock. Never rejects: a vault that cannot be opened is `locked`. */
export async function createCustody(options: CustodyOptions): Promise<Custody> {
  const { store, sources, now } = options
  const remarks: string[] = []
  let held: Unlocked | undefined
  let state: VaultState = { is: 'locked', reason: 'The vault has not been opened.', help: '' }
  let closed = false
  /** The store was away: worth another try at once. Whatever else it was may have been mended, and is tried now and then. */
  let passing = false
  let triedAt = 0
  let unlocking: Promise<Unlocked> | undefined
  let following: Promise<Unlocked> | undefined
  /** A key that was handed over opens the vault in place of the wrapping. */
  let given = options.key === undefined ? undefined : dataKey(options.key)

  function take(header: VaultHeader, headerVersion: number, keys: readonly DataKey[]): Unlocked {
    const known = new Map(keys.map((key) => [key.fingerprint, key]))
    const key = known.get(header.fingerprint)!
    for (const old of header.retired)
      if (!known.has(old.fingerprint)) known.set(old.fingerprint, unsealKey(key, old.fingerprint, old.key, 'retired'))
    held = { header, headerVersion, key, find: (fingerprint) => known.get(fingerprint) }
    state = { is: 'open', fingerprint: key.fingerprint, wrap: header.wrap.kind }
    return held
  }

  async function unlock(mayAsk: boolean): Promise<Unlocked> {
    const document = await store.documents.get(HEADER_KIND, HEADER_ID, now())
    if (document === undefined) return create(mayAsk)
    const header = parseHeader(document.value)
    const key = (await knownKey(header)) ?? (await unlockHeader(sources, header, mayAsk))
    return take(header, document.version, [key])
  }

  /** The header's key, if it is held, was handed over, or can be reached from the key before it. */
  async function knownKey(header: VaultHeader): Promise<DataKey | undefined> {
    const mine = held?.find(header.fingerprint) ?? (given?.fingerprint === header.fingerprint ? given : undefined)
    if (mine !== undefined) return mine
    const { bridge } = header
    const before = bridge && (held?.find(bridge.from) ?? (given?.fingerprint === bridge.from ? given : undefined))
    return before && unsealKey(before, header.fingerprint, bridge.key, 'bridge')
  }

  /** The first start: several processes may be at it at once, and the first header written is the one. */
  async function create(mayAsk: boolean): Promise<Unlocked> {
    const [rows, manifest] = [await store.credentials.all(), await store.manifest()]
    // Another process may have made the vault and added a login in the meantime.
    if ((rows.length > 0 || manifest.revision > 0) && (await store.documents.get(HEADER_KIND, HEADER_ID, now())))
      return unlock(mayAsk)
    if (rows.length > 0 || manifest.revision > 0)
      throw new VaultError(
        'format',
        "The store holds logins, but the vault's header is gone, and with it the key. Restore the store from a backup. " +
          'To start over with no logins, move the store away.',
      )
    const key = newDataKey()
    const made = await firstWrap(mayAsk)
    const [createdAt, id] = [now(), randomBytes(8).toString('hex')]
    const identity = { id, createdAt, keyAt: createdAt, fingerprint: key.fingerprint, wrap: made.wrap }
    const header = wrapKey(identity, key, made.key)
    const value = JSON.stringify(header)
    const written = await store.documents.put([
      { kind: HEADER_KIND, id: HEADER_ID, value, updatedAt: createdAt, expected: 0 },
    ])
    if (written === 'written') return take(header, 1, [key])
    await made.undo()
    return unlock(mayAsk)
  }

  async function firstWrap(mayAsk: boolean): Promise<NewWrap> {
    let kind = options.wish
    const old = await exists(oldFormPath(options.authDir))
    if (old && (kind === 'auto' || kind === 'passphrase')) {
      // The passphrase of the old vault becomes that of the new one: a wrong one must not get that far.
      const passphrase = await findPassphrase(sources.passphrase, mayAsk)
      if (passphrase === undefined)
        throw new VaultError(
          'locked',
          `${oldFormPath(options.authDir)}, the vault of an earlier LogicaProxy, waits to be taken over. Give its ` +
            `passphrase in ${PASSPHRASE_VARIABLE} or --passphrase-file, or move the file out of the auth directory.`,
        )
      await readOldForm(options.authDir, passphrase, now())
    }
    if (kind === 'auto') {
      kind = old || (await findPassphrase(sources.passphrase, false)) !== undefined ? 'passphrase' : 'key-file'
    }
    try {
      return await makeWrap(sources, { kind }, mayAsk)
    } catch (error) {
      if (kind !== 'keychain' || !(error instanceof VaultError)) throw error
      const made = await makeWrap(sources, { kind: 'key-file' }, mayAsk)
      remarks.push(
        `${error.message} The vault was made with the key file ${sources.keyFile.path} instead; once there is a ` +
          'keychain, run: logicaproxy vault rekey --wrap keychain',
      )
      return made
    }
  }

  /** One attempt at a time; what goes wrong becomes the state. */
  function attempt(mayAsk: boolean): Promise<Unlocked> {
    triedAt = now()
    unlocking ??= unlock(mayAsk)
      .catch((error: unknown) => {
        const told = explain(error)
        passing = error instanceof StoreError
        // The keys that are held go on working while the store is away.
        if (held === undefined || !passing) {
          held = undefined
          state = { is: 'locked', ...told, ...(error instanceof VaultError && { code: error.code }) }
        }
        throw error instanceof VaultError || error instanceof StoreError
          ? error
          : new VaultError('locked', told.reason, { cause: error })
      })
      .finally(() => {
        unlocking = undefined
      })
    return unlocking
  }

  function unlocked(): Unlocked {
    if (held !== undefined) return held
    throw lockedError(state)
  }

  const custody: Custody = {
    store,
    sources,
    now,
    state: () => state,
    unlocked,
    async ready() {
      if (held === undefined && !closed && (passing || Math.abs(now() - triedAt) >= RETRY_MS)) await attempt(false)
      return unlocked()
    },
    async follow() {
      if (closed) throw lockedError(state)
      if (unlocking === undefined) return attempt(false)
      // One that is under way may have read the header before it changed: one more after it, for all who ask.
      following ??= unlocking
        .catch(() => {})
        .then(() => {
          following = undefined
          return attempt(false)
        })
      return following
    },
    async replaceHeader(header, keys) {
      const { headerVersion } = unlocked()
      const written = await store.documents.put([
        { kind: HEADER_KIND, id: HEADER_ID, value: JSON.stringify(header), updatedAt: now(), expected: headerVersion },
      ])
      if (written === 'conflict') return false
      take(header, headerVersion + 1, keys)
      return true
    },
    warnings() {
      const told = [...remarks]
      const wrap = held?.header.wrap.kind
      if (wrap !== undefined && options.wish !== 'auto' && options.wish !== wrap && remarks.length === 0)
        told.push(
          `The config asks for vault.wrap ${options.wish}, but the vault is protected by ${WRAP_NAMES[wrap]}. ` +
            `To change it, run: logicaproxy vault rekey --wrap ${options.wish}`,
        )
      if ((held?.header.retired.length ?? 0) > 0)
        told.push(
          'A re-key is under way or was interrupted; logins work. To finish it, run: logicaproxy vault rekey --resume',
        )
      return told
    },
    close() {
      closed = true
      stop()
      held = undefined
      given = undefined
      passing = false
      state = { is: 'locked', reason: 'The vault was closed.', help: '' }
    },
  }

  const stop = store.onChange((change) => {
    if (change.table === 'documents' && change.kind === HEADER_KIND && !closed) void attempt(false).catch(() => {})
  })
  await attempt(true).catch(() => {})
  return custody
}

export const WRAP_NAMES: Record<WrapKind, string> = {
  'key-file': 'a key file',
  keychain: 'the keychain',
  passphrase: 'a passphrase',
}

/** What every operation of a locked vault fails with. */
export function lockedError(state: VaultState): VaultError {
  return new VaultError(
    'locked',
    state.is === 'locked' ? `${state.reason} ${state.help}`.trim() : 'The vault is locked.',
  )
}

/** The reason and what to do, out of an error: its first sentence and the rest. */
function explain(error: unknown): { reason: string; help: string } {
  if (error instanceof VaultError) {
    const cut = /[.!?] (?=[A-Z])/.exec(error.message)
    if (cut === null) return { reason: error.message, help: '' }
    return { reason: error.message.slice(0, cut.index + 1), help: error.message.slice(cut.index + 2) }
  }
  if (error instanceof StoreError)
    return { reason: `The store of the vault cannot be read: ${error.message}`, help: 'It is tried again by itself.' }
  const { code, name } = error as NodeJS.ErrnoException
  return {
    reason: `The vault cannot be opened (${code ?? name}).`,
    help: 'Look at the auth directory: is there space, and may this user write there?',
  }
}
