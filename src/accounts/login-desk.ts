/** Logins carried out inside a running gateway: for the management API, and for programs that embed it. */
import type { Config } from '../config/schema.ts'
import type { LoginRecord } from './login-record.ts'
import type { Logins } from './logins.ts'
import { type CallbackHub, createCallbackHub } from './oauth/callback.ts'
import { createFlowContext } from './oauth/context.ts'
import { LoginError, type LoginFlow } from './oauth/flow.ts'
import { beginLogin, type LoginSession, type LoginWay } from './oauth/session.ts'

export interface BeginLogin {
  way?: LoginWay
  /** Name of the account in lists and logs. */
  label?: string
  /** Port of the browser's way back in place of the vendor's. */
  port?: number
  /** The account's own proxy, for the login and ever after. */
  proxyUrl?: string
  /** Google Cloud project. */
  project?: string
  /** The policy was read: needed where it is restricted or discontinued. */
  acknowledged?: boolean
}

/** A login under way; `account` resolves once it is stored and rejects with `LoginError`. */
export interface DeskLogin extends LoginSession {
  readonly account: Promise<LoginRecord>
}

export interface LoginDesk {
  /** @throws {LoginError} `input` (unknown provider, policy not acknowledged), `port`, `refused`, `network`, `secret-missing` */
  begin(provider: string, options?: BeginLogin): Promise<DeskLogin>
  /** Logins under way, and those that ended in the last ten minutes. */
  list(): readonly DeskLogin[]
  find(id: string): DeskLogin | undefined
  /** Gives up what is under way. */
  close(): Promise<void>
}

export interface LoginDeskOptions {
  providers: readonly { id: string; login?: LoginFlow }[]
  config: () => Config
  logins: Logins
  env: NodeJS.ProcessEnv
  now: () => number
  /** Called when a login is stored, before it is told: whoever waits for `account` finds it served. */
  stored?(): void
}

/** Ended logins are shown so long, ms. */
const SHOWN_MS = 600_000
/** Logins at once: each holds a state and perhaps a port. */
const MOST = 32

export function createLoginDesk({ providers, config, logins, env, now, stored }: LoginDeskOptions): LoginDesk {
  const desk = new Map<string, { login: DeskLogin; endedAt: number | undefined }>()
  let callbacks: CallbackHub | undefined

  function flowOf(provider: string, acknowledged: boolean): LoginFlow {
    const flow = providers.find((p) => p.id === provider)?.login
    if (flow === undefined) {
      const names = providers.filter((p) => p.login !== undefined).map((p) => p.id)
      throw new LoginError('input', `There is no login for "${provider}". There are: ${names.join(', ')}.`)
    }
    const { state, note } = flow.policy
    if ((state === 'restricted' || state === 'discontinued') && !acknowledged)
      throw new LoginError(
        'input',
        `${flow.title} is ${state}: ${note} Log in only once this was read and acknowledged.`,
      )
    return flow
  }

  function sweep(): void {
    for (const [id, { endedAt }] of desk) if (endedAt !== undefined && endedAt + SHOWN_MS < now()) desk.delete(id)
    if ([...desk.values()].filter(({ endedAt }) => endedAt === undefined).length >= MOST)
      throw new LoginError('input', `${MOST} logins are under way already: finish or cancel one of them.`)
  }

  return {
    async begin(provider, options = {}) {
      sweep()
      const flow = flowOf(provider, options.acknowledged === true)
      // Said before a person has gone to the vendor, not after.
      const trouble = logins.trouble()
      if (trouble !== undefined) throw new LoginError('input', `A login could not be kept now. ${trouble}`)
      const { label, proxyUrl, project } = options
      const current = config()
      const context = await createFlowContext({ provider, flow, config: current, proxyUrl, env, now, label, project })
      callbacks ??= createCallbackHub()
      const port = options.port ?? (current.login['callback-port'] || undefined)
      const way = options.way ?? (flow.browser === undefined ? 'device' : 'browser')
      let session: LoginSession
      try {
        session = await beginLogin(flow, context, { provider, way, callbacks, ...(port === undefined ? {} : { port }) })
      } catch (error) {
        await context.close()
        throw error
      }
      const account = session.done
        .then(({ tokens, identity }) =>
          logins.add(provider, tokens, identity, {
            origin: { how: 'login', at: now() },
            label,
            proxyUrl,
            acknowledgedAt: options.acknowledged === true ? now() : undefined,
          }),
        )
        .then((record) => {
          stored?.()
          return record
        })
        .finally(async () => {
          entry.endedAt = now()
          await context.close()
        })
      // Whoever watches the status hears of it; nobody has to await.
      account.catch(() => {})
      const login: DeskLogin = Object.assign(session, { account })
      const entry: { login: DeskLogin; endedAt: number | undefined } = { login, endedAt: undefined }
      desk.set(session.id, entry)
      return login
    },
    list: () => [...desk.values()].map(({ login }) => login),
    find: (id) => desk.get(id)?.login,
    async close() {
      for (const { login, endedAt } of desk.values()) if (endedAt === undefined) login.cancel()
      await Promise.allSettled([...desk.values()].map(({ login }) => login.account))
      await callbacks?.close()
    },
  }
}
