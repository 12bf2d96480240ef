import { codeAssistRequest } from '../code-assist.ts'
import type { Provider } from '../provider.ts'
import { vessel } from './body.ts'
import { login } from './login.ts'
import { models } from './models.ts'
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
  serves: (model) => model.startsWith('gemini-'),
  login,
  request: codeAssistRequest(/^GeminiCLI\b/i),
  vessel: () => vessel,
  quota,
  judge,
}
