import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startDevice, trusted } from './device.ts'
import { type DeviceGrant, LoginError, type LoginFlow, type VendorAnswer } from './flow.ts'
import { answer, fieldsIn, plainFlow, scripted, testContext } from './testing/fixture.ts'

const grant: DeviceGrant = {
  start: { url: 'https://vendor.test/device', body: 'form' },
  pollUrl: 'https://vendor.test/token',
  pkce: true,
  interval: 5,
  limit: 900,
}
const flow = (over: Partial<DeviceGrant> = {}): LoginFlow => plainFlow({ device: { ...grant, ...over } })
const started = answer(200, {
  device_code: 'device-secret',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://vendor.test/go',
  verification_uri_complete: 'https://vendor.test/go?c=ABCD-EFGH',
  expires_in: 600,
})
const done = answer(200, { access_token: 'a', refresh_token: 'r', expires_in: 60 })
const says = (error: string, status = 400): VendorAnswer => answer(status, { error })

async function run(...answers: (VendorAnswer | Error)[]) {
  const { http, asked } = scripted(started, ...answers)
  const context = testContext(http)
  const login = await startDevice(flow(), flow().device!, context)
  return {
    login,
    asked,
    context,
    result: await login.finish().then(
      (r) => r,
      (e: unknown) => e as LoginError,
    ),
  }
}

const code = (result: unknown): string => (result instanceof LoginError ? result.code : 'done')

describe('a device login', () => {
  it('asks for a code, tells it, and polls until it is confirmed', async () => {
    const { login, asked, context, result } = await run(
      says('authorization_pending'),
      says('authorization_pending'),
      done,
    )
    assert.deepEqual(login.prompt, {
      userCode: 'ABCD-EFGH',
      verificationUrl: 'https://vendor.test/go',
      completeUrl: 'https://vendor.test/go?c=ABCD-EFGH',
      interval: 5,
      expiresIn: 600,
    })
    assert.equal(code(result), 'done')
    assert.deepEqual(context.slept, [5000, 5000, 5000])
    assert.equal(fieldsIn(asked[0])['scope'], 'openid offline_access')
    assert.equal(fieldsIn(asked[0])['code_challenge_method'], 'S256')
    const { code_verifier, ...poll } = fieldsIn(asked[1])
    assert.deepEqual(poll, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'client',
      device_code: 'device-secret',
    })
    assert.ok(code_verifier)
  })

  it('slows down by 5 s each time it is told to, and stays slow', async () => {
    const { context } = await run(says('slow_down'), says('slow_down', 429), says('authorization_pending'), done)
    assert.deepEqual(context.slept, [5000, 10_000, 15_000, 15_000])
  })

  it('goes on, more slowly, when the network or the vendor stumbles', async () => {
    const { result, context } = await run(new LoginError('network', 'cut'), answer(503, 'busy'), answer(429, ''), done)
    assert.equal(code(result), 'done')
    assert.deepEqual(context.slept, [5000, 10_000, 15_000, 20_000])
  })

  it('ends when the person declines', async () => {
    assert.equal(code((await run(says('access_denied'))).result), 'denied')
  })

  it('ends when the code has expired, by the vendor’s word', async () => {
    assert.equal(code((await run(says('expired_token'))).result), 'expired')
  })

  it('ends when its time is over, by our own clock', async () => {
    const { result, context } = await run(...Array.from({ length: 200 }, () => says('authorization_pending')))
    assert.equal(code(result), 'expired')
    assert.equal(
      context.slept.reduce((a, b) => a + b),
      600_000,
    )
  })

  it('ends on any other error, with its words and without the device code', async () => {
    const { result } = await run(answer(400, { error: 'invalid_scope', error_description: 'device-secret is bad' }))
    assert.equal(code(result), 'refused')
    assert.match((result as LoginError).message, /invalid_scope/)
    assert.doesNotMatch((result as LoginError).message, /device-secret/)
  })

  it('has an interval of the vendor’s wish, and a limit of ours', async () => {
    const { http } = scripted(answer(200, { ...started.json, interval: 9, expires_in: 100_000 }))
    const context = testContext(http)
    const login = await startDevice(flow(), grant, context)
    assert.equal(login.prompt.interval, 9)
    assert.equal(login.expiresAt, context.now() + 900_000)
  })

  it('reads an interval that is text, and leaves nonsense to the grant', async () => {
    for (const [wish, interval] of [
      ['7', 7],
      [0, 5],
      ['soon', 5],
      [null, 5],
    ]) {
      const { http } = scripted(answer(200, { ...started.json, interval: wish }))
      assert.equal((await startDevice(flow(), grant, testContext(http))).prompt.interval, interval)
    }
  })

  it('shows no address that steers a terminal', async () => {
    const { http } = scripted(answer(200, { ...started.json, verification_uri: 'https://vendor.test/\u001b[2Jgo' }))
    assert.equal(
      (await startDevice(flow(), grant, testContext(http))).prompt.verificationUrl,
      'https://vendor.test/%1B[2Jgo',
    )
  })

  it('is refused when the vendor gives no code, or an address that is none', async () => {
    for (const bad of [
      answer(400, { error: 'unauthorized_client' }),
      answer(200, { user_code: 'x' }),
      answer(200, { ...started.json, verification_uri: 'javascript:alert(1)' }),
    ])
      await assert.rejects(startDevice(flow(), grant, testContext(scripted(bad).http)), LoginError)
  })
})

describe('discovery', () => {
  const discovered: DeviceGrant = {
    ...grant,
    start: { url: 'https://auth.x.test/.well-known/openid-configuration', body: 'form', discover: { trust: 'x.test' } },
  }
  const document = (device: string, token: string) =>
    answer(200, { device_authorization_endpoint: device, token_endpoint: token })

  it('leads to the endpoints it names, and a refresh goes there later', async () => {
    const { http, asked } = scripted(document('https://auth.x.test/d', 'https://auth.x.test/t'), started, done)
    const login = await startDevice(flow(), discovered, testContext(http))
    const { tokens } = await login.finish()
    assert.deepEqual(
      asked.map((r) => r.url),
      ['https://auth.x.test/.well-known/openid-configuration', 'https://auth.x.test/d', 'https://auth.x.test/t'],
    )
    assert.equal(tokens.details['token-url'], 'https://auth.x.test/t')
  })

  it('is not believed when it names http, another host, or one that only looks alike', async () => {
    for (const bad of [
      'http://auth.x.test/d',
      'https://evil.test/d',
      'https://evilx.test/d',
      'https://x.test.evil.test/d',
      'https://user@auth.x.test/d',
      'nonsense',
      '',
    ]) {
      const { http, asked } = scripted(document('https://auth.x.test/d', bad), started)
      await assert.rejects(startDevice(flow(), discovered, testContext(http)), LoginError, bad)
      assert.equal(asked.length, 1, bad)
    }
  })

  it('is believed on the stand-in the config puts in the vendor’s place', async () => {
    const { http, asked } = scripted(document('http://127.0.0.1:9/d', 'https://auth.x.test/t'), started, done)
    const url = (u: string) => u.replace('https://auth.x.test', 'http://127.0.0.1:9')
    await (await startDevice(flow(), discovered, testContext(http, { url }))).finish()
    assert.deepEqual(
      asked.map((r) => r.url),
      ['http://127.0.0.1:9/.well-known/openid-configuration', 'http://127.0.0.1:9/d', 'http://127.0.0.1:9/t'],
    )
  })

  it('trusts a host and those below it alone', () => {
    const at = (url: string) => trusted(new URL(url), 'x.ai')
    assert.deepEqual(
      [at('https://x.ai'), at('https://auth.x.ai/a'), at('https://ax.ai'), at('http://x.ai')],
      [true, true, false, false],
    )
  })
})
