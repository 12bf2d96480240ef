import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolOf } from '../../protocols/index.ts'
import { version } from '../../version.ts'
import { modelFacts } from '../families.ts'
import { OWN_AGENT } from '../login-request.ts'
import type { Outgoing } from '../provider.ts'
import { editContext, loginAccount, outgoing, token, values, vendor } from '../testing/logins.ts'
import { NOT_KEPT } from './body.ts'
import { kimi } from './index.ts'

type Json = Record<string, unknown>

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000
const login = loginAccount('kimi', 'https://api.kimi.com/coding', { speaks: ['openai-chat', 'anthropic'] })
const tok = token({ 'device-id': 'd1' })

describe('a request of a Kimi login', () => {
  const send = (protocol: string, over: Partial<Outgoing> = {}) => kimi.request(outgoing(protocol, over), login, tok)
  const url = (protocol: string, over: Partial<Outgoing> = {}) =>
    send(protocol, over).origin + send(protocol, over).path

  it('goes to the path of its dialect', () => {
    assert.equal(url('openai-chat'), 'https://api.kimi.com/coding/v1/chat/completions')
    assert.equal(url('anthropic'), 'https://api.kimi.com/coding/v1/messages')
    assert.equal(
      url('anthropic', { action: 'count-tokens', query: '?a=b' }),
      'https://api.kimi.com/coding/v1/messages/count_tokens?a=b',
    )
    assert.throws(() => send('gemini'), /not addressed in gemini/)
  })

  it('carries the bearer, and the truth about program and device', () => {
    for (const protocol of ['openai-chat', 'anthropic']) {
      const request = send(protocol, { headers: ['User-Agent', 'curl'] })
      assert.deepEqual(values(request, 'authorization'), ['Bearer tok'])
      assert.deepEqual(values(request, 'user-agent'), [OWN_AGENT])
      assert.deepEqual(values(request, 'x-msh-platform'), ['logicaproxy'])
      assert.deepEqual(values(request, 'x-msh-version'), [version])
      assert.deepEqual(values(request, 'x-msh-device-name'), ['LogicaProxy'])
      assert.deepEqual(values(request, 'x-msh-device-model'), [`${process.platform} ${process.arch}`])
      assert.deepEqual(values(request, 'x-msh-device-id'), ['d1'])
    }
    assert.deepEqual(values(send('anthropic'), 'anthropic-version'), ['2023-06-01'])
    assert.deepEqual(values(send('openai-chat'), 'anthropic-version'), [])
  })

  it('has a device of the account where the login named none, the same every time', () => {
    const id = () => values(kimi.request(outgoing('openai-chat'), login, token()), 'x-msh-device-id')[0]!
    assert.match(id(), /^[0-9a-f]{32}$/)
    assert.equal(id(), id())
  })

  it("leaves the headers of Kimi's own program as they are", () => {
    const headers = ['User-Agent', 'KimiCLI/1.10.6', 'X-Msh-Platform', 'kimi_cli', 'X-Msh-Device-Id', 'theirs']
    assert.deepEqual(send('openai-chat', { headers }).headers.slice(0, headers.length), headers)
  })
})

describe('a body for Kimi', () => {
  // With a list of its own the account's names are exact, and stay.
  const listed = { ...login, models: [] }
  const edit = (body: Json, model = 'kimi-k2.6', protocol = 'openai-chat') =>
    kimi.vessel!(login)!.edit(body, editContext(listed, { protocol, model }))

  it('says thinking where the dialect says effort', () => {
    const thinking = (reasoning_effort: string) => edit({ messages: [], reasoning_effort }).body
    assert.deepEqual(thinking('high'), {
      model: 'kimi-k2.6',
      messages: [],
      thinking: { type: 'enabled', effort: 'high' },
    })
    assert.deepEqual(thinking('minimal')['thinking'], { type: 'enabled', effort: 'low' })
    assert.deepEqual(thinking('max')['thinking'], { type: 'enabled', effort: 'high' })
    assert.deepEqual(thinking('none')['thinking'], { type: 'disabled' })
  })

  it("keeps the client's own thinking", () => {
    const thinking = { type: 'enabled', effort: 'low' }
    assert.deepEqual(edit({ thinking, reasoning_effort: 'high' }), {
      body: { model: 'kimi-k2.6', thinking },
      losses: [],
    })
  })

  it('asks nothing of a model that does not think, and says so', () => {
    assert.deepEqual(edit({ reasoning_effort: 'high' }, 'kimi-k2').losses, [
      { field: 'reasoning_effort', reason: 'kimi-k2 does not think' },
    ])
    assert.deepEqual(edit({ reasoning_effort: 'none' }, 'kimi-k2-0905'), {
      body: { model: 'kimi-k2-0905' },
      losses: [],
    })
  })

  it('has reasoning with every call of a tool in the history, and keeps what is there', () => {
    const call = { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] }
    const kept = { ...call, reasoning_content: 'because' }
    const messages = [
      { role: 'user', content: 'x' },
      call,
      kept,
      { role: 'assistant', content: 'done' },
      { role: 'tool', tool_call_id: 'c' },
    ]
    const edited = edit({ messages }).body['messages']
    assert.deepEqual(edited, (messages as Json[]).with(1, { ...call, reasoning_content: NOT_KEPT }))
    assert.deepEqual(edit({ messages, thinking: { type: 'disabled' } }).body['messages'], messages)
    assert.deepEqual(edit({ messages }, 'kimi-k2').body['messages'], messages)
    assert.deepEqual(call, { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] })
  })

  it('is the very same object where nothing changes, and always in the Anthropic dialect', () => {
    const plain = { model: 'kimi-k2.6', messages: [{ role: 'user', content: 'x' }] }
    assert.equal(edit(plain).body, plain)
    const anthropic = { model: 'kimi-k2.6', reasoning_effort: 'high' }
    assert.equal(edit(anthropic, 'kimi-k2.6', 'anthropic').body, anthropic)
  })

  it('has the name that Kimi knows: of a bundled model without the prefix, of the account’s own list as it stands there', () => {
    const name = (model: string, account = login) =>
      kimi.vessel!(account)!.edit({ model: 'asked' }, editContext(account, { model, protocol: 'anthropic' })).body[
        'model'
      ]
    assert.deepEqual(
      ['kimi-k2.5', 'kimi-k2', 'kimi-for-coding', 'k3'].map((m) => name(m)),
      ['k2.5', 'k2', 'kimi-for-coding', 'k3'],
    )
    assert.equal(name('kimi-k2.5', listed), 'kimi-k2.5')
    assert.equal(name('kimi-k2.5', { ...listed, open: true }), 'k2.5')
  })

  it('is the same to the byte for the same request', () => {
    const said = '{"a":1,"reasoning_effort":"low","messages":[{"role":"assistant","tool_calls":[{}]}]}'
    assert.equal(JSON.stringify(edit(JSON.parse(said))), JSON.stringify(edit(JSON.parse(said))))
  })
})

describe('the usage of a Kimi login', () => {
  const usages = {
    user: { membership: { level: 'LEVEL_INTERMEDIATE' } },
    usage: { limit: '2048', used: '512', remaining: '1536', resetTime: '2026-11-25T12:00:00Z' },
    limits: [
      {
        window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' },
        detail: { limit: '200', remaining: '50', resetTime: '2026-11-22T14:00:00Z' },
      },
    ],
  }

  it('is asked with the bearer and read as a week and five hours', async () => {
    const { http, asked } = vendor(usages)
    assert.deepEqual(await kimi.quota!.ask!(login, tok, http, NOW), {
      at: NOW,
      windows: [
        { id: '7d', title: 'week', used: 0.25, resetsAt: NOW + 72 * HOUR, lengthMs: 168 * HOUR },
        { id: '5h', title: '5 hours', used: 0.75, resetsAt: NOW + 2 * HOUR, lengthMs: 5 * HOUR },
      ],
      allowed: true,
      plan: 'intermediate',
    })
    assert.equal(asked[0]?.url, 'https://api.kimi.com/coding/v1/usages')
    assert.equal(asked[0]?.headers?.['x-msh-platform'], 'logicaproxy')
  })

  it('is read in its other spellings, and tells a full window', async () => {
    const other = {
      limits: [
        { name: 'burst', used: 10, limit: 10, reset_at: NOW / 1000 + 60 },
        { window: { duration: 5, time_unit: 'HOUR' }, detail: { limit: 4, used: 1 } },
        { detail: { limit: 0 } },
      ],
    }
    assert.deepEqual(await kimi.quota!.ask!(login, tok, vendor(other).http, NOW), {
      at: NOW,
      windows: [
        { id: 'burst', title: 'burst', used: 1, resetsAt: NOW + 60_000, exhausted: true },
        { id: '5h', title: '5 hours', used: 0.25, lengthMs: 5 * HOUR },
      ],
      allowed: false,
    })
    assert.equal(await kimi.quota!.ask!(login, tok, vendor({}).http, NOW), undefined)
  })
})

describe("Kimi's refusals", () => {
  const refusal = (status: number, type: string, message: string) => {
    const body = JSON.stringify({ error: { message, type } })
    return kimi.judge!(protocolOf('openai-chat').failure.decode(status, {}, body), status, {}, body)
  }

  it('over who asks stay word for word and rotate nothing', () => {
    const text =
      'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code, Kilo Code, etc.'
    const f = refusal(403, 'access_terminated_error', text)
    assert.deepEqual([f.kind, f.scope], ['forbidden', 'request'])
    assert.ok(f.message.startsWith(`${text} Kimi takes this login`))
  })

  it('over the allowance rest the account, though they bear the type of an end', () => {
    for (const [status, type, text] of [
      [403, 'access_terminated_error', "You've reached your usage limit for this billing cycle."],
      [429, 'exceeded_current_quota_error', 'Your account is suspended.'],
      [403, 'access_terminated_error', 'Quota exhausted. Upgrade your plan.'],
    ] as const) {
      const f = refusal(status, type, text)
      assert.deepEqual([f.kind, f.scope], ['quota-exhausted', 'account'], text)
    }
  })

  it('of other kinds', () => {
    const kinds = (status: number, type: string, text = 'm') => {
      const { kind, scope } = refusal(status, type, text)
      return [kind, scope]
    }
    assert.deepEqual(kinds(403, 'access_terminated_error'), ['forbidden', 'account'])
    assert.deepEqual(kinds(429, 'engine_overloaded_error'), ['overloaded', 'model'])
    assert.deepEqual(kinds(429, 'rate_limit_reached_error', 'max RPM: 20, please try again after 1 seconds'), [
      'rate-limited',
      'model',
    ])
    assert.deepEqual(kinds(401, 'invalid_authentication_error'), ['unauthorized', 'account'])
    assert.deepEqual(kinds(400, 'invalid_request_error', 'usage limit exceeded'), ['invalid-request', 'request'])
  })
})

describe('the models of Kimi', () => {
  it('are asked of the account', async () => {
    const { http, asked } = vendor({ data: [{ id: 'kimi-for-coding', context_length: 262_144 }, { id: 'k2.5' }, {}] })
    assert.deepEqual(await kimi.liveModels!(login, tok, http), [
      { name: 'kimi-for-coding', upstream: 'kimi-for-coding', contextLength: 262_144 },
      { name: 'kimi-k2.5', upstream: 'k2.5' },
    ])
    assert.equal(asked[0]?.url, 'https://api.kimi.com/coding/v1/models')
    assert.equal(await kimi.liveModels!(login, tok, vendor({}).http), undefined)
  })

  it('think, but for the first', () => {
    for (const id of ['kimi-k2', 'k2', 'kimi-k2-turbo']) assert.equal(modelFacts([kimi], id)?.reasons, false, id)
    for (const id of [
      'kimi-k2-thinking',
      'kimi-k2.5',
      'kimi-k2.7-code-highspeed',
      'kimi-k3',
      'kimi-for-coding',
      'k2.5',
      'k2-thinking',
    ])
      assert.equal(modelFacts([kimi], id)?.reasoning?.by, 'effort', id)
    for (const { id } of kimi.models) assert.ok(kimi.serves(id))
  })
})
