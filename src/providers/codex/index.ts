import { dialectRequest } from '../dialects.ts'
import { openai } from '../openai/index.ts'
import type { Provider } from '../provider.ts'
import { vesselOfLogin } from './body.ts'
import { login } from './login.ts'
import { liveModels, models } from './models.ts'
import { quota } from './quota.ts'
import { judge } from './refusals.ts'
import { loginRequest } from './request.ts'

/**
 * An endpoint of OpenAI's Responses API by key (`codex-api-key`), which unlike `openai` speaks nothing else, and the Codex
 * backend by login with a ChatGPT plan.
 */
export const codex: Provider = {
  ...openai,
  id: 'codex',
  title: 'OpenAI Codex',
  speaks: ['openai-responses'],
  loginModels: models,
  login,
  request: (out, account, credential) =>
    credential.type === 'oauth' ? loginRequest(out, account, credential) : dialectRequest(out, account, credential),
  vessel: (account) => (account.credential.type === 'login' ? vesselOfLogin() : undefined),
  quota,
  liveModels,
  judge,
}
