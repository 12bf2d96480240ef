import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const SRC = join(ROOT, 'src')
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && !f.includes('/testing/'))
  .map((f) => ({ path: f, text: readFileSync(join(SRC, f), 'utf8') }))

/** Which rooms a room may enter, besides itself; `version.ts` is open to all. Arrows go one way (docs: architecture). */
const MAY_IMPORT: Record<string, readonly string[]> = {
  hub: [],
  wire: ['hub'],
  config: ['hub'],
  store: ['hub', 'wire', 'config'],
  accounts: ['hub', 'wire', 'config', 'store'],
  protocols: ['hub', 'wire'],
  providers: ['hub', 'wire', 'config', 'accounts'],
  routing: ['hub', 'wire', 'config', 'store', 'accounts', 'protocols', 'providers'],
  gateway: ['hub', 'wire', 'config', 'store', 'accounts', 'protocols', 'providers', 'routing'],
  telemetry: ['hub', 'config', 'store', 'accounts', 'gateway'],
  server: ['hub', 'wire', 'config', 'store', 'accounts', 'protocols', 'providers', 'routing', 'gateway', 'telemetry'],
  simulator: [],
  index: ['hub', 'config', 'store', 'accounts', 'protocols', 'providers', 'routing', 'gateway', 'server', 'telemetry'],
  cli: [
    'hub',
    'config',
    'store',
    'accounts',
    'providers',
    'routing',
    'gateway',
    'server',
    'telemetry',
    'simulator',
    'index',
  ],
  version: [],
}

const roomOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, ''))

const STATIC = /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from '(\.[^']+)'/g
const DYNAMIC = /\bimport\('(\.[^']+)'\)/g

/** Our own files that a file imports, from the root of the sources. */
function imports(path: string, text: string): string[] {
  return [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map(([, to]) =>
    relative(SRC, join(SRC, dirname(path), to!)),
  )
}

describe('the rooms', () => {
  it('are all on the plan', () => {
    for (const { path } of files) assert.ok(roomOf(path) in MAY_IMPORT, `${path}: a room that is not on the plan`)
  })

  it('import in one direction only', () => {
    const wrong: string[] = []
    for (const { path, text } of files) {
      const room = roomOf(path)
      for (const to of imports(path, text)) {
        const other = roomOf(to)
        const allowed = other === room || other === 'version' || MAY_IMPORT[room]?.includes(other)
        if (!allowed) wrong.push(`${path} imports ${to}`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('import something at all, or this test reads nothing', () => {
    const count = files.reduce((sum, { path, text }) => sum + imports(path, text).length, 0)
    assert.ok(files.length > 100 && count > 300, `${files.length} files, ${count} imports`)
  })

  it('stay apart as dialects: none knows another, but the legacy one what it grew into', () => {
    const dialectOf = (path: string) =>
      /^protocols\/(anthropic|gemini|openai-chat|openai-responses|openai-completions)\//.exec(path)?.[1]
    const wrong = files.flatMap(({ path, text }) => {
      const own = dialectOf(path)
      if (own === undefined) return []
      const known = [undefined, own, ...(own === 'openai-completions' ? ['openai-chat'] : [])]
      return imports(path, text)
        .filter((to) => !known.includes(dialectOf(to)))
        .map((to) => `${path} imports ${to}`)
    })
    assert.deepEqual(wrong, [])
  })

  it('stay apart as providers: none knows another, but the variants of one vendor', () => {
    const vendorOf = (path: string) => /^providers\/([^/]+)\//.exec(path)?.[1]
    const wrong = files.flatMap(({ path, text }) => {
      const own = vendorOf(path)
      const known = [undefined, own, ...(own === 'codex' ? ['openai'] : [])]
      return own === undefined ? [] : imports(path, text).filter((to) => !known.includes(vendorOf(to)))
    })
    assert.deepEqual(wrong, [])
  })

  it('hold no vendor by name where dialects and roads are made', () => {
    const vendor =
      /\b(?:provider|providerId|vendor)(?:\.id)?\s*[!=]==?\s*['"`]|case '(?:claude|codex|openai|gemini-cli|antigravity|qwen|iflow|kimi|xai)':/
    for (const { path, text } of files)
      if (/^(?:protocols|routing|hub|gateway)\//.test(path)) assert.doesNotMatch(text, vendor, path)
  })
})

describe('a source file', () => {
  it('has at most 450 lines', () => {
    const long = files
      .filter(({ text }) => text.split('\n').length - 1 > 450)
      .map((f) => `${f.path}: ${f.text.split('\n').length - 1}`)
    assert.deepEqual(long, [])
  })

  it('leaves nothing to do', () => {
    const marker = new RegExp(`\\b(?:${['TO', 'FIX'].map((a, i) => a + ['DO', 'ME'][i]).join('|')}|XXX)\\b`)
    for (const { path, text } of files) assert.doesNotMatch(text, marker, path)
  })
})

describe('the dependencies', () => {
  const pack = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const runtime = { ...pack.dependencies, ...pack.optionalDependencies, ...pack.peerDependencies }

  it('at run time are twelve at most', () => {
    assert.ok(Object.keys(runtime).length <= 12, Object.keys(runtime).join(', '))
  })

  it('have exact versions, the same in the lock file', () => {
    for (const [name, version] of Object.entries({ ...runtime, ...pack.devDependencies })) {
      assert.match(version as string, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, name)
      assert.equal(lock.packages[`node_modules/${name}`]?.version, version, name)
    }
  })

  it('at run time run no script when they are installed', () => {
    const scripts = Object.entries(lock.packages as Record<string, { dev?: boolean; hasInstallScript?: boolean }>)
      .filter(([name, p]) => name !== '' && p.dev !== true && p.hasInstallScript === true)
      .map(([name]) => name)
    assert.deepEqual(scripts, [])
  })
})
