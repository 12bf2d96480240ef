/**
 * The key file: text of one line a key, `logicaproxy-key-1 <fingerprint> <base64>`. Mostly one line; two while a re-key
 * runs, so that there is no moment at which the key of the vault's header is missing.
 */
import { randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { VaultError } from '../vault.ts'
import { fingerprintOf } from './data-key.ts'
import { createPrivate, OWNER_ONLY, privateDirectory, readPrivate, replacePrivate } from './private-file.ts'

const LINE = /^logicaproxy-key-1 ([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=)$/

interface Line {
  id: string
  key: Buffer
}

export interface KeyFile {
  readonly path: string
  /** The key of that fingerprint. @throws {VaultError} `no-key`, `unsafe-permissions`, `format` */
  read(id: string): Promise<Buffer>
  /** The newest key of the file, which is made if there is none. */
  readOrCreate(): Promise<Line>
  /** Adds a new key and returns it. The others stay. */
  add(): Promise<Line>
  /** Leaves only that key. */
  keepOnly(id: string): Promise<void>
}

/**
 * @param path the file.
 * @param authDir the auth directory: a key file right in it needs the directory to be 0700; elsewhere the directory must
 * not be writable by others.
 */
export function createKeyFile(path: string, authDir: string): KeyFile {
  const strict = resolve(dirname(path)) === resolve(authDir)

  async function lines(): Promise<Line[] | undefined> {
    const bytes = await readPrivate(path, 'key file', OWNER_ONLY)
    if (bytes === undefined) return undefined
    await privateDirectory(dirname(path), strict)
    const text = bytes.toString('latin1')
    bytes.fill(0)
    const found = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))
    const parsed = found.map((line) => {
      const match = LINE.exec(line)
      const key = match === null ? undefined : Buffer.from(match[2]!, 'base64')
      return key !== undefined && fingerprintOf(key) === match![1] ? { id: match![1]!, key } : undefined
    })
    if (parsed.length === 0 || parsed.includes(undefined))
      throw new VaultError('format', `The key file ${path} is damaged. Restore it from a backup.`)
    return parsed as Line[]
  }

  const unwritable = (error: NodeJS.ErrnoException): never => {
    throw new VaultError(
      'no-key',
      `The key file ${path} cannot be written: ${error.code ?? error.message}. Is there space, and may this user write there?`,
    )
  }
  const write = (all: readonly Line[]) => replacePrivate(path, all.map(written).join('')).catch(unwritable)

  return {
    path,
    async read(id) {
      const all = await lines()
      if (all === undefined)
        throw new VaultError(
          'no-key',
          `The key file ${path} is missing. Restore it from a backup or copy it from the machine that made the vault; ` +
            'without it nobody can read the logins.',
        )
      const line = pick(all, (l) => l.id === id)
      if (line === undefined)
        throw new VaultError(
          'no-key',
          `The key file ${path} belongs to another vault. Put the file back that this vault was made with.`,
        )
      return line.key
    },
    async readOrCreate() {
      await privateDirectory(dirname(path), strict)
      for (;;) {
        const all = await lines()
        if (all !== undefined) return pick(all, (l) => l === all.at(-1))!
        const line = newLine()
        if (await createPrivate(path, written(line)).catch(unwritable)) return line
        // Another process was first: its key is the one.
        line.key.fill(0)
      }
    },
    async add() {
      await privateDirectory(dirname(path), strict)
      const line = newLine()
      const all = (await lines()) ?? []
      await write([...all, line])
      for (const { key } of all) key.fill(0)
      return line
    },
    async keepOnly(id) {
      const all = (await lines()) ?? []
      const kept = all.filter((l) => l.id === id)
      if (kept.length === 1 && all.length > 1) await write(kept)
      for (const { key } of all) key.fill(0)
    },
  }
}

/** One of the lines; the keys of the others are wiped. */
function pick(all: readonly Line[], wanted: (line: Line) => boolean): Line | undefined {
  const found = all.findLast(wanted)
  for (const line of all) if (line !== found) line.key.fill(0)
  return found
}

function newLine(): Line {
  const key = randomBytes(32)
  return { id: fingerprintOf(key), key }
}

const written = ({ id, key }: Line) => `logicaproxy-key-1 ${id} ${key.toString('base64')}\n`
