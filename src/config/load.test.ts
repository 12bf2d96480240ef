// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the config's own syntax
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, expandHome, loadConfig, maxConfigBytes, parseConfig, resolveConfigPath } from './load.ts'

const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseConfig(text, { env })

/** The lines of the error a text is refused with. */
function refusal(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parse(text, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
  return assert.fail('the config was taken')
}

describe('a config that is taken', () => {
  test('nothing at all gives all defaults', () => {
    for (const text of ['', '\n', '# only a comment\n', '---\n', '{}']) {
      const { config, notices } = parse(text)
      assert.equal(config.host, '127.0.0.1')
      assert.equal(config.port, 8317)
      assert.deepEqual(config['api-keys'], [])
      assert.equal(config['auth-dir'], '~/.logicaproxy')
      assert.equal(config['request-retry'], 2)
      assert.equal(config['max-retry-interval'], 30)
      assert.equal(config['error-logs-max-files'], 10)
      assert.equal(config.limits['body-mib'], 32)
      assert.equal(config.timeouts.connect, 10)
      assert.equal(config['websocket-auth'], true)
      assert.deepEqual(notices, [])
    }
  })

  test('is frozen to its last leaf', () => {
    const { config } = parse('api-keys: [a]\nai-router: { routes: { code: [x] } }')
    assert.throws(() => (config['api-keys'] as string[]).push('b'), TypeError)
    assert.throws(() => config['ai-router'].routes['code']!.push('b'), TypeError)
    assert.throws(() => Object.assign(config.limits, { 'body-mib': 1 }), TypeError)
  })

  test('an empty value counts as left out', () => {
    const { config } = parse('port:\napi-keys:\nai-router:\n  routes:\nopenai-compatibility:\n')
    assert.equal(config.port, 8317)
    assert.deepEqual(config['ai-router'].routes, {})
  })

  test('an unquoted number may be a key, spelled as in the file', () => {
    const { config } = parse('api-keys:\n  - 0123\n  - 1.50\n  - true\nhost: 1\n')
    assert.deepEqual(config['api-keys'], ['0123', '1.50', 'true'])
    assert.equal(config.host, '1')
  })

  test('yes and off are switches where a switch stands, and texts elsewhere', () => {
    const { config } = parse('debug: yes\ntls: { enable: off }\nai-router: { default-model: yes }\n')
    assert.equal(config.debug, true)
    assert.equal(config['ai-router']['default-model'], 'yes')
    assert.match(refusal('debug: "yes"')[0]!, /debug must be true or false, found "yes"/)
  })

  test('websocket-auth and ws-auth are one switch', () => {
    assert.equal(parse('ws-auth: false').config['websocket-auth'], false)
    assert.equal(parse('websocket-auth: false').config['ws-auth'], false)
    const { config, notices } = parse('websocket-auth: true\nws-auth: false')
    assert.equal(config['ws-auth'], true)
    assert.match(notices[0]!.message, /one switch and differ/)
  })

  test('strategy spellings and durations of the reference', () => {
    const routing = (text: string) => parse(`routing: { ${text} }`).config.routing
    assert.equal(routing('strategy: weighted-round-robin').strategy, 'weighted')
    assert.equal(routing('strategy: fillfirst').strategy, 'fill-first')
    assert.equal(routing('session-affinity-ttl: 1h30m')['session-affinity-ttl'], 5400)
    assert.equal(routing('session-affinity-ttl: 90')['session-affinity-ttl'], 90)
  })

  test('anchors and merge keys work, and keys that stand beside a merge win', () => {
    const { config } = parse(`
openai-compatibility:
  - &base
    name: a
    base-url: http://a/v1/
    priority: 3
    headers: { X-One: "1" }
  - <<: *base
    name: b
    base-url: http://b
  - <<: [{ weight: 2, priority: 9 }, *base]
    name: c
`)
    const [a, b, c] = config['openai-compatibility']
    assert.equal(a!['base-url'], 'http://a/v1')
    assert.deepEqual([b!.name, b!['base-url'], b!.priority, b!.headers], ['b', 'http://b', 3, { 'X-One': '1' }])
    assert.deepEqual([c!.name, c!.priority, c!.weight], ['c', 9, 2])
  })

  test('accounts get their defaults and forms', () => {
    const { config } = parse(`
claude-api-key:
  - { api-key: k, label: Team, base-url: "", proxy-url: none, models: [{ name: m }, { name: n, alias: o }] }
openai-compatibility:
  - { name: x, base-url: "http://x", protocol: [anthropic, gemini], api-key-entries: [{ api-key: "" }] }
fallback: { a: b, c: [d, e] }
`)
    const claude = config['claude-api-key'][0]!
    assert.equal(claude['base-url'], 'https://api.anthropic.com')
    assert.equal(claude['proxy-url'], 'direct')
    assert.equal(claude['display-name'], 'Team')
    assert.deepEqual([claude.weight, claude.priority, claude.disabled], [1, 0, false])
    assert.deepEqual(
      claude.models.map(({ alias }) => alias),
      ['m', 'o'],
    )
    assert.deepEqual(config['openai-compatibility'][0]!.protocol, ['anthropic', 'gemini'])
    assert.deepEqual(config.fallback, { a: ['b'], c: ['d', 'e'] })
  })

  test('a provider that nobody logs in to is taken with a warning and the nearest name', () => {
    const { notices } = parseConfig(
      [
        'oauth-model-alias:',
        '  claud: [{ name: a, alias: b }]',
        '  vertex: []',
        'oauth-excluded-models:',
        '  gemini: [x]',
        'oauth-clients:',
        '  codex: { id: mine }',
      ].join('\n'),
    )
    assert.deepEqual(
      notices.map(({ kind, line, message }) => [kind, line, message]),
      [
        ['warning', 2, 'oauth-model-alias names "claud", which is no provider to log in to (did you mean "claude"?)'],
        [
          'warning',
          5,
          'oauth-excluded-models names "gemini", which is no provider to log in to (there are claude, codex, gemini-cli, antigravity, qwen, iflow, kimi, vertex, xai)',
        ],
      ],
    )
  })

  test('sample keys are taken with a warning that names the line', () => {
    const { config, notices } = parse('api-keys:\n  - your-api-key-1\n  - your-secret-key\n  - your-key-here\n  - mine')
    assert.equal(config['api-keys'].length, 4)
    assert.deepEqual(
      notices.map(({ kind, line }) => [kind, line]),
      [
        ['warning', 2],
        ['warning', 3],
        ['warning', 4],
      ],
    )
  })
})

describe('values from the environment', () => {
  const env = { KEY: 'abc', PORT: '9000', FLAG: 'true', EMPTY: '', TTL: '60' }

  test('fill texts, numbers and switches', () => {
    const { config } = parse(
      [
        'api-keys: ["${KEY}", "x-${KEY}-${NONE:-d}", "${EMPTY:-e}", "$${KEY}"]',
        'port: ${PORT}',
        'debug: "${FLAG}"',
        'drain-seconds: ${NONE:-2.5}',
        'routing: { session-affinity-ttl: "${TTL}" }',
        'host: "${EMPTY}"',
      ].join('\n'),
      env,
    )
    assert.deepEqual(config['api-keys'], ['abc', 'x-abc-d', 'e', '${KEY}'])
    assert.deepEqual([config.port, config.debug, config['drain-seconds'], config.host], [9000, true, 2.5, ''])
    assert.equal(config.routing['session-affinity-ttl'], 60)
  })

  test('an unset variable is a fault with line and name, once', () => {
    assert.deepEqual(refusal('debug: true\nport: ${NOPE}\n', env), [
      'config.yaml:2: port needs the environment variable NOPE, which is not set',
    ])
  })

  test('a wrong value names the variable and does not show what it holds', () => {
    const [line] = refusal('port: "${KEY}"', env)
    assert.equal(
      line,
      'config.yaml:1: port must be a whole number from 0 to 65535, found the value of "${KEY}" from the environment',
    )
  })

  test('comments and ignored keys need no variables', () => {
    parse('# ${NOPE}\nampcode: { upstream-api-key: "${NOPE}" }\n')
  })
})

describe('a config that is refused', () => {
  test('tells all faults at once, each with its line, in order', () => {
    assert.deepEqual(refusal('debug: 3\nport: abc\nrouting:\n  strategy: best\napi-kyes: []\nhost: a\nhost: b\n'), [
      'config.yaml:1: debug must be true or false, found 3',
      'config.yaml:2: port must be a whole number from 0 to 65535, found "abc"',
      'config.yaml:4: routing.strategy must be "round-robin", "weighted", "fill-first" or "most-quota-left", found "best"',
      'config.yaml:5: unknown key "api-kyes" (did you mean "api-keys"?)',
      'config.yaml:7: key "host" is given twice (first in line 6)',
    ])
  })

  test('an unknown key names the nearest known one, at its own level or where it belongs', () => {
    assert.match(refusal('API_KEYS: []')[0]!, /did you mean "api-keys"/)
    assert.match(refusal('strategy: x')[0]!, /did you mean "routing.strategy"/)
    assert.match(refusal('routing: { stratgy: x }')[0]!, /unknown key "stratgy" in routing \(did you mean "strategy"/)
    assert.match(refusal('zzzzzzzz: 1')[0]!, /the nearest known key is "/)
    assert.match(refusal('api-keys: [{ key: a, nmae: b }]')[0]!, /in api-keys\[0\] \(did you mean "name"/)
    assert.match(refusal('openai-compatibility: [{ nam: a, base-url: "http://x" }]').join(), /did you mean "name"/)
    assert.match(refusal('api-kyes:')[0]!, /config.yaml:1: unknown key/)
  })

  const wrong: [string, RegExp][] = [
    ['port: 65536', /port must be a whole number from 0 to 65535, found 65536/],
    ['port: -1', /found -1/],
    ['port: 80.5', /found 80.5/],
    ['port: "8317"', /found "8317"/],
    ['port: [1]', /found a list/],
    ['port: { a: 1 }', /found a mapping/],
    ['[1]', /the file must be a mapping of keys, found a list/],
    ['just a text', /the file must be a mapping of keys/],
    ['proxy-url: ftp://x', /proxy-url must be an http:\/\/, https:\/\/, socks5:\/\/ or socks5h:\/\/ address/],
    ['proxy-url: socks5://', /proxy-url must be/],
    ['claude-api-key: [{ api-key: k, base-url: "ws://x" }]', /base-url must be an http:\/\/ or https:\/\/ address/],
    ['claude-api-key: [{ base-url: "http://x" }]', /claude-api-key\[0\].api-key is missing; it must be a text/],
    ['claude-api-key: [{ api-key: " " }]', /must be a text that is not empty/],
    ['claude-api-key: { api-key: k }', /claude-api-key must be a list, found a mapping/],
    ['claude-api-key: [{ api-key: k, excluded-models: ["a b"] }]', /a model name, in which \* stands/],
    ['claude-api-key: [{ api-key: k, excluded-models: ["gpt-[45]"] }]', /a model name, in which \* stands/],
    ['claude-api-key: [{ api-key: k, headers: { "a b": c } }]', /has the key "a b": it must be a header name/],
    ['claude-api-key: [{ api-key: k, weight: 1000001 }]', /a whole number from -1000000 to 1000000/],
    ['trusted-proxies: [10.0.0.0/33]', /an IP address or a network/],
    ['api-keys: [""]', /api-keys\[0\] must be a/],
    ['api-keys: ["sha256:12"]', /"sha256:" and 64 hexadecimal digits/],
    ['limits: { body-mib: 0 }', /a number above 0, found 0/],
    ['timeouts: { idle: -1 }', /a number of seconds, 0 or more, found -1/],
    ['log: { level: loud }', /"trace", "debug", "info", "warn", "error" or "silent", found "loud"/],
    ['tls: { enable: true }', /tls.enable is true, so tls.cert must name a file/],
    ['payload: { override-raw: [{ params: { a: "{" } }] }', /params.a must be JSON text, found "\{"/],
    ['openai-compatibility: [{ name: a, base-url: "http://a", protocol: grpc }]', /"gemini", or a list of them/],
    ['__proto__: { a: 1 }', /key "__proto__" is not allowed/],
    ['? [a]\n: b', /a key must be a name/],
  ]
  for (const [text, expected] of wrong) test(`refuses ${text}`, () => assert.match(refusal(text).join('\n'), expected))

  test('a provider name used twice', () => {
    const text = 'openai-compatibility:\n  - { name: A, base-url: "http://a" }\n  - { name: a, base-url: "http://b" }\n'
    assert.deepEqual(refusal(text), ['config.yaml:3: the provider name "a" is used twice (first in line 2)'])
  })

  test('shows no secrets', () => {
    const text = [
      'claude-api-key: [{ api-key: [hush-1], headers: { X-A: "hush-2\\nhush-2" } }]',
      'proxy-url: ftp://user:hush-3@host',
      'api-keys: [{ key: "sha256:hush-4" }, "sha256:hush-5"]',
      'remote-management: { secret-key: { hush-6: 1 }, allow-remote: hushed }',
    ].join('\n')
    const told = refusal(text).join('\n')
    assert.doesNotMatch(told, /hush-[1-5]/)
    assert.match(told, /ftp:\/\/\*\*\*@host/)
  })

  test('broken YAML names its line', () => {
    assert.match(refusal('host: a\nport: [1\n')[0]!, /^config\.yaml:\d: not valid YAML: /)
    assert.match(refusal('a: *none')[0]!, /config.yaml:1: alias "\*none" has no anchor/)
    assert.match(refusal('a: &a [*a]')[0]!, /alias "\*a" holds itself/)
    assert.match(refusal('['.repeat(100_000))[0]!, /nested too deeply|not valid YAML/)
  })

  test('an alias bomb is refused, and quickly', () => {
    const levels = ['a: &l0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i++)
      levels.push(
        `l${i}: &l${i} [${Array(10)
          .fill(`*l${i - 1}`)
          .join(', ')}]`,
      )
    const start = performance.now()
    assert.match(refusal(levels.join('\n')).join('\n'), /aliases unfold to more than 10000 values/)
    assert.ok(performance.now() - start < 1000)
  })

  test('very many faults are counted, not listed', () => {
    const text = Array.from({ length: 300 }, (_, i) => `k${i}: 1`).join('\n')
    const lines = refusal(text)
    assert.equal(lines.length, 101)
    assert.equal(lines.at(-1), 'config.yaml: and 200 more faults')
  })
})

describe('whatever the text, nothing but ConfigError is thrown', () => {
  const only = (text: string) => {
    try {
      parse(text)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      assert.ok(error.faults.length > 0)
    }
  }
  test('any text', () => fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), only), { numRuns: 300 }))
  test('text of YAML signs', () => {
    const signs = fc.constantFrom(
      'a',
      '1',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '<<: ',
      '? ',
      '|',
      '!!x ',
      '"',
      "'",
      '#',
      '${A}',
      'port',
      'api-keys',
      '~',
      '\t',
    )
    fc.assert(
      fc.property(
        fc.array(signs, { maxLength: 40 }).map((parts) => parts.join('')),
        only,
      ),
      { numRuns: 500 },
    )
  })
  test('any value under any known key', () => {
    const keys = [
      'port',
      'tls',
      'api-keys',
      'claude-api-key',
      'openai-compatibility',
      'payload',
      'routing',
      'ai-router',
      'ampcode',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => only(JSON.stringify({ [key]: value }))),
      { numRuns: 300 },
    )
  })
})

describe('files', () => {
  let dir = ''
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lp-load-'))
  })
  after(() => rm(dir, { recursive: true }))
  const refused = async (file: string) => {
    const error = await loadConfig(file).then(
      () => assert.fail('it was taken'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }

  test('a file with a byte order mark, with its digest', async () => {
    const file = join(dir, 'bom.yaml')
    await writeFile(file, '\uFEFFport: 1\n')
    const loaded = await loadConfig(file)
    assert.equal(loaded.config.port, 1)
    assert.match(loaded.digest, /^[0-9a-f]{64}$/)
    assert.equal(loaded.file, file)
  })
  test('a directory in its place is explained', async () => {
    await mkdir(join(dir, 'config.yaml'))
    assert.match(await refused(join(dir, 'config.yaml')), /config\.yaml is a directory: Docker made it because/)
  })
  test('a missing file, a path through a file', async () => {
    assert.match(await refused(join(dir, 'none.yaml')), /none\.yaml: there is no such file/)
    assert.match(await refused(join(dir, 'bom.yaml', 'x')), /not a directory/)
  })
  test('a file that may not be read', { skip: process.getuid?.() === 0 }, async () => {
    const file = join(dir, 'shut.yaml')
    await writeFile(file, '')
    await chmod(file, 0)
    assert.match(await refused(file), /may not be read/)
  })
  test('a file over 1 MiB, and one that is not UTF-8', async () => {
    await writeFile(join(dir, 'big.yaml'), `#${'x'.repeat(maxConfigBytes)}`)
    assert.match(await refused(join(dir, 'big.yaml')), /larger than 1 MiB/)
    await writeFile(join(dir, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0xff]))
    assert.match(await refused(join(dir, 'latin.yaml')), /not UTF-8/)
  })
  test('faults carry the name of the file', async () => {
    await writeFile(join(dir, 'bad.yaml'), 'prot: 1\n')
    assert.match(await refused(join(dir, 'bad.yaml')), /bad\.yaml:1: unknown key "prot" \(did you mean "port"\?\)$/)
  })

  test('the path: as given, then the variable, then here, then home', async () => {
    const home = { HOME: '/home/me' }
    const named = { ...home, LOGICAPROXY_CONFIG: '~/lp.yaml' }
    assert.equal(resolveConfigPath('x.yaml', named, '/cwd'), '/cwd/x.yaml')
    assert.equal(resolveConfigPath(undefined, named, '/cwd'), '/home/me/lp.yaml')
    assert.equal(resolveConfigPath(undefined, home, '/nowhere'), '/home/me/.logicaproxy/config.yaml')
    assert.equal(resolveConfigPath(undefined, home, dir), join(dir, 'config.yaml'))
    assert.equal(expandHome('~', home), '/home/me')
    assert.equal(expandHome('~x/y', home), '~x/y')
  })
})
