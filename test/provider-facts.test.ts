/**
 * What leaves this program towards each vendor, and how their words are read, against domain.md line by line. Nothing of the
 * simulator is in here: it was written by the same hands as the clients, and may share their misreadings.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Credential } from '../src/accounts/account.ts'
import type { FlowContext, LoginFlow, VendorAnswer, VendorRequest } from '../src/accounts/oauth/flow.ts'
import { openAiIdentity } from '../src/accounts/oauth/identities.ts'
import { refreshRecipe } from '../src/accounts/oauth/recipe.ts'
import { beginLogin, finishLogin } from '../src/accounts/oauth/session.ts'
import { answer, fieldsIn, scripted, testContext } from '../src/accounts/oauth/testing/fixture.ts'
import { exchangeCode, refreshOnce, tokensOf } from '../src/accounts/oauth/token.ts'
import type { Failure } from '../src/hub/failure.ts'
import { protocolOf } from '../src/protocols/index.ts'
import { durationSeconds } from '../src/providers/google-rpc.ts'
import { providers } from '../src/providers/index.ts'
import type { Outgoing, Provider } from '../src/providers/provider.ts'
import { editContext, loginAccount, outgoing, values } from '../src/providers/testing/logins.ts'

const named = (id: string): Provider & { login: LoginFlow } => providers.find((p) => p.id === id) as never
const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const SECRET = 'the-client-secret'
const hasSecret = (flow: LoginFlow) => flow.secret !== undefined

function contextOf(id: string, ...answers: (VendorAnswer | Error)[]) {
  const { login } = named(id)
  const { http, asked } = scripted(...answers)
  const client = { clientId: login.clientId, ...(hasSecret(login) && { clientSecret: SECRET }) }
  return { asked, context: testContext(http, client) }
}

const shape = (request: VendorRequest | undefined) => ({
  at: `${request?.method} ${request?.url}`,
  type: request?.headers?.['content-type'],
  fields: fieldsIn(request),
})

const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

describe('the exchange of a code', () => {
  const table: [string, { redirect: string; at: string; type: string; more: Record<string, string>; basic?: true }][] =
    [
      // domain.md 1.1: JSON; grant_type, code, state, redirect_uri, client_id, code_verifier.
      [
        'claude',
        {
          redirect: 'http://localhost:5000/callback',
          at: 'POST https://platform.claude.com/v1/oauth/token',
          type: JSON_TYPE,
          more: { state: 'STATE', code_verifier: 'V', client_id: '9d1c250a-e61b-44d9-88ed-5944d1962f5e' },
        },
      ],
      // domain.md 1.2: form; grant_type, code, redirect_uri, client_id, code_verifier.
      [
        'codex',
        {
          redirect: 'http://localhost:1455/auth/callback',
          at: 'POST https://auth.openai.com/oauth/token',
          type: FORM,
          more: { code_verifier: 'V', client_id: 'app_EMoamEEZ73f0CkXaXp7hrann' },
        },
      ],
      // domain.md 1.3, 1.6: form with client_secret.
      [
        'gemini-cli',
        {
          redirect: 'http://127.0.0.1:5000/oauth2callback',
          at: 'POST https://oauth2.googleapis.com/token',
          type: FORM,
          more: {
            client_id: '681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com',
            client_secret: SECRET,
          },
        },
      ],
      [
        'antigravity',
        {
          redirect: 'http://localhost:5000/oauth-callback',
          at: 'POST https://oauth2.googleapis.com/token',
          type: FORM,
          more: {
            client_id: '1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com',
            client_secret: SECRET,
          },
        },
      ],
      // domain.md 1.5: form (grant_type, code, redirect_uri, client_id, client_secret) + Basic.
      [
        'iflow',
        {
          redirect: 'http://localhost:11451/oauth2callback',
          at: 'POST https://iflow.cn/oauth/token',
          type: FORM,
          more: { client_id: '10009311001', client_secret: SECRET },
          basic: true,
        },
      ],
    ]
  for (const [id, { redirect, at, type, more, basic }] of table)
    test(id, async () => {
      const { login } = named(id)
      const { asked, context } = contextOf(id, answer(200, { access_token: 'a' }))
      const verifier = login.browser!.pkce ? { verifier: 'V' } : {}
      await exchangeCode(login, context, { code: 'CODE', redirectUri: redirect, state: 'STATE', ...verifier })
      assert.deepEqual(shape(asked[0]), {
        at,
        type,
        fields: { grant_type: 'authorization_code', code: 'CODE', redirect_uri: redirect, ...more },
      })
      const authorization = `Basic ${Buffer.from(`10009311001:${SECRET}`).toString('base64')}`
      assert.equal(asked[0]!.headers?.['authorization'], basic ? authorization : undefined)
    })
})

describe('a refresh', () => {
  const table: [string, { at: string; type: string; more: Record<string, string> }][] = [
    ['claude', { at: 'https://platform.claude.com/v1/oauth/token', type: JSON_TYPE, more: {} }],
    ['codex', { at: 'https://auth.openai.com/oauth/token', type: JSON_TYPE, more: {} }],
    ['gemini-cli', { at: 'https://oauth2.googleapis.com/token', type: FORM, more: { client_secret: SECRET } }],
    ['antigravity', { at: 'https://oauth2.googleapis.com/token', type: FORM, more: { client_secret: SECRET } }],
    ['qwen', { at: 'https://chat.qwen.ai/api/v1/oauth2/token', type: FORM, more: {} }],
    ['iflow', { at: 'https://iflow.cn/oauth/token', type: FORM, more: { client_secret: SECRET } }],
    ['kimi', { at: 'https://auth.kimi.com/api/oauth/token', type: FORM, more: {} }],
  ]
  const ask = async (id: string, given: VendorAnswer, details: Record<string, string> = {}) => {
    const { login } = named(id)
    const { http, asked } = scripted(given)
    const config = {
      'oauth-clients': hasSecret(login) ? { [id]: { id: undefined, secret: SECRET } } : {},
      'host-overrides': {},
    } as never
    const recipe = await refreshRecipe(id, login, config, { userAgent: 'logicaproxy/test' }, details, {})
    return { verdict: await refreshOnce(recipe, 'R', http, () => 1_000_000), asked }
  }
  for (const [id, { at, type, more }] of table)
    test(`${id} sends what domain.md says, and keeps the old refresh token where none comes`, async () => {
      const { verdict, asked } = await ask(id, answer(200, { access_token: 'a', expires_in: '60' }))
      assert.deepEqual(shape(asked[0]), {
        at: `POST ${at}`,
        type,
        fields: { grant_type: 'refresh_token', refresh_token: 'R', client_id: named(id).login.clientId, ...more },
      })
      assert.ok(verdict.is === 'fresh')
      assert.deepEqual([verdict.fresh.expiresAt, verdict.fresh.refreshToken], [1_060_000, undefined])
    })

  test('of Kimi tells who asks, with X-Msh headers (domain.md 1.7)', async () => {
    const { asked } = await ask('kimi', answer(200, { access_token: 'a' }), { 'device-id': 'd' })
    const names = Object.keys(asked[0]!.headers ?? {}).map((name) => name.toLowerCase())
    for (const name of ['platform', 'version', 'device-name', 'device-model', 'device-id'])
      assert.ok(names.includes(`x-msh-${name}`), name)
    assert.equal(asked[0]!.headers?.['X-Msh-Platform'], 'logicaproxy')
  })

  test('of xAI goes where the discovery of the login said (domain.md 1.8)', async () => {
    const { asked } = await ask('xai', answer(200, { access_token: 'a' }), { 'token-url': 'https://auth.x.ai/t' })
    assert.deepEqual(shape(asked[0]), {
      at: 'POST https://auth.x.ai/t',
      type: FORM,
      fields: { grant_type: 'refresh_token', refresh_token: 'R', client_id: 'b1a00492-073a-47ea-816f-4c329264a828' },
    })
  })

  const dead: [string, number, unknown][] = [
    ['claude', 400, { error: 'invalid_grant' }],
    ['codex', 401, { error: { code: 'refresh_token_expired' } }],
    ['codex', 401, { error: { code: 'refresh_token_reused', message: 'x', type: 'invalid_request_error' } }],
    ['codex', 401, { error: 'refresh_token_invalidated' }],
    ['codex', 401, { code: 'refresh_token_reused' }],
    ['gemini-cli', 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }],
    ['qwen', 400, { error: 'whatever' }],
    ['qwen', 401, {}],
    ['kimi', 401, {}],
    ['kimi', 403, {}],
  ]
  for (const [id, status, body] of dead)
    test(`${id} ${status} ${JSON.stringify(body)} is the end`, async () => {
      assert.equal((await ask(id, answer(status, body))).verdict.is, 'dead')
    })

  const later: [string, number, Record<string, string>, number][] = [
    // domain.md 1.1: 429 → Retry-After clamped 5 s–5 min.
    ['claude', 429, { 'retry-after': '1' }, 5_000],
    ['claude', 429, { 'retry-after': '42' }, 42_000],
    ['claude', 429, { 'retry-after': '1580000' }, 300_000],
  ]
  for (const [id, status, headers, ms] of later)
    test(`${id} ${status} ${JSON.stringify(headers)} waits ${ms} ms`, async () => {
      const { verdict } = await ask(id, answer(status, {}, headers))
      assert.ok(verdict.is === 'later')
      assert.equal(verdict.retryAfterMs, ms)
    })
})

describe('a device login', () => {
  async function device(id: string, started: object, ...polls: VendorAnswer[]) {
    const done = answer(200, { access_token: jwt({ sub: 'u' }), refresh_token: 'r', expires_in: 60 })
    const discovery = answer(200, {
      device_authorization_endpoint: 'https://auth.x.ai/d',
      token_endpoint: 'https://auth.x.ai/t',
    })
    const start = answer(200, { device_code: 'DC', user_code: 'UC', verification_uri: 'https://v.test/', ...started })
    const { asked, context } = contextOf(id, ...(id === 'xai' ? [discovery] : []), start, ...polls, done)
    const session = await beginLogin(
      named(id).login,
      { ...context, label: 'me' },
      {
        provider: id,
        way: 'device',
        callbacks: undefined as never,
      },
    )
    const { tokens } = await session.done
    return { asked, slept: context.slept, tokens, session }
  }
  const says = (error: string, status = 400) => answer(status, { error })

  test('qwen: form with PKCE S256; slow_down makes it half as long again, ten seconds at most (1.4)', async () => {
    const { asked, slept, tokens } = await device(
      'qwen',
      { verification_uri_complete: 'https://v.test/?c=UC', expires_in: 900 },
      says('authorization_pending'),
      says('slow_down', 429),
      says('slow_down', 400),
      says('slow_down', 429),
      answer(200, { access_token: 'a', refresh_token: 'r', expires_in: 1, resource_url: 'portal.qwen.ai' }),
    )
    const { code_challenge, ...start } = fieldsIn(asked[0])
    assert.equal(asked[0]!.url, 'https://chat.qwen.ai/api/v1/oauth2/device/code')
    assert.deepEqual(start, {
      client_id: 'f0304373b74a44d2b584a3fb70ca9e56',
      scope: 'openid profile email model.completion',
      code_challenge_method: 'S256',
    })
    assert.match(code_challenge!, /^[\w-]{43}$/)
    assert.match(asked[0]!.headers?.['x-request-id'] ?? '', /^[0-9a-f-]{36}$/)
    const { code_verifier, ...poll } = fieldsIn(asked[1])
    assert.deepEqual(poll, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'f0304373b74a44d2b584a3fb70ca9e56',
      device_code: 'DC',
    })
    assert.ok(code_verifier)
    assert.deepEqual(slept, [5_000, 5_000, 7_500, 10_000, 10_000])
    assert.equal(tokens.details['resource-url'], 'portal.qwen.ai')
  })

  test('xai: endpoints by discovery, five seconds more for each slow_down (1.8)', async () => {
    const { asked, slept } = await device('xai', {}, says('slow_down'), says('slow_down'))
    assert.deepEqual(
      asked.slice(0, 3).map(({ url }) => url),
      ['https://auth.x.ai/.well-known/openid-configuration', 'https://auth.x.ai/d', 'https://auth.x.ai/t'],
    )
    assert.equal(fieldsIn(asked[1])['scope'], 'openid profile email offline_access grok-cli:access api:access')
    assert.deepEqual(slept, [5_000, 10_000, 15_000])
  })

  test('kimi: the client id alone, at least five seconds between polls (1.7)', async () => {
    const { asked, slept } = await device('kimi', { interval: 1 }, says('authorization_pending'))
    assert.equal(asked[0]!.url, 'https://auth.kimi.com/api/oauth/device_authorization')
    assert.deepEqual(fieldsIn(asked[0]), { client_id: '17e5f671-d194-4dfb-9706-5516cb48c098' })
    assert.deepEqual(slept, [5_000, 5_000])
  })

  test('codex: its own form of it, ending in a code (1.2)', async () => {
    const id = jwt({ 'https://api.openai.com/auth': { chatgpt_account_id: 'acc' }, sub: 's' })
    const { asked, context } = contextOf(
      'codex',
      answer(200, { device_auth_id: 'D', usercode: 'U', interval: '7' }),
      answer(403, {}),
      answer(404, {}),
      answer(200, { authorization_code: 'C', code_verifier: 'V', code_challenge: 'X' }),
      answer(200, { access_token: 'a', id_token: id }),
    )
    const session = await beginLogin(named('codex').login, context, {
      provider: 'codex',
      way: 'device',
      callbacks: undefined as never,
    })
    assert.deepEqual([session.userCode, session.verificationUrl], ['U', 'https://auth.openai.com/codex/device'])
    const { identity } = await session.done
    assert.equal(identity.details?.['account-id'], 'acc')
    const base = 'POST https://auth.openai.com/api/accounts/deviceauth'
    const poll = { at: `${base}/token`, type: JSON_TYPE, fields: { device_auth_id: 'D', user_code: 'U' } }
    assert.deepEqual(asked.map(shape), [
      { at: `${base}/usercode`, type: JSON_TYPE, fields: { client_id: 'app_EMoamEEZ73f0CkXaXp7hrann' } },
      poll,
      poll,
      poll,
      {
        at: 'POST https://auth.openai.com/oauth/token',
        type: FORM,
        fields: {
          grant_type: 'authorization_code',
          code: 'C',
          redirect_uri: 'https://auth.openai.com/deviceauth/callback',
          client_id: 'app_EMoamEEZ73f0CkXaXp7hrann',
          code_verifier: 'V',
        },
      },
    ])
    assert.deepEqual(context.slept, [7_000, 7_000, 7_000])
  })
})

describe('whose login it is', () => {
  test('codex: claims of the id token (1.2)', () => {
    const auth = { chatgpt_account_id: 'acc', chatgpt_plan_type: 'pro', chatgpt_user_id: 'user' }
    const plain = { 'https://api.openai.com/auth': auth, email: 'a@x' }
    assert.deepEqual(openAiIdentity(jwt(plain), undefined), {
      subject: 'acc/user',
      email: 'a@x',
      plan: 'pro',
      details: { 'account-id': 'acc', plan: 'pro' },
    })
    const profile = { 'https://api.openai.com/auth': auth, 'https://api.openai.com/profile': { email: 'b@x' } }
    assert.equal(openAiIdentity(jwt(profile), undefined)?.email, 'b@x')
  })

  const finish = async (
    id: string,
    body: Record<string, unknown>,
    over: Partial<FlowContext>,
    ...answers: VendorAnswer[]
  ) => {
    const { asked, context } = contextOf(id, ...answers)
    const { login } = named(id)
    const tokens = tokensOf(answer(200, { access_token: 'a', ...body }), 'x', 0)
    return { asked, context, ...(await finishLogin(login, { ...context, ...over }, tokens, body)) }
  }

  test('claude: from the exchange, plan and tier from the profile (1.1)', async () => {
    const { asked, identity } = await finish(
      'claude',
      { account: { uuid: 'u', email_address: 'a@x' }, organization: { uuid: 'o', name: 'Org' } },
      {},
      answer(200, {
        account: { uuid: 'u', email: 'a@x', full_name: 'A' },
        organization: { uuid: 'o', organization_type: 'claude_max', rate_limit_tier: 'default_claude_max_5x' },
      }),
    )
    assert.equal(`${asked[0]!.method} ${asked[0]!.url}`, 'GET https://api.anthropic.com/api/oauth/profile')
    assert.equal(asked[0]!.headers?.['authorization'], 'Bearer a')
    assert.deepEqual([identity.subject, identity.email, identity.plan], ['u/o', 'a@x', 'max'])
    assert.equal(identity.details?.['rate-limit-tier'], 'default_claude_max_5x')
  })

  test('iflow: the API key of getUserInfo is what model calls present (1.5)', async () => {
    const { asked, tokens, identity } = await finish(
      'iflow',
      {},
      {},
      answer(200, { success: true, data: { apiKey: 'sk-1', email: 'A@x', phone: '1' } }),
    )
    assert.equal(asked[0]!.url, 'https://iflow.cn/api/oauth/getUserInfo?accessToken=a')
    assert.deepEqual([tokens.accessToken, identity.subject], ['sk-1', 'a@x'])
  })

  const who = answer(200, { email: 'A@gmail.com' })
  const LOAD = { ideType: 'IDE_UNSPECIFIED', platform: 'PLATFORM_UNSPECIFIED', pluginType: 'GEMINI' }

  test('gemini-cli: a tier that is there has its project (1.3)', async () => {
    const { asked, tokens } = await finish(
      'gemini-cli',
      {},
      {},
      who,
      answer(200, { currentTier: { id: 'standard-tier', name: 'Standard' }, cloudaicompanionProject: 'p-1' }),
    )
    assert.equal(asked[0]!.url, 'https://www.googleapis.com/oauth2/v2/userinfo')
    assert.equal(asked[1]!.url, 'https://cloudcode-pa.googleapis.com/v1internal:loadCodeAssist')
    assert.deepEqual(JSON.parse(asked[1]!.body!), { metadata: LOAD })
    assert.deepEqual([tokens.details['project'], tokens.details['tier']], ['p-1', 'standard-tier'])
  })

  test('gemini-cli: the free tier is set up without a project, and its operation asked every five seconds (1.3)', async () => {
    const { asked, context, tokens } = await finish(
      'gemini-cli',
      {},
      {},
      who,
      answer(200, { allowedTiers: [{ id: 'legacy-tier' }, { id: 'free-tier', isDefault: true }] }),
      answer(200, { name: 'operations/123', done: false }),
      answer(200, { name: 'operations/123', done: true, response: { cloudaicompanionProject: { id: 'made-1' } } }),
    )
    assert.equal(asked[2]!.url, 'https://cloudcode-pa.googleapis.com/v1internal:onboardUser')
    assert.deepEqual(JSON.parse(asked[2]!.body!), { tierId: 'free-tier', metadata: LOAD })
    assert.equal(
      `${asked[3]!.method} ${asked[3]!.url}`,
      'GET https://cloudcode-pa.googleapis.com/v1internal/operations/123',
    )
    assert.deepEqual(context.slept, [5_000])
    assert.equal(tokens.details['project'], 'made-1')
  })

  test('a free tier that is there and names no project is set up again for one, and nobody is asked', async () => {
    const { asked, tokens } = await finish(
      'antigravity',
      {},
      { ask: () => assert.fail('nobody is asked') },
      who,
      answer(200, { currentTier: { id: 'free-tier' }, allowedTiers: [{ id: 'standard-tier', isDefault: true }] }),
      answer(200, { done: true, response: { cloudaicompanionProject: { id: 'made-1' } } }),
    )
    assert.equal(JSON.parse(asked[2]!.body!).tier_id, 'free-tier')
    assert.equal(tokens.details['project'], 'made-1')
  })

  test('antigravity: metadata of its own at the daily host, onboarding again every two seconds (1.6)', async () => {
    const { asked, context, tokens } = await finish(
      'antigravity',
      {},
      {},
      who,
      answer(200, { allowedTiers: [{ id: 'free-tier', isDefault: true }] }),
      answer(200, { done: false }),
      answer(200, { done: true, response: { cloudaicompanionProject: { id: 'made-1' } } }),
    )
    const daily = 'https://daily-cloudcode-pa.googleapis.com/v1internal'
    assert.deepEqual(
      asked.slice(1).map(({ method, url }) => `${method} ${url}`),
      [`POST ${daily}:loadCodeAssist`, `POST ${daily}:onboardUser`, `POST ${daily}:onboardUser`],
    )
    assert.deepEqual(JSON.parse(asked[1]!.body!), {
      metadata: { ideType: 'ANTIGRAVITY', platform: 'PLATFORM_UNSPECIFIED', pluginType: 'GEMINI' },
    })
    const { tier_id, metadata } = JSON.parse(asked[2]!.body!)
    assert.equal(tier_id, 'free-tier')
    assert.deepEqual(Object.keys(metadata), ['ide_type', 'ide_version', 'ide_name'])
    assert.deepEqual(context.slept, [2_000])
    assert.equal(tokens.details['project'], 'made-1')
  })
})

describe('a model call', () => {
  const details = { 'account-id': 'acc', project: 'p-1', 'device-id': 'd', 'resource-url': 'portal.qwen.ai' }
  const credential: Credential = { type: 'oauth', value: 'tok', details }
  function call(id: string, body: Record<string, unknown>, over: Partial<Outgoing> = {}) {
    const provider = named(id)
    const account = loginAccount(id, provider.login.baseUrl, { speaks: provider.speaks })
    const vessel = provider.vessel?.(account)
    const protocol = over.protocol ?? provider.speaks[0]!
    const model = over.model ?? 'm'
    const context = editContext(account, { credential, protocol, model, id: 'req_abc1', session: 's' })
    const edited = vessel === undefined ? body : vessel.edit(body, context).body
    const out = outgoing(protocol, {
      ...over,
      protocol,
      model,
      session: 's',
      body: Buffer.from(JSON.stringify(edited)),
    })
    const request = provider.request(out, vessel?.at ?? account, credential)
    return { at: request.origin + request.path, request, body: JSON.parse(String(request.body)) }
  }
  const one = (request: ReturnType<typeof call>['request'], name: string) => values(request, name).join(' | ')

  test('claude: bearer, version and the OAuth beta beside the client’s own (1.1)', () => {
    const { at, request, body } = call(
      'claude',
      { model: 'm', betas: ['context-1m-2025-08-07'], speed: 'fast', output_config: { format: {} } },
      { headers: ['anthropic-beta', 'interleaved-thinking-2025-05-14'] },
    )
    assert.equal(at, 'https://api.anthropic.com/v1/messages')
    assert.equal(one(request, 'authorization'), 'Bearer tok')
    assert.equal(one(request, 'anthropic-version'), '2023-06-01')
    assert.deepEqual(
      new Set(one(request, 'anthropic-beta').split(',')),
      new Set([
        'interleaved-thinking-2025-05-14',
        'oauth-2025-04-20',
        'context-1m-2025-08-07',
        'structured-outputs-2025-12-15',
        'fast-mode-2026-02-01',
      ]),
    )
    assert.equal('betas' in body, false)
    assert.equal(one(request, 'accept-encoding'), 'identity')
  })

  test('codex: required headers and body, and every refused field taken out (1.2)', () => {
    const refused = {
      max_output_tokens: 1,
      max_tokens: 1,
      max_completion_tokens: 1,
      temperature: 0,
      top_p: 0.5,
      truncation: 'auto',
      user: 'u',
      metadata: { a: '1' },
      previous_response_id: 'r',
      prompt_cache_retention: '24h',
      safety_identifier: 's',
      stream_options: {},
      context_management: {},
      stop: ['x'],
      top_k: 1,
      presence_penalty: 1,
      frequency_penalty: 1,
      logprobs: true,
      n: 2,
    }
    const input = [
      { role: 'system', content: 's' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      { type: 'function_call', id: 'fc_1', call_id: 'c'.repeat(80), name: 'f', arguments: '{}' },
    ]
    const given = { ...refused, input, service_tier: 'default', tools: [{ type: 'web_search_preview_2025_03_11' }] }
    const { at, request, body } = call('codex', given)
    assert.equal(at, 'https://chatgpt.com/backend-api/codex/responses')
    assert.equal(one(request, 'chatgpt-account-id'), 'acc')
    assert.equal(one(request, 'accept'), 'text/event-stream')
    assert.equal(one(request, 'originator'), 'logicaproxy')
    assert.match(one(request, 'session_id'), /^[0-9a-f-]{36}$/)
    assert.deepEqual([body.stream, body.store, body.instructions], [true, false, ''])
    assert.deepEqual(body.include, ['reasoning.encrypted_content'])
    assert.equal(typeof body.parallel_tool_calls, 'boolean')
    for (const field of [...Object.keys(refused), 'service_tier']) assert.equal(field in body, false, field)
    assert.deepEqual(body.tools, [{ type: 'web_search' }])
    assert.equal(body.input[0].role, 'developer')
    assert.equal(body.input[1].encrypted_content, 'gAAAA')
    assert.equal('id' in body.input[2], false)
    assert.ok(body.input[2].call_id.length <= 64)
  })

  test('gemini-cli and antigravity: their envelopes (1.3, 1.6)', () => {
    const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]
    const cli = call('gemini-cli', { contents }, { model: 'gemini-2.5-pro' })
    assert.equal(cli.at, 'https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse')
    assert.deepEqual(Object.keys(cli.body), ['model', 'project', 'user_prompt_id', 'request'])
    assert.deepEqual(Object.keys(cli.body.request), ['contents', 'session_id'])
    const given = { contents, safetySettings: [], generationConfig: { maxOutputTokens: 5 } }
    const there = call('antigravity', given, { model: 'gemini-3-flash' })
    assert.equal(there.at, 'https://daily-cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse')
    const { requestId, request, ...rest } = there.body
    assert.deepEqual(rest, { project: 'p-1', model: 'gemini-3-flash', userAgent: 'antigravity', requestType: 'agent' })
    assert.match(requestId, /^agent-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.deepEqual(Object.keys(request), ['contents', 'sessionId'])
  })

  test('qwen, iflow, kimi, xai: address and headers (1.4, 1.5, 1.7, 1.8)', () => {
    const qwen = call('qwen', { messages: [] })
    assert.equal(qwen.at, 'https://portal.qwen.ai/v1/chat/completions')
    assert.equal(one(qwen.request, 'x-dashscope-authtype'), 'qwen-oauth')
    assert.equal(one(qwen.request, 'x-dashscope-cachecontrol'), 'enable')
    assert.equal(call('iflow', {}).at, 'https://apis.iflow.cn/v1/chat/completions')
    assert.equal(call('kimi', {}).at, 'https://api.kimi.com/coding/v1/chat/completions')
    assert.equal(call('kimi', {}, { protocol: 'anthropic' }).at, 'https://api.kimi.com/coding/v1/messages')
    assert.equal(call('xai', {}).at, 'https://api.x.ai/v1/responses')
    for (const id of ['claude', 'codex', 'gemini-cli', 'antigravity', 'qwen', 'iflow', 'kimi', 'xai'])
      assert.match(one(call(id, {}, { model: 'claude-x' }).request, 'user-agent'), /^logicaproxy\//, id)
  })

  test('qwen: resource_url in every form that is seen (1.4)', () => {
    for (const [told, at] of [
      ['portal.qwen.ai', 'https://portal.qwen.ai/v1/chat/completions'],
      ['https://portal.qwen.ai', 'https://portal.qwen.ai/v1/chat/completions'],
      ['https://portal.qwen.ai/', 'https://portal.qwen.ai/v1/chat/completions'],
      ['portal.qwen.ai/v1', 'https://portal.qwen.ai/v1/chat/completions'],
      [
        'dashscope.aliyuncs.com/compatible-mode/v1',
        'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions',
      ],
    ] as const) {
      const provider = named('qwen')
      const account = loginAccount('qwen', provider.login.baseUrl)
      const credential: Credential = { type: 'oauth', value: 't', details: { 'resource-url': told } }
      const request = provider.request(outgoing('openai-chat'), account, credential)
      assert.equal(request.origin + request.path, at)
    }
  })
})

describe('a refusal', () => {
  const NOW = Date.now()
  function read(id: string, status: number, body: unknown, headers: Record<string, string> = {}): Failure {
    const provider = named(id)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const decoded = protocolOf(provider.speaks[0]!).failure.decode(status, headers, text)
    return provider.judge?.(decoded, status, headers, text) ?? decoded
  }
  const said = (type: string, message: string) => ({ type: 'error', error: { type, message } })
  const claude = (status: number, message: string, headers = {}) => read('claude', status, said('x', message), headers)
  const google = (message: string, details: object[] = [], code = 429) =>
    read('gemini-cli', code, { error: { code, message, status: 'X', details } })
  const near = (actual: number | undefined, expected: number) =>
    assert.ok(actual !== undefined && Math.abs(actual - expected) <= 2, `${actual} is not about ${expected}`)
  const unix = (seconds: number) => String(Math.floor(NOW / 1000) + seconds)

  test('claude: the texts that are about this client rest nobody, whatever the status (1.1)', () => {
    for (const text of [
      'This credential is only authorized for use with Claude Code and cannot be used for other API requests.',
      'Third-party apps now draw from your extra usage, not your plan limits.',
      "You're out of extra usage",
    ])
      for (const status of [400, 401, 403]) {
        const failure = claude(status, text)
        assert.equal(failure.scope, 'request')
        assert.notEqual(failure.kind, 'unauthorized')
        assert.ok(failure.message.startsWith(text))
      }
    for (const text of [
      'Extra usage is required for long context requests',
      'Usage credits are required for fast mode',
    ])
      assert.equal(claude(429, text).scope, 'request')
  })

  test('claude: which window is used up, and until when (1.1, 429 classification)', () => {
    const p = 'anthropic-ratelimit-unified-'
    const whole = claude(429, 'm', {
      [`${p}status`]: 'rejected',
      [`${p}5h-status`]: 'rejected',
      [`${p}5h-reset`]: unix(3_600),
      [`${p}7d-status`]: 'allowed',
      [`${p}7d-reset`]: unix(99_999),
      'retry-after': '7',
    })
    assert.deepEqual([whole.kind, whole.scope], ['quota-exhausted', 'account'])
    near(whole.retryAfter, 3_600)
    const opus = claude(429, 'm', {
      [`${p}status`]: 'rejected',
      [`${p}5h-status`]: 'allowed',
      [`${p}7d-status`]: 'allowed',
      [`${p}7d_oi-status`]: 'rejected',
      [`${p}7d_oi-reset`]: unix(7_200),
    })
    assert.deepEqual([opus.kind, opus.scope], ['quota-exhausted', 'model'])
    near(opus.retryAfter, 7_200)
    const burst = claude(429, 'm', { [`${p}status`]: 'allowed', 'retry-after': '12' })
    assert.deepEqual([burst.kind, burst.retryAfter], ['rate-limited', 12])
  })

  test('codex: usage limits with resets_at in unix seconds or resets_in_seconds; capacity; plans (1.2)', () => {
    const limit = (more: object) =>
      read('codex', 429, { error: { type: 'usage_limit_reached', message: 'm', ...more } })
    const at = limit({ plan_type: 'plus', resets_at: Number(unix(5_000)) })
    assert.deepEqual([at.kind, at.scope], ['quota-exhausted', 'account'])
    near(at.retryAfter, 5_000)
    near(limit({ resets_in_seconds: 77 }).retryAfter, 77)
    assert.equal(read('codex', 429, { error: { type: 'usage_not_included', message: 'm' } }).scope, 'account')
    for (const code of ['server_is_overloaded', 'slow_down'])
      assert.equal(read('codex', 503, { error: { code, message: 'm' } }).kind, 'overloaded')
    const full = read('codex', 400, { error: { message: 'Selected model is at capacity. Please try another.' } })
    assert.deepEqual([full.kind, full.scope], ['overloaded', 'model'])
    for (const code of ['token_invalidated', 'token_expired'])
      assert.equal(read('codex', 401, { error: { code, message: 'm' } }).kind, 'unauthorized')
    const failed = {
      type: 'response.failed',
      response: { error: { code: 'rate_limit_exceeded', message: 'try again in 1.3s' } },
    }
    assert.deepEqual([read('codex', 200, failed).kind, read('codex', 200, failed).retryAfter], ['rate-limited', 1.3])
  })

  test('Google: every row of the table of domain.md 1.3', () => {
    const retry = (retryDelay: string) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay })
    const info = (reason: string, metadata: object = {}) => ({ reason, metadata })
    const quota = (quotaId: string) => ({ violations: [{ quotaId }] })
    const table: [Failure, Partial<Failure>][] = [
      [google('m', [retry('12.3s')]), { kind: 'rate-limited', retryAfter: 12.3 }],
      [google('m', [retry('301s')]), { kind: 'quota-exhausted', retryAfter: 301 }],
      [
        google('m', [info('RATE_LIMIT_EXCEEDED', { quotaResetDelay: '1m2.5s' })]),
        { kind: 'rate-limited', retryAfter: 62.5 },
      ],
      [google('m', [info('QUOTA_EXHAUSTED')]), { kind: 'quota-exhausted', scope: 'model' }],
      [google('m', [quota('GenerateRequestsPerDayPerProject')]), { kind: 'quota-exhausted', scope: 'model' }],
      [google('m', [quota('GenerateRequestsPerMinutePerProject')]), { kind: 'rate-limited', retryAfter: 60 }],
      [google('m', [info('MODEL_CAPACITY_EXHAUSTED')]), { kind: 'overloaded', scope: 'model' }],
      [google('m', [info('INSUFFICIENT_G1_CREDITS_BALANCE')]), { kind: 'quota-exhausted' }],
      [google('Please retry in 9.5s'), { kind: 'rate-limited', retryAfter: 9.5 }],
      [
        google('Your quota will reset after 1h2m3s.', [info('QUOTA_EXHAUSTED')]),
        { kind: 'quota-exhausted', retryAfter: 3_723 },
      ],
      [google('Quota exceeded, limit: 0'), { kind: 'quota-exhausted', code: 'no_allowance' }],
      [
        google('m', [info('VALIDATION_REQUIRED', { validation_url: 'https://accounts.google.com/x' })], 403),
        { kind: 'forbidden', scope: 'account', code: 'VALIDATION_REQUIRED' },
      ],
      [
        google('Gemini has been disabled in this account for violation of Terms of Service.', [], 403),
        { kind: 'forbidden', scope: 'account', code: 'account_banned' },
      ],
      [google('m', [info('SUBSCRIPTION_REQUIRED')], 403), { kind: 'forbidden', scope: 'account' }],
      [
        google('This client is no longer supported for Gemini Code Assist for individuals.', [], 403),
        { kind: 'forbidden', scope: 'account' },
      ],
    ]
    for (const [failure, expected] of table)
      for (const [field, value] of Object.entries(expected))
        assert.equal(failure[field as keyof Failure], value, `${field} of ${JSON.stringify(failure)}`)
  })

  test('durations in each form that Google writes', () => {
    for (const [text, seconds] of [
      ['12.3s', 12.3],
      ['1h2m3.5s', 3_723.5],
      ['539.477544ms', 0.539],
      ['1h16m0.667923083s', 4_560.668],
    ] as const)
      assert.equal(durationSeconds(text), seconds)
  })

  test('antigravity: the bare 429 rests nobody and says what it is; the gate is no account’s fault (1.6)', () => {
    const message = 'Resource has been exhausted (e.g. check quota).'
    const filter = read('antigravity', 429, { error: { code: 429, message, status: 'RESOURCE_EXHAUSTED' } })
    assert.equal(filter.scope, 'request')
    assert.match(filter.message, /filter/)
    const gate = { error: { code: 400, message: 'This version of Antigravity is no longer supported.', status: 'X' } }
    assert.equal(read('antigravity', 400, gate).scope, 'request')
  })

  test('qwen: a used-up allowance is over at the next midnight of UTC+8 (1.4)', () => {
    const midnight = (Math.floor((NOW + 8 * 3_600_000) / 86_400_000) + 1) * 86_400_000 - 8 * 3_600_000
    for (const [status, error] of [
      [403, { code: 'insufficient_quota', message: 'm' }],
      [429, { code: 'quota_exceeded', message: 'm' }],
      [403, { message: 'free allocated quota exceeded' }],
    ] as const) {
      const failure = read('qwen', status, { error })
      assert.deepEqual([failure.kind, failure.status, failure.scope], ['quota-exhausted', 429, 'account'])
      near(failure.retryAfter, (midnight - Date.now()) / 1000)
    }
  })
})

describe('what is left', () => {
  const ask = async (id: string, body: unknown, details: Record<string, string> = {}) => {
    const provider = named(id)
    const account = loginAccount(id, provider.login.baseUrl)
    const credential: Credential = { type: 'oauth', value: 'tok', details }
    const { http, asked } = scripted(answer(200, body))
    return { reading: await provider.quota!.ask!(account, credential, http, 1_000_000), asked }
  }
  const windows = (reading: Awaited<ReturnType<typeof ask>>['reading']) =>
    Object.fromEntries((reading?.windows ?? []).map(({ id, used, resetsAt }) => [id, [used, resetsAt]]))

  test('claude: /api/oauth/usage in both forms (1.1)', async () => {
    const { reading, asked } = await ask('claude', {
      five_hour: { utilization: 40, resets_at: '2027-01-01T00:00:00Z' },
      seven_day: { utilization: 100, resets_at: null },
      seven_day_opus: null,
      seven_day_sonnet: { utilization: 1, resets_at: null },
      extra_usage: { is_enabled: false },
    })
    assert.equal(asked[0]!.url, 'https://api.anthropic.com/api/oauth/usage')
    assert.equal(asked[0]!.headers?.['anthropic-beta'], 'oauth-2025-04-20')
    assert.deepEqual(windows(reading), {
      '5h': [0.4, Date.parse('2027-01-01T00:00:00Z')],
      '7d': [1, undefined],
      '7d-sonnet': [0.01, undefined],
    })
    const newer = await ask('claude', {
      limits: [
        { kind: 'session', percent: 20 },
        { kind: 'weekly_all', percent: 30 },
      ],
    })
    assert.deepEqual(windows(newer.reading), { '5h': [0.2, undefined], '7d': [0.3, undefined] })
  })

  test('codex: /wham/usage (1.2)', async () => {
    const window = (used_percent: number, limit_window_seconds: number) => ({
      used_percent,
      limit_window_seconds,
      reset_after_seconds: 60,
      reset_at: 2_000_000_000,
    })
    const { reading, asked } = await ask(
      'codex',
      {
        plan_type: 'plus',
        rate_limit: {
          allowed: true,
          limit_reached: false,
          primary_window: window(25, 18_000),
          secondary_window: window(50, 604_800),
        },
        credits: {},
      },
      { 'account-id': 'acc' },
    )
    assert.equal(asked[0]!.url, 'https://chatgpt.com/backend-api/wham/usage')
    assert.equal(asked[0]!.headers?.['chatgpt-account-id'], 'acc')
    assert.deepEqual(windows(reading), { '5h': [0.25, 2e12], '7d': [0.5, 2e12] })
    assert.deepEqual([reading?.plan, reading?.allowed], ['plus', true])
  })

  test('codex: headers and the event of the stream (1.2)', () => {
    const { quota } = named('codex')
    const headers = {
      'x-codex-primary-used-percent': '12.5',
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-at': '2000000000',
      'x-codex-secondary-used-percent': '50',
      'x-codex-secondary-window-minutes': '10080',
      'x-codex-secondary-reset-at': '2000000001',
      'x-codex-plan-type': 'pro',
    }
    const read = quota!.fromHeaders!(headers, 0)
    assert.deepEqual(windows(read), { '5h': [0.125, 2e12], '7d': [0.5, 2_000_000_001_000] })
    const event = {
      type: 'codex.rate_limits',
      rate_limits: { primary: { used_percent: 1, window_minutes: 300, reset_at: 2_000_000_000 } },
    }
    assert.deepEqual(windows(quota!.fromEvent!('codex.rate_limits', JSON.stringify(event), 0)), { '5h': [0.01, 2e12] })
  })

  test('claude: unified headers in unix seconds (1.1)', () => {
    const p = 'anthropic-ratelimit-unified-'
    const read = named('claude').quota!.fromHeaders!(
      {
        [`${p}status`]: 'allowed_warning',
        [`${p}5h-status`]: 'allowed',
        [`${p}5h-utilization`]: '0.9',
        [`${p}5h-reset`]: '2000000000',
        [`${p}7d-utilization`]: '0.2',
        [`${p}7d-reset`]: '2000000001',
        [`${p}representative-claim`]: 'five_hour',
      },
      0,
    )
    assert.deepEqual(windows(read), { '5h': [0.9, 2e12], '7d': [0.2, 2_000_000_001_000] })
    assert.deepEqual([read?.binding, read?.allowed], ['5h', true])
  })

  test('gemini-cli, antigravity and kimi: their endpoints and fields (1.3, 1.6, 1.7)', async () => {
    const bucket = { remainingFraction: 0.25, resetTime: '2027-01-01T00:00:00Z' }
    const at = Date.parse(bucket.resetTime)
    const cli = await ask(
      'gemini-cli',
      { buckets: [{ modelId: 'gemini-2.5-pro', tokenType: 'REQUESTS', ...bucket }] },
      { project: 'p-1' },
    )
    assert.equal(cli.asked[0]!.url, 'https://cloudcode-pa.googleapis.com/v1internal:retrieveUserQuota')
    assert.deepEqual(JSON.parse(cli.asked[0]!.body!), { project: 'p-1' })
    assert.deepEqual(windows(cli.reading), { 'gemini-2.5-pro': [0.75, at] })
    const there = await ask(
      'antigravity',
      { groups: [{ buckets: [{ bucketId: '3p-weekly', ...bucket }] }] },
      { project: 'p-1' },
    )
    assert.equal(there.asked[0]!.url, 'https://daily-cloudcode-pa.googleapis.com/v1internal:retrieveUserQuotaSummary')
    assert.deepEqual(windows(there.reading), { '3p-weekly': [0.75, at] })
    const kimi = await ask('kimi', {
      usage: { limit: '100', used: '40', resetTime: bucket.resetTime },
      limits: [{ window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' }, detail: { limit: '10', remaining: '5' } }],
    })
    assert.equal(kimi.asked[0]!.url, 'https://api.kimi.com/coding/v1/usages')
    assert.deepEqual(windows(kimi.reading), { '7d': [0.4, at], '5h': [0.5, undefined] })
  })
})
