/**
 * Routes of CLIProxyAPI's management API (domain.md 5.3) that are safe and make sense here, over the same functions as our
 * own. Their answers have its shapes: programs written for it keep working. Secrets are masked in all of them.
 */
import * as z from 'zod'
import type { RouteSpec } from './route.ts'

const any = z.record(z.string(), z.unknown())
const value = z.object({ value: z.unknown() })
const legacy = { auth: 'admin', legacy: true, response: any } as const
const at = (path: string) => `/v0/management/${path}`

/** `key` in the URL → path in the config. */
export const scalarKeys: Readonly<Record<string, readonly string[]>> = {
  debug: ['debug'],
  'logging-to-file': ['logging-to-file'],
  'logs-max-total-size-mb': ['logs-max-total-size-mb'],
  'error-logs-max-files': ['error-logs-max-files'],
  'proxy-url': ['proxy-url'],
  'request-log': ['request-log'],
  'ws-auth': ['ws-auth'],
  'request-retry': ['request-retry'],
  'max-retry-interval': ['max-retry-interval'],
  'force-model-prefix': ['force-model-prefix'],
  'routing/strategy': ['routing', 'strategy'],
}

/** `name` in `name-auth-url` → provider. */
export const authUrls: Readonly<Record<string, string>> = {
  anthropic: 'claude',
  codex: 'codex',
  'gemini-cli': 'gemini-cli',
  antigravity: 'antigravity',
  qwen: 'qwen',
  kimi: 'kimi',
  iflow: 'iflow',
  xai: 'xai',
}

const scalars = Object.keys(scalarKeys).flatMap((key): RouteSpec[] => [
  { ...legacy, id: `legacyGet:${key}`, method: 'GET', path: at(key), csrf: false, summary: `The config's ${key}.` },
  {
    ...legacy,
    id: `legacyPut:${key}`,
    method: 'PUT',
    path: at(key),
    csrf: true,
    summary: `Sets the config's ${key}.`,
    body: value,
  },
  {
    ...legacy,
    id: `legacyPatch:${key}`,
    method: 'PATCH',
    path: at(key),
    csrf: true,
    summary: `Sets the config's ${key}.`,
    body: value,
  },
])

export const legacyRoutes: readonly RouteSpec[] = [
  {
    ...legacy,
    id: 'legacyConfigYaml',
    method: 'GET',
    path: at('config.yaml'),
    csrf: false,
    summary: 'The config file as YAML, secrets masked.',
    response: { media: 'application/yaml' },
  },
  {
    ...legacy,
    id: 'legacyPutConfigYaml',
    method: 'PUT',
    path: at('config.yaml'),
    csrf: true,
    summary: 'Replaces the config file (a YAML body); masked secrets keep their values.',
  },
  ...scalars,
  {
    ...legacy,
    id: 'legacyApiKeys',
    method: 'GET',
    path: at('api-keys'),
    csrf: false,
    summary: 'Names and hints of the client keys, never the keys.',
  },
  ...Object.keys(authUrls).map(
    (name): RouteSpec => ({
      ...legacy,
      id: `legacyAuthUrl:${name}`,
      method: 'GET',
      path: at(`${name}-auth-url`),
      query: z.object({ acknowledge: z.string().optional() }),
      csrf: true,
      summary: `Starts a login to ${authUrls[name]}: {status, url, state}. It changes something, so a cookie needs its CSRF header although it is a GET.`,
    }),
  ),
  {
    ...legacy,
    id: 'legacyAuthStatus',
    method: 'GET',
    path: at('get-auth-status'),
    csrf: false,
    summary: 'Whether the login with this state waits, worked or failed.',
    query: z.object({ state: z.string() }),
  },
  {
    ...legacy,
    id: 'legacyOauthCallback',
    method: 'POST',
    path: at('oauth-callback'),
    csrf: true,
    summary: 'Pastes what a login ended on.',
    body: z.object({
      provider: z.string().optional(),
      redirect_url: z.string().max(8192).optional(),
      code: z.string().max(8192).optional(),
      state: z.string().max(512).optional(),
    }),
  },
  {
    ...legacy,
    id: 'legacyAuthFiles',
    method: 'GET',
    path: at('auth-files'),
    csrf: false,
    summary: 'The accounts in the shape of auth files, without secrets.',
  },
  {
    ...legacy,
    id: 'legacyAuthFileDelete',
    method: 'DELETE',
    path: at('auth-files'),
    csrf: true,
    summary: 'Removes the login of that name.',
    query: z.object({ name: z.string() }),
  },
  {
    ...legacy,
    id: 'legacyAuthFileStatus',
    method: 'PATCH',
    path: at('auth-files/status'),
    csrf: true,
    summary: 'Turns an account on or off.',
    body: z.object({ name: z.string(), disabled: z.boolean() }),
  },
  {
    ...legacy,
    id: 'legacyUsage',
    method: 'GET',
    path: at('usage'),
    csrf: false,
    summary: 'Totals by model and client key.',
  },
  {
    ...legacy,
    id: 'legacyErrorLogs',
    method: 'GET',
    path: at('request-error-logs'),
    csrf: false,
    summary: 'Names of the records of failed requests.',
  },
  {
    ...legacy,
    id: 'legacyErrorLog',
    method: 'GET',
    path: at('request-error-logs/{name}'),
    csrf: false,
    summary: 'One record of a failed request.',
  },
  {
    ...legacy,
    id: 'legacyVersion',
    method: 'GET',
    path: at('latest-version'),
    csrf: false,
    summary: 'The version that runs; nothing is asked of the network.',
  },
  {
    ...legacy,
    id: 'legacyDownload',
    method: 'GET',
    path: at('auth-files/download'),
    csrf: false,
    status: 410,
    summary: '410: tokens do not leave the vault over HTTP. Use "logicaproxy vault export".',
  },
  {
    ...legacy,
    id: 'legacyApiCall',
    method: 'POST',
    path: at('api-call'),
    csrf: true,
    status: 410,
    summary:
      "410: sending any request with an account's token would let a stolen session reach everything this machine reaches, and take the token with it.",
  },
]
