import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, chat, gemini, type Json, post } from './support/dialects.ts'
import { asked, openHouse, PASTES } from './support/subscription.ts'
import { type AccountSpec, heedsRefusals, keepsAccounts } from './support/subscription-accounts.ts'
import { speaks } from './support/subscription-speech.ts'

const spec: AccountSpec = {
  provider: 'gemini-cli',
  model: 'gemini-2.5-pro',
  window: 'gemini-2.5-pro',
  tells: true,
  usedUp: { kind: 'quota-exhausted', scope: 'model' },
}

speaks({
  provider: 'gemini-cli',
  model: spec.model,
  native: ['gemini'],
  shows: ['openai-responses', 'gemini'],
  dropped: { anthropic: 'user', 'openai-chat': 'user', 'openai-responses': 'user', gemini: undefined },
})

keepsAccounts(spec)

const account = { kind: 'forbidden', scope: 'account', status: 403 } as const
heedsRefusals(spec, [
  {
    ...account,
    name: 'validation-required',
    says: /^Verify your account to continue\./,
    advice:
      /Open http:\/\/127\.0\.0\.1:\d+\/hosts\/accounts\.google\.com\/signin\/continue\?sim=(?:anna|ben) in a browser, signed in with this account/,
  },
  {
    ...account,
    name: 'terms-of-service',
    says: /^Gemini for Google Cloud has been disabled in this account for violation of Terms of Service/,
    advice: /shut this account out of Gemini CLI/,
  },
  {
    ...account,
    name: 'subscription-required',
    says: /^This client is no longer supported for Gemini Code Assist for individuals/,
    advice: /Standard or Enterprise licence only/,
  },
  {
    name: 'model-capacity',
    kind: 'overloaded',
    scope: 'model',
    status: 429,
    says: /^No capacity available for model gemini-2\.5-pro/,
    advice: /not about this account/,
  },
  { name: 'rate-limit', kind: 'rate-limited', scope: 'model', status: 429, says: /^You have exhausted your capacity/ },
  {
    name: 'no-credits',
    kind: 'quota-exhausted',
    scope: 'model',
    status: 429,
    says: /^Insufficient AI credits/,
    advice: /credits bought for this account are used up/,
  },
  { name: 'bare-429', kind: 'rate-limited', scope: 'model', status: 429, says: /^Resource has been exhausted/ },
])

describe('gemini-cli: logins', () => {
  for (const [form, typed] of PASTES)
    test(`by pasting ${form}`, async () => {
      await using house = await openHouse('gemini-cli')
      const login = await house.begin({ way: 'paste' })
      // The vendor's own page shows the code; nothing listens here.
      assert.match(
        new URL(login.url!).searchParams.get('redirect_uri')!,
        /^https:\/\/codeassist\.google\.com\/authcode$/,
      )
      login.paste(typed(await house.simulator.consent({ url: login.url!, person: 'anna' })))
      assert.equal((await login.account).facts.email, 'anna@simulated.example')
      assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    })

  test('somebody new gets the free tier, whose project Google makes', async () => {
    await using house = await openHouse('gemini-cli')
    const { facts } = await house.add('ben')
    assert.equal(facts.plan, 'free-tier')
    const onboard = asked(house, 'ben', 'onboardUser')
    assert.deepEqual(
      [onboard.length, onboard[0]!['tierId'], 'cloudaicompanionProject' in onboard[0]!],
      [1, 'free-tier', false],
    )
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.match(String((house.attempts('ben')[0]!.body as Json).project), /^sim-ben-\d+$/)
  })

  test('a licence of a company asks for a project, and refuses its number', async () => {
    await using house = await openHouse('gemini-cli')
    await assert.rejects(house.login('cleo'), /--project and the id of one that has the "Gemini for Google Cloud API"/)
    await assert.rejects(
      house.login('cleo', { project: '123456789' }),
      /is the number of a Google Cloud project; its id/,
    )
    await assert.rejects(house.add('cleo', { project: 'somebody-elses' }), /403: Permission denied on resource project/)
    assert.deepEqual(house.gateway.logins!.records(), [])
    await house.add('cleo', { project: 'cleo-own-project' })
    assert.equal(asked(house, 'cleo', 'onboardUser').at(-1)!['tierId'], 'standard-tier')
    assert.equal((await ask(house, chat, { model: spec.model })).status, 200)
    assert.equal((house.attempts('cleo')[0]!.body as Json).project, 'cleo-own-project')
  })

  test('an account that Google does not let in hears why, with the link that helps', async () => {
    await using house = await openHouse('gemini-cli')
    house.simulator.setRefusal('gemini-cli', 'ben', 'validation-required')
    await assert.rejects(house.login('ben'), (error: Error & { url?: string }) => {
      assert.match(
        error.message,
        /Google says: Verify your account to continue\. Open http:\S+sim=ben with this account/,
      )
      assert.match(error.url!, /signin\/continue\?sim=ben$/)
      return true
    })
    house.simulator.setRefusal('gemini-cli', 'ben', 'subscription-required')
    await assert.rejects(
      house.login('ben'),
      /no longer supported for Gemini Code Assist for individuals.*Enterprise licences/,
    )
    house.simulator.setRefusal('gemini-cli', 'ben', 'terms-of-service')
    await assert.rejects(house.login('ben'), /violation of Terms of Service/)
    assert.deepEqual(house.gateway.logins!.records(), [])
  })

  test('a project that is a number is refused here, before Google is asked', async () => {
    await using house = await openHouse('gemini-cli')
    const { id } = await house.add('anna')
    const tokens = await house.gateway.logins!.reveal(id)
    const identity = { subject: 'anna@simulated.example' }
    const origin = { how: 'login' as const, at: Date.now() }
    const numbered = { ...tokens, details: { ...tokens.details, project: '123456789' } }
    await house.gateway.logins!.add('gemini-cli', numbered, identity, { origin })
    const { status, error } = await ask(house, chat, { model: spec.model })
    assert.equal(status, 403)
    assert.match(
      error.message,
      /names its Google Cloud project by the number 123456789\. Log in again with the project's id/,
    )
    assert.deepEqual(house.attempts(), [])
  })
})

describe('gemini-cli: counting', () => {
  test('tokens are counted without a project', async () => {
    await using house = await openHouse('gemini-cli')
    await house.add('anna')
    const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello there' }] }] })
    const answer = await post(house, gemini, `/v1beta/models/${spec.model}:countTokens`, body)
    assert.equal(answer.status, 200, answer.raw)
    assert.ok(answer.json.totalTokens > 0)
    const counted = house.attempts('anna')[0]!.body as Json
    assert.deepEqual(Object.keys(counted), ['request'])
    assert.equal(counted.request.model, `models/${spec.model}`)
  })
})
