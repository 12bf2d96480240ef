import type { Provider } from '../provider.ts'
import { vesselOfLogin } from './hosts.ts'
import { login } from './login.ts'
import { families, liveModels, models } from './models.ts'
import { judge } from './refusals.ts'
import { loginRequest } from './request.ts'

/**
 * xAI by login; its API keys are an endpoint of the config (`openai-compatibility`). No source tells what is left of an
 * allowance before it is used up, so there is no `quota`.
 */
export const xai: Provider = {
  id: 'xai',
  title: 'xAI Grok',
  aliases: ['grok'],
  policy: login.policy,
  speaks: ['openai-responses'],
  baseUrl: 'https://api.x.ai/v1',
  models,
  families,
  serves: (model) => model.startsWith('grok-'),
  login,
  request: loginRequest,
  vessel: (account) => (account.credential.type === 'login' ? vesselOfLogin(account) : undefined),
  liveModels,
  judge,
}
