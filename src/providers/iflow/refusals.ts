/** What iFlow's refusals mean: bodies of the form `{status, msg, body: null}`. */
import type { Provider } from '../provider.ts'

const CLOSED = /service has been closed|已(?:停止|关闭)/

export const judge: NonNullable<Provider['judge']> = (read) => {
  if (read.status !== 403 || !CLOSED.test(read.message)) return read
  return {
    ...read,
    kind: 'forbidden',
    scope: 'account',
    message: `${read.message} iFlow closed on 17 April 2026; its users were sent to Qoder. Remove this account.`,
  }
}
