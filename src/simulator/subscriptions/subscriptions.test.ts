import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, PROVIDERS, type ProviderName, type Simulator } from '../index.ts'
import { get } from '../testing/login.ts'
import { ask, headersFor, user } from '../testing/subscriptions.ts'
import { REFUSALS } from './refusals.ts'

const NOW = 1_790_000_000_000
let s: Simulator
before(async () => {
  s = await createSimulator({ now: () => NOW })
})
after(() => s.close())
beforeEach(() => s.reset())

const WINDOW: Record<ProviderName, string> = {
  claude: '5h',
  codex: '5h',
  'gemini-cli': 'gemini-2.5-pro',
  antigravity: 'gemini-weekly',
  qwen: 'day',
  iflow: 'minute',
  kimi: '7d',
  xai: '24h',
}

for (const provider of PROVIDERS)
  describe(`the API of ${provider}`, () => {
    test('answers an account, and says which in its log', async () => {
      const anna = await user(s, provider, 'anna')
      const heard = await anna.ask()
      assert.equal(heard.status, 200, heard.text)
      assert.match(heard.text, /Hello/)
      assert.equal(heard.headers.get('x-logicaproxy-simulated'), 'true')
      const seen = s.attempts({ vendor: provider }).at(-1)
      assert.deepEqual([seen?.key, seen?.status], [`${provider}:anna`, 200])
    })
    test("refuses a token it does not know, an expired one and a revoked one, with the vendor's 401", async () => {
      const anna = await user(s, provider, 'anna')
      const stranger = await anna.ask({}, anna.url, { authorization: 'Bearer nobody' })
      assert.equal(stranger.status, 401, stranger.text)
      // The key of iFlow outlives its token.
      if (provider === 'iflow') return
      s.oauthFault(provider, 'expire-access')
      assert.equal((await anna.ask()).status, 401)
      const again = await user(s, provider, 'anna')
      assert.equal((await again.ask()).status, 200)
      s.oauthFault(provider, 'revoke-family')
      assert.equal((await again.ask()).status, 401)
    })
    test('refuses when a window is full, and no longer when it is emptied', async () => {
      const anna = await user(s, provider, 'anna')
      const ben = await user(s, provider, 'p1')
      s.setQuota(provider, 'anna', WINDOW[provider], { used: 100, resetsAt: NOW + 60_000 })
      const full = await anna.ask()
      assert.equal(full.status, 429, full.text)
      assert.equal((await ben.ask()).status, 200, "another account's window is its own")
      s.advance(60_000)
      assert.equal((await anna.ask()).status, 200)
    })
    test('fills its windows with use', async () => {
      const anna = await user(s, provider, 'anna')
      s.setQuota(provider, 'anna', WINDOW[provider], { used: 0, perRequest: 60 })
      assert.equal((await anna.ask()).status, 200)
      assert.equal((await anna.ask()).status, 200)
      assert.equal((await anna.ask()).status, 429)
      const w = s.quota(provider, 'anna').find(({ id }) => id === WINDOW[provider])
      assert.ok(w!.used >= 120 && w!.used < 121, `${w!.used}`)
    })
    for (const name of Object.keys(REFUSALS[provider]))
      if (name !== 'version-gate')
        test(`can be refused by ${name}, and be well again`, async () => {
          const anna = await user(s, provider, 'anna')
          s.setRefusal(provider, 'anna', name)
          const refused = await anna.ask()
          assert.ok(refused.status >= 400, refused.text)
          assert.equal(s.attempts({ vendor: provider }).at(-1)?.outcome, 'refused')
          s.setRefusal(provider, 'anna', undefined)
          assert.equal((await anna.ask()).status, 200)
        })
    test('knows the words of model names, and scripts by account', async () => {
      const anna = await user(s, provider, 'anna')
      const model = String(anna.body['model'])
      assert.ok((await anna.ask({ model: `${model}+503@anna` })).status >= 500)
      assert.equal((await anna.ask({ model: `${model}+503@ben` })).status, 200)
      s.script(`${provider}:anna`, [{ name: '500' }])
      assert.equal((await anna.ask()).status, 500)
      assert.equal((await anna.ask()).status, 200)
    })
    test('has nothing at other paths', async () => {
      const anna = await user(s, provider, 'anna')
      assert.equal((await anna.ask({}, `${new URL(anna.url).origin}/v9/nothing`)).status, 404)
    })
  })

describe('Claude', () => {
  test('wants the beta of OAuth', async () => {
    const anna = await user(s, 'claude', 'anna')
    const refused = await anna.ask({}, anna.url, { 'anthropic-beta': 'interleaved-thinking-2025-05-14' })
    assert.equal(refused.status, 401)
    assert.match(refused.text, /OAuth authentication is currently not supported/)
    assert.equal((await anna.ask({}, anna.url, { 'anthropic-beta': 'x,oauth-2025-04-20' })).status, 200)
  })
  test('tells its windows in headers, of opus as well', async () => {
    const anna = await user(s, 'claude', 'anna')
    s.setQuota('claude', 'anna', '5h', { used: 85, resetsAt: NOW + 3_600_000 })
    const { headers } = await anna.ask({ model: 'claude-opus-4-8' })
    const told = (name: string) => headers.get(`anthropic-ratelimit-unified-${name}`)
    assert.deepEqual(
      ['status', 'representative-claim', '5h-utilization', '5h-reset', '7d-status', '7d_oi-status'].map(told),
      ['allowed_warning', 'five_hour', '0.85', String(NOW / 1000 + 3_600), 'allowed', 'allowed'],
    )
    assert.equal(headers.get('anthropic-ratelimit-requests-limit'), null)
  })
  test('refuses a full week of opus to opus alone', async () => {
    const anna = await user(s, 'claude', 'anna')
    s.setQuota('claude', 'anna', '7d-opus', { used: 100 })
    const refused = await anna.ask({ model: 'claude-opus-4-8' })
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('anthropic-ratelimit-unified-7d_oi-status'), 'rejected')
    assert.equal(refused.headers.get('anthropic-ratelimit-unified-5h-status'), 'allowed')
    assert.equal(refused.headers.get('retry-after'), String(7 * 86_400))
    assert.equal((await anna.ask()).status, 200)
  })
  test('reports usage, but not all the time', async () => {
    const anna = await user(s, 'claude', 'anna')
    s.setQuota('claude', 'anna', '5h', { used: 42 })
    const url = 'https://api.anthropic.com/api/oauth/usage'
    const { json } = await anna.get(url)
    assert.deepEqual((json['five_hour'] as { utilization: number }).utilization, 42)
    assert.deepEqual(json['seven_day'], { utilization: 0, resets_at: null })
    for (let i = 0; i < 9; i++) await anna.get(url)
    const refused = await anna.get(url)
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '300'])
  })
  test('lists models, counts tokens and leaves API keys to the plain stand-in', async () => {
    const anna = await user(s, 'claude', 'anna')
    const models = await anna.get('https://api.anthropic.com/v1/models')
    assert.equal((models.json['data'] as object[]).length > 3, true)
    s.setQuota('claude', 'anna', '5h', { used: 100 })
    const count = await ask(
      s,
      'https://api.anthropic.com/v1/messages/count_tokens',
      { model: 'claude-sonnet-4-6', messages: [{ role: 'user', content: 'Hello' }] },
      anna.headers,
    )
    assert.equal(count.status, 200, 'counting costs nothing')
    const key = await ask(s, anna.url, anna.body, { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' })
    assert.ok(key.headers.get('anthropic-ratelimit-requests-limit'))
  })
  test('says verbatim why a subscription may not be used so', async () => {
    const anna = await user(s, 'claude', 'anna')
    s.setRefusal('claude', 'anna', 'claude-code-only')
    assert.match((await anna.ask()).text, /only authorized for use with Claude Code/)
    s.setRefusal('claude', 'anna', 'third-party')
    assert.match((await anna.ask()).text, /Third-party apps now draw from your extra usage/)
  })
  test('refuses a token without user:inference, and a profile without user:profile', async () => {
    const { authorizeUrl, exchangeFields, pkce, post, TOKEN } = await import('../testing/login.ts')
    const { verifier, challenge } = pkce()
    const redirect = await s.consent({
      url: authorizeUrl('claude', challenge, { scope: 'user:inference' }),
      person: 'anna',
    })
    const got = await post(s, TOKEN.claude, exchangeFields('claude', redirect, verifier, s), 'json')
    const headers = headersFor('claude', got.json as never)
    assert.equal((await get(s, 'https://api.anthropic.com/api/oauth/profile', headers)).status, 403)
    assert.equal((await get(s, 'https://api.anthropic.com/api/oauth/usage', headers)).status, 403)
  })
})

describe('the simulator', () => {
  test('names a stand-in for every vendor origin, and knows no other host', async () => {
    assert.equal(s.hosts['https://claude.ai'], `${s.url}/hosts/claude.ai`)
    assert.ok(Object.keys(s.hosts).length >= 20)
    assert.equal((await fetch(`${s.url}/hosts/evil.example/x`)).status, 404)
  })
})
