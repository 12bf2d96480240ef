/** Disks that are full or read-only, and databases that are: real ones. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Obstacle } from './scenarios.ts'

function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** A small disk of its own in memory, at a directory; undefined where this user may not mount one. */
export function smallDisk(path: string): (Disposable & { full: Obstacle }) | undefined {
  if (!succeeds('mount', '-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', path)) return undefined
  const filler = join(path, 'filler')
  return {
    full: {
      name: 'disk full',
      async block() {
        const file = openSync(filler, 'w')
        try {
          // To the last byte, in ever smaller pieces.
          for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
            const piece = Buffer.alloc(size)
            try {
              for (;;) if (writeSync(file, piece) < size) break
            } catch {}
          }
        } finally {
          closeSync(file)
        }
        if (statfsSync(path).bavail > 0) throw new Error('the disk is not full')
      },
      async free() {
        rmSync(filler, { force: true })
      },
    },
    [Symbol.dispose]() {
      succeeds('umount', '-l', path)
    },
  }
}

/**
 * Files that can no longer be written, not even by those who have them open: the immutable flag of the file system.
 * (A file system with open files cannot be remounted read-only.) Undefined where this user may not set it.
 */
export function readOnlyFiles(directory: string): (Disposable & { obstacle: Obstacle }) | undefined {
  const flag = (sign: '+' | '-') => {
    // Not SQLite's shared memory: the kernel answers a write to a mapped page of an immutable file with SIGBUS, which a
    // file system that has become read-only does not do.
    const names = readdirSync(directory).filter((name) => !name.endsWith('-shm'))
    const files = names.map((name) => join(directory, name))
    return succeeds('chattr', `${sign}i`, ...files, directory)
  }
  if (!flag('+') || !flag('-')) return undefined
  return {
    obstacle: {
      name: 'disk read-only',
      async block() {
        if (!flag('+')) throw new Error('cannot be made read-only')
      },
      async free() {
        flag('-')
      },
    },
    [Symbol.dispose]() {
      flag('-')
    },
  }
}

/** A database that takes no writes: what a standby that was failed over to answers. */
export function readOnlyDatabase(url: string): Obstacle {
  const name = new URL(url).pathname.slice(1)
  const admin = new URL(url)
  admin.pathname = '/postgres'
  async function set(readOnly: boolean): Promise<void> {
    const client = new pg.Client({ connectionString: admin.href })
    await client.connect()
    try {
      await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`)
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    } finally {
      await client.end()
    }
  }
  return { name: 'database read-only', block: () => set(true), free: () => set(false) }
}

/** A database server that is gone for a while. */
export function absentDatabase(server: { stop(): Promise<void>; start(): Promise<void> }): Obstacle {
  let gone = false
  return {
    name: 'database away',
    async block() {
      await server.stop()
      gone = true
    },
    async free() {
      if (gone) await server.start()
      gone = false
    },
  }
}
