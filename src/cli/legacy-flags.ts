/** The flags of CLIProxyAPI and of LogicaProxy's first form, rewritten to commands (domain.md 5.2). */
import { CommandError, EXIT } from './output.ts'

const LOGINS: Readonly<Record<string, readonly string[]>> = {
  'claude-login': ['claude'],
  login: ['gemini-cli'],
  'gemini-login': ['gemini-cli'],
  'openai-login': ['codex'],
  'codex-login': ['codex'],
  'codex-device-login': ['codex', '--device'],
  'qwen-login': ['qwen'],
  'iflow-login': ['iflow'],
  'iflow-cookie': ['iflow', '--cookie'],
  'antigravity-login': ['antigravity'],
  'kimi-login': ['kimi'],
  'xai-login': ['xai'],
}

/** Flags with a value of their own. */
const VALUES: Readonly<Record<string, string>> = {
  config: '--config',
  'oauth-callback-port': '--port',
  project_id: '--project',
  'vertex-import-prefix': '--prefix',
}

/** Flags that ask for what is always so here: model lists come from accounts or with the program, never from a site. */
const ALWAYS_SO: ReadonlySet<string> = new Set(['local-model'])

/** Flags of features this product does not have, and what there is in their place. */
const NOT_HERE: Readonly<Record<string, string>> = {
  password:
    'the admin token stands in the config, under remote-management.secret-key; "logicaproxy dashboard" needs none.',
  tui: 'there is no terminal interface; "logicaproxy accounts" and "logicaproxy dashboard" show what it showed.',
  standalone: 'there is no terminal interface that a server could go with.',
}

/**
 * `-claude-login -no-browser -config x.yaml` → `login claude --no-browser --config x.yaml`. Go's flags take one dash or
 * two, a value after a blank or `=`. Everything else stays as it is.
 * @throws {CommandError} for a flag of theirs that has nothing here, with what there is in its place.
 */
export function legacyFlags(argv: readonly string[]): string[] {
  const command: string[] = []
  const rest: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    const [, name = '', value] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? []
    const on = value === undefined || /^(?:1|t|true)$/i.test(value)
    // `login` without a dash is our own command, and `--login` nobody's.
    const login = Object.hasOwn(LOGINS, name) ? LOGINS[name]! : undefined
    if (login !== undefined) {
      if (on && command.length === 0) command.push('login', ...login)
    } else if (name === 'vertex-import' && (value !== undefined || at + 1 < argv.length)) {
      command.push('import', '--provider', 'vertex', '--move', '--from', value ?? argv[++at]!)
    } else if (Object.hasOwn(NOT_HERE, name)) {
      if (!/^(?:0|f|false)$/i.test(value ?? '')) throw new CommandError(`-${name}: ${NOT_HERE[name]}`, EXIT.usage)
    } else if (ALWAYS_SO.has(name)) {
      // Nothing to do.
    } else if (name === 'no-browser') {
      if (on) rest.push('--no-browser')
    } else if (Object.hasOwn(VALUES, name) && (value !== undefined || at + 1 < argv.length)) {
      rest.push(VALUES[name]!, value ?? argv[++at]!)
    } else rest.push(word)
  }
  return [...command, ...rest]
}
