/** What one key alone cannot tell: checks across the config, and advice that is no fault. */
import type { Fault, Notice } from './faults.ts'
import { nearest } from './nearest.ts'
import { type Path, showPath, type Tree } from './read.ts'
import type { Config } from './schema.ts'

/** Faults that concern more than one key. */
export function crossFaults(config: Config, tree: Tree): Fault[] {
  const faults: Fault[] = []
  const report = (path: Path, message: string) =>
    faults.push({ ...tree.valuePlace(path), path: showPath(path), message })

  const firstLine = new Map<string, number>()
  config['openai-compatibility'].forEach(({ name }, index) => {
    const path = ['openai-compatibility', index, 'name']
    const first = firstLine.get(name.toLowerCase())
    if (first === undefined) firstLine.set(name.toLowerCase(), tree.valuePlace(path).line)
    else report(path, `the provider name ${JSON.stringify(name)} is used twice (first in line ${first})`)
  })

  if (config.tls.enable) {
    for (const key of ['cert', 'key'] as const) {
      if (config.tls[key] === '') report(['tls', 'enable'], `tls.enable is true, so tls.${key} must name a file`)
    }
  }
  return faults
}

/** Keys the reference's example files carry; whoever knows those files knows these keys. */
const sampleKey = /^your-(?:api-key(?:-\d+)?|secret-key|key(?:-here)?)$/i

/** The router's own categories (routing/classify). */
export const builtInCategories: readonly string[] = ['code', 'reasoning', 'fast', 'creative', 'analysis']

/** Providers one logs in to, as the keys by provider name them; a test compares them with those there are. */
export const loginProviders: readonly string[] = [
  'claude',
  'codex',
  'gemini-cli',
  'antigravity',
  'qwen',
  'iflow',
  'kimi',
  'vertex',
  'xai',
]

/** Channels of the reference that have no login here; its example files name them (domain.md 5.1). */
const foreignChannels: readonly string[] = ['aistudio']

const byProvider = ['oauth-model-alias', 'oauth-excluded-models', 'oauth-clients'] as const

/** Things to tell that keep no file from loading. */
export function advice(config: Config, tree: Tree): Notice[] {
  const notices: Notice[] = []
  const warn = (path: Path, message: string) =>
    notices.push({ kind: 'warning', ...tree.valuePlace(path), path: showPath(path), message })

  config['api-keys'].forEach((entry, index) => {
    const key = typeof entry === 'string' ? entry : entry.key
    if (sampleKey.test(key.trim())) {
      const path = ['api-keys', index]
      warn(
        path,
        `${showPath(path)} is the sample key ${JSON.stringify(key)}, which strangers try first; choose your own`,
      )
    }
  })

  const { routes, categories } = config['ai-router']
  for (const category of Object.keys(routes))
    if (!builtInCategories.includes(category) && !Object.hasOwn(categories, category))
      warn(
        ['ai-router', 'routes', category],
        `no prompt is of the category ${JSON.stringify(category)} by itself: give it keywords or examples under ` +
          'ai-router.categories, or label prompts with "logicaproxy route --wrong"',
      )

  for (const key of byProvider)
    for (const provider of Object.keys(config[key])) {
      if (loginProviders.includes(provider) || foreignChannels.includes(provider)) continue
      const meant = nearest(provider, loginProviders)
      const hint = meant?.near ? `did you mean "${meant.word}"?` : `there are ${loginProviders.join(', ')}`
      warn([key, provider], `${key} names ${JSON.stringify(provider)}, which is no provider to log in to (${hint})`)
    }

  const file = tree.value as Record<string, unknown>
  const [ours, theirs] = [file['websocket-auth'], file['ws-auth']]
  if (ours !== undefined && theirs !== undefined && ours !== theirs) {
    warn(['ws-auth'], 'ws-auth and websocket-auth are one switch and differ; websocket-auth is used')
  }
  return notices
}
