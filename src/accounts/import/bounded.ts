/** Reads other programs' small files: never a huge one, a device, a pipe that blocks, or somebody else's. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** No vendor's credential file comes near this. */
export const MAX_BYTES = 1024 * 1024

export type Read = { text: string; mode: number } | { missing: true } | { refused: string }

/** The text of a file. Symbolic links are followed (dotfiles often are some), what they lead to is judged. */
export async function readSmall(path: string, uid: number | undefined = process.getuid?.()): Promise<Read> {
  try {
    // Without O_NONBLOCK a named pipe would wait for a writer for ever.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) return { refused: 'it is no file' }
      if (stat.size > MAX_BYTES)
        return { refused: `it is larger than ${MAX_BYTES / 1024 / 1024} MiB, which no login is` }
      if (uid !== undefined && uid !== 0 && stat.uid !== uid) return { refused: 'it belongs to another user' }
      const buffer = Buffer.alloc(MAX_BYTES + 1)
      let length = 0
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
        if (bytesRead === 0) break
        length += bytesRead
      }
      if (length > MAX_BYTES) return { refused: 'it grows while it is read' }
      return {
        text: buffer
          .subarray(0, length)
          .toString('utf8')
          .replace(/^\uFEFF/, ''),
        mode: stat.mode & 0o777,
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { missing: true }
    if (code === 'ELOOP') return { refused: 'its symbolic links lead in a circle' }
    if (code === 'EACCES' || code === 'EPERM') return { refused: 'this user may not read it' }
    if (code === 'EISDIR' || code === 'ENXIO') return { refused: 'it is no file' }
    return { refused: `it cannot be read (${code ?? (error as Error).message})` }
  }
}

/** The JSON object in a text, or undefined. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** A time as the vendors write it: ms, seconds, or RFC 3339 (with any number of digits). ms since the epoch. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    if (/^\d+(?:\.\d+)?$/.test(value)) return timeOf(Number(value))
    const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
    // Go writes the year 1 for "never set".
    return Number.isNaN(ms) || ms <= 0 ? undefined : ms
  }
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return undefined
  return value < 100_000_000_000 ? value * 1000 : value
}
