import { chmodSync, closeSync, mkdirSync, openSync, type StatsFs, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, parse, resolve } from 'node:path'
import { StoreError } from '../store.ts'

export const DATABASE_FILE = 'logicaproxy.db'

/** Where the database of an auth directory is. */
export const databaseFile = (directory: string): string => join(resolve(directory), DATABASE_FILE)

/**
 * Makes the directory (0700) and the file (0600) if they are missing, and tightens them if they are open to others:
 * SQLite gives its -wal and -shm files the mode of the database. What is not this user's own is left alone.
 * @throws the file system's error
 */
export function prepareFiles(directory: string): string {
  const home = resolve(directory)
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const stats = statSync(home)
  const shared = (stats.mode & 0o1000) !== 0 || home === homedir() || home === parse(home).root
  if ((stats.mode & 0o077) !== 0 && !shared) tighten(home, stats.uid, 0o700)
  const file = databaseFile(home)
  closeSync(openSync(file, 'a+', 0o600))
  const { mode, uid } = statSync(file)
  if ((mode & 0o177) !== 0) tighten(file, uid, 0o600)
  return file
}

function tighten(path: string, owner: number, mode: number) {
  if (process.getuid && process.getuid() === owner) chmodSync(path, mode)
}

/** What tells a file from another one put in its place. */
export function identity(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stats && `${stats.dev}:${stats.ino}`
}

/** Less than this, and a store that can still be written to will soon not be. Bytes. */
const SPACE = 1 << 20

/** @throws {StoreError} `full` when the disk is nearly so. @param disk what the file system says of itself */
export function refuseFullDisk(directory: string, disk: Pick<StatsFs, 'bavail' | 'bsize' | 'blocks'>): void {
  // Some network and special file systems do not know their size.
  if (disk.blocks === 0 || disk.bavail * disk.bsize >= SPACE) return
  throw new StoreError('full', `There is less than 1 MiB left on the disk of ${directory}. Free some space.`)
}
