import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Tokens } from '../login-record.ts'
import { LoginError, type RefreshRecipe } from './flow.ts'
import { answer, fieldsIn, plainFlow, scripted, testContext } from './testing/fixture.ts'
import { basicAuth, exchangeCode, judgeRefresh, readTokens, refreshOnce, renewed, retryAfterMs } from './token.ts'

const NOW = 1_000_000
const recipe: RefreshRecipe = {
  url: 'https://vendor.test/token',
  body: 'form',
  fields: {},
  headers: {},
  clientId: 'client',
  dead: { codes: ['refresh_token_reused'], statuses: [] },
}
const judge = (status: number, json: unknown, headers = {}, over: Partial<RefreshRecipe> = {}) =>
  judgeRefresh({ ...recipe, ...over }, 'the-refresh-token', answer(status, json, headers), NOW)

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`

describe('tokens of an answer', () => {
  it('end when expires_in says, counted from the question', () => {
    assert.equal(readTokens({ access_token: 'a', expires_in: 3600 }, NOW).expiresAt, NOW + 3_600_000)
    assert.equal(readTokens({ access_token: 'a', expires_in: '60' }, NOW).expiresAt, NOW + 60_000)
  })

  it('end when the JWT says, where nothing else does', () => {
    assert.equal(readTokens({ access_token: jwt({ exp: 5000 }) }, NOW).expiresAt, 5_000_000)
    assert.equal(readTokens({ access_token: 'opaque' }, NOW).expiresAt, undefined)
  })

  it('have no end made of nonsense', () => {
    for (const expires_in of [0, -1, 1e12, 'soon', null, {}, Number.NaN])
      assert.equal(readTokens({ access_token: 'a', expires_in }, NOW).expiresAt, undefined)
  })
})

describe('tokens after a refresh', () => {
  const old: Tokens = {
    accessToken: 'a1',
    refreshToken: 'r1',
    idToken: 'i1',
    expiresAt: 5,
    issuedAt: 1,
    scope: 's',
    details: { project: 'p' },
  }

  it('keep what the answer leaves out, the refresh token above all', () => {
    const got = renewed(old, readTokens({ access_token: 'a2', expires_in: 10 }, NOW))
    assert.deepEqual(got, { ...old, accessToken: 'a2', issuedAt: NOW, expiresAt: NOW + 10_000 })
  })

  it('take the rotated refresh token', () => {
    assert.equal(renewed(old, readTokens({ access_token: 'a2', refresh_token: 'r2' }, NOW)).refreshToken, 'r2')
  })

  it('forget the end of the old access token', () => {
    assert.equal(renewed(old, readTokens({ access_token: 'a2' }, NOW)).expiresAt, undefined)
  })
})

describe('an exchange', () => {
  it('sends a form by the book', async () => {
    const { http, asked } = scripted(answer(200, { access_token: 'a', refresh_token: 'r', expires_in: 60 }))
    const { tokens } = await exchangeCode(plainFlow(), testContext(http), {
      code: 'c',
      redirectUri: 'http://127.0.0.1:1/callback',
      state: 's',
      verifier: 'v',
    })
    assert.deepEqual(fieldsIn(asked[0]), {
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: 'http://127.0.0.1:1/callback',
      client_id: 'client',
      code_verifier: 'v',
    })
    assert.equal(asked[0]?.headers?.['content-type'], 'application/x-www-form-urlencoded')
    assert.equal(tokens.expiresAt, 1_060_000)
  })

  it('sends JSON with the state where the vendor wants that', async () => {
    const { http, asked } = scripted(answer(200, { access_token: 'a' }))
    const flow = plainFlow({
      token: { url: 'https://vendor.test/token', exchange: 'json', refresh: 'json', sendsState: true },
    })
    await exchangeCode(flow, testContext(http), { code: 'c', redirectUri: 'u', state: 's', verifier: 'v' })
    assert.equal(asked[0]?.headers?.['content-type'], 'application/json')
    assert.equal(fieldsIn(asked[0])['state'], 's')
  })

  it('sends id and secret as HTTP Basic, too, where the vendor wants that', async () => {
    const { http, asked } = scripted(answer(200, { access_token: 'a' }))
    const flow = plainFlow({
      token: { url: 'https://vendor.test/token', exchange: 'form', refresh: 'form', basic: true },
    })
    await exchangeCode(flow, testContext(http, { clientId: 'i:d', clientSecret: 's e' }), {
      code: 'c',
      redirectUri: 'u',
    })
    assert.equal(asked[0]?.headers?.['authorization'], `Basic ${Buffer.from('i%3Ad:s+e').toString('base64')}`)
    assert.equal(fieldsIn(asked[0])['client_secret'], 's e')
  })

  it('tells a refusal in the vendor’s words, without the code or the secret in them', async () => {
    const { http } = scripted(
      answer(400, { error: 'invalid_grant', error_description: 'code the-very-code is not\u001b[31m good' }),
    )
    await assert.rejects(
      exchangeCode(plainFlow(), testContext(http), { code: 'the-very-code', redirectUri: 'u' }),
      (error: unknown) => {
        assert.ok(error instanceof LoginError)
        assert.equal(error.code, 'refused')
        assert.match(error.message, /invalid_grant/)
        assert.match(error.message, /start the login again/)
        assert.doesNotMatch(error.message, /the-very-code|\u001b/)
        return true
      },
    )
  })

  it('is none without an access token, whatever the status', async () => {
    const { http } = scripted(answer(200, { token_type: 'bearer' }))
    await assert.rejects(exchangeCode(plainFlow(), testContext(http), { code: 'c', redirectUri: 'u' }), LoginError)
  })
})

describe('the answer to a refresh', () => {
  it('is fresh with a token in it', () => {
    const verdict = judge(200, { access_token: 'a', refresh_token: 'r' })
    assert.ok(verdict.is === 'fresh')
    assert.deepEqual([verdict.fresh.accessToken, verdict.fresh.refreshToken], ['a', 'r'])
  })

  it('is fresh with a rotated refresh token alone: losing that would lose the login', () => {
    assert.equal(judge(200, { refresh_token: 'r2' }).is, 'fresh')
  })

  it('means death for invalid_grant and the vendor’s own codes, at any status below 500', () => {
    for (const status of [200, 400, 401, 403])
      assert.equal(judge(status, { error: 'invalid_grant' }).is, 'dead', String(status))
    assert.equal(
      judge(401, { error: { code: 'refresh_token_reused', message: 'Your refresh token was used.' } }).is,
      'dead',
    )
    assert.equal(judge(500, { error: 'invalid_grant' }).is, 'later')
  })

  it('means death at the statuses the vendor says so by, unless the code speaks of something else', () => {
    const dead = { codes: [], statuses: [400, 401] }
    assert.equal(judge(401, 'no', {}, { dead }).is, 'dead')
    assert.equal(judge(401, { error: 'invalid_client' }, {}, { dead }).is, 'later')
    assert.equal(judge(400, { error: 'slow_down' }, {}, { dead }).is, 'later')
    // What stands between may use the same status, and knows nothing of tokens.
    assert.equal(judge(401, '<!DOCTYPE html><title>Sign in to the network</title>', {}, { dead }).is, 'later')
    assert.equal(judge(400, '\n<html>Blocked by policy</html>', {}, { dead }).is, 'later')
  })

  it('means later for everything else, never sooner than 5 s and never later than 5 min', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 599 }),
        fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 10_000_000 }).map(String)),
        (status, header) => {
          const verdict = judge(status, { error: 'something' }, { 'retry-after': header })
          assert.ok(verdict.is === 'later')
          assert.ok(verdict.retryAfterMs >= 5_000 && verdict.retryAfterMs <= 300_000)
          assert.equal(verdict.mayBeSpent, status >= 500)
        },
      ),
    )
  })

  it('honours Retry-After in between, in seconds and as a date', () => {
    const wait = (header: string) => {
      const verdict = judge(429, {}, { 'retry-after': header })
      return verdict.is === 'later' ? verdict.retryAfterMs : undefined
    }
    assert.equal(wait('42'), 42_000)
    assert.equal(wait(new Date(NOW + 90_000).toUTCString()), 90_000)
    assert.equal(wait('1580000'), 300_000)
    assert.equal(wait('0'), 5_000)
    assert.equal(retryAfterMs('soon', NOW), undefined)
  })

  it('may have spent the token when it is a 200 without tokens', () => {
    const verdict = judge(200, '{"access_tok')
    assert.ok(verdict.is === 'later')
    assert.equal(verdict.mayBeSpent, true)
  })

  it('points at the config when the client is refused', () => {
    const verdict = judge(401, { error: 'invalid_client' })
    assert.ok(verdict.is === 'later')
    assert.match(verdict.reason, /oauth-clients/)
  })

  it('never tells the token, and nothing that steers a terminal', () => {
    const verdict = judge(400, { error: 'invalid_grant', error_description: 'the-refresh-token\u001b[2J is dead' })
    assert.ok(verdict.is === 'dead')
    assert.doesNotMatch(verdict.reason, /the-refresh-token|\u001b/)
  })
})

describe('one refresh', () => {
  it('asks once, in the recipe’s form', async () => {
    const { http, asked } = scripted(answer(200, { access_token: 'a' }))
    const full: RefreshRecipe = {
      ...recipe,
      body: 'json',
      fields: { scope: 'x' },
      headers: { 'x-own': '1' },
      clientSecret: 'hush',
    }
    assert.equal((await refreshOnce(full, 'r1', http, () => NOW)).is, 'fresh')
    assert.equal(asked.length, 1)
    assert.deepEqual(fieldsIn(asked[0]), {
      grant_type: 'refresh_token',
      refresh_token: 'r1',
      client_id: 'client',
      client_secret: 'hush',
      scope: 'x',
    })
    assert.equal(asked[0]?.headers?.['x-own'], '1')
    assert.equal(asked[0]?.headers?.['content-type'], 'application/json')
  })

  it('says whether the token may be spent when nothing came back', async () => {
    const failed = async (code: string) => {
      const cause = Object.assign(new Error(code), { code })
      const verdict = await refreshOnce(
        recipe,
        'r',
        scripted(new LoginError('network', 'no', { cause })).http,
        () => NOW,
      )
      return verdict.is === 'network' ? verdict.mayBeSpent : undefined
    }
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'])
      assert.equal(await failed(code), false, code)
    for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'WHATEVER'])
      assert.equal(await failed(code), true, code)
  })

  it('never throws', async () => {
    const verdict = await refreshOnce(recipe, 'r-secret', scripted(new TypeError('r-secret broke')).http, () => NOW)
    assert.ok(verdict.is === 'network')
    assert.doesNotMatch(verdict.reason, /r-secret/)
  })
})

describe('HTTP Basic', () => {
  it('encodes id and secret as forms do (RFC 6749, 2.3.1)', () => {
    assert.equal(basicAuth('a b', 'c:d/é'), `Basic ${Buffer.from('a+b:c%3Ad%2F%C3%A9').toString('base64')}`)
  })
})
