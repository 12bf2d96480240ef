import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, type Simulator } from '../index.ts'
import * as by from '../testing/login.ts'

let s: Simulator
before(async () => {
  s = await createSimulator({ now: () => 1_790_000_000_000 })
})
after(() => s.close())
beforeEach(() => s.reset())

const STANDARD = ['qwen', 'kimi', 'xai'] as const
const told = (said: by.Said) => [said.status, said.json['error']]

for (const provider of STANDARD)
  describe(`a device login of ${provider}`, () => {
    test('waits, slows the hasty down, and ends in tokens', async () => {
      const { started, poll, userCode } = await by.startDevice(s, provider)
      assert.equal(started.status, 200)
      assert.match(userCode, /^[A-Z]{4}-[A-Z]{4}$/)
      assert.deepEqual(told(await poll()), [400, 'authorization_pending'])
      assert.deepEqual(told(await poll()), [provider === 'qwen' ? 429 : 400, 'slow_down'])
      s.advance(5_000)
      assert.equal((await poll()).json['error'], 'slow_down', 'the interval has grown by five seconds')
      s.advance(15_000)
      s.confirmDevice(userCode.toLowerCase(), 'cleo')
      const done = await poll()
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(s.oauth.inspect(String(done.json['access_token'])).person, 'cleo')
      s.advance(60_000)
      assert.deepEqual(told(await poll()), [400, 'invalid_grant'], 'a device code works once')
    })
    test('ends when the person refuses, and when time is up', async () => {
      const refused = await by.startDevice(s, provider)
      s.confirmDevice(refused.userCode, 'anna', { deny: true })
      assert.deepEqual(told(await refused.poll()), [400, 'access_denied'])
      const late = await by.startDevice(s, provider)
      s.advance(Number(late.started.json['expires_in']) * 1000)
      assert.deepEqual(told(await late.poll()), [400, 'expired_token'])
      assert.throws(() => s.confirmDevice(late.userCode, 'anna'), /expired/)
    })
    test('can be confirmed on a page', async () => {
      const { started, poll } = await by.startDevice(s, provider)
      const page = String(started.json['verification_uri_complete'])
      assert.match(await (await fetch(page)).text(), /Confirm as anna/)
      assert.match(await (await fetch(`${page}&auto=anna`)).text(), /id="done"/)
      assert.equal((await poll()).status, 200)
    })
    test('is for the right client, and in the right form', async () => {
      const [url, fields] = by.DEVICE_START[provider]!
      const headers = by.tokenHeaders(provider, s)
      assert.deepEqual(told(await by.post(s, url, { ...fields, client_id: 'x' }, 'form', headers)), [
        401,
        'invalid_client',
      ])
      const json = await by.post(s, url, { ...fields, client_id: by.CLIENT[provider] }, 'json', headers)
      assert.deepEqual(told(json), [400, 'invalid_request'])
    })
  })

test('Qwen wants PKCE at the start and the verifier at the end', async () => {
  const [url, fields] = by.DEVICE_START.qwen!
  assert.equal((await by.post(s, url, { ...fields, client_id: by.CLIENT.qwen })).json['error'], 'invalid_request')
  const { started, userCode } = await by.startDevice(s, 'qwen')
  s.confirmDevice(userCode, 'anna')
  const said = await by.post(s, by.TOKEN.qwen, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: by.CLIENT.qwen,
    device_code: String(started.json['device_code']),
    code_verifier: by.pkce().verifier,
  })
  assert.deepEqual(told(said), [400, 'invalid_grant'])
})

test('Qwen tells where its API is', async () => {
  assert.equal((await by.login(s, 'qwen', 'anna'))['resource_url'], 'portal.qwen.ai')
})

test('Kimi wants its five headers at every step', async () => {
  const [url] = by.DEVICE_START.kimi!
  for (const name of Object.keys(by.MSH)) {
    const { [name as 'x-msh-platform']: _, ...headers } = by.MSH
    const said = await by.post(s, url, { client_id: by.CLIENT.kimi }, 'form', headers)
    assert.deepEqual(told(said), [400, 'invalid_request'])
  }
  const { refresh_token } = await by.login(s, 'kimi', 'anna')
  const bare = { grant_type: 'refresh_token', refresh_token: refresh_token!, client_id: by.CLIENT.kimi }
  assert.equal((await by.post(s, by.TOKEN.kimi, bare)).status, 400)
})

test('xAI says in its discovery document where things are', async () => {
  const { json } = await by.get(s, 'https://auth.x.ai/.well-known/openid-configuration')
  for (const name of ['device_authorization_endpoint', 'token_endpoint'])
    assert.match(String(json[name]), /^https:\/\/auth\.x\.ai\//)
})

describe("Codex's own device login", () => {
  const API = 'https://auth.openai.com/api/accounts/deviceauth'
  const start = () => by.post(s, `${API}/usercode`, { client_id: by.CLIENT.codex }, 'json')
  const poll = (json: Record<string, unknown>) =>
    by.post(
      s,
      `${API}/token`,
      { device_auth_id: String(json['device_auth_id']), user_code: String(json['user_code']) },
      'json',
    )

  test('answers 403 until it is confirmed, then a code with its verifier', async () => {
    const { json } = await start()
    assert.equal(json['interval'], '5')
    assert.equal((await poll(json)).status, 403)
    s.confirmDevice(String(json['user_code']), 'anna')
    s.advance(5_000)
    const got = await poll(json)
    assert.equal(got.status, 200)
    const fields = {
      grant_type: 'authorization_code',
      code: String(got.json['authorization_code']),
      code_verifier: String(got.json['code_verifier']),
      redirect_uri: 'https://auth.openai.com/deviceauth/callback',
      client_id: by.CLIENT.codex,
    }
    const tokens = await by.post(s, by.TOKEN.codex, fields)
    assert.equal(tokens.status, 200, JSON.stringify(tokens.json))
    assert.ok(tokens.json['refresh_token'] && tokens.json['id_token'])
  })
  test('can be switched off by the workspace', async () => {
    s.oauthFault('codex', 'device-disabled')
    assert.equal((await start()).status, 404)
    assert.equal((await start()).status, 200)
  })
  test('knows nothing of codes it has not given', async () => {
    assert.equal((await poll({ device_auth_id: 'x', user_code: 'y' })).status, 404)
  })
})
