/** Ten thousand calls of the last week, and what is said of one of them. */
import type {
  AccountView,
  LogLine,
  UsageDetail,
  UsageRowView,
  UsageSums,
} from '../../src/server/admin/management/contract.ts'
import { XSS } from './accounts.ts'
import { pick, seeded } from './random.ts'

const MODELS: Record<string, readonly string[]> = {
  claude: ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5-20251001'],
  codex: ['gpt-5.5', 'gpt-5.4-mini'],
  antigravity: ['gemini-3-pro-high', 'claude-sonnet-4-5-thinking'],
  kimi: ['kimi-k2-turbo-preview'],
  openai: ['gpt-5.4', 'some-vendor/an-extraordinarily-long-model-name-with-date-2026-11-22-preview'],
  'gemini-cli': ['gemini-2.5-pro'],
}
const ENDPOINTS: Record<string, string> = {
  anthropic: 'POST /v1/messages',
  'openai-chat': 'POST /v1/chat/completions',
  'openai-responses': 'POST /v1/responses',
  gemini: 'POST /v1beta/models/{model}',
}
const KEYS = ['laptop', 'ci', 'editor', 'anonymous']
const CATEGORIES = ['code', 'reasoning', 'fast', 'creative', 'analysis']

export function makeCall(
  random: () => number,
  at: number,
  index: number,
  accounts: readonly AccountView[],
): UsageRowView {
  const account = pick(
    random,
    accounts.filter((a) => MODELS[a.provider] !== undefined),
  )
  const model = pick(random, MODELS[account.provider]!)
  const auto = random() < 0.3
  const protocol = pick(random, Object.keys(ENDPOINTS))
  const broken = random()
  const status = broken < 0.02 ? 429 : broken < 0.03 ? 503 : broken < 0.035 ? 400 : 200
  const latencyMs = Math.round(300 + random() ** 3 * 24_000)
  const input = Math.round(random() ** 2 * 40_000)
  const requestedModel = index % 997 === 5 ? XSS : auto ? 'auto' : model
  return {
    id: `req_${index.toString(36).padStart(6, '0')}/0`,
    callId: `req_${index.toString(36).padStart(6, '0')}`,
    at,
    clientKey: pick(random, KEYS),
    protocol,
    endpoint: ENDPOINTS[protocol]!,
    requestedModel,
    servedModel: status === 200 ? model : '',
    category: auto ? pick(random, CATEGORIES) : '',
    provider: account.provider,
    account: account.id,
    accountLabel: account.label,
    lane: pick(random, ['pass-through', 'native', 'translate']),
    status,
    failure:
      status === 200 ? '' : status === 429 ? 'quota-exhausted' : status === 400 ? 'invalid-request' : 'overloaded',
    final: true,
    attempts: random() < 0.06 ? 2 : 1,
    latencyMs,
    ...(status === 200 && {
      firstEventMs: Math.round(latencyMs * 0.2),
      inputTokens: input,
      cacheReadTokens: Math.round(input * random() * 4),
      cacheWriteTokens: 0,
      outputTokens: Math.round(random() * 3000),
      reasoningTokens: Math.round(random() * 800),
    }),
    ...(status === 200 && account.provider !== 'kimi' && { costMicros: Math.round(random() * 90_000) }),
    dropped: random() < 0.04 ? ['top_k', 'stop'] : [],
  }
}

/** Newest first. Days are busier than nights. */
export function makeCalls(now: number, accounts: readonly AccountView[], many: number): UsageRowView[] {
  const random = seeded(42)
  const span = 7 * 86_400_000
  const times = Array.from({ length: many }, () => {
    for (;;) {
      const at = now - random() ** 1.6 * span
      const hour = new Date(at).getUTCHours()
      if (random() < (hour > 7 && hour < 20 ? 1 : 0.25)) return at
    }
  }).sort((a, b) => b - a)
  return times.map((at, i) => makeCall(random, Math.round(at), many - i, accounts))
}

export const emptySums = (): UsageSums => ({
  requests: 0,
  errors: 0,
  averageLatencyMs: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costMicros: 0,
  unpriced: 0,
})

export function sumOf(calls: readonly UsageRowView[]): UsageSums {
  const sum = emptySums()
  let latency = 0
  for (const c of calls) {
    sum.requests += 1
    if (c.status >= 400) sum.errors += 1
    latency += c.latencyMs
    sum.inputTokens += c.inputTokens ?? 0
    sum.cacheReadTokens += c.cacheReadTokens ?? 0
    sum.cacheWriteTokens += c.cacheWriteTokens ?? 0
    sum.outputTokens += c.outputTokens ?? 0
    sum.reasoningTokens += c.reasoningTokens ?? 0
    sum.costMicros += c.costMicros ?? 0
    if (c.costMicros === undefined) sum.unpriced += 1
  }
  sum.averageLatencyMs = sum.requests === 0 ? 0 : latency / sum.requests
  return sum
}

export function detailOf(c: UsageRowView, logs: readonly LogLine[]): UsageDetail {
  const failedFirst = c.attempts > 1 || c.status !== 200
  const cut = Math.round(c.latencyMs * 0.18)
  const attempt = {
    accountId: c.account,
    accountLabel: c.accountLabel,
    provider: c.provider,
    model: c.servedModel || c.requestedModel,
  }
  return {
    call: c,
    timeline: [
      ...(failedFirst
        ? [
            {
              ...attempt,
              index: 0,
              accountLabel: 'jon@example.com',
              startMs: 0,
              endMs: cut,
              status: 429,
              why: 'round-robin: next in turn among 3 usable accounts.',
              failure: {
                kind: 'quota-exhausted',
                scope: 'account',
                message: `You have hit your usage limit. ${XSS}`,
                retryAfterMs: 1_800_000,
              },
            },
          ]
        : []),
      ...(c.status === 200
        ? [
            {
              ...attempt,
              index: failedFirst ? 1 : 0,
              startMs: failedFirst ? cut + 4 : 0,
              endMs: c.latencyMs,
              status: 200,
              why: failedFirst
                ? 'fallback: the account before it rests until its reset.'
                : 'This conversation is already there, so its cache hits.',
            },
          ]
        : []),
    ],
    reason:
      c.category === ''
        ? 'It was asked for by name.'
        : `auto → ${c.category}: "refactor" (a change to code), "function" (programming) → ${c.servedModel}`,
    dropped: c.dropped,
    stream: true,
    maxGapMs: 820,
    bytesIn: 18_221,
    bytesOut: 9420,
    ...(c.status === 200
      ? {}
      : { failure: 'Every account that serves this model rests; the soonest is tested in 3 min.' }),
    ...(c.clientKey === 'ci' && {
      bodies: { request: `{"model":"${c.requestedModel}"}`, response: '{"ok":true}', until: c.at + 86_400_000 },
    }),
    logs: logs.slice(-3),
  }
}
