/** What reaches the upstream, and which one: bytes, headers, names, pins, orders of accounts, proxies. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parseFault } from '../src/simulator/index.ts'
import {
  accounts,
  anthropic,
  ask,
  askDirectly,
  chat,
  dialects,
  gemini,
  type Json,
  post,
  responses,
} from './support/dialects.ts'
import { httpProxy, socksProxy } from './support/proxies.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

const [A, B] = ['upstream-key-a', 'upstream-key-b']
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const keys = (run: Running) =>
  run.simulator
    .attempts()
    .map((a) => a.key.at(-1))
    .join('')
const last = (run: Running) => run.simulator.attempts().at(-1)!
let turn = 0
const fresh = () => ({ text: `Matter ${++turn}` })
const names = (list: Json): string[] => (list.data ?? list.models).map((m: Json) => m.id ?? m.slug ?? m.name)

/** A body no serializer would write: odd spaces, escapes, a number JavaScript cannot hold, members nobody knows. */
function odd(model: string): string {
  return `{ "x_unknown" : {"b":1.0,"a":12345678901234567890} ,"max_tokens":64,\r\n\t"model" :  "${model}", "messages":[{"role":"user","content":"H\\u0069 \\"model\\": \\ud83d\\ude00 ü"}] }\n`
}

describe('bytes', { concurrency: 8 }, () => {
  const T = Date.now()
  for (const dialect of dialects) {
    it(`a request body travels untouched (${dialect.id})`, async () => {
      await using run = await start((url) => accounts(dialect, url, [A]))
      const body = `  ${JSON.stringify(dialect.body(dialect.model, false, 'Hi ü 😀'), null, 3)}\n`
      const answer = await post(run, dialect, dialect.path(dialect.model, false), body)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-logicaproxy-lane'], 'pass-through')
      assert.equal(last(run).bodyHash, sha256(body))
    })

    for (const word of [
      'events:40',
      'events:30+each',
      'events:5+bytes:3',
      'huge:300000',
      'empty',
      'refusal',
      'refusal-text',
      'think',
      'think-redacted',
      'cached:50',
      'len:5000+pace:1',
    ])
      it(`an answer comes back to the byte: ${word} (${dialect.id})`, async () => {
        await using run = await start((url) => accounts(dialect, url, [A]), { simulator: { now: () => T } })
        for (const stream of [true, false]) {
          const question = { model: `${dialect.model}+${word}`, stream }
          const [ours, theirs] = [await ask(run, dialect, question), await askDirectly(run, dialect, question)]
          assert.equal(ours.status, theirs.status)
          assert.equal(ours.raw, theirs.raw)
        }
      })
  }

  it('an alias is spliced in, and everything else stays as it was', async () => {
    await using run = await start((url) =>
      accounts(anthropic, url, [{ 'api-key': A, models: [{ name: 'claude-sonnet-4-6', alias: 'my "own" näme' }] }]),
    )
    const asked = odd('my \\"own\\" n\\u00e4me')
    await post(run, anthropic, '/v1/messages', asked)
    assert.equal(last(run).bodyHash, sha256(odd('claude-sonnet-4-6')))
    assert.equal((await ask(run, anthropic, { model: 'my "own" näme', stream: true })).status, 200)
    // The upstream's own name is not served any more; the list shows the alias.
    assert.equal((await ask(run, anthropic, { model: 'claude-opus-5' })).status, 404)
  })

  it('names beyond ASCII are spliced in whole', async () => {
    const name = 'modèle-😀'
    await using run = await start((url) => accounts(chat, url, [{ 'api-key': A, models: [{ name, alias: 'm' }] }]))
    const body = (m: string) => `{"model":"${m}","messages":[{"role":"user","content":"Hi"}]}`
    await post(run, chat, '/v1/chat/completions', body('m'))
    assert.equal(last(run).bodyHash, sha256(body(name)))
  })

  it('of two members "model" the last one counts, and it is the one that is spliced', async () => {
    await using run = await start((url) =>
      accounts(chat, url, [{ 'api-key': A, models: [{ name: 'gpt-5.2', alias: 'mine' }] }]),
    )
    const body = (m: string) =>
      `{"model":"other","tools":[],"messages":[{"role":"user","content":"Hi"}],"model":"${m}"}`
    await post(run, chat, '/v1/chat/completions', body('mine'))
    assert.equal(last(run).bodyHash, sha256(body('gpt-5.2')))
  })

  it('an alias of Gemini goes into the path', async () => {
    await using run = await start((url) =>
      accounts(gemini, url, [{ 'api-key': A, models: [{ name: 'gemini-2.5-flash', alias: 'quick' }] }]),
    )
    const body = JSON.stringify(gemini.body('', false, 'Hi'))
    assert.equal((await post(run, gemini, '/v1beta/models/quick:generateContent', body)).status, 200)
    assert.equal(last(run).path, '/v1beta/models/gemini-2.5-flash:generateContent')
    assert.equal(last(run).bodyHash, sha256(body))
  })

  for (const [coding, pack] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)
    it(`a ${coding} body is unpacked, and sent on plain`, async () => {
      await using run = await start((url) => accounts(responses, url, [A]))
      const body = JSON.stringify(responses.body(responses.model, false, 'Hi '.repeat(5_000)))
      const answer = await post(run, responses, '/v1/responses', pack(Buffer.from(body)), {
        'content-encoding': coding,
      })
      assert.equal(answer.status, 200)
      assert.equal(last(run).bodyHash, sha256(body))
      assert.equal(last(run).headers['content-encoding'], undefined)
      const broken = await post(run, responses, '/v1/responses', body, { 'content-encoding': coding })
      assert.equal(broken.status, 400)
    })
})

describe('headers', { concurrency: 8 }, () => {
  it('the client’s own travel on; its key and where it sits do not', async () => {
    await using run = await start((url) => accounts(anthropic, url, [A]))
    await ask(run, anthropic, {
      headers: {
        'anthropic-beta': 'interleaved-thinking-2025-05-14,context-1m-2025-08-07',
        'anthropic-version': '2023-06-01',
        'x-claude-code-session-id': 'session-1',
        'user-agent': 'claude-cli/2.1.330 (external, sdk-cli)',
        'x-stainless-retry-count': '0',
        'x-forwarded-for': '10.1.2.3',
        'x-real-ip': '10.1.2.3',
        cookie: 'a=b',
        authorization: `Bearer ${CLIENT_KEY}`,
        'x-goog-api-key': CLIENT_KEY,
      },
    })
    const { headers } = last(run)
    assert.equal(headers['anthropic-beta'], 'interleaved-thinking-2025-05-14,context-1m-2025-08-07')
    assert.equal(headers['anthropic-version'], '2023-06-01')
    assert.equal(headers['x-claude-code-session-id'], 'session-1')
    assert.equal(headers['user-agent'], 'claude-cli/2.1.330 (external, sdk-cli)')
    assert.equal(headers['x-stainless-retry-count'], '0')
    for (const name of ['x-forwarded-for', 'x-real-ip', 'cookie', 'x-goog-api-key', 'via', 'forwarded'])
      assert.equal(headers[name], undefined, name)
    assert.equal(headers['authorization'], `Bearer ${A}`)
    assert.doesNotMatch(JSON.stringify(headers), new RegExp(CLIENT_KEY))
  })

  for (const dialect of dialects)
    it(`the client's key never reaches the upstream, however it is given (${dialect.id})`, async () => {
      await using run = await start((url) => accounts(dialect, url, [A]))
      const body = JSON.stringify(dialect.body(dialect.model, false, 'Hi'))
      const path = dialect.path(dialect.model, false)
      const { [Object.keys(dialect.auth)[0]!]: _, ...rest } = dialect.auth
      const plain = { ...dialect, auth: rest }
      for (const [name, value] of [
        ['authorization', `Bearer ${CLIENT_KEY}`],
        ['x-api-key', CLIENT_KEY],
        ['x-goog-api-key', CLIENT_KEY],
      ] as const)
        assert.equal((await post(run, plain, path, body, { [name]: value })).status, 200)
      assert.equal((await post(run, plain, `${path}?key=${CLIENT_KEY}&beta=true`, body)).status, 200)
      for (const attempt of run.simulator.attempts()) {
        assert.equal(attempt.key, A)
        assert.doesNotMatch(attempt.path + JSON.stringify(attempt.headers), new RegExp(CLIENT_KEY))
      }
      assert.match(last(run).path, /beta=true/)
    })

  it('an account’s own are added, replace the client’s, and may copy one of them', async () => {
    await using run = await start((url) =>
      accounts(chat, url, [
        {
          'api-key': A,
          headers: { 'X-Team': 'blue', 'User-Agent': 'ours', 'X-Copy': '$X-Trace', 'X-None': '$X-Absent' },
        },
      ]),
    )
    await ask(run, chat, { headers: { 'x-trace': 't-1', 'user-agent': 'theirs' } })
    const { headers } = last(run)
    assert.equal(headers['x-team'], 'blue')
    assert.equal(headers['user-agent'], 'ours')
    assert.equal(headers['x-copy'], 't-1')
    assert.equal(headers['x-none'], undefined)
  })

  it('of the upstream’s answer what helps the client comes back, and what speaks for another origin does not', async () => {
    await using run = await start((url) => accounts(gemini, url, [A]))
    const answer = await ask(run, gemini)
    assert.equal(answer.headers['server'], undefined)
    assert.equal(answer.headers['vary'], undefined)
    assert.equal(answer.headers['x-logicaproxy-simulated'], 'true')
    assert.match(answer.headers['x-logicaproxy-account']!, /^gemini-[0-9a-f]{10}$/)
  })
})

describe('lists of models', { concurrency: 8 }, () => {
  const everybody = (url: string) => ({
    ...accounts(anthropic, url, [A]),
    ...accounts(chat, url, [A]),
    ...accounts(gemini, url, [A]),
  })
  const get = (run: Running, path: string, headers: Record<string, string> = {}) =>
    fetch(run.url + path, { headers: { authorization: `Bearer ${CLIENT_KEY}`, ...headers } })

  it('each of the four askers gets its own shape', async () => {
    await using run = await start(everybody)
    const list = async (path: string, headers = {}) => (await (await get(run, path, headers)).json()) as Json
    const openai = await list('/v1/models')
    assert.equal(openai.object, 'list')
    assert.equal(openai.data[0].object, 'model')
    const claude = await list('/v1/models?limit=1000', { 'anthropic-version': '2023-06-01' })
    assert.equal(claude.data[0].type, 'model')
    assert.equal(claude.has_more, false)
    assert.ok(!Number.isNaN(Date.parse(claude.data[0].created_at)))
    for (const [path, headers] of [
      ['/v1/models', { 'x-goog-api-client': 'google-genai-sdk/3.1.0' }],
      ['/v1beta/models', {}],
    ] as const) {
      const google = await list(path, headers)
      assert.match(google.models[0].name, /^models\//)
      assert.ok(google.models[0].supportedGenerationMethods.includes('generateContent'))
    }
    const codex = await list('/v1/models?client_version=0.169.0')
    assert.equal(typeof codex.models[0].slug, 'string')
    // All four tell of the same models.
    const all = names(openai)
    assert.ok(all.includes('claude-opus-5') && all.includes('gpt-5.2') && all.includes('gemini-2.5-pro'))
    assert.deepEqual(names(claude), all)
    assert.deepEqual(names(codex), all)
  })

  it('excluded models are neither listed nor served', async () => {
    await using run = await start((url) =>
      accounts(anthropic, url, [
        { 'api-key': A, 'excluded-models': ['claude-opus-*'] },
        { 'api-key': B, 'excluded-models': ['*-haiku-*'] },
      ]),
    )
    for (let i = 0; i < 4; i += 1) await ask(run, anthropic, { ...fresh(), model: 'claude-opus-5' })
    assert.equal(keys(run), 'bbbb')
    await run.gateway.reload({
      'api-keys': [CLIENT_KEY],
      ...accounts(anthropic, run.simulator.url, [{ 'api-key': A, 'excluded-models': ['claude-opus-*'] }]),
    })
    assert.equal((await ask(run, anthropic, { model: 'claude-opus-5' })).status, 404)
    assert.equal((await ask(run, anthropic, { model: 'claude-opus-9-unheard-of' })).status, 404)
    const list = (await (await get(run, '/v1/models')).json()) as Json
    assert.ok(names(list).length > 0 && !names(list).some((n) => n.startsWith('claude-opus')))
  })

  it('a prefix names an account’s models apart; force-model-prefix keeps the plain name from it', async () => {
    const two = (url: string) => accounts(anthropic, url, [{ 'api-key': A, prefix: 'team' }, { 'api-key': B }])
    await using run = await start(two)
    for (let i = 0; i < 3; i += 1)
      assert.equal((await ask(run, anthropic, { ...fresh(), model: 'team/claude-opus-5' })).status, 200)
    assert.equal(keys(run), 'aaa')
    assert.equal((last(run).body as Json).model, 'claude-opus-5')
    for (let i = 0; i < 2; i += 1) await ask(run, anthropic, fresh())
    assert.deepEqual(new Set(keys(run).slice(3)), new Set(['a', 'b']))
    await run.gateway.reload({ 'api-keys': [CLIENT_KEY], 'force-model-prefix': true, ...two(run.simulator.url) })
    run.simulator.reset()
    for (let i = 0; i < 3; i += 1) await ask(run, anthropic, { ...fresh(), model: 'claude-opus-5' })
    await ask(run, anthropic, { ...fresh(), model: 'team/claude-opus-5' })
    assert.equal(keys(run), 'bbba')
    const listed = names((await (await get(run, '/v1/models')).json()) as Json)
    assert.equal(
      listed
        .filter((n) => n.endsWith('claude-opus-5'))
        .sort()
        .join(),
      'claude-opus-5,team/claude-opus-5',
    )
  })
})

describe('pins', { concurrency: 8 }, () => {
  const two = (url: string) => ({
    'openai-api-key': [{ 'api-key': A, 'base-url': `${url}/v1` }],
    'openai-compatibility': [
      { name: 'Other', 'base-url': `${url}/v1`, 'api-key-entries': [{ 'api-key': B }], models: [{ name: 'gpt-5.2' }] },
    ],
    'claude-api-key': [{ 'api-key': A, 'base-url': url }],
    'gemini-api-key': [{ 'api-key': A, 'base-url': url }],
  })
  const at = (dialect: (typeof dialects)[number], prefix: string) => ({
    ...dialect,
    path: (m: string, s: boolean) => prefix + dialect.path(m, s),
  })

  it('reach the provider they name and no other', async () => {
    await using run = await start(two)
    for (let i = 0; i < 3; i += 1) await ask(run, at(chat, '/api/provider/other'), fresh())
    for (let i = 0; i < 3; i += 1) await ask(run, at(chat, '/api/provider/openai'), fresh())
    assert.equal(keys(run), 'bbbaaa')
    // Even when it fails.
    run.simulator.setKeyFault(B, parseFault('503'))
    assert.equal((await ask(run, at(chat, '/api/provider/other'), fresh())).status, 503)
    assert.equal(keys(run), 'bbbaaab')
  })

  it('work for every dialect, by id and by other names, with and without the version', async () => {
    await using run = await start(two)
    const body = (d: (typeof dialects)[number]) => JSON.stringify(d.body(d.model, false, 'Hi'))
    for (const [dialect, path] of [
      [anthropic, '/api/provider/claude/v1/messages'],
      [anthropic, '/api/provider/anthropic/v1/messages?beta=true'],
      [anthropic, '/api/provider/anthropic/messages'],
      [responses, '/api/provider/openai/v1/responses'],
      [chat, '/api/provider/OpenAI/chat/completions'],
      [gemini, '/api/provider/gemini/v1beta/models/gemini-2.5-flash:generateContent'],
      [gemini, '/api/provider/google/v1/models/gemini-2.5-flash:generateContent'],
    ] as const)
      assert.equal((await post(run, dialect, path, body(dialect))).status, 200, path)
    const list = await fetch(`${run.url}/api/provider/other/v1/models`, { headers: chat.auth })
    assert.deepEqual(names(await list.json()), ['gpt-5.2'])
  })

  it('to nobody are 404 in the dialect’s shape', async () => {
    await using run = await start(two)
    for (const dialect of dialects) {
      const answer = await ask(run, at(dialect, '/api/provider/nobody'))
      assert.equal(answer.status, 404)
      assert.match(answer.error.message, /There is no provider "nobody"/)
    }
    // A provider that is there but does not serve the model.
    const answer = await ask(run, at(chat, '/api/provider/claude'))
    assert.equal(answer.status, 404)
    assert.equal(run.simulator.attempts().length, 0)
  })

  it('HEAD /api/hello is answered cheaply, under a pin too', async () => {
    await using run = await start(two)
    for (const path of ['/api/hello', '/api/provider/claude/api/hello']) {
      const answer = await fetch(run.url + path, { method: 'HEAD', headers: anthropic.auth })
      assert.ok(answer.status === 200 || answer.status === 404, `${path}: ${answer.status}`)
      assert.equal(await answer.text(), '')
    }
    assert.equal((await fetch(`${run.url}/api/hello`, { method: 'HEAD' })).status, 200)
  })
})

describe('who is next', { concurrency: 8 }, () => {
  const routing = (strategy: string) => ({ routing: { strategy, 'session-affinity': false } })

  it('round-robin takes turns', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, ['k-a', 'k-b', 'k-c']),
      ...routing('round-robin'),
    }))
    for (let i = 0; i < 6; i += 1) await ask(run, chat, fresh())
    assert.equal(keys(run), 'abcabc')
  })

  it('fill-first stays with the first while it is well', async () => {
    await using run = await start((url) => ({ ...accounts(chat, url, ['k-a', 'k-b']), ...routing('fill-first') }))
    for (let i = 0; i < 3; i += 1) await ask(run, chat, fresh())
    run.simulator.script('k-a', [parseFault('429:600')])
    for (let i = 0; i < 2; i += 1) await ask(run, chat, fresh())
    assert.equal(keys(run), 'aaaabb')
  })

  it('weighted shares by weight, smoothly, and a weight of 0 gets nothing', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, [
        { 'api-key': 'k-a', weight: 5 },
        { 'api-key': 'k-b', weight: 1 },
        { 'api-key': 'k-c', weight: 0 },
        { 'api-key': 'k-d' },
      ]),
      ...routing('weighted'),
    }))
    for (let i = 0; i < 14; i += 1) await ask(run, chat, fresh())
    const said = keys(run)
    assert.deepEqual(
      [...'abcd'].map((k) => said.split(k).length - 1),
      [10, 2, 0, 2],
    )
    assert.doesNotMatch(said, /aaaaa/, 'smoothly')
  })

  it('the highest priority first, the next tier only when it rests', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, [
        { 'api-key': 'k-a' },
        { 'api-key': 'k-b', priority: 5 },
        { 'api-key': 'k-c', priority: 5 },
      ]),
      ...routing('round-robin'),
    }))
    for (let i = 0; i < 4; i += 1) await ask(run, chat, fresh())
    assert.equal(keys(run), 'bcbc')
    for (const key of ['k-b', 'k-c']) run.simulator.script(key, [parseFault('429:600')])
    for (let i = 0; i < 2; i += 1) assert.equal((await ask(run, chat, fresh())).status, 200)
    assert.equal(keys(run).slice(4), 'bcaa')
  })

  it('disabled accounts get nothing', async () => {
    await using run = await start((url) =>
      accounts(chat, url, [{ 'api-key': 'k-a', disabled: true }, { 'api-key': 'k-b' }]),
    )
    for (let i = 0; i < 3; i += 1) await ask(run, chat, fresh())
    assert.equal(keys(run), 'bbb')
  })

  it('fallback goes on to the next model, and says which one answered', async () => {
    await using run = await start((url) => ({
      ...accounts(chat, url, ['k-a']),
      fallback: { 'gpt-5.2+503': ['gpt-5.4+500', 'gpt-5.5'] },
    }))
    const answer = await ask(run, chat, { model: 'gpt-5.2+503' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-ai-route'], 'gpt-5.5')
    assert.deepEqual(
      run.simulator.attempts().map((a) => a.model),
      ['gpt-5.2+503', 'gpt-5.4+500', 'gpt-5.5'],
    )
    assert.deepEqual(
      run.simulator.attempts().map((a) => (a.body as Json).model),
      ['gpt-5.2+503', 'gpt-5.4+500', 'gpt-5.5'],
    )
  })

  it('an alias given twice is a pool: turns, and failover before the first content', async () => {
    await using run = await start((url) => ({
      'openai-compatibility': [
        {
          name: 'pool',
          'base-url': `${url}/v1`,
          'api-key-entries': [{ 'api-key': A }],
          models: [
            { name: 'gpt-5.2', alias: 'any' },
            { name: 'gpt-5.4+429:60', alias: 'any' },
          ],
        },
      ],
    }))
    for (let i = 0; i < 3; i += 1)
      assert.equal((await ask(run, chat, { ...fresh(), model: 'any', stream: true })).status, 200)
    assert.deepEqual(
      run.simulator.attempts().map((a) => a.model),
      ['gpt-5.2', 'gpt-5.4+429:60', 'gpt-5.2', 'gpt-5.2'],
    )
    assert.equal((await ask(run, chat, { model: 'gpt-5.2' })).status, 404)
  })
})

describe('payload rules', { concurrency: 4 }, () => {
  it('set, force and take out parameters by model and dialect', async () => {
    await using run = await start((url) => ({
      ...accounts(anthropic, url, [A]),
      ...accounts(chat, url, [A]),
      payload: {
        default: [{ models: [{ name: 'gpt-*' }], params: { reasoning_effort: 'low', 'metadata.team': 'blue' } }],
        override: [{ models: [{ name: 'claude-*', protocol: 'claude' }], params: { max_tokens: 7 } }],
        filter: [{ models: [{ name: 'gpt-5.4' }], params: ['user'] }],
      },
    }))
    const sent = () => last(run).body as Json
    const first = await ask(run, chat, { extra: { user: 'u' } })
    assert.equal(first.headers['x-logicaproxy-lane'], 'native')
    assert.deepEqual([sent().reasoning_effort, sent().metadata, sent().user], ['low', { team: 'blue' }, 'u'])
    await ask(run, chat, { model: 'gpt-5.4', extra: { user: 'u', reasoning_effort: 'high' } })
    assert.deepEqual([sent().reasoning_effort, sent().user], ['high', undefined])
    await ask(run, anthropic, { extra: { x_unknown: [1] } })
    assert.deepEqual([sent().max_tokens, sent().x_unknown], [7, [1]])
    assert.equal(last(run).headers['content-length'], String(last(run).bodyBytes))
  })
})

describe('proxies', { concurrency: 4 }, () => {
  it('an HTTP proxy of one account alone', async () => {
    await using proxy = await httpProxy()
    await using run = await start((url) =>
      accounts(anthropic, url, [
        { 'api-key': A, 'proxy-url': proxy.url.replace('//', '//me:pa%20ss@') },
        { 'api-key': B },
      ]),
    )
    for (let i = 0; i < 4; i += 1) {
      const answer = await ask(run, anthropic, { ...fresh(), stream: i > 1 })
      assert.equal(answer.status, 200)
      assert.equal(answer.events.at(-1)?.name, i > 1 ? 'message_stop' : undefined)
    }
    assert.equal(keys(run), 'abab')
    assert.ok(proxy.asked.length >= 1)
    for (const asked of proxy.asked)
      assert.match(asked, /^(?:CONNECT 127\.0\.0\.1:\d+|POST http:\/\/127\.0\.0\.1:\d+\/v1\/messages)$/)
    assert.deepEqual([...new Set(proxy.credentials)], [`Basic ${Buffer.from('me:pa ss').toString('base64')}`])
    assert.equal(run.simulator.attempts({ key: A })[0]!.headers['proxy-authorization'], undefined)
  })

  for (const scheme of ['socks5', 'socks5h'])
    it(`a ${scheme} proxy`, async () => {
      await using proxy = await socksProxy()
      const url = proxy.url.replace('socks5://', `${scheme}://me:pass@`)
      await using run = await start((sim) =>
        accounts(chat, sim.replace('127.0.0.1', 'localhost'), [{ 'api-key': A, 'proxy-url': url }]),
      )
      for (const stream of [true, false]) assert.equal((await ask(run, chat, { ...fresh(), stream })).status, 200)
      assert.equal(proxy.asked[0], `SOCKS localhost:${run.simulator.port}`, 'the name is the proxy’s to look up')
      assert.deepEqual([...new Set(proxy.credentials)], ['me:pass'])
    })

  it('a global proxy, and one account that goes direct', async () => {
    await using proxy = await httpProxy()
    await using run = await start((url) => ({
      ...accounts(chat, url, [{ 'api-key': A }, { 'api-key': B, 'proxy-url': 'direct' }]),
      'proxy-url': proxy.url,
      routing: { 'session-affinity': false },
    }))
    for (let i = 0; i < 2; i += 1) assert.equal((await ask(run, chat, fresh())).status, 200)
    assert.equal(keys(run), 'ab')
    assert.equal(proxy.asked.length, 1)
  })

  it('a proxy that is not there is the endpoint’s fault and not the account’s: the next one is asked', async () => {
    await using run = await start((url) =>
      accounts(chat, url, [{ 'api-key': A, 'proxy-url': 'http://127.0.0.1:1' }, { 'api-key': B }]),
    )
    assert.equal((await ask(run, chat, fresh())).status, 200)
    assert.equal(keys(run), 'b')
    assert.equal(run.calls[0]!.attempts[0]!.failure!.scope, 'provider')
  })
})
