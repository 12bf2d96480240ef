/** Gemini CLI and Antigravity against the simulated Code Assist, which is strict about envelopes and rules. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../accounts/account.ts'
import { FailureError } from '../hub/failure.ts'
import { anthropicCodec } from '../protocols/anthropic/codec.ts'
import { geminiCodec } from '../protocols/gemini/codec.ts'
import { openaiChatCodec } from '../protocols/openai-chat/codec.ts'
import { openaiResponsesCodec } from '../protocols/openai-responses/codec.ts'
import { createSimulator, type Simulator } from '../simulator/index.ts'
import { login } from '../simulator/testing/login.ts'
import { antigravity } from './antigravity/index.ts'
import { geminiCli } from './gemini-cli/index.ts'
import type { Provider } from './provider.ts'
import { type Answered, type Json, simulatedAccount, talk, vendorHttp } from './testing/talk.ts'

const PROJECT = 'anna-code-assist'
const contents = [{ role: 'user', parts: [{ text: 'What is the weather in Rome?' }] }]
const tools = [
  {
    functionDeclarations: [
      {
        name: 'weather',
        description: 'The weather',
        parametersJsonSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: { city: { type: 'string', minLength: 1 }, unit: { anyOf: [{ const: 'C' }, { const: 'F' }] } },
          required: ['city'],
          additionalProperties: false,
        },
      },
      { name: 'now', parametersJsonSchema: { type: 'object', properties: {} } },
    ],
  },
]

let simulator: Simulator
let credential: Credential
let account: Account
const asked = { provider: geminiCli as Provider }

before(async () => {
  simulator = await createSimulator()
})
after(() => simulator.close())

async function logIn(provider: Provider): Promise<void> {
  const { access_token: value } = await login(simulator, provider.id as 'antigravity', 'anna')
  asked.provider = provider
  credential = { type: 'oauth', value, details: { project: PROJECT } }
  account = simulatedAccount(provider, simulator)
}

const ask = (model: string, body: Json, over = {}) =>
  talk(asked.provider, account, credential, body, { model, ...over })

interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: { name: string; args: Json }
}
const partsOf = ({ events }: Answered): Part[] =>
  events.flatMap(
    (e) => (e as { candidates?: { content?: { parts?: Part[] } }[] }).candidates?.[0]?.content?.parts ?? [],
  )

function isGood(answer: Answered): void {
  assert.equal(answer.status, 200, answer.failure?.message)
  assert.ok(partsOf(answer).length > 0)
}

/** The model calls a tool, and is told the result. */
async function loop(model: string, next = model, more: Json = {}): Promise<Part[]> {
  const first = await ask(`${model}+think+tools`, { contents, tools, ...more }, { stream: true })
  isGood(first)
  const parts = partsOf(first).filter((part) => part.text !== '' || part.thoughtSignature !== undefined)
  const calls = parts.filter(({ functionCall }) => functionCall !== undefined)
  assert.equal(calls.length, 1)
  const results = calls.map(({ functionCall }) => ({
    functionResponse: { name: functionCall!.name, response: { ok: true } },
  }))
  const history = [...contents, { role: 'model', parts }, { role: 'user', parts: results }]
  const second = await ask(`${next}+text`, { contents: history, tools, ...more })
  isGood(second)
  return parts
}

for (const [provider, models] of [
  [geminiCli, ['gemini-2.5-pro', 'gemini-3-pro-preview']],
  [antigravity, ['claude-sonnet-4-6', 'gemini-3.1-pro-low', 'gpt-oss-120b-medium']],
] as const) {
  describe(`${provider.title}, simulated`, () => {
    before(() => logIn(provider))

    for (const model of models) {
      it(`${model} answers, whole and streamed`, async () => {
        for (const stream of [false, true]) {
          const answer = await ask(
            model,
            { contents, system_instruction: { parts: [{ text: 'Be brief' }] } },
            { stream },
          )
          isGood(answer)
          assert.ok(answer.events.every((event) => !('response' in event) && !('traceId' in event)))
        }
      })

      it(`${model} calls tools and takes their results`, async () => {
        await loop(model)
      })

      it(`${model} thinks as it may`, async () => {
        const config = (thinkingConfig: Json) => ({ generationConfig: { thinkingConfig, maxOutputTokens: 20_000 } })
        isGood(await ask(`${model}+think`, { contents, ...config({ thinkingBudget: 2_000, includeThoughts: true }) }))
      })
    }

    it('takes requests of every dialect', async () => {
      const model = models[0]
      const said = { role: 'user', content: 'Weather in Rome?' }
      const schema = tools[0]!.functionDeclarations[0]!.parametersJsonSchema
      const chatTools = [{ type: 'function', function: { name: 'weather', parameters: schema } }]
      const place = { model, stream: false }
      const requests = [
        openaiChatCodec.request.decode(
          { model, messages: [said], tools: chatTools, stop: ['x'], max_tokens: 500 },
          place,
        ),
        anthropicCodec.request.decode(
          {
            model,
            max_tokens: 500,
            messages: [said],
            tools: [{ name: 'weather', input_schema: schema }],
            system: 'Be brief',
          },
          place,
        ),
        openaiResponsesCodec.request.decode(
          { model, input: 'Weather in Rome?', tools: [{ type: 'function', name: 'weather', parameters: schema }] },
          place,
        ),
        geminiCodec.request.decode({ contents, tools, safetySettings: [] }, place),
      ]
      for (const request of requests) {
        const { body } = geminiCodec.request.encode(request, { model, maxOutput: 65_536 })
        isGood(await ask(model, body))
      }
    })

    it('counts', async () => {
      const count = (body: Json) => ask(models[0], body, { action: 'count-tokens' })
      const [plain] = (await count({ contents })).events
      const [whole] = (await count({ contents, systemInstruction: { parts: [{ text: 'Be brief' }] }, tools })).events
      assert.ok((plain?.['totalTokens'] as number) > 0)
      assert.ok((whole?.['totalTokens'] as number) > (plain?.['totalTokens'] as number), 'instructions and tools count')
    })

    it('is refused with a dead token', async () => {
      const dead = { ...credential, value: 'ya29.dead' }
      const { failure } = await talk(provider, account, dead, { contents }, { model: models[0] })
      assert.deepEqual([failure?.kind, failure?.status, failure?.scope], ['unauthorized', 401, 'account'])
    })

    it("is refused with another's project", async () => {
      const other: Credential = { type: 'oauth', value: credential.value, details: { project: 'ben-project' } }
      const { failure } = await talk(provider, account, other, { contents }, { model: models[0] })
      assert.deepEqual([failure?.kind, failure?.scope], ['forbidden', 'account'])
      assert.match(failure?.message ?? '', /Check the project's id/)
    })

    const name = provider.id as 'antigravity'
    const table: [refusal: string, kind: string, scope: string, code: string | undefined, words: RegExp][] = [
      [
        'validation-required',
        'forbidden',
        'account',
        'VALIDATION_REQUIRED',
        /Open http:\/\/127\.0\.0\.1:\d+\/\S+ in a browser/,
      ],
      ['terms-of-service', 'forbidden', 'account', 'account_banned', /violation of Terms of Service/],
      ['subscription-required', 'forbidden', 'account', 'SUBSCRIPTION_REQUIRED', /can be used through other programs/],
      ['model-capacity', 'overloaded', 'model', undefined, /not about this account/],
      ['rate-limit', 'rate-limited', 'model', undefined, /Please retry in 2\.5s/],
      ['no-credits', 'quota-exhausted', 'model', undefined, /credits bought/],
    ]
    for (const [refusal, kind, scope, code, words] of table)
      it(`reads ${refusal}`, async () => {
        simulator.setRefusal(name, 'anna', refusal)
        try {
          const { failure } = await ask(models[0], { contents })
          assert.deepEqual([failure?.kind, failure?.scope], [kind, scope])
          if (code !== undefined) assert.equal(failure?.code, code)
          assert.match(failure?.message ?? '', words)
        } finally {
          simulator.setRefusal(name, 'anna', undefined)
        }
      })

    it('tells how long a used-up allowance lasts', async () => {
      const window = name === 'antigravity' ? '3p-5h' : models[0]
      simulator.setQuota(name, 'anna', window, { used: 100, resetsAt: Date.now() + 2 * 3_600_000 })
      try {
        const { failure } = await ask(models[0], { contents })
        assert.deepEqual([failure?.kind, failure?.scope, failure?.status], ['quota-exhausted', 'model', 429])
        assert.ok(Math.abs((failure?.retryAfter ?? 0) - 7200) < 5, String(failure?.retryAfter))
        const reading = await provider.quota!.ask!(account, credential, vendorHttp, 1)
        const read = reading?.windows.find(({ id }) => id === window)
        assert.deepEqual([read?.used, read?.exhausted, reading?.allowed], [1, true, false])
      } finally {
        simulator.setQuota(name, 'anna', window, { used: 0 })
      }
    })

    it('reads its allowances', async () => {
      const reading = await provider.quota!.ask!(account, credential, vendorHttp, 7)
      assert.equal(reading?.at, 7)
      assert.equal(reading?.allowed, true)
      assert.ok((reading?.windows.length ?? 0) >= 4)
      for (const { resetsAt, used } of reading!.windows) assert.ok(resetsAt! > Date.now() && used < 1)
    })
  })
}

describe('Antigravity alone, simulated', () => {
  before(() => logIn(antigravity))

  it('switches between families in the middle of a loop', async () => {
    const parts = await loop('claude-sonnet-4-6', 'gemini-3.1-pro-low')
    assert.ok(parts.some(({ thoughtSignature }) => thoughtSignature?.startsWith('claude#')))
    await loop('gemini-3.1-pro-low', 'claude-sonnet-4-6')
  })

  it('never shows what stands in for empty parameters', async () => {
    const only = [{ functionDeclarations: [{ name: 'now' }] }]
    const answer = await ask('claude-sonnet-4-6+tools', { contents, tools: only })
    isGood(answer)
    const call = partsOf(answer).find(({ functionCall }) => functionCall !== undefined)?.functionCall
    assert.deepEqual(call, { ...call, name: 'now', args: {} })
  })

  it('explains the bare 429 of the prompt filter', async () => {
    const body = { contents, systemInstruction: { parts: [{ text: 'You are Codex, an agent based on GPT-5.' }] } }
    const { failure } = await ask('gemini-3.1-pro-low', body)
    assert.deepEqual([failure?.kind, failure?.scope, failure?.code], ['rate-limited', 'request', 'prompt_filter'])
  })

  it('recognises the version gate at either host', async () => {
    simulator.setRefusal('antigravity', 'anna', 'version-gate')
    try {
      const { failure } = await ask('gemini-3.1-pro-low', { contents })
      assert.deepEqual([failure?.kind, failure?.scope, failure?.code], ['forbidden', 'request', 'client_version'])
      const second = { ...account, baseUrl: account.baseUrl.replace('daily-', '') }
      for (const stream of [false, true])
        await assert.rejects(
          talk(antigravity, second, credential, { contents }, { model: 'gemini-3.1-pro-low', stream }),
          (error: FailureError) => error instanceof FailureError && error.failure.code === 'client_version',
        )
    } finally {
      simulator.setRefusal('antigravity', 'anna', undefined)
    }
  })

  it('lists its models without the internal ones', async () => {
    const listed = (await antigravity.liveModels!(account, credential, vendorHttp))!.map(({ name }) => name)
    assert.ok(listed.includes('claude-sonnet-4-6'))
    assert.ok(!listed.some((name) => /^(?:chat|tab)_/.test(name)))
  })
})

describe('Gemini CLI alone, simulated', () => {
  before(() => logIn(geminiCli))

  it('has no such model', async () => {
    const { failure } = await ask('palm-2', { contents })
    assert.deepEqual([failure?.kind, failure?.scope], ['unknown-model', 'model'])
  })
})
