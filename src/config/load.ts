/** Loads the config: where it is, what it says, and everything that is wrong with it in one error. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { advice, crossFaults } from './checks.ts'
import { fillEnvironment } from './environment.ts'
import { ConfigError, type Fault, type Notice, toFaults } from './faults.ts'
import { dropIgnored } from './ignored.ts'
import { readYaml } from './read.ts'
import { repair } from './repair.ts'
import { type Config, configSchema } from './schema.ts'

export { ConfigError, type Fault, type Notice } from './faults.ts'

/** Largest config file that is read. */
export const maxConfigBytes = 1024 * 1024

/** How a config text is read. */
export interface ParseOptions {
  /** Name used in messages; `config.yaml` when left out. */
  file?: string
  /** Source of `${NAME}` values; the process environment when left out. */
  env?: NodeJS.ProcessEnv
}

/** A config that can be used. */
export interface ParsedConfig {
  /** Deep-frozen. */
  config: Config
  notices: Notice[]
}

/** A config read from a file. */
export interface LoadedConfig extends ParsedConfig {
  file: string
  text: string
  /** SHA-256 of the bytes of the file, in hexadecimal. */
  digest: string
}

/** Reads a config text. Throws nothing but `ConfigError`, which holds all faults. */
export function parseConfig(text: string, options: ParseOptions = {}): ParsedConfig {
  const file = options.file ?? 'config.yaml'
  const faults: Fault[] = []
  const tree = readYaml(text.replace(/^\uFEFF/, ''), faults)
  if (!tree.readable) throw new ConfigError(file, faults)
  const ignored = dropIgnored(tree)
  fillEnvironment(tree, options.env ?? process.env, faults)

  // Compiling the schema to code, zod's default, costs more than a config is ever worth.
  const parse = () => configSchema.safeParse(tree.value, { jitless: true })
  let result = parse()
  for (let round = 0; !result.success && round < 3 && repair(result.error.issues, tree); round++) result = parse()
  if (!result.success) {
    const unset = new Set(faults.map((fault) => fault.path))
    faults.push(...toFaults(result.error.issues, tree).filter((fault) => !unset.has(fault.path)))
    throw new ConfigError(file, faults)
  }
  faults.push(...crossFaults(result.data, tree))
  if (faults.length > 0) throw new ConfigError(file, faults)
  return { config: deepFreeze(result.data), notices: [...ignored, ...advice(result.data, tree)] }
}

/** Reads and parses a config file. Throws `ConfigError`, also when the file cannot be read. */
export async function loadConfig(file: string, options: { env?: NodeJS.ProcessEnv } = {}): Promise<LoadedConfig> {
  const { text, digest } = await readConfigText(file)
  return { ...parseConfig(text, { file, env: options.env }), file, text, digest }
}

/** The text of a config file and its digest; refuses directories, big files and what is no UTF-8. */
export async function readConfigText(file: string): Promise<{ text: string; digest: string }> {
  const bytes = await readBounded(file).catch((error: NodeJS.ErrnoException) => {
    throw error instanceof ConfigError ? error : unreadable(file, explain(file, error))
  })
  const digest = createHash('sha256').update(bytes).digest('hex')
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), digest }
  } catch {
    throw unreadable(file, 'the file is not UTF-8 text')
  }
}

async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const stat = await handle.stat()
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    // The size of a pipe is unknown, so the bound is kept while reading.
    const buffer = Buffer.allocUnsafe(maxConfigBytes + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
      if (bytesRead === 0) return Buffer.from(buffer.subarray(0, length))
      length += bytesRead
    }
    throw unreadable(file, 'the file is larger than 1 MiB, which no config needs')
  } finally {
    await handle.close()
  }
}

const unreadable = (file: string, message: string) => new ConfigError(file, [{ line: 0, column: 0, path: '', message }])

function explain(file: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EISDIR':
      return (
        `${file} is a directory: Docker made it because the file did not exist on the host when the container ` +
        'started. Stop the container, remove the directory, create the file on the host, and start again; ' +
        'mounting the directory that holds the file avoids this.'
      )
    case 'ENOENT':
      return 'there is no such file'
    case 'ENOTDIR':
      return 'there is no such file: a part of its path is not a directory'
    case 'EACCES':
    case 'EPERM':
      return 'the file may not be read by this user'
    default:
      return `the file cannot be read: ${error.code ?? error.message}`
  }
}

/** `~` and `~/…` from the home directory. */
export function expandHome(path: string, env: NodeJS.ProcessEnv = process.env): string {
  if (path !== '~' && !path.startsWith('~/') && !path.startsWith('~\\')) return path
  return join(env['HOME'] || env['USERPROFILE'] || homedir(), path.slice(1))
}

/** Where the config is: as given, else `LOGICAPROXY_CONFIG`, else ./config.yaml, else ~/.logicaproxy/config.yaml. */
export function resolveConfigPath(
  explicit?: string,
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
): string {
  const named = explicit || env['LOGICAPROXY_CONFIG']
  if (named) return resolve(cwd, expandHome(named, env))
  const local = resolve(cwd, 'config.yaml')
  return existsSync(local) ? local : expandHome('~/.logicaproxy/config.yaml', env)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}
