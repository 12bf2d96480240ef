import { loginHeaders, type Manners } from '../login-request.ts'
import { post } from '../outgoing.ts'
import type { Outgoing, Provider } from '../provider.ts'
import { vessel } from './body.ts'
import { login } from './login.ts'
import { models } from './models.ts'
import { judge } from './refusals.ts'

/** Its session and signature headers make a client look like iFlow's own and are not wanted (domain.md 1.5). */
const manners: Manners = { ownClient: /^iFlow-Cli\b/i }

/** iFlow by login (domain.md 1.5): the token is the account's API key. The vendor tells no allowance. */
export const iflow: Provider = {
  id: 'iflow',
  title: 'iFlow',
  aliases: [],
  policy: login.policy,
  speaks: ['openai-chat'],
  baseUrl: login.baseUrl,
  models,
  serves: (model) => model.startsWith('iflow-'),
  login,
  request: (out: Outgoing, account, credential) =>
    post({ ...out, headers: loginHeaders(out.headers, manners) }, account, 'v1', `/chat/completions${out.query}`, [
      'authorization',
      `Bearer ${credential.value}`,
    ]),
  vessel: () => vessel,
  judge,
}
