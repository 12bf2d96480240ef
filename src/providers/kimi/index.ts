import type { Provider } from '../provider.ts'
import { vessel } from './body.ts'
import { login } from './login.ts'
import { families, liveModels, models } from './models.ts'
import { quota } from './quota.ts'
import { judge } from './refusals.ts'
import { loginRequest } from './request.ts'

/** Kimi's coding plan by login; its API keys are an endpoint of the config (`openai-compatibility`). */
export const kimi: Provider = {
  id: 'kimi',
  title: 'Kimi',
  aliases: ['moonshot'],
  policy: login.policy,
  speaks: ['openai-chat', 'anthropic'],
  baseUrl: 'https://api.kimi.com/coding',
  models,
  families,
  serves: (model) => model.startsWith('kimi-'),
  login,
  request: loginRequest,
  vessel: () => vessel,
  quota,
  liveModels,
  judge,
}
