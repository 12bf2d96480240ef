import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Account, Credential } from '../../accounts/account.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { loginAccount } from '../testing/logins.ts'
import { ask, codexToken, http, standIn } from '../testing/simulated.ts'
import { codex } from './index.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000

type Json = Record<string, unknown>

describe('a ChatGPT login at the simulated vendor', () => {
  let sim: Simulator
  let account: Account
  let credential: Credential
  const send = (body: Json, more = {}) => ask(codex, account, credential, { model: 'gpt-5.5', ...body }, more)

  before(async () => {
    sim = await createSimulator({ now: () => NOW })
    account = loginAccount('codex', standIn(sim, 'https://chatgpt.com/backend-api/codex'), {
      speaks: ['openai-responses'],
    })
    credential = await codexToken(sim, 'anna')
  })
  after(() => sim.close())

  it('is answered though the client asked for much that the backend refuses', async () => {
    const answer = await send(
      {
        input: [
          { role: 'system', content: 'Be brief.' },
          { type: 'message', id: 'msg_1', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
        ],
        max_output_tokens: 10,
        temperature: 0.2,
        metadata: { a: 'b' },
        truncation: 'auto',
        tools: [{ type: 'web_search_preview' }],
        stream: false,
      },
      { session: 's' },
    )
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.losses, ['max_output_tokens', 'temperature', 'truncation', 'metadata'])
  })

  it('always ends with its output, and the allowances are read and kept', async () => {
    let empty = 0
    for (let i = 0; i < 8; i += 1) {
      const { events, came, text } = await send({ input: `question ${i}` })
      const last = events.at(-1) as { type: string; response: { output: unknown[] } }
      assert.equal(last?.type, 'response.completed', text)
      assert.ok(last.response.output.length > 0)
      if (JSON.parse(came.at(-1)!.data).response.output.length === 0) empty += 1
      assert.ok(came.some(({ event }) => event === 'codex.rate_limits'))
      assert.ok(!events.some(({ type }) => type === 'codex.rate_limits'))
      const reading = came.flatMap(({ event, data }) => codex.quota!.fromEvent!(event, data, NOW) ?? [])[0]
      assert.deepEqual(
        reading?.windows.map(({ id }) => id),
        ['5h', '7d'],
      )
    }
    assert.ok(empty > 0, 'the simulator sends the output with every end')
  })

  it('replays its reasoning, and calls of tools', async () => {
    const tools = [{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} } }]
    const question = { role: 'user', content: 'look please' }
    const first = await send({ input: [question], tools, tool_choice: 'required', reasoning: { effort: 'high' } })
    const output = (first.events.at(-1) as { response: { output: Json[] } }).response.output
    const call = output.find(({ type }) => type === 'function_call')
    assert.ok(call !== undefined, first.text)
    const input = [question, ...output, { type: 'function_call_output', call_id: call['call_id'], output: 'seen' }]
    const second = await send({ input, tools, reasoning: { effort: 'high' } })
    assert.equal(second.status, 200, second.text)
  })

  it("is refused another account's reasoning in words the road understands", async () => {
    const first = await send({ input: 'think', reasoning: { effort: 'high' } })
    const sealed = (first.events.at(-1) as { response: { output: Json[] } }).response.output.find(
      ({ type }) => type === 'reasoning',
    )
    assert.equal(typeof sealed?.['encrypted_content'], 'string', first.text)
    const ben = await codexToken(sim, 'ben')
    const answer = await ask(codex, account, ben, {
      model: 'gpt-5.5',
      input: [sealed, { role: 'user', content: 'on' }],
    })
    assert.equal(answer.failure?.code, 'invalid_encrypted_content', answer.text)
    assert.equal(answer.failure?.scope, 'request')
  })

  it('compacts', async () => {
    const answer = await send({ input: 'a long talk', store: true, stream: true }, { action: 'compact', stream: false })
    assert.equal(answer.status, 200, answer.text)
    assert.ok(Array.isArray(JSON.parse(answer.text).output))
  })

  it('reads its usage, headers and models', async () => {
    const { headers } = await send({ input: 'x' })
    const told = codex.quota!.fromHeaders!(headers, NOW)
    assert.deepEqual([told?.plan, told?.allowed, told?.windows.length], ['plus', true, 2])
    const usage = await codex.quota!.ask!(account, credential, http, NOW)
    assert.deepEqual(
      usage?.windows.map(({ id }) => id),
      ['5h', '7d'],
    )
    assert.equal(usage?.plan, 'plus')
    const models = await codex.liveModels!(account, credential, http)
    assert.deepEqual(models?.[0], {
      name: 'gpt-5.6-sol',
      upstream: 'gpt-5.6-sol',
      contextLength: 372_000,
      efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
    })
    assert.ok(!models?.some(({ name }) => name === 'codex-auto-review'))
  })

  it('learns that its plan lacks a model, and lets others be tried', async () => {
    sim.setPlan('codex', 'anna', 'free')
    const { failure } = await send({ model: 'gpt-5.4', input: 'x' })
    sim.setPlan('codex', 'anna', 'plus')
    assert.deepEqual([failure?.kind, failure?.scope], ['unknown-model', 'model'])
  })

  it('learns that a window is used up, and until when', async () => {
    sim.setQuota('codex', 'anna', '7d', { used: 100, resetsAt: NOW + 5 * HOUR })
    const { failure } = await send({ input: 'x' })
    const usage = await codex.quota!.ask!(account, credential, http, NOW)
    sim.setQuota('codex', 'anna', '7d', { used: 0 })
    assert.deepEqual([failure?.kind, failure?.scope], ['quota-exhausted', 'account'])
    assert.match(failure!.message, /until 2026-11-22 17:00 UTC/)
    assert.deepEqual([usage?.allowed, usage?.windows[1]?.exhausted], [false, true])
  })

  const refusals: Record<string, [kind: string, scope: string]> = {
    usage_limit_reached: ['quota-exhausted', 'account'],
    usage_not_included: ['quota-exhausted', 'account'],
    token_invalidated: ['unauthorized', 'account'],
    'at-capacity': ['overloaded', 'model'],
    overloaded: ['overloaded', 'model'],
    'slow-down': ['overloaded', 'model'],
  }
  for (const [name, [kind, scope]] of Object.entries(refusals))
    it(`understands the refusal "${name}"`, async () => {
      sim.setRefusal('codex', 'anna', name)
      const { failure, text } = await send({ input: 'x' })
      sim.setRefusal('codex', 'anna', undefined)
      assert.deepEqual([failure?.kind, failure?.scope], [kind, scope], text)
      assert.ok(failure!.message.startsWith(JSON.parse(text).error.message))
    })
})
