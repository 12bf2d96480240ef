import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createCallbackHub } from './callback.ts'
import { createFlowContext } from './context.ts'
import type { FlowContext, LoginFlow } from './flow.ts'
import { readClaims } from './jwt.ts'
import { refreshRecipe } from './recipe.ts'
import { beginLogin } from './session.ts'
import { plainFlow } from './testing/fixture.ts'
import { browser, type Oidc, startOidc } from './testing/oidc.ts'
import { exchangeCode, type RefreshVerdict, refreshOnce } from './token.ts'

let oidc: Oidc
let context: FlowContext & { close(): Promise<void> }
const hub = createCallbackHub({ lingerMs: 50 })
const config = { 'oauth-clients': {}, 'host-overrides': {}, 'proxy-url': '' }

function flow(): LoginFlow {
  const { issuer } = oidc
  return plainFlow({
    scopes: ['openid', 'email', 'offline_access'],
    browser: {
      authorizeUrl: `${issuer}/auth`,
      params: { prompt: 'consent' },
      pkce: true,
      redirect: { host: '127.0.0.1', path: '/callback', ports: [] },
    },
    device: {
      start: { url: `${issuer}/device/auth`, body: 'form' },
      pollUrl: `${issuer}/token`,
      pkce: true,
      interval: 1,
      limit: 60,
    },
    token: { url: `${issuer}/token`, exchange: 'form', refresh: 'form' },
    identify: async (tokens) => ({ subject: String(readClaims(tokens.idToken)?.['sub']) }),
  })
}

before(async () => {
  oidc = await startOidc()
  context = await createFlowContext({ provider: 'oidc', flow: flow(), config, env: {} })
})
after(async () => {
  await context.close()
  await hub.close()
  await oidc.close()
})

async function loggedIn() {
  const session = await beginLogin(flow(), context, { provider: 'oidc', callbacks: hub })
  const page = await browser().visit(session.url!)
  assert.equal(page.status, 200, page.text)
  assert.match(page.text, /You are logged in/)
  return await session.done
}

async function refresh(token: string): Promise<RefreshVerdict> {
  return await refreshOnce(await refreshRecipe('oidc', flow(), config, context), token, context.http, Date.now)
}

describe('an authorization server of somebody else', () => {
  it('takes the whole browser login, PKCE and all', async () => {
    const { tokens, identity } = await loggedIn()
    assert.equal(identity.subject, 'anna')
    assert.ok(tokens.refreshToken && tokens.accessToken)
    assert.ok(tokens.expiresAt! > Date.now() + 3_000_000)
  })

  it('takes a refresh, rotates it, and ends the login when an old one is presented', async () => {
    const first = (await loggedIn()).tokens.refreshToken!
    const once = await refresh(first)
    assert.ok(once.is === 'fresh')
    const second = once.fresh.refreshToken!
    assert.notEqual(second, first)
    const twice = await refresh(second)
    assert.ok(twice.is === 'fresh')
    const reused = await refresh(first)
    assert.ok(reused.is === 'dead')
    assert.equal(reused.code, 'invalid_grant')
    assert.equal((await refresh(twice.fresh.refreshToken!)).is, 'dead')
  })

  it('refuses a code without its verifier, with a wrong one, and twice', async () => {
    const caught: string[] = []
    const catching: FlowContext = {
      ...context,
      http: (request) => {
        caught.push(request.body ?? '')
        return Promise.reject(new Error('caught on its way'))
      },
    }
    const code = async () => {
      const session = await beginLogin(flow(), catching, { provider: 'oidc', callbacks: hub })
      await browser().visit(session.url!)
      await session.done.catch(() => {})
      const sent = new URLSearchParams(caught.pop())
      return { code: sent.get('code')!, redirectUri: sent.get('redirect_uri')!, verifier: sent.get('code_verifier')! }
    }
    const { verifier: _, ...bare } = await code()
    await assert.rejects(exchangeCode(flow(), context, bare), /invalid_grant/)
    await assert.rejects(
      exchangeCode(flow(), context, { ...(await code()), verifier: 'x'.repeat(43) }),
      /invalid_grant/,
    )
    const good = await code()
    assert.ok((await exchangeCode(flow(), context, good)).tokens.accessToken)
    await assert.rejects(exchangeCode(flow(), context, good), /used before/)
  })

  it('takes the whole device login', async () => {
    // Its own interval is 5 s: the waiting is left out, not the polling.
    let confirmed = false
    const slept: number[] = []
    const person = browser()
    const session = await beginLogin(
      flow(),
      {
        ...context,
        async sleep(ms) {
          slept.push(ms)
          if (confirmed) return
          confirmed = slept.length > 1
          if (confirmed) await confirm()
        },
      },
      { provider: 'oidc', way: 'device', callbacks: hub },
    )
    async function confirm(): Promise<void> {
      const asked = await person.visit(session.url!)
      const field = (name: string, text: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? ''
      const form = new URLSearchParams({ xsrf: field('xsrf', asked.text), user_code: session.userCode! })
      const next = await person.visit(`${oidc.issuer}/device`, form)
      form.set('xsrf', field('xsrf', next.text) || form.get('xsrf')!)
      form.set('confirm', 'yes')
      const end = await person.visit(`${oidc.issuer}/device`, form)
      assert.equal(end.status, 200, end.text)
    }
    const { tokens, identity } = await session.done
    assert.equal(identity.subject, 'anna')
    assert.ok(tokens.refreshToken)
    assert.ok(slept.length >= 2)
    assert.equal((await refresh(tokens.refreshToken!)).is, 'fresh')
  })
})
