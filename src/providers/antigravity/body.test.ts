import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FailureError } from '../../hub/failure.ts'
import { geminiCodec } from '../../protocols/gemini/codec.ts'
import { editContext, loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { createVessel } from './body.ts'
import { antigravity } from './index.ts'
import { PLACEHOLDER } from './schema.ts'

const account = loginAccount('antigravity', 'https://daily-cloudcode-pa.googleapis.com', { speaks: ['gemini'] })
const credential = token({ project: 'my-project' })
const context = (model: string, over = {}) => editContext(account, { credential, model, id: 'req_7', ...over })
const hi = [{ role: 'user', parts: [{ text: 'hi' }] }]
const BYPASS = 'skip_thought_signature_validator'

interface Enveloped {
  requestType: string
  request: {
    contents: { role: string; parts: object[] }[]
    tools?: object[]
    toolConfig?: object
    generationConfig?: Record<string, unknown>
  }
}

function edit(model: string, body: Record<string, unknown>) {
  const { body: out, losses } = createVessel(account).edit({ contents: hi, ...body }, context(model))
  const { request, requestType } = out as unknown as Enveloped
  return { request, requestType, config: request.generationConfig, lost: losses.map(({ field }) => field) }
}
const config = (model: string, generationConfig: object, contents: object[] = hi) =>
  edit(model, { generationConfig, contents })
const CLAUDE = 'claude-opus-4-6-thinking'
const GEMINI = 'gemini-3.6-flash-high'

describe('the envelope of Antigravity (domain.md 1.6)', () => {
  it('is the documented one', () => {
    const body = { contents: hi, system_instruction: { role: 'user', parts: [{ text: 'Be brief' }] } }
    const { body: out, losses } = createVessel(account).edit(body, context(GEMINI, { session: 's' }))
    const { request } = out as { request: { sessionId: string } }
    assert.match(request.sessionId, /^[0-9a-f-]{36}$/)
    // domain.md 1.6: requestId:"agent-<uuid>".
    assert.match(
      (out as { requestId: string }).requestId,
      /^agent-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    )
    assert.deepEqual(out, {
      project: 'my-project',
      model: GEMINI,
      userAgent: 'antigravity',
      requestType: 'agent',
      requestId: (out as { requestId: string }).requestId,
      request: { contents: hi, systemInstruction: { parts: [{ text: 'Be brief' }] }, sessionId: request.sessionId },
    })
    assert.deepEqual(losses, [])
  })

  it('is the same bytes for the same request', () => {
    const body = { contents: hi, tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'object' } }] }] }
    const said = () => JSON.stringify(createVessel(account).edit(structuredClone(body), context(CLAUDE)).body)
    assert.equal(said(), said())
  })

  it('never changes the body it is given', () => {
    const body = {
      contents: [
        { role: 'function', parts: [] },
        { role: 'model', parts: [{ functionCall: { name: 'f' } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { default: 1 } }] }],
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
      generationConfig: { maxOutputTokens: 5, thinkingConfig: { thinkingBudget: 1 } },
      safetySettings: [],
    }
    const before = structuredClone(body)
    for (const model of [CLAUDE, GEMINI]) createVessel(account).edit(body, context(model))
    assert.deepEqual(body, before)
  })

  it('has no safety settings, caches and labels, and says so', () => {
    const { request, lost } = edit(GEMINI, { safetySettings: [], cachedContent: 'c', labels: {} })
    assert.deepEqual(Object.keys(request), ['contents'])
    assert.deepEqual(lost, ['safetySettings', 'cachedContent', 'labels'])
  })

  it('names what kind of request it is', () => {
    assert.equal(edit('gemini-3.1-flash-image', {}).requestType, 'image_gen')
    assert.equal(edit(GEMINI, { tools: [{ googleSearch: {} }] }).requestType, 'web_search')
    assert.equal(edit(GEMINI, { tools: [{ googleSearch: {} }, { urlContext: {} }] }).requestType, 'agent')
  })

  it('has its own form for a count', () => {
    const { body } = createVessel(account).edit(
      { contents: hi },
      context(CLAUDE, { action: 'count-tokens', credential: token() }),
    )
    assert.deepEqual(body, { request: { model: `models/${CLAUDE}`, contents: hi } })
  })

  it('calls results of functions the user’s turn', () => {
    const result = { role: 'function', parts: [{ functionResponse: { name: 'f', response: {} } }] }
    const { request } = edit(GEMINI, { contents: [...hi, result] })
    assert.deepEqual(request.contents[1], { ...result, role: 'user' })
  })

  it('stands in for a lost signature on the first call of a turn, with every model', () => {
    const call = { functionCall: { name: 'f', args: {} } }
    for (const model of [GEMINI, CLAUDE, 'gemini-pro-agent', 'gpt-oss-120b-medium', 'gemini-2.5-flash']) {
      const { request } = edit(model, { contents: [...hi, { role: 'model', parts: [call, call] }] })
      assert.deepEqual(request.contents[1]?.parts, [{ ...call, thoughtSignature: BYPASS }, call])
    }
  })
})

describe('tools on Antigravity', () => {
  const declare = (...declarations: object[]) => ({ tools: [{ functionDeclarations: declarations }] })

  it('have schemas of the subset, under `parameters`', () => {
    const { request, lost } = edit(
      GEMINI,
      declare({
        name: 'f',
        description: 'd',
        parametersJsonSchema: { type: 'object', $schema: 'x', default: {} },
        behavior: 'x',
      }),
    )
    assert.deepEqual(request.tools, [
      { functionDeclarations: [{ name: 'f', description: 'd', parameters: { type: 'object' } }] },
    ])
    assert.deepEqual(lost, ['tools.f.behavior'])
  })

  it('without parameters stay so for Gemini, and get a placeholder for Claude', () => {
    assert.deepEqual(edit(GEMINI, declare({ name: 'f' })).request.tools, [{ functionDeclarations: [{ name: 'f' }] }])
    assert.ok(JSON.stringify(edit(CLAUDE, declare({ name: 'f' })).request.tools).includes(PLACEHOLDER))
  })

  it('are of one kind: functions before search', () => {
    const tools = [{ googleSearch: {} }, { url_context: {} }, ...declare({ name: 'f' }).tools]
    const { request, lost } = edit(GEMINI, { tools, toolConfig: { includeServerSideToolInvocations: true } })
    assert.deepEqual(request.tools, [{ functionDeclarations: [{ name: 'f' }] }])
    assert.equal(request.toolConfig, undefined)
    assert.deepEqual(lost, ['tools.web_search', 'tools.urlContext'])
  })

  it('of Google’s own are for Gemini models', () => {
    assert.deepEqual(edit(GEMINI, { tools: [{ google_search: {} }] }).request.tools, [{ googleSearch: {} }])
    const { request, lost } = edit(CLAUDE, { tools: [{ googleSearch: {} }] })
    assert.equal(request.tools, undefined)
    assert.deepEqual(lost, ['tools.web_search'])
  })

  it('are VALIDATED for Claude', () => {
    const validated = { functionCallingConfig: { mode: 'VALIDATED' } }
    const of = (mode?: string) =>
      edit(CLAUDE, {
        ...declare({ name: 'f' }),
        ...(mode !== undefined && { toolConfig: { functionCallingConfig: { mode } } }),
      })
    for (const mode of [undefined, 'AUTO', 'VALIDATED', 'auto']) {
      assert.deepEqual(of(mode).request.toolConfig, validated)
      assert.deepEqual(of(mode).lost, [])
    }
    for (const mode of ['ANY', 'NONE']) {
      assert.deepEqual(of(mode).request.toolConfig, validated)
      assert.deepEqual(of(mode).lost, ['tool_choice'])
    }
    assert.equal(edit(CLAUDE, {}).request.toolConfig, undefined, 'not without functions')
  })

  it('keep their mode for Gemini', () => {
    const toolConfig = { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } }
    assert.deepEqual(edit(GEMINI, { ...declare({ name: 'f' }), toolConfig }).request.toolConfig, toolConfig)
  })

  it('have names the dialect has made legal', () => {
    const { pattern, max } = geminiCodec.legal.toolName
    assert.equal(pattern.source, '^[a-zA-Z_][a-zA-Z0-9_.:-]*$')
    assert.equal(max, 64)
  })
})

describe('generationConfig of Gemini models', () => {
  it('has no maxOutputTokens, and says so', () => {
    const { config: out, lost } = config(GEMINI, { maxOutputTokens: 100, temperature: 2 })
    assert.deepEqual(out, { temperature: 2 })
    assert.deepEqual(lost, ['max_tokens'])
  })

  it('has a schema of the subset for answers', () => {
    const { config: out } = config(GEMINI, {
      response_mime_type: 'application/json',
      responseJsonSchema: {
        type: 'object',
        properties: { a: { type: 'string', minLength: 1 } },
        additionalProperties: false,
      },
      thinking_config: { thinking_budget: 5, include_thoughts: true },
    })
    assert.deepEqual(out, {
      responseMimeType: 'application/json',
      thinkingConfig: { thinkingBudget: 5, includeThoughts: true },
      responseSchema: { type: 'object', properties: { a: { type: 'string', description: '(minLength: 1)' } } },
    })
  })
})

describe("generationConfig of Claude's models", () => {
  it('keeps maxOutputTokens, up to what they write', () => {
    assert.deepEqual(config(CLAUDE, { maxOutputTokens: 100 }).config, { maxOutputTokens: 100 })
    const { config: out, lost } = config(CLAUDE, { maxOutputTokens: 128_000 })
    assert.deepEqual(out, { maxOutputTokens: 64_000 })
    assert.deepEqual(lost, ['max_tokens'])
    assert.deepEqual(config('gpt-oss-120b-medium', { maxOutputTokens: 64_000 }).config, { maxOutputTokens: 32_000 })
  })

  it('has more room to write than to think', () => {
    const thinkingConfig = { thinkingBudget: 8_000, includeThoughts: true }
    assert.deepEqual(config(CLAUDE, { thinkingConfig }).config, { maxOutputTokens: 64_000, thinkingConfig })
    const tight = config(CLAUDE, { thinkingConfig, maxOutputTokens: 4_000 })
    assert.deepEqual(tight.config, {
      maxOutputTokens: 4_000,
      thinkingConfig: { thinkingBudget: 3_999, includeThoughts: true },
    })
    assert.deepEqual(tight.lost, ['reasoning'])
    const none = config(CLAUDE, { thinkingConfig, maxOutputTokens: 1_024 })
    assert.deepEqual(none.config, { maxOutputTokens: 1_024 })
    assert.deepEqual(none.lost, ['reasoning'])
  })

  it('thinks by budget whatever the request said', () => {
    const budgetOf = (thinkingConfig: object) =>
      (config(CLAUDE, { thinkingConfig }).config?.['thinkingConfig'] as { thinkingBudget?: number })?.thinkingBudget
    assert.equal(budgetOf({ thinkingLevel: 'HIGH' }), 24_576)
    assert.equal(budgetOf({ thinkingLevel: 'low' }), 1_024)
    assert.equal(budgetOf({ thinkingLevel: 'MINIMAL' }), 1_024)
    assert.equal(budgetOf({ thinkingBudget: -1 }), 8_192)
    assert.equal(budgetOf({ includeThoughts: true }), 8_192)
    assert.equal(budgetOf({ thinkingBudget: 5 }), 1_024)
    assert.equal(budgetOf({ thinkingBudget: 0 }), undefined)
    assert.equal(budgetOf({ thinkingBudget: 99_999 }), 63_999)
  })

  it('has one sampling knob, and none while it thinks', () => {
    const both = config(CLAUDE, { temperature: 1.5, topP: 0.5, topK: 5 })
    assert.deepEqual(both.config, { temperature: 1, topK: 5 })
    assert.deepEqual(both.lost, ['temperature', 'top_p'])
    const thinks = config(CLAUDE, { temperature: 0.2, topP: 0.99, topK: 5, thinkingConfig: { thinkingBudget: 2_000 } })
    assert.deepEqual(thinks.config, { topP: 0.99, maxOutputTokens: 64_000, thinkingConfig: { thinkingBudget: 2_000 } })
    assert.deepEqual(thinks.lost, ['temperature', 'top_k'])
    assert.deepEqual(config(CLAUDE, { temperature: 1, thinkingConfig: { thinkingBudget: 2_000 } }).lost, [])
  })

  it('does not think on in a loop of calls that began without its thoughts', () => {
    const call = { functionCall: { name: 'f', args: {} } }
    const result = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }
    const thinkingConfig = { thinkingBudget: 2_000 }
    const thinks = (...parts: object[]) => config(CLAUDE, { thinkingConfig }, [...hi, { role: 'model', parts }, result])
    assert.equal(thinks(call).config, undefined)
    assert.deepEqual(thinks(call).lost, ['reasoning'])
    const thought = { text: 'hm', thought: true, thoughtSignature: 'claude#AAA=' }
    assert.deepEqual(thinks(thought, call).config?.['thinkingConfig'], thinkingConfig)
    assert.deepEqual(thinks({ ...call, thoughtSignature: 'claude#AAA=' }).config?.['thinkingConfig'], thinkingConfig)
    const over = [...hi, { role: 'model', parts: [call] }, result, { role: 'model', parts: [{ text: 'x' }] }, ...hi]
    assert.deepEqual(config(CLAUDE, { thinkingConfig }, over).config?.['thinkingConfig'], thinkingConfig)
  })
})

describe('answers of Antigravity', () => {
  const event = (parts: object[], model = CLAUDE) => {
    const vessel = createVessel(account)
    vessel.edit({ contents: hi }, context(model))
    const opened = vessel.open!(
      `{"response":${JSON.stringify({ candidates: [{ content: { parts } }] })},"traceId":"t"}`,
    )
    return (JSON.parse(opened!) as { candidates: { content: { parts: object[] } }[] }).candidates[0]!.content.parts
  }

  it('lose what stood in for empty parameters, at any depth', () => {
    const args = { [PLACEHOLDER]: 'because', a: 1, b: [{ [PLACEHOLDER]: 'x' }] }
    assert.deepEqual(event([{ functionCall: { name: 'f', args } }]), [
      { functionCall: { name: 'f', args: { a: 1, b: [{}] } } },
    ])
  })

  it('keep the words of the model, even those', () => {
    assert.deepEqual(event([{ text: PLACEHOLDER }]), [{ text: PLACEHOLDER }])
    const args = { [PLACEHOLDER]: 'x' }
    assert.deepEqual(event([{ functionCall: { name: 'f', args } }], GEMINI), [{ functionCall: { name: 'f', args } }])
  })

  it("mark Claude's signatures, so that they go back to Claude alone", () => {
    const signed = [{ text: '', thought: true, thoughtSignature: 'AAA=' }]
    assert.deepEqual(event(signed), [{ text: '', thought: true, thoughtSignature: 'claude#AAA=' }])
    assert.deepEqual(event(signed, GEMINI), signed)
  })

  it('keep the digits of numbers', () => {
    const vessel = createVessel(account)
    vessel.edit({ contents: hi }, context(CLAUDE))
    const args = `{"id":12345678901234567890,"f":1.0,"${PLACEHOLDER}":"x"}`
    const opened = vessel.open!(
      `{"response":{"candidates":[{"content":{"parts":[{"functionCall":{"args":${args}}}]}}]}}`,
    )
    assert.equal(
      opened,
      '{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"id":12345678901234567890,"f":1.0}}}]}}]}',
    )
  })
})

describe('the version gate that comes as an answer', () => {
  const GATE = 'This version of Antigravity is no longer supported. Please update to receive the latest features!'
  const said = (text: string, thought = false) =>
    `{"response":${JSON.stringify({ candidates: [{ content: { parts: [{ text, ...(thought && { thought }) }] } }] })}}`
  const heard = (...texts: string[]) => {
    const { open } = createVessel(account)
    for (const text of texts) open!(said(text))
  }

  it('is a refusal that rests nobody and says what it is', () => {
    assert.throws(
      () => heard(GATE),
      ({ failure }: FailureError) => {
        assert.deepEqual([failure.kind, failure.scope, failure.code], ['forbidden', 'request', 'client_version'])
        assert.ok(failure.message.startsWith(GATE))
        assert.match(failure.message, /Nothing is wrong with the account/)
        return true
      },
    )
  })

  it('is recognised in pieces', () => {
    assert.throws(() => heard('This version of ', 'Antigravity is no longer', ' supported.'), FailureError)
  })

  it('is not taken from the words of an answer', () => {
    heard(`It says: ${GATE}`)
    heard('Here it is:\n', GATE)
    heard('This version of Antigravity is no longer supportedX')
    heard('This version of node', GATE)
    const { open } = createVessel(account)
    open!(said('hm', true))
    open!(said(GATE))
  })
})

describe('Antigravity', () => {
  it('is asked at its daily host, under our own name', () => {
    const request = antigravity.request(outgoing('gemini', { headers: ['user-agent', 'x/1'] }), account, credential)
    assert.equal(antigravity.baseUrl, 'https://daily-cloudcode-pa.googleapis.com')
    assert.equal(request.path, '/v1internal:streamGenerateContent?alt=sse')
    assert.match(values(request, 'user-agent')[0]!, /^logicaproxy\//)
  })

  it('takes names of its own make for new models, and leaves plain ones to their vendors', () => {
    for (const name of ['gemini-3.9-flash-high', 'claude-opus-4-7-thinking', 'gpt-oss-20b'])
      assert.ok(antigravity.serves(name))
    for (const name of ['gemini-2.5-pro', 'claude-opus-5', 'gpt-5.5']) assert.ok(!antigravity.serves(name))
  })

  it('has a vessel for each attempt', () => assert.notEqual(antigravity.vessel!(account), antigravity.vessel!(account)))
})
