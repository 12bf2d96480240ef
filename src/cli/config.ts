/** `logicaproxy config`: check, schema, path. */
import { existsSync } from 'node:fs'
import { configSchemaText } from '../config/json-schema.ts'
import { ConfigError, loadConfig, resolveConfigPath } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { isLoopback } from '../server/access.ts'
import { CommandError, EXIT, type Output } from './output.ts'

/** Tells every fault and remark of a config file. */
export async function check(out: Output, explicit: string | undefined): Promise<void> {
  const file = resolveConfigPath(explicit)
  try {
    const { notices, config } = await loadConfig(file)
    for (const notice of notices.toSorted((a, b) => a.line - b.line))
      out.talk(`${file}:${notice.line}: ${notice.message}`)
    const accounts =
      config['claude-api-key'].length +
      config['openai-api-key'].length +
      config['codex-api-key'].length +
      config['gemini-api-key'].length +
      config['openai-compatibility'].reduce((sum, e) => sum + Math.max(1, e['api-key-entries'].length), 0)
    const clientKeys = config['api-keys'].length
    const warning = open(config)
    if (warning !== undefined) out.talk(`${file}: ${warning}`)
    out.line(`${file} is valid: ${count(accounts, 'account')} by key, ${count(clientKeys, 'client key')}.`)
    out.data({ valid: true, file, accounts, clientKeys, ...(warning && { warning }), notices, faults: [] })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    out.data({ valid: false, file, faults: error.faults })
    throw new CommandError(error.message, EXIT.config)
  }
}

/** What a config without client keys means, which no single key of it tells; keys made at run time count besides. */
function open({ 'api-keys': keys, host }: Config): string | undefined {
  if (keys.length > 0) return undefined
  if (isLoopback(host))
    return 'there are no api-keys: everyone on this machine may use the accounts, unless "logicaproxy keys create" made a key'
  return 'there are no api-keys, and host is not this machine alone: the server refuses to start so. Set api-keys, or host: 127.0.0.1'
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`

/** Prints the JSON Schema. It is data either way. */
export function schema(): void {
  process.stdout.write(configSchemaText())
}

/** Prints which file is used. */
export function path(out: Output, explicit: string | undefined): void {
  const file = resolveConfigPath(explicit)
  out.line(file)
  out.data({ path: file, exists: existsSync(file) })
}
