/**
 * The reference's keys that this product does not have. A file that holds them still loads: they are taken out before
 * the schema sees the file, and each is told once. In a pattern `[]` stands for every item of a list and `*` for
 * every name.
 */
import type { Notice } from './faults.ts'
import { type Path, showPath, type Tree } from './read.ts'

const disguise = 'disguise is not built; requests go out under our own name'
const other = 'not part of this product'
const shipped = 'the dashboard ships inside the program and is never downloaded'
const always = 'not needed: this is always so here'

/** Keys of one provider entry, whatever its kind. */
const entryKeys: Record<string, string> = {
  cloak: disguise,
  'fingerprint-profile': disguise,
  'experimental-cch-signing': disguise,
  'rebuild-mid-system-message': 'not needed: translation places system messages by itself',
  'request-retry': 'rounds are counted for a whole request: the global request-retry applies',
  'request-scoped-errors': 'not needed: every failure carries its own scope here',
  websockets: 'upstreams are reached by HTTP',
  'alpha-search': other,
  'support-prompt-cache-key': 'not needed: prompt cache keys pass through',
}

const forceMapping =
  'not built: translated answers carry the name that was asked for, passed-through ones that of their vendor'

/** Keys of one model of a provider entry. */
const modelKeys: Record<string, string> = {
  'force-mapping': forceMapping,
  'is-compat': 'not needed: reasoning signatures return only to their issuer',
  image: other,
  'input-modalities': other,
  'output-modalities': other,
}

const entryLists = [
  'claude-api-key[]',
  'codex-api-key[]',
  'gemini-api-key[]',
  'openai-compatibility[]',
  'openai-compatibility[].api-key-entries[]',
]

function under(parents: readonly string[], keys: Record<string, string>): [string, string][] {
  return parents.flatMap((parent) =>
    Object.entries(keys).map(([key, why]): [string, string] => [`${parent}.${key}`, why]),
  )
}

/** Path pattern → why the key is ignored. */
export const ignoredKeys: Readonly<Record<string, string>> = {
  ampcode: other,
  antigravity: disguise,
  'antigravity-signature-bypass-strict': 'reasoning signatures return only to their issuer',
  'antigravity-signature-cache-enabled': 'reasoning signatures return only to their issuer',
  auth: 'an old form; name the client keys under api-keys',
  'auth-auto-refresh-workers': 'tokens are refreshed on demand, each once',
  'claude-code': disguise,
  'claude-header-defaults': disguise,
  codex: 'the settings of this block belong to disguise or to features this product does not have',
  'codex-header-defaults': disguise,
  'credential-concurrency': other,
  'credential-in-flight': other,
  'disable-claude-cloak-mode': always,
  'disable-image-generation': 'not needed: no image tool is ever put into a request',
  'enable-gemini-cli-endpoint': other,
  'generative-language-api-key': 'an old form; name the keys under gemini-api-key',
  'gpt-image-2-base-model': other,
  home: other,
  'interactions-api-key': 'not built; gemini-api-key reaches the same models',
  'no-proxy-cidrs': other,
  'nonstream-keepalive-interval': 'blank lines are never sent before an answer that is not streamed',
  'oauth-request-scoped-errors': 'not needed: every failure carries its own scope here',
  'passthrough-headers': always,
  plugins: other,
  pprof: other,
  'quota-exceeded': 'quota is handled by cooldowns and by fallback',
  'redis-usage-queue-retention-seconds': other,
  'save-cooldown-status': always,
  'vertex-api-key':
    'not built; a service account is taken over with "logicaproxy import", a Gemini API key goes under gemini-api-key',
  'video-result-auth-cache-ttl': other,
  xai: other,
  'xai-api-key': 'not built; name the endpoint under openai-compatibility with protocol: openai-responses',
  'oauth-model-alias.*[].force-mapping': forceMapping,
  'openai-compatibility[].api-keys': 'an old form; name the keys under api-key-entries',
  'remote-management.disable-auto-update-panel': shipped,
  'remote-management.panel-github-repository': shipped,
  'routing.session-affinity-subagents': 'not needed: a subagent follows its conversation',
  ...Object.fromEntries(under(entryLists, entryKeys)),
  ...Object.fromEntries(
    under(
      entryLists.map((list) => `${list}.models[]`),
      modelKeys,
    ),
  ),
}

const patterns = Object.entries(ignoredKeys).map(([pattern, why]) => ({
  pattern,
  why,
  steps: pattern.split(/\.|(?=\[\])/),
}))

/** Takes the ignored keys out of the tree; one notice for each kind of key, at its first place. */
export function dropIgnored(tree: Tree): Notice[] {
  const notices: Notice[] = []
  for (const { pattern, why, steps } of patterns) {
    const found: Path[] = []
    drop(tree.value, steps, 0, [], found)
    const [first] = found
    if (first === undefined) continue
    const place = tree.keyPlace(first)
    const times = found.length > 1 ? ` (${found.length} times)` : ''
    notices.push({
      kind: 'ignored',
      ...place,
      path: showPath(first),
      pattern,
      message: `"${showPath(first)}" is ignored${times}: ${why}`,
    })
  }
  return notices.sort((a, b) => a.line - b.line)
}

function drop(value: unknown, steps: string[], at: number, path: Path, found: Path[]): void {
  const step = steps[at]!
  if (typeof value !== 'object' || value === null) return
  if (step === '[]' && Array.isArray(value)) {
    value.forEach((item, index) => {
      drop(item, steps, at + 1, [...path, index], found)
    })
    return
  }
  if (Array.isArray(value)) return
  const object = value as Record<string, unknown>
  for (const key of step === '*' ? Object.keys(object) : Object.hasOwn(object, step) ? [step] : []) {
    if (at < steps.length - 1) drop(object[key], steps, at + 1, [...path, key], found)
    else {
      delete object[key]
      found.push([...path, key])
    }
  }
}
