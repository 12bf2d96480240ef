/** Who listens on a port of this machine, so that a refusal can name it. Linux tells without asking anybody. */
import { readdir, readFile, readlink } from 'node:fs/promises'

const LISTEN = '0A'
/** Processes looked at; a busy machine has thousands, and this is a courtesy. */
const MOST = 4096

/** `codex (process 4711)`, or undefined where it cannot be told (other systems, other people's processes). */
export async function portOwner(port: number, proc = '/proc'): Promise<string | undefined> {
  const wanted = new Set<string>()
  for (const table of ['tcp', 'tcp6']) {
    const text = await readFile(`${proc}/net/${table}`, 'utf8').catch(() => '')
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const hex = columns[1]?.split(':').at(-1)
      if (columns[3] === LISTEN && hex !== undefined && Number.parseInt(hex, 16) === port && columns[9] !== undefined)
        wanted.add(`socket:[${columns[9]}]`)
    }
  }
  if (wanted.size === 0) return undefined
  const processes = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name)).slice(-MOST)
  for (const pid of processes) {
    const open = await readdir(`${proc}/${pid}/fd`).catch(() => [])
    for (const fd of open) {
      const target = await readlink(`${proc}/${pid}/fd/${fd}`).catch(() => '')
      if (!wanted.has(target)) continue
      const name = (await readFile(`${proc}/${pid}/comm`, 'utf8').catch(() => '')).trim()
      return `${name || 'a program'} (process ${pid})`
    }
  }
  return undefined
}
