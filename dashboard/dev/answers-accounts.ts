/** Accounts, logins and what could be taken over. */
import { randomBytes } from 'node:crypto'
import type { AccountView, LoginView } from '../../src/server/admin/management/contract.ts'
import { makeAccounts, makeProviders } from './accounts.ts'
import { type Answers, type Household, Refusal, refuse, standings } from './household.ts'
import * as rest from './rest.ts'

export function accountAnswers({ accounts, now, empty, tell }: Household): Answers {
  const logins = new Map<string, LoginView>()
  const accountOf = (id: string) => accounts.find((a) => a.id === id) ?? refuse(404, 'There is no account of that id.')
  const change = (id: string, to: Partial<AccountView>) => {
    const account = accountOf(id)
    Object.assign(account, to)
    tell({ type: 'accounts' })
    return account
  }
  return {
    providers: () => ({ providers: makeProviders(accounts) }),
    why: ({ query }) => ({
      model: query.get('model') ?? '',
      strategy: 'most-quota-left',
      words: 'mara@example.com would be taken: its 5 hours reset soonest.',
      targets: [{ model: query.get('model') ?? '', standings: standings(accounts) }],
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
  }
}
