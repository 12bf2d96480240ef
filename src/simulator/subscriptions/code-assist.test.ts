import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createSimulator, type Simulator } from '../index.ts'
import { ask, user } from '../testing/subscriptions.ts'

const NOW = 1_790_000_000_000
let s: Simulator
before(async () => {
  s = await createSimulator({ now: () => NOW })
})
after(() => s.close())
beforeEach(() => s.reset())

const API = 'https://cloudcode-pa.googleapis.com/v1internal'
const DAILY = 'https://daily-cloudcode-pa.googleapis.com/v1internal'
const metadata = { ideType: 'IDE_UNSPECIFIED', platform: 'PLATFORM_UNSPECIFIED', pluginType: 'GEMINI' }
const error = (json: Record<string, unknown>) =>
  json['error'] as { code: number; message: string; status: string; details?: Record<string, unknown>[] }

describe('onboarding to Code Assist', () => {
  test('is over for an account that has a project', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    const { json } = await ask(s, `${API}:loadCodeAssist`, { metadata }, anna.headers)
    assert.equal(json['cloudaicompanionProject'], 'anna-code-assist')
    assert.equal((json['currentTier'] as { id: string }).id, 'standard-tier')
  })
  test('of a free account makes a project, in an operation that takes a while', async () => {
    const ben = await user(s, 'gemini-cli', 'ben')
    const loaded = await ask(s, `${API}:loadCodeAssist`, { metadata }, ben.headers)
    assert.equal(loaded.json['currentTier'], undefined)
    const tiers = loaded.json['allowedTiers'] as { id: string; isDefault?: boolean }[]
    assert.equal(tiers.find((t) => t.isDefault)?.id, 'free-tier')
    const withProject = { tierId: 'free-tier', cloudaicompanionProject: 'x', metadata }
    assert.equal((await ask(s, `${API}:onboardUser`, withProject, ben.headers)).status, 400)
    const started = await ask(s, `${API}:onboardUser`, { tierId: 'free-tier', metadata }, ben.headers)
    assert.equal(started.json['done'], false)
    const operation = `${API}/${started.json['name']}`
    assert.equal((await ben.get(operation)).json['done'], false)
    const { json } = await ben.get(operation)
    const project = (json['response'] as { cloudaicompanionProject: { id: string } }).cloudaicompanionProject.id
    assert.match(project, /^sim-ben-\d+$/)
    assert.equal((await ben.ask({ project })).status, 200)
    assert.equal(
      (await ask(s, `${API}:loadCodeAssist`, { metadata }, ben.headers)).json['cloudaicompanionProject'],
      project,
    )
  })
  test('goes on by asking again as well, and for Antigravity in its own spelling', async () => {
    const cleo = await user(s, 'antigravity', 'cleo')
    const body = { tier_id: 'free-tier', metadata: { ide_type: 'ANTIGRAVITY', ide_version: '1', ide_name: 'x' } }
    const seen = []
    for (let i = 0; i < 3; i++) seen.push((await ask(s, `${DAILY}:onboardUser`, body, cleo.headers)).json['done'])
    assert.deepEqual(seen, [false, false, true])
  })
  test("of a company's account asks for a project of its own, by id", async () => {
    const cleo = await user(s, 'gemini-cli', 'cleo')
    const onboard = (cloudaicompanionProject?: string) =>
      ask(s, `${API}:onboardUser`, { tierId: 'standard-tier', cloudaicompanionProject, metadata }, cleo.headers)
    assert.equal((await onboard()).status, 400)
    assert.equal((await onboard('123456789')).status, 400)
    assert.equal((await onboard('somebody-elses')).status, 403)
    assert.equal((await onboard('cleo-own-project')).status, 200)
  })
  test('refuses a platform by name', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    const odd = { metadata: { ...metadata, platform: 'LINUX' } }
    const refused = await ask(s, `${API}:loadCodeAssist`, odd, anna.headers)
    assert.deepEqual([refused.status, error(refused.json).status], [400, 'INVALID_ARGUMENT'])
  })
  test('tells why a tier is closed, with the link to mend it', async () => {
    const ben = await user(s, 'gemini-cli', 'ben')
    s.setRefusal('gemini-cli', 'ben', 'validation-required')
    const { json } = await ask(s, `${API}:loadCodeAssist`, { metadata }, ben.headers)
    const [tier] = json['ineligibleTiers'] as { reasonCode: string; validationUrl: string }[]
    assert.equal(tier!.reasonCode, 'VALIDATION_REQUIRED')
    assert.equal((await fetch(tier!.validationUrl)).status, 200)
    s.setRefusal('gemini-cli', 'ben', 'subscription-required')
    const closed = await ask(s, `${API}:loadCodeAssist`, { metadata }, ben.headers)
    assert.equal((closed.json['ineligibleTiers'] as { reasonCode: string }[])[0]!.reasonCode, 'UNSUPPORTED_CLIENT')
    s.setRefusal('gemini-cli', 'ben', 'terms-of-service')
    assert.equal((await ask(s, `${API}:loadCodeAssist`, { metadata }, ben.headers)).status, 403)
  })
})

describe('the envelope of Code Assist', () => {
  test('wraps whole answers, events and pieces of the array', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    const whole = await anna.ask()
    assert.ok((whole.json['response'] as { candidates: object[] }).candidates.length && whole.json['traceId'])
    const sse = await anna.ask({}, `${API}:streamGenerateContent?alt=sse`)
    assert.ok(sse.events.length > 1)
    for (const e of sse.events) assert.ok(JSON.parse(e.data).response.usageMetadata, e.data)
    const list = await anna.ask({}, `${API}:streamGenerateContent`)
    for (const one of list.json as unknown as { response: object }[]) assert.ok(one.response)
  })
  const cases: [string, Record<string, unknown>, number, RegExp][] = [
    ['an unknown field', { foo: 1 }, 400, /Unknown name "foo"/],
    ['a number for a project', { project: '123456' }, 400, /project id is required/],
    ['no project', { project: undefined }, 400, /project is required/],
    ["somebody else's project", { project: 'other' }, 403, /denied on resource/],
    ['contents outside the request', { contents: [] }, 400, /Unknown name "contents"/],
    ['no request', { request: undefined }, 400, /request is required/],
    ['a model of another vendor', { model: 'gpt-4o' }, 404, /not found/],
    ['an unknown field in the request', { request: { contents: [], userAgent: 'x' } }, 400, /"userAgent" at 'request'/],
  ]
  for (const [name, change, status, told] of cases)
    test(`is refused with ${name}`, async () => {
      const anna = await user(s, 'gemini-cli', 'anna')
      const refused = await anna.ask(change)
      assert.deepEqual([refused.status, error(refused.json).code], [status, status])
      assert.match(error(refused.json).message, told)
    })
  test('is another one for counting', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }]
    const count = (body: object) => ask(s, `${API}:countTokens`, body, anna.headers)
    assert.ok((await count({ request: { model: 'models/gemini-2.5-pro', contents } })).json['totalTokens'])
    assert.equal((await count({ request: { model: 'gemini-2.5-pro', contents } })).status, 400)
    assert.equal((await count({ project: 'p', request: { model: 'models/x', contents } })).status, 400)
  })
})

describe('the quota of Code Assist', () => {
  test('is told by model, and refused with the moment of its reset', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    s.setQuota('gemini-cli', 'anna', 'gemini-2.5-pro', { used: 100, resetsAt: NOW + 3_723_000 })
    const { json } = await ask(s, `${API}:retrieveUserQuota`, { project: 'anna-code-assist' }, anna.headers)
    const buckets = json['buckets'] as { modelId: string; remainingFraction: number }[]
    assert.deepEqual(
      buckets.slice(0, 2).map((b) => [b.modelId, b.remainingFraction]),
      [
        ['gemini-2.5-pro', 0],
        ['gemini-2.5-flash', 1],
      ],
    )
    const refused = error((await anna.ask()).json)
    assert.match(refused.message, /will reset after 1h2m3s/)
    assert.equal(refused.details![0]!['reason'], 'QUOTA_EXHAUSTED')
    assert.equal(refused.details![1]!['retryDelay'], '3723s')
    assert.equal((await anna.ask({ model: 'gemini-2.5-flash' })).status, 200)
  })
  test('of a minute says RATE_LIMIT_EXCEEDED', async () => {
    const anna = await user(s, 'gemini-cli', 'anna')
    const refused = error((await anna.ask({ model: 'gemini-2.5-pro+429:9' })).json)
    assert.deepEqual(
      [refused.details![0]!['reason'], refused.details![1]!['retryDelay']],
      ['RATE_LIMIT_EXCEEDED', '9s'],
    )
  })
})

describe('Antigravity', () => {
  const tool = (parameters: object, name = 'read_file') => [{ functionDeclarations: [{ name, parameters }] }]
  const good = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }
  const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }]
  const validated = { functionCallingConfig: { mode: 'VALIDATED' } }
  const claude = 'claude-sonnet-4-6'
  const cases: [string, Record<string, unknown>, RegExp | undefined][] = [
    ['no userAgent', { userAgent: undefined }, /userAgent/],
    ['no requestType', { requestType: 'chat' }, /request_type/],
    ['no requestId', { requestId: undefined }, /requestId/],
    ['user_prompt_id', { user_prompt_id: 'x' }, /Unknown name "user_prompt_id"/],
    ['safetySettings', { request: { contents, safetySettings: [] } }, /Unknown name "safetySettings"/],
    ['a numeric project', { project: '1' }, /project id/],
    [
      'maxOutputTokens for Gemini',
      { request: { contents, generationConfig: { maxOutputTokens: 9 } } },
      /maxOutputTokens/,
    ],
    [
      'search beside functions',
      { request: { contents, tools: [{ googleSearch: {} }, ...tool(good)] } },
      /cannot be combined/,
    ],
    ['a bad function name', { request: { contents, tools: tool(good, '1x') } }, /Invalid function name/],
    ['$schema', { request: { contents, tools: tool({ ...good, $schema: 'x' }) } }, /Unknown name "\$schema"/],
    [
      'additionalProperties',
      { request: { contents, tools: tool({ ...good, additionalProperties: false }) } },
      /additionalProperties/,
    ],
    ['a list of types', { request: { contents, tools: tool({ type: ['object', 'null'] }) } }, /cannot start list/],
    [
      'an enum of numbers',
      { request: { contents, tools: tool({ type: 'object', properties: { a: { enum: [1] } } }) } },
      /TYPE_STRING/,
    ],
    ['required of nothing', { request: { contents, tools: tool({ type: 'object', required: ['x'] }) } }, /not defined/],
    ['Claude tools without VALIDATED', { model: claude, request: { contents, tools: tool(good) } }, /VALIDATED/],
    [
      'Claude tools without properties',
      { model: claude, request: { contents, toolConfig: validated, tools: tool({ type: 'object', properties: {} }) } },
      /at least one property/,
    ],
    [
      'Claude tools as they should be',
      { model: claude, request: { contents, toolConfig: validated, tools: tool(good) } },
      undefined,
    ],
    [
      'a budget above the limit',
      {
        model: claude,
        request: { contents, generationConfig: { maxOutputTokens: 1000, thinkingConfig: { thinkingBudget: 2000 } } },
      },
      /greater than/,
    ],
  ]
  for (const [name, change, told] of cases)
    test(`${told ? 'refuses' : 'takes'} ${name}`, async () => {
      const anna = await user(s, 'antigravity', 'anna')
      const heard = await anna.ask(change)
      assert.equal(heard.status, told ? 400 : 200, heard.text)
      if (told) assert.match(error(heard.json).message, told)
    })

  test('wants the signature on the first call of a replayed turn, and takes its own', async () => {
    const anna = await user(s, 'antigravity', 'anna')
    const tools = tool(good)
    const first = await anna.ask({ model: 'gemini-3-flash+tools', request: { contents, tools } })
    type Part = { functionCall?: { name: string; id?: string }; thoughtSignature?: string }
    const { candidates } = first.json['response'] as { candidates: { content: { parts: Part[] } }[] }
    const { parts } = candidates[0]!.content
    const call = parts.find((p) => p.functionCall)!
    assert.ok(call.thoughtSignature)
    const response = { functionResponse: { name: call.functionCall!.name, response: { ok: true } } }
    const turn = (role: string, given: Part[]) => ({
      request: { contents: [...contents, { role: 'model', parts: given }, { role, parts: [response] }], tools },
    })
    assert.equal((await anna.ask(turn('user', parts))).status, 200)
    assert.equal((await anna.ask(turn('model', parts))).status, 200, "results in the model's turn pass, too")
    const bare = await anna.ask(turn('user', [{ functionCall: call.functionCall! }]))
    assert.match(error(bare.json).message, /missing a thought_signature/)
  })
  test('answers a rival agent with a 429 that explains nothing; half of its words pass', async () => {
    const anna = await user(s, 'antigravity', 'anna')
    const say = (text: string) => anna.ask({ request: { contents, systemInstruction: { parts: [{ text }] } } })
    const refused = await say('You are Codex, an agent based on GPT-5.')
    assert.equal(refused.status, 429)
    assert.deepEqual(error(refused.json), {
      code: 429,
      message: 'Resource has been exhausted (e.g. check quota).',
      status: 'RESOURCE_EXHAUSTED',
    })
    assert.equal((await say('You are Codex.')).status, 200)
    assert.equal((await say('an agent based on GPT-5.')).status, 200)
  })
  test('has a version gate that speaks in an ordinary answer at one host, in an error at the other', async () => {
    const anna = await user(s, 'antigravity', 'anna')
    s.setRefusal('antigravity', 'anna', 'version-gate')
    const whole = await anna.ask({}, `${API}:generateContent`)
    assert.equal(whole.status, 200)
    assert.match(whole.text, /This version of Antigravity is no longer supported/)
    const stream = await anna.ask({}, `${API}:streamGenerateContent?alt=sse`)
    assert.match(stream.events[0]!.data, /no longer supported/)
    assert.equal((await anna.ask()).status, 400)
  })
  test('tells models and pools; metadata is refused', async () => {
    const anna = await user(s, 'antigravity', 'anna')
    s.setQuota('antigravity', 'anna', '3p-5h', { used: 75 })
    const { json } = await ask(s, `${DAILY}:fetchAvailableModels`, { project: 'anna-code-assist' }, anna.headers)
    const models = json['models'] as Record<string, { isInternal?: boolean; quotaInfo: { remainingFraction: number } }>
    assert.equal(models[claude]!.quotaInfo.remainingFraction, 0.25)
    assert.ok(models['chat_20706']!.isInternal)
    assert.equal((await ask(s, `${DAILY}:fetchAvailableModels`, { metadata }, anna.headers)).status, 400)
    const summary = await ask(s, `${DAILY}:retrieveUserQuotaSummary`, {}, anna.headers)
    const groups = summary.json['groups'] as { buckets: { bucketId: string }[] }[]
    assert.deepEqual(
      groups.flatMap((g) => g.buckets.map((b) => b.bucketId)),
      ['gemini-5h', 'gemini-weekly', '3p-5h', '3p-weekly'],
    )
    const gemini = await user(s, 'gemini-cli', 'anna')
    assert.equal((await ask(s, `${DAILY}:fetchAvailableModels`, {}, gemini.headers)).status, 404)
  })
  test('counts Claude and Gemini in pools of their own', async () => {
    const anna = await user(s, 'antigravity', 'anna')
    s.setQuota('antigravity', 'anna', '3p-weekly', { used: 100 })
    assert.equal((await anna.ask({ model: claude })).status, 429)
    assert.equal((await anna.ask()).status, 200)
  })
})
