/** Keys, config, logs, audit, findings: the rest of the pretended household. */
import type {
  AuditEntry,
  CandidateView,
  ClientKeyView,
  Finding,
  LogLine,
  ModelRow,
  Reference,
  RouteExample,
  SessionEntry,
} from '../../src/server/admin/management/contract.ts'
import { XSS } from './accounts.ts'
import { pick, seeded } from './random.ts'

const DAY = 86_400_000

export const CONFIG = `# LogicaProxy config
host: 127.0.0.1
port: 8317

# Keys of the clients.
api-keys:
  - name: laptop
    key: "***1"
    models:
      - claude-*

remote-management:
  allow-remote: false
  secret-key: "***2"

openai-api-key:
  - api-key: "***3"
    label: main
    priority: 0
    models:
      - name: gpt-5.4
        alias: smart

# The same alias for several models makes a pool.
openai-compatibility:
  - name: openrouter
    base-url: https://openrouter.ai/api/v1
    api-key-entries:
      - api-key: "***4"
    models:
      - name: moonshotai/kimi-k2
        alias: kimi-k2

ai-router:
  enabled: true
  default-model: claude-sonnet-4-6
  routes:
    code: claude-sonnet-4-6
    reasoning: claude-opus-4-6
    fast: claude-haiku-4-5-20251001

routing:
  strategy: most-quota-left # soonest reset first
  session-affinity: true

oauth-model-alias:
  claude:
    - name: claude-opus-4-6
      alias: opus

fallback:
  claude-opus-4-6: [gpt-5.5]

timeouts:
  connect: 10
  idle: 300
log:
  level: info
`

export const makeKeys = (now: number): ClientKeyView[] => [
  {
    id: 'k1',
    refusals: 0,
    unpriced: 0,
    name: 'laptop',
    source: 'config',
    models: ['claude-*'],
    limits: {},
    disabled: false,
    lastUsedAt: now - 12_000,
    used: {
      requestsThisMinute: 3,
      tokensToday: 182_000,
      tokensThisMinute: 0,
      microsToday: 0,
      inFlight: 0,
      microsThisMonth: 12_400_000,
      requests: 4021,
    },
  },
  {
    id: 'k2',
    refusals: 0,
    unpriced: 0,
    name: 'ci',
    source: 'store',
    hint: 'lp-Ab12…',
    limits: { requestsPerMinute: 60, tokensPerDay: 2_000_000, microsPerMonth: 50_000_000, concurrency: 4 },
    disabled: false,
    createdAt: now - 40 * DAY,
    lastUsedAt: now - 4000,
    expiresAt: now + 50 * DAY,
    keepBodiesMs: DAY,
    note: 'nightly jobs',
    used: {
      requestsThisMinute: 41,
      tokensToday: 1_700_000,
      tokensThisMinute: 0,
      microsToday: 0,
      inFlight: 0,
      microsThisMonth: 47_200_000,
      requests: 9120,
    },
  },
  {
    id: 'k3',
    refusals: 0,
    unpriced: 0,
    name: 'editor',
    source: 'store',
    hint: 'lp-Qz9x…',
    limits: { requestsPerMinute: 30 },
    disabled: false,
    createdAt: now - 3 * DAY,
    rotatedAt: now - DAY,
    used: {
      requestsThisMinute: 0,
      tokensToday: 0,
      tokensThisMinute: 0,
      microsToday: 0,
      inFlight: 0,
      microsThisMonth: 0,
      requests: 12,
    },
  },
  {
    id: 'k4',
    refusals: 0,
    unpriced: 0,
    name: 'old phone',
    source: 'store',
    hint: 'lp-0000…',
    limits: {},
    disabled: true,
    createdAt: now - 200 * DAY,
    expiresAt: now - 20 * DAY,
    note: XSS,
  },
]

export const makeModels = (): ModelRow[] => {
  const model = (id: string, providers: string[], rest: Partial<ModelRow> = {}): ModelRow => ({
    id,
    providers,
    accounts: 2,
    usable: 1,
    upstream: [id],
    fallback: [],
    categories: [],
    contextLength: 200_000,
    maxOutput: 64_000,
    ...rest,
  })
  return [
    model('claude-opus-4-6', ['claude'], {
      categories: ['reasoning'],
      fallback: ['gpt-5.5'],
      contextLength: 1_000_000,
      maxOutput: 128_000,
    }),
    model('claude-sonnet-4-6', ['claude'], { categories: ['code', 'creative'] }),
    model('claude-haiku-4-5-20251001', ['claude'], { categories: ['fast'] }),
    model('opus', ['claude'], { upstream: ['claude-opus-4-6'] }),
    model('gpt-5.5', ['codex', 'openai'], { accounts: 3, usable: 2, contextLength: 272_000 }),
    model('gpt-5.4-mini', ['codex'], { usable: 0 }),
    model('smart', ['openai'], { upstream: ['gpt-5.4'] }),
    model('gemini-3-pro-high', ['antigravity'], { contextLength: 1_048_576, maxOutput: 65_536 }),
    model('gemini-2.5-pro', ['gemini-cli']),
    model('kimi-k2', ['openrouter', 'kimi'], { upstream: ['moonshotai/kimi-k2', 'kimi-k2-turbo-preview'] }),
    model('some-vendor/an-extraordinarily-long-model-name-with-date-2026-11-22-preview', ['openrouter']),
    model(XSS, ['openrouter'], { contextLength: undefined, maxOutput: undefined }),
    ...Array.from({ length: 60 }, (_, i) =>
      model(`provider-${i % 7}/model-${i}`, ['openrouter'], { accounts: 1, usable: 1 }),
    ),
  ]
}

export function makeLogs(now: number): LogLine[] {
  const random = seeded(7)
  const said: [LogLine['level'], string][] = [
    ['info', 'answered claude-opus-4-6 by mara@example.com in 2.1 s'],
    ['debug', 'seat taken: round-robin among 3 accounts'],
    ['info', 'answered gpt-5.5 by team-codex in 840 ms'],
    ['warn', 'codex account rests until 18:20: You have hit your usage limit.'],
    ['error', 'anthropic account jon@example.com needs login: invalid_grant'],
    ['info', `answered ${XSS}`],
    ['trace', 'quota read from headers: 5h 0.83, 7d 0.41'],
  ]
  return Array.from({ length: 400 }, (_, i) => {
    const [level, message] = pick(random, said)
    return {
      seq: i + 1,
      at: now - (400 - i) * 1700,
      level,
      message,
      requestId: `req_${(10_000 - (i % 9)).toString(36).padStart(6, '0')}`,
      fields: { model: 'gpt-5.5', attempt: i % 3, account: 'codex-77b0' },
    }
  })
}

export const makeAudit = (now: number): AuditEntry[] =>
  Array.from({ length: 60 }, (_, i) => {
    const kinds: [string, string, AuditEntry['outcome'], string][] = [
      ['account.change', 'claude-1f3a', 'done', 'Set weight of mara@example.com from 1 to 2.'],
      ['key.create', 'editor', 'done', 'Made the client key "editor".'],
      ['config.save', 'config.yaml', 'done', 'Saved the config: 2 lines added, 1 removed.'],
      ['session.sign-in', '', 'refused', 'Refused a sign-in with a wrong token.'],
      ['login.start', 'codex', 'done', 'Began a login to Codex.'],
      ['key.revoke', XSS, 'done', `Revoked the client key "${XSS}".`],
    ]
    const [action, target, outcome, message] = kinds[i % kinds.length]!
    return {
      id: `a${i}`,
      at: now - i * 3_100_000,
      who: { kind: i % 4 === 3 ? 'nobody' : 'session', id: i % 4 === 3 ? undefined : 's1' },
      from: '127.0.0.1',
      action,
      target,
      outcome,
      message,
      ...(i % 6 === 0 && { before: { weight: 1 }, after: { weight: 2 } }),
    } satisfies AuditEntry
  })

export const FINDINGS: Finding[] = [
  {
    id: 'login',
    level: 'critical',
    title: 'One account needs a login',
    detail: 'jon@example.com (Claude): its refresh token is no longer taken.',
    action: 'Log it in again: logicaproxy login claude',
  },
  {
    id: 'file',
    level: 'warning',
    title: 'The config file can be read by others',
    detail: '/home/mara/.logicaproxy/config.yaml has mode 0644 and holds keys.',
    action: 'chmod 600 /home/mara/.logicaproxy/config.yaml',
  },
  {
    id: 'policy',
    level: 'info',
    title: 'Two providers are restricted',
    detail: 'Claude and Antigravity: their vendors restrict use through other programs.',
  },
  { id: 'vault', level: 'good', title: 'The vault is open', detail: 'AES-256-GCM, key in a key file with mode 0600.' },
  { id: 'store', level: 'good', title: 'The store writes', detail: 'SQLite, WAL, 12 MiB.' },
]

export const CANDIDATES = (
  policy: CandidateView['policy'],
  now: number,
): { candidates: CandidateView[]; notes: { from: string; words: string }[] } => ({
  candidates: [
    {
      id: 'c1',
      provider: 'codex',
      title: 'Codex',
      label: 'mara@example.com',
      email: 'mara@example.com',
      plan: 'Plus',
      from: '/home/mara/.codex/auth.json',
      expiresAt: now + 3 * DAY,
      canRefresh: true,
      warnings: ['Its refresh token works once: after a move, Codex itself has to log in again.'],
      move: 'LogicaProxy takes the login over and keeps it alive. Codex itself is logged out at its next refresh.',
      borrow: 'LogicaProxy reads the token whenever Codex has refreshed it, and never refreshes it itself.',
      policy,
    },
  ],
  notes: [{ from: '/home/mara/.claude/.credentials.json', words: 'It has no refresh token; log in here instead.' }],
})

export const EXAMPLES = (now: number): RouteExample[] => [
  { id: 'e1', text: 'fix the flaky test in ci', category: 'code', createdAt: now - DAY },
  { id: 'e2', text: `Summarise this: ${XSS}`, category: 'fast', createdAt: now - 2 * DAY },
]

export const REFERENCE: Reference = {
  baseUrl: 'http://127.0.0.1:8317',
  endpoints: [
    { method: 'POST', path: '/v1/messages', protocol: 'anthropic', summary: 'Messages', stream: true },
    {
      method: 'POST',
      path: '/v1/messages/count_tokens',
      protocol: 'anthropic',
      summary: 'Counts the tokens of a request',
      stream: false,
    },
    {
      method: 'POST',
      path: '/v1/chat/completions',
      protocol: 'openai-chat',
      summary: 'Chat completions',
      stream: true,
    },
    {
      method: 'POST',
      path: '/v1/responses',
      protocol: 'openai-responses',
      summary: 'Responses; also as a WebSocket',
      stream: true,
    },
    {
      method: 'POST',
      path: '/v1beta/models/{model}:generateContent',
      protocol: 'gemini',
      summary: 'Generate content',
      stream: false,
    },
    { method: 'GET', path: '/v1/models', protocol: 'openai-chat', summary: 'List of models', stream: false },
  ],
  clients: [
    {
      name: 'Claude Code',
      lines: ['export ANTHROPIC_BASE_URL=http://127.0.0.1:8317', 'export ANTHROPIC_AUTH_TOKEN=$LOGICAPROXY_KEY'],
    },
    {
      name: 'Codex',
      lines: ['export OPENAI_BASE_URL=http://127.0.0.1:8317/v1', 'export OPENAI_API_KEY=$LOGICAPROXY_KEY'],
    },
    {
      name: 'OpenAI SDK',
      lines: ['export OPENAI_BASE_URL=http://127.0.0.1:8317/v1', 'export OPENAI_API_KEY=$LOGICAPROXY_KEY'],
    },
  ],
}

export const SESSIONS = (now: number): SessionEntry[] => [
  {
    id: 's1',
    own: true,
    by: 'link',
    createdAt: now - 3_600_000,
    lastUsedAt: now - 1000,
    expiresAt: now + 11 * 3_600_000,
    address: '127.0.0.1',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/153.0',
  },
  {
    id: 's2',
    own: false,
    by: 'token',
    createdAt: now - DAY / 2,
    lastUsedAt: now - 8_000_000,
    expiresAt: now + 3_600_000,
    address: '127.0.0.1',
    userAgent: XSS,
  },
]
