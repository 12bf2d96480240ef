/** Files of the products this one follows must load unchanged: CLIProxyAPI (v6.9 and later) and LogicaProxy. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ignoredKeys } from './ignored.ts'
import { parseConfig } from './load.ts'

const older = `
host: ""
port: 8400
tls: { enable: false, cert: "", key: "" }
remote-management:
  allow-remote: false
  secret-key: ""
  disable-control-panel: false
  disable-auto-update-panel: true
  panel-github-repository: "https://github.com/someone/panel"
auth-dir: "~/.cli-proxy-api"
api-keys:
  - "your-api-key-1"
  - "a-key-of-mine"
debug: false
pprof: { enable: false, addr: "127.0.0.1:8316" }
commercial-mode: false
logging-to-file: true
logs-max-total-size-mb: 100
error-logs-max-files: 10
request-log: false
usage-statistics-enabled: false
proxy-url: "socks5://user:pass@192.168.1.1:1080/"
force-model-prefix: false
passthrough-headers: false
request-retry: 3
max-retry-credentials: 0
max-retry-interval: 30
disable-cooling: false
auth-auto-refresh-workers: 16
quota-exceeded:
  switch-project: true
  switch-preview-model: true
  antigravity-credits: true
routing:
  strategy: "round-robin"
ws-auth: false
enable-gemini-cli-endpoint: false
nonstream-keepalive-interval: 0
streaming:
  keepalive-seconds: 0
  bootstrap-retries: 1
antigravity-signature-cache-enabled: true
antigravity-signature-bypass-strict: false
gemini-api-key:
  - api-key: "AIzaSy-one"
    prefix: "test"
    base-url: "https://generativelanguage.googleapis.com"
    headers:
      X-Custom-Header: "custom-value"
    proxy-url: "socks5://proxy.example.com:1080"
    models:
      - name: "gemini-2.5-flash"
        alias: "gemini-flash"
    excluded-models:
      - "gemini-2.5-pro"
      - "gemini-2.5-*"
      - "*-preview"
      - "*flash*"
  - api-key: "AIzaSy-two"
codex-api-key:
  - api-key: "sk-one"
    priority: 2
    base-url: "https://www.example.com"
    websockets: true
    proxy-url: "direct"
    models:
      - name: "gpt-5-codex"
        alias: "codex-latest"
claude-api-key:
  - api-key: "sk-one"
  - api-key: "sk-two"
    base-url: "https://www.example.com"
    proxy-url: "none"
    models:
      - name: "claude-3-5-sonnet-20241022"
        alias: "claude-sonnet-latest"
    cloak:
      mode: "auto"
      strict-mode: false
      sensitive-words: ["API", "proxy"]
      cache-user-id: true
    experimental-cch-signing: false
claude-header-defaults:
  user-agent: "claude-cli/2.1.44 (external, sdk-cli)"
  package-version: "0.74.0"
  stabilize-device-profile: false
codex-header-defaults:
  user-agent: "codex_cli_rs/0.114.0"
  beta-features: "multi_agent"
openai-compatibility:
  - name: "openrouter"
    prefix: "test"
    base-url: "https://openrouter.ai/api/v1"
    headers:
      X-Custom-Header: "custom-value"
    api-key-entries:
      - api-key: "sk-or-v1-one"
        proxy-url: "socks5://proxy.example.com:1080"
      - api-key: "sk-or-v1-two"
    models:
      - name: "moonshotai/kimi-k2:free"
        alias: "kimi-k2"
        thinking:
          levels: ["low", "medium", "high"]
      - name: "glm-5"
        alias: "pool"
      - name: "kimi-k2.5"
        alias: "pool"
vertex-api-key:
  - api-key: "vk-123"
    base-url: "https://example.com/api"
    models: [{ name: "gemini-2.5-flash", alias: "vertex-flash" }]
ampcode:
  upstream-url: "https://ampcode.com"
  upstream-api-keys:
    - upstream-api-key: "amp_one"
      api-keys: ["your-api-key-1"]
  model-mappings:
    - { from: "claude-opus-4-5-20251101", to: "claude-sonnet-4" }
oauth-model-alias:
  gemini-cli:
    - { name: "gemini-2.5-pro", alias: "g2.5p", fork: true }
  qwen:
    - { name: "qwen3-coder-plus", alias: "qwen-plus" }
oauth-excluded-models:
  iflow: ["tstars2.0"]
  vertex: ["gemini-3-*"]
payload:
  default:
    - models: [{ name: "gemini-2.5-pro", protocol: "gemini" }]
      params:
        "generationConfig.thinkingConfig.thinkingBudget": 32768
  default-raw:
    - models: [{ name: "gemini-2.5-pro", protocol: "gemini" }]
      params:
        "generationConfig.responseJsonSchema": "{\\"type\\":\\"object\\"}"
  override:
    - models: [{ name: "gpt-*", protocol: "codex" }]
      params:
        "reasoning.effort": "high"
  override-raw:
    - models: [{ name: "gpt-*", protocol: "codex" }]
      params:
        "response_format": "{\\"type\\":\\"json_object\\"}"
  filter:
    - models: [{ name: "gemini-2.5-pro", protocol: "gemini" }]
      params: ["generationConfig.thinkingConfig.thinkingBudget"]
`

const newer = `
redis-usage-queue-retention-seconds: 60
save-cooldown-status: false
transient-error-cooldown-seconds: -1
disable-claude-cloak-mode: false
claude-code: { disable-cloaking-model-list: false }
disable-image-generation: "chat"
gpt-image-2-base-model: "gpt-5.4-mini"
video-result-auth-cache-ttl: "3h"
routing:
  strategy: "weighted-round-robin"
  session-affinity: true
  session-affinity-ttl: "1h"
  session-affinity-subagents: true
codex: { identity-confuse: false, live-media-relay: { enabled: false } }
antigravity: { sensitive-words: ["API"] }
xai: { inject-x-search: false }
plugins: { enabled: false, configs: { example: { enabled: true } } }
credential-concurrency: { max-limit: 5 }
credential-in-flight: { snapshot-interval: 2s }
claude-api-key:
  - api-key: "k"
    weight: 5
    disabled: false
    display-name: "Main"
    disable-cooling: false
    request-retry: -1
    request-scoped-errors: [{ status: 400, match: ["too long"], action: "stop" }]
    fingerprint-profile: "claude-code-cli"
    rebuild-mid-system-message: false
    headers: { X-Session: "$X-Session-Id" }
    models:
      - name: "m"
        alias: "a"
        display-name: "M"
        max-context-length: 1048576
        force-mapping: true
        is-compat: false
        thinking: { levels: ["max", "none"] }
codex-api-key:
  - { api-key: "k", base-url: "https://x", alpha-search: false }
openai-compatibility:
  - name: "x"
    base-url: "https://x/v1"
    disabled: true
    support-prompt-cache-key: false
    api-key-entries: [{ api-key: "k", weight: 2 }]
    models:
      - { name: "m", image: false, input-modalities: [text, image], output-modalities: [text] }
xai-api-key: [{ api-key: "xai-k", websockets: true }]
interactions-api-key: [{ api-key: "AIza" }]
oauth-model-alias:
  antigravity:
    - { name: "a", alias: "b", display-name: "B", fork: true, force-mapping: true }
oauth-request-scoped-errors:
  claude: [{ status: 400, match: ["too long"], action: "stop" }]
payload:
  override:
    - models:
        - name: "gemini-2.5-pro"
          protocol: "gemini"
          from-protocol: "responses"
          headers: { X-Client-Tier: "tenant-*" }
          match: [{ "metadata.client": "codex" }]
          not-match: [{ "metadata.mode": "dev" }]
          exist: ["tools"]
          not-exist: ["metadata.disable_payload"]
      params: { service_tier: priority }
`

const product = `
# Server
host: "127.0.0.1"           # Bind address
port: 8317
debug: false
api-keys:
  - "your-key-here"
auth-dir: "~/.logicaproxy"
request-retry: 2
max-retry-interval: 30
ai-router:
  enabled: true
  default-model: ""
  routes:
    code: "claude-sonnet-4-6"
    reasoning: "claude-opus-4-6"
    fast: "claude-haiku-4-5-20251001"
request-log: true
error-logs-max-files: 10
commercial-mode: false
websocket-auth: false
`

describe('a file of CLIProxyAPI', () => {
  test('of v6.9 loads unchanged, each foreign key told once', () => {
    const { config, notices } = parseConfig(older)
    assert.equal(config.host, '')
    assert.equal(config['request-retry'], 3)
    assert.equal(config.streaming['keepalive-seconds'], 0)
    assert.equal(config['claude-api-key'][1]!['proxy-url'], 'direct')
    assert.ok(!('cloak' in config['claude-api-key'][1]!))
    assert.equal(config['openai-compatibility'][0]!.models.filter(({ alias }) => alias === 'pool').length, 2)
    assert.equal(config['oauth-model-alias']['gemini-cli']![0]!.fork, true)
    const ignored = notices.filter(({ kind }) => kind === 'ignored')
    assert.deepEqual(ignored.map(({ pattern }) => pattern).sort(), [
      'ampcode',
      'antigravity-signature-bypass-strict',
      'antigravity-signature-cache-enabled',
      'auth-auto-refresh-workers',
      'claude-api-key[].cloak',
      'claude-api-key[].experimental-cch-signing',
      'claude-header-defaults',
      'codex-api-key[].websockets',
      'codex-header-defaults',
      'enable-gemini-cli-endpoint',
      'nonstream-keepalive-interval',
      'passthrough-headers',
      'pprof',
      'quota-exceeded',
      'remote-management.disable-auto-update-panel',
      'remote-management.panel-github-repository',
      'vertex-api-key',
    ])
    const cloak = ignored.find(({ pattern }) => pattern === 'claude-api-key[].cloak')!
    assert.equal(older.split('\n')[cloak.line - 1]?.trim(), 'cloak:')
    assert.match(cloak.message, /"claude-api-key\[1\]\.cloak" is ignored: disguise is not built/)
    assert.deepEqual(
      notices.filter(({ kind }) => kind === 'warning').map(({ path }) => path),
      ['api-keys[0]'],
    )
  })

  test('of later versions loads unchanged too', () => {
    const { config, notices } = parseConfig(newer)
    assert.equal(config.routing.strategy, 'weighted')
    assert.equal(config.routing['session-affinity-ttl'], 3600)
    assert.equal(config['transient-error-cooldown-seconds'], -1)
    assert.deepEqual(config['claude-api-key'][0]!.headers, { 'X-Session': '$X-Session-Id' })
    assert.deepEqual(config['claude-api-key'][0]!.models[0], {
      name: 'm',
      alias: 'a',
      'display-name': 'M',
      'max-context-length': 1_048_576,
      thinking: { levels: ['max', 'none'] },
    })
    assert.ok(notices.every(({ kind, pattern }) => kind === 'ignored' && pattern! in ignoredKeys))
    assert.equal(new Set(notices.map(({ pattern }) => pattern)).size, notices.length)
  })

  test('tells a key that stands in many places once, with the count', () => {
    const { notices } = parseConfig('claude-api-key:\n  - { api-key: a, cloak: 1 }\n  - { api-key: b, cloak: 2 }\n')
    assert.equal(notices.length, 1)
    assert.match(notices[0]!.message, /\(2 times\)/)
    assert.equal(notices[0]!.line, 2)
  })
})

test('the file of the product description loads unchanged', () => {
  const { config, notices } = parseConfig(product)
  assert.deepEqual(config['ai-router'], {
    enabled: true,
    'default-model': '',
    routes: { code: ['claude-sonnet-4-6'], reasoning: ['claude-opus-4-6'], fast: ['claude-haiku-4-5-20251001'] },
    'min-confidence': 0.4,
    categories: {},
    guards: true,
    sticky: true,
    'dry-run': false,
  })
  assert.equal(config['websocket-auth'], false)
  assert.equal(config['request-log'], true)
  assert.deepEqual(
    notices.map(({ kind }) => kind),
    ['warning'],
  )
})
