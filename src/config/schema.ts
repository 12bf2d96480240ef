/**
 * The config file as a zod schema: the single source of its keys, defaults, descriptions, types and JSON Schema.
 * Keys are spelled in the types exactly as in the file. The reference's keys that this product does not have stand
 * in `ignored.ts`; they are taken out before this schema sees the file.
 */
import * as z from 'zod'
import * as f from './fields.ts'
import { providerShape } from './providers.ts'

export type { CompatibleKey, CompatibleProvider, EndpointProtocol, KeyAccount, ModelEntry } from './providers.ts'

const share = () => {
  const error = 'a number from 0 to 1'
  return z.number({ error }).min(0, { error }).max(1, { error })
}

const keyText = () =>
  f.filled().refine((key) => !key.startsWith('sha256:') || /^sha256:[0-9a-f]{64}$/i.test(key), {
    error: '"sha256:" and 64 hexadecimal digits, or a key in plain text',
  })
const routes = () => f.recordOf(f.oneOrMany(f.text(), 'a model name, or a list of them'))
/** What a client may have of its own in place of `ai-router`. */
const ownRouter = f.mapping({
  enabled: f.flag().optional().describe('Whether "auto" is answered for this client.'),
  'default-model': f.text().optional().describe('Its default model.'),
  routes: routes().optional().describe('Its routes; categories that are not named here keep theirs.'),
})
const most = () => f.whole(1).optional()
const dollars = () => {
  const error = 'an amount in US dollars above 0'
  return z.number({ error }).positive({ error }).optional()
}
const keyLimits = f.mapping({
  'requests-per-minute': most().describe('Most requests in any 60 seconds.'),
  'tokens-per-minute': most().describe('Most tokens in any 60 seconds; what is read from a cache does not count.'),
  'tokens-per-day': most().describe('Most tokens in a day (UTC), counted likewise.'),
  'usd-per-day': dollars().describe('Most money in a day (UTC), US dollars by list prices; see usage.prices.'),
  'usd-per-month': dollars().describe('Most money in a calendar month (UTC), likewise.'),
  concurrent: most().describe('Most requests under way at once.'),
})
const clientKey = z.union(
  [
    keyText(),
    f.mapping({
      name: f.text().optional().describe('Name of the client, shown in logs and statistics.'),
      key: keyText().describe('The key: plain, or "sha256:" and the hash of it.'),
      models: f.listOf(f.modelPattern()).optional().describe('Only these models; * stands for any text.'),
      limits: keyLimits.optional().describe('What the client may use at most; over it the client gets 429.'),
      expires: f.date().optional().describe('When the key ends: a date (its first moment, UTC) or a time.'),
      enabled: f.flag().optional().describe('false refuses the key and keeps it here.'),
      'store-bodies': f
        .mapping({
          expires: f
            .duration()
            .refine((s) => s > 0 && s <= 2_592_000, { error: 'a duration of up to 30 days' })
            .describe('How long they are kept, such as "1d"; 30 days at most.'),
        })
        .optional()
        .describe(
          "Keep the bodies of its requests and answers, secrets taken out, for so long. Nobody else's are kept.",
        ),
      'ai-router': ownRouter.optional().describe('Routes of "auto" for this client.'),
    }),
  ],
  { error: 'a key, or a mapping with name, key and models' },
)

const price = () => {
  const error = 'a price of 0 or more'
  return z.number({ error }).min(0, { error })
}
const usage = f.mapping({
  'keep-days': f.whole(1, 3650).default(30).describe('Days for which each request is kept.'),
  'max-rows': f.whole(1000, 1_000_000_000).default(1_000_000).describe('Most requests kept; the oldest go first.'),
  prices: f
    .recordOf(
      f.mapping({
        input: price().describe('Input, US dollars for a million tokens.'),
        output: price().describe('Output, likewise.'),
        'cache-read': price().optional().describe('Read from a cache; as input when left out.'),
        'cache-write': price().optional().describe('Written to a cache; as input when left out.'),
      }),
    )
    .default({})
    .describe('Prices of your own, by model; * stands for any text. They go before the public list prices.'),
})

const strategies = {
  'round-robin': 'round-robin',
  weighted: 'weighted',
  'fill-first': 'fill-first',
  'weighted-round-robin': 'weighted',
  roundrobin: 'round-robin',
  rr: 'round-robin',
  wrr: 'weighted',
  fillfirst: 'fill-first',
  ff: 'fill-first',
  'most-quota-left': 'most-quota-left',
} as const satisfies Record<string, 'round-robin' | 'weighted' | 'fill-first' | 'most-quota-left'>

/** How the next account is chosen. */
export type Strategy = (typeof strategies)[keyof typeof strategies]

const strategy = z
  .enum(Object.keys(strategies) as (keyof typeof strategies)[], {
    error: f.listed(['round-robin', 'weighted', 'fill-first', 'most-quota-left']),
  })
  .transform((word): Strategy => strategies[word])

const routing = f.mapping({
  strategy: strategy
    .default('round-robin')
    .describe(
      'round-robin, weighted (by each account\'s weight), fill-first, or most-quota-left (what is soonest reset, first). "weighted-round-robin" is weighted.',
    ),
  'session-affinity': f.flag().default(true).describe('Keep a conversation on one account, so that its cache hits.'),
  'session-affinity-ttl': f
    .duration()
    .default(3600)
    .describe('How long a conversation keeps its account: seconds, or a duration such as "1h".'),
  'account-concurrency': f
    .countOrOff()
    .default(0)
    .describe('Most requests under way at one account at once, unless the account says otherwise; 0 sets no limit.'),
})

const aiRouter = f.mapping({
  enabled: f.flag().default(true).describe('Answer the model name "auto" by the kind of the task.'),
  'default-model': f.text().default('').describe('Model for tasks whose category has no route or is not sure.'),
  routes: routes()
    .default({})
    .describe(
      'For each category (code, reasoning, fast, creative, analysis, or one of yours) a model, or a list in order.',
    ),
  'min-confidence': share()
    .default(0.4)
    .describe('Prompts whose category is less sure than this, 0 to 1, go to default-model.'),
  categories: f
    .recordOf(
      f.mapping({
        keywords: f.listOrNone(f.filled()).describe('Words or phrases that speak for it, in any language.'),
        examples: f.listOrNone(f.filled()).describe('Prompts that belong there; alike ones follow.'),
      }),
    )
    .default({})
    .describe('Categories of your own, by keywords or examples; a built-in one of the same name gets them besides.'),
  guards: f
    .flag()
    .default(true)
    .describe('Send images, tools, reasoning, JSON schemas and long contexts only to models that can.'),
  sticky: f
    .flag()
    .default(true)
    .describe('A conversation keeps its model, so that caches hold, unless its category changes clearly.'),
  'dry-run': f.flag().default(false).describe('Classify and tell in headers only; default-model answers everything.'),
})

const aliases = f.listOf(
  f.mapping({
    name: f.filled().describe('Model name at the provider.'),
    alias: f.filled().describe('Name the clients use.'),
    fork: f.flag().default(false).describe('true keeps the original name beside the alias.'),
    'display-name': f.text().optional().describe('Human-readable name in model lists.'),
  }),
)

const anyValue = z.json({ error: 'any value' })
const jsonPaths = f.recordOf(anyValue)
const selector = f.mapping({
  name: f.modelPattern().describe('Model name; * stands for any text.'),
  protocol: f.text().optional().describe('Only for this dialect upstream: openai, gemini, claude, codex, antigravity.'),
  'from-protocol': f.text().optional().describe('Only for clients of this dialect: openai, responses, gemini, claude.'),
  headers: f.headers().optional().describe('Only when these request headers match; * stands for any text.'),
  match: f.listOf(jsonPaths).optional().describe('Only when these JSON paths have these values.'),
  'not-match': f.listOf(jsonPaths).optional().describe('Only when these JSON paths do not have these values.'),
  exist: f.listOf(f.filled()).optional().describe('Only when these JSON paths are there.'),
  'not-exist': f.listOf(f.filled()).optional().describe('Only when these JSON paths are not there.'),
})
const selectors = f.listOrNone(selector).describe('The models the rule is for.')
const setRule = f.mapping({ models: selectors, params: jsonPaths.describe('JSON path → value.') })
const notText = anyValue.refine((value) => typeof value !== 'string', { error: 'JSON text' })
const rawText = z.union([f.text().refine(isJson, { error: 'JSON text' }), notText], { error: 'JSON text' })
const rawRule = f.mapping({ models: selectors, params: f.recordOf(rawText).describe('JSON path → JSON text.') })
const filterRule = f.mapping({
  models: selectors,
  params: f.listOf(f.filled()).describe('JSON paths to take out.'),
})

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

const payload = f.mapping({
  default: f.listOrNone(setRule).describe('Set a parameter when the request does not have it.'),
  'default-raw': f.listOrNone(rawRule).describe('The same, the value written as JSON text.'),
  override: f.listOrNone(setRule).describe('Set a parameter, whatever the request says.'),
  'override-raw': f.listOrNone(rawRule).describe('The same, the value written as JSON text.'),
  filter: f.listOrNone(filterRule).describe('Take parameters out.'),
})

const megabytes = () => {
  const error = 'a number above 0'
  return z.number({ error }).positive({ error })
}

const limits = f.mapping({
  'body-mib': megabytes().default(32).describe('Largest request body, in MiB.'),
  'header-kib': f.whole(1, 1024).default(64).describe('Largest request head, in KiB.'),
  'json-depth': f.whole(1, 10_000).default(200).describe('Deepest nesting of a JSON body.'),
  'event-mib': megabytes().default(8).describe('Largest single event of an upstream stream, in MiB.'),
  'header-timeout': f.seconds().default(10).describe('Seconds a client may take to send the request head.'),
  'body-timeout': f.seconds().default(120).describe('Seconds a client may take to send the request body.'),
  'keep-alive-timeout': f.seconds().default(75).describe('Seconds an idle client connection is kept open.'),
  'max-connections': f.whole(0).default(0).describe('Most client connections at once; 0 sets no limit.'),
})

const timeouts = f.mapping({
  connect: f.seconds().default(10).describe('Seconds to connect to an upstream.'),
  'first-event': f.seconds().default(300).describe('Seconds until the first content of the answer.'),
  idle: f.seconds().default(300).describe('Seconds of silence within an answer.'),
  total: f.seconds().default(3600).describe('Seconds for the whole answer.'),
})

const mediaType = () =>
  f.text().refine((type) => /^[\w.+-]+\/(?:\*|[\w.+-]+)$/.test(type), {
    error: 'a media type such as application/pdf, or image/* for all of a kind',
  })

const remoteMedia = f.mapping({
  fetch: f
    .flag()
    .default(false)
    .describe('Fetch media that clients give by URL, for upstreams that take content alone.'),
  'max-mib': megabytes().default(10).describe('Largest file to fetch, in MiB.'),
  timeout: f.seconds(0.1).default(10).describe('Seconds to fetch all the media of one request.'),
  types: f
    .listOf(mediaType())
    .default(['image/*', 'audio/*', 'video/*', 'application/pdf', 'text/plain'])
    .describe('Media types to fetch; image/* stands for all images.'),
  'allow-private': f
    .flag()
    .default(false)
    .describe('Fetch from private networks and from this machine too, never from link-local or metadata addresses.'),
})

/** The file's mapping itself, before the two spellings of one switch are folded. */
export const configObject = f.mapping({
  host: f.text().default('127.0.0.1').describe('Address to listen on; "" or 0.0.0.0 listens on all of them.'),
  port: f.whole(0, 65_535).default(8317).describe('Port to listen on; 0 takes a free one.'),
  tls: f
    .mapping({
      enable: f.flag().default(false).describe('Listen with HTTPS.'),
      cert: f.text().default('').describe('File of the certificate chain (PEM).'),
      key: f.text().default('').describe('File of the private key (PEM).'),
    })
    .prefault({})
    .describe('HTTPS on the listener itself.'),
  'api-keys': f
    .listOrNone(clientKey)
    .describe('Keys of the clients: plain, "sha256:" and the hash, or a mapping with name, key and models.'),
  'auth-dir': f.filled().default('~/.logicaproxy').describe('Directory of the credentials and of all that lasts.'),
  'allowed-hosts': f.listOrNone(f.filled()).describe('Further Host names to answer to; "*" answers to every name.'),
  'allowed-origins': f.listOrNone(f.filled()).describe('Web origins whose pages may call this server.'),
  'trusted-proxies': f
    .listOrNone(f.network())
    .describe('Reverse proxies, by address or network, whose X-Forwarded-* headers are believed.'),
  'websocket-auth': f.flag().optional().describe('WebSocket connections need a client key; true when left out.'),
  'ws-auth': f.flag().optional().describe('Another spelling of websocket-auth.'),
  'remote-management': f
    .mapping({
      'allow-remote': f.flag().default(false).describe('Answer the management API to other machines too.'),
      'secret-key': f
        .text()
        .default('')
        .describe('Admin token of the management API and the dashboard: plain, or "sha256:" and the hash of it.'),
      'disable-control-panel': f.flag().default(false).describe('Do not serve the dashboard.'),
    })
    .prefault({})
    .describe('Management API and dashboard: for this machine alone, unless allow-remote says otherwise.'),
  ...providerShape,
  'oauth-model-alias': f
    .recordOf(aliases)
    .default({})
    .describe('Aliases of the models of OAuth accounts, by provider: claude, codex, …'),
  'oauth-excluded-models': f
    .recordOf(f.listOf(f.modelPattern()))
    .default({})
    .describe('Models of OAuth accounts never used, by provider; * stands for any text.'),
  'oauth-clients': f
    .recordOf(
      f.mapping({
        id: f.text().optional().describe("Client id; the vendor's own when left out."),
        secret: f
          .text()
          .optional()
          .describe('Client secret, where the vendor has one (gemini-cli, antigravity, iflow).'),
      }),
    )
    .default({})
    .describe("OAuth clients, by provider. The secrets of the vendors' own clients are not shipped with this program."),
  login: f
    .mapping({
      'callback-port': f.whole(0, 65_535).default(0).describe("Port for the browser's way back; 0 takes the vendor's."),
      'open-browser': f.flag().default(true).describe('Open the browser for a login; false prints the address only.'),
    })
    .prefault({})
    .describe('How logins are carried out.'),
  'host-overrides': f
    .recordOf(f.requiredBaseUrl())
    .default({})
    .describe(
      'For a vendor origin of OAuth accounts (https://claude.ai) another address, such as a stand-in on loopback.',
    ),
  store: f
    .mapping({
      url: f.text().default('').describe('postgres://… for many machines; left out: SQLite in auth-dir.'),
    })
    .prefault({})
    .describe('Where logins, cooldowns and usage are kept.'),
  vault: f
    .mapping({
      wrap: f
        .oneOf(['auto', 'keychain', 'key-file', 'passphrase'])
        .default('auto')
        .describe(
          'What protects the key of the vault; auto takes what it was made with, at first a passphrase if one is given, else a key file.',
        ),
      'key-file': f.text().default('').describe('Key file; vault.key in auth-dir when left out.'),
      'passphrase-file': f.text().default('').describe('File that holds the passphrase; or LOGICAPROXY_PASSPHRASE.'),
    })
    .prefault({})
    .describe('How OAuth tokens are protected at rest.'),
  'usage-statistics-enabled': f
    .flag()
    .default(true)
    .describe('Record every request: who, which model and account, tokens, cost; never what was said.'),
  usage: usage.prefault({}).describe('The record of requests.'),
  'force-model-prefix': f.flag().default(false).describe('Names without a prefix reach only accounts without one.'),
  'ai-router': aiRouter.prefault({}).describe('Chooses the model for requests that ask for "auto".'),
  fallback: f
    .recordOf(f.oneOrMany(f.text(), 'a model name, or a list of them'))
    .default({})
    .describe('For a model, the models to try after it, in order.'),
  routing: routing.prefault({}).describe('How the next account is chosen.'),
  'request-retry': f.countOrOff().default(2).describe('Extra rounds over the accounts after all of them failed.'),
  'max-retry-credentials': f.countOrOff().default(0).describe('Most accounts to try in one round; 0 tries all.'),
  'max-retry-interval': f.countOrOff().default(30).describe('Longest wait for a resting account, in seconds.'),
  'disable-cooling': f.flag().default(false).describe('Never rest an account after failures.'),
  'transient-error-cooldown-seconds': z
    .int({ error: 'a whole number' })
    .default(0)
    .describe('Rest after a passing upstream error; 0 takes the built-in time, negative numbers do not rest.'),
  cooldown: f
    .mapping({
      'probe-seconds': f.seconds().default(300).describe('A resting account is tried again at least this often.'),
      'max-seconds': f.seconds().default(3600).describe('Longest rest, whatever the upstream says.'),
    })
    .prefault({})
    .describe('How long accounts rest after failures.'),
  payload: payload.prefault({}).describe('Rules that change request parameters, by model.'),
  'strict-translation': f
    .flag()
    .default(false)
    .describe('Refuse a request that a translation cannot carry whole, with 400 and the fields it would lose.'),
  'proxy-url': f.proxyUrl().describe('Proxy for all upstream requests: http, https, socks5; "direct" uses none.'),
  streaming: f
    .mapping({
      'keepalive-seconds': f.countOrOff().default(15).describe('Sign of life on silent streams; 0 sends none.'),
      'bootstrap-retries': f.countOrOff().default(0).describe('Extra tries for a stream that dies before its content.'),
    })
    .prefault({})
    .describe('Streamed answers.'),
  timeouts: timeouts.prefault({}).describe('Upstream time limits in seconds, fractions allowed; 0 sets no limit.'),
  'remote-media': remoteMedia
    .prefault({})
    .describe('Media that clients give by URL, where the upstream cannot fetch them itself. Not through proxy-url.'),
  limits: limits.prefault({}).describe('What a client may send; a timeout of 0 sets no limit.'),
  'drain-seconds': f.seconds().default(30).describe('Seconds running requests get to finish when the server stops.'),
  debug: f.flag().default(false).describe('Log at level debug.'),
  log: f
    .mapping({
      level: f
        .oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('trace, debug, info, warn, error or silent.'),
      format: f.oneOf(['auto', 'pretty', 'json']).default('auto').describe('auto is pretty on a terminal, else json.'),
    })
    .prefault({})
    .describe('The log.'),
  'logging-to-file': f.flag().default(false).describe('Write the log to files instead of the standard output.'),
  'logs-max-total-size-mb': f.countOrOff().default(0).describe('Most space of the log files, in MB; 0 sets no limit.'),
  'request-log': f.flag().default(false).describe('Keep a record of every request.'),
  'error-logs-max-files': f.countOrOff().default(10).describe('Records of failed requests to keep; 0 keeps none.'),
  'commercial-mode': f.flag().default(false).describe('Leave out per-request extras under very high concurrency.'),
})

/** The config file. Parse it with `parseConfig` (load.ts), which adds lines, environment and all faults at once. */
export const configSchema = configObject.transform((config) => {
  const needsKey = config['websocket-auth'] ?? config['ws-auth'] ?? true
  return { ...config, 'websocket-auth': needsKey, 'ws-auth': needsKey }
})

/** The whole config with all defaults, keys spelled as in the file. It is deep-frozen when it comes from load.ts. */
export type Config = z.output<typeof configSchema>
/** A client key as it stands in `api-keys`. */
export type ClientKey = Config['api-keys'][number]
/** The rules that change request parameters. */
export type PayloadRules = Config['payload']
