/** Logins of the vendors' own programs and of CLIProxyAPI, taken over beside a running server: borrowed and moved. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import type { LoginRecord } from '../src/accounts/login-record.ts'
import { readClaims } from '../src/accounts/oauth/jwt.ts'
import type { ProviderName } from '../src/simulator/index.ts'
import { ask, chat, type Json } from './support/dialects.ts'
import { until } from './support/start.ts'
import { type House, openHouse } from './support/subscription.ts'

/** What changes at once is taken over together (gateway/household.ts). */
const settled = () => new Promise((resolve) => setTimeout(resolve, 60))

/** A model that no other of these accounts serves. */
const MODELS: Readonly<Record<ProviderName, string>> = {
  claude: 'claude-haiku-4-5',
  codex: 'gpt-5.4',
  'gemini-cli': 'gemini-2.5-pro',
  antigravity: 'gemini-3-flash',
  qwen: 'coder-model',
  iflow: 'qwen3-coder-plus',
  kimi: 'kimi-k2.5',
  xai: 'grok-4.6',
}

const ALL = Object.keys(MODELS) as ProviderName[]
/** Those whose programs keep a file. */
const OWN = ALL.filter((p) => p !== 'kimi' && p !== 'xai')
/** Refreshing one of these elsewhere would end it here. */
const SINGLE_USE: readonly ProviderName[] = ['claude', 'codex', 'qwen', 'kimi', 'xai']

/** Tokens as the vendor's program got them, its API key in place of the token for iFlow. */
async function issued(house: House, provider: ProviderName): Promise<Json> {
  const answer = house.simulator.issue(provider, 'anna') as Json
  if (provider !== 'iflow') return answer
  const at = `${house.simulator.hosts['https://iflow.cn']}/api/oauth/getUserInfo?accessToken=${answer.access_token}`
  const { data } = (await (await fetch(at)).json()) as Json
  return { ...answer, api_key: data.apiKey }
}

const endOf = ({ expires_in }: Json) => Date.now() + expires_in * 1000

/** Where each program keeps its login, and in what form (domain.md 1.1-1.6). */
const FILES: Readonly<Partial<Record<ProviderName, readonly [path: string, form: (t: Json) => object]>>> = {
  claude: [
    '.claude/.credentials.json',
    (t) => ({
      claudeAiOauth: {
        accessToken: t.access_token,
        refreshToken: t.refresh_token,
        expiresAt: endOf(t),
        scopes: t.scope.split(' '),
        subscriptionType: 'max',
      },
    }),
  ],
  codex: [
    '.codex/auth.json',
    (t) => ({
      auth_mode: 'chatgpt',
      OPENAI_API_KEY: null,
      tokens: {
        id_token: t.id_token,
        access_token: t.access_token,
        refresh_token: t.refresh_token,
        account_id: (readClaims(t.id_token) as Json)['https://api.openai.com/auth'].chatgpt_account_id,
      },
      last_refresh: new Date().toISOString(),
    }),
  ],
  'gemini-cli': ['.gemini/oauth_creds.json', ({ expires_in, ...t }) => ({ ...t, expiry_date: endOf({ expires_in }) })],
  antigravity: [
    '.gemini/jetski-standalone-oauth-token',
    (t) => ({
      token: {
        access_token: t.access_token,
        token_type: 'Bearer',
        refresh_token: t.refresh_token,
        expiry: new Date(endOf(t)).toISOString(),
      },
      auth_method: 'consumer',
      id_token: t.id_token,
    }),
  ],
  qwen: [
    '.qwen/oauth_creds.json',
    (t) => ({
      access_token: t.access_token,
      refresh_token: t.refresh_token,
      token_type: 'Bearer',
      resource_url: t.resource_url,
      expiry_date: endOf(t),
    }),
  ],
  iflow: ['.iflow/settings.json', (t) => ({ apiKey: t.api_key, baseUrl: 'https://apis.iflow.cn/v1' })],
}

/** CLIProxyAPI's form of the same. */
function authFile(provider: ProviderName, t: Json): object {
  const held = {
    access_token: t.access_token,
    refresh_token: t.refresh_token,
    expired: new Date(endOf(t)).toISOString(),
  }
  const email = 'anna@simulated.example'
  switch (provider) {
    case 'gemini-cli':
      return {
        type: 'gemini',
        email,
        project_id: 'anna-code-assist',
        auto: true,
        checked: true,
        token: { ...held, token_type: 'Bearer', expiry: held.expired },
      }
    case 'antigravity':
      return {
        type: provider,
        email,
        project_id: 'anna-code-assist',
        ...held,
        expires_in: t.expires_in,
        timestamp: Date.now(),
      }
    case 'codex':
      return { type: provider, email, id_token: t.id_token, ...held, last_refresh: new Date().toISOString() }
    case 'qwen':
    case 'kimi':
      return { type: provider, email: 'anna', ...held, resource_url: t.resource_url }
    case 'iflow':
      return { type: provider, email, api_key: t.api_key, ...held }
    default:
      return { type: provider, email, id_token: t.id_token, ...held }
  }
}

function put(house: House, path: string, content: object): string {
  const at = join(house.authDir, path)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, JSON.stringify(content), { mode: 0o600 })
  return at
}

async function putOwn(house: House, providers: readonly ProviderName[] = OWN): Promise<Map<ProviderName, string>> {
  const files = new Map<ProviderName, string>()
  for (const provider of providers) {
    const [path, form] = FILES[provider]!
    files.set(provider, put(house, path, form(await issued(house, provider))))
  }
  return files
}

/** @param settings of the last of them, which are written after the login itself. */
async function importAll(
  house: House,
  how: '--move' | '--borrow',
  count: number,
  settings: (records: Map<string, LoginRecord>) => boolean = () => true,
): Promise<Map<string, LoginRecord>> {
  const command = house.cli('import', how, '--no-keyring', '--yes-i-know', '--json')
  assert.equal(await command.ended, 0, command.stdout + command.stderr)
  const records = () => new Map(house.gateway.logins!.records().map((record) => [record.provider, record]))
  await until(() => records().size === count && settings(records()), 2_000)
  await settled()
  assert.doesNotMatch(command.stdout + command.stderr, /refresh_token|sk-[\w-]{20}|rt_[\w-]{10}/)
  return records()
}

async function served(house: House, providers: readonly ProviderName[], records: Map<string, LoginRecord>) {
  for (const provider of providers) {
    const answer = await ask(house, chat, { model: MODELS[provider] })
    assert.equal(answer.status, 200, `${provider}: ${answer.raw}`)
    assert.equal(answer.headers['x-logicaproxy-account'], records.get(provider)!.id)
  }
}

describe("logins of the vendors' own programs", () => {
  test('borrowed: served, never refreshed, and followed when their programs write new ones', async () => {
    await using house = await openHouse('claude')
    const { simulator } = house
    const files = await putOwn(house)
    const records = await importAll(house, '--borrow', OWN.length)
    for (const [provider, { facts }] of records)
      assert.deepEqual([facts.origin.how, facts.origin.from], ['borrowed', files.get(provider as ProviderName)])
    await served(house, OWN, records)
    const mortal = OWN.filter((p) => p !== 'iflow')
    for (const provider of mortal) simulator.oauthFault(provider, 'expire-access')
    for (const provider of mortal) {
      const { status, error } = await ask(house, chat, { model: MODELS[provider] })
      assert.equal(status, 401)
      assert.match(
        error.message,
        /Its token is borrowed from the vendor's own program and has ended\. Use that program once/,
      )
    }
    assert.deepEqual(simulator.oauth.log({ kind: 'refresh' }), [])
    // Their programs have refreshed them.
    await putOwn(house, mortal)
    // Every minute by itself; at once for who asks for it.
    for (const provider of mortal) await house.gateway.logins!.refresh(records.get(provider)!.id)
    await until(() => house.gateway.logins!.records().every(({ facts }) => facts.state.is === 'ready'))
    await settled()
    await served(house, OWN, records)
    assert.deepEqual(simulator.oauth.log({ kind: 'refresh' }), [])
    assert.ok([...files.values()].every((file) => existsSync(file)))
  })

  test('moved: served and refreshed here; a file whose token is good for one time is put away', async () => {
    await using house = await openHouse('claude')
    const { simulator } = house
    const files = await putOwn(house)
    const records = await importAll(house, '--move', OWN.length)
    await served(house, OWN, records)
    for (const [provider, file] of files) {
      assert.equal(existsSync(file), !SINGLE_USE.includes(provider), file)
      assert.equal(existsSync(`${file}.moved-to-logicaproxy`), SINGLE_USE.includes(provider), file)
    }
    for (const provider of OWN) simulator.oauthFault(provider, 'expire-access')
    await served(house, OWN, records)
    const refreshed = simulator.oauth.log({ kind: 'refresh' }).map(({ vendor }) => vendor)
    assert.deepEqual(refreshed.sort(), OWN.filter((p) => p !== 'iflow').sort())
    assert.equal(simulator.oauth.counts().refreshReuse, 0)
  })
})

describe('the auth folder of CLIProxyAPI', () => {
  for (const how of ['--borrow', '--move'] as const)
    test(`all providers, ${how === '--move' ? 'moved' : 'borrowed'}, with the settings in their files`, async () => {
      await using house = await openHouse('claude')
      const { simulator } = house
      for (const provider of ALL)
        put(house, `.cli-proxy-api/${provider}-anna.json`, {
          ...authFile(provider, await issued(house, provider)),
          ...(provider === 'claude' && { priority: 7, note: 'the big one' }),
          ...(provider === 'qwen' && { prefix: 'team' }),
        })
      const told = (all: Map<string, LoginRecord>) => {
        const { priority, note } = all.get('claude')!.facts
        return priority === 7 && note === 'the big one' && all.get('qwen')!.facts.prefix === 'team'
      }
      const records = await importAll(house, how, ALL.length, told)
      await served(
        house,
        ALL.filter((p) => p !== 'qwen'),
        records,
      )
      assert.equal((await ask(house, chat, { model: 'team/coder-model' })).status, 200)
      for (const provider of ALL) simulator.oauthFault(provider, 'expire-access')
      if (how === '--move') {
        await served(
          house,
          ALL.filter((p) => p !== 'qwen'),
          records,
        )
        assert.equal(simulator.oauth.counts().refreshReuse, 0)
      } else {
        for (const provider of ALL) await ask(house, chat, { model: MODELS[provider] })
        assert.deepEqual(simulator.oauth.log({ kind: 'refresh' }), [])
      }
    })
})
