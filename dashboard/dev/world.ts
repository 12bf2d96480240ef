/** The pretended gateway behind the page: its state in memory, and what each call of the API answers. */
import { randomBytes } from 'node:crypto'
import { parseDocument } from 'yaml'
import type {
  AccountView,
  ConfigFault,
  ConfigResult,
  Diff,
  LoginView,
  ManagementEvent,
  RouteId,
  SnapshotEntry,
  Status,
  UsageRowView,
} from '../../src/server/admin/management/contract.ts'
import { makeAccounts, makeProviders } from './accounts.ts'
import { detailOf, makeCall, makeCalls, sumOf } from './calls.ts'
import { lineDiff } from './diff.ts'
import { seeded } from './random.ts'
import * as rest from './rest.ts'

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly more: object
  constructor(status: number, code: string, message: string, more: object = {}) {
    super(message)
    this.status = status
    this.code = code
    this.more = more
  }
}

export interface Asked {
  id: string
  query: URLSearchParams
  body: Record<string, unknown>
}

export interface WorldOptions {
  /** Calls recorded; 0 and `empty` show how a first visit looks. */
  calls?: number
  empty?: boolean
  now?: () => number
}

export interface World {
  answer(route: RouteId, asked: Asked): unknown
  /** A new call ends: events tell it. */
  tick(): void
  onEvent(listener: (event: ManagementEvent) => void): () => void
  readonly calls: readonly UsageRowView[]
  status(): Status
}

const FILTERS = [
  'clientKey',
  'protocol',
  'endpoint',
  'requestedModel',
  'servedModel',
  'category',
  'provider',
  'account',
  'lane',
  'failure',
] as const

export function createWorld({ calls: many = 10_000, empty = false, now = Date.now }: WorldOptions = {}): World {
  const startedAt = now() - 3 * 86_400_000 - 4 * 3_600_000
  const accounts: AccountView[] = empty ? [] : makeAccounts(now())
  const calls: UsageRowView[] = empty ? [] : makeCalls(now(), accounts, many)
  let keys = empty ? [] : rest.makeKeys(now())
  let examples = empty ? [] : rest.EXAMPLES(now())
  let sessions = rest.SESSIONS(now())
  const logs = empty ? [] : rest.makeLogs(now())
  const audit = empty ? [] : rest.makeAudit(now())
  const models = empty ? [] : rest.makeModels()
  const logins = new Map<string, LoginView>()
  let config = rest.CONFIG
  let digest = 'd1'
  let snapshots: (SnapshotEntry & { text: string })[] = empty
    ? []
    : [
        {
          id: 'n1',
          at: now() - 7_200_000,
          digest: 'd0',
          by: 'session',
          note: 'before the router',
          lines: 40,
          text: rest.CONFIG.replace('most-quota-left', 'round-robin'),
        },
      ]
  const listeners = new Set<(event: ManagementEvent) => void>()
  const random = seeded(99)
  const tell = (event: ManagementEvent) => {
    for (const listener of listeners) listener(event)
  }

  const filtered = (q: URLSearchParams) =>
    calls.filter(
      (c) =>
        FILTERS.every((f) => !q.has(f) || String(c[f]) === q.get(f)) &&
        (!q.has('status') || c.status === Number(q.get('status'))) &&
        (!q.has('from') || c.at >= Number(q.get('from'))),
    )

  function status(): Status {
    const s = sumOf(calls)
    const count = (state: AccountView['state']) => accounts.filter((a) => a.state === state).length
    return {
      version: '0.1.0',
      startedAt,
      now: now(),
      uptimeMs: now() - startedAt,
      ready: !empty,
      reasons: empty ? ['No account is configured or logged in.'] : [],
      url: 'http://127.0.0.1:8317',
      config: { file: '/home/mara/.logicaproxy/config.yaml', digest },
      store: { engine: 'sqlite', ok: true, waiting: 0, dropped: 0 },
      vault: { is: 'open', wrap: 'key-file', fingerprint: 'ab12 cd34 ef56' },
      accounts: {
        total: accounts.length,
        usable: count('ready'),
        resting: count('resting'),
        needLogin: count('needs-login'),
        disabled: count('disabled'),
      },
      totals: {
        requests: s.requests,
        errors: s.errors,
        errorRate: s.requests === 0 ? 0 : s.errors / s.requests,
        averageLatencyMs: s.averageLatencyMs,
        requestsPerSecond: empty ? 0 : 1.36,
        active: empty ? 0 : 2,
        inputTokens: s.inputTokens,
        outputTokens: s.outputTokens,
        costMicros: s.costMicros,
      },
      alerts: empty
        ? []
        : [
            ...(accounts.some((a) => a.id === 'claude-9c2e' && a.state === 'needs-login')
              ? [
                  {
                    id: 'needs-login:claude-9c2e',
                    level: 'critical' as const,
                    kind: 'needs-login' as const,
                    message: 'jon@example.com (Claude) needs a login since 08:12.',
                    action: 'Log it in again.',
                    accountId: 'claude-9c2e',
                    provider: 'claude',
                  },
                ]
              : []),
            {
              id: 'quota:claude-1f3a:5h',
              level: 'warning',
              kind: 'quota',
              message: 'mara@example.com (Claude) has used 83 % of its 5 hours.',
              action: 'Resets in 1 h 12 min.',
              accountId: 'claude-1f3a',
            },
            {
              id: 'quota:codex-0d41:7d',
              level: 'warning',
              kind: 'quota',
              message:
                'The week of a.very.long.mailbox.name.of.somebody.with.patience@subdomain.engineering.example-company.com (Codex) is 97 % used.',
              accountId: 'codex-0d41',
            },
            {
              id: 'policy:antigravity',
              level: 'info',
              kind: 'policy',
              message: 'Antigravity restricts use through other programs.',
              provider: 'antigravity',
            },
          ],
    }
  }

  function faultsOf(text: string): ConfigFault[] {
    const doc = parseDocument(text)
    if (doc.errors.length > 0)
      return doc.errors.map((e) => ({
        line: e.linePos?.[0].line ?? 1,
        column: e.linePos?.[0].col ?? 1,
        path: '',
        message: e.message.split('\n')[0]!,
      }))
    const faults: ConfigFault[] = []
    const line = (needle: string) => text.split('\n').findIndex((l) => l.trimStart().startsWith(needle)) + 1
    const value = doc.toJS() as Record<string, unknown> | null
    const port = value?.['port']
    if (port !== undefined && (typeof port !== 'number' || port < 0 || port > 65_535))
      faults.push({ line: line('port:'), column: 7, path: 'port', message: 'port: a whole number from 0 to 65535' })
    const strategy = (value?.['routing'] as Record<string, unknown> | undefined)?.['strategy']
    if (
      strategy !== undefined &&
      !['round-robin', 'weighted', 'fill-first', 'most-quota-left'].includes(strategy as string)
    )
      faults.push({
        line: line('strategy:'),
        column: 13,
        path: 'routing.strategy',
        message: `routing.strategy: round-robin, weighted, fill-first or most-quota-left, not "${String(strategy)}"`,
      })
    return faults
  }

  function result(text: string, saved: boolean): ConfigResult {
    const faults = faultsOf(text)
    return {
      ok: faults.length === 0,
      saved,
      faults,
      notices: [],
      diff: lineDiff(config, text) satisfies Diff,
      text,
      digest,
      restart: /port: 8317/.test(text) ? [] : ['port'],
    }
  }

  function save(text: string, expected: unknown, note?: string): ConfigResult {
    if (expected !== digest)
      throw new Refusal(
        409,
        'conflict',
        'The file was changed since this page read it. Load it again and make the change on the new text.',
      )
    const faults = faultsOf(text)
    if (faults.length > 0) throw new Refusal(422, 'invalid', 'The text has faults: nothing was saved.', { faults })
    const done = result(text, true)
    snapshots = [
      { id: `n${Date.now()}`, at: now(), digest, by: 'session', note, lines: config.split('\n').length, text: config },
      ...snapshots,
    ].slice(0, 20)
    config = text
    digest = `d${randomBytes(4).toString('hex')}`
    tell({ type: 'config', digest })
    return { ...done, digest }
  }

  const accountOf = (id: string) => accounts.find((a) => a.id === id) ?? refuse(404, 'There is no account of that id.')
  const refuse = (code: number, message: string): never => {
    throw new Refusal(code, code === 404 ? 'not-found' : 'invalid', message)
  }
  const change = (id: string, to: Partial<AccountView>) => {
    const account = accountOf(id)
    Object.assign(account, to)
    tell({ type: 'accounts' })
    return account
  }
  const standings = () =>
    accounts.slice(0, 5).map((a) => ({
      accountId: a.id,
      label: a.label,
      provider: a.provider,
      model: 'claude-sonnet-4-6',
      priority: 0,
      is:
        a.state === 'ready'
          ? ('usable' as const)
          : a.state === 'resting'
            ? ('resting' as const)
            : ('needs-login' as const),
      because: a.words,
      inFlight: a.inFlight,
      quotaLeft: 1 - Math.max(0, ...(a.quota?.windows.map((w) => w.used) ?? [0])),
      translated: a.provider !== 'claude',
    }))

  const handlers: { readonly [I in RouteId]?: (asked: Asked) => unknown } = {
    status,
    ping: () => ({ at: now(), active: 2, uptimeMs: now() - startedAt }),
    series({ query }) {
      const seconds = Number(query.get('window') ?? 3600)
      const points = Number(query.get('points') ?? 60)
      const bucketMs = (seconds * 1000) / points
      const to = Math.ceil(now() / bucketMs) * bucketMs
      const from = to - points * bucketMs
      const buckets = Array.from({ length: points }, () => [] as UsageRowView[])
      for (const c of filtered(query))
        if (c.at >= from && c.at < to) buckets[Math.floor((c.at - from) / bucketMs)]!.push(c)
      return {
        from,
        to,
        bucketMs,
        source: seconds > 3600 ? 'usage' : 'recent',
        points: buckets.map((b, i) => {
          const s = sumOf(b)
          return {
            at: from + i * bucketMs,
            requests: s.requests,
            errors: s.errors,
            ...(b.length > 0 && { averageLatencyMs: s.averageLatencyMs }),
            inputTokens: s.inputTokens,
            outputTokens: s.outputTokens,
            costMicros: s.costMicros,
          }
        }),
      }
    },
    endpoints() {
      const groups = Map.groupBy(calls, (c) => c.endpoint)
      return {
        endpoints: [...groups].map(([endpoint, list]) => ({
          endpoint,
          protocol: list[0]!.protocol,
          requests: list.length,
          errors: sumOf(list).errors,
          errorRate: sumOf(list).errors / list.length,
          averageLatencyMs: sumOf(list).averageLatencyMs,
          p50Ms: 1200,
          p95Ms: 14_200,
          lastAt: list[0]!.at,
        })),
      }
    },
    models: () => ({ models }),
    providers: () => ({ providers: makeProviders(accounts) }),
    doctor: () => ({ at: now(), findings: empty ? rest.FINDINGS.slice(3) : rest.FINDINGS }),
    reference: () => rest.REFERENCE,
    why: ({ query }) => ({
      model: query.get('model') ?? '',
      strategy: 'most-quota-left',
      words: 'mara@example.com would be taken: its 5 hours reset soonest.',
      targets: [{ model: query.get('model') ?? '', standings: standings() }],
    }),
    accounts: () => ({ accounts }),
    account: ({ id }) => accountOf(id),
    changeAccount({ id, body }) {
      const account = accountOf(id)
      const { label, proxyUrl, ...settings } = body as {
        label?: string
        proxyUrl?: string | null
        disabled?: boolean
        weight?: number
      }
      if (settings.weight !== undefined && settings.weight > 1000)
        throw new Refusal(422, 'invalid', 'weight: at most 1000.', { param: 'weight' })
      const clean = Object.fromEntries(
        Object.entries({
          ...account.settings,
          ...settings,
          ...(proxyUrl !== undefined && { proxy: proxyUrl ?? undefined }),
        }).filter(([, v]) => v !== null),
      ) as AccountView['settings']
      const state =
        settings.disabled === true
          ? 'disabled'
          : settings.disabled === false && account.state === 'disabled'
            ? 'ready'
            : account.state
      return change(id, {
        settings: clean,
        label: label ?? account.label,
        state,
        words:
          state === 'disabled'
            ? 'Turned off by its owner.'
            : state === 'ready' && account.state === 'disabled'
              ? 'Ready.'
              : account.words,
      })
    },
    removeAccount({ id }) {
      accounts.splice(accounts.indexOf(accountOf(id)), 1)
      tell({ type: 'accounts' })
      return { ok: true }
    },
    resetAccount: ({ id }) =>
      change(id, {
        rests: [],
        state: 'ready',
        words: 'Ready: its rests were cleared.',
        can: { ...accountOf(id).can, reset: false },
      }),
    refreshAccount: ({ id }) => change(id, { expiresAt: now() + 8 * 3_600_000 }),
    logins: () => ({ logins: [...logins.values()] }),
    startLogin({ body }) {
      const provider = String(body['provider'])
      const way = (body['way'] ?? 'browser') as LoginView['way']
      const row =
        makeProviders(accounts).find((p) => p.id === provider) ?? refuse(404, `There is no provider "${provider}".`)
      const state = randomBytes(16).toString('base64url')
      const login: LoginView = {
        id: `l${logins.size + 1}`,
        provider,
        title: row.loginTitle ?? row.title,
        way,
        is: 'waiting',
        words:
          way === 'device'
            ? 'Type the code on the vendor’s page and confirm it there.'
            : 'Open the address and confirm the login there.',
        pastes: way !== 'device',
        startedAt: now(),
        expiresAt: now() + 600_000,
        ...(way === 'device'
          ? {
              userCode: 'WDJB-MJHT',
              verificationUrl: 'https://auth.example.com/device',
              url: 'https://auth.example.com/device?code=WDJB-MJHT',
            }
          : {
              url: `https://auth.example.com/authorize?response_type=code&client_id=app_EMoamEEZ73f0CkXaXp7hrann&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback&scope=openid+profile&state=${state}`,
              state,
            }),
      }
      logins.set(login.id, login)
      return login
    },
    login: ({ id }) => logins.get(id) ?? refuse(404, 'This login is over. Start it again.'),
    pasteLogin({ id, body }) {
      const login = logins.get(id) ?? refuse(404, 'This login is over. Start it again.')
      if (!/code=|^[\w-]{6,}/.test(String(body['text'])))
        throw new Refusal(
          422,
          'invalid',
          'There is no code in this text. Copy the whole address the browser ended on.',
          { param: 'text' },
        )
      const stale = accounts.find((a) => a.provider === login.provider && a.state === 'needs-login')
      if (stale !== undefined)
        Object.assign(stale, {
          state: 'ready',
          words: 'Ready: logged in just now.',
          can: { ...stale.can, refresh: true },
        })
      else
        accounts.push({
          ...makeAccounts(now())[5]!,
          id: `${login.provider}-new`,
          provider: login.provider,
          providerTitle: login.title,
          label: 'new@example.com',
          plan: 'Pro',
        })
      Object.assign(login, {
        is: 'done',
        words: `Logged in to ${login.title}.`,
        accountId: stale?.id ?? `${login.provider}-new`,
      })
      tell({ type: 'login', id })
      tell({ type: 'accounts' })
      return login
    },
    cancelLogin({ id }) {
      logins.delete(id)
      return { ok: true }
    },
    candidates: () =>
      empty ? { candidates: [], notes: [] } : rest.CANDIDATES(makeProviders(accounts)[1]!.policy, now()),
    takeCandidate: () => ({ accountId: 'codex-77b0', words: 'Took over the login of mara@example.com.', warnings: [] }),
    keys: () => ({ keys, open: keys.length === 0 }),
    createKey({ body }) {
      if (keys.some((k) => k.name === body['name']))
        throw new Refusal(409, 'conflict', `There is a key named "${String(body['name'])}" already.`, { param: 'name' })
      const key = `lp-${randomBytes(24).toString('base64url')}`
      const entry = {
        id: `k${now()}`,
        source: 'store' as const,
        refusals: 0,
        unpriced: 0,
        hint: `${key.slice(0, 7)}…`,
        disabled: false,
        createdAt: now(),
        limits: {},
        used: {
          requestsThisMinute: 0,
          tokensToday: 0,
          tokensThisMinute: 0,
          microsToday: 0,
          inFlight: 0,
          microsThisMonth: 0,
          requests: 0,
        },
        ...Object.fromEntries(Object.entries(body).filter(([, v]) => v !== null)),
        name: String(body['name']),
      }
      keys = [...keys, entry]
      tell({ type: 'keys' })
      return { key, entry }
    },
    changeKey({ id, body }) {
      keys = keys.map((k) =>
        k.id === id
          ? ({
              ...k,
              ...Object.fromEntries(Object.entries(body).map(([n, v]) => [n, v ?? undefined])),
            } as (typeof keys)[number])
          : k,
      )
      tell({ type: 'keys' })
      return keys.find((k) => k.id === id) ?? refuse(404, 'There is no key of that id.')
    },
    rotateKey({ id }) {
      const entry = keys.find((k) => k.id === id) ?? refuse(404, 'There is no key of that id.')
      const key = `lp-${randomBytes(24).toString('base64url')}`
      entry.rotatedAt = now()
      entry.hint = `${key.slice(0, 7)}…`
      return { key, entry }
    },
    revokeKey({ id }) {
      keys = keys.filter((k) => k.id !== id)
      tell({ type: 'keys' })
      return { ok: true }
    },
    config: () => ({
      file: '/home/mara/.logicaproxy/config.yaml',
      editable: true,
      text: config,
      digest,
      inForce: digest,
      faults: faultsOf(config),
      notices: [],
      values: parseDocument(config).toJS(),
      effective: parseDocument(config).toJS(),
      secrets: [
        'api-keys[0].key',
        'remote-management.secret-key',
        'openai-api-key[0].api-key',
        'openai-compatibility[0].api-key-entries[0].api-key',
      ],
    }),
    checkConfig: ({ body }) => result(String(body['text']), false),
    saveConfig: ({ body }) => save(String(body['text']), body['expected'], body['note'] as string | undefined),
    snapshots: () => ({ snapshots: snapshots.map(({ text: _, ...entry }) => entry) }),
    snapshot({ id }) {
      const found = snapshots.find((s) => s.id === id) ?? refuse(404, 'This snapshot is gone.')
      return { ...found, diff: lineDiff(config, found.text) }
    },
    restoreSnapshot({ id, body }) {
      const found = snapshots.find((s) => s.id === id) ?? refuse(404, 'This snapshot is gone.')
      return save(found.text, body['expected'])
    },
    reload: () => ({ ok: true, message: 'The config was read again.' }),
    explainRoute({ body }) {
      const text = String(body['prompt'])
      const taught = examples.find((e) => e.text === text)?.category
      const category =
        taught ??
        (/refactor|function|bug|test/i.test(text)
          ? 'code'
          : /compare|recommend/i.test(text)
            ? 'reasoning'
            : /translate|list/i.test(text)
              ? 'fast'
              : /story|write/i.test(text)
                ? 'creative'
                : 'analysis')
      const scores = Object.fromEntries(
        ['code', 'reasoning', 'fast', 'creative', 'analysis'].map((c) => [c, c === category ? 0.86 : 0.035]),
      )
      return {
        decision: {
          category,
          confidence: 0.86,
          scores,
          signals: [
            { words: '"refactor" (a change to code)', category, weight: 2.4 },
            { words: '"function" (programming)', category, weight: 1.6 },
            { words: text.slice(0, 30), category, weight: 0.3 },
          ],
          language: 'en',
          reason: taught === undefined ? 'The words speak for it clearly.' : 'It was taught so.',
          hard: false,
        },
        words: `This is ${category}: claude-sonnet-4-6 answers, by mara@example.com.`,
        tookMs: 0.41,
        category,
        target: 'claude-sonnet-4-6',
        fallbacks: ['gpt-5.5'],
        skipped: [{ model: 'kimi-k2', why: 'it takes no images' }],
        needs: [],
        dryRun: false,
        targets: [
          { model: 'claude-sonnet-4-6', standings: standings() },
          { model: 'gpt-5.5', standings: standings().slice(1, 3) },
        ],
      }
    },
    routeFeedback({ body }) {
      const example = {
        id: `e${randomBytes(4).toString('hex')}`,
        text: String(body['text']),
        category: String(body['category']),
        createdAt: now(),
      }
      examples = [example, ...examples]
      return example
    },
    routeExamples: () => ({ examples, categories: ['code', 'reasoning', 'fast', 'creative', 'analysis'] }),
    forgetExample({ id }) {
      examples = examples.filter((e) => e.id !== id)
      return { ok: true }
    },
    usageTotals({ query }) {
      const by = (query.get('by') ?? '').split(',').filter(Boolean) as (keyof UsageRowView)[]
      const bucket = query.has('bucket') ? Number(query.get('bucket')) * 1000 : undefined
      const shift = Number(query.get('tz') ?? 0) * 60_000
      const list = filtered(query)
      const keyOf = (c: UsageRowView) => ({
        ...(bucket !== undefined && { bucket: Math.floor((c.at + shift) / bucket) * bucket - shift }),
        ...Object.fromEntries(by.map((f) => [f, c[f] as string | number])),
      })
      const groups = Map.groupBy(list, (c) => JSON.stringify(keyOf(c)))
      return {
        pricesFrom: '2026-11-01',
        rows: [...groups].map(([key, of]) => ({
          key: JSON.parse(key),
          ...(by.includes('account') && { label: of[0]!.accountLabel }),
          ...sumOf(of),
        })),
        sum: sumOf(list),
      }
    },
    usageCalls({ query }) {
      const limit = Number(query.get('limit') ?? 100)
      const from = Number(query.get('cursor') ?? 0)
      const list = filtered(query)
      const page = list.slice(from, from + limit)
      return { calls: page, ...(from + limit < list.length && { next: String(from + limit) }) }
    },
    usageDetail({ id }) {
      const found =
        calls.find((c) => c.callId === id) ??
        refuse(404, 'This request is not recorded any more: history is kept for 30 days.')
      return detailOf(found, logs)
    },
    wipeUsage: () => ({ ok: true, removed: calls.splice(0).length }),
    logs({ query }) {
      const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
      const least = levels.indexOf(query.get('level') ?? 'trace')
      const text = query.get('text')?.toLowerCase()
      const list = logs.filter(
        (l) =>
          levels.indexOf(l.level) >= least &&
          (!query.get('request') || l.requestId === query.get('request')) &&
          (text === undefined || l.message.toLowerCase().includes(text)),
      )
      return { lines: list.slice(-Number(query.get('limit') ?? 200)), level: 'info' }
    },
    errorFiles: () => ({
      files: empty
        ? []
        : [
            {
              name: 'error-v1-messages-2026-11-22T171201-req_00a1.json',
              at: now() - 3_000_000,
              bytes: 18_222,
              requestId: 'req_00a1',
            },
          ],
    }),
    errorFile: ({ id }) => ({
      name: id,
      document: { request: { method: 'POST' }, response: { status: 429 }, note: '<script>window.__xss=3</script>' },
    }),
    test({ body }) {
      const made = {
        ...makeCall(random, now(), calls.length + 100_000, accounts),
        requestedModel: String(body['model']),
        clientKey: 'dashboard',
        status: 200,
        failure: '',
      }
      made.servedModel ||= 'claude-haiku-4-5-20251001'
      calls.unshift(made)
      tell({ type: 'call', call: made })
      return {
        ok: true,
        requestId: made.callId,
        status: 200,
        ms: made.latencyMs,
        firstEventMs: 210,
        servedModel: made.servedModel,
        provider: made.provider,
        account: made.accountLabel,
        lane: made.lane,
        text: 'Hello to you, dear friend!',
      }
    },
    audit({ query }) {
      const action = query.get('action')
      const from = Number(query.get('cursor') ?? 0)
      const list = audit.filter((e) => !action || e.action.startsWith(action))
      return { entries: list.slice(from, from + 30), ...(from + 30 < list.length && { next: String(from + 30) }) }
    },
    sessions: () => ({ sessions }),
    endSession({ id }) {
      sessions = sessions.filter((s) => s.id !== id)
      return { ok: true }
    },
    newLink: () => ({
      url: `http://127.0.0.1:8317/dashboard/?link=${randomBytes(24).toString('base64url')}`,
      path: '/dashboard/',
      expiresAt: now() + 600_000,
    }),
  }

  return {
    answer(route, asked) {
      const handler = handlers[route]
      if (handler === undefined) throw new Refusal(404, 'not-found', `The pretended gateway does not know "${route}".`)
      return handler(asked)
    },
    tick() {
      if (empty) return
      const made = makeCall(random, now(), calls.length + 50_000, accounts)
      calls.unshift(made)
      const line = {
        seq: (logs.at(-1)?.seq ?? 0) + 1,
        at: now(),
        level: 'info' as const,
        message: `answered ${made.requestedModel} in ${made.latencyMs} ms`,
        requestId: made.callId,
        fields: {},
      }
      logs.push(line)
      tell({ type: 'call', call: made })
      tell({ type: 'log', line })
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get calls() {
      return calls
    },
    status,
  }
}
