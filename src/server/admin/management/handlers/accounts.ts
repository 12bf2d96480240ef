/** Accounts: settings, rests, tokens; logins of people, and logins taken over from other programs. */
import type { DeskLogin } from '../../../../accounts/login-desk.ts'
import type { LoginFacts } from '../../../../accounts/login-record.ts'
import { isProxyUrl } from '../../../../config/fields.ts'
import type { AccountPatch, AccountView, LoginView } from '../contract.ts'
import { invalid, ManagementError, notFound, unavailable } from '../errors.ts'
import { findCandidates, takeFound } from '../imports.ts'
import { findAccount, proxyHost, strip } from '../views/account-view.ts'
import { type Ask, type Handlers, type Tools, whoOf } from './handler.ts'

type Ids =
  | 'accounts'
  | 'account'
  | 'changeAccount'
  | 'removeAccount'
  | 'resetAccount'
  | 'refreshAccount'
  | 'logins'
  | 'startLogin'
  | 'login'
  | 'pasteLogin'
  | 'cancelLogin'
  | 'candidates'
  | 'takeCandidate'

export function accountHandlers(tools: Tools): Handlers<Ids> {
  const { context, audit, events, recent, overview } = tools
  const { gateway, now } = context
  const begun = new Map<string, { startedAt: number; accountId?: string }>()

  function one(id: string | undefined): AccountView {
    const found = findAccount(context, recent, id ?? '')
    if (found === undefined) throw notFound('There is no such account; it may have been removed meanwhile.')
    return found
  }

  function logins() {
    if (context.logins === undefined) throw unavailable('Nothing is kept on this machine, so nobody can log in.')
    return context.logins
  }

  /** A login that may be changed here: accounts by key stand in the config. */
  function login(id: string | undefined): AccountView {
    const account = one(id)
    if (account.kind === 'key')
      throw new ManagementError(409, 'in-config', `${account.label} is a key of the config: change it there.`)
    return account
  }

  function desk() {
    if (context.desk === undefined) throw unavailable('Nothing is kept on this machine, so nobody can log in.')
    return context.desk
  }

  function session(id: string | undefined): DeskLogin {
    const found = desk().find(id ?? '')
    if (found === undefined) throw notFound('There is no such login; those that ended are shown for ten minutes.')
    return found
  }

  function loginView(login: DeskLogin): LoginView {
    const status = login.status()
    const about = begun.get(login.id)
    return strip({
      id: login.id,
      provider: login.provider,
      title: gateway.snapshot.providers.get(login.provider)?.login?.title ?? login.provider,
      way: login.way,
      // The tokens are here, but they are an account only once they are stored.
      is: status.is === 'done' && about?.accountId === undefined ? 'working' : status.is,
      words: context.scrub(status.words),
      url: 'url' in status && status.url !== undefined ? status.url : login.url,
      userCode: login.userCode,
      verificationUrl: login.verificationUrl,
      state: login.state,
      pastes: login.way !== 'device' && status.is === 'waiting',
      startedAt: about?.startedAt ?? now(),
      expiresAt: login.expiresAt,
      accountId: about?.accountId,
    })
  }

  const who = ({ actor, caller }: Pick<Ask, 'actor' | 'caller'>) => whoOf(actor, caller)

  return {
    accounts: () => ({ accounts: overview.accounts() }),
    account: ({ params }) => one(params['id']),

    async changeAccount(ask) {
      const before = login(ask.params['id'])
      const facts = factsOf(ask.body)
      if (Object.keys(facts).length === 0) return before
      await logins().change(before.id, facts)
      const changed = Object.keys(ask.body) as (keyof AccountPatch)[]
      const after = one(before.id)
      await audit.done(
        who(ask),
        'account.change',
        before.id,
        `Settings of ${before.label} were changed: ${changed.join(', ')}.`,
        {
          before: chosen(before, changed),
          after: chosen(after, changed),
        },
      )
      events.publish({ type: 'accounts' })
      return after
    },

    async removeAccount(ask) {
      const account = login(ask.params['id'])
      await logins().remove(account.id, ask.query.revoke)
      await audit.done(
        who(ask),
        'account.remove',
        account.id,
        `The login ${account.label} (${account.providerTitle}) was removed${ask.query.revoke ? ', and its vendor told where that is possible' : ''}.`,
      )
      events.publish({ type: 'accounts' })
      return { ok: true, message: `${account.label} was removed.` }
    },

    async resetAccount(ask) {
      const before = one(ask.params['id'])
      const account = gateway.snapshot.accounts.find(({ id }) => id === before.id)
      if (account === undefined)
        throw new ManagementError(
          409,
          'not-serving',
          `${before.label} does not serve now, so nothing rests. ${before.words}`,
        )
      gateway.pool.reset(account)
      await audit.done(who(ask), 'account.reset', before.id, `The rests of ${before.label} were cleared.`, {
        before: before.rests.map(({ model, until, kind }) => ({ model, until, kind })),
      })
      events.publish({ type: 'accounts' })
      return one(before.id)
    },

    async refreshAccount(ask) {
      const account = login(ask.params['id'])
      if (!account.can.refresh)
        throw new ManagementError(
          409,
          'borrowed',
          `${account.label} is borrowed: the program it belongs to refreshes it.`,
        )
      try {
        await logins().refresh(account.id)
      } catch (error) {
        await audit.failed(
          who(ask),
          'account.refresh',
          account.id,
          `The token of ${account.label} could not be refreshed.`,
        )
        throw error
      }
      await audit.done(who(ask), 'account.refresh', account.id, `The token of ${account.label} was refreshed.`)
      events.publish({ type: 'accounts' })
      return one(account.id)
    },

    logins: () => ({ logins: (context.desk?.list() ?? []).map(loginView).sort((a, b) => b.startedAt - a.startedAt) }),

    async startLogin(ask) {
      const { provider, way, label, project, proxyUrl, acknowledge, port } = ask.body
      checkProxy(proxyUrl)
      const login = await desk().begin(
        provider,
        strip({ way, label, project, proxyUrl, port, acknowledged: acknowledge }),
      )
      const about: { startedAt: number; accountId?: string } = { startedAt: now() }
      begun.set(login.id, about)
      if (login.state !== undefined) context.learn(login.state)
      const known = new Set(context.desk!.list().map(({ id }) => id))
      for (const id of begun.keys()) if (!known.has(id)) begun.delete(id)
      const tell = () => events.publish({ type: 'login', id: login.id })
      login.account.then(
        (record) => {
          about.accountId = record.id
          tell()
          events.publish({ type: 'accounts' })
          void audit.done(who(ask), 'account.login', record.id, `${record.facts.label} was logged in.`)
        },
        (error: Error) => {
          tell()
          void audit.failed(
            who(ask),
            'account.login',
            provider,
            `A login to ${provider} did not work: ${error.message}`,
          )
        },
      )
      await audit.done(who(ask), 'login.start', provider, `A login to ${provider} was begun.`)
      tell()
      return loginView(login)
    },

    login: ({ params }) => loginView(session(params['id'])),

    pasteLogin({ params, body }) {
      const login = session(params['id'])
      context.learn(body.text)
      login.paste(body.text.trim())
      events.publish({ type: 'login', id: login.id })
      return loginView(login)
    },

    async cancelLogin(ask) {
      const login = session(ask.params['id'])
      login.cancel()
      await audit.done(who(ask), 'login.cancel', login.provider, `A login to ${login.provider} was given up.`)
      return { ok: true }
    },

    candidates: () => findCandidates(context),

    async takeCandidate(ask) {
      const taken = await takeFound(context, ask.body)
      await audit.done(who(ask), 'account.import', taken.accountId, taken.words)
      events.publish({ type: 'accounts' })
      return taken
    },
  }
}

/** What to show of a change: settings as they are shown elsewhere, proxies without passwords. */
function chosen(account: AccountView, names: readonly (keyof AccountPatch)[]): Record<string, unknown> {
  const { label, settings } = account
  const all: Record<string, unknown> = { ...settings, label, proxyUrl: settings.proxy }
  return Object.fromEntries(names.map((name) => [name, all[name] ?? null]))
}

/** @throws {ManagementError} `invalid` */
function factsOf(patch: AccountPatch): Partial<LoginFacts> {
  checkProxy(patch.proxyUrl ?? undefined)
  const facts: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(patch))
    if (value !== undefined) facts[name] = value === null ? undefined : value
  return facts as Partial<LoginFacts>
}

function checkProxy(url: string | undefined): void {
  if (url !== undefined && !isProxyUrl(url.trim()))
    throw invalid(
      `${proxyHost(url) ?? 'This'} is no proxy: an http://, https://, socks5:// or socks5h:// address, or "direct".`,
      'proxyUrl',
    )
}
