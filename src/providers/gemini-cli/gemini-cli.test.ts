import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseExact, stringifyExact } from '../../protocols/exact-json.ts'
import { editContext, loginAccount, outgoing, token, vendor } from '../testing/logins.ts'
import { createVessel } from './body.ts'
import { geminiCli } from './index.ts'
import { quota, readBuckets } from './quota.ts'

const account = loginAccount('gemini-cli', 'https://cloudcode-pa.googleapis.com', { speaks: ['gemini'] })
const credential = token({ project: 'my-project' })
const vessel = createVessel(account)
const context = (over = {}) => editContext(account, { credential, model: 'gemini-2.5-pro', id: 'req_7', ...over })
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]

describe('the envelope of Gemini CLI', () => {
  it('is the documented one', () => {
    const body = { contents, tools: [{ functionDeclarations: [] }], safetySettings: [] }
    assert.deepEqual(vessel.edit(body, context({ session: 's' })), {
      body: {
        model: 'gemini-2.5-pro',
        project: 'my-project',
        user_prompt_id: 'req_7',
        request: {
          contents,
          tools: [{ functionDeclarations: [] }],
          safetySettings: [],
          session_id: (vessel.edit(body, context({ session: 's' })).body as { request: { session_id: string } }).request
            .session_id,
        },
      },
      losses: [],
    })
  })

  it('has no session where none is known', () => {
    const { request } = vessel.edit({ contents }, context()).body as { request: object }
    assert.deepEqual(Object.keys(request), ['contents'])
  })

  it('is the same bytes for the same request', () => {
    const body = () => parseExact('{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"topK":1}}')
    const said = () => stringifyExact(vessel.edit(body() as Record<string, unknown>, context({ session: 's' })).body)
    assert.equal(said(), said())
  })

  it('keeps the digits of numbers in arguments', () => {
    const text = '[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":12345678901234567890}}}]}]'
    const { body } = vessel.edit({ contents: parseExact(text) }, context())
    assert.ok(stringifyExact(body).includes('12345678901234567890'))
  })

  it('has its own form for a count, and needs no project for it', () => {
    const counting = context({ action: 'count-tokens', credential: token() })
    assert.deepEqual(vessel.edit({ contents }, counting).body, {
      request: { model: 'models/gemini-2.5-pro', contents },
    })
  })

  it('signs calls of the third generation and tells what it drops', () => {
    const call = { functionCall: { name: 'f', args: {} } }
    const history = [
      ...contents,
      { role: 'model', parts: [{ text: 'a', thought: true, thoughtSignature: 'claude#x' }, call] },
    ]
    const { body, losses } = vessel.edit({ contents: history, extra: 1 }, context({ model: 'gemini-3-pro-preview' }))
    const { request } = body as { request: { contents: { parts: object[] }[] } }
    assert.deepEqual(request.contents[1]?.parts, [{ ...call, thoughtSignature: 'skip_thought_signature_validator' }])
    assert.deepEqual(
      losses.map(({ field }) => field),
      ['extra', 'reasoning'],
    )
  })
})

describe('the allowances of Gemini CLI', () => {
  const bucket = (modelId: string, remainingFraction: unknown, resetTime = '2026-11-23T00:00:00Z') => ({
    modelId,
    remainingFraction,
    resetTime,
    tokenType: 'REQUESTS',
  })
  const resetsAt = Date.parse('2026-11-23T00:00:00Z')

  it('are a window for each model', () => {
    assert.deepEqual(readBuckets({ buckets: [bucket('gemini-2.5-pro', 0.9), bucket('gemini-2.5-flash', 0)] }), [
      { id: 'gemini-2.5-pro', title: 'gemini-2.5-pro', models: ['gemini-2.5-pro'], used: 0.1, resetsAt },
      {
        id: 'gemini-2.5-flash',
        title: 'gemini-2.5-flash',
        models: ['gemini-2.5-flash'],
        used: 1,
        resetsAt,
        exhausted: true,
      },
    ])
  })

  it('are the fullest of several kinds', () => {
    const read = readBuckets({ buckets: [bucket('m', 0.9), bucket('m', 0.2), bucket('m', 0.5)] })
    assert.deepEqual(
      read.map(({ used }) => used),
      [0.8],
    )
  })

  it('are unknown where no fraction is told, and never zero', () => {
    const odd = [bucket('m', undefined), bucket('m', 'x'), bucket('', 1), null, 7]
    assert.deepEqual(readBuckets({ buckets: odd }), [])
    assert.deepEqual(readBuckets({}), [])
  })

  it('are asked for with the project', async () => {
    const { http, asked } = vendor({ buckets: [bucket('m', 1)] })
    const reading = await quota.ask!(account, credential, http, 42)
    assert.deepEqual(reading, {
      at: 42,
      windows: [{ id: 'm', title: 'm', models: ['m'], used: 0, resetsAt }],
      allowed: true,
    })
    assert.equal(asked[0]?.body, '{"project":"my-project"}')
  })

  it('of several projects come together', async () => {
    const answers = [{ buckets: [bucket('m', 0), bucket('n', 0)] }, { buckets: [bucket('m', 0.5), bucket('n', 0)] }]
    const { http } = vendor({})
    const reading = await quota.ask!(
      account,
      token({ project: 'a-1,b-2' }),
      async (request) => ({ ...(await http(request)), json: answers.shift()! }),
      1,
    )
    assert.equal(reading?.allowed, false)
    assert.deepEqual(
      reading?.windows.map(({ id, used, exhausted }) => [id, used, exhausted]),
      [
        ['m', 0.75, undefined],
        ['n', 1, true],
      ],
    )
  })

  it('are not asked for without a project', async () => {
    const { http, asked } = vendor({})
    assert.equal(await quota.ask!(account, token(), http, 1), undefined)
    assert.equal(asked.length, 0)
  })
})

describe('Gemini CLI', () => {
  it('is addressed at its own host', () => {
    assert.equal(geminiCli.baseUrl, 'https://cloudcode-pa.googleapis.com')
    assert.equal(
      geminiCli.request(outgoing('gemini'), account, credential).path,
      '/v1internal:streamGenerateContent?alt=sse',
    )
  })

  it('knows its models and serves new ones of their kind', () => {
    assert.equal(geminiCli.models.find(({ id }) => id === 'gemini-2.5-pro')?.contextLength, 1_048_576)
    assert.ok(geminiCli.serves('gemini-4-pro-preview'))
    assert.ok(!geminiCli.serves('claude-sonnet-4-6'))
  })
})
