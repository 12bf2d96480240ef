import { openai } from '../openai/index.ts'
import type { Provider } from '../provider.ts'

/** An endpoint of OpenAI's Responses API by key (`codex-api-key`); unlike `openai` it speaks nothing else. */
export const codex: Provider = {
  ...openai,
  id: 'codex',
  title: 'OpenAI Responses (API key)',
  speaks: ['openai-responses'],
}
