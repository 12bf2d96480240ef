import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { rm, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { findIn, findLogins, readSource } from './find.ts'
import {
  claudeFile,
  codexClaims,
  codexFile,
  field,
  geminiFile,
  type Home,
  jwt,
  LATER,
  legacyState,
  message,
  NOW,
  qwenFile,
  scratchHome,
  tokenInfo,
  unifiedState,
  writeState,
} from './testing/files.ts'
import type { Candidate, KeyringEntry, Places } from './types.ts'

let home: Home
beforeEach(async () => {
  home = await scratchHome()
})
afterEach(() => home.remove())

async function only(places: Places = home): Promise<Candidate> {
  const { candidates, notes } = await findLogins(places)
  assert.equal(candidates.length, 1, JSON.stringify([candidates, notes]))
  return candidates[0]!
}

describe('an import finds', () => {
  it('nothing on an empty machine', async () => {
    assert.deepEqual(await findLogins(home), { candidates: [], notes: [] })
  })

  it('Claude Code’s login, with its account from .claude.json', async () => {
    const from = await home.put('.claude/.credentials.json', claudeFile)
    await home.put('.claude.json', {
      oauthAccount: { accountUuid: 'acc', emailAddress: 'anna@test.example', organizationUuid: 'org' },
    })
    assert.deepEqual(await only(), {
      provider: 'claude',
      from,
      known: true,
      canRefresh: true,
      expiresAt: LATER,
      warnings: [],
      identity: {
        subject: 'acc/org',
        email: 'anna@test.example',
        plan: 'max',
        details: {
          plan: 'max',
          'account-id': 'acc',
          'organization-id': 'org',
          'rate-limit-tier': 'default_claude_max_5x',
        },
      },
      tokens: {
        accessToken: 'sk-ant-oat01-made-up',
        refreshToken: 'sk-ant-ort01-made-up',
        expiresAt: LATER,
        issuedAt: NOW,
        scope: 'user:inference user:profile',
        details: {
          plan: 'max',
          'account-id': 'acc',
          'organization-id': 'org',
          'rate-limit-tier': 'default_claude_max_5x',
        },
      },
    } satisfies Candidate)
  })

  it('Claude Code’s login where the environment says, and without any of what is optional', async () => {
    await home.put('elsewhere/.credentials.json', {
      claudeAiOauth: { accessToken: 'a', expiresAt: null, subscriptionType: null },
    })
    const got = await only({ ...home, env: { CLAUDE_CONFIG_DIR: join(home.home, 'elsewhere') } })
    assert.deepEqual([got.known, got.canRefresh, got.expiresAt, got.tokens.details], [false, false, undefined, {}])
    assert.match(got.identity.subject, /^found:/)
  })

  it('Claude Code’s login in the macOS keychain', async () => {
    const asked: KeyringEntry[] = []
    const got = await only({
      ...home,
      platform: 'darwin',
      env: { USER: 'anna' },
      keyring: async (entry) => {
        asked.push(entry)
        return entry.service === 'Claude Code-credentials' ? JSON.stringify(claudeFile) : undefined
      },
    })
    assert.equal(got.from, 'keyring:Claude Code-credentials/anna')
    assert.equal(got.tokens.refreshToken, 'sk-ant-ort01-made-up')
    assert.ok(
      asked.some((e) => e.service === 'gemini' && e.account === 'antigravity' && e.target === 'gemini:antigravity'),
    )
  })

  it('a token of claude setup-token in the environment, which cannot be refreshed', async () => {
    const got = await only({ ...home, env: { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-year' } })
    assert.deepEqual(
      [got.provider, got.from, got.canRefresh, got.tokens.scope],
      ['claude', 'env:CLAUDE_CODE_OAUTH_TOKEN', false, 'user:inference'],
    )
  })

  it('Codex’s login: account, plan and end from its tokens', async () => {
    await home.put('.codex/auth.json', codexFile)
    const got = await only()
    assert.deepEqual(got.identity, {
      subject: 'acc-1/user-1',
      email: 'anna@test.example',
      plan: 'plus',
      details: { 'account-id': 'acc-1', plan: 'plus' },
    })
    assert.equal(got.expiresAt, LATER)
    assert.equal(got.tokens.issuedAt, Date.parse('2026-11-20T08:00:00.123Z'))
  })

  it('Codex’s login in CODEX_HOME and in the keyring, but no API key of it', async () => {
    await home.put('.codex/auth.json', { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-key' })
    assert.deepEqual((await findLogins(home)).candidates, [])
    await home.put('other/auth.json', codexFile)
    const CODEX_HOME = join(home.home, 'other')
    assert.equal((await only({ ...home, env: { CODEX_HOME } })).from, join(CODEX_HOME, 'auth.json'))
    await rm(join(CODEX_HOME, 'auth.json'))
    const account = `cli|${createHash('sha256').update(CODEX_HOME).digest('hex').slice(0, 16)}`
    const keyring = async (e: KeyringEntry) =>
      e.service === 'Codex Auth' && e.account === account ? JSON.stringify(codexFile) : undefined
    assert.equal((await only({ ...home, env: { CODEX_HOME }, keyring })).from, `keyring:Codex Auth/${account}`)
  })

  it('Gemini CLI’s login, named by its ID token or by the active account', async () => {
    await home.put('.gemini/oauth_creds.json', geminiFile)
    assert.deepEqual((await only()).identity, { subject: 'anna@test.example', email: 'Anna@Test.example' })
    await home.put('.gemini/oauth_creds.json', { ...geminiFile, id_token: undefined })
    await home.put('.gemini/google_accounts.json', { active: 'ben@test.example', old: [] })
    assert.equal((await only()).identity.subject, 'ben@test.example')
  })

  it('Gemini CLI’s login in its own form of the keychain', async () => {
    const kept = {
      serverName: 'main-account',
      token: { accessToken: 'ya29.k', refreshToken: '1//k', expiresAt: LATER },
      updatedAt: NOW,
    }
    const got = await only({
      ...home,
      keyring: async (e) => (e.service === 'gemini-cli-oauth' ? JSON.stringify(kept) : undefined),
    })
    assert.deepEqual(
      [got.provider, got.tokens.accessToken, got.tokens.refreshToken, got.expiresAt],
      ['gemini-cli', 'ya29.k', '1//k', LATER],
    )
  })

  it('Qwen Code’s and iFlow’s, which tell nobody’s name', async () => {
    await home.put('.qwen/oauth_creds.json', qwenFile)
    assert.deepEqual((await only()).tokens.details, { 'resource-url': 'portal.qwen.ai' })
    await rm(join(home.home, '.qwen'), { recursive: true })
    await home.put('.iflow/settings.json', { apiKey: 'sk-iflow', baseUrl: 'https://apis.iflow.cn/v1' })
    const got = await only()
    assert.deepEqual([got.provider, got.tokens.accessToken, got.canRefresh], ['iflow', 'sk-iflow', false])
  })

  it('Antigravity’s login in the IDE’s state, on every system', async () => {
    const seconds = LATER / 1000
    const rows = {
      'antigravityUnifiedStateSync.oauthToken': unifiedState(tokenInfo('ya29.ide', '1//ide', seconds)),
      antigravityAuthStatus: JSON.stringify({ apiKey: 'ya29.old', email: 'anna@test.example', name: 'Anna' }),
    }
    const base = {
      linux: '.config/Antigravity',
      darwin: 'Library/Application Support/Antigravity IDE',
      win32: 'AppData/Roaming/Antigravity',
    } as const
    for (const [platform, at] of Object.entries(base)) {
      const path = join(home.home, at, 'User/globalStorage/state.vscdb')
      await writeState(path, rows)
      const got = await only({ ...home, platform: platform as NodeJS.Platform, env: {} })
      assert.deepEqual(
        [got.from, got.tokens.accessToken, got.tokens.refreshToken, got.expiresAt, got.identity.email],
        [path, 'ya29.ide', '1//ide', LATER, 'anna@test.example'],
        platform,
      )
      await rm(join(home.home, at), { recursive: true })
    }
  })

  it('Antigravity’s login in the older forms of the state', async () => {
    const path = join(home.home, '.config/Antigravity/User/globalStorage/state.vscdb')
    await writeState(path, {
      'jetskiStateSync.agentManagerInitState': Buffer.from(legacyState(tokenInfo('ya29.old', '1//old', LATER / 1000))),
    })
    assert.deepEqual((await only()).tokens.refreshToken, '1//old')
    await rm(path)
    await writeState(path, { antigravityAuthStatus: JSON.stringify({ apiKey: 'ya29.status', email: 'a@b.example' }) })
    const got = await only()
    assert.deepEqual([got.tokens.accessToken, got.canRefresh], ['ya29.status', false])
  })

  it('no login in a state that is broken, locked or none', async () => {
    const path = join(home.home, '.config/Antigravity/User/globalStorage/state.vscdb')
    await writeState(path, {
      'antigravityUnifiedStateSync.oauthToken': message(field(1, 'cut off')).subarray(0, 4).toString('base64'),
      other: 'x',
    })
    assert.deepEqual((await findLogins(home)).candidates, [])
    await rm(path)
    await home.put(
      '.config/Antigravity/User/globalStorage/state.vscdb',
      'no database at all, but long enough to be looked at',
    )
    const { candidates, notes } = await findLogins(home)
    assert.deepEqual(candidates, [])
    assert.match(notes[0]!.words, /cannot be read as SQLite/)
  })

  it('Antigravity’s command line: keyring and files, nested or not', async () => {
    const held = {
      access_token: 'ya29.agy',
      token_type: 'Bearer',
      refresh_token: '1//agy',
      expiry: '2026-11-22T20:00:00.123456789Z',
    }
    await home.put('.gemini/jetski-standalone-oauth-token', held)
    assert.equal((await only()).expiresAt, LATER + 123)
    await rm(join(home.home, '.gemini'), { recursive: true })
    await home.put('.gemini/antigravity-cli/antigravity-oauth-token', {
      token: held,
      id_token: jwt({ email: 'anna@test.example' }),
    })
    assert.equal((await only()).identity.subject, 'anna@test.example')
    await rm(join(home.home, '.gemini'), { recursive: true })
    const keyring = async (e: KeyringEntry) =>
      e.account === 'antigravity' ? JSON.stringify({ token: held, auth_method: 'oauth' }) : undefined
    assert.equal((await only({ ...home, keyring })).tokens.refreshToken, '1//agy')
  })
})

describe('an auth folder of CLIProxyAPI', () => {
  const reference: Record<string, [object, Partial<Candidate['tokens']>, string | undefined]> = {
    'claude-a.json': [
      {
        type: 'claude',
        access_token: 'ca',
        refresh_token: 'cr',
        id_token: '',
        email: 'anna@test.example',
        expired: '2026-11-22T20:00:00Z',
        last_refresh: '2026-11-22T12:00:00Z',
      },
      { accessToken: 'ca', refreshToken: 'cr', expiresAt: LATER, issuedAt: NOW },
      'email:anna@test.example',
    ],
    'codex-1-a-plus.json': [
      {
        type: 'codex',
        id_token: jwt(codexClaims),
        access_token: 'xa',
        refresh_token: 'xr',
        account_id: 'acc-1',
        email: 'anna@test.example',
        expired: '2026-11-22T20:00:00Z',
      },
      { accessToken: 'xa', details: { 'account-id': 'acc-1', plan: 'plus' } },
      'acc-1/user-1',
    ],
    'gemini-a-p.json': [
      {
        type: 'gemini',
        token: { access_token: 'ga', refresh_token: 'gr', expiry: '2026-11-22T20:00:00Z', client_id: 'own-client' },
        project_id: 'p-1',
        email: 'anna@test.example',
        auto: true,
        checked: true,
      },
      {
        accessToken: 'ga',
        refreshToken: 'gr',
        expiresAt: LATER,
        details: { project: 'p-1', 'client-id': 'own-client' },
      },
      'anna@test.example',
    ],
    'antigravity-a.json': [
      {
        type: 'antigravity',
        access_token: 'aa',
        refresh_token: 'ar',
        expires_in: 28_800,
        timestamp: NOW,
        email: 'anna@test.example',
        project_id: 'p-2',
      },
      { accessToken: 'aa', expiresAt: LATER, issuedAt: NOW, details: { project: 'p-2' } },
      'anna@test.example',
    ],
    'qwen-a.json': [
      {
        type: 'qwen',
        access_token: 'qa',
        refresh_token: 'qr',
        resource_url: 'portal.qwen.ai',
        email: 'my name',
        expired: '2026-11-22T20:00:00Z',
      },
      { accessToken: 'qa', details: { 'resource-url': 'portal.qwen.ai' } },
      'name:my name',
    ],
    'iflow-a.json': [
      {
        type: 'iflow',
        access_token: 'ia',
        refresh_token: 'ir',
        api_key: 'sk-i',
        email: 'anna@test.example',
        expired: '2026-11-22T20:00:00Z',
      },
      { accessToken: 'sk-i', refreshToken: 'ir', details: { 'api-key': 'sk-i' } },
      'anna@test.example',
    ],
    'kimi-a.json': [
      { type: 'kimi', access_token: 'ka', refresh_token: 'kr', device_id: 'dev', expired: '2026-11-22T20:00:00Z' },
      { accessToken: 'ka', details: { 'device-id': 'dev' } },
      undefined,
    ],
  }

  it('is read in every format', async () => {
    for (const [name, [content]] of Object.entries(reference)) await home.put(`.cli-proxy-api/${name}`, content)
    await home.put('.cli-proxy-api/vertex.json', { type: 'vertex', service_account: {} })
    await home.put('.cli-proxy-api/notes.txt', 'not this one')
    const { candidates, notes } = await findLogins(home)
    assert.equal(candidates.length, Object.keys(reference).length)
    assert.deepEqual(notes, [])
    for (const got of candidates) {
      const [, tokens, subject] = reference[got.from.slice(got.from.lastIndexOf('/') + 1)]!
      for (const [name, value] of Object.entries(tokens))
        assert.deepEqual(got.tokens[name as 'scope'], value, `${got.from} ${name}`)
      assert.equal(got.known, subject !== undefined, got.from)
      if (subject !== undefined) assert.equal(got.identity.subject, subject)
    }
  })

  it('brings its settings along', async () => {
    const path = await home.put('folder/x.json', {
      ...reference['claude-a.json']![0],
      disabled: true,
      priority: 5,
      weight: 0.5,
      prefix: 'team',
      proxy_url: 'socks5://127.0.0.1:1080',
      excluded_models: ['claude-opus-*', 7],
      headers: { 'X-Team': 'a', 'X-Bad': 1 },
      note: 'mine',
      disable_cooling: true,
    })
    const { candidates } = await findIn(path, home)
    assert.deepEqual(candidates[0]?.facts, {
      disabled: true,
      priority: 5,
      weight: 0.5,
      prefix: 'team',
      proxyUrl: 'socks5://127.0.0.1:1080',
      excludedModels: ['claude-opus-*'],
      headers: { 'X-Team': 'a' },
      note: 'mine',
      neverRests: true,
    })
  })

  it('switches an account off whose proxy cannot be understood, and says so', async () => {
    const path = await home.put('x.json', { ...reference['claude-a.json']![0], proxy_url: 'my-proxy' })
    const [got] = (await findIn(path, home)).candidates
    assert.equal(got?.facts?.disabled, true)
    assert.match(got!.warnings.join(), /no proxy/)
  })
})

describe('what is found', () => {
  it('is the newest of several copies of one login, and the others are told', async () => {
    await home.put('.codex/auth.json', codexFile)
    await home.put('.cli-proxy-api/codex-x.json', {
      type: 'codex',
      id_token: jwt(codexClaims),
      access_token: 'newer',
      refresh_token: 'r',
      expired: '2026-11-23T20:00:00Z',
    })
    const { candidates, notes } = await findLogins(home)
    assert.deepEqual(
      candidates.map((c) => c.tokens.accessToken),
      ['newer'],
    )
    assert.match(notes[0]!.words, /older copy/)
  })

  it('warns of files that others may read', async () => {
    await home.put('.qwen/oauth_creds.json', qwenFile, 0o644)
    assert.match((await only()).warnings.join(), /mode 644.*chmod 600/)
  })

  it('is told about when it cannot be read', async () => {
    const huge = await home.put('.codex/auth.json', '')
    await truncate(huge, 5_000_000)
    await home.put('.qwen/oauth_creds.json', '[1, 2')
    const { candidates, notes } = await findLogins(home)
    assert.deepEqual(candidates, [])
    assert.match(notes.map((n) => n.words).join(' '), /larger than 1 MiB.*no JSON object/)
  })

  it('may be looked for at one provider alone', async () => {
    await home.put('.codex/auth.json', codexFile)
    await home.put('.qwen/oauth_creds.json', qwenFile)
    await home.put('.cli-proxy-api/c.json', { type: 'claude', access_token: 'a' })
    assert.deepEqual(
      (await findLogins(home, [], 'claude')).candidates.map((c) => c.provider),
      ['claude'],
    )
  })

  it('may be a vendor’s file that was copied here, known by its shape', async () => {
    const shapes: [string, object, string][] = [
      ['a.json', claudeFile, 'claude'],
      ['b.json', codexFile, 'codex'],
      ['c.json', geminiFile, 'gemini-cli'],
      ['d.json', qwenFile, 'qwen'],
      ['e.json', { token: { access_token: 'x' } }, 'antigravity'],
      ['f.json', { apiKey: 'k' }, 'iflow'],
    ]
    for (const [name, content, provider] of shapes) {
      const { candidates } = await findIn(await home.put(name, content), home)
      assert.equal(candidates[0]?.provider, provider, name)
    }
    assert.deepEqual((await findIn(await home.put('g.json', { unrelated: true }), home)).candidates, [])
    assert.match((await findIn(join(home.home, 'none'), home)).notes[0]!.words, /nothing there/)
  })

  it('can be read again by where it is from, as a borrowed login has to', async () => {
    const link = join(home.home, '.codex')
    await home.put('real/auth.json', codexFile)
    await symlink(join(home.home, 'real'), link)
    const first = await only()
    await home.put('real/auth.json', { ...codexFile, tokens: { ...codexFile.tokens, access_token: 'changed' } })
    assert.equal((await readSource('codex', first.from, home))?.tokens.accessToken, 'changed')
    assert.equal(await readSource('claude', first.from, home), undefined)
    assert.equal(await readSource('codex', 'keyring:Codex Auth/x', home), undefined)
    await rm(join(home.home, 'real/auth.json'))
    assert.equal(await readSource('codex', first.from, home), undefined)
  })
})
