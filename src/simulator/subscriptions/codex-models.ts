/** The models a ChatGPT plan has (domain.md 1.2, models). */
import { hash } from 'node:crypto'
import type { Json } from '../types.ts'
import { type Call, type Destination, direct } from './shell.ts'

const LEVELS = ['low', 'medium', 'high', 'xhigh']

interface Model {
  slug: string
  context: number
  levels: readonly string[]
  /** Plans that lack it. */
  not?: readonly string[]
  /** Plans that alone have it. */
  only?: readonly string[]
}

const MODELS: readonly Model[] = [
  { slug: 'gpt-5.6-sol', context: 372_000, levels: [...LEVELS, 'max'], not: ['free'] },
  { slug: 'gpt-5.6-terra', context: 372_000, levels: [...LEVELS, 'max'] },
  { slug: 'gpt-5.5', context: 272_000, levels: LEVELS },
  { slug: 'gpt-5.4', context: 1_050_000, levels: ['none', ...LEVELS], not: ['free'] },
  { slug: 'gpt-5.4-mini', context: 400_000, levels: ['none', ...LEVELS] },
  { slug: 'gpt-5.3-codex', context: 400_000, levels: LEVELS },
  { slug: 'gpt-5.3-codex-spark', context: 128_000, levels: LEVELS, only: ['plus', 'pro'] },
  { slug: 'gpt-5.2', context: 400_000, levels: ['none', ...LEVELS] },
  { slug: 'gpt-5.2-codex', context: 400_000, levels: LEVELS },
  { slug: 'gpt-5-codex', context: 400_000, levels: ['low', 'medium', 'high'] },
  { slug: 'gpt-5', context: 400_000, levels: ['minimal', 'low', 'medium', 'high'] },
  { slug: 'codex-auto-review', context: 272_000, levels: LEVELS },
]

const has = (m: Model, plan: string) => !m.not?.includes(plan) && (m.only?.includes(plan) ?? true)

/** Whether a plan may use a model: a listed one by its plans, others of the family as they come. */
export function offered(base: string, plan: string): boolean {
  const listed = MODELS.find((m) => m.slug === base)
  return listed ? has(listed, plan) : /^(?:gpt-5|codex-)/.test(base)
}

/** `GET /backend-api/codex/models?client_version=x.y.z`. */
export function codexModels(call: Call): Destination {
  const { x } = call
  if (!/^\d+\.\d+\.\d+/.test(x.query.get('client_version') ?? ''))
    return direct(call, 422, {
      detail: [{ type: 'missing', loc: ['query', 'client_version'], msg: 'Field required', input: null }],
    })
  const models = MODELS.filter((m) => has(m, call.plan)).map(
    (m, priority): Json => ({
      slug: m.slug,
      display_name: `Simulated ${m.slug}`,
      description: 'A loopback stand-in; nothing behind it thinks.',
      context_window: m.context,
      supported_reasoning_levels: m.levels.map((effort) => ({ effort, description: effort })),
      default_reasoning_level: 'medium',
      visibility: m.slug.startsWith('codex-auto') ? 'hide' : 'list',
      supported_in_api: true,
      priority,
    }),
  )
  const etag = `W/"${hash('sha1', JSON.stringify(models)).slice(0, 16)}"`
  if (x.headers['if-none-match'] === etag)
    return { provider: 'codex', key: call.key, reply: { status: 304, headers: { etag }, body: '' } }
  return direct(call, 200, { models }, { etag })
}
