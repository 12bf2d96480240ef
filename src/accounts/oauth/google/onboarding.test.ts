import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Tokens } from '../../login-record.ts'
import { LoginError, type VendorAnswer } from '../flow.ts'
import { answer, scripted, testContext } from '../testing/fixture.ts'
import { type CodeAssistSheet, checkedProject, onboard } from './onboarding.ts'

const sheet: CodeAssistSheet = {
  title: 'Code Assist',
  loadAt: ['https://daily.test', 'https://stable.test'],
  onboardAt: 'https://daily.test',
  loadMetadata: { ideType: 'X' },
  onboard: (tierId, project) => ({ tierId, project }),
  wait: { by: 'operation', everyMs: 5000, times: 3 },
  advice: 'Use a key.',
}
const tokens: Tokens = { accessToken: 'at', issuedAt: 0, details: {} }
const identity = { subject: 'anna@test.example', email: 'anna@test.example' }

async function run(
  answers: (VendorAnswer | Error)[],
  over: { project?: string; ask?: () => Promise<string | undefined> } = {},
) {
  const { http, asked } = scripted(...answers)
  const context = testContext(http, over)
  const result = await onboard(sheet, tokens, identity, context).catch((e: unknown) =>
    e instanceof LoginError ? e : assert.fail(String(e)),
  )
  return { result, asked, context, bodies: asked.map((r) => JSON.parse(r.body ?? '{}')) }
}

const details = (result: unknown) => (result as { details?: Record<string, string> }).details

describe('an account of Code Assist', () => {
  it('that has a tier and a project is ready', async () => {
    const { result, asked, bodies } = await run([
      answer(200, { currentTier: { id: 'standard-tier', name: 'Standard' }, cloudaicompanionProject: 'p-1' }),
    ])
    assert.deepEqual(details(result), { tier: 'standard-tier', project: 'p-1' })
    assert.equal(asked[0]?.url, 'https://daily.test/v1internal:loadCodeAssist')
    assert.equal(asked[0]?.headers?.['authorization'], 'Bearer at')
    assert.deepEqual(bodies[0], { metadata: { ideType: 'X' } })
  })

  it('with a project of its owner’s wish is an account of its own', async () => {
    const { result, bodies } = await run(
      [answer(200, { currentTier: { id: 'standard-tier' }, cloudaicompanionProject: 'p-1' })],
      { project: 'mine-123' },
    )
    assert.equal((result as { subject: string }).subject, 'anna@test.example/mine-123')
    assert.equal(details(result)?.['project'], 'mine-123')
    assert.deepEqual(bodies[0], {
      cloudaicompanionProject: 'mine-123',
      metadata: { ideType: 'X', duetProject: 'mine-123' },
    })
  })

  it('may carry several projects; the first is set up', async () => {
    const { result, bodies } = await run([answer(200, { currentTier: { id: 'standard-tier' } })], {
      project: 'one-123, two-123',
    })
    assert.equal(details(result)?.['project'], 'one-123,two-123')
    assert.equal(bodies[0].cloudaicompanionProject, 'one-123')
  })

  it('without a tier is set up with the default one, and waited for', async () => {
    const { result, asked, bodies, context } = await run([
      answer(200, { allowedTiers: [{ id: 'legacy-tier' }, { id: 'free-tier', isDefault: true }] }),
      answer(200, { name: 'operations/a.b', done: false }),
      answer(200, { name: 'operations/a.b', done: false }),
      answer(200, { name: 'operations/a.b', done: true, response: { cloudaicompanionProject: { id: 'made-1' } } }),
    ])
    assert.deepEqual(details(result), { tier: 'free-tier', project: 'made-1' })
    // The free tier refuses a project that is named.
    assert.deepEqual(bodies[1], { tierId: 'free-tier' })
    assert.deepEqual(
      asked.slice(2).map((r) => `${r.method} ${r.url}`),
      Array(2).fill('GET https://daily.test/v1internal/operations/a.b'),
    )
    assert.deepEqual(context.slept, [5000, 5000])
  })

  it('names no project on the free tier even if its owner did', async () => {
    const { bodies, result } = await run(
      [
        answer(200, { allowedTiers: [{ id: 'free-tier', isDefault: true }] }),
        answer(200, { done: true, response: { cloudaicompanionProject: { id: 'made-1' } } }),
      ],
      { project: 'mine-123' },
    )
    assert.deepEqual(bodies[1], { tierId: 'free-tier' })
    assert.equal(details(result)?.['project'], 'made-1')
  })

  it('is not waited for without end', async () => {
    const pending = answer(200, { name: 'operations/x', done: false })
    const { result } = await run([
      answer(200, { allowedTiers: [{ id: 'free-tier', isDefault: true }] }),
      pending,
      pending,
      pending,
      pending,
    ])
    assert.match((result as LoginError).message, /still setting the account up/)
  })

  it('is asked for at the next host when the first one is ill', async () => {
    const { asked } = await run([
      answer(503, {}),
      answer(200, { currentTier: { id: 't' }, cloudaicompanionProject: 'p-1' }),
    ])
    assert.deepEqual(
      asked.map((r) => new URL(r.url).host),
      ['daily.test', 'stable.test'],
    )
  })

  it('fenced in by its company has the standard tier', async () => {
    const fenced = answer(403, {
      error: { status: 'PERMISSION_DENIED', details: [{ reason: 'SECURITY_POLICY_VIOLATED' }] },
    })
    const { result } = await run([fenced], { project: 'mine-123' })
    assert.deepEqual(details(result), { tier: 'standard-tier', project: 'mine-123' })
  })

  it('that is not eligible gets every reason, and the link to verify it', async () => {
    const { result } = await run([
      answer(200, {
        ineligibleTiers: [
          {
            tierId: 'free-tier',
            reasonCode: 'VALIDATION_REQUIRED',
            reasonMessage: 'Verify your account.',
            validationUrl: 'https://accounts.test/verify',
          },
          { tierId: 'standard-tier', reasonCode: 'NO_LICENCE', reasonMessage: 'No licence.' },
        ],
      }),
    ])
    assert.ok(result instanceof LoginError)
    assert.equal(result.code, 'not-eligible')
    assert.equal(result.url, 'https://accounts.test/verify')
    assert.match(result.message, /Verify your account\. No licence\./)
  })

  it('never gets a link that is none', async () => {
    const { result } = await run([
      answer(200, {
        ineligibleTiers: [{ reasonCode: 'X', reasonMessage: 'No.', validationUrl: 'javascript:alert(1)' }],
      }),
    ])
    assert.ok(result instanceof LoginError)
    assert.equal(result.url, undefined)
    assert.match(result.message, /Use a key/)
  })

  it('refused with 403 is told the vendor’s words and link', async () => {
    const { result } = await run([
      answer(403, {
        error: {
          code: 403,
          message: 'Account is disabled.\u001b[2J',
          details: [{ metadata: { validation_url: 'https://accounts.test/v' } }],
        },
      }),
    ])
    assert.ok(result instanceof LoginError)
    assert.equal(result.code, 'not-eligible')
    assert.equal(result.url, 'https://accounts.test/v')
    assert.doesNotMatch(result.message, /\u001b/)
  })

  it('never takes a project that is a number', async () => {
    const { result } = await run([answer(200, { currentTier: { id: 't' }, cloudaicompanionProject: '123456' })])
    assert.match((result as LoginError).message, /--project/)
  })
})

describe('a project', () => {
  it('is an id, or several', () => {
    assert.equal(checkedProject(' my-project-1 , example.com:old-one1 '), 'my-project-1,example.com:old-one1')
    for (const bad of ['', ' , ', '12345', 'Has Capitals', 'x', '-abcdef', 'a/../../b'])
      assert.throws(() => checkedProject(bad), LoginError, bad)
  })
})
