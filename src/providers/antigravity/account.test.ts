/** Refusals, allowances and models of Antigravity. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoginError, type VendorHttp } from '../../accounts/oauth/flow.ts'
import { decodeGemini } from '../../protocols/gemini/errors.ts'
import { loginAccount, token, vendor } from '../testing/logins.ts'
import { liveModels, readModels } from './models.ts'
import { quota, readModelQuota, readSummary } from './quota.ts'
import { judge } from './refusals.ts'

const account = loginAccount('antigravity', 'https://daily-cloudcode-pa.googleapis.com', { speaks: ['gemini'] })
const credential = token({ project: 'my-project' })

function judged(code: number, message: string, details?: object[]) {
  const body = JSON.stringify({ error: { code, message, status: 'X', ...(details && { details }) } })
  return judge(decodeGemini(code, {}, body), code, {}, body)
}
const info = (reason: string, metadata = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  metadata,
})

describe('refusals of Antigravity', () => {
  const FAKE = 'Resource has been exhausted (e.g. check quota).'

  it('the bare 429 is about the prompt: nobody rests, and it says why', () => {
    const failure = judged(429, FAKE)
    assert.deepEqual([failure.kind, failure.scope, failure.status], ['rate-limited', 'request', 429])
    assert.equal(failure.code, 'prompt_filter')
    assert.ok(failure.message.startsWith(FAKE))
    assert.match(failure.message, /prompts that name a rival agent/)
  })

  it('with details, or with more to say, it is about the quota', () => {
    assert.equal(judged(429, FAKE, [info('RATE_LIMIT_EXCEEDED')]).scope, 'model')
    assert.equal(judged(429, 'You have exhausted your capacity on this model.').scope, 'model')
  })

  it('short delays are waited for, long ones are the end', () => {
    const short = judged(429, 'x', [info('RATE_LIMIT_EXCEEDED', { quotaResetDelay: '2.5s' })])
    assert.deepEqual([short.kind, short.retryAfter], ['rate-limited', 2.5])
    const long = judged(429, 'x', [info('RATE_LIMIT_EXCEEDED', { quotaResetDelay: '2h' })])
    assert.deepEqual([long.kind, long.retryAfter, long.scope], ['quota-exhausted', 7200, 'model'])
  })

  it('servers in trouble rest the model', () => {
    for (const status of [500, 502, 503, 504]) assert.equal(judged(status, 'oops').scope, 'model')
    assert.equal(judged(503, 'full', [info('MODEL_CAPACITY_EXHAUSTED')]).kind, 'overloaded')
  })

  it('the version gate may come as an error, too', () => {
    const failure = judged(400, 'This version of Antigravity is no longer supported. Please update.')
    assert.deepEqual([failure.kind, failure.scope, failure.code], ['forbidden', 'request', 'client_version'])
  })

  it('accounts are judged as those of Gemini CLI', () => {
    const banned = judged(403, 'Gemini has been disabled in this account for violation of Terms of Service.')
    assert.deepEqual([banned.scope, banned.code], ['account', 'account_banned'])
    assert.match(banned.message, /out of Antigravity/)
  })
})

const at = '2026-11-23T00:00:00Z'
const resetsAt = Date.parse(at)
const HOUR = 3_600_000

describe('allowances of Antigravity', () => {
  const bucket = (bucketId: string, remainingFraction?: number) => ({ bucketId, remainingFraction, resetTime: at })
  const groups = [
    { displayName: 'Gemini Models', buckets: [bucket('gemini-5h', 0.75), bucket('gemini-weekly', 0.5)] },
    { displayName: 'Claude and GPT', buckets: [bucket('3p-5h', 0), bucket('3p-weekly')] },
  ]

  it('are two pools of two windows', () => {
    assert.deepEqual(readSummary({ groups }), [
      { id: 'gemini-5h', title: 'Gemini, 5 hours', models: ['gemini-*'], lengthMs: 5 * HOUR, used: 0.25, resetsAt },
      { id: 'gemini-weekly', title: 'Gemini, week', models: ['gemini-*'], lengthMs: 168 * HOUR, used: 0.5, resetsAt },
      {
        id: '3p-5h',
        title: 'Claude and GPT-OSS, 5 hours',
        models: ['claude-*', 'gpt-oss-*'],
        lengthMs: 5 * HOUR,
        used: 1,
        resetsAt,
        exhausted: true,
      },
    ])
    assert.equal(readSummary({ response: { groups } }).length, 3)
  })

  it('may have windows nobody knows', () => {
    const odd = { groups: [{ displayName: 'New', buckets: [bucket('other', 1), {}, { remainingFraction: 1 }] }] }
    assert.deepEqual(readSummary(odd), [{ id: 'other', title: 'New, other', used: 0, resetsAt }])
    assert.deepEqual(readSummary({}), [])
  })

  it('are asked for with the project', async () => {
    const { http, asked } = vendor({ groups })
    const reading = await quota.ask!(account, credential, http, 42)
    assert.equal(reading?.at, 42)
    assert.equal(reading?.windows.length, 3)
    assert.deepEqual(
      asked.map(({ url, body }) => [url, body]),
      [['https://daily-cloudcode-pa.googleapis.com/v1internal:retrieveUserQuotaSummary', '{"project":"my-project"}']],
    )
  })

  it('are those of the models where the summary is refused', async () => {
    const models = { 'gemini-3-flash': { displayName: 'G3', quotaInfo: { remainingFraction: 0.4, resetTime: at } } }
    const asked: string[] = []
    const http: VendorHttp = async ({ url }) => {
      asked.push(url.slice(url.indexOf(':', 8) + 1))
      const summary = url.endsWith('Summary')
      return { status: summary ? 404 : 200, headers: {}, text: '{}', json: summary ? {} : { models } }
    }
    const reading = await quota.ask!(account, credential, http, 1)
    assert.deepEqual(reading?.windows, [
      { id: 'gemini-3-flash', title: 'G3', models: ['gemini-3-flash'], used: 0.6, resetsAt },
    ])
    assert.deepEqual(asked, ['retrieveUserQuotaSummary', 'fetchAvailableModels'])
  })

  it('fail when nothing answers', async () => {
    await assert.rejects(quota.ask!(account, credential, vendor({}, 500).http, 1), LoginError)
    const silent = async () => {
      throw new LoginError('network', 'no way')
    }
    await assert.rejects(quota.ask!(account, credential, silent, 1), /no way/)
  })

  it('of models without a fraction are unknown', () => {
    const read = readModelQuota({
      models: { a: { quotaInfo: { resetTime: at } }, b: {}, c: null, d: { isInternal: true } },
    })
    assert.deepEqual(read, [])
  })
})

describe('models of an account', () => {
  const models = {
    'claude-sonnet-4-6': { displayName: 'Claude Sonnet 4.6', maxTokens: 200_000, maxOutputTokens: 64_000 },
    'gemini-9': {},
    chat_20706: { displayName: 'x' },
    tab_flash_lite_preview: {},
    secret: { isInternal: true },
    odd: null,
  }

  it('are those of the vendor’s list, without the editor’s own', () => {
    assert.deepEqual(readModels({ models }), [
      { name: 'claude-sonnet-4-6', upstream: 'claude-sonnet-4-6', contextLength: 200_000 },
      { name: 'gemini-9', upstream: 'gemini-9' },
    ])
  })

  it('are asked for without metadata, which is refused there', async () => {
    const { http, asked } = vendor({ models })
    assert.equal((await liveModels(account, credential, http))?.length, 2)
    assert.equal(asked[0]?.body, '{"project":"my-project"}')
    await liveModels(account, token(), http)
    assert.equal(asked[1]?.body, '{}')
  })

  it('are unknown where the list is empty', async () => {
    assert.equal(await liveModels(account, credential, vendor({ models: {} }).http), undefined)
  })
})
