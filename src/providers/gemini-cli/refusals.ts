/** What Code Assist's refusals mean for a Gemini CLI login. */
import { judgeCodeAssist } from '../code-assist-refusals.ts'
import type { Provider } from '../provider.ts'

const product = {
  title: 'Gemini CLI',
  plans:
    'a Gemini Code Assist Standard or Enterprise licence only; Google closed it to individuals (free, AI Pro, AI Ultra) on 18 June 2026',
}

export const judge: NonNullable<Provider['judge']> = (read, _status, _headers, body) =>
  judgeCodeAssist(read, body, product)
