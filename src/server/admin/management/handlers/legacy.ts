/** CLIProxyAPI's routes over the same functions (domain.md 5.3), in its shapes. What it gave away is not given away here. */
import { valueAt } from '../../../../config/faults.ts'
import { linesWords } from '../audit.ts'
import { authUrls, scalarKeys } from '../contract/legacy.ts'
import { invalid, ManagementError, notFound } from '../errors.ts'
import { type AnyHandler, type Ask, type Tools, whoOf } from './handler.ts'

type Legacy = Ask<Record<string, string>, Record<string, unknown>>

/** @param own our own handlers, by the id of their route. */
export function legacyHandlers(tools: Tools, own: Readonly<Record<string, AnyHandler>>): Record<string, AnyHandler> {
  const { context, desk, overview, audit } = tools
  const call = async <T>(id: string, ask: Legacy, more: Partial<Legacy> = {}): Promise<T> =>
    (await (own[id] as (ask: unknown) => unknown)({ ...ask, ...more })) as T

  const scalar = Object.entries(scalarKeys).flatMap(([key, path]): [string, (ask: Legacy) => unknown][] => {
    const put = async ({ body, actor, caller }: Legacy) => {
      if (!('value' in body) || (typeof body['value'] === 'object' && body['value'] !== null))
        throw invalid('Send {"value": …}.', 'value')
      const who = whoOf(actor, caller)
      await desk.patch([{ path: [...path], value: body['value'] }], undefined, `${who.kind} from ${who.from}`)
      await audit.done(who, 'config.change', path.join('.'), `The config was changed: ${path.join('.')}.`)
      return { status: 'ok' }
    }
    const name = path.at(-1)!
    return [
      [
        `legacyGet:${key}`,
        () => {
          const value = valueAt(context.gateway.snapshot.config, path)
          // A proxy's password is not told.
          return { [name]: typeof value === 'string' ? value.replace(/\/\/[^/\s]*@/, '//***@') : value }
        },
      ],
      [`legacyPut:${key}`, put],
      [`legacyPatch:${key}`, put],
    ]
  })

  const logins = Object.entries(authUrls).map(([name, provider]): [string, (ask: Legacy) => unknown] => [
    `legacyAuthUrl:${name}`,
    async (ask) => {
      const login = await call<{ url?: string; state?: string; id: string; userCode?: string }>('startLogin', ask, {
        body: { provider, acknowledge: ask.query['acknowledge'] === 'true' },
      })
      return {
        status: 'ok',
        url: login.url,
        state: login.state ?? login.id,
        ...(login.userCode === undefined ? {} : { user_code: login.userCode }),
      }
    },
  ])

  const byState = (state: string) => (context.desk?.list() ?? []).find((l) => l.state === state || l.id === state)
  const fileName = ({ id }: { id: string }) => `${id}.json`
  const named = (name: string) => {
    const found = overview.accounts().find((a) => a.kind === 'login' && (fileName(a) === name || a.id === name))
    if (found === undefined) throw notFound('There is no such login.')
    return found
  }

  const rest: Record<string, (ask: Legacy) => unknown> = {
    async legacyConfigYaml() {
      const { text } = await desk.view()
      return new Response(text, { headers: { 'content-type': 'application/yaml; charset=utf-8' } })
    },
    async legacyPutConfigYaml({ body, actor, caller }) {
      const { digest } = await desk.view()
      const who = whoOf(actor, caller)
      const result = await desk.save(String(body), digest, `${who.kind} from ${who.from}`)
      await audit.done(
        who,
        'config.save',
        context.configFile ?? 'config',
        `The config was saved: ${linesWords(result.diff)}.`,
      )
      return { ok: true, changed: ['config'] }
    },
    async legacyApiKeys(ask) {
      const { keys } = await call<{ keys: { name: string; hint?: string; source: string }[] }>('keys', ask)
      return { 'api-keys': keys.map(({ name, hint, source }) => ({ name, key: hint ?? '***', source })) }
    },
    legacyAuthStatus({ query }) {
      const login = byState(query['state'] ?? '')
      if (login === undefined) return { status: 'error', error: 'There is no login with this state.' }
      const status = login.status()
      if (status.is === 'failed') return { status: 'error', error: context.scrub(status.words) }
      return { status: status.is === 'done' ? 'ok' : 'wait' }
    },
    async legacyOauthCallback(ask) {
      const { redirect_url: url, code, state } = ask.body as Record<string, string | undefined>
      const given = state ?? (url === undefined ? undefined : (URL.parse(url)?.searchParams.get('state') ?? undefined))
      const login = given === undefined ? undefined : byState(given)
      if (login === undefined) throw notFound('There is no login with this state.')
      const text = url ?? (code === undefined ? undefined : state === undefined ? code : `${code}#${state}`)
      if (text === undefined) throw invalid('Send redirect_url, or code and state.')
      await call('pasteLogin', ask, { params: { id: login.id }, body: { text } })
      return { status: 'ok' }
    },
    legacyAuthFiles: () => ({
      files: overview
        .accounts()
        .filter(({ kind }) => kind === 'login')
        .map((account) => ({
          id: fileName(account),
          name: fileName(account),
          type: account.provider,
          provider: account.provider,
          label: account.label,
          email: account.email,
          status: account.state,
          status_message: account.words,
          disabled: account.settings.disabled,
          unavailable: account.state !== 'ready' && account.state !== 'busy',
          source: 'vault',
        })),
    }),
    async legacyAuthFileDelete(ask) {
      await call('removeAccount', ask, {
        params: { id: named(ask.query['name'] ?? '').id },
        query: { revoke: true } as never,
      })
      return { status: 'ok', deleted: 1 }
    },
    async legacyAuthFileStatus(ask) {
      const { name, disabled } = ask.body as { name: string; disabled: boolean }
      await call('changeAccount', ask, { params: { id: named(name).id }, body: { disabled } })
      return { status: 'ok', disabled }
    },
    async legacyUsage() {
      const totals = await context.store.usage.totals({}, ['clientKey', 'servedModel'])
      const apis: Record<
        string,
        {
          total_requests: number
          total_tokens: number
          models: Record<string, { total_requests: number; total_tokens: number }>
        }
      > = Object.create(null)
      let [requests, errors, tokens] = [0, 0, 0]
      for (const row of totals) {
        const sum = row.inputTokens + row.cacheReadTokens + row.cacheWriteTokens + row.outputTokens
        requests += row.requests
        errors += row.errors
        tokens += sum
        const key = String(row.key.clientKey)
        apis[key] ??= { total_requests: 0, total_tokens: 0, models: Object.create(null) }
        apis[key].total_requests += row.requests
        apis[key].total_tokens += sum
        apis[key].models[String(row.key.servedModel)] = { total_requests: row.requests, total_tokens: sum }
      }
      return {
        usage: {
          total_requests: requests,
          success_count: requests - errors,
          failure_count: errors,
          total_tokens: tokens,
          apis,
        },
        failed_requests: errors,
      }
    },
    async legacyErrorLogs(ask) {
      const { files } = await call<{ files: { name: string; at: number; bytes: number }[] }>('errorFiles', ask)
      return { files: files.map(({ name, at, bytes }) => ({ name, size: bytes, modified: Math.floor(at / 1000) })) }
    },
    legacyErrorLog: (ask) => call('errorFile', ask),
    legacyVersion: () => ({ 'latest-version': context.version }),
    legacyDownload() {
      throw new ManagementError(
        410,
        'gone',
        'Tokens do not leave the vault over HTTP, so that a stolen session cannot take them. On the machine itself, "logicaproxy vault export" makes an encrypted copy.',
      )
    },
    legacyApiCall() {
      throw new ManagementError(
        410,
        'gone',
        "api-call is not offered: it would send any request anywhere with an account's token, so that one stolen session could take every login and reach whatever this machine reaches. Send requests to the model APIs; POST /v0/management/test tries one out.",
      )
    },
  }
  return { ...Object.fromEntries(scalar), ...Object.fromEntries(logins), ...rest } as unknown as Record<
    string,
    AnyHandler
  >
}
