/**
 * Canaries: secrets put into every place a secret has, and then looked for in everything that is written down (log,
 * metrics, error files, readiness) and, as far as they are the operator's, in every answer to a client.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { rawly, run, startGateway, waitFor } from './support-process.ts'

/** A secret that looks like nothing: only its value gives it away. Its last characters have other spellings elsewhere. */
function canary(place: string): string {
  return `${place.replace(/\W/g, '')}Kanarie${randomBytes(12).toString('hex')}/+Zq`
}

/** How a secret might be written down. */
function spellings(secret: string): string[] {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), secret.replaceAll('/', '\\/')]
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    // The characters that depend on the secret alone.
    forms.push(text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + secret.length) * 8) / 6)))
  }
  // Half a secret is too much too.
  forms.push(secret.slice(-22))
  return forms
}

const secrets = {
  clientPlain: canary('client plain'),
  clientHashed: canary('client hashed'),
  claudeKey: canary('claude key'),
  openaiKey: canary('openai key'),
  geminiKey: canary('gemini key'),
  compatibleKey: canary('compatible key'),
  environmentKey: canary('environment key'),
  proxyPassword: canary('proxy password'),
  proxyUser: canary('proxy user'),
  operatorHeader: canary('operator header'),
  compatibleHeader: canary('compatible header'),
  managementKey: canary('management key'),
  strangerBearer: canary('stranger bearer'),
  strangerQuery: canary('stranger query'),
  strangerHeader: canary('stranger header'),
  clientCookie: canary('client cookie'),
  clientToken: canary('client token'),
  clientProxyAuth: canary('client proxy auth'),
  upstreamCookie: canary('upstream cookie'),
  refusedProxy: canary('refused proxy'),
  refusedSyntax: canary('refused syntax'),
  refusedKey: canary('refused key'),
  wrongType: canary('wrong type'),
}
/** What no client may ever see. */
const OPERATORS = [
  'claudeKey',
  'openaiKey',
  'geminiKey',
  'compatibleKey',
  'environmentKey',
  'proxyPassword',
  'proxyUser',
  'operatorHeader',
  'compatibleHeader',
  'managementKey',
  'upstreamCookie',
  'refusedProxy',
  'refusedSyntax',
  'refusedKey',
  'wrongType',
] as const satisfies (keyof typeof secrets)[]

/** An upstream that quotes the credential it was given wherever it can. The model's name says how it fails. */
async function nastyUpstream() {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => nasty(req, res, Buffer.concat(chunks).toString('utf8')))
  })
  // As a proxy it quotes what it was given too.
  server.on('connect', (req: IncomingMessage, socket) => {
    socket.end(
      `HTTP/1.1 407 ${req.headers['proxy-authorization']}\r\nX-Echo: ${req.headers['proxy-authorization']}\r\n\r\n`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The ways to fail: a status, or words the upstream knows. */
const HOW = [
  '400',
  '401',
  '403',
  '404',
  '413',
  '422',
  '429',
  '500',
  '503',
  '200',
  'first',
  'cut',
  'html',
  'nojson',
  'reset',
]

const shown = new Set<string>()

function nasty(req: IncomingMessage, res: ServerResponse, body: string): void {
  const { headers } = req
  const credentials = [headers.authorization?.replace(/^Bearer /, ''), headers['x-api-key'], headers['x-goog-api-key']]
  const key = credentials.find((c) => c !== undefined)?.toString() ?? ''
  const operator = String(headers['x-operator'] ?? '')
  for (const value of [key, operator]) shown.add(value)
  const quote = `Incorrect key ${key} (${encodeURIComponent(key)}, ${Buffer.from(key).toString('base64')}, ${operator})`
  const how = /how-([a-z0-9-]+)/.exec(req.url! + body)?.[1] ?? '200'
  const echo = { 'x-echo': key, 'x-echo-operator': operator, 'set-cookie': `session=${secrets.upstreamCookie}` }
  const error = {
    error: { type: 'invalid_request_error', code: 400, status: 'INVALID_ARGUMENT', message: quote, param: null },
  }
  const sse = (...events: unknown[]) => {
    res.writeHead(200, { ...echo, 'content-type': 'text/event-stream' })
    for (const event of events) res.write(`data: ${JSON.stringify(event)}\n\n`)
  }
  if (how === 'first') {
    sse(error)
    res.end()
  } else if (how === 'cut') {
    sse({
      id: 'c',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' } }],
    })
    setTimeout(() => res.destroy(), 20)
  } else if (how === 'html') {
    res.writeHead(502, { ...echo, 'content-type': 'text/html' })
    res.end(`<h1>${quote}</h1>`)
  } else if (how === 'nojson') {
    res.writeHead(200, { ...echo, 'content-type': `text/plain; key="${key}"` })
    res.end(quote)
  } else if (how === 'reset') res.destroy()
  else {
    const status = Number(how)
    // A 200 that is an error in truth.
    res.writeHead(status, {
      ...echo,
      'content-type': 'application/json',
      ...(status === 429 && { 'retry-after': '7' }),
    })
    res.end(JSON.stringify({ type: 'error', ...error }))
  }
}

for (const toFile of [false, true])
  test(`no canary is written down, the log ${toFile ? 'in a file' : 'on stderr'}`, async () => {
    await using upstream = await nastyUpstream()
    const through = (user: string, password: string) =>
      upstream.url.replace('//', `//${encodeURIComponent(user)}${password && `:${encodeURIComponent(password)}`}@`)
    const fast = { timeouts: { connect: 1, 'first-event': 2 }, 'max-retry-interval': 0 }
    const config = {
      ...fast,
      debug: true,
      'request-log': true,
      'logging-to-file': toFile,
      'error-logs-max-files': 500,
      cooldown: { 'probe-seconds': 1, 'max-seconds': 1 },
      'api-keys': [
        { name: 'plain', key: secrets.clientPlain },
        { name: 'hashed', key: `sha256:${createHash('sha256').update(secrets.clientHashed).digest('hex')}` },
      ],
      'remote-management': { 'secret-key': secrets.managementKey },
      'claude-api-key': [
        { 'api-key': secrets.claudeKey, 'base-url': upstream.url, headers: { 'X-Operator': secrets.operatorHeader } },
      ],
      'openai-api-key': [
        { 'api-key': secrets.openaiKey, 'base-url': `${upstream.url}/v1` },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: filled by the config loader
        { 'api-key': '${CANARY_KEY}', 'base-url': `${upstream.url}/v1`, priority: -1 },
      ],
      'gemini-api-key': [{ 'api-key': secrets.geminiKey, 'base-url': upstream.url }],
      'openai-compatibility': [
        {
          name: 'other',
          'base-url': `${upstream.url}/v1`,
          headers: { 'X-Operator': secrets.compatibleHeader },
          models: [{ name: 'compatible' }, ...HOW.map((how) => ({ name: `compatible-how-${how}` }))],
          'api-key-entries': [{ 'api-key': secrets.compatibleKey }],
        },
        {
          name: 'proxied',
          'base-url': 'https://127.0.0.1:9/v1',
          models: [{ name: 'proxied' }],
          'api-key-entries': [
            { 'api-key': secrets.compatibleKey, 'proxy-url': through('user', secrets.proxyPassword) },
          ],
        },
        {
          name: 'proxied-too',
          'base-url': 'https://127.0.0.1:9/v1',
          models: [{ name: 'proxied-too' }],
          'api-key-entries': [{ 'api-key': secrets.compatibleKey, 'proxy-url': through(secrets.proxyUser, '') }],
        },
      ],
    }
    await using gateway = await startGateway(config, { CANARY_KEY: secrets.environmentKey })
    const answers: string[] = []
    const statuses = new Map<number, number>()

    async function send(path: string, headers: Record<string, string>, body?: string): Promise<number> {
      const response = await fetch(gateway.url + path, { method: body === undefined ? 'GET' : 'POST', headers, body })
      const text = await response.text().catch((error: Error) => `broken off: ${error.message}`)
      answers.push(`${path} ${response.status}\n${[...response.headers].join('\n')}\n${text}`)
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      return response.status
    }
    const good = { authorization: `Bearer ${secrets.clientHashed}`, 'content-type': 'application/json' }
    const says = (text: string, more = {}) => ({ messages: [{ role: 'user', content: text }], max_tokens: 5, ...more })

    // Every way to fail, in every dialect, streamed and whole. The prompt holds credentials that somebody pasted.
    const pasted = `my key is ${secrets.clientHashed}, yours ${secrets.openaiKey}, ${secrets.claudeKey}`
    const more = { ...good, cookie: `session=${secrets.clientCookie}`, 'x-session-token': secrets.clientToken }
    for (const how of toFile ? HOW.slice(0, 4) : HOW) {
      for (const stream of [false, true]) {
        const post = (path: string, body: unknown) => send(path, more, JSON.stringify(body))
        await post('/v1/chat/completions', { model: `gpt-how-${how}`, stream, ...says(pasted) })
        await post('/v1/responses', { model: `gpt-how-${how}`, stream, input: pasted })
        await post('/v1/messages', { model: `claude-how-${how}`, stream, ...says(pasted) })
        await post('/v1/chat/completions', { model: `compatible-how-${how}`, stream, ...says('hello') })
        await post(`/v1beta/models/gemini-how-${how}:${stream ? 'streamGenerateContent' : 'generateContent'}`, {
          contents: [{ role: 'user', parts: [{ text: pasted }] }],
        })
      }
      // A storm of failures is not kept whole; this is to be kept.
      await waitFor(async () =>
        (await (await fetch(`${gateway.url}/metrics`)).text()).includes('error_files{state="pending"} 0'),
      )
    }
    // Once more while all rest, so that the reasons for resting are told.
    assert.ok((await send('/ready', {})) > 0)
    for (const model of ['gpt-how-401', 'claude-how-401'])
      await send(
        model.startsWith('gpt') ? '/v1/chat/completions' : '/v1/messages',
        good,
        JSON.stringify({ model, ...says('x') }),
      )
    // Through the proxies.
    for (const model of ['proxied', 'proxied-too'])
      await send('/v1/chat/completions', good, JSON.stringify({ model, ...says('x') }))
    // Keys in all their places, good and bad; a key where a model should be; broken bodies; unknown paths.
    const query = encodeURIComponent(secrets.clientPlain)
    await send(`/v1beta/models?key=${query}`, {})
    await send(`/v1beta/models/gemini-how-400:generateContent?key=${query}`, {}, JSON.stringify({ contents: [] }))
    await send(`/v1/models?auth_token=${query}`, {})
    await send(`/v1beta/models?key=${encodeURIComponent(secrets.strangerQuery)}`, {})
    await send(`/v1/messages?key=${secrets.strangerQuery}`, {}, '{}')
    await send('/v1/models', { authorization: `Bearer ${secrets.strangerBearer}` })
    await send('/v1/messages', { 'x-api-key': secrets.strangerHeader }, '{"model":')
    await send(
      '/v1/messages',
      { ...good, 'proxy-authorization': `Basic ${secrets.clientProxyAuth}` },
      `{"model": "${secrets.openaiKey}`,
    )
    await send('/v1/messages', good, JSON.stringify({ model: secrets.clientHashed, ...says('x') }))
    await send('/v1/chat/completions', good, JSON.stringify({ model: secrets.clientPlain, ...says('x') }))
    await send(`/v1beta/models/${encodeURIComponent(secrets.clientPlain)}:generateContent`, good, '{}')
    await send(`/nowhere/${secrets.clientPlain}?key=${secrets.clientPlain}`, good)
    for (const broken of ['GET / HTTP/1.1\r\nBad Header\r\n', `${secrets.strangerBearer}\r\n\r\n`])
      await rawly(gateway.port, (client) =>
        client.send(`${broken}Authorization: Bearer ${secrets.clientPlain}\r\n\r\n`).end(),
      )

    // Configurations that are refused, with secrets of their own.
    const valid = parse(readFileSync(gateway.file, 'utf8')) as Record<string, unknown>
    const refused = [
      stringify({ ...valid, 'proxy-url': `htp://user:${secrets.refusedProxy}@proxy.example:1` }),
      `api-keys: [ "${secrets.refusedSyntax}\nport: 1`,
      stringify({ ...valid, 'claude-api-key': [{ 'api-key': secrets.refusedKey, 'base-url': 'no url', weight: 'x' }] }),
      stringify({ ...valid, 'openai-api-key': [{ 'api-key': { nested: secrets.wrongType } }] }),
      stringify({ ...valid, 'openai-api-key': secrets.wrongType, 'remote-management': secrets.wrongType }),
    ]
    let told = 0
    const checked: string[] = []
    for (const text of refused) {
      writeFileSync(gateway.file, text)
      told += 1
      await waitFor(async () => {
        const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
        return Number(/^logicaproxy_config_reloads_total\{outcome="refused"\} (\d+)/m.exec(metrics)?.[1] ?? 0) >= told
      })
      await send('/ready', {})
      const { stdout, stderr } = await run(['config', 'check', gateway.file])
      checked.push(stdout + stderr)
    }
    await send('/ready', {})
    await send('/metrics', {})
    const pages = answers.filter((a) => a.startsWith('/ready') || a.startsWith('/metrics'))
    gateway.kill()
    assert.equal((await gateway.ended).code, 0)

    const written = new Map<string, string>([
      ['stdout', gateway.stdout],
      ['stderr', gateway.stderr],
      ['pages', pages.join('\n')],
      ['config check', checked.join('\n')],
    ])
    for (const entry of readdirSync(gateway.dir, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.name !== 'config.yaml')
        written.set(`file ${entry.name}`, readFileSync(join(entry.parentPath, entry.name), 'utf8'))

    // The test is worth something only if all this was there to be found.
    const errorFiles = [...written.keys()].filter((name) => name.startsWith('file error-'))
    assert.ok(errorFiles.length > (toFile ? 30 : 100), `${errorFiles.length} error files`)
    assert.ok(
      (toFile
        ? [...written]
            .filter(([n]) => /\.log$/.test(n))
            .map(([, t]) => t)
            .join('')
        : gateway.stderr
      ).length > 20_000,
    )
    assert.ok(answers.join('\n').includes('Incorrect key'), 'upstream words do reach clients')
    for (const name of [
      'claudeKey',
      'openaiKey',
      'geminiKey',
      'compatibleKey',
      'operatorHeader',
      'compatibleHeader',
    ] as const)
      assert.ok(shown.has(secrets[name]), `the upstream saw ${name}`)
    for (const status of toFile ? [400, 401, 404] : [400, 401, 404, 429, 502])
      assert.ok(statuses.has(status), `${status} in ${[...statuses.keys()]}`)

    const found = new Set<string>()
    const search = (where: string, text: string, names: readonly (keyof typeof secrets)[]) => {
      for (const name of names)
        for (const form of spellings(secrets[name])) {
          const at = text.indexOf(form)
          if (at >= 0) found.add(`${name} in ${where}: …${text.slice(Math.max(0, at - 120), at + form.length + 20)}…`)
        }
    }
    for (const [where, text] of written) search(where, text, Object.keys(secrets) as (keyof typeof secrets)[])
    for (const answer of answers) {
      // Credentials that the client itself wrote into its prompt are its own to read.
      search(`answer ${answer.slice(0, 80).split('\n')[0]}`, answer, OPERATORS)
    }
    assert.deepEqual([...found], [])
  })
