/** `logicaproxy login <provider>`: talk and progress on stderr, the account on stdout. */
import type { LoginRecord, Tokens } from '../accounts/login-record.ts'
import { createCallbackHub } from '../accounts/oauth/callback.ts'
import { createFlowContext } from '../accounts/oauth/context.ts'
import { type BroughtLogin, type Identity, LoginError, type LoginFlow } from '../accounts/oauth/flow.ts'
import { beginLogin, type LoginSession, type LoginWay } from '../accounts/oauth/session.ts'
import type { OpenAccounts } from '../accounts/open.ts'
import type { Config } from '../config/schema.ts'
import { noBrowserBecause, openBrowser } from './browser.ts'
import { type Lines, readLines } from './lines.ts'
import type { LoginCliOptions } from './login.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { type LoginProvider, loginProviders, providerNamed, withAccounts } from './with-accounts.ts'

/** What the command meets outside; tests put other things there. */
export interface Surroundings {
  env: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  input: NodeJS.ReadStream
  /** Whether a person can be asked. */
  interactive: boolean
  openBrowser: typeof openBrowser
}

export const here = (): Surroundings => ({
  env: process.env,
  platform: process.platform,
  input: process.stdin,
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  openBrowser,
})

/** When somebody still looks at a browser that does not come back, the paste is offered. */
const OFFER_PASTE_MS = 15_000

/** @throws {CommandError} */
export async function login(
  out: Output,
  options: LoginCliOptions,
  name: string | undefined,
  at: Surroundings = here(),
): Promise<void> {
  const provider = name === undefined ? await chosen(out, at) : providerNamed(name)
  // What is brought may come out of a pipe.
  const lines = readLines(at.input, at.interactive || options.cookie === true, (question) => out.talk(question))
  try {
    const acknowledgedAt = await acknowledged(out, provider, options.yesIKnow === true, lines, at)
    // Before the person goes to the vendor: a vault that is locked would waste the way.
    const record = await withAccounts(out, options, (accounts, config) =>
      carryOut(out, options, provider, lines, at, accounts, config, acknowledgedAt),
    )
    const { facts, id } = record
    out.line(
      `${out.good('✔')} ${out.bold(facts.label)}  ${id}  ${provider.login.title}${facts.plan === undefined ? '' : `, ${facts.plan}`}`,
    )
    out.data(accountData(record))
    out.talk('A running server uses it within a second. "logicaproxy accounts" shows all of them.')
  } finally {
    lines.close()
  }
}

/** What stdout says of a login with `--json`. */
export function accountData({ id, provider, expiresAt, facts }: LoginRecord): Record<string, unknown> {
  const { label, email, plan, state, origin } = facts
  return { event: 'account', id, provider, label, email, plan, state: state.is, origin: origin.how, expiresAt }
}

async function chosen(out: Output, at: Surroundings): Promise<LoginProvider> {
  const choices = loginProviders.filter((p) => p.login.instead === undefined)
  const names = choices.map((p) => p.id).join(', ')
  if (!at.interactive || out.json)
    throw new CommandError(`Which login? logicaproxy login <provider>, one of ${names}.`, EXIT.usage)
  const { select, isCancel } = await import('@clack/prompts')
  const picked = await select({
    message: 'Log in to',
    options: choices.map((p) => ({ value: p.id, label: p.login.title, hint: p.login.policy.state })),
    output: process.stderr,
  })
  if (isCancel(picked)) throw new CommandError('Nothing was done.', EXIT.failed)
  return providerNamed(picked)
}

/** Shows the policy; a restricted one has to be acknowledged. @returns when it was, ms. */
export async function acknowledged(
  out: Output,
  provider: LoginProvider,
  flag: boolean,
  lines: Pick<Lines, 'ask'>,
  at: Pick<Surroundings, 'interactive'>,
): Promise<number | undefined> {
  const { policy, title } = provider.login
  out.talk(`${title}: ${policy.state} (as of ${policy.since}). ${policy.note}\n${policy.url}`)
  if (policy.state !== 'restricted' && policy.state !== 'discontinued') return undefined
  if (flag) return Date.now()
  const answer = at.interactive ? await lines.ask('Go on all the same? Type "yes":') : undefined
  if (/^(?:y|yes)$/i.test(answer?.trim() ?? '')) return Date.now()
  throw new CommandError(
    at.interactive
      ? 'Nothing was done.'
      : `This provider is ${policy.state}, so the login has to be confirmed: add --yes-i-know once you have read the above.`,
    EXIT.usage,
  )
}

async function carryOut(
  out: Output,
  options: LoginCliOptions,
  provider: LoginProvider,
  lines: Lines,
  at: Surroundings,
  { logins }: OpenAccounts,
  config: Config,
  acknowledgedAt: number | undefined,
): Promise<LoginRecord> {
  const { login: flow, id } = provider
  const proxyUrl = checkedProxy(options.proxy)
  const brought = broughtBy(flow, options)
  const context = await createFlowContext({
    provider: id,
    // No client speaks for it, so the secret of one is not needed.
    flow: brought === undefined ? flow : { ...flow, secret: undefined },
    config,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    env: at.env,
    progress: (words) => out.talk(words),
    ask: (question) => lines.ask(question),
    ...(options.label === undefined ? {} : { label: options.label }),
    ...(options.project === undefined ? {} : { project: options.project }),
  })
  const keep = (tokens: Tokens, identity: Identity) =>
    logins.add(id, tokens, identity, {
      origin: { how: 'login', at: Date.now() },
      ...(options.label === undefined ? {} : { label: options.label }),
      ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
    })
  if (brought !== undefined) {
    try {
      const secret = at.env[brought.env] || (await lines.ask(brought.question)) || ''
      if (secret.trim() === '')
        throw new LoginError(
          'input',
          `No ${brought.name} was given: paste it when asked, or put it into ${brought.env}.`,
        )
      const { tokens, identity } = await brought.take(secret, context)
      return await keep(tokens, identity)
    } finally {
      await context.close()
    }
  }
  const callbacks = createCallbackHub()
  let timer: NodeJS.Timeout | undefined
  try {
    const quiet = options.browser === false ? '--no-browser' : noBrowserBecause(at.env, at.platform)
    const port = options.port ?? (config.login['callback-port'] || undefined)
    const way = wayOf(flow, options, quiet !== undefined)
    warnPort(out, flow, way, port)
    if (context.clientId === flow.clientId)
      for (const [client, whom] of Object.entries(flow.otherClients ?? {}))
        out.talk(`(For ${whom}: set oauth-clients.${id}.id in the config to ${client}.)`)
    const session = await beginLogin(flow, context, {
      provider: id,
      way,
      callbacks,
      ...(port === undefined ? {} : { port }),
    })
    show(out, session)
    if (session.way === 'browser' && quiet === undefined && config.login['open-browser'])
      at.openBrowser(
        session.url!,
        () => out.talk('The browser could not be opened: open the address yourself.'),
        at.env,
      )
    else if (session.way !== 'device' && quiet !== undefined && quiet !== '--no-browser')
      out.talk(`No browser is opened: ${quiet}.`)
    takePastes(out, session, lines)
    if (session.way === 'browser')
      timer = setTimeout(
        () => out.talk('If the browser does not come back: paste the address of its last page here.'),
        OFFER_PASTE_MS,
      ).unref()
    const { tokens, identity } = await session.done
    return await keep(tokens, identity)
  } finally {
    clearTimeout(timer)
    await Promise.all([callbacks.close(), context.close()])
  }
}

/** The login with something a person brings, where that was asked for. @throws {CommandError} where there is none. */
function broughtBy({ brought, title }: LoginFlow, options: LoginCliOptions): BroughtLogin | undefined {
  if (options.cookie !== true) return undefined
  if (brought?.name !== 'cookie') throw new CommandError(`${title} has no login by cookie; iflow has.`, EXIT.usage)
  return brought
}

/** Without a browser here the vendor's own page with a code is better than an address that leads nowhere. */
function wayOf(flow: LoginFlow, options: LoginCliOptions, quiet: boolean): LoginWay {
  if (options.device) return 'device'
  if (flow.browser === undefined) return 'device'
  return quiet && flow.browser.manualRedirect !== undefined ? 'paste' : 'browser'
}

function warnPort(out: Output, flow: LoginFlow, way: LoginWay, port: number | undefined): void {
  const ports = flow.browser?.redirect.ports ?? []
  if (way === 'browser' && port !== undefined && ports.length > 0 && !ports.includes(port))
    out.talk(`${flow.title} knows the ports ${ports.join(' and ')} only and will probably refuse ${port}.`)
}

function show(out: Output, session: LoginSession): void {
  const { url, userCode, verificationUrl } = session
  if (userCode === undefined) out.talk(`\n  ${url}\n`)
  else
    out.talk(
      `\n  ${verificationUrl}\n  code: ${out.bold(userCode)}${url === verificationUrl ? '' : `\n\n  or, with the code in it: ${url}`}\n`,
    )
  out.talk(session.status().words)
  out.data({ event: 'waiting', way: session.way, url, userCode, verificationUrl, expiresAt: session.expiresAt })
}

function takePastes(out: Output, session: LoginSession, lines: Lines): void {
  if (session.way === 'device') return
  lines.onLine((line) => {
    try {
      session.paste(line)
    } catch (error) {
      if (!(error instanceof LoginError)) throw error
      out.talk(error.message)
    }
  })
}

/** @throws {CommandError} */
export function checkedProxy(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === 'none' ? 'direct' : text.trim()
  const url = URL.parse(value)
  if (value !== 'direct' && (url === null || !/^(?:https?|socks5h?):$/.test(url.protocol) || url.hostname === ''))
    throw new CommandError(
      'The proxy must be an http://, https://, socks5:// or socks5h:// address, or "direct".',
      EXIT.usage,
    )
  return value
}
