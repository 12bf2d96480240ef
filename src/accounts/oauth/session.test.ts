import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { createCallbackHub } from './callback.ts'
import { type FlowContext, LoginError, type LoginFlow } from './flow.ts'
import { beginLogin, type LoginOptions, type LoginSession } from './session.ts'
import { answer, fieldsIn, plainFlow, scripted, testContext } from './testing/fixture.ts'

let clock: () => number = () => 1_000_000
const hub = createCallbackHub({ now: () => clock() })
const sessions: LoginSession[] = []
afterEach(async () => {
  for (const session of sessions.splice(0)) session.cancel()
  clock = () => 1_000_000
  await hub.close()
})

const granted = answer(200, { access_token: 'a', refresh_token: 'r', expires_in: 60 })

async function begin(
  flow: LoginFlow,
  over: Partial<FlowContext> = {},
  options: Partial<LoginOptions> = {},
  ...answers: ReturnType<typeof answer>[]
) {
  const { http, asked } = scripted(...answers)
  // Sleeping moves the test clock, so a login that waits for its person must not sleep at all here.
  const context = testContext(http, { sleep: () => new Promise(() => {}), ...over })
  return {
    session: await beginLogin(flow, context, { provider: 'vendor', callbacks: hub, ...options }),
    asked,
    context,
  }
}

const param = (session: LoginSession, name: string): string => new URL(session.url!).searchParams.get(name) ?? ''
const failed = (session: LoginSession): Promise<LoginError> =>
  session.done.then(
    () => assert.fail('it went well'),
    (error: LoginError) => error,
  )

describe('a login', () => {
  it('comes back through the browser: address, code, tokens, person', async () => {
    const { session, asked } = await begin(plainFlow(), {}, {}, granted)
    assert.deepEqual(session.status().is, 'waiting')
    assert.equal(param(session, 'state'), session.state)
    const page = await fetch(`${param(session, 'redirect_uri')}?code=the-code&state=${session.state}`)
    assert.match(await page.text(), /Logged in to Vendor as anna/)
    const { tokens, identity } = await session.done
    assert.deepEqual([tokens.accessToken, tokens.refreshToken, identity.subject], ['a', 'r', 'anna'])
    assert.equal(tokens.details['client-id'], 'client')
    assert.equal(session.status().is, 'done')
    const sent = fieldsIn(asked[0])
    assert.equal(sent['redirect_uri'], param(session, 'redirect_uri'))
    assert.equal(sent['code'], 'the-code')
    assert.ok(sent['code_verifier'])
  })

  it('takes a pasted address in the place of the browser', async () => {
    const { session } = await begin(plainFlow(), {}, {}, granted)
    session.paste(`http://127.0.0.1:1/callback?code=c&state=${session.state}`)
    assert.equal((await session.done).tokens.accessToken, 'a')
    const late = await fetch(`${param(session, 'redirect_uri')}?code=x&state=${session.state}`)
    assert.equal(late.status, 409)
  })

  it('refuses a paste with another state and goes on waiting', async () => {
    const { session } = await begin(plainFlow(), {}, {}, granted)
    for (const text of ['code#wrong', 'http://127.0.0.1:1/callback?code=c&state=wrong'])
      assert.throws(
        () => session.paste(text),
        (error: unknown) => error instanceof LoginError && error.code === 'state',
      )
    assert.throws(
      () => session.paste('   '),
      (error: unknown) => error instanceof LoginError && error.code === 'input',
    )
    assert.equal(session.status().is, 'waiting')
    session.paste('bare-code')
    await session.done
    assert.throws(() => session.paste('another'), LoginError)
  })

  it('listens nowhere when the code is pasted, and uses the vendor’s page for it', async () => {
    const flow = plainFlow()
    flow.browser = { ...flow.browser!, pkce: false, manualRedirect: { url: 'https://vendor.test/code', pkce: true } }
    const { session, asked } = await begin(flow, {}, { way: 'paste' }, granted)
    assert.equal(param(session, 'redirect_uri'), 'https://vendor.test/code')
    assert.ok(param(session, 'code_challenge'))
    session.paste(`c#${session.state}`)
    await session.done
    assert.equal(fieldsIn(asked[0])['redirect_uri'], 'https://vendor.test/code')
    assert.ok(fieldsIn(asked[0])['code_verifier'])
  })

  it('is denied by the person, and says so', async () => {
    const { session } = await begin(plainFlow())
    const page = await fetch(`${param(session, 'redirect_uri')}?error=access_denied&state=${session.state}`)
    assert.equal(page.status, 400)
    const error = await failed(session)
    assert.equal(error.code, 'denied')
    assert.deepEqual(session.status(), { is: 'failed', words: error.message })
  })

  it('is over after its time', async () => {
    clock = Date.now
    const { session } = await begin(plainFlow(), { now: Date.now }, { limitMs: 30 })
    assert.equal((await failed(session)).code, 'expired')
    const page = await fetch(`${param(session, 'redirect_uri')}?code=c&state=${session.state}`)
    assert.equal(page.status, 410)
  })

  it('can be cancelled at any time', async () => {
    const waiting = (await begin(plainFlow())).session
    waiting.cancel()
    assert.equal((await failed(waiting)).code, 'cancelled')

    const { session } = await begin(
      plainFlow({ prepare: (_, identity, context) => context.sleep(1e6).then(() => identity) }),
      {},
      {},
      granted,
    )
    session.paste('c')
    await new Promise((resolve) => setImmediate(resolve))
    session.cancel()
    assert.equal((await failed(session)).code, 'cancelled')
  })

  it('fails with the vendor’s words, and with its link', async () => {
    const refused = await begin(plainFlow(), {}, {}, answer(400, { error: 'invalid_grant' }))
    refused.session.paste('c')
    assert.match((await failed(refused.session)).message, /invalid_grant/)

    const flow = plainFlow({
      prepare: async () => {
        throw new LoginError('not-eligible', 'Verify the account.', { url: 'https://vendor.test/verify' })
      },
    })
    const { session } = await begin(flow, {}, {}, granted)
    session.paste('c')
    await failed(session)
    assert.deepEqual(session.status(), {
      is: 'failed',
      words: 'Verify the account.',
      url: 'https://vendor.test/verify',
    })
  })

  it('puts what the API wants beside the token, and what the answer says', async () => {
    const flow = plainFlow({
      identify: async () => ({ subject: 's', details: { 'account-id': 'acc' } }),
      prepare: async (tokens, identity) => ({
        ...identity,
        details: { ...identity.details, project: `of-${tokens.details['account-id']}` },
      }),
      refreshed: (tokens, json) => ({
        ...tokens,
        details: { ...tokens.details, 'resource-url': String(json['resource_url']) },
      }),
    })
    const { session } = await begin(flow, {}, {}, answer(200, { access_token: 'a', resource_url: 'portal.test' }))
    session.paste('c')
    assert.deepEqual((await session.done).tokens.details, {
      'account-id': 'acc',
      project: 'of-acc',
      'client-id': 'client',
      'resource-url': 'portal.test',
    })
  })

  it('has only the ways its vendor has', async () => {
    await assert.rejects(begin(plainFlow(), {}, { way: 'device' }), /no device login/)
    const { browser: _, ...rest } = plainFlow()
    await assert.rejects(begin(rest, {}, { way: 'browser' }), /device login/)
  })

  it('uses the port it is told', async () => {
    const free = (await begin(plainFlow())).session
    const port = Number(new URL(param(free, 'redirect_uri')).port)
    free.cancel()
    await failed(free)
    await hub.close()
    const { session } = await begin(plainFlow(), {}, { port })
    assert.equal(param(session, 'redirect_uri'), `http://127.0.0.1:${port}/callback`)
    session.cancel()
    await failed(session)
  })
})

describe('a login on another device', () => {
  it('gives a code to type and an address to open', async () => {
    const { browser: _, ...rest } = plainFlow()
    const flow: LoginFlow = {
      ...rest,
      device: { start: { url: 'https://vendor.test/d', body: 'form' }, pkce: false, interval: 5, limit: 60 },
    }
    const start = answer(200, {
      device_code: 'd',
      user_code: 'AB-CD',
      verification_uri: 'https://vendor.test/go',
      expires_in: 60,
    })
    const { session } = await begin(flow, { sleep: async () => {} }, {}, start, granted)
    assert.deepEqual(
      [session.way, session.userCode, session.verificationUrl, session.url],
      ['device', 'AB-CD', 'https://vendor.test/go', 'https://vendor.test/go'],
    )
    assert.throws(() => session.paste('x'), /nothing to paste/)
    assert.equal((await session.done).tokens.refreshToken, 'r')
  })
})
