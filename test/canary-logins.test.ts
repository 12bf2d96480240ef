/** No token of a login stands in any file, log line, metric or answer, in any spelling, whatever goes wrong meanwhile. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { LogFn } from 'pino'
import type { Tokens } from '../src/accounts/login-record.ts'
import { createGateway, type RunningGateway } from '../src/index.ts'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import type { Log } from '../src/telemetry/index.ts'

const PROVIDERS = ['claude', 'codex', 'gemini-cli', 'antigravity', 'iflow'] as const
const MODELS = ['claude-sonnet-4-6', 'gpt-5.4', 'gemini-2.5-pro', 'gemini-3-flash', 'iflow-rome-30ba3b']

describe('the tokens of logins', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-canary-'))
  const lines: string[] = []
  const answers: string[] = []
  const tokens: Tokens[] = []
  let simulator: Simulator
  let gateway: RunningGateway

  before(async () => {
    simulator = await createSimulator({ anyPort: true })
    const hear: LogFn = (fields: unknown, words?: unknown) => {
      lines.push(`${JSON.stringify(fields)} ${words}`)
    }
    gateway = await createGateway({
      config: {
        port: 0,
        'api-keys': ['k'],
        'auth-dir': directory,
        debug: true,
        'request-log': true,
        'request-retry': 0,
        'host-overrides': simulator.hosts,
        'oauth-clients': simulator.clients,
      },
      log: { debug: hear, info: hear, warn: hear, error: hear } as unknown as Log,
    })
    const { url } = await gateway.listen()
    for (const provider of PROVIDERS) {
      const login = await gateway.login(provider, { acknowledged: true })
      await simulator.consent({ url: login.url!, person: 'anna', visit: true })
      tokens.push(await gateway.logins!.reveal((await login.account).id))
    }
    await new Promise((resolve) => setTimeout(resolve, 150))
    const ask = async (path: string, body: unknown) => {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      answers.push(`${JSON.stringify([...answer.headers])} ${await answer.text()}`)
    }
    for (const fault of ['', '+503', '+401', '+429'])
      for (const model of MODELS)
        for (const stream of [false, true])
          await ask('/v1/chat/completions', {
            model: model + fault,
            stream,
            messages: [{ role: 'user', content: 'hi' }],
          })
    // Vendors that repeat what was sent, and refreshes that fail.
    for (const { accessToken, refreshToken = '' } of tokens)
      await ask('/v1/chat/completions', {
        model: 'gpt-5.4',
        messages: [{ role: 'user', content: `${accessToken} ${refreshToken}` }],
      })
    for (const provider of PROVIDERS) simulator.oauthFault(provider, '500', { times: 1 })
    for (const { id } of gateway.logins!.records())
      await gateway.logins!.refresh(id).catch((e: Error) => lines.push(String(e)))
    for (const { id } of gateway.logins!.records()) tokens.push(await gateway.logins!.reveal(id))
    for (const path of ['/metrics', '/ready', '/health', '/'])
      answers.push(await (await fetch(url + path, { headers: { authorization: 'Bearer k' } })).text())
    await gateway.close({ drainMs: 0 })
  })
  after(async () => {
    await simulator.close()
    rmSync(directory, { recursive: true, force: true })
  })

  function spellings(): string[] {
    const secrets = tokens.flatMap((t) => [t.accessToken, t.refreshToken, t.idToken]).filter((s) => s !== undefined)
    assert.ok(secrets.length >= 10 && secrets.every((s) => s.length >= 12))
    return [...new Set(secrets)].flatMap((s) => [
      s,
      encodeURIComponent(s),
      Buffer.from(s).toString('base64url').slice(0, -2),
    ])
  }

  it('stand in no file of the auth directory', () => {
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile())
    assert.ok(files.some((f) => f.endsWith('logicaproxy.db')) && files.some((f) => f.includes('logs')), files.join())
    for (const file of files) {
      const bytes = readFileSync(file)
      for (const spelling of spellings()) assert.ok(!bytes.includes(spelling), `${file} holds a token`)
    }
  })

  it('stand in no line of the log', () => {
    assert.ok(lines.length > 20)
    const all = lines.join('\n')
    for (const spelling of spellings()) assert.ok(!all.includes(spelling), 'the log holds a token')
  })

  it('stand in no page and no metric, and in answers only where the client itself had sent them', () => {
    const pages = answers.slice(-4).join('\n')
    assert.match(pages, /logicaproxy_/)
    for (const spelling of spellings()) assert.ok(!pages.includes(spelling))
    const said = answers.slice(0, 40).join('\n')
    for (const spelling of spellings()) assert.ok(!said.includes(spelling))
  })

  it('are kept where their owner alone may look', () => {
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of readdirSync(directory))
      if (statSync(join(directory, name)).isFile()) assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name)
  })
})
