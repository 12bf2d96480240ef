import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = { provider: 'codex', model: 'gpt-5.4', window: '5h', tells: true, cliArgs: ['--device'] }

speaks({
  provider: 'codex',
  model: spec.model,
  native: ['openai-responses'],
  shows: ['openai-responses', 'gemini'],
  dropped: {
    anthropic: 'temperature,top_k,stop,max_output_tokens,user',
    'openai-chat': 'temperature,stop,seed,max_output_tokens,user',
    'openai-responses': 'max_output_tokens,temperature,top_p,user',
    gemini: 'temperature,top_k,stop,seed,max_output_tokens',
  },
})

keepsAccounts(spec)

heedsRefusals(spec, [
  { name: 'usage_limit_reached', kind: 'quota-exhausted', scope: 'account', status: 429, says: /^The usage limit has been reached/, advice: /asked again/ },
  { name: 'usage_not_included', kind: 'quota-exhausted', scope: 'account', status: 429, says: /^To use Codex with your ChatGPT plan/, advice: /chatgpt\.com/ },
  { name: 'at-capacity', kind: 'overloaded', scope: 'model', status: 503, says: /^Selected model is at capacity/ },
  { name: 'overloaded', kind: 'overloaded', scope: 'model', status: 503, says: /overloaded/ },
  { name: 'slow-down', kind: 'overloaded', scope: 'model', status: 503, says: /slow down/ },
])
