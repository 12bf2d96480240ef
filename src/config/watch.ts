/**
 * Watches the config file. It watches directories, not the file: editors replace files by renaming, Kubernetes swaps
 * a symlink beside them, and a watch on the old file would then see nothing any more. A poll looks where no event
 * comes through (Docker bind mounts, network file systems). What counts is the content: touching a file does nothing.
 */
import { type FSWatcher, watch } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from './faults.ts'
import { type LoadedConfig, parseConfig, readConfigText } from './load.ts'

/** What to do with a changed config, and how closely to look. */
export interface WatchOptions {
  /**
   * A valid config with new content; also the one in use, when it comes back after an error was told. When this
   * throws, the content counts as invalid and the error is told.
   */
  onChange(loaded: LoadedConfig): void | Promise<void>
  /** The file is invalid, or gone. Told once for each content; whatever is in use stays in use. */
  onError(error: ConfigError): void
  /** Digest of the config in use; when left out, the content at the first look counts as known. */
  digest?: string
  pollSeconds?: number
  debounceMs?: number
  env?: NodeJS.ProcessEnv
  /** Makes a config of a text; `parseConfig` when left out. */
  load?(text: string, file: string): Pick<LoadedConfig, 'config' | 'notices'>
}

/** A running watch. */
export interface ConfigWatch {
  /** Looks at the file now; resolves when what it found has been told. Never rejects. */
  check(): Promise<void>
  close(): void
}

/** Rounds of reading a file that keeps changing, before it is taken as it is. */
const settleRounds = 20

/** What a look at the file found. */
type Content = { digest: string; text: string } | { digest: string; error: ConfigError }

/** Starts to watch a config file; the file need not exist. Timers and watches keep no process alive. */
export function watchConfig(file: string, options: WatchOptions): ConfigWatch {
  const { debounceMs = 50, pollSeconds = 2 } = options
  const load = options.load ?? ((text: string, name: string) => parseConfig(text, { file: name, env: options.env }))
  /** What in each directory matters. */
  let names: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  const watchers = new Map<string, { watcher: FSWatcher; inode: string }>()
  let used = options.digest
  let refused: string | undefined
  let signature = ''
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let queue: Promise<void> = Promise.resolve()

  /** Reads until two looks in a row find the same, so that a file in the middle of being written is not taken. */
  async function settled(): Promise<Content> {
    let content = await look(file)
    for (let round = 0; round < settleRounds && content.digest !== used && content.digest !== refused; round++) {
      await sleep(debounceMs, undefined, { ref: false })
      const again = await look(file)
      if (again.digest === content.digest) return again
      content = again
    }
    return content
  }

  async function inspect(): Promise<void> {
    signature = await signatureOf(file)
    const content = await settled()
    if (closed || content.digest === refused) return
    if (used === undefined && !('error' in content)) used = content.digest
    if (content.digest === used && refused === undefined) return
    try {
      if ('error' in content) throw content.error
      // At the start an empty file is a config of defaults; here it is one whose writer has not come far.
      if (content.text.trim() === '') throw fault(file, 'the file is empty; the config in use stays')
      const parsed = load(content.text, file)
      await options.onChange({ ...parsed, file, text: content.text, digest: content.digest })
      used = content.digest
      refused = undefined
    } catch (error) {
      refused = content.digest
      tell(error instanceof ConfigError ? error : fault(file, error instanceof Error ? error.message : String(error)))
    }
  }

  function tell(error: ConfigError): void {
    try {
      options.onError(error)
    } catch {
      // A listener's failure must not end the watch.
    }
  }

  function check(): Promise<void> {
    queue = queue.then(async () => {
      if (closed) return
      await inspect().catch(() => {})
      await arm()
    })
    return queue
  }

  /** After an event or a tick: reads the file only when something about it has changed. */
  async function glance(): Promise<void> {
    if (closed) return
    if ((await signatureOf(file)) !== signature) await check()
    else await arm()
  }

  /** Something happened in a directory. @param name to what, where the system tells. */
  function heard(directory: string, name: string | null): void {
    // Beside the config there often lies the database, which is written all the time.
    if (name === null || names.get(directory)?.has(name) !== false) onEvent()
  }

  function onEvent(): void {
    if (closed || timer) return
    timer = setTimeout(() => {
      timer = undefined
      void glance()
    }, debounceMs).unref()
  }

  /** Watches the directories the path now leads through; a directory that was replaced gets a new watch. */
  async function arm(): Promise<void> {
    const wanted = await directoriesOf(file)
    if (closed) return
    for (const [directory, { watcher, inode }] of watchers) {
      if (wanted.get(directory)?.inode === inode) continue
      watcher.close()
      watchers.delete(directory)
    }
    names = new Map([...wanted].map(([directory, leads]) => [directory, leads.names]))
    for (const [directory, { inode }] of wanted) {
      if (watchers.has(directory)) continue
      try {
        const watcher = watch(directory, { persistent: false }, (_, name) => heard(directory, name))
        watcher.on('error', () => {
          watcher.close()
          if (watchers.get(directory)?.watcher === watcher) watchers.delete(directory)
        })
        watchers.set(directory, { watcher, inode })
      } catch {
        // Too many watches, or the directory has just gone: the poll still looks.
      }
    }
  }

  const poll = setInterval(() => void glance(), pollSeconds * 1000).unref()
  // What changes between the first look and the first watch gives no event.
  void check().then(onEvent)
  return {
    check,
    close() {
      closed = true
      clearInterval(poll)
      clearTimeout(timer)
      for (const { watcher } of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

const fault = (file: string, message: string) => new ConfigError(file, [{ line: 0, column: 0, path: '', message }])

async function look(file: string): Promise<Content> {
  try {
    return await readConfigText(file)
  } catch (error) {
    const told = error instanceof ConfigError ? error : fault(file, String(error))
    return { digest: `error: ${told.message}`, error: told }
  }
}

/** What changes when the file does: cheap to compare, and told by the file system. */
async function signatureOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(':')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'gone'
  }
}

/** A directory in which a change may lead the path to another file. */
interface Leading {
  inode: string
  /** What in it the path leads through. */
  names: Set<string>
}

async function directoriesOf(file: string): Promise<Map<string, Leading>> {
  const found = new Map<string, Leading>()
  const add = async (directory: string, name: string) => {
    const seen = await stat(directory, { bigint: true }).catch(() => undefined)
    if (!seen?.isDirectory()) return
    const inode = `${seen.dev}:${seen.ino}`
    found.set(directory, { inode, names: (found.get(directory)?.names ?? new Set<string>()).add(name) })
  }
  let current = resolve(file)
  for (let hop = 0; hop < 16; hop++) {
    const directory = dirname(current)
    await add(directory, basename(current))
    // `..data/config.yaml`: the directory itself may be the symlink that is swapped.
    if (await linkTarget(directory)) await add(dirname(directory), basename(directory))
    const target = await linkTarget(current)
    if (target === undefined) break
    current = target
  }
  return found
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? resolve(dirname(path), await readlink(path)) : undefined
  } catch {
    return undefined
  }
}
