/** The flags of CLIProxyAPI and of LogicaProxy's first form, rewritten to commands (domain.md 5.2). */

const LOGINS: Readonly<Record<string, readonly string[]>> = {
  'claude-login': ['claude'],
  login: ['gemini-cli'],
  'gemini-login': ['gemini-cli'],
  'openai-login': ['codex'],
  'codex-login': ['codex'],
  'codex-device-login': ['codex', '--device'],
  'qwen-login': ['qwen'],
  'iflow-login': ['iflow'],
  'antigravity-login': ['antigravity'],
  'kimi-login': ['kimi'],
  'xai-login': ['xai'],
}

/** Flags with a value of their own. */
const VALUES: Readonly<Record<string, string>> = {
  config: '--config',
  'oauth-callback-port': '--port',
  project_id: '--project',
}

/**
 * `-claude-login -no-browser -config x.yaml` → `login claude --no-browser --config x.yaml`. Go's flags take one dash or
 * two, a value after a blank or `=`. Everything else stays as it is.
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
    } else if (name === 'no-browser') {
      if (on) rest.push('--no-browser')
    } else if (Object.hasOwn(VALUES, name) && (value !== undefined || at + 1 < argv.length)) {
      rest.push(VALUES[name]!, value ?? argv[++at]!)
    } else rest.push(word)
  }
  return [...command, ...rest]
}
