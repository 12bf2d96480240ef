/** The vendors' data sheets against domain.md 1.1–1.8, and their whole logins against the simulated vendors. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { login as antigravity } from '../../providers/antigravity/login.ts'
import { login as claude } from '../../providers/claude/login.ts'
import { login as codex } from '../../providers/codex/login.ts'
import { login as gemini } from '../../providers/gemini-cli/login.ts'
import { login as iflow } from '../../providers/iflow/login.ts'
import { login as kimi } from '../../providers/kimi/login.ts'
import { login as qwen } from '../../providers/qwen/login.ts'
import { login as xai } from '../../providers/xai/login.ts'
import { createSimulator, type ProviderName, type Simulator } from '../../simulator/index.ts'
import { authorizeUrl } from './authorize.ts'
import { createCallbackHub } from './callback.ts'
import { type ContextOptions, createFlowContext } from './context.ts'
import { type FlowContext, LoginError, type LoginFlow } from './flow.ts'
import { refreshRecipe } from './recipe.ts'
import { beginLogin, type LoggedIn, type LoginOptions, type LoginSession } from './session.ts'
import { type RefreshVerdict, refreshOnce, renewed } from './token.ts'

const flows: Record<ProviderName, LoginFlow> = {
  claude,
  codex,
  'gemini-cli': gemini,
  antigravity,
  qwen,
  iflow,
  kimi,
  xai,
}
const names = Object.keys(flows) as ProviderName[]

let simulator: Simulator
const hub = createCallbackHub()
const closers: (() => Promise<void>)[] = []
before(async () => {
  simulator = await createSimulator({ anyPort: true })
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  simulator.reset()
})
after(async () => {
  await hub.close()
  await simulator.close()
})

const config = (): ContextOptions['config'] => ({
  'oauth-clients': simulator.clients,
  'host-overrides': simulator.hosts,
  'proxy-url': '',
})

/** A context whose sleeping moves the vendors' clock. */
async function contextOf(provider: ProviderName, over: Partial<ContextOptions> = {}): Promise<FlowContext> {
  const context = await createFlowContext({ provider, flow: flows[provider], config: config(), env: {}, ...over })
  closers.push(context.close)
  return { ...context, sleep: async (ms) => simulator.advance(ms) }
}

async function begin(
  provider: ProviderName,
  over: Partial<ContextOptions> = {},
  options: Partial<LoginOptions> = {},
): Promise<LoginSession> {
  const flow = flows[provider]
  const way = options.way ?? (flow.browser === undefined ? 'device' : 'browser')
  const context = await contextOf(provider, over)
  // The way back is waited for by the clock of the wall, the polls of a device login by the vendors'.
  const waiting =
    way === 'device'
      ? context
      : { ...context, sleep: (ms: number) => (ms > 100_000 ? new Promise<void>(() => {}) : context.sleep(ms)) }
  // Fixed ports may be in use on this machine; the simulator takes any.
  const port = way === 'browser' && flow.browser!.redirect.ports.length > 0 ? await freePort() : undefined
  return await beginLogin(flow, waiting, {
    provider,
    way,
    callbacks: hub,
    ...(port === undefined ? {} : { port }),
    ...options,
  })
}

async function freePort(): Promise<number> {
  const seat = await hub.seat({ title: 'x', host: 'localhost', path: '/', ports: [] })
  seat.release()
  return seat.port
}

async function finish(session: LoginSession, person = 'anna'): Promise<LoggedIn> {
  if (session.way === 'device') simulator.confirmDevice(session.userCode!, person)
  else if (session.way === 'browser') await simulator.consent({ url: session.url!, person, visit: true })
  else session.paste(await simulator.consent({ url: session.url!, person }))
  return await session.done
}

const logIn = async (
  provider: ProviderName,
  person = 'anna',
  over: Partial<ContextOptions> = {},
  options: Partial<LoginOptions> = {},
) => finish(await begin(provider, { label: person, ...over }, options), person)

async function refresh(provider: ProviderName, { tokens }: LoggedIn): Promise<RefreshVerdict> {
  const context = await contextOf(provider)
  return await refreshOnce(
    await refreshRecipe(provider, flows[provider], config(), context, tokens.details, {}),
    tokens.refreshToken!,
    context.http,
    Date.now,
  )
}

const failed = (promise: Promise<unknown>): Promise<LoginError> =>
  promise.then(
    () => assert.fail('it went well'),
    (error: unknown) => (error instanceof LoginError ? error : assert.fail(String(error))),
  )

describe('an authorize URL', () => {
  const params = (flow: LoginFlow, redirectUri: string, challenge?: string) => {
    const url = new URL(
      authorizeUrl(flow, flow.browser!, {
        clientId: flow.clientId,
        redirectUri,
        state: 'STATE',
        ...(challenge === undefined ? {} : { challenge }),
      }),
    )
    return [`${url.origin}${url.pathname}`, Object.fromEntries(url.searchParams)]
  }

  it('of Claude is that of domain.md 1.1', () => {
    assert.deepEqual(params(claude, 'http://localhost:5000/callback', 'CHALLENGE'), [
      'https://claude.ai/oauth/authorize',
      {
        code: 'true',
        client_id: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
        response_type: 'code',
        redirect_uri: 'http://localhost:5000/callback',
        scope: 'user:profile user:inference user:sessions:claude_code user:mcp_servers user:file_upload',
        code_challenge: 'CHALLENGE',
        code_challenge_method: 'S256',
        state: 'STATE',
      },
    ])
    assert.deepEqual(claude.browser?.redirect, { host: 'localhost', path: '/callback', ports: [] })
    assert.equal(claude.browser?.manualRedirect?.url, 'https://platform.claude.com/oauth/code/callback')
  })

  it('of Codex is that of domain.md 1.2, with our own name', () => {
    assert.deepEqual(params(codex, 'http://localhost:1455/auth/callback', 'CHALLENGE'), [
      'https://auth.openai.com/oauth/authorize',
      {
        client_id: 'app_EMoamEEZ73f0CkXaXp7hrann',
        response_type: 'code',
        redirect_uri: 'http://localhost:1455/auth/callback',
        scope: 'openid profile email offline_access',
        id_token_add_organizations: 'true',
        codex_cli_simplified_flow: 'true',
        originator: 'logicaproxy',
        code_challenge: 'CHALLENGE',
        code_challenge_method: 'S256',
        state: 'STATE',
      },
    ])
    assert.deepEqual(codex.browser?.redirect, { host: 'localhost', path: '/auth/callback', ports: [1455, 1457] })
  })

  it('of Gemini CLI is that of domain.md 1.3', () => {
    assert.deepEqual(params(gemini, 'http://127.0.0.1:5000/oauth2callback'), [
      'https://accounts.google.com/o/oauth2/v2/auth',
      {
        client_id: '681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com',
        response_type: 'code',
        redirect_uri: 'http://127.0.0.1:5000/oauth2callback',
        scope:
          'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile',
        access_type: 'offline',
        prompt: 'consent',
        state: 'STATE',
      },
    ])
    assert.deepEqual(gemini.browser?.redirect, { host: '127.0.0.1', path: '/oauth2callback', ports: [] })
    assert.deepEqual(gemini.browser?.manualRedirect, { url: 'https://codeassist.google.com/authcode', pkce: true })
  })

  it('of Antigravity is that of domain.md 1.6', () => {
    const google = 'https://www.googleapis.com/auth/'
    assert.deepEqual(params(antigravity, 'http://localhost:5000/oauth-callback'), [
      'https://accounts.google.com/o/oauth2/v2/auth',
      {
        client_id: '1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com',
        response_type: 'code',
        redirect_uri: 'http://localhost:5000/oauth-callback',
        scope: ['cloud-platform', 'userinfo.email', 'userinfo.profile', 'cclog', 'experimentsandconfigs']
          .map((s) => google + s)
          .join(' '),
        access_type: 'offline',
        prompt: 'consent',
        state: 'STATE',
      },
    ])
    assert.deepEqual(Object.keys(antigravity.otherClients ?? {}), [
      '884354919052-36trc1jjb3tguiac32ov6cod268c5blh.apps.googleusercontent.com',
    ])
  })

  it('of iFlow is that of domain.md 1.5, with names of its own', () => {
    assert.deepEqual(params(iflow, 'http://localhost:11451/oauth2callback'), [
      'https://iflow.cn/oauth',
      {
        loginMethod: 'phone',
        type: 'phone',
        client_id: '10009311001',
        redirect: 'http://localhost:11451/oauth2callback',
        state: 'STATE',
      },
    ])
  })
})

describe('a data sheet', () => {
  it('has a dated policy with a note and a link', () => {
    for (const [name, { policy }] of Object.entries(flows)) {
      assert.match(policy.since, /^2026-\d\d-\d\d$/, name)
      assert.ok(policy.note.length > 40, name)
      assert.match(policy.url, /^https:\/\//, name)
    }
    assert.deepEqual(
      names.map((name) => flows[name].policy.state),
      ['restricted', 'tolerated', 'restricted', 'restricted', 'discontinued', 'discontinued', 'tolerated', 'tolerated'],
    )
  })

  it('ships no secret, and says where one comes from', () => {
    for (const name of names) assert.doesNotMatch(JSON.stringify(flows[name]), /GOCSPX-|client_secret/)
    assert.deepEqual(
      names.filter((name) => flows[name].secret !== undefined),
      ['gemini-cli', 'antigravity', 'iflow'],
    )
    for (const name of names) if (flows[name].secret) assert.match(flows[name].secret.env, /^LOGICAPROXY_[A-Z_]+$/)
  })
})

describe('a whole login at the simulated vendor', () => {
  for (const name of names)
    it(`of ${name}: tokens, person, a refresh, and death when it is revoked`, async () => {
      const first = await logIn(name)
      assert.ok(first.tokens.accessToken && first.tokens.refreshToken)
      assert.ok(first.tokens.expiresAt! > Date.now())
      // The same person again is the same account.
      assert.equal((await logIn(name)).identity.subject, first.identity.subject)
      assert.notEqual((await logIn(name, 'ben')).identity.subject, first.identity.subject)
      const verdict = await refresh(name, first)
      assert.ok(verdict.is === 'fresh', JSON.stringify(verdict))
      const next =
        flows[name].refreshed?.(renewed(first.tokens, verdict.fresh), verdict.answer) ??
        renewed(first.tokens, verdict.fresh)
      assert.ok(next.refreshToken)
      simulator.oauthFault(name, 'revoke-family')
      const dead = await refresh(name, { ...first, tokens: next })
      assert.equal(dead.is, 'dead', JSON.stringify(dead))
      assert.doesNotMatch(JSON.stringify(dead), new RegExp(next.refreshToken!.slice(0, 30).replace(/[./]/g, '.')))
    })

  it('tells what the API wants beside the token', async () => {
    const details = async (name: ProviderName) => Object.keys((await logIn(name)).tokens.details).sort()
    assert.deepEqual(await details('claude'), ['account-id', 'client-id', 'organization-id', 'plan', 'rate-limit-tier'])
    assert.deepEqual(await details('codex'), ['account-id', 'client-id', 'plan'])
    assert.deepEqual(await details('gemini-cli'), ['client-id', 'project', 'tier'])
    assert.deepEqual(await details('antigravity'), ['client-id', 'project', 'tier'])
    assert.deepEqual(await details('qwen'), ['client-id', 'resource-url'])
    assert.deepEqual(await details('iflow'), ['api-key', 'client-id'])
    assert.deepEqual(await details('kimi'), ['client-id', 'device-id'])
    assert.deepEqual(await details('xai'), ['client-id'])
  })

  it('of iFlow ends with the API key in the place of the token, also after a refresh', async () => {
    const first = await logIn('iflow')
    assert.match(first.tokens.accessToken, /^sk-/)
    const verdict = await refresh('iflow', first)
    assert.ok(verdict.is === 'fresh')
    assert.equal(
      iflow.refreshed?.(renewed(first.tokens, verdict.fresh), verdict.answer).accessToken,
      first.tokens.accessToken,
    )
  })

  it('of Claude can be pasted as code#state from the vendor’s page', async () => {
    const session = await begin('claude', {}, { way: 'paste' })
    const shown = await (await fetch(await simulator.consent({ url: session.url!, person: 'anna' }))).text()
    session.paste(/<code id="code">([^<]*)</.exec(shown)![1]!.replaceAll('&amp;', '&'))
    assert.equal((await session.done).identity.email, 'anna@simulated.example')
  })

  it('of Gemini CLI can be pasted from Google’s page, with PKCE', async () => {
    const { tokens } = await logIn('gemini-cli', 'anna', {}, { way: 'paste' })
    assert.equal(tokens.details['project'], 'anna-code-assist')
  })

  it('of Codex can be confirmed on another device', async () => {
    const { tokens, identity } = await logIn('codex', 'anna', {}, { way: 'device' })
    assert.equal(identity.plan, 'plus')
    assert.ok(tokens.details['account-id'])
    assert.equal((await refresh('codex', { tokens, identity })).is, 'fresh')
  })

  it('of Codex on another device says when the workspace does not allow it', async () => {
    simulator.oauthFault('codex', 'device-disabled')
    assert.match((await failed(begin('codex', {}, { way: 'device' }))).message, /not enabled/)
  })

  it('is denied in the browser and on the device', async () => {
    for (const name of names) {
      const session = await begin(name)
      if (session.way === 'device') simulator.confirmDevice(session.userCode!, 'anna', { deny: true })
      else await simulator.consent({ url: session.url!, person: 'anna', deny: true, visit: true })
      assert.equal((await failed(session.done)).code, 'denied', name)
    }
  })
})

describe('a Google account', () => {
  it('that is new is set up, without a project on the free tier', async () => {
    const { tokens, identity } = await logIn('antigravity', 'ben')
    assert.ok(tokens.details['project'])
    assert.equal(tokens.details['tier'], 'free-tier')
    assert.equal(identity.subject, 'ben@simulated.example')
  })

  it('that needs a project of its own has it asked for', async () => {
    const asked: string[] = []
    const { tokens, identity } = await logIn('gemini-cli', 'cleo', {
      ask: async (question) => {
        asked.push(question)
        return ' cleo-own-project '
      },
    })
    assert.match(asked.join(), /Google Cloud project/)
    assert.equal(tokens.details['project'], 'cleo-own-project')
    assert.equal(identity.subject, 'cleo@simulated.example/cleo-own-project')
  })

  it('that needs a project and has nobody to ask is told how to name it', async () => {
    const error = await failed(logIn('gemini-cli', 'cleo'))
    assert.equal(error.code, 'input')
    assert.match(error.message, /--project/)
  })

  it('refuses the number of a project', async () => {
    assert.match(
      (await failed(logIn('gemini-cli', 'cleo', { project: '1234567' }))).message,
      /number of a Google Cloud project/,
    )
  })

  it('that may not use Code Assist is told the vendor’s reason', async () => {
    simulator.setRefusal('gemini-cli', 'ben', 'subscription-required')
    const error = await failed(logIn('gemini-cli', 'ben'))
    assert.equal(error.code, 'not-eligible')
    assert.match(error.message, /Google says: .*individuals/)
    assert.match(error.message, /gemini-api-key/)
  })

  it('that has to be verified gets the link for it', async () => {
    simulator.setRefusal('gemini-cli', 'ben', 'validation-required')
    const error = await failed(logIn('gemini-cli', 'ben'))
    assert.equal(error.code, 'not-eligible')
    assert.match(error.url ?? '', /accounts\.google\.com\/signin\/continue/)
    assert.match(error.message, /Verify your account/)
  })
})
