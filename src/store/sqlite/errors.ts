import { StoreError } from '../store.ts'

/** The primary result codes of SQLite that mean something to the owner of the store. */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
/** SQLITE_IOERR_SHMSIZE: no room for the file of shared memory beside the database. */
const IOERR_SHMSIZE = 10 | (19 << 8)

/**
 * An error of SQLite or of the file system as a `StoreError`; anything else (a fault of ours) stays what it is.
 * @param file the database file, for the message.
 */
export function sqliteError(error: unknown, file: string): Error {
  if (error instanceof StoreError) return error
  if (!(error instanceof Error)) return new Error(String(error))
  const { errcode, code } = error as Error & { errcode?: number; code?: string }
  const told = errcode === undefined ? fileTrouble(code, file) : sqliteTrouble(errcode, file, error.message)
  return told ? new StoreError(told[0], told[1], { cause: error, passing: mayPass(told[0], errcode) }) : error
}

/** Space comes back, and so does a file that another process held; a wrong path or mode stays until somebody sees to it. */
const mayPass = (code: StoreError['code'], errcode = 0): boolean =>
  code === 'full' || [BUSY, LOCKED].includes(errcode & 0xff)

type Told = [StoreError['code'], string]

function sqliteTrouble(code: number, file: string, said: string): Told | undefined {
  switch (code === IOERR_SHMSIZE ? FULL : code & 0xff) {
    case BUSY:
    case LOCKED:
      return ['unavailable', `${file} has been locked by another process for 5 s. End that process, or wait for it.`]
    case READONLY:
      return [
        'read-only',
        `${file} cannot be written to. Check its owner and mode, and whether the disk is mounted read-only.`,
      ]
    case FULL:
      return ['full', `There is no space left for ${file}. Free some; nothing that was saved before is lost.`]
    case CORRUPT:
      return [
        'corrupt',
        `${file} is damaged (${said}). It was left as it is. Move it away with its -wal and -shm files and restore a backup, or start anew and log in again.`,
      ]
    case NOTADB:
      return ['corrupt', `${file} is not a database. It was left as it is. Move it away, or give another auth-dir.`]
    case CANTOPEN:
      return ['unavailable', `${file} cannot be opened. Check that its directory exists and may be written to.`]
    case IOERR:
      return ['unavailable', `The disk failed on ${file} (${said}). Check the disk and the system's log.`]
    default:
      return undefined
  }
}

function fileTrouble(code: string | undefined, file: string): Told | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return ['read-only', `${file} cannot be written to (${code}). Check the owner and mode of it and its directory.`]
    case 'ENOSPC':
    case 'EDQUOT':
      return ['full', `There is no space left for ${file} (${code}). Free some.`]
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOENT':
      return ['unavailable', `${file} cannot be opened (${code}). Check auth-dir in the config.`]
    default:
      return undefined
  }
}
