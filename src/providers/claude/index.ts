import { dialectRequest } from '../dialects.ts'
import type { Provider } from '../provider.ts'
import { login } from './login.ts'
import { families, liveModels, models } from './models.ts'
import { quota } from './quota.ts'
import { judge } from './refusals.ts'
import { loginRequest } from './request.ts'

/** Anthropic by API key (`claude-api-key`) and by login with a Claude subscription. Bodies pass as they are (no vessel). */
export const claude: Provider = {
  id: 'claude',
  title: 'Anthropic',
  aliases: ['anthropic'],
  policy: {
    state: 'supported',
    since: '2026-11-22',
    note: "API keys are Anthropic's own way for programs; usage is billed to the key.",
    url: 'https://www.anthropic.com/legal/commercial-terms',
  },
  speaks: ['anthropic'],
  baseUrl: 'https://api.anthropic.com',
  models,
  families,
  serves: (model) => model.startsWith('claude-'),
  login,
  request: (out, account, credential) =>
    credential.type === 'oauth' ? loginRequest(out, account, credential) : dialectRequest(out, account, credential),
  quota,
  liveModels,
  judge,
}
