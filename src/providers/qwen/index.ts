import type { Provider } from '../provider.ts'
import { vessel } from './body.ts'
import { login } from './login.ts'
import { models } from './models.ts'
import { judge } from './refusals.ts'
import { loginRequest } from './request.ts'

/** Qwen Code by login (domain.md 1.4). The vendor tells no allowance, and has no list of models. */
export const qwen: Provider = {
  id: 'qwen',
  title: 'Qwen Code',
  aliases: ['qwen-code'],
  policy: login.policy,
  speaks: ['openai-chat'],
  baseUrl: login.baseUrl,
  models,
  serves: () => false,
  login,
  request: loginRequest,
  vessel: () => vessel,
  judge,
}
