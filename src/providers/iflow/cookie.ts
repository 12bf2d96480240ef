/**
 * iFlow by the cookie of its web console, `BXAuth` (domain.md 1.5, "Cookie mode"): the console tells the account's name and
 * gives a key for it, which model calls present. The cookie is kept, sealed, and asks for the next key before this one ends.
 */
import type { Tokens } from '../../accounts/login-record.ts'
import { type BroughtLogin, type FlowContext, type Identity, LoginError } from '../../accounts/oauth/flow.ts'
import { readIflowKey, renewals } from '../../accounts/oauth/renewals.ts'
import { fieldsOf, plain, textOf } from '../../accounts/oauth/text.ts'
import { tokensOf } from '../../accounts/oauth/token.ts'

/** Where keys are shown (GET) and renewed (POST `{name}`). */
export const KEYS_URL = 'https://platform.iflow.cn/api/openapi/apikey'
/** Detail with the name that a key is asked for by; it tells a login by cookie from one by OAuth. */
export const COOKIE_NAME = 'cookie-for'

export const cookieLogin: BroughtLogin = {
  name: 'cookie',
  env: 'LOGICAPROXY_IFLOW_COOKIE',
  question: 'The cookie of platform.iflow.cn, from your browser (all of it, or its BXAuth alone):',
  take,
}

async function take(secret: string, context: FlowContext): Promise<{ tokens: Tokens; identity: Identity }> {
  const cookie = onlyBxAuth(secret)
  const url = context.url(KEYS_URL)
  const shown = await context.http({ method: 'GET', url, headers: { cookie } })
  const name = textOf(fieldsOf(shown.json['data'])['name'])
  if (shown.status !== 200 || name === undefined)
    throw new LoginError(
      'refused',
      `iFlow's console does not take this cookie (${shown.status}${said(shown.json)}). Sign in at platform.iflow.cn and copy it anew.`,
    )
  const asking = renewals['iflow-cookie'].request({ name }, cookie, context.now())
  const answer = await context.http({ method: 'POST', url, ...asking })
  const tokens = tokensOf(readIflowKey(answer, context.now()), 'iFlow', context.now(), [cookie])
  return {
    tokens: { ...tokens, refreshToken: cookie, details: { [COOKIE_NAME]: name } },
    identity: { subject: `cookie:${name.toLowerCase()}`, label: context.label ?? name },
  }
}

const said = (json: Readonly<Record<string, unknown>>): string => {
  const words = textOf(json['message'])
  return words === undefined ? '' : `: ${plain(words)}`
}

/**
 * What is presented: the one cookie that matters, as `BXAuth=…`. What else a browser sends is nobody's business here.
 * @throws {LoginError} `input`
 */
export function onlyBxAuth(text: string): string {
  const pasted = text.trim().replace(/^cookie:\s*/i, '')
  const value =
    /(?:^|[;\s])BXAuth=([^;\s]+)/.exec(pasted)?.[1] ?? (/^(?!BXAuth=)[^;=\s]+=*$/.test(pasted) ? pasted : undefined)
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value))
    throw new LoginError(
      'input',
      'There is no BXAuth in that: copy the cookie of platform.iflow.cn after signing in there.',
    )
  return `BXAuth=${value}`
}
