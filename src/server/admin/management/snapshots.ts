/** Texts of the config that were replaced, the last 20. They hold secrets as the file does, and are as private as it is. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ManagementContext } from './context.ts'
import type { SnapshotEntry } from './contract.ts'
import { unavailable } from './errors.ts'
import { writeNew } from './write-file.ts'

const MOST = 20
const NAME = /^(\d{14}-[0-9a-f]{8})\.json$/

export interface Snapshots {
  /** Resolves once it is on the disk. @throws {ManagementError} */
  keep(text: string, digest: string, by: string, note?: string): Promise<void>
  /** Newest first. */
  list(): Promise<SnapshotEntry[]>
  find(id: string): Promise<(SnapshotEntry & { text: string }) | undefined>
}

export function createSnapshots({
  configFile,
  dataDir,
  now,
}: Pick<ManagementContext, 'configFile' | 'dataDir' | 'now'>): Snapshots {
  const dir = join(dataDir ?? dirname(configFile ?? '.'), 'config-history')

  async function names(): Promise<string[]> {
    const all = await readdir(dir).catch(() => [])
    return all
      .filter((name) => NAME.test(name))
      .sort()
      .reverse()
  }

  async function read(name: string): Promise<(SnapshotEntry & { text: string }) | undefined> {
    try {
      const { at, digest, by, note, text } = JSON.parse(await readFile(join(dir, name), 'utf8')) as SnapshotEntry & {
        text: string
      }
      const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
      return { id: NAME.exec(name)![1]!, at, digest, by, ...(note === undefined ? {} : { note }), lines, text }
    } catch {
      return undefined
    }
  }

  return {
    async keep(text, digest, by, note) {
      const at = now()
      const name = `${String(at).padStart(14, '0')}-${randomBytes(4).toString('hex')}.json`
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 })
        await chmod(dir, 0o700)
        await writeNew(join(dir, name), JSON.stringify({ at, digest, by, note, text }))
        for (const old of (await names()).slice(MOST)) await rm(join(dir, old), { force: true })
      } catch (error) {
        throw unavailable(
          `The text of before cannot be kept in ${dir} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}), so the config is not changed.`,
        )
      }
    },
    async list() {
      const found = await Promise.all((await names()).slice(0, MOST).map(read))
      return found.flatMap((one) => {
        if (one === undefined) return []
        const { text: _, ...entry } = one
        return [entry]
      })
    },
    async find(id) {
      return NAME.test(`${id}.json`) ? await read(`${id}.json`) : undefined
    },
  }
}
