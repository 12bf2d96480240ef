import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LoginError } from '../accounts/oauth/flow.ts'
import { FailureError } from '../hub/failure.ts'
import {
  askCodeAssist,
  codeAssistRequest,
  countEnvelope,
  openEnvelope,
  sessionName,
  takenFields,
} from './code-assist.ts'
import { createCodeAssistWays } from './code-assist-ways.ts'
import { OWN_AGENT } from './login-request.ts'
import type { EditContext } from './provider.ts'
import { editContext, loginAccount, outgoing, token, values, vendor } from './testing/logins.ts'

const account = loginAccount('gemini-cli', 'https://cloudcode-pa.googleapis.com', { speaks: ['gemini'] })
const projectFor = (context: EditContext) => createCodeAssistWays()(context.account).project(context)
const request = codeAssistRequest(/^GeminiCLI\b/)
const gemini = (over: Parameters<typeof outgoing>[1]) => request(outgoing('gemini', over), account, token())

describe('a request to Code Assist', () => {
  it('names the method behind v1internal and asks for events', () => {
    assert.equal(gemini({ stream: true }).path, '/v1internal:streamGenerateContent?alt=sse')
    assert.equal(gemini({ stream: false }).path, '/v1internal:generateContent')
    assert.equal(gemini({ stream: true, action: 'count-tokens' }).path, '/v1internal:countTokens')
    assert.equal(gemini({}).origin, 'https://cloudcode-pa.googleapis.com')
  })

  it('leaves the query of the public API behind', () => {
    assert.equal(gemini({ query: '?alt=json&$fields=candidates' }).path, '/v1internal:streamGenerateContent?alt=sse')
  })

  it('stays below the path of a stand-in', () => {
    const base = 'http://127.0.0.1:9/hosts/cloudcode-pa.googleapis.com'
    const there = request(outgoing('gemini'), loginAccount('gemini-cli', base), token())
    assert.equal(there.origin, 'http://127.0.0.1:9')
    assert.equal(there.path, '/hosts/cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse')
  })

  it('goes out under our own name with the token', () => {
    const out = gemini({ headers: ['User-Agent', 'node', 'X-Goog-User-Project', 'mine', 'x-keep', '1'] })
    assert.deepEqual(values(out, 'authorization'), ['Bearer tok'])
    assert.deepEqual(values(out, 'user-agent'), [OWN_AGENT])
    assert.deepEqual(values(out, 'x-goog-user-project'), [], 'a client does not choose who pays')
    assert.deepEqual(values(out, 'x-keep'), ['1'])
  })

  it("keeps the name of the vendor's own program", () => {
    const own = ['User-Agent', 'GeminiCLI/0.9.0/gemini-2.5-pro (linux; x64)']
    assert.deepEqual(values(gemini({ headers: own }), 'user-agent'), [own[1]])
  })
})

describe('the project of a request', () => {
  const context = (project: string | undefined, over = {}) =>
    editContext(account, { credential: token(project === undefined ? {} : { project }), ...over })
  const refusal = (project: string | undefined) => {
    try {
      projectFor(context(project))
    } catch (error) {
      return (error as FailureError).failure
    }
    return undefined
  }

  it('is that of the login', () => assert.equal(projectFor(context(' my-project ')), 'my-project'))

  it('is refused as a number, with what to do', () => {
    const failure = refusal('123456789012')
    assert.equal(failure?.code, 'project_number')
    assert.equal(failure?.scope, 'account')
    assert.match(failure?.message ?? '', /by the number 123456789012.*project's id/)
  })

  it('is missed clearly', () => {
    for (const none of [undefined, '', ' , ']) assert.equal(refusal(none)?.code, 'project_missing')
  })

  it('is one of several, the same throughout a conversation, and all of them in turn', () => {
    const several = 'alpha-1,beta-2, gamma-3'
    const of = (session: string) => projectFor(context(several, { session }))
    const sessions = Array.from({ length: 60 }, (_, i) => `s${i}`)
    for (const session of sessions) assert.equal(of(session), of(session))
    assert.deepEqual(new Set(sessions.map(of)), new Set(['alpha-1', 'beta-2', 'gamma-3']))
  })
})

describe('the name of a conversation', () => {
  it('tells nothing of its key, differs between accounts and is not made up', () => {
    const name = sessionName(editContext(account, { session: 'user_jane@example.com' }))
    assert.match(name ?? '', /^[0-9a-f]{8}-/)
    assert.equal(name, sessionName(editContext(account, { session: 'user_jane@example.com' })))
    const other = loginAccount('gemini-cli', account.baseUrl, { id: 'gemini-cli-2' })
    assert.notEqual(name, sessionName(editContext(other, { session: 'user_jane@example.com' })))
    assert.equal(sessionName(editContext(account)), undefined)
  })
})

describe('the fields Code Assist takes', () => {
  it('are the documented ones; others stay behind and are told', () => {
    const { request: taken, losses } = takenFields({
      model: 'm',
      contents: [],
      system_instruction: { parts: [] },
      tool_config: {},
      cachedContent: 'cachedContents/x',
      labels: { a: 'b' },
      safetySettings: [],
      serviceTier: 'flex',
      store: true,
      generationConfig: {
        top_p: 0.5,
        _responseJsonSchema: { type: 'object' },
        enableAffectiveDialog: true,
        seed: null,
      },
    })
    assert.deepEqual(taken, {
      contents: [],
      systemInstruction: { parts: [] },
      toolConfig: {},
      cachedContent: 'cachedContents/x',
      labels: { a: 'b' },
      safetySettings: [],
      generationConfig: { topP: 0.5, responseJsonSchema: { type: 'object' } },
    })
    assert.deepEqual(
      losses.map(({ field }) => field),
      ['serviceTier', 'store', 'generationConfig.enableAffectiveDialog'],
    )
  })

  it('leave no empty generationConfig', () => {
    assert.deepEqual(takenFields({ contents: [], generationConfig: { x: 1 } }).request, { contents: [] })
  })

  it('never change the body they are taken from', () => {
    const body = Object.freeze({ contents: [], generationConfig: Object.freeze({ top_k: 1 }) })
    takenFields(body)
    assert.deepEqual(body, { contents: [], generationConfig: { top_k: 1 } })
  })
})

describe('a count', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }]

  it('names the model inside and no project', () => {
    const { body, losses } = countEnvelope({ contents }, 'gemini-2.5-pro')
    assert.deepEqual(body, { request: { model: 'models/gemini-2.5-pro', contents } })
    assert.deepEqual(losses, [])
  })

  it('counts instructions and tools as a turn, for which it has no field', () => {
    const tools = [{ functionDeclarations: [{ name: 'f' }] }]
    const whole = { model: 'models/x', contents, systemInstruction: { parts: [{ text: 'Be brief' }] }, tools }
    const { body } = countEnvelope({ generateContentRequest: whole }, 'm')
    assert.deepEqual(body, {
      request: {
        model: 'models/m',
        contents: [{ role: 'user', parts: [{ text: 'Be brief' }, { text: JSON.stringify(tools) }] }, ...contents],
      },
    })
  })

  it('tells that what is cached elsewhere is not counted', () => {
    assert.equal(countEnvelope({ contents, cachedContent: 'c' }, 'm').losses[0]?.field, 'cachedContent')
  })
})

describe('opening the envelope', () => {
  const inner = '{"candidates": [{"content":{"parts":[{"text":"a,b{\\"response\\":1}"}]}}],"n":12345678901234567890}'

  it('hands out what stands in response, to the letter', () => {
    assert.equal(openEnvelope(`{"response":${inner},"traceId":"t","consumedCredits":[{"x":1}]}`), inner)
    assert.equal(openEnvelope(`{ "traceId":"t", "response" : ${inner} }`), inner)
  })

  it('keeps the latin1 view of an event as it is', () => {
    const utf8 = Buffer.from('{"t":"æøå 漢字 🙂"}').toString('latin1')
    assert.equal(openEnvelope(`{"response":${utf8}}`), utf8)
  })

  it('survives stray commas around an event', () => {
    assert.equal(openEnvelope(`,,{"response":${inner}},,`), inner)
    assert.equal(openEnvelope(',,'), undefined)
  })

  it('is not slowed down by long runs of spaces in an answer', () => {
    const long = JSON.stringify({ text: `${' ,'.repeat(200_000)}x` })
    assert.equal(openEnvelope(`{"response":${long}}`), long)
  })

  it('has nothing in an event of bookkeeping', () => {
    assert.equal(openEnvelope('{"traceId":"t","remainingCredits":[]}'), undefined)
    assert.equal(openEnvelope('{}'), undefined)
  })

  it('lets refusals and counts through, and what it cannot read', () => {
    for (const text of ['{"error":{"code":429}}', '{"totalTokens":7}', '{"respo', '[1]', 'nonsense'])
      assert.equal(openEnvelope(text), text)
  })

  it('is the inverse of putting it on, for any answer', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (json, trace) => {
        assert.equal(openEnvelope(`{"response":${json},"traceId":${JSON.stringify(trace)}}`), json.trim())
      }),
    )
  })
})

describe('asking beside the road', () => {
  it('posts JSON with the token', async () => {
    const { http, asked } = vendor({ ok: 1 })
    assert.deepEqual((await askCodeAssist('retrieveUserQuota', { project: 'p' }, account, token(), http)).json, {
      ok: 1,
    })
    const { url, method, body, headers } = asked[0]!
    assert.equal(`${method} ${url}`, 'POST https://cloudcode-pa.googleapis.com/v1internal:retrieveUserQuota')
    assert.equal(body, '{"project":"p"}')
    assert.equal(headers?.['authorization'], 'Bearer tok')
    assert.equal(headers?.['user-agent'], OWN_AGENT)
  })

  it("fails with Google's words and without the token", async () => {
    const { http } = vendor({ error: { code: 403, message: 'No such thing', status: 'PERMISSION_DENIED' } }, 403, {
      'retry-after': '7',
    })
    await assert.rejects(askCodeAssist('x', {}, account, token(), http), (error: LoginError) => {
      assert.equal(error.code, 'refused')
      assert.match(error.message, /status 403: No such thing/)
      assert.doesNotMatch(error.message, /tok\b/)
      assert.equal(error.retryAfterMs, 7000)
      return error instanceof LoginError
    })
  })
})

it('a missing project is a failure the road knows', () => {
  assert.throws(() => projectFor(editContext(account)), FailureError)
})
