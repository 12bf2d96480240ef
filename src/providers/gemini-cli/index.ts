import { codeAssistRequest } from '../code-assist.ts'
import { families, models } from '../gemini-models.ts'
import type { Provider } from '../provider.ts'
import { createVessel } from './body.ts'
import { login } from './login.ts'
import { quota } from './quota.ts'
import { judge } from './refusals.ts'

/** Gemini CLI: a Google account with a Code Assist licence (domain.md 1.3). */
export const geminiCli: Provider = {
  id: 'gemini-cli',
  title: 'Gemini CLI',
  aliases: ['gemini-code-assist'],
  policy: login.policy,
  speaks: ['gemini'],
  baseUrl: login.baseUrl,
  models,
  families,
  serves: (model) => model.startsWith('gemini-'),
  login,
  request: codeAssistRequest(/^GeminiCLI\b/i),
  vessel: createVessel,
  quota,
  judge,
}
