import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge as read } from '../../protocols/failures/judge.ts'
import { editContext, loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { vessel } from './body.ts'
import { iflow } from './index.ts'
import { judge } from './refusals.ts'

const account = loginAccount('iflow', 'https://apis.iflow.cn/v1')
const messages = [{ role: 'user', content: 'hi' }]
const edit = (model: string, body: Record<string, unknown>) => {
  const { body: out, losses } = vessel.edit({ messages, ...body }, editContext(account, { model }))
  const { messages: _, ...rest } = out
  return { rest, messages: out['messages'], lost: losses.map(({ field }) => field) }
}

describe('a request to iFlow', () => {
  const out = iflow.request(outgoing('openai-chat', { headers: ['User-Agent', 'x'] }), account, token())

  it('presents the API key that the login brought', () => {
    assert.equal(out.origin + out.path, 'https://apis.iflow.cn/v1/chat/completions')
    assert.deepEqual(values(out, 'authorization'), ['Bearer tok'])
  })

  it('goes out under our own name and signs as nobody else', () => {
    assert.match(values(out, 'user-agent').join(), /^logicaproxy\/[^,]+$/)
    for (const name of ['session-id', 'x-iflow-signature', 'x-iflow-timestamp']) assert.deepEqual(values(out, name), [])
  })
})

describe('what iFlow wants of a request', () => {
  it('no empty list of tools, which breaks its streams', () => {
    assert.deepEqual(edit('kimi-k2', { tools: [], tool_choice: 'auto' }).rest, {})
    assert.deepEqual(edit('kimi-k2', { tools: [1], tool_choice: 'auto' }).rest, { tools: [1], tool_choice: 'auto' })
  })

  it('thinking by the template', () => {
    for (const model of [
      'deepseek-v3.1',
      'deepseek-v3.2',
      'qwen3-32b',
      'qwen3-235b-a22b-thinking-2507',
      'qwen3-max-preview',
    ])
      assert.deepEqual(edit(model, { thinking: { type: 'enabled' } }).rest, {
        chat_template_kwargs: { enable_thinking: true },
      })
  })

  it('thinking that GLM keeps', () => {
    assert.deepEqual(edit('glm-4.6', { enable_thinking: true }), {
      rest: { chat_template_kwargs: { enable_thinking: true, clear_thinking: false } },
      messages,
      lost: [],
    })
    assert.deepEqual(edit('glm-4.6', { reasoning_effort: 'none' }).rest, {
      chat_template_kwargs: { enable_thinking: false },
    })
    assert.deepEqual(edit('glm-4.6', { reasoning: { enabled: false } }).rest, {
      chat_template_kwargs: { enable_thinking: false },
    })
  })

  it('how much to think cannot be said', () => {
    assert.deepEqual(edit('glm-4.6', { reasoning_effort: 'low' }).lost, ['reasoning_effort'])
    assert.deepEqual(edit('glm-4.6', { thinking: { type: 'enabled', budget_tokens: 5 } }).lost, [
      'thinking.budget_tokens',
    ])
    assert.deepEqual(edit('glm-4.6', { enable_thinking: true, thinking_budget: 5 }).lost, ['thinking_budget'])
    assert.deepEqual(edit('glm-4.6', { reasoning: { effort: 'high' } }).lost, ['reasoning.effort'])
  })

  it("the client's own word to the template stands", () => {
    const chat_template_kwargs = { enable_thinking: false, x: 1 }
    assert.deepEqual(edit('glm-4.6', { reasoning_effort: 'none', chat_template_kwargs }).rest, { chat_template_kwargs })
  })

  it('thoughts of MiniMax told apart, always', () => {
    assert.deepEqual(edit('minimax-m2', {}).rest, { reasoning_split: true })
    const off = edit('minimax-m2', { reasoning_effort: 'none' })
    assert.deepEqual([off.rest, off.lost], [{ reasoning_split: true }, ['reasoning_effort']])
    assert.deepEqual(edit('minimax-m2', { reasoning_effort: 'high' }).lost, [])
  })

  it('nothing of models without a switch', () => {
    assert.deepEqual(edit('qwen3-coder-plus', { reasoning_effort: 'high' }), {
      rest: {},
      messages,
      lost: ['reasoning_effort'],
    })
    assert.deepEqual(edit('qwen3-coder-plus', { reasoning_effort: 'none' }).lost, [])
  })

  it('thoughts of the history where they are', () => {
    const history = [{ role: 'assistant', content: 'x', reasoning_content: 'hm' }, ...messages]
    for (const model of ['glm-4.6', 'minimax-m2'])
      assert.deepEqual(edit(model, { messages: history }).messages, history)
  })

  it('the same bytes for the same request', () => {
    const body = { messages, reasoning_effort: 'high', tools: [] }
    const said = () => JSON.stringify(vessel.edit(body, editContext(account, { model: 'glm-4.6' })))
    assert.equal(said(), said())
    assert.deepEqual(Object.keys(body), ['messages', 'reasoning_effort', 'tools'])
  })
})

describe("iFlow's refusals", () => {
  const told = (status: number, body: object) => judge(read(status, {}, JSON.stringify(body)), status, {}, '')

  it('the end of the service is told', () => {
    const out = told(403, { status: '403', msg: 'The service has been closed.', body: null })
    assert.deepEqual([out.kind, out.scope], ['forbidden', 'account'])
    assert.match(out.message, /^The service has been closed\. iFlow closed on 17 April 2026/)
  })

  it('a rate limit in its own form is one', () => {
    const out = told(429, { status: '449', msg: 'You exceeded your current rate limit', body: null })
    assert.deepEqual(
      [out.kind, out.scope, out.message],
      ['rate-limited', 'model', 'You exceeded your current rate limit'],
    )
  })
})
