/** What goes on: status, series, models, providers, findings, the reference, logs, error files. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { deadline } from '../../../../store/index.ts'
import type { ErrorFile, Reference, SeriesPoint } from '../contract.ts'
import { notFound } from '../errors.ts'
import { strip } from '../views/account-view.ts'
import { advice } from '../views/doctor.ts'
import { explainModel } from '../views/why.ts'
import type { Handlers, Tools } from './handler.ts'

const ERROR_FILE = /^error-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-([\w-]{1,64})\.json$/
const MOST_FILE = 4 << 20
const HOUR_S = 3_600

export function observeHandlers({
  context,
  overview,
}: Tools): Handlers<
  | 'status'
  | 'series'
  | 'endpoints'
  | 'models'
  | 'providers'
  | 'doctor'
  | 'reference'
  | 'ping'
  | 'why'
  | 'logs'
  | 'errorFiles'
  | 'errorFile'
> {
  const { gateway, now, startedAt, usage } = context
  const dir = context.dataDir === undefined ? undefined : join(context.dataDir, 'logs')

  return {
    status: () => overview.status(),
    endpoints: () => ({ endpoints: overview.endpoints() }),
    models: () => ({ models: overview.models() }),
    providers: () => ({ providers: overview.providers() }),
    ping: () => ({ at: now(), active: gateway.active, uptimeMs: Math.max(0, now() - startedAt) }),
    why: ({ query }) => explainModel(context, query),

    async series({ query }) {
      const { window, points, account, model, provider, clientKey } = query
      const where = strip({ account, servedModel: model, provider, clientKey })
      const bucketMs = Math.max(1, Math.ceil(window / points)) * 1_000
      if (Object.keys(where).length === 0 && window <= HOUR_S) {
        const list = usage.live.series(window * 1_000, bucketMs)
        return {
          from: list[0]?.at ?? now(),
          to: (list.at(-1)?.at ?? now()) + bucketMs,
          bucketMs,
          source: 'recent',
          points: list.map(pointOf),
        }
      }
      const to = (Math.floor(now() / bucketMs) + 1) * bucketMs
      const from = to - Math.ceil((window * 1_000) / bucketMs) * bucketMs
      const rows = await deadline(context.store.usage.totals({ from, to, where }, [], bucketMs), 5_000)
      const found = new Map(rows.map((row) => [Number(row.key.bucket), row]))
      const list: SeriesPoint[] = []
      for (let at = from; at < to; at += bucketMs) {
        const row = found.get(at)
        list.push(
          pointOf({
            at,
            requests: 0,
            errors: 0,
            latencyMsSum: 0,
            inputTokens: 0,
            outputTokens: 0,
            costMicros: 0,
            ...row,
          }),
        )
      }
      return { from, to, bucketMs, source: 'usage', points: list }
    },

    async doctor() {
      const trouble = await deadline(context.store.check(), 2_000).then(
        () => context.storeTrouble(),
        (error: Error) => error.message,
      )
      const alerts = overview.alerts()
      const findings = advice(context, alerts)
      if (trouble !== undefined && !alerts.some(({ kind }) => kind === 'store'))
        findings.unshift({
          id: 'store',
          level: 'critical',
          title: 'The store cannot be used',
          detail: context.scrub(trouble),
        })
      if (trouble === undefined)
        findings.push({
          id: 'store',
          level: 'good',
          title: 'The store can be written',
          detail: context.inMemory
            ? 'In memory: nothing outlives the process.'
            : `Its engine is ${context.store.engine}.`,
        })
      return { at: now(), findings }
    },

    reference: () => referenceOf(context.url(), gateway.snapshot.protocols.values()),

    logs: ({ query }) => ({ lines: context.logs.lines(strip(query)), level: context.logs.level }),

    async errorFiles() {
      if (dir === undefined) return { files: [] }
      const names = (await readdir(dir).catch(() => []))
        .filter((name) => ERROR_FILE.test(name))
        .sort()
        .reverse()
      const files = await Promise.all(
        names.slice(0, 200).map(async (name): Promise<ErrorFile> => {
          const [, y, mo, d, h, mi, s, ms, requestId] = ERROR_FILE.exec(name)!
          const size = await stat(join(dir, name)).then(
            (found) => found.size,
            () => 0,
          )
          return { name, at: Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`), bytes: size, requestId: requestId! }
        }),
      )
      return { files }
    },

    async errorFile({ params }) {
      const name = params['name'] ?? ''
      // Only names of our own making are files here: nothing else of the disk is ever opened.
      if (dir === undefined || !ERROR_FILE.test(name)) throw notFound('There is no such record.')
      const path = join(dir, name)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined || !found.isFile() || found.size > MOST_FILE)
        throw notFound('There is no such record any more.')
      const text = context.scrub(await readFile(path, 'utf8'))
      try {
        return { name, document: JSON.parse(text) as unknown }
      } catch {
        return { name, document: text }
      }
    },
  }
}

interface Sums {
  at: number
  requests: number
  errors: number
  latencyMsSum: number
  inputTokens: number
  outputTokens: number
  costMicros: number
  refused?: number
}

const pointOf = (sums: Sums): SeriesPoint => {
  const { at, requests, errors, latencyMsSum, inputTokens, outputTokens, costMicros, refused } = sums
  return {
    at,
    requests,
    errors,
    ...(requests === 0 ? {} : { averageLatencyMs: latencyMsSum / requests }),
    inputTokens,
    outputTokens,
    costMicros,
    ...(refused === undefined ? {} : { refused }),
  }
}

const ACTIONS: Readonly<Record<string, string>> = {
  generate: 'Generates an answer.',
  'count-tokens': 'Counts the tokens of a request.',
  compact: 'Makes a long conversation short.',
  'list-models': 'Lists the models.',
  'get-model': 'Tells of one model.',
}

function referenceOf(
  baseUrl: string,
  protocols: Iterable<{
    id: string
    routes: readonly { method: string; path: string; action: string; stream?: boolean; websocket?: true }[]
  }>,
): Reference {
  const endpoints = [...protocols].flatMap(({ id, routes }) =>
    routes.map((route) => ({
      method: route.method,
      path: route.path,
      protocol: id,
      summary: `${ACTIONS[route.action] ?? ''}${route.websocket ? ' Also over a WebSocket.' : ''}`,
      stream: route.action === 'generate' && route.stream !== false,
    })),
  )
  return {
    baseUrl,
    endpoints: [
      ...endpoints,
      {
        method: '*',
        path: '/api/provider/{provider}/…',
        protocol: 'any',
        summary: 'The same, pinned to one provider.',
        stream: true,
      },
    ],
    clients: [
      {
        name: 'Claude Code',
        lines: [`export ANTHROPIC_BASE_URL=${baseUrl}`, 'export ANTHROPIC_AUTH_TOKEN=<client key>'],
      },
      {
        name: 'Codex',
        lines: [
          '# ~/.codex/config.toml',
          'model_provider = "logicaproxy"',
          '[model_providers.logicaproxy]',
          'name = "LogicaProxy"',
          `base_url = "${baseUrl}/v1"`,
          'env_key = "LOGICAPROXY_KEY"',
          'wire_api = "responses"',
        ],
      },
      { name: 'Gemini CLI', lines: [`export GOOGLE_GEMINI_BASE_URL=${baseUrl}`, 'export GEMINI_API_KEY=<client key>'] },
      { name: 'OpenAI SDK', lines: [`export OPENAI_BASE_URL=${baseUrl}/v1`, 'export OPENAI_API_KEY=<client key>'] },
      {
        name: 'curl',
        lines: [
          `curl ${baseUrl}/v1/chat/completions -H 'Authorization: Bearer <client key>' -H 'Content-Type: application/json' \\`,
          `  -d '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}'`,
        ],
      },
    ],
  }
}
