/** Keys, the router, audit, sessions, and what hardly changes. */
import { randomBytes } from 'node:crypto'
import { type Answers, type Household, Refusal, refuse, standings } from './household.ts'
import * as rest from './rest.ts'

export function restAnswers({ accounts, now, startedAt, empty, tell }: Household): Answers {
  let keys = empty ? [] : rest.makeKeys(now())
  let examples = empty ? [] : rest.EXAMPLES(now())
  let sessions = rest.SESSIONS(now())
  const audit = empty ? [] : rest.makeAudit(now())
  const models = empty ? [] : rest.makeModels()
  return {
    ping: () => ({ at: now(), active: 2, uptimeMs: now() - startedAt }),
    models: () => ({ models }),
    doctor: () => ({ at: now(), findings: empty ? rest.FINDINGS.slice(3) : rest.FINDINGS }),
    reference: () => rest.REFERENCE,
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
          { model: 'claude-sonnet-4-6', standings: standings(accounts) },
          { model: 'gpt-5.5', standings: standings(accounts).slice(1, 3) },
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
}
