import { dialectRequest } from '../dialects.ts'
import { families, models } from '../gemini-models.ts'
import type { Provider } from '../provider.ts'

/** Gemini by API key (`gemini-api-key`). */
export const gemini: Provider = {
  id: 'gemini',
  title: 'Google Gemini (API key)',
  aliases: ['google'],
  policy: {
    state: 'supported',
    since: '2026-11-22',
    note: "API keys are Google's own way for programs; usage counts against the key's project.",
    url: 'https://ai.google.dev/gemini-api/terms',
  },
  speaks: ['gemini'],
  baseUrl: 'https://generativelanguage.googleapis.com',
  models,
  families,
  serves: (model) => /^(?:gemini|gemma|learnlm)-/.test(model),
  request: dialectRequest,
}
