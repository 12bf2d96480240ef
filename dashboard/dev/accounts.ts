/** Accounts as they are in real households: full ones, tired ones, logged out ones, and names that try to break the page. */
import type { AccountView, Policy, ProviderRow, QuotaWindowView } from '../../src/server/admin/management/contract.ts'

/** Would run if any text of the API were ever put into the page as HTML. */
export const XSS = '<img src=x onerror="window.__xss=1"><script>window.__xss=2</script>'
const LONG = 'a.very.long.mailbox.name.of.somebody.with.patience@subdomain.engineering.example-company.com'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const policies: Record<string, Policy> = {
  claude: {
    state: 'restricted',
    since: '2026-09-22',
    note: 'Anthropic allows subscription logins for Claude Code and Claude.ai alone, and answers other programs with a refusal. Its own CLI through this proxy passes unchanged.',
    url: 'https://code.claude.com/docs/en/legal-and-compliance',
  },
  codex: {
    state: 'tolerated',
    since: '2026-09-22',
    note: 'OpenAI publishes how Codex logs in and is not known to refuse other programs that do the same under their own name; it has not promised to go on doing so.',
    url: 'https://developers.openai.com/codex/auth',
  },
  'gemini-cli': {
    state: 'restricted',
    since: '2026-09-22',
    note: 'Closed for individuals (free, AI Pro, AI Ultra) since 18 June 2026; Code Assist Standard and Enterprise licences still work.',
    url: 'https://github.com/google-gemini/gemini-cli',
  },
  antigravity: {
    state: 'restricted',
    since: '2026-09-22',
    note: 'Works, with risks: Google has disabled accounts for use of Antigravity through other programs. Do not use an account you cannot lose.',
    url: 'https://antigravity.google/terms',
  },
  qwen: {
    state: 'discontinued',
    since: '2026-09-22',
    note: 'Qwen ended the free logins of Qwen Code on 15 April 2026; new ones fail. API keys take their place.',
    url: 'https://github.com/QwenLM/qwen-code',
  },
  iflow: {
    state: 'discontinued',
    since: '2026-09-22',
    note: 'iFlow closed its service on 17 April 2026 and sends its users to Qoder.',
    url: 'https://iflow.cn',
  },
  kimi: {
    state: 'tolerated',
    since: '2026-09-22',
    note: 'Kimi takes device logins of programs that name themselves, as this one does.',
    url: 'https://www.kimi.com',
  },
  xai: {
    state: 'tolerated',
    since: '2026-09-22',
    note: "xAI's login is standard and taken from programs under their own name.",
    url: 'https://x.ai/legal',
  },
}
const byKey: Policy = {
  state: 'supported',
  since: '2026-11-22',
  note: "API keys are the vendor's own way for programs; usage is billed to the key.",
  url: 'https://www.anthropic.com/legal/commercial-terms',
}

const window = (
  id: string,
  title: string,
  used: number,
  resetsAt: number,
  rest: Partial<QuotaWindowView> = {},
): QuotaWindowView => ({ id, title, used, resetsAt, binding: false, exhausted: false, ...rest })

function account(
  rest: Partial<AccountView> & Pick<AccountView, 'id' | 'provider' | 'providerTitle' | 'label'>,
): AccountView {
  return {
    kind: 'login',
    state: 'ready',
    words: 'Ready.',
    rests: [],
    inFlight: 0,
    requests: 0,
    errors: 0,
    models: [],
    settings: { disabled: false, priority: 0, weight: 1, headerNames: [], excludedModels: [], neverRests: false },
    can: { change: true, remove: true, refresh: true, reset: false, login: true },
    ...rest,
  }
}

/** @param now ms since the epoch: all times lie around it. */
export function makeAccounts(now: number): AccountView[] {
  return [
    account({
      id: 'claude-1f3a',
      provider: 'claude',
      providerTitle: 'Claude',
      label: 'mara@example.com',
      email: 'mara@example.com',
      plan: 'Max 20x',
      words: 'Ready. The 5-hour allowance is nearly used up.',
      quota: {
        at: now - 12_000,
        windows: [
          window('5h', '5 hours', 0.83, now + 1.2 * HOUR, { binding: true, lengthMs: 5 * HOUR }),
          window('7d', 'Week', 0.41, now + 3.4 * DAY, { lengthMs: 7 * DAY }),
          window('7d-opus', 'Week, Opus', 0.56, now + 3.4 * DAY, { models: ['claude-opus-*'] }),
        ],
      },
      inFlight: 2,
      lastUsedAt: now - 11_000,
      requests: 4210,
      errors: 12,
      expiresAt: now + 5 * HOUR,
      origin: { how: 'login', at: now - 20 * DAY },
      policy: policies['claude'],
      models: ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5'],
    }),
    account({
      id: 'codex-77b0',
      provider: 'codex',
      providerTitle: 'Codex',
      label: 'team-codex',
      email: LONG,
      plan: 'Pro',
      words: 'Ready.',
      quota: {
        at: now - 40_000,
        windows: [
          window('5h', '5 hours', 0.12, now + 3.1 * HOUR),
          window('7d', 'Week', 0.67, now + 5.2 * DAY, { binding: true }),
        ],
      },
      lastUsedAt: now - 45_000,
      requests: 2981,
      errors: 3,
      expiresAt: now + 7 * DAY,
      origin: { how: 'moved', from: '~/.codex/auth.json', at: now - 9 * DAY },
      policy: policies['codex'],
      models: ['gpt-5.5', 'gpt-5.4-mini'],
    }),
    account({
      id: 'claude-9c2e',
      provider: 'claude',
      providerTitle: 'Claude',
      label: 'jon@example.com',
      email: 'jon@example.com',
      plan: 'Pro',
      state: 'needs-login',
      words: `Needs login since ${new Date(now - 9 * HOUR).toISOString()}: Anthropic no longer takes its refresh token (invalid_grant). Log in again.`,
      lastUsedAt: now - 9 * HOUR,
      requests: 120,
      errors: 1,
      policy: policies['claude'],
      can: { change: true, remove: true, refresh: false, reset: false, login: true },
    }),
    account({
      id: 'codex-0d41',
      provider: 'codex',
      providerTitle: 'Codex',
      label: LONG,
      email: LONG,
      plan: 'Plus',
      state: 'resting',
      words:
        'Rests for lack of quota: "You have hit your usage limit." It is tested every 5 minutes, because resets can come early.',
      quota: {
        at: now - 600_000,
        windows: [
          window('5h', '5 hours', 1, now + 0.6 * HOUR, { binding: true, exhausted: true }),
          window('7d', 'Week', 0.97, now + 1.1 * DAY),
        ],
      },
      rests: [
        {
          until: now + 0.6 * HOUR,
          nextProbe: now + 184_000,
          kind: 'quota-exhausted',
          because: 'You have hit your usage limit.',
        },
      ],
      lastUsedAt: now - 700_000,
      requests: 801,
      errors: 44,
      policy: policies['codex'],
      can: { change: true, remove: true, refresh: true, reset: true, login: true },
    }),
    account({
      id: 'antigravity-5e5e',
      provider: 'antigravity',
      providerTitle: 'Antigravity',
      label: `lab ${XSS}`,
      email: 'lab@example.org',
      plan: XSS,
      words: `Ready. ${XSS}`,
      quota: {
        at: now - 100_000,
        windows: [
          window('gemini-3-pro', 'gemini-3-pro-high', 0.34, now + 4 * HOUR, {
            binding: true,
            models: ['gemini-3-pro*'],
          }),
          window('claude', 'claude-sonnet-4-5-thinking', 0.08, now + 4 * HOUR),
          window('flash', 'gemini-3-flash', 0.02, now + 4 * HOUR),
          window('oss', 'gpt-oss-120b', 0, now + 4 * HOUR),
        ],
      },
      lastUsedAt: now - 1_900_000,
      requests: 310,
      policy: policies['antigravity'],
    }),
    account({
      id: 'kimi-a1a1',
      provider: 'kimi',
      providerTitle: 'Kimi',
      label: 'kimi-coding',
      plan: 'Andante',
      words: 'Ready.',
      quota: {
        at: now - 200_000,
        windows: [
          window('5h', '5 hours', 0.03, now + 4.5 * HOUR),
          window('7d', 'Week', 0.22, now + 2 * DAY, { binding: true }),
        ],
      },
      lastUsedAt: now - 3 * HOUR,
      requests: 56,
      policy: policies['kimi'],
    }),
    account({
      id: 'gemini-cli-3f3f',
      provider: 'gemini-cli',
      providerTitle: 'Gemini CLI',
      label: 'enterprise@example.com',
      email: 'enterprise@example.com',
      plan: 'Code Assist Enterprise',
      words: 'Borrowed from ~/.gemini: read-only, its own program keeps it alive.',
      origin: { how: 'borrowed', from: 'Gemini CLI', at: now - 2 * DAY },
      policy: policies['gemini-cli'],
      can: { change: true, remove: true, refresh: false, reset: false, login: true },
    }),
    account({
      id: 'openai-k1',
      provider: 'openai',
      providerTitle: 'OpenAI',
      label: 'sk-…9f2c',
      kind: 'key',
      words: 'Ready.',
      lastUsedAt: now - 62_000,
      requests: 1440,
      errors: 20,
      origin: { how: 'config' },
      policy: byKey,
      can: { change: false, remove: false, refresh: false, reset: false, login: false },
    }),
    account({
      id: 'xai-77',
      provider: 'xai',
      providerTitle: 'xAI',
      label: 'grok',
      plan: 'SuperGrok',
      state: 'disabled',
      words: 'Turned off by its owner.',
      settings: {
        disabled: true,
        priority: -1,
        weight: 1,
        headerNames: [],
        excludedModels: ['grok-code-*'],
        neverRests: false,
        note: 'only for evenings',
      },
      policy: policies['xai'],
    }),
  ]
}

const provider = (id: string, title: string, rest: Partial<ProviderRow> = {}): ProviderRow => ({
  id,
  title,
  policy: policies[id] ?? byKey,
  ways: [],
  protocols: ['openai-chat'],
  accounts: 0,
  usable: 0,
  models: 3,
  state: 'no-account',
  words: 'No account. Log one in, or add a key in the config.',
  ...rest,
})

export function makeProviders(accounts: readonly AccountView[]): ProviderRow[] {
  const login = (
    id: string,
    title: string,
    loginTitle: string,
    ways: ProviderRow['ways'],
    protocols: string[],
    models: number,
  ) => {
    const own = accounts.filter((a) => a.provider === id)
    const usable = own.filter((a) => a.state === 'ready' || a.state === 'busy').length
    const state =
      own.length === 0
        ? 'no-account'
        : usable > 0
          ? 'ready'
          : own.some((a) => a.state === 'resting')
            ? 'resting'
            : 'needs-login'
    const words =
      own.length === 0
        ? 'No account. Log one in to use it.'
        : `${usable} of ${own.length} accounts can take a request now.`
    return provider(id, title, {
      loginPolicy: policies[id],
      policy: id === 'claude' ? byKey : policies[id]!,
      loginTitle,
      ways,
      protocols,
      models,
      accounts: own.length,
      usable,
      state,
      words,
    })
  }
  return [
    login('claude', 'Anthropic', 'Claude Pro or Max', ['browser', 'paste'], ['anthropic'], 9),
    login('codex', 'Codex', 'ChatGPT (Codex)', ['browser', 'paste', 'device'], ['openai-responses'], 6),
    login('gemini-cli', 'Gemini CLI', 'Gemini Code Assist', ['browser', 'paste'], ['gemini'], 5),
    login('antigravity', 'Antigravity', 'Google Antigravity', ['browser', 'paste'], ['gemini'], 7),
    login('qwen', 'Qwen Code', 'Qwen', ['device'], ['openai-chat'], 1),
    login('iflow', 'iFlow', 'iFlow', ['browser', 'paste'], ['openai-chat'], 4),
    login('kimi', 'Kimi', 'Kimi coding plan', ['device'], ['openai-chat', 'anthropic'], 2),
    login('xai', 'xAI', 'Grok', ['device'], ['openai-responses'], 3),
    provider('openai', 'OpenAI', {
      accounts: 1,
      usable: 1,
      state: 'ready',
      words: '1 of 1 accounts can take a request now.',
      protocols: ['openai-responses', 'openai-chat'],
      models: 12,
    }),
    provider('gemini', 'Gemini', { protocols: ['gemini'] }),
  ]
}
