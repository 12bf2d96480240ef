/**
 * Reads an OAuth client's secret out of a program the person has installed. Google's secrets of installed applications are
 * no secrets by its own word, but they are not ours to ship (domain.md 1.3, 1.6).
 */
import { open, readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Bundles are tens of MiB; nothing larger is read. */
const MAX_BYTES = 64 * 1024 * 1024
/** Files looked at for one secret. */
const MOST_FILES = 400
const SECRET = /GOCSPX-[A-Za-z0-9_-]{20,60}/

/**
 * The secret that stands behind a client's id in one of the files; the nearest one after it, for a bundle holds several.
 * Unreadable, missing and huge files are passed over.
 */
export async function secretIn(
  files: AsyncIterable<string> | Iterable<string>,
  clientId: string,
): Promise<string | undefined> {
  let looked = 0
  for await (const file of files) {
    if (++looked > MOST_FILES) return undefined
    const text = await readText(file)
    const found = text === undefined ? undefined : secretAfter(text, clientId)
    if (found !== undefined) return found
  }
  return undefined
}

/** Pure half of the search. */
export function secretAfter(text: string, clientId: string): string | undefined {
  for (let at = text.indexOf(clientId); at !== -1; at = text.indexOf(clientId, at + 1)) {
    const near = text.slice(at + clientId.length, at + clientId.length + 600)
    // Another client's id in between: the secret behind it is that one's.
    const own = near.split('.apps.googleusercontent.com')[0]!
    const found = SECRET.exec(own)?.[0]
    if (found !== undefined) return found
  }
  return undefined
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, 'r')
    try {
      const stat = await handle.stat()
      if (!stat.isFile() || stat.size > MAX_BYTES) return undefined
      return (await handle.readFile()).toString('latin1')
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** A miss is looked for again after so long: somebody may just have installed the program. */
const MISS_MS = 60_000

/**
 * A search that is not repeated for every refresh: what was found stays, what was not is looked for again a minute later.
 * @param now clock time, ms.
 */
export function remembered(
  find: (clientId: string) => Promise<string | undefined>,
  now: () => number = Date.now,
): (clientId: string) => Promise<string | undefined> {
  const known = new Map<string, { at: number; found: Promise<string | undefined> }>()
  return async (clientId) => {
    const before = known.get(clientId)
    if (before !== undefined && (now() - before.at < MISS_MS || (await before.found) !== undefined))
      return await before.found
    const found = find(clientId)
    known.set(clientId, { at: now(), found })
    return await found
  }
}

/** Files below a folder whose names match, nearest first, at most `depth` folders down. */
export async function* filesBelow(folder: string, name: RegExp, depth: number): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isFile() && name.test(entry.name)) yield join(folder, entry.name)
  if (depth === 0) return
  for (const entry of entries) if (entry.isDirectory()) yield* filesBelow(join(folder, entry.name), name, depth - 1)
}

/** The folders `node_modules` that global npm installs are in, and that of a command on the PATH. */
export async function globalModules(
  command: string,
  env: NodeJS.ProcessEnv,
  home: string,
  platform: NodeJS.Platform,
): Promise<string[]> {
  const roots = new Set<string>()
  const paths = (env['PATH'] ?? '').split(platform === 'win32' ? ';' : ':').filter((p) => p !== '')
  for (const path of paths) {
    const at = await realpath(join(path, platform === 'win32' ? `${command}.cmd` : command)).catch(() => undefined)
    if (at === undefined) continue
    const cut = at.lastIndexOf('node_modules')
    if (cut !== -1) roots.add(at.slice(0, cut + 'node_modules'.length))
    roots.add(join(dirname(at), 'node_modules'))
    roots.add(join(dirname(at), '..', 'lib', 'node_modules'))
  }
  const prefix = env['npm_config_prefix'] ?? env['NPM_CONFIG_PREFIX']
  if (prefix !== undefined) roots.add(join(prefix, 'lib', 'node_modules'))
  for (const folder of ['/usr/local/lib/node_modules', '/usr/lib/node_modules', '/opt/homebrew/lib/node_modules'])
    roots.add(folder)
  roots.add(join(home, '.npm-global', 'lib', 'node_modules'))
  if (env['APPDATA'] !== undefined) roots.add(join(env['APPDATA'], 'npm', 'node_modules'))
  return [...roots]
}
