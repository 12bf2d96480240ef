import type { Json, VendorId } from './types.ts'

/** Known models; any other name works as well, these are only what the lists show. */
const ANTHROPIC = [
  'claude-opus-5',
  'claude-sonnet-5',
  'claude-fable-5',
  'claude-opus-4-8',
  'claude-sonnet-4-6',
  'claude-sonnet-4-5-20250929',
  'claude-haiku-4-5-20251001',
]
const OPENAI = [
  'gpt-5.6-sol',
  'gpt-5.5',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.2',
  'gpt-5',
  'gpt-5-mini',
  'gpt-4.1',
  'gpt-4o',
  'gpt-4o-mini',
  'o3',
  'o4-mini',
]
const GEMINI = [
  'gemini-3.5-flash',
  'gemini-3.1-pro-preview',
  'gemini-3-flash-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
]

const CREATED = 1_767_225_600

function claude(id: string): Json {
  return {
    type: 'model',
    id,
    display_name: `Simulated ${id}`,
    created_at: new Date(CREATED * 1000).toISOString().replace(/\.\d+Z/, 'Z'),
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
  }
}

function openai(id: string): Json {
  return { id, object: 'model', created: CREATED, owned_by: 'simulated' }
}

function gemini(id: string): Json {
  return {
    name: `models/${id}`,
    version: 'simulated',
    displayName: `Simulated ${id}`,
    description: 'A loopback stand-in; nothing behind it thinks.',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    temperature: 1,
    topP: 0.95,
    topK: 64,
    thinking: true,
  }
}

/** A model list, or with `id` one of its entries; undefined when there is none of that name. */
export function modelList(vendor: VendorId, id: string | undefined): Json | undefined {
  const [ids, one] =
    vendor === 'anthropic-models'
      ? [ANTHROPIC, claude]
      : vendor === 'gemini-models'
        ? [GEMINI, gemini]
        : [OPENAI, openai]
  if (id !== undefined) return ids.includes(id.split('+')[0]!) ? one(id) : undefined
  const data = ids.map(one)
  if (vendor === 'gemini-models') return { models: data }
  if (vendor === 'anthropic-models') return { data, has_more: false, first_id: ids[0], last_id: ids.at(-1) }
  return { object: 'list', data }
}
