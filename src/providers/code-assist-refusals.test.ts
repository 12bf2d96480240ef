import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Failure } from '../hub/failure.ts'
import { decodeGemini } from '../protocols/gemini/errors.ts'
import { judge } from './gemini-cli/refusals.ts'
import { durationSeconds, googleLink, readRpcError } from './google-rpc.ts'

const info = (reason: string, metadata = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'cloudcode-pa.googleapis.com',
  metadata,
})
const retry = (retryDelay: string) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay })
const quotaIds = (...ids: string[]) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: ids.map((quotaId) => ({ quotaId })),
})
const help = (url: string) => ({ '@type': 'type.googleapis.com/google.rpc.Help', links: [{ description: 'x', url }] })

/** As the road does it: the dialect reads first. */
function judged(code: number, status: string, message: string, details: object[] = []): Failure {
  const body = JSON.stringify({ error: { code, message, status, ...(details.length > 0 && { details }) } })
  return judge(decodeGemini(code, {}, body), code, {}, body)
}
const refused = (message: string, details: object[] = []) => judged(429, 'RESOURCE_EXHAUSTED', message, details)
const denied = (message: string, details: object[] = []) => judged(403, 'PERMISSION_DENIED', message, details)

describe('too many requests', () => {
  const table: [string, Failure, Partial<Failure>][] = [
    [
      'a delay is waited for',
      refused('Slow', [retry('12.3s')]),
      { kind: 'rate-limited', scope: 'model', retryAfter: 12.3 },
    ],
    [
      'a delay of more than five minutes is the end of the allowance',
      refused('Slow', [retry('301s')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: 301 },
    ],
    [
      'RATE_LIMIT_EXCEEDED waits as long as quotaResetDelay says',
      refused('Slow', [info('RATE_LIMIT_EXCEEDED', { quotaResetDelay: '1.5s' })]),
      { kind: 'rate-limited', scope: 'model', retryAfter: 1.5 },
    ],
    [
      'RATE_LIMIT_EXCEEDED without a delay waits a minute',
      refused('Slow', [info('RATE_LIMIT_EXCEEDED')]),
      { kind: 'rate-limited', scope: 'model', retryAfter: 60 },
    ],
    [
      'QUOTA_EXHAUSTED lasts until the reset',
      refused('Gone', [info('QUOTA_EXHAUSTED', { quotaResetDelay: '5h10m2.5s' }), retry('3s')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: 18_602.5 },
    ],
    [
      'QUOTA_EXHAUSTED reads the text',
      refused('Your quota will reset after 1h2m3s.', [info('QUOTA_EXHAUSTED')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: 3723 },
    ],
    [
      'a quota per day is used up',
      refused('Gone', [quotaIds('GenerateRequestsPerDayPerProjectPerModel')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: undefined },
    ],
    [
      'a quota per minute rests a minute',
      refused('Slow', [quotaIds('GenerateRequestsPerMinutePerProjectPerModel')]),
      { kind: 'rate-limited', scope: 'model', retryAfter: 60 },
    ],
    [
      'of a day and a minute the day counts',
      refused('Gone', [quotaIds('XPerMinute', 'XPerDay'), retry('20s')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: 20 },
    ],
    [
      '"Please retry in" is read',
      refused('Please retry in 7.5s.'),
      { kind: 'rate-limited', scope: 'model', retryAfter: 7.5 },
    ],
    [
      'no details are no more than that',
      refused('Resource has been exhausted (e.g. check quota).'),
      { kind: 'rate-limited', scope: 'model', retryAfter: undefined },
    ],
    [
      'no capacity is not about the account',
      refused('No capacity available for model x on the server', [info('MODEL_CAPACITY_EXHAUSTED')]),
      { kind: 'overloaded', scope: 'model' },
    ],
    [
      'no credits are a matter of the model',
      refused('Insufficient', [info('INSUFFICIENT_G1_CREDITS_BALANCE')]),
      { kind: 'quota-exhausted', scope: 'model' },
    ],
    [
      'limit: 0 never ends, whatever the delay says',
      refused('Quota exceeded for metric: x, limit: 0, model: gemini-2.5-pro. Please retry in 12s.', [retry('12s')]),
      { kind: 'quota-exhausted', scope: 'model', retryAfter: 43_200, code: 'no_allowance' },
    ],
    [
      'limit: 05 is no limit of 0',
      refused('Quota exceeded, limit: 05. Please retry in 12s.'),
      { kind: 'rate-limited', scope: 'model', retryAfter: 12 },
    ],
  ]
  for (const [name, failure, expected] of table)
    it(name, () => {
      for (const [field, value] of Object.entries(expected))
        assert.deepEqual(failure[field as keyof Failure], value, `${field} of ${JSON.stringify(failure)}`)
      assert.equal(failure.status, 429)
    })
})

describe('refused access', () => {
  it('wants an account verified, with the link and what to do', () => {
    const link = 'https://accounts.google.com/signin/continue?plt=abc'
    const failure = denied('Verify your account to continue.', [info('VALIDATION_REQUIRED', { validation_url: link })])
    assert.equal(failure.kind, 'forbidden')
    assert.equal(failure.scope, 'account')
    assert.equal(failure.code, 'VALIDATION_REQUIRED')
    assert.ok(failure.message.startsWith('Verify your account to continue. '), failure.message)
    assert.ok(failure.message.includes(`Open ${link} in a browser`))
  })

  it('finds the link in a Help detail', () => {
    const failure = denied('Verify', [info('VALIDATION_REQUIRED'), help('https://support.google.com/a')])
    assert.ok(failure.message.includes('Open https://support.google.com/a in'))
  })

  it('sends nobody to an address that is not Google’s', () => {
    for (const url of [
      'http://accounts.google.com/x',
      'https://accounts.google.com.evil.test/x',
      'https://evilgoogle.com/',
      'https://accounts.google.com@evil.test/',
      'javascript:alert(1)',
    ]) {
      const failure = denied('Verify', [info('VALIDATION_REQUIRED', { validation_url: url })])
      assert.ok(!failure.message.includes(url), url)
      assert.match(failure.message, /Open Gemini in a browser/)
    }
  })

  it('knows an account that was shut out', () => {
    const words = 'Gemini for Google Cloud has been disabled in this account for violation of Terms of Service.'
    for (const failure of [denied(words), denied('x', [info('TOS_VIOLATION')])]) {
      assert.equal(failure.kind, 'forbidden')
      assert.equal(failure.scope, 'account')
      assert.equal(failure.code, 'account_banned')
      assert.match(failure.message, /remove or disable the account/)
    }
    assert.ok(denied(words).message.startsWith(words))
  })

  it('explains plans that do not cover this', () => {
    for (const failure of [
      denied('x', [info('SUBSCRIPTION_REQUIRED')]),
      denied('x', [info('UNSUPPORTED_CLIENT')]),
      denied('This client is no longer supported for Gemini Code Assist for individuals. Use Antigravity.'),
      denied('The user has no valid license for Gemini Code Assist'),
    ]) {
      assert.equal(failure.scope, 'account')
      assert.equal(failure.code, 'SUBSCRIPTION_REQUIRED')
      assert.match(failure.message, /Standard or Enterprise licence only/)
    }
  })

  it('explains what an administrator has to do', () => {
    assert.match(denied('x', [info('SECURITY_POLICY_VIOLATED')]).message, /administrator/)
    const off = denied('Gemini for Google Cloud API has not been used in project 1 before or it is disabled.', [
      info('SERVICE_DISABLED', { activationUrl: 'https://console.developers.google.com/apis/api/x' }),
    ])
    assert.equal(off.code, 'SERVICE_DISABLED')
    assert.match(off.message, /Enable "Gemini for Google Cloud API".*console\.developers\.google\.com/)
  })

  it('points to the project', () => {
    const failure = denied("Permission 'x' denied on resource project my-project.", [info('IAM_PERMISSION_DENIED')])
    assert.equal(failure.scope, 'account')
    assert.match(failure.message, /Google Cloud project/)
  })

  it('says nothing of what it does not know', () => {
    const failure = denied('Something else')
    assert.deepEqual([failure.message, failure.scope], ['Something else', 'account'])
  })
})

describe('other refusals', () => {
  it('404 is about the model of this account', () => {
    const failure = judged(404, 'NOT_FOUND', 'Requested entity was not found.')
    assert.deepEqual([failure.kind, failure.scope], ['unknown-model', 'model'])
  })
  it('a country is a matter of the way out', () => {
    const failure = judged(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.')
    assert.deepEqual([failure.kind, failure.scope], ['forbidden', 'account'])
  })
  it('servers in trouble rest the model', () => {
    for (const status of [499, 500, 503]) assert.equal(judged(status, 'X', 'x').scope, 'model')
  })
  it('no capacity may come as 503', () => {
    assert.equal(judged(503, 'UNAVAILABLE', 'x', [info('MODEL_CAPACITY_EXHAUSTED')]).kind, 'overloaded')
  })
  it('bad requests and dead tokens are what the dialect says', () => {
    assert.equal(judged(400, 'INVALID_ARGUMENT', 'x').scope, 'request')
    assert.equal(judged(401, 'UNAUTHENTICATED', 'x').kind, 'unauthorized')
  })
  it('what is no google.rpc is left alone', () => {
    for (const body of ['', '<html>', '"x"', '[]', '{"error":"x"}']) {
      const read = decodeGemini(403, {}, body)
      assert.equal(judge(read, 403, {}, body), read)
    }
  })
})

describe('readRpcError', () => {
  it('reads a list of one and an event', () => {
    const error = { error: { code: 429, message: 'm', status: 'S', details: [retry('2s')] } }
    for (const body of [JSON.stringify([error]), `data: ${JSON.stringify(error)}\n\n`]) {
      const read = readRpcError(body)
      assert.deepEqual([read?.message, read?.status, read?.retryDelay, read?.bare], ['m', 'S', 2, false])
    }
  })
  it('knows one without details', () => {
    assert.equal(readRpcError('{"error":{"message":"m","details":[]}}')?.bare, true)
  })
})

describe('durationSeconds', () => {
  it('reads protobuf and Go, and nothing else', () => {
    assert.equal(durationSeconds('3.957525076s'), 3.958)
    assert.equal(durationSeconds('1h16m0.667923083s'), 4560.668)
    assert.equal(durationSeconds('500ms'), 0.5)
    for (const odd of ['', 's', '5', 'in 5s', '5 s']) assert.equal(durationSeconds(odd), undefined)
  })
})

describe('googleLink', () => {
  it('takes a stand-in on this machine', () => {
    assert.equal(googleLink([undefined, 'http://127.0.0.1:9/x']), 'http://127.0.0.1:9/x')
    assert.equal(googleLink(['http://10.0.0.1/x']), undefined)
  })
})
