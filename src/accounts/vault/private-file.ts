/** Files nobody else may read: made whole or not at all, and refused where others could have read or replaced them. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, link, lstat, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { VaultError } from '../vault.ts'

const WINDOWS = process.platform === 'win32'

/** Which permissions of others are too many. */
export interface Privacy {
  /** Bits of the mode that must not be set. */
  forbidden: number
  /** What the user should type instead. */
  wanted: string
}

/** The owner alone: key files. */
export const OWNER_ONLY: Privacy = { forbidden: 0o077, wanted: '600' }
/** The owner, and a group that may read: passphrase files, as containers mount them. */
export const NOT_THE_WORLD: Privacy = { forbidden: 0o037, wanted: '600' }

/**
 * Reads a small private file; undefined if there is none.
 * @throws {VaultError} `unsafe-permissions` for a link, a stranger's file, or one that others may read.
 */
export async function readPrivate(path: string, what: string, privacy: Privacy): Promise<Buffer | undefined> {
  const handle = await open(
    path,
    constants.O_RDONLY | (WINDOWS ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK),
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    if (error.code === 'ELOOP' || error.code === 'EMLINK')
      throw unsafe(`The ${what} ${path} is a symbolic link. Give the path of the file itself.`)
    throw new VaultError('no-key', `The ${what} ${path} cannot be read: ${error.code ?? error.message}.`)
  })
  if (handle === undefined) return undefined
  try {
    const { mode, uid, size, isFile } = await handle.stat().then((s) => ({ ...s, isFile: s.isFile() }))
    if (!isFile) throw unsafe(`The ${what} ${path} is not a plain file.`)
    if (!WINDOWS) {
      if (uid !== process.geteuid?.() && uid !== 0)
        throw unsafe(`The ${what} ${path} belongs to another user. Run: sudo chown "$USER" ${quoted(path)}`)
      if ((mode & privacy.forbidden) !== 0)
        throw unsafe(
          `The ${what} ${path} can be reached by other users of this machine (mode ${octal(mode)}). ` +
            `Run: chmod ${privacy.wanted} ${quoted(path)}`,
        )
    }
    if (size > 64 * 1024) throw new VaultError('format', `The ${what} ${path} is too large to be one.`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/**
 * Makes a directory for the user alone, if there is none, and refuses one that is open to others.
 * @param strict others may not even look inside; otherwise they may not write.
 * @throws {VaultError} `unsafe-permissions`
 */
export async function privateDirectory(path: string, strict: boolean): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new VaultError('no-key', `The directory ${path} cannot be made: ${error.code ?? error.message}.`)
  })
  if (WINDOWS) return
  // mkdir's mode is cut by the umask, never widened; an odd umask could still have taken too much.
  if (made !== undefined) await chmod(path, 0o700)
  const { mode, uid } = await stat(path)
  if (uid !== process.geteuid?.() && uid !== 0)
    throw unsafe(`The directory ${path} belongs to another user. Run: sudo chown "$USER" ${quoted(path)}`)
  const sticky = (mode & 0o1000) !== 0
  if (strict ? (mode & 0o077) !== 0 : (mode & 0o022) !== 0 && !sticky)
    throw unsafe(
      `The directory ${path} is open to other users of this machine (mode ${octal(mode)}). ` +
        `Run: chmod ${strict ? '700' : 'go-w'} ${quoted(path)}`,
    )
}

/** Writes a new file of mode 0600, synced, with its name last. False if the name is taken: that file is untouched. */
export async function createPrivate(path: string, content: Uint8Array | string): Promise<boolean> {
  const draft = await writeDraft(path, content)
  try {
    // A link, unlike a rename, never replaces a file that appeared meanwhile.
    await link(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EACCES'].includes(code ?? '')) throw error
    // No hard links here (FAT, some mounts): exclusive, though a crash may leave half of it, which is then told.
    return await writeExclusive(path, content).then(
      () => true,
      (failure: NodeJS.ErrnoException) => {
        if (failure.code === 'EEXIST') return false
        throw failure
      },
    )
  } finally {
    await unlink(draft).catch(() => {})
  }
  await syncDirectory(dirname(path))
  return true
}

/** Replaces a file, or makes it: at every moment the old content or the new one is there, whole. Mode 0600. */
export async function replacePrivate(path: string, content: Uint8Array | string, durable = true): Promise<void> {
  const draft = await writeDraft(path, content, durable)
  try {
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw error
  }
  if (durable) await syncDirectory(dirname(path))
}

/** Removes a file and sees to it that the removal lasts. */
export async function removePrivate(path: string): Promise<void> {
  await unlink(path)
  await syncDirectory(dirname(path))
}

/** Whether there is something of that name, be it a dangling link. */
export const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

async function writeDraft(path: string, content: Uint8Array | string, durable = true): Promise<string> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`)
  await writeExclusive(draft, content, durable).catch(async (error) => {
    await unlink(draft).catch(() => {})
    throw error
  })
  return draft
}

async function writeExclusive(path: string, content: Uint8Array | string, durable = true): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A new name is safe from a crash once its directory is synced; not every file system lets us. */
async function syncDirectory(path: string): Promise<void> {
  if (WINDOWS) return
  const handle = await open(path, 'r').catch(() => undefined)
  try {
    await handle?.sync().catch(() => {})
  } finally {
    await handle?.close()
  }
}

const unsafe = (message: string) => new VaultError('unsafe-permissions', message)
const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0')
const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
