import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { parse as parseYaml } from 'yaml'
import { ignoredKeys } from './ignored.ts'
import { configJsonSchema, configSchemaText } from './json-schema.ts'
import { parseConfig } from './load.ts'
import { configKeys } from './walk.ts'

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')

/** The example with its commented keys taken into use; the comments in prose stay. */
function uncomment(text: string): string {
  const key = /^(\s*)# ?(\s*(?:- |(?:- )?(?:"[^"]+"|[a-z][\w-]*):(?: |$)).*)$/
  return text
    .split('\n')
    .map((line) => (line.startsWith('# yaml-') ? line : line.replace(key, '$1$2')))
    .join('\n')
}

const env = Object.fromEntries(
  ['LOGICAPROXY_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'CODEX_API_KEY', 'GEMINI_API_KEY', 'OPENROUTER_API_KEY']
    .concat('OPENROUTER_API_KEY_2', 'GEMINI_CLI_CLIENT_SECRET')
    .map((name) => [name, `value of ${name}`]),
)

/** Every key that stands somewhere under a value. */
function* keysIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key
    yield* keysIn(inner)
  }
}

describe('config.example.yaml', () => {
  test('as it is gives all defaults, without a notice', async () => {
    const { config, notices } = parseConfig(await read('config.example.yaml'), { env: {} })
    assert.deepEqual(notices, [])
    assert.deepEqual(config, parseConfig('').config)
  })

  test('loads with every commented key taken into use, without a notice', async () => {
    const { config, notices } = parseConfig(uncomment(await read('config.example.yaml')), { env })
    assert.deepEqual(notices, [])
    assert.equal(config['openai-compatibility'].length, 2)
    assert.equal(config['claude-api-key'][0]!['excluded-models'].length, 2)
    assert.equal(config.payload.default[0]!.models[0]!.protocol, 'gemini')
  })

  test('shows every key of the schema', async () => {
    const example = parseYaml(uncomment(await read('config.example.yaml'))) as Record<string, unknown>
    const shown = new Set(keysIn(example))
    const missing = configKeys()
      .map(({ path }) => path)
      .filter((path) => (/[.[]/.test(path) ? !shown.has(path.split('.').at(-1)!) : !(path in example)))
    // label is named in the prose beside display-name and used by another account.
    assert.deepEqual(missing, [])
  })

  test('every key has a description', () => {
    assert.deepEqual(
      configKeys().filter(({ description }) => description === ''),
      [],
    )
  })
})

describe('config.schema.json', () => {
  test('is current: run "npm run schema" after a change of the schema', async () => {
    assert.equal(await read('config.schema.json'), configSchemaText())
  })

  test('takes variables for numbers and switches, and shows ignored keys as obsolete', () => {
    const { properties } = configJsonSchema() as { properties: Record<string, Record<string, unknown>> }
    assert.deepEqual(properties['port']!['type'], ['integer', 'string'])
    assert.equal(properties['ampcode']!['deprecated'], true)
    assert.equal(properties['host']!['default'], '127.0.0.1')
    assert.ok(properties['ws-auth'])
  })
})

test('no key is both known and ignored', () => {
  const known = new Set(configKeys().map(({ path }) => path))
  assert.deepEqual(
    Object.keys(ignoredKeys).filter((path) => known.has(path)),
    [],
  )
})
