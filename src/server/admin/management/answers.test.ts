import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type * as z from 'zod'
import { failure } from '../../../hub/failure.ts'
import { linesWords } from './audit.ts'
import { ownRoutes, routes } from './contract.ts'
import { openApi } from './openapi.ts'
import { ADMIN, CLIENT, type TestHouse, testHouse } from './testing/house.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
type Loose = any

const UPSTREAM_KEY = 'sk-upstream-canary-0123456789abcdef'
const CONFIG = {
  'claude-api-key': [
    {
      'api-key': UPSTREAM_KEY,
      headers: { 'X-Team': 'header-canary-0123456789' },
      'proxy-url': 'http://proxyuser:proxypass-canary@127.0.0.1:1',
    },
  ],
}
/** What must be in no answer, however it is asked. */
const CANARIES = [UPSTREAM_KEY, 'header-canary', 'proxypass-canary', ADMIN, CLIENT]

describe('every answer', () => {
  let house: TestHouse
  before(async () => {
    house = await testHouse(CONFIG)
    await house.ask('POST', '/v0/management/test', { body: { model: 'm' } })
    await house.ask('POST', '/v0/management/routing/feedback', { body: { text: 'hello', category: 'fast' } })
    await house.context.behind.flush()
  })
  after(() => house.close())

  it('to a GET has the shape of the contract, and holds no secret', async () => {
    const { json } = await house.ask('GET', '/v0/management/accounts')
    const calls = await house.ask('GET', '/v0/management/usage/calls')
    const ids: Record<string, string> = {
      account: json.accounts[0].id,
      usageDetail: encodeURIComponent(calls.json.calls[0].callId),
    }
    const queries: Record<string, string> = {
      why: '?model=m',
      usageTotals: '?by=servedModel,account&bucket=86400&tz=330',
      series: '?window=86400',
      legacyAuthStatus: '?state=x',
    }
    let seen = 0
    for (const route of routes) {
      if (route.method !== 'GET' || route.id === 'events' || route.csrf) continue
      if (route.path.includes('{') && ids[route.id] === undefined) continue
      const path = route.path.replace(/\{\w+\}/, ids[route.id] ?? '') + (queries[route.id] ?? '')
      const { status, json: answer, text } = await house.ask('GET', path)
      assert.equal(status, route.status ?? 200, `${path}: ${text.slice(0, 300)}`)
      for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} in ${path}`)
      if (!('media' in route.response) && status === 200) {
        const result = (route.response as z.ZodType).safeParse(answer)
        assert.ok(result.success, `${path}: ${JSON.stringify(result.error?.issues[0])} in ${text.slice(0, 400)}`)
      }
      seen += 1
    }
    assert.ok(seen > 40, String(seen))
  })

  it('leaves texts of strangers as data', async () => {
    house.pass(1)
    const evil = '<script>alert(1)</script>"\'&'
    await house.ask('POST', '/v0/management/test', { body: { model: evil } })
    const { text, json, headers } = await house.ask('GET', '/v0/management/usage/calls?limit=1')
    assert.match(headers.get('content-type')!, /^application\/json/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(json.calls[0].requestedModel, evil)
    assert.ok(text.includes('<script>'))
    const lost = await house.ask('GET', `/dashboard/?link=${encodeURIComponent(evil)}`, { as: 'nobody' })
    assert.ok(!lost.text.includes('<script>'))
    const none = await house.ask('GET', `/v0/management/accounts/${encodeURIComponent(evil)}`)
    assert.deepEqual([none.status, none.text.includes('<script>')], [404, false])
  })

  it('to a wrong question says what is wrong with it', async () => {
    const cases: [string, string, unknown, RegExp][] = [
      ['PATCH', '/v0/management/accounts/x', { weight: 'heavy' }, /^weight/],
      ['POST', '/v0/management/keys', { name: '' }, /^name/],
      ['POST', '/v0/management/keys', { name: 'a', surprise: 1 }, /Unknown field "surprise"/],
      ['GET', '/v0/management/usage/totals?by=secret', undefined, /no column "secret"/],
      ['GET', '/v0/management/why', undefined, /^model/],
      ['POST', '/v0/management/session', '{', /not valid JSON/],
      ['GET', '/v0/management/usage/calls?cursor=zzz', undefined, /cursor/],
    ]
    for (const [method, path, body, words] of cases) {
      const { status, json } = await house.ask(method, path, { body })
      assert.equal(status, 400, path)
      assert.match(json.error.message, words)
    }
  })

  it('is refused when the body is larger than any config', async () => {
    const { status } = await house.ask('POST', '/v0/management/config/check', { body: { text: 'x'.repeat(4 << 20) } })
    assert.equal(status, 413)
  })
})

describe('the OpenAPI document', () => {
  const document = openApi('1.2.3') as Loose

  it('tells of every route, each under its own name', () => {
    const told = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
    )
    assert.deepEqual(told.sort(), routes.map((r) => `${r.method} ${r.path}`).sort())
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item as object).map((o) => o.operationId))
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^[A-Za-z][A-Za-z0-9]*$/)
  })

  it('holds valid JSON Schemas, and every parameter of a path', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ $id: 'doc', components: document.components })
    const resolved = (schema: object) =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components'))
    for (const [path, item] of Object.entries(document.paths as Record<string, Record<string, Loose>>))
      for (const operation of Object.values(item)) {
        for (const response of Object.values(operation.responses as Record<string, Loose>))
          for (const { schema } of Object.values(response.content as Record<string, Loose>))
            ajv.compile(resolved(schema))
        const body = operation.requestBody?.content['application/json'].schema
        if (body !== undefined) ajv.compile(resolved(body))
        for (const [, name] of path.matchAll(/\{(\w+)\}/g))
          assert.ok(operation.parameters.some((p: Loose) => p.name === name && p.in === 'path'))
      }
    assert.equal(document.openapi, '3.1.0')
    assert.equal(document.info.version, '1.2.3')
  })
})

describe('accounts', () => {
  it('of the config are shown and reset here, and changed in the file', async () => {
    const house = await testHouse()
    const [account] = house.gateway.snapshot.accounts
    const candidates = house.gateway.snapshot.registry.find('m', { protocol: 'openai-chat' })
    const seat = house.gateway.pool.take(candidates, { rotation: 'm', strategy: 'round-robin' })!
    house.gateway.pool.failed(seat, failure('quota-exhausted', 'no more today', { scope: 'account', retryAfter: 3600 }))
    const path = `/v0/management/accounts/${account!.id}`
    const resting = await house.ask('GET', path)
    assert.equal(resting.json.state, 'resting')
    assert.match(resting.json.words, /Rests for 60 min, tried again in 5 min: no more today/)
    const why = await house.ask('GET', '/v0/management/why?model=m&protocol=openai-chat')
    assert.deepEqual(why.json.targets[0].standings.map((s: { is: string }) => s.is).sort(), ['resting', 'usable'])
    // The page says times in its reader's zone: they stand apart from the words.
    const standing = why.json.targets[0].standings.find((s: { is: string }) => s.is === 'resting')
    const now = house.context.now()
    assert.deepEqual([standing.until - now, standing.nextTry - now], [3_600_000, 300_000])
    assert.deepEqual(standing.parts, [
      'rests until ',
      { time: new Date(standing.until).toISOString() },
      ', next test at ',
      { time: new Date(standing.nextTry).toISOString() },
      ': no more today',
    ])
    assert.equal((await house.ask('PATCH', path, { body: { weight: 2 } })).status, 409)
    const reset = await house.ask('POST', `${path}/reset`)
    assert.deepEqual([reset.status, reset.json.state], [200, 'ready'])
    const { json } = await house.ask('GET', '/v0/management/audit')
    assert.equal(json.entries[0].action, 'account.reset')
    assert.equal(json.entries[0].target, account!.id)
    await house.close()
  })

  it('raise alerts at 80 and 95 percent, and say which window binds', async () => {
    const house = await testHouse()
    const [one, two] = house.gateway.snapshot.accounts
    const at = house.context.now()
    const window = (id: string, used: number) => ({ id, title: id, used, resetsAt: at + 3_600_000 })
    house.context.quotas.tell(one!.id, { at, windows: [window('5h', 0.81), window('week', 0.4)] })
    house.context.quotas.tell(two!.id, { at, windows: [window('5h', 0.96)], binding: '5h' })
    const { json } = await house.ask('GET', '/v0/management/status')
    assert.deepEqual(
      json.alerts.map((a: { id: string; level: string }) => [a.id, a.level]),
      [
        [`quota:${two!.id}:5h`, 'critical'],
        [`quota:${one!.id}:5h`, 'warning'],
      ],
    )
    const time = new Date(at + 3_600_000).toISOString()
    for (const { message, parts } of json.alerts) {
      assert.deepEqual(parts.slice(1), [{ time }, '.'])
      assert.equal(message, `${parts[0]}${time.replace('.000Z', 'Z')}.`)
    }
    // The doctor names the alert and does not say it twice.
    const { findings } = (await house.ask('GET', '/v0/management/doctor')).json
    const found = findings.find((f: { alert?: string }) => f.alert === json.alerts[0].id)
    assert.equal(found.title, json.alerts[0].title)
    assert.deepEqual([found.detail, found.parts], [json.alerts[0].message, json.alerts[0].parts])
    for (const f of findings) assert.notEqual(f.title, f.detail)
    const account = await house.ask('GET', `/v0/management/accounts/${one!.id}`)
    assert.deepEqual(
      account.json.quota.windows.map((w: { binding: boolean }) => w.binding),
      [true, false],
    )
    await house.close()
  })
})

describe('client keys', () => {
  it('are shown once, changed, rotated and revoked, each told in the audit', async () => {
    const house = await testHouse()
    const made = await house.ask('POST', '/v0/management/keys', {
      body: { name: 'phone', models: ['m'], limits: { requestsPerMinute: 5 } },
    })
    assert.equal(made.status, 201)
    const { key, entry } = made.json
    assert.ok(house.keys.find(key) !== undefined)
    const listed = await house.ask('GET', '/v0/management/keys')
    assert.ok(!listed.text.includes(key) && listed.json.keys.length === 2)
    assert.equal((await house.ask('POST', '/v0/management/keys', { body: { name: 'Phone' } })).status, 409)
    const changed = await house.ask('PATCH', `/v0/management/keys/${entry.id}`, {
      body: { disabled: true, limits: { requestsPerMinute: null } },
    })
    assert.deepEqual([changed.json.disabled, changed.json.limits], [true, {}])
    const rotated = await house.ask('POST', `/v0/management/keys/${entry.id}/rotate`, { body: { graceMs: 1000 } })
    assert.notEqual(rotated.json.key, key)
    assert.equal((await house.ask('DELETE', `/v0/management/keys/${entry.id}`)).status, 200)
    assert.equal(house.keys.find(rotated.json.key), undefined)
    const config = listed.json.keys.find((k: { source: string }) => k.source === 'config')
    assert.equal((await house.ask('DELETE', `/v0/management/keys/${config.id}`)).status, 409)
    assert.equal((await house.ask('DELETE', '/v0/management/keys/none')).status, 404)
    const { json, text } = await house.ask('GET', '/v0/management/audit')
    assert.deepEqual(
      json.entries.map((e: { action: string }) => e.action),
      ['key.revoke', 'key.rotate', 'key.change', 'key.create'],
    )
    for (const secret of [key, rotated.json.key]) assert.ok(!text.includes(secret))
    await house.close()
  })
})

describe('the config', () => {
  it('is shown masked and saved with its comments, its secrets, and a text to go back to', async () => {
    const house = await testHouse(CONFIG)
    const original = await readFile(house.file, 'utf8')
    const { json } = await house.ask('GET', '/v0/management/config')
    for (const canary of CANARIES) assert.ok(!JSON.stringify(json).includes(canary), canary)
    const text = `${json.text}# a word of mine\nrequest-retry: 7\n`.replace('request-retry: 0\n', '')
    const checked = await house.ask('POST', '/v0/management/config/check', { body: { text } })
    assert.deepEqual(
      [checked.json.ok, checked.json.saved, checked.json.diff.added, checked.json.diff.removed],
      [true, false, 2, 1],
    )
    const saved = await house.ask('PUT', '/v0/management/config', {
      body: { text, expected: json.digest, note: 'seven' },
    })
    assert.equal(saved.status, 200, saved.text)
    const written = await readFile(house.file, 'utf8')
    assert.ok(
      written.includes(UPSTREAM_KEY) &&
        written.includes('# a word of mine') &&
        written.startsWith('# The config of a test.'),
    )
    assert.equal(house.gateway.snapshot.config['request-retry'], 7)
    const { json: history } = await house.ask('GET', '/v0/management/config/snapshots')
    assert.deepEqual([history.snapshots.length, history.snapshots[0].note], [1, 'seven'])
    const shown = await house.ask('GET', `/v0/management/config/snapshots/${history.snapshots[0].id}`)
    for (const canary of CANARIES) assert.ok(!shown.text.includes(canary), canary)
    const back = await house.ask('POST', `/v0/management/config/snapshots/${history.snapshots[0].id}/restore`, {
      body: { expected: saved.json.digest },
    })
    assert.equal(back.status, 200, back.text)
    assert.equal(await readFile(house.file, 'utf8'), original)
    assert.equal(house.gateway.snapshot.config['request-retry'], 0)
    await house.close()
  })

  it('is not saved with a fault (told at its line), over another text, or with a secret in the open', async () => {
    const house = await testHouse(CONFIG)
    const { json } = await house.ask('GET', '/v0/management/config')
    const put = (text: string, expected = json.digest) =>
      house.ask('PUT', '/v0/management/config', { body: { text, expected } })
    const wrong = await put(`${json.text}prot: 1\n`)
    assert.equal(wrong.status, 422)
    assert.equal(wrong.json.error.faults[0].line, json.text.split('\n').length)
    assert.match(wrong.json.error.faults[0].message, /unknown key "prot"/)
    assert.equal((await put(json.text, 'another digest')).status, 409)
    const exposing = await put(`${json.text}proxy-url: "http://***1.example"\n`)
    assert.equal(exposing.status, 422)
    await writeFile(house.file, '# changed by an editor\n')
    assert.equal((await put(json.text)).status, 409)
    assert.equal(await readFile(house.file, 'utf8'), '# changed by an editor\n')
    await house.close()
  })

  it('is not saved where that would take the admin token away: nobody could undo it from here', async () => {
    const house = await testHouse(CONFIG)
    const { json } = await house.ask('GET', '/v0/management/config')
    const before = await readFile(house.file, 'utf8')
    for (const answer of [
      await house.ask('PUT', '/v0/management/config', { body: { text: '{}', expected: json.digest } }),
      await house.ask('PUT', '/v0/management/config.yaml', { body: '{}', headers: { 'content-type': 'text/yaml' } }),
      await house.ask('PATCH', '/v0/management/config', {
        body: { expected: json.digest, changes: [{ path: ['remote-management', 'secret-key'] }] },
      }),
    ]) {
      assert.equal(answer.status, 422, answer.text)
      assert.equal(answer.json.error.faults[0].path, 'remote-management.secret-key')
    }
    assert.equal(await readFile(house.file, 'utf8'), before)
    await house.close()
  })

  it('is changed key by key, tried dry first', async () => {
    const house = await testHouse(CONFIG)
    const before = await readFile(house.file, 'utf8')
    const { json } = await house.ask('GET', '/v0/management/config')
    const changes = [
      { path: ['routing', 'strategy'], value: 'weighted' },
      { path: ['claude-api-key', 0, 'api-key'], value: 'sk-another-secret-0123456789' },
      { path: ['port'], value: 9000 },
    ]
    const dry = await house.ask('PATCH', '/v0/management/config', {
      body: { expected: json.digest, changes, dryRun: true },
    })
    assert.deepEqual([dry.json.ok, dry.json.saved, dry.json.restart], [true, false, ['port']])
    assert.ok(
      dry.json.diff.hunks
        .flatMap((h: Loose) => h.lines)
        .some((l: Loose) => l.is === 'added' && l.text.includes('***new')),
    )
    assert.ok(!dry.text.includes('sk-another-secret'))
    assert.equal(await readFile(house.file, 'utf8'), before)
    const real = await house.ask('PATCH', '/v0/management/config', { body: { expected: json.digest, changes } })
    assert.equal(real.json.saved, true)
    const text = await readFile(house.file, 'utf8')
    assert.ok(
      text.includes('sk-another-secret-0123456789') && !text.includes(UPSTREAM_KEY) && text.startsWith('# The config'),
    )
    assert.ok(!real.text.includes('sk-another-secret'))
    const bad = await house.ask('PATCH', '/v0/management/config', {
      body: { expected: real.json.digest, changes: [{ path: ['port'], value: 'high' }] },
    })
    assert.deepEqual([bad.status, bad.json.error.faults[0].path], [422, 'port'])
    await house.close()
  })

  it('keeps the last 20 texts, private as the file is', async () => {
    const house = await testHouse()
    for (let i = 0; i < 23; i++) {
      const { json } = await house.ask('GET', '/v0/management/config')
      await house.ask('PATCH', '/v0/management/config', {
        body: { expected: json.digest, changes: [{ path: ['port'], value: 9000 + i }] },
      })
      house.pass(1000)
    }
    const { json } = await house.ask('GET', '/v0/management/config/snapshots')
    assert.equal(json.snapshots.length, 20)
    const { readdir, stat } = await import('node:fs/promises')
    const dir = `${house.context.dataDir}/config-history`
    assert.equal((await stat(dir)).mode & 0o777, 0o700)
    for (const name of await readdir(dir)) assert.equal((await stat(`${dir}/${name}`)).mode & 0o777, 0o600)
    assert.equal((await house.ask('GET', '/v0/management/config/snapshots/..%2Fconfig')).status, 404)
    await house.close()
  })
})

describe('the routes of old', () => {
  it('work over the same functions, and give no secret away', async () => {
    const house = await testHouse()
    assert.deepEqual((await house.ask('GET', '/v0/management/routing/strategy')).json, { strategy: 'round-robin' })
    assert.equal(
      (await house.ask('PUT', '/v0/management/routing/strategy', { body: { value: 'weighted' } })).status,
      200,
    )
    assert.deepEqual((await house.ask('GET', '/v0/management/routing/strategy')).json, { strategy: 'weighted' })
    assert.equal((await house.ask('PUT', '/v0/management/debug', { body: { value: 'loud' } })).status, 422)
    const yaml = await house.ask('GET', '/v0/management/config.yaml')
    assert.ok(!yaml.text.includes(ADMIN) && yaml.text.includes('***'))
    const put = await house.ask('PUT', '/v0/management/config.yaml', {
      body: `${yaml.text}# more\n`,
      headers: { 'content-type': 'application/yaml' },
    })
    assert.equal(put.status, 200, put.text)
    assert.ok((await readFile(house.file, 'utf8')).includes(ADMIN))
    const { status, json } = await house.ask('POST', '/v0/management/api-call', { body: {} })
    assert.deepEqual([status, json.error.code], [410, 'gone'])
    assert.equal((await house.ask('GET', '/v0/management/auth-files/download')).status, 410)
    assert.deepEqual((await house.ask('GET', '/v0/management/api-keys')).json['api-keys'][0], {
      name: 'laptop',
      key: '***',
      source: 'config',
    })
    await house.close()
  })
})

describe('the router', () => {
  it('says what it makes of a prompt, and heeds "this is wrong" at once', async () => {
    const house = await testHouse({ 'ai-router': { 'default-model': 'm', routes: { creative: 'm' } } })
    const explain = (prompt: string) => house.ask('POST', '/v0/management/routing/explain', { body: { prompt } })
    const prompt = 'zorbel the quixy flumbers into a wimple'
    const before = await explain(prompt)
    assert.equal(before.status, 200, before.text)
    assert.ok(before.json.decision.signals.length >= 0 && before.json.targets[0].model === 'm')
    const short = await house.ask('POST', '/v0/management/route', { body: { prompt } })
    assert.deepEqual([short.status, short.json.decision], [200, before.json.decision])
    const taught = await house.ask('POST', '/v0/management/routing/feedback', {
      body: { text: prompt, category: 'creative' },
    })
    assert.equal(taught.status, 201, taught.text)
    const after = await explain(prompt)
    assert.equal(after.json.decision.category, 'creative')
    assert.match(after.json.words, /^m answers/)
    const { json } = await house.ask('GET', '/v0/management/routing/examples')
    assert.deepEqual([json.examples.length, json.examples[0].text], [1, prompt])
    assert.equal((await house.ask('DELETE', `/v0/management/routing/examples/${json.examples[0].id}`)).status, 200)
    assert.equal((await house.ask('DELETE', `/v0/management/routing/examples/${json.examples[0].id}`)).status, 404)
    const wrong = await house.ask('POST', '/v0/management/routing/feedback', {
      body: { text: 'x y', category: 'sorcery' },
    })
    assert.deepEqual([wrong.status, wrong.json.error.param], [400, 'category'])
    assert.equal(
      (await house.ask('POST', '/v0/management/routing/feedback', { body: { text: '…', category: 'fast' } })).status,
      400,
    )
    const audit = await house.ask('GET', '/v0/management/audit')
    assert.ok(!audit.text.includes('zorbel'), 'what people write stays out of the audit')
    await house.close()
  })
})

describe('a test request', () => {
  it('goes down the road and tells what came of it', async () => {
    const house = await testHouse()
    const { json } = await house.ask('POST', '/v0/management/test', { body: { model: 'm' } })
    assert.deepEqual([json.ok, json.status, json.servedModel], [true, 200, 'm'])
    assert.match(json.text, /^Hé 🙂/)
    const detail = await house.ask('GET', `/v0/management/usage/calls/${json.requestId}`)
    assert.equal(detail.json.timeline.length, 1)
    assert.ok(detail.json.timeline[0].why.length > 0)
    const told = await house.ask('GET', `/v0/management/logs?request=${json.requestId}`)
    assert.deepEqual(
      told.json.lines.map((line: { message: string }) => line.message),
      ['A test request was sent to m: status 200.'],
    )
    const audit = await house.ask('GET', '/v0/management/audit?action=test')
    assert.equal(audit.json.entries[0].requestId, json.requestId)
    const missing = await house.ask('POST', '/v0/management/test', { body: { model: 'nobody-has-it' } })
    assert.deepEqual([missing.json.ok, missing.json.status], [false, 404])
    assert.match(missing.json.failure, /No account serves/)
    await house.close()
  })
})

it('says of a change how many lines, in good grammar', () => {
  const words = ([added, removed]: readonly [number, number]) => linesWords({ added, removed })
  assert.deepEqual(
    (
      [
        [1, 0],
        [1, 1],
        [2, 3],
        [0, 1],
        [0, 2],
        [0, 0],
      ] as const
    ).map(words),
    [
      '1 line added',
      '1 line added, 1 removed',
      '2 lines added, 3 removed',
      '1 line removed',
      '2 lines removed',
      'no line differs',
    ],
  )
})

it('no route of ours stands twice, and all have handlers', () => {
  assert.equal(new Set(ownRoutes.map(({ id }) => id)).size, ownRoutes.length)
  assert.equal(new Set(routes.map((r) => `${r.method} ${r.path.replace(/\{\w+\}/g, '{}')}`)).size, routes.length)
})
