import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, type Simulator } from '../index.ts'
import * as by from '../testing/login.ts'

/** JSON of whatever depth. */
type Json = { [name: string]: Json | undefined } & { [index: number]: Json }

let s: Simulator
before(async () => {
  s = await createSimulator({ now: () => 1_790_000_000_000 })
})
after(() => s.close())
beforeEach(() => s.reset())

describe('faults of the token endpoint', () => {
  test('500, 503 and 429 change nothing; 429 says when to come back', async () => {
    const { refresh_token } = await by.login(s, 'claude', 'anna')
    for (const fault of ['500', '503'] as const) {
      s.oauthFault('claude', fault)
      assert.equal((await by.refresh(s, 'claude', refresh_token!)).status, Number(fault))
    }
    s.oauthFault('claude', '429', { retryAfter: 12 })
    const limited = await by.refresh(s, 'claude', refresh_token!)
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '12'])
    assert.equal(s.oauth.inspect(refresh_token!).state, 'current')
    assert.equal((await by.refresh(s, 'claude', refresh_token!)).status, 200)
  })
  test('strike as often as they were told to, and only whom', async () => {
    const anna = await by.login(s, 'codex', 'anna')
    const ben = await by.login(s, 'codex', 'ben')
    s.oauthFault('codex', '500', { times: 2, person: 'ben', grant: 'refresh' })
    assert.equal((await by.refresh(s, 'codex', anna.refresh_token!)).status, 200)
    const seen = []
    for (let i = 0; i < 3; i++) seen.push((await by.refresh(s, 'codex', ben.refresh_token!)).status)
    assert.deepEqual(seen, [500, 500, 200])
  })
  test('cut: the tokens are rotated, the client has half of them', async () => {
    const { refresh_token } = await by.login(s, 'claude', 'anna')
    s.oauthFault('claude', 'cut')
    await assert.rejects(by.refresh(s, 'claude', refresh_token!))
    assert.equal(s.oauth.inspect(refresh_token!).state, 'spent')
    assert.deepEqual(
      s.oauth.log({ kind: 'refresh' }).map((e) => [e.outcome, e.fault]),
      [['granted', 'cut']],
    )
    assert.equal((await by.refresh(s, 'claude', refresh_token!)).json['error'], 'invalid_grant')
    assert.equal(s.oauth.counts().refreshReuse, 1)
  })
  test('strike device logins as well: the poll, or the tokens at its end', async () => {
    const { poll, userCode } = await by.startDevice(s, 'xai')
    s.confirmDevice(userCode, 'anna')
    s.oauthFault('xai', '500')
    assert.equal((await poll()).status, 500)
    s.oauthFault('xai', 'cut', { grant: 'code' })
    await assert.rejects(poll())
    assert.equal((await poll()).json['error'], 'invalid_grant')
  })
  test('reset before anything is done', async () => {
    const { refresh_token } = await by.login(s, 'xai', 'anna')
    s.oauthFault('xai', 'reset')
    await assert.rejects(by.refresh(s, 'xai', refresh_token!))
    assert.equal(s.oauth.inspect(refresh_token!).state, 'current')
  })
  for (const [fault, state] of [
    ['hang', 'current'],
    ['hang-after', 'spent'],
  ] as const)
    test(`${fault} leaves the client waiting, the old token ${state}`, async () => {
      const { refresh_token } = await by.login(s, 'kimi', 'anna')
      s.oauthFault('kimi', fault)
      const gone = new AbortController()
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refresh_token!,
        client_id: by.CLIENT.kimi,
      })
      const waiting = fetch(by.at(s, by.TOKEN.kimi), { method: 'POST', body, headers: by.MSH, signal: gone.signal })
      const settled = waiting.catch((error: Error) => error.name)
      while (s.oauth.log({ kind: 'refresh' }).length === 0) await new Promise(setImmediate)
      assert.equal(s.oauth.inspect(refresh_token!).state, state)
      gone.abort()
      assert.equal(await settled, 'AbortError')
    })
  test('bad-json: rotated, and the answer is a page', async () => {
    const { refresh_token } = await by.login(s, 'codex', 'anna')
    s.oauthFault('codex', 'bad-json')
    assert.match(String((await by.refresh(s, 'codex', refresh_token!)).json['text']), /<html>/)
    assert.equal(s.oauth.inspect(refresh_token!).state, 'spent')
  })
  test('slow: late, but whole', async () => {
    const { refresh_token } = await by.login(s, 'claude', 'anna')
    s.oauthFault('claude', 'slow', { ms: 20 })
    assert.equal((await by.refresh(s, 'claude', refresh_token!)).status, 200)
  })
  test('keep-refresh: no new refresh token, the old one stays', async () => {
    const { refresh_token } = await by.login(s, 'claude', 'anna')
    s.oauthFault('claude', 'keep-refresh')
    assert.equal((await by.refresh(s, 'claude', refresh_token!)).json['refresh_token'], undefined)
    assert.equal(s.oauth.inspect(refresh_token!).state, 'current')
  })
  test('at once: access tokens end, refresh tokens expire, logins are revoked', async () => {
    const one = await by.login(s, 'codex', 'anna')
    assert.equal(s.oauthFault('codex', 'expire-access'), 1)
    assert.equal(s.oauth.inspect(one.access_token).state, 'expired')
    assert.equal(s.oauthFault('codex', 'expire-refresh', { person: 'anna' }), 1)
    const expired = await by.refresh(s, 'codex', one.refresh_token!)
    assert.deepEqual([expired.status, (expired.json['error'] as { code: string }).code], [401, 'refresh_token_expired'])
    const two = await by.login(s, 'codex', 'anna')
    assert.equal(s.oauthFault('codex', 'revoke-family'), 2)
    assert.equal(s.oauth.inspect(two.refresh_token!).state, 'revoked')
  })
  test('a slip in a name is told', () => {
    assert.throws(() => s.oauthFault('claude', 'boom' as '500'), /no fault 'boom'/)
    assert.throws(() => s.oauthFault('clod' as 'claude', '500'), /no provider 'clod'/)
    assert.throws(() => s.setRefusal('claude', 'anna', 'boom'), /no refusal 'boom'/)
    assert.throws(() => s.setQuota('claude', 'anna', 'boom', { used: 1 }), /no window 'boom'/)
  })
})

describe('other processes', () => {
  const control = async (path: string, body?: object) => {
    const answer = await fetch(`${s.url}/_simulator/${path}`, body && { method: 'POST', body: JSON.stringify(body) })
    return { status: answer.status, json: (await answer.json()) as Json }
  }
  test('drive everything below /_simulator', async () => {
    const { verifier, challenge } = by.pkce()
    const consent = await control('consent', { url: by.authorizeUrl('claude', challenge), person: 'anna' })
    const redirect = String(consent.json['redirect'])
    const got = await by.post(s, by.TOKEN.claude, by.exchangeFields('claude', redirect, verifier, s), 'json')
    assert.equal((await control('oauth/fault', { provider: 'claude', fault: 'expire-access' })).json['struck'], 1)
    const token = String(got.json['access_token'])
    assert.equal((await control('oauth/inspect', { token })).json['state'], 'expired')
    assert.equal((await control('oauth/counts')).json['codes'], 1)
    assert.equal((await control('oauth/log?kind=code')).json['log']?.['length'], 1)
    assert.equal((await control('hosts')).json['hosts']?.['https://claude.ai'], `${s.url}/hosts/claude.ai`)
    assert.equal((await control('quota', { provider: 'kimi', person: 'anna', window: '5h', used: 42 })).status, 200)
    assert.equal((await control('quota?provider=kimi&person=anna')).json['windows']?.[0]?.['used'], 42)
    assert.equal((await control('refusal', { provider: 'claude', person: 'anna', name: 'third-party' })).status, 200)
    assert.equal((await control('life', { provider: 'claude', seconds: 1 })).status, 200)
    assert.equal((await control('advance', { ms: 1000 })).status, 200)
    assert.equal((await control('plan', { provider: 'codex', person: 'anna', plan: 'free' })).status, 200)
    assert.ok((await control('names')).json['oauthFaults']?.['cut'])
    assert.equal((await control('reset', {})).status, 200)
    assert.equal((await control('refusal', { provider: 'claude', person: 'anna', name: 'x' })).status, 400)
    const started = await by.startDevice(s, 'kimi')
    assert.equal((await control('device', { userCode: started.userCode, person: 'anna' })).status, 200)
  })
})
