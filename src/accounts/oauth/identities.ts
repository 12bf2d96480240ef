/** Who a token belongs to, as its claims tell. A login and an import of the same account come to the same subject. */
import { randomBytes } from 'node:crypto'
import type { FlowContext, Identity } from './flow.ts'
import { readClaims } from './jwt.ts'
import { fieldsOf, plain, present, textOf } from './text.ts'

/**
 * ChatGPT's claims (domain.md 1.2, "Identity"). One person in two workspaces is two accounts, and so are two members of one.
 * @returns undefined if neither token says which account it is of.
 */
export function openAiIdentity(idToken: string | undefined, accessToken: string | undefined): Identity | undefined {
  const claims = { ...readClaims(accessToken), ...readClaims(idToken) }
  const auth = { ...authOf(accessToken), ...authOf(idToken) }
  const account = textOf(auth['chatgpt_account_id'])
  if (account === undefined) return undefined
  const user = textOf(auth['chatgpt_user_id']) ?? textOf(auth['user_id']) ?? textOf(claims['sub'])
  const email = textOf(claims['email']) ?? textOf(fieldsOf(claims['https://api.openai.com/profile'])['email'])
  const plan = textOf(auth['chatgpt_plan_type'])
  return {
    subject: user === undefined ? account : `${account}/${user}`,
    ...present({ email, plan }),
    details: present({ 'account-id': account, plan }),
  }
}

const authOf = (token: string | undefined) => fieldsOf(readClaims(token)?.['https://api.openai.com/auth'])

/** A Google account: its address, which is all that every source of such logins tells. */
export function googleIdentity(email: string): Identity {
  return { subject: email.toLowerCase(), email }
}

/** Claude's account and organization (domain.md 1.1): one person in two organizations is two accounts. */
export function claudeSubject(account: string, organization: string | undefined): string {
  return organization === undefined ? account : `${account}/${organization}`
}

/** Whether a subject is no account's at the vendor, but a name that was given here, or none (`namedIdentity`, imports). */
export function isNameless(subject: string): boolean {
  return /^(?:name|login|found):/.test(subject)
}

/**
 * For vendors whose tokens tell nobody's name (domain.md 1.4): the person names the account, and the same name again
 * renews it. Without a person to ask each login is an account of its own.
 */
export async function namedIdentity(context: Pick<FlowContext, 'label' | 'ask'>, title: string): Promise<Identity> {
  const asked = context.label ?? (await context.ask?.(`${title} does not tell whose account this is. A name for it?`))
  const label = plain(asked ?? '', 80)
  return label === ''
    ? { subject: `login:${randomBytes(8).toString('hex')}` }
    : { subject: `name:${label.toLowerCase()}`, label }
}
