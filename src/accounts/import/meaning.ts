/** What taking over a login means, and what borrowing it means, by vendor: people decide, so they are told (domain.md 1.1–1.8). */

/** `moved`: ours from now on. `borrowed`: its owner's program refreshes it, we read what it wrote. */
export type HowTaken = 'moved' | 'borrowed'

/** The vendors' programs, by provider. */
const PROGRAMS: Readonly<Record<string, string>> = {
  claude: 'Claude Code',
  codex: 'Codex',
  'gemini-cli': 'Gemini CLI',
  antigravity: 'Antigravity',
  qwen: 'Qwen Code',
  iflow: 'the iFlow CLI',
}

/** Providers whose refresh tokens are good for one time: two programs that refresh the same login end it. */
const SINGLE_USE = new Set(['claude', 'codex', 'qwen', 'kimi', 'xai'])

export const isSingleUse = (provider: string): boolean => SINGLE_USE.has(provider)

/** One or two sentences for people. */
export function meaningOf(provider: string, how: HowTaken, canRefresh: boolean): string {
  if (provider === 'vertex')
    return how === 'moved'
      ? 'LogicaProxy keeps the key of this service account sealed, and asks for its tokens; others may use the key as well.'
      : 'A service account has no program that would refresh it: take it with --move.'
  const program = PROGRAMS[provider] ?? 'the program it is from'
  if (how === 'borrowed')
    return `LogicaProxy reads this login and never refreshes it: ${program} stays logged in and does that. When the token ends and ${program} has not run since, requests wait for you to run it.`
  if (!canRefresh) return 'It came without a refresh token: it works until its token ends, and then needs a login.'
  if (provider === 'codex')
    return `LogicaProxy refreshes this login from now on, and Codex will be logged out: its refresh tokens are good for one time, and using an old one ends the login for both. Run "codex login" for Codex to have a login of its own; do not run "codex logout" before, that ends this one.`
  if (isSingleUse(provider))
    return `LogicaProxy refreshes this login from now on, and ${program} will be logged out: its refresh tokens are good for one time. Log in there again for it to have a login of its own.`
  if (provider === 'iflow') return 'It is an API key: both programs can use it.'
  return `LogicaProxy refreshes its own copy of this login; ${program} stays logged in, because Google's refresh tokens may be used by both.`
}
