import { codeAssistRequest } from '../code-assist.ts'
import type { Provider } from '../provider.ts'
import { createVessel } from './body.ts'
import { login } from './login.ts'
import { families, liveModels, models } from './models.ts'
import { quota } from './quota.ts'
import { judge } from './refusals.ts'

/**
 * Antigravity: a Google account, with models of Gemini, Claude and GPT-OSS (domain.md 1.6).
 *
 * The base URL is the daily host, the vendor's first; where that stumbles, the others are tried by themselves
 * (code-assist-ways.ts).
 */
export const antigravity: Provider = {
  id: 'antigravity',
  title: 'Antigravity',
  aliases: [],
  policy: login.policy,
  speaks: ['gemini'],
  baseUrl: login.baseUrl,
  models,
  families,
  // Only names of Antigravity's own make: plain ones belong to the vendors themselves, and its own list tells the rest.
  serves: (model) => /^(?:gemini-.*-(?:agent|high|medium|low)|claude-.*-thinking|gpt-oss-.*)$/.test(model),
  login,
  request: codeAssistRequest(/^antigravity\//i),
  vessel: createVessel,
  quota,
  liveModels,
  judge,
}
