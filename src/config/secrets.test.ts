import assert from 'node:assert/strict'
import { it } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from './load.ts'
import { configSecrets } from './secrets.ts'

const of = (config: object) => configSecrets(parseConfig(stringify(config), { env: {} }).config)

it('an empty config has no secrets', () => {
  assert.deepEqual(of({}).secrets, [])
})

it('keys, header values and addresses with credentials are found everywhere they can stand', () => {
  const hash = `sha256:${'0'.repeat(64)}`
  const account = (n: string) => ({
    'api-key': `key-${n}`,
    headers: { 'X-A': `header-${n}` },
    'proxy-url': `http://u:p@proxy-${n}.test`,
    'base-url': `https://u:p@base-${n}.test`,
  })
  const { secrets, urls } = of({
    'api-keys': ['client-1', hash, { name: 'x', key: 'client-2' }, { name: 'y', key: hash }],
    'remote-management': { 'secret-key': 'admin' },
    'proxy-url': 'http://u:p@proxy-global.test',
    'claude-api-key': [account('claude')],
    'openai-api-key': [account('openai')],
    'codex-api-key': [account('codex')],
    'gemini-api-key': [account('gemini')],
    'openai-compatibility': [
      {
        name: 'box',
        'base-url': 'https://u:p@base-box.test',
        'proxy-url': 'http://u:p@proxy-box.test',
        headers: { 'X-A': 'header-box' },
        'api-key-entries': [
          { 'api-key': 'key-box', headers: { 'X-B': 'header-entry' }, 'proxy-url': 'http://u:p@proxy-entry.test' },
        ],
      },
    ],
  })
  const names = ['claude', 'openai', 'codex', 'gemini']
  assert.deepEqual(
    secrets.toSorted(),
    [
      'admin',
      'client-1',
      'client-2',
      'header-box',
      ...names.map((n) => `header-${n}`),
      'header-entry',
      'key-box',
      ...names.map((n) => `key-${n}`),
    ].toSorted(),
  )
  const hosts = urls.map((u) => new URL(u).hostname).toSorted()
  assert.deepEqual(
    hosts,
    [
      'proxy-global.test',
      'proxy-box.test',
      'base-box.test',
      'proxy-entry.test',
      ...names.flatMap((n) => [`proxy-${n}.test`, `base-${n}.test`]),
    ].toSorted(),
  )
})
