/** `logicaproxy config`: check, schema, path. */
import { existsSync } from 'node:fs'
import { configSchemaText } from '../config/json-schema.ts'
import { ConfigError, loadConfig, resolveConfigPath } from '../config/load.ts'
import { CommandError, EXIT, type Output } from './output.ts'

/** Tells every fault and remark of a config file. */
export async function check(out: Output, explicit: string | undefined): Promise<void> {
  const file = resolveConfigPath(explicit)
  try {
    const { notices, config } = await loadConfig(file)
    for (const notice of notices) out.talk(`${file}:${notice.line}: ${notice.message}`)
    const accounts =
      config['claude-api-key'].length +
      config['openai-api-key'].length +
      config['codex-api-key'].length +
      config['gemini-api-key'].length +
      config['openai-compatibility'].reduce((sum, e) => sum + Math.max(1, e['api-key-entries'].length), 0)
    out.line(
      `${file} is valid: ${accounts} ${accounts === 1 ? 'account' : 'accounts'}, ${config['api-keys'].length} client keys.`,
    )
    out.data({ valid: true, file, notices, faults: [] })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    out.data({ valid: false, file, faults: error.faults })
    throw new CommandError(error.message, EXIT.config)
  }
}

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
