import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoginError } from '../../accounts/oauth/flow.ts'
import { refreshRecipe } from '../../accounts/oauth/recipe.ts'
import { expiryOfKey } from '../../accounts/oauth/renewals.ts'
import { answer, fieldsIn, scripted, testContext } from '../../accounts/oauth/testing/fixture.ts'
import { refreshOnce } from '../../accounts/oauth/token.ts'
import { cookieLogin, onlyBxAuth } from './cookie.ts'
import { login } from './login.ts'

const NOW = Date.parse('2027-01-10T00:00:00Z')
const URL = 'https://platform.iflow.cn/api/openapi/apikey'
const key = (apiKey: string, expireTime = '2027-01-17 08:30') =>
  answer(200, { success: true, data: { name: 'Anna', apiKey, expireTime } })

describe('iFlow by cookie (domain.md 1.5, "Cookie mode")', () => {
  it('learns the name with GET, asks for a key with POST {name}, and keeps nothing but the BXAuth', async () => {
    const { http, asked } = scripted(key('sk-masked'), key('sk-new'))
    const { tokens, identity } = await cookieLogin.take(
      'Cookie: a=1; BXAuth=secret-cookie; b=2',
      testContext(http, { now: () => NOW }),
    )
    assert.deepEqual(
      asked.map(({ method, url, headers }) => [method, url, headers?.['cookie']]),
      [
        ['GET', URL, 'BXAuth=secret-cookie'],
        ['POST', URL, 'BXAuth=secret-cookie'],
      ],
    )
    assert.deepEqual(fieldsIn(asked[1]), { name: 'Anna' })
    assert.equal(asked[1]!.headers?.['content-type'], 'application/json')
    assert.equal(tokens.accessToken, 'sk-new')
    assert.equal(tokens.refreshToken, 'BXAuth=secret-cookie')
    assert.equal(tokens.expiresAt, Date.parse('2027-01-17T08:30:00+08:00'))
    assert.deepEqual([identity.subject, identity.label], ['cookie:anna', 'Anna'])
  })

  it('renews the key with the same call, and needs no client secret for it', async () => {
    const config = { 'oauth-clients': {}, 'host-overrides': {} }
    const recipe = await refreshRecipe('iflow', login, config, { userAgent: 'x' }, { 'cookie-for': 'Anna' }, {})
    const { http, asked } = scripted(key('sk-next'))
    const now = Date.parse('2027-01-15T08:30:00+08:00')
    const verdict = await refreshOnce(recipe, 'BXAuth=c', http, () => now)
    assert.ok(verdict.is === 'fresh')
    assert.deepEqual([verdict.fresh.accessToken, verdict.fresh.expiresAt], ['sk-next', now + 48 * 3_600_000])
    assert.equal(verdict.fresh.refreshToken, undefined)
    assert.deepEqual([asked[0]!.method, asked[0]!.url, fieldsIn(asked[0])], ['POST', URL, { name: 'Anna' }])
  })

  it('is over when the console does not know the cookie, with a status or without; and not when it is away', async () => {
    const config = { 'oauth-clients': {}, 'host-overrides': {} }
    const recipe = await refreshRecipe('iflow', login, config, { userAgent: 'x' }, { 'cookie-for': 'Anna' }, {})
    const verdict = async (given: ReturnType<typeof answer>) =>
      (await refreshOnce(recipe, 'BXAuth=c', scripted(given).http, () => 0)).is
    assert.equal(await verdict(answer(401, { success: false, message: 'not signed in' })), 'dead')
    assert.equal(await verdict(answer(200, { success: false, code: '40101', message: 'not signed in' })), 'dead')
    assert.equal(await verdict(answer(502, 'busy')), 'later')
    const refused = cookieLogin.take('BXAuth=c', testContext(scripted(answer(401, { message: 'not signed in' })).http))
    await assert.rejects(refused, (error) => error instanceof LoginError && /platform\.iflow\.cn/.test(error.message))
  })

  it('reads what people copy', () => {
    for (const text of ['BXAuth=v', ' BXAuth=v; x=1 ', 'x=1;BXAuth=v', 'cookie: x=1; BXAuth=v', 'v'])
      assert.equal(onlyBxAuth(text), 'BXAuth=v')
    for (const text of ['', 'x=1; y=2', 'BXAuth=', 'two words']) assert.throws(() => onlyBxAuth(text), LoginError)
    assert.equal(expiryOfKey('tomorrow'), undefined)
  })
})
