import { families, models } from '../gemini-models.ts'
import type { Provider } from '../provider.ts'
import { login } from './login.ts'
import { loginRequest } from './request.ts'

/** Gemini on Vertex AI, by the key file of a service account (domain.md 1.9). */
export const vertex: Provider = {
  id: 'vertex',
  title: 'Vertex AI',
  aliases: [],
  policy: login.policy,
  speaks: ['gemini'],
  baseUrl: login.baseUrl,
  models,
  families,
  serves: (model) => model.startsWith('gemini-'),
  login,
  request: loginRequest,
}
