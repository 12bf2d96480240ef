import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, PROVIDERS, type ProviderName, type Simulator } from '../index.ts'
import * as by from '../testing/login.ts'

const clock = 1_790_000_000_000
let s: Simulator

before(async () => {
  s = await createSimulator({ now: () => clock })
})
after(() => s.close())
beforeEach(() => s.reset())

const BROWSER: ProviderName[] = ['claude', 'codex', 'gemini-cli', 'antigravity', 'iflow']
const ROTATING: readonly ProviderName[] = PROVIDERS.filter((p) => p !== 'gemini-cli' && p !== 'antigravity')

function claims(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
}

describe('a login', () => {
  for (const provider of PROVIDERS)
    test(`of ${provider} gives tokens, and a refresh gives new ones`, async () => {
      const first = await by.login(s, provider, 'anna')
      assert.ok(first.access_token && first.refresh_token, JSON.stringify(first))
      assert.equal(s.oauth.inspect(first.access_token).person, 'anna')
      const second = await by.refresh(s, provider, first.refresh_token)
      assert.equal(second.status, 200, JSON.stringify(second.json))
      assert.notEqual(second.json['access_token'], first.access_token)
      const rotated = second.json['refresh_token']
      if (ROTATING.includes(provider)) assert.ok(rotated && rotated !== first.refresh_token)
      else assert.equal(rotated, undefined)
      assert.deepEqual(s.oauth.counts(), { codes: 1, refreshes: 1, refused: 0, refreshReuse: 0, codeReuse: 0 })
    })

  test('says who it is: claims, accounts, user infos', async () => {
    const claude = await by.login(s, 'claude', 'ben')
    assert.equal((claude['account'] as { email_address: string }).email_address, 'ben@simulated.example')
    const profile = await by.get(s, 'https://api.anthropic.com/api/oauth/profile', {
      authorization: `Bearer ${claude.access_token}`,
    })
    assert.equal((profile.json['organization'] as { organization_type: string }).organization_type, 'claude_pro')
    const codex = await by.login(s, 'codex', 'anna')
    const auth = claims(codex.id_token!)['https://api.openai.com/auth'] as Record<string, string>
    assert.equal(auth['chatgpt_plan_type'], 'plus')
    assert.match(auth['chatgpt_account_id']!, /^[0-9a-f-]{36}$/)
    assert.equal(claims(codex.access_token)['exp'], clock / 1000 + 864_000)
    const google = await by.login(s, 'gemini-cli', 'anna')
    const info = await by.get(s, 'https://www.googleapis.com/oauth2/v2/userinfo', {
      authorization: `Bearer ${google.access_token}`,
    })
    assert.equal(info.json['email'], 'anna@simulated.example')
    const iflow = await by.login(s, 'iflow', 'anna')
    const user = await by.get(s, `https://iflow.cn/api/oauth/getUserInfo?accessToken=${iflow.access_token}`)
    assert.match((user.json['data'] as { apiKey: string }).apiKey, /^sk-/)
    const xai = await by.login(s, 'xai', 'cleo')
    assert.equal(claims(xai.id_token!)['email'], 'cleo@simulated.example')
  })

  test('is signed by the key that is published', async () => {
    const { createPublicKey, verify } = await import('node:crypto')
    const { id_token } = await by.login(s, 'xai', 'anna')
    const { json } = await by.get(s, 'https://auth.x.ai/.well-known/jwks.json')
    const key = createPublicKey({ key: (json['keys'] as object[])[0] as never, format: 'jwk' })
    const [head, body, signature] = id_token!.split('.')
    const ok = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature!, 'base64url'),
    )
    assert.ok(ok)
  })

  test('begins at claude.com as well', async () => {
    const { challenge } = by.pkce()
    const url = by.authorizeUrl('claude', challenge).replace('https://claude.ai/', 'https://claude.com/cai/')
    assert.match(await s.consent({ url, person: 'anna' }), /^http:\/\/localhost:40111\/callback\?code=/)
  })

  test('can be pasted: Claude shows code#state, Google the code alone', async () => {
    const { challenge } = by.pkce()
    const manual = 'https://platform.claude.com/oauth/code/callback'
    const shown = await s.consent({
      url: by.authorizeUrl('claude', challenge, { redirect_uri: manual }),
      person: 'anna',
    })
    assert.match(await (await fetch(shown)).text(), /<code id="code">[\w-]{43}#a-state-of-its-own<\/code>/)
    const google = by.authorizeUrl('gemini-cli', '', {
      redirect_uri: 'https://codeassist.google.com/authcode',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    assert.match(
      await (await fetch(await s.consent({ url: google, person: 'anna' }))).text(),
      /<code id="code">[\w-]{43}</,
    )
  })

  test('can be done by a person on a page, or refused', async () => {
    const { challenge } = by.pkce()
    const url = by.at(s, by.authorizeUrl('claude', challenge, { state: '"><script>alert(1)</script>' }))
    const html = await (await fetch(url)).text()
    assert.match(html, /name="auto" value="anna"/)
    assert.ok(!html.includes('<script>'))
    const back = new URL(await s.consent({ url, person: 'anna', deny: true }))
    assert.equal(back.searchParams.get('error'), 'access_denied')
    assert.equal(back.searchParams.get('state'), '"><script>alert(1)</script>')
  })

  test('takes any name for a person, and no other text', async () => {
    const { challenge } = by.pkce()
    const url = by.authorizeUrl('claude', challenge)
    assert.match(await s.consent({ url, person: 'p4711' }), /code=/)
    await assert.rejects(s.consent({ url, person: 'No Body' }), /no person/)
  })
})

describe('the authorize page', () => {
  const cases: [name: string, provider: ProviderName, change: Record<string, string>, told: RegExp][] = [
    ['a client nobody knows', 'claude', { client_id: 'x' }, /invalid_client/],
    [
      '127.0.0.1 where localhost is registered',
      'claude',
      { redirect_uri: 'http://127.0.0.1:4000/callback' },
      /mismatch/,
    ],
    ['another path', 'claude', { redirect_uri: 'http://localhost:4000/elsewhere' }, /mismatch/],
    ['a foreign host', 'codex', { redirect_uri: 'http://evil.example:1455/auth/callback' }, /mismatch/],
    [
      'a host that only begins so',
      'codex',
      { redirect_uri: 'http://localhost:1455@evil.example/auth/callback' },
      /mismatch/,
    ],
    [
      'a port that OpenAI has not registered',
      'codex',
      { redirect_uri: 'http://localhost:1456/auth/callback' },
      /mismatch/,
    ],
    [
      '/auth/code/callback at Claude',
      'claude',
      { redirect_uri: 'https://platform.claude.com/auth/code/callback' },
      /mismatch/,
    ],
    ['code=true missing', 'claude', { code: '' }, /error=invalid_request/],
    ['no state', 'codex', { state: '' }, /error=invalid_request/],
    ['no challenge', 'claude', { code_challenge: '' }, /error=invalid_request/],
    ['a plain challenge', 'codex', { code_challenge_method: 'plain' }, /error=invalid_request/],
    ['a short challenge', 'codex', { code_challenge: 'abc' }, /error=invalid_request/],
    ['an unknown scope', 'claude', { scope: 'user:inference root' }, /error=invalid_scope/],
    [
      'a scope missing',
      'gemini-cli',
      { scope: 'https://www.googleapis.com/auth/userinfo.email' },
      /error=invalid_scope/,
    ],
    ['response_type token', 'gemini-cli', { response_type: 'token' }, /unsupported_response_type/],
    [
      'pasting at Google without PKCE',
      'gemini-cli',
      { redirect_uri: 'https://codeassist.google.com/authcode' },
      /error=invalid_request/,
    ],
    ["iFlow's loginMethod missing", 'iflow', { loginMethod: '' }, /error=invalid_request/],
    ['another port at iFlow', 'iflow', { redirect: 'http://localhost:1/oauth2callback' }, /mismatch/],
  ]
  for (const [name, provider, change, told] of cases)
    test(`refuses ${name}`, async () => {
      const url = by.authorizeUrl(provider, by.pkce().challenge, change)
      const outcome = await s.consent({ url, person: 'anna' }).catch((error: Error) => error.message)
      assert.match(outcome, told)
      assert.ok(!/[?&]code=/.test(outcome.replace('code=true', '')))
    })

  test('takes other ports when it was told so', async () => {
    const free = await createSimulator({ anyPort: true })
    try {
      const url = by.authorizeUrl('codex', by.pkce().challenge, { redirect_uri: 'http://localhost:5/auth/callback' })
      assert.match(await free.consent({ url, person: 'anna' }), /code=/)
    } finally {
      await free.close()
    }
  })
})

describe('the exchange', () => {
  async function bent(
    provider: ProviderName,
    change: (f: Record<string, string>) => void,
    form?: 'json' | 'form',
    headers?: Record<string, string>,
  ) {
    const { verifier, challenge } = by.pkce()
    const redirect = await s.consent({ url: by.authorizeUrl(provider, challenge), person: 'anna' })
    const fields = by.exchangeFields(provider, redirect, verifier, s)
    change(fields)
    const kind = form ?? (provider === 'claude' ? 'json' : 'form')
    return by.post(s, by.TOKEN[provider], fields, kind, headers ?? by.tokenHeaders(provider, s))
  }
  const error = (said: by.Said) => {
    const e = said.json['error'] as string | { code: string }
    return typeof e === 'string' ? e : e.code
  }

  for (const provider of BROWSER) {
    test(`of ${provider} refuses another redirect, another client, another body form`, async () => {
      const moved = await bent(provider, (f) => {
        f['redirect_uri'] = 'http://localhost:1/callback'
      })
      assert.equal(moved.status, 400)
      assert.match(error(moved), /invalid_grant|redirect_uri_mismatch/)
      const stranger = await bent(provider, (f) => {
        f['client_id'] = 'stranger'
      })
      assert.deepEqual([stranger.status, error(stranger)], [401, 'invalid_client'])
      const form = await bent(provider, () => {}, provider === 'claude' ? 'form' : 'json')
      assert.deepEqual([form.status, error(form)], [400, 'invalid_request'])
    })
  }
  for (const provider of ['claude', 'codex'] as const)
    test(`of ${provider} wants the right verifier, and burns the code of a wrong one`, async () => {
      const { verifier, challenge } = by.pkce()
      const redirect = await s.consent({ url: by.authorizeUrl(provider, challenge), person: 'anna' })
      const good = by.exchangeFields(provider, redirect, verifier, s)
      const kind = provider === 'claude' ? 'json' : 'form'
      const wrong = await by.post(s, by.TOKEN[provider], { ...good, code_verifier: by.pkce().verifier }, kind)
      assert.deepEqual([wrong.status, error(wrong)], [400, 'invalid_grant'])
      assert.equal((await by.post(s, by.TOKEN[provider], good, kind)).status, 400)
      assert.equal((await bent(provider, (f) => delete f['code_verifier'])).status, 400)
    })
  test('of Claude wants the state', async () => {
    assert.equal(error(await bent('claude', (f) => delete f['state'])), 'invalid_request')
    const other = await bent('claude', (f) => {
      f['state'] = 'other'
    })
    assert.equal(error(other), 'invalid_grant')
  })
  test('of Google and iFlow wants the secret; iFlow wants it twice', async () => {
    for (const provider of ['gemini-cli', 'antigravity', 'iflow'] as const) {
      const none = await bent(provider, (f) => delete f['client_secret'])
      assert.deepEqual([none.status, error(none)], [401, 'invalid_client'])
    }
    const basic = await bent('iflow', () => {}, 'form', {})
    assert.deepEqual([basic.status, error(basic)], [401, 'invalid_client'])
  })
  test('refuses a verifier that no challenge came before', async () => {
    const said = await bent('gemini-cli', (f) => {
      f['code_verifier'] = by.pkce().verifier
    })
    assert.equal(error(said), 'invalid_grant')
  })
  test('takes a code once; the second time it revokes what the first gave', async () => {
    const { verifier, challenge } = by.pkce()
    const redirect = await s.consent({ url: by.authorizeUrl('claude', challenge), person: 'anna' })
    const fields = by.exchangeFields('claude', redirect, verifier, s)
    const first = await by.post(s, by.TOKEN.claude, fields, 'json')
    assert.equal(first.status, 200)
    assert.equal(error(await by.post(s, by.TOKEN.claude, fields, 'json')), 'invalid_grant')
    assert.equal(s.oauth.inspect(String(first.json['access_token'])).state, 'revoked')
    assert.equal(s.oauth.counts().codeReuse, 1)
  })
  test('takes no code after a minute', async () => {
    const { verifier, challenge } = by.pkce()
    const redirect = await s.consent({ url: by.authorizeUrl('codex', challenge), person: 'anna' })
    s.advance(60_000)
    const said = await by.post(s, by.TOKEN.codex, by.exchangeFields('codex', redirect, verifier, s))
    assert.deepEqual([said.status, error(said)], [400, 'invalid_grant'])
  })
  test('of Google gives a second refresh token only when the person is asked again', async () => {
    await by.login(s, 'gemini-cli', 'anna')
    const quiet = await s.consent({ url: by.authorizeUrl('gemini-cli', '', { prompt: '' }), person: 'anna' })
    const said = await by.post(s, by.TOKEN['gemini-cli'], by.exchangeFields('gemini-cli', quiet, '', s))
    assert.deepEqual([said.status, said.json['refresh_token']], [200, undefined])
    assert.ok((await by.login(s, 'gemini-cli', 'anna')).refresh_token)
  })
  test('can be skipped by tests that need many accounts', async () => {
    const tokens = s.issue('codex', 'p1')
    assert.equal((await by.refresh(s, 'codex', String(tokens['refresh_token']))).status, 200)
    assert.ok(tokens['id_token'])
  })
  test('gives no refresh token unless offline access was asked for', async () => {
    const { challenge } = by.pkce()
    const redirect = await s.consent({
      url: by.authorizeUrl('gemini-cli', challenge, { access_type: '' }),
      person: 'anna',
    })
    const said = await by.post(s, by.TOKEN['gemini-cli'], by.exchangeFields('gemini-cli', redirect, '', s))
    assert.equal(said.status, 200)
    assert.equal(said.json['refresh_token'], undefined)
  })
})

describe('nothing can be left out', () => {
  /** What a healthy client sends without having to. */
  const FREE = new Set(['access_type', 'prompt'])
  for (const provider of BROWSER)
    test(`of what ${provider} is sent`, async () => {
      const { verifier, challenge } = by.pkce()
      const whole = by.authorizeUrl(provider, challenge)
      for (const name of new URL(whole).searchParams.keys()) {
        if (FREE.has(name)) continue
        const without = new URL(whole)
        without.searchParams.delete(name)
        const outcome = await s.consent({ url: without.href, person: 'anna' }).catch((error: Error) => error.message)
        assert.ok(!outcome.startsWith('http') || new URL(outcome).searchParams.has('error'), `${name}: ${outcome}`)
      }
      const kind = provider === 'claude' ? 'json' : 'form'
      const redirect = await s.consent({ url: whole, person: 'anna' })
      for (const name of Object.keys(by.exchangeFields(provider, redirect, verifier, s))) {
        const again = await s.consent({ url: whole, person: 'anna' })
        const { [name]: _, ...fields } = by.exchangeFields(provider, again, verifier, s)
        const said = await by.post(s, by.TOKEN[provider], fields, kind, by.tokenHeaders(provider, s))
        assert.ok(said.status >= 400 && said.json['error'] && !said.json['access_token'], `${name}: ${said.status}`)
      }
    })
})

describe('a refresh', () => {
  for (const provider of ROTATING)
    test(`of ${provider} with a spent token kills the whole family`, async () => {
      const first = await by.login(s, provider, 'anna')
      const second = (await by.refresh(s, provider, first.refresh_token!)).json as unknown as by.Tokens
      const reused = await by.refresh(s, provider, first.refresh_token!)
      const code = reused.json['error'] as string | { code: string }
      if (provider === 'codex')
        assert.deepEqual([reused.status, (code as { code: string }).code], [401, 'refresh_token_reused'])
      else assert.deepEqual([reused.status, code], [provider === 'kimi' ? 401 : 400, 'invalid_grant'])
      const dead = await by.refresh(s, provider, second.refresh_token!)
      assert.notEqual(dead.status, 200)
      if (provider === 'codex') assert.equal((dead.json['error'] as { code: string }).code, 'refresh_token_invalidated')
      assert.equal(s.oauth.inspect(second.access_token).state, 'revoked')
      assert.equal(s.oauth.counts().refreshReuse, 1)
      assert.deepEqual(
        s.oauth.log({ kind: 'refresh' }).map((e) => [e.person, e.reuse]),
        [
          ['anna', false],
          ['anna', true],
          ['anna', false],
        ],
      )
    })
  test('of Google keeps its token, as often as one likes', async () => {
    const { refresh_token } = await by.login(s, 'antigravity', 'anna')
    for (let i = 0; i < 3; i++) assert.equal((await by.refresh(s, 'antigravity', refresh_token!)).status, 200)
    assert.equal(s.oauth.inspect(refresh_token!).state, 'current')
  })
  test("leaves other people's logins alone", async () => {
    const anna = await by.login(s, 'claude', 'anna')
    const ben = await by.login(s, 'claude', 'ben')
    await by.refresh(s, 'claude', anna.refresh_token!)
    await by.refresh(s, 'claude', anna.refresh_token!)
    assert.equal((await by.refresh(s, 'claude', ben.refresh_token!)).status, 200)
  })
  test('of two clients at once goes well for one and ends the login', async () => {
    const { refresh_token } = await by.login(s, 'claude', 'anna')
    const both = await Promise.all([1, 2].map(() => by.refresh(s, 'claude', refresh_token!)))
    assert.deepEqual(both.map((b) => b.status).sort(), [200, 400])
    assert.equal(s.oauth.counts().refreshReuse, 1)
  })
  test('of Claude is JSON only; OpenAI takes both', async () => {
    const claude = await by.login(s, 'claude', 'anna')
    const fields = { grant_type: 'refresh_token', refresh_token: claude.refresh_token!, client_id: by.CLIENT.claude }
    assert.equal((await by.post(s, by.TOKEN.claude, fields, 'form')).status, 400)
    assert.equal((await by.post(s, 'https://api.anthropic.com/v1/oauth/token', fields, 'json')).status, 200)
    const codex = await by.login(s, 'codex', 'anna')
    const form = { grant_type: 'refresh_token', refresh_token: codex.refresh_token!, client_id: by.CLIENT.codex }
    assert.equal((await by.post(s, by.TOKEN.codex, form, 'form')).status, 200)
  })
  test("with another client's id is refused", async () => {
    const { refresh_token } = await by.login(s, 'gemini-cli', 'anna')
    const said = await by.refresh(s, 'antigravity', refresh_token!)
    assert.deepEqual([said.status, said.json['error']], [400, 'invalid_grant'])
  })
  test('of nothing at all is told so', async () => {
    const said = await by.post(s, by.TOKEN.claude, { grant_type: 'refresh_token', client_id: by.CLIENT.claude }, 'json')
    assert.deepEqual([said.status, said.json['error']], [400, 'invalid_request'])
    const odd = await by.post(s, by.TOKEN.claude, { grant_type: 'password', client_id: by.CLIENT.claude }, 'json')
    assert.equal(odd.json['error'], 'unsupported_grant_type')
  })
  test('lives as long as it was told to', async () => {
    s.setLife('claude', 60)
    const tokens = await by.login(s, 'claude', 'anna')
    assert.equal(tokens.expires_in, 60)
    s.advance(60_000)
    assert.equal(s.oauth.inspect(tokens.access_token).state, 'expired')
    s.setLife('claude', undefined)
  })
})

describe('giving up', () => {
  test('Google: the whole login is gone, by either token', async () => {
    const { access_token, refresh_token } = await by.login(s, 'gemini-cli', 'anna')
    assert.equal((await by.post(s, 'https://oauth2.googleapis.com/revoke', { token: access_token })).status, 200)
    const said = await by.refresh(s, 'gemini-cli', refresh_token!)
    assert.deepEqual([said.status, said.json['error']], [400, 'invalid_grant'])
    assert.equal((await by.post(s, 'https://oauth2.googleapis.com/revoke', { token: 'nonsense' })).status, 400)
  })
  test('OpenAI and xAI: an unknown token is as good as revoked', async () => {
    for (const [provider, url] of [
      ['codex', 'https://auth.openai.com/oauth/revoke'],
      ['xai', 'https://auth.x.ai/oauth2/revoke'],
    ] as const) {
      const { refresh_token } = await by.login(s, provider, 'anna')
      const client_id = by.CLIENT[provider]
      assert.equal((await by.post(s, url, { token: refresh_token!, client_id })).status, 200)
      assert.equal(s.oauth.inspect(refresh_token!).state, 'revoked')
      assert.equal((await by.post(s, url, { token: 'x', client_id })).status, 200)
      assert.equal((await by.post(s, url, { token: 'x' })).status, 401)
    }
  })
})
