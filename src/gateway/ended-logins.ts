/** Logins that have ended but would serve a model: a client hears what to do, and not that nobody serves it. */
import type { Account } from '../accounts/account.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import { nameOf, needsLogin } from '../accounts/refresh/words.ts'
import type { Failure } from '../hub/failure.ts'
import type { Registry } from '../routing/models.ts'

/** Why nobody serves a model, where that is because its logins have ended. */
export type EndedLogins = (model: string, pin: string | undefined) => Failure | undefined

export interface EndedLoginsOptions {
  logins: readonly LoginRecord[]
  /** Makes accounts of logins that are ready. */
  accounts(logins: readonly LoginRecord[]): readonly Account[]
  registry(accounts: readonly Account[]): Registry
}

/** Nothing is compiled before somebody asks. */
export function endedLogins({ logins, accounts, registry }: EndedLoginsOptions): EndedLogins {
  let all: { login: LoginRecord; reason: string; serves: Registry }[] | undefined

  function compile() {
    return logins.flatMap((login) => {
      const { state } = login.facts
      if (state.is !== 'needs-login') return []
      const ready: LoginRecord = { ...login, facts: { ...login.facts, state: { is: 'ready' } } }
      return [{ login, reason: state.reason, serves: registry(accounts([ready])) }]
    })
  }

  return (model, pin) => {
    all ??= compile()
    const [first, ...rest] = all.filter(({ serves }) => serves.dialectsOf(model, pin).length > 0)
    if (first === undefined) return undefined
    const failure = needsLogin(first.login, first.reason)
    if (rest.length === 0) return failure
    return { ...failure, message: `${failure.message} So have: ${rest.map(({ login }) => nameOf(login)).join(', ')}.` }
  }
}
