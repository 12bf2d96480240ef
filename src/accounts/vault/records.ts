/** The logins of an open vault: read with their manifest, written together with it. */
import { type CredentialRow, StoreError } from '../../store/store.ts'
import type { LoginFacts, Tokens } from '../login-record.ts'
import { type Loaded, type TokenVault, VaultError } from '../vault.ts'
import type { Anchor } from './anchor.ts'
import type { Custody, Unlocked } from './custody.ts'
import { EMPTY_MANIFEST, type Manifest, type ManifestEntry, openManifest, sealManifest, step } from './manifest.ts'
import { entryOf, load, missing, openTokens, sealTokens, vouched } from './rows.ts'
import { isUnder, keyOf, SealError } from './seal.ts'

/** How often a write or a reading that others came between is tried again. */
const PATIENCE = 200

export interface Records extends Omit<TokenVault, 'state' | 'exportKey'> {
  /** Removes a login if it still is of that version. False: it was written anew meanwhile, or is gone. */
  removeVersion(id: string, version: number): Promise<boolean>
  /** The manifest as the store has it. @throws {VaultError} `tampered` if it cannot be believed */
  manifest(): Promise<Manifest>
  /** The rows whose seal is not of that key: those that can be sealed anew, and how many cannot. */
  stale(fingerprint: string): Promise<{ sound: CredentialRow[]; damaged: number }>
  /** Seals one login anew under the current key, if it still is of that version. False: it is not. */
  reseal(row: CredentialRow): Promise<boolean>
  /** Takes the rows that open as they are, whatever the manifest says of them, and forgets those that are gone. */
  accept(): Promise<void>
}

export function createRecords(custody: Custody, anchor: Anchor): Records {
  const { store, now } = custody
  /** The last manifest that was read or written: a write over it needs no reading. */
  let last: Manifest | undefined
  /** The bytes `last` stands in: the same bytes need not be opened again. */
  let lastBytes: Uint8Array | undefined
  /** Writes of this process stand in line, so that they do not trip over each other's manifest. */
  let line: Promise<unknown> = Promise.resolve()

  function inLine<T>(work: () => Promise<T>): Promise<T> {
    const result = line.then(work)
    line = result.catch(() => {})
    return result
  }

  /** With the keys; once more with those of the header as it is now, if a seal was made under a key not known yet. */
  async function withKeys<T>(work: (keys: Unlocked) => T): Promise<T> {
    const keys = await custody.ready()
    try {
      return work(keys)
    } catch (error) {
      if (!(error instanceof SealError) || error.why !== 'other-key') throw error
      return work(await custody.follow())
    }
  }

  async function manifest(): Promise<Manifest> {
    const { header } = await custody.ready()
    const floor = anchor.highest()
    const stored = await store.manifest()
    if (floor === undefined || stored.revision < floor) await anchor.compare(header.id, stored.revision)
    const known = last?.revision === stored.revision && header.manifest?.revision !== stored.revision
    if (known && lastBytes !== undefined && Buffer.compare(lastBytes, stored.value) === 0) return last!
    try {
      const opened = await withKeys(({ header, find }) => {
        if (header.manifest?.revision === stored.revision)
          return openManifest(find, stored.revision, Buffer.from(header.manifest.value, 'base64'))
        return stored.revision === 0 ? EMPTY_MANIFEST : openManifest(find, stored.revision, stored.value)
      })
      last = opened
      // Of a revision the header speaks for, the stored bytes say nothing.
      lastBytes = custody.unlocked().header.manifest?.revision === opened.revision ? undefined : stored.value
      return last
    } catch (error) {
      last = undefined
      if (!(error instanceof SealError)) throw error
      throw new VaultError(
        'tampered',
        `The list that vouches for the logins is damaged: ${error.message}. Restore the store from a backup; or, to ` +
          'take the logins as they are, run: logicaproxy vault status --accept',
        { cause: error },
      )
    }
  }

  /** A manifest, and rows that were read while it did not move (or as near to that as a busy store lets one come). */
  async function steady<T>(read: () => Promise<T>, fits: (rows: T, m: Manifest) => boolean): Promise<[T, Manifest]> {
    let before = await manifest()
    for (let tries = 0; ; tries++) {
      const rows = await read()
      if (fits(rows, before)) return [rows, before]
      const after = await manifest()
      if (after.revision === before.revision || fits(rows, after) || tries === PATIENCE) return [rows, after]
      before = after
    }
  }

  const steadyAll = () =>
    steady(
      () => store.credentials.all(),
      (found, m) => found.length === m.entries.size && found.every((r) => vouched(r, m.entries.get(r.id))),
    )

  async function open(
    row: CredentialRow | undefined,
    entry: ManifestEntry | undefined,
    id: string,
  ): Promise<Loaded | undefined> {
    if (row === undefined) return entry && missing(id, entry, now())
    const { find } = await withKeys((keys) => {
      // A seal of a key that came with a re-key makes us follow; one of no key at all is told as damage.
      if (foreign(keys, row.sealed)) throw new SealError('other-key')
      return keys
    }).catch((error) => {
      if (error instanceof SealError) return custody.unlocked()
      throw error
    })
    return load(find, row, entry)
  }

  /**
   * Writes a row with its manifest, as often as others come between. `expected` may move by `yields`, which is asked
   * when the stored version is another.
   */
  async function write(
    id: string,
    make: (keys: Unlocked, expected: number) => CredentialRow,
    guard: { expected: number; fence?: { lease: string; number: number } },
    yields: (row: CredentialRow | undefined) => Promise<number | undefined>,
  ): Promise<'written' | 'conflict'> {
    let { expected } = guard
    for (let tries = 0; ; tries++) {
      const keys = await custody.ready()
      const from = last ?? (await manifest())
      const row = make(keys, expected)
      const to = step(from, id, entryOf(row))
      const value = sealManifest(keys.key, to)
      const result = await store.credentials.put(row, {
        expected,
        fence: guard.fence,
        manifest: { expected: from.revision, value },
      })
      if (result === 'written') {
        last = to
        lastBytes = value
        anchor.saw(to.revision)
        return result
      }
      // Either the row, the fence or the manifest has moved; only the last is nobody's fault. The manifest is read
      // last, right before the next try: whoever waits with it in hand is always late.
      await patience(tries)
      const stored = await store.credentials.get(id)
      const other = (stored?.version ?? 0) === expected ? expected : await yields(stored)
      const there = await manifest()
      if (other === undefined || (other === expected && there.revision === from.revision)) return 'conflict'
      expected = other
    }
  }

  async function patience(tries: number): Promise<void> {
    if (tries >= PATIENCE) throw new StoreError('unavailable', 'Others write to the store without a pause. Try again.')
    if (tries > 2) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(tries, 20)))
  }

  function row(keys: Unlocked, login: Login, tokens: Tokens, version: number, since: number): CredentialRow {
    const { id, provider } = login
    const sealed = sealTokens(keys.key, { id, provider, version }, { tokens, since })
    const facts = JSON.stringify(login.facts)
    return { id, provider, version, sealed, facts, expiresAt: tokens.expiresAt, updatedAt: now() }
  }

  /** Writes something without changing what there is, so that a manifest can be put in force. */
  async function putManifest(to: (revision: number) => Manifest): Promise<void> {
    const { revision } = await store.manifest()
    const keys = await custody.ready()
    const manifest = to(revision)
    const value = sealManifest(keys.key, manifest).toString('base64')
    const written = await custody.replaceHeader({ ...keys.header, manifest: { revision, value } }, [keys.key])
    if (!written) throw new VaultError('locked', 'Another process changes the vault just now. Try again.')
    last = manifest
    lastBytes = undefined
  }

  /** @param version only this one. @returns whether something was removed */
  async function remove(id: string, version?: number): Promise<boolean> {
    for (let tries = 0; ; tries++) {
      const from = await manifest()
      const keys = custody.unlocked()
      const there = await store.credentials.get(id)
      const entry = from.entries.get(id)
      if (there === undefined && entry === undefined) return false
      if (version !== undefined && there?.version !== version) return false
      if (there === undefined) {
        // Gone, though the manifest knows it: a stand-in takes its place, to be removed with it.
        const facts = '{}'
        const standIn = {
          id,
          provider: entry!.provider,
          version: entry!.version + 1,
          sealed: new Uint8Array(),
          facts,
          updatedAt: now(),
        }
        await store.credentials.put(standIn, { expected: 0 })
        continue
      }
      const to = step(from, id, undefined)
      const guard = { expected: from.revision, value: sealManifest(keys.key, to) }
      if ((await store.credentials.remove(id, guard)) === 'written') {
        last = to
        lastBytes = guard.value
        anchor.saw(to.revision)
        return true
      }
      last = undefined
      await patience(tries)
    }
  }

  return {
    manifest,
    async all() {
      const [rows, { entries }] = await steadyAll()
      const loaded: Loaded[] = []
      for (const r of rows) loaded.push((await open(r, entries.get(r.id), r.id))!)
      const there = new Set(rows.map((r) => r.id))
      for (const [id, entry] of entries) if (!there.has(id)) loaded.push(missing(id, entry, now()))
      return loaded
    },
    async get(id) {
      const [found, { entries }] = await steady(
        () => store.credentials.get(id),
        (r, m) => (r === undefined ? !m.entries.has(id) : vouched(r, m.entries.get(id))),
      )
      return open(found, entries.get(id), id)
    },
    put: (login, tokens, guard) =>
      inLine(() =>
        write(
          login.id,
          (keys, expected) => row(keys, login, tokens, expected + 1, expected + 1),
          guard,
          // A re-key has sealed the same tokens anew: to the writer nothing has changed since it read them.
          async (stored) => {
            if (stored === undefined || guard.expected === 0 || stored.version < guard.expected) return undefined
            const since = await withKeys(({ find }) => openTokens(find, stored).since).catch(() => undefined)
            return since !== undefined && since <= guard.expected ? stored.version : undefined
          },
        ),
      ),
    async putFacts(id, facts: LoginFacts) {
      await custody.ready()
      return store.credentials.putFacts(id, JSON.stringify(facts), now())
    },
    remove: (id) => inLine(async () => void (await remove(id))),
    removeVersion: (id, version) => inLine(() => remove(id, version)),
    open(found) {
      try {
        return openTokens(custody.unlocked().find, found).tokens
      } catch (error) {
        if (!(error instanceof SealError)) throw error
        throw new VaultError('tampered', `The login ${found.id} cannot be opened: ${error.message}.`, { cause: error })
      }
    },
    async stale(fingerprint) {
      const [rows, { entries }] = await steadyAll()
      const old = rows.filter((r) => !isUnder(r.sealed, fingerprint))
      const { find } = custody.unlocked()
      // What the manifest does not vouch for must not gain a new seal, and with it an honest look.
      const sound = old.filter((r) => vouched(r, entries.get(r.id)) && !('damage' in openly(find, r)))
      return { sound, damaged: old.length - sound.length }
    },
    async reseal(found) {
      const content = await withKeys(({ find }) => openTokens(find, found))
      // Settings may have changed since the row was read; they are taken as late as can be.
      found = { ...found, facts: (await store.credentials.get(found.id))?.facts ?? found.facts }
      const make = (keys: Unlocked, expected: number) => {
        const version = expected + 1
        const sealed = sealTokens(keys.key, { ...found, version }, content)
        return { ...found, version, sealed, facts: moveState(found.facts, found.version, version) }
      }
      const result = await inLine(() => write(found.id, make, { expected: found.version }, async () => undefined))
      return result === 'written'
    },
    accept: () =>
      inLine(async () => {
        const rows = await store.credentials.all()
        const { find } = await custody.follow()
        const sound = rows.filter((r) => 'tokens' in load(find, r, entryOf(r)))
        await putManifest((revision) => ({ revision, entries: new Map(sound.map((r) => [r.id, entryOf(r)])) }))
      }),
  }
}

interface Login {
  id: string
  provider: string
  facts: LoginFacts
}

/** A login found to be dead in one version still is in the next one, if that holds the same tokens. */
function moveState(text: string, from: number, to: number): string {
  try {
    const facts = JSON.parse(text) as LoginFacts
    if (facts.state.is !== 'needs-login' || facts.state.version !== from) return text
    return JSON.stringify({ ...facts, state: { ...facts.state, version: to } })
  } catch {
    return text
  }
}

function openly(find: Unlocked['find'], row: CredentialRow): { damage: string } | object {
  try {
    return openTokens(find, row)
  } catch {
    return { damage: row.id }
  }
}

function foreign(keys: Unlocked, sealed: Uint8Array): boolean {
  try {
    return keys.find(keyOf(sealed)) === undefined
  } catch {
    return false
  }
}
