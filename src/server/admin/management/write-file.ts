/** Files that nobody else may read, and that are never half written. */
import { randomBytes } from 'node:crypto'
import { open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Writes a file that does not exist yet (0600) and syncs it. */
export async function writeNew(path: string, text: string, mode = 0o600): Promise<void> {
  const handle = await open(path, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Replaces a file by renaming: whoever reads sees the old text or the new one. Links are followed, the mode stays, but
 * others get no rights they did not have. A file that is mounted by itself (Docker) cannot be renamed over: it is written in place.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path)
  const { mode } = await stat(target)
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeNew(draft, text, mode & 0o777)
    await rename(draft, target)
  } catch (error) {
    await unlink(draft).catch(() => {})
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EBUSY' && code !== 'EXDEV' && code !== 'EACCES' && code !== 'EROFS') throw error
    // The directory is not ours to write, or the file is a mount of its own.
    const handle = await open(target, 'r+')
    try {
      await handle.truncate(0)
      await handle.write(text, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    return
  }
  const directory = await open(dirname(target), 'r').catch(() => undefined)
  await directory?.sync().catch(() => {})
  await directory?.close()
}
