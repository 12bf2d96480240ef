/** The model `auto`, end to end: four dialects, whole and streamed, with conversations, resting accounts and refusals. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { parseFault } from '../src/simulator/index.ts'
import { type Answer, ask, chat, type Dialect, dialects, type Json, post } from './support/dialects.ts'
import { CLIENT_KEY, Clock, type Running, start, until } from './support/start.ts'

/** One endpoint for each model, so that each can be taken away by itself. */
const endpoints = (url: string, models: readonly string[] = ['coder', 'poet', 'quick', 'general']) => ({
  'openai-compatibility': models.map((model) => ({
    name: `at-${model}`,
    'base-url': `${url}/v1`,
    protocol: 'openai-chat',
    'api-key-entries': [{ 'api-key': `upstream-key-${model}` }],
    models: [{ name: 'gpt-5.2', alias: model }],
  })),
})
const ROUTES = { code: ['coder', 'quick'], creative: 'poet', fast: 'quick' }
const routed =
  (router: object = {}, more: object = {}) =>
  (url: string) => ({
    ...endpoints(url),
    'ai-router': { 'default-model': 'general', routes: ROUTES, ...router },
    ...more,
  })

const CODE = 'refactor this function to use async/await'
const POEM = 'write a poem about the sea'
const rest = (run: Running, model: string) => run.simulator.setKeyFault(`upstream-key-${model}`, parseFault('429:60'))
const told = (answer: Answer) =>
  ['category', 'route', 'confidence', 'reason'].map((name) => answer.headers[`x-ai-${name}`] ?? '')

/** A conversation of a dialect; what the model said is left at "ok". */
function talk(dialect: Dialect, model: string, turns: readonly string[], system?: string): Record<string, unknown> {
  const said = turns.flatMap((text, i) => [
    { role: 'user', text },
    ...(i < turns.length - 1 ? [{ role: 'assistant', text: 'ok' }] : []),
  ])
  switch (dialect.id) {
    case 'gemini':
      return {
        ...(system && { systemInstruction: { parts: [{ text: system }] } }),
        contents: said.map(({ role, text }) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text }] })),
      }
    case 'openai-responses':
      return {
        model,
        store: false,
        ...(system && { instructions: system }),
        input: said.map(({ role, text }) => ({ role, content: text })),
      }
    case 'openai-chat':
      return {
        model,
        messages: [
          ...(system ? [{ role: 'system', content: system }] : []),
          ...said.map(({ role, text }) => ({ role, content: text })),
        ],
      }
    case 'anthropic':
      return {
        model,
        max_tokens: 64,
        ...(system && { system }),
        messages: said.map(({ role, text }) => ({ role, content: text })),
      }
  }
}

const say = (
  run: Running,
  dialect: Dialect,
  turns: readonly string[],
  more: { model?: string; system?: string; stream?: boolean; headers?: Record<string, string> } = {},
) => {
  const { model = 'auto', stream = false } = more
  const body = { ...talk(dialect, model, turns, more.system), ...(stream && dialect.id !== 'gemini' && { stream }) }
  return post(run, dialect, dialect.path(model, stream), JSON.stringify(body), more.headers)
}

for (const dialect of dialects) {
  describe(`auto in ${dialect.id}`, () => {
    it('goes where the prompt belongs, whole and streamed, and tells why', async () => {
      await using run = await start(routed())
      for (const stream of [false, true]) {
        const code = await ask(run, dialect, { model: 'auto', text: CODE, stream })
        assert.equal(code.status, 200, code.raw)
        const [category, route, confidence, reason] = told(code)
        assert.deepEqual([category, route], ['code', 'coder'])
        assert.match(confidence!, /^0\.\d\d$/)
        for (const word of ['refactor', 'function', 'async/await']) assert.ok(reason!.includes(word), reason)
        assert.match(reason!, /^[\x20-\x7e]+$/)
        assert.deepEqual(told(await ask(run, dialect, { model: 'auto', text: POEM, stream })).slice(0, 2), [
          'creative',
          'poet',
        ])
      }
    })

    it('takes a reasoning suffix with it', async () => {
      await using run = await start(routed())
      const answer = await ask(run, dialect, { model: 'auto(high)', text: CODE })
      assert.equal(answer.status, 200, answer.raw)
      assert.deepEqual(told(answer).slice(0, 2), ['code', 'coder'])
      assert.equal((run.simulator.attempts().at(-1)!.body as Json).reasoning_effort, 'high')
    })

    it("judges what the user asks and not 30 KB of a coding agent's instructions", async () => {
      await using run = await start(routed())
      const system = `You are a coding agent, an interactive CLI that helps with software engineering tasks. ${'Refactor, run the tests, read files and edit them. '.repeat(600)}`
      const translate = await say(run, dialect, ['translate this sentence to French'], { system })
      assert.deepEqual(told(translate).slice(0, 2), ['fast', 'quick'])
      const poem = await say(run, dialect, ['fix the bug in the login function', POEM], { system })
      assert.deepEqual(told(poem).slice(0, 2), ['creative', 'poet'])
    })

    it('keeps the model of a conversation over 20 turns', async () => {
      await using run = await start(routed())
      const turns = [CODE]
      const asides = [
        'thanks, go on',
        'yes',
        'and the next file?',
        'why?',
        'continue',
        'summarise it',
        'hm, are you sure',
      ]
      const routes = new Set<string>()
      for (let i = 0; i < 20; i += 1) {
        const answer = await say(run, dialect, turns, { stream: i % 2 === 1 })
        assert.equal(answer.status, 200, answer.raw)
        routes.add(told(answer).slice(0, 2).join(' '))
        turns.push(asides[i % asides.length]!)
      }
      assert.deepEqual([...routes], ['code coder'])
      assert.match(told(await say(run, dialect, turns))[3]!, /stays with coder \(code\)/)
      // The same asides by themselves are no code.
      assert.deepEqual(told(await say(run, dialect, ['thanks, go on'])).slice(0, 2), ['fast', 'quick'])
    })

    it('leaves it when the conversation clearly turns to something else', async () => {
      await using run = await start(routed())
      await say(run, dialect, [CODE])
      const turned = await say(run, dialect, [CODE, 'Now write a short fairy tale about a dragon for my daughter'])
      assert.deepEqual(told(turned).slice(0, 2), ['creative', 'poet'])
      assert.match(told(turned)[3]!, /turned from code; creative: /)
      const after = await say(run, dialect, [
        CODE,
        'Now write a short fairy tale about a dragon for my daughter',
        'go on',
      ])
      assert.deepEqual(told(after).slice(0, 2), ['creative', 'poet'])
    })

    it('falls to the next model while all accounts of the first rest, and says so', async () => {
      const clock = new Clock()
      await using run = await start(routed(), { now: clock.now })
      rest(run, 'coder')
      const first = await ask(run, dialect, { model: 'auto', text: CODE })
      assert.equal(first.status, 200, first.raw)
      assert.deepEqual(told(first).slice(0, 2), ['code', 'quick'])
      assert.match(told(first)[3]!, /; coder failed \(429\): quick answers$/)
      const second = await ask(run, dialect, { model: 'auto', text: `${CODE} please`, stream: true })
      assert.deepEqual(told(second).slice(0, 2), ['code', 'quick'])
      assert.match(told(second)[3]!, /; coder has no usable account for \d+ s: quick answers$/)
      assert.equal(run.simulator.attempts({ key: 'upstream-key-coder' }).length, 1)
    })

    it('tells category, route, confidence and reason of errors, too', async () => {
      await using run = await start(routed({ 'default-model': '', routes: { code: 'coder', creative: 'nobody' } }))
      rest(run, 'coder')
      for (let i = 0; i < 2; i += 1) {
        const failed = await ask(run, dialect, { model: 'auto', text: CODE, stream: i === 1 })
        assert.equal(failed.status, 429)
        assert.deepEqual(told(failed).slice(0, 2), ['code', 'coder'])
        assert.match(told(failed)[2]!, /^0\.\d\d$/)
        assert.match(told(failed)[3]!, /coder (?:failed \(429\)|has no usable account for \d+ s)$/)
      }
      const unserved = await ask(run, dialect, { model: 'auto', text: POEM })
      assert.equal(unserved.status, 404)
      assert.deepEqual(told(unserved).slice(0, 2), ['creative', 'nobody'])
      assert.match(told(unserved)[3]!, /^creative: .*skipped nobody: it is served by no account$/)
    })
  })
}

describe('a conversation', () => {
  it('stays with the model that took over, when the first one is back', async () => {
    const clock = new Clock()
    await using run = await start(routed(), { now: clock.now })
    rest(run, 'coder')
    assert.equal(told(await say(run, chat, [CODE]))[1], 'quick')
    run.simulator.setKeyFault('upstream-key-coder', undefined)
    clock.pass(600)
    assert.equal(told(await say(run, chat, [CODE, 'go on']))[1], 'quick')
    assert.equal(told(await say(run, chat, [`${CODE}, the other one`]))[1], 'coder')
  })

  it('is known by the name its client gives it, and is nobody else by the same words', async () => {
    await using run = await start(routed())
    const headers = { 'x-session-id': 'mine' }
    assert.equal(told(await say(run, chat, [CODE], { headers }))[1], 'coder')
    assert.equal(told(await say(run, chat, ['thanks, go on'], { headers }))[1], 'coder')
    assert.equal(told(await say(run, chat, ['thanks, go on'], { headers: { 'x-session-id': 'yours' } }))[1], 'quick')
  })

  it('keeps its model over a reload, as long as the model is still in its route, and no longer than the time', async () => {
    const clock = new Clock()
    let config: Record<string, unknown> = {}
    await using run = await start(
      (url) => {
        config = { port: 0, 'api-keys': [CLIENT_KEY], 'request-retry': 0, ...routed()(url) }
        return config
      },
      { now: clock.now },
    )
    const headers = { 'x-session-id': 'mine' }
    const aside = async () =>
      told(await say(run, chat, ['thanks, go on'], { headers }))
        .slice(0, 2)
        .join(' ')
    await say(run, chat, [CODE], { headers })
    await run.gateway.reload({ ...config, debug: true })
    assert.equal(await aside(), 'code coder')
    clock.pass(3_500)
    assert.equal(await aside(), 'code coder')
    await run.gateway.reload({
      ...config,
      'ai-router': { 'default-model': 'general', routes: { ...ROUTES, code: 'poet' } },
    })
    assert.equal(await aside(), 'fast quick')
    await run.gateway.reload(config)
    await say(run, chat, [CODE, 'fix the bug in this python function, it raises a TypeError'], { headers })
    clock.pass(3_601)
    assert.equal(await aside(), 'fast quick')
  })

  it('is decided anew each time where sticky is off', async () => {
    await using run = await start(routed({ sticky: false }))
    const headers = { 'x-session-id': 'mine' }
    assert.equal(told(await say(run, chat, [CODE], { headers }))[1], 'coder')
    assert.equal(told(await say(run, chat, ['thanks, go on'], { headers }))[1], 'quick')
  })
})

describe('auto', () => {
  it('counts tokens by the model it would choose, and that binds no conversation', async () => {
    await using run = await start(routed())
    const [anthropic] = dialects
    const headers = { 'x-session-id': 'mine' }
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: CODE }] })
    const counted = await post(run, anthropic!, '/v1/messages/count_tokens', body, headers)
    assert.equal(counted.status, 200, counted.raw)
    assert.deepEqual(told(counted).slice(0, 2), ['code', 'coder'])
    assert.equal(told(await say(run, anthropic!, ['thanks, go on'], { headers }))[1], 'quick')
  })

  it('in a dry run tells and does not route', async () => {
    await using run = await start(routed({ 'dry-run': true }))
    const answer = await ask(run, chat, { model: 'auto', text: CODE })
    assert.deepEqual(told(answer).slice(0, 2), ['code', 'general'])
    assert.match(told(answer)[3]!, /^dry run, coder would answer: code: /)
  })

  it('has routes of its own for a client whose key says so', async () => {
    const keys = [
      CLIENT_KEY,
      { name: 'second', key: 'second-key-1234567890', 'ai-router': { routes: { code: 'poet' } } },
    ]
    await using run = await start(routed({}, { 'api-keys': keys }))
    assert.equal(told(await ask(run, chat, { model: 'auto', text: CODE }))[1], 'coder')
    const headers = { authorization: 'Bearer second-key-1234567890' }
    assert.equal(told(await ask(run, chat, { model: 'auto', text: CODE, headers }))[1], 'poet')
  })

  it('heeds keywords and examples of the config', async () => {
    const categories = {
      support: { keywords: ['refund'], examples: ['My parcel has not arrived, what can I do?'] },
    }
    await using run = await start(routed({ categories, routes: { ...ROUTES, support: 'poet' } }))
    for (const text of ['I want a refund for order 7', 'my parcel has still not arrived, what can I do now?']) {
      const answer = await ask(run, chat, { model: 'auto', text })
      assert.deepEqual(told(answer).slice(0, 2), ['support', 'poet'], text)
    }
  })

  it("takes an embedder's classifier in place of the built-in one", async () => {
    await using run = await start(routed(), {
      classifier: () => ({ category: 'creative', reason: 'everything is art' }),
    })
    assert.deepEqual(told(await ask(run, chat, { model: 'auto', text: CODE })), [
      'creative',
      'poet',
      '',
      'everything is art',
    ])
  })

  it('is told in the record of the call', async () => {
    await using run = await start(routed())
    await ask(run, chat, { model: 'auto', text: CODE })
    await until(() => run.calls.length === 1)
    const { category, confidence, routedModel, reason } = run.calls[0]!
    assert.deepEqual([category, routedModel], ['code', 'coder'])
    assert.ok(confidence! > 0.8 && reason!.startsWith('code: '))
  })

  it('survives what is no request: empty, emoji, binary and a megabyte', async () => {
    await using run = await start(routed())
    for (const text of ['', '🙂🙂', '\u0000\u0001\u0002', 'lorem ipsum '.repeat(90_000)]) {
      const answer = await ask(run, chat, { model: 'auto', text })
      assert.ok(answer.headers['x-ai-category'], JSON.stringify(text.slice(0, 10)))
      assert.ok(answer.headers['x-ai-route'])
    }
  })

  it('is answered over a WebSocket, and a conversation there keeps its model', async () => {
    await using run = await start(routed())
    const ws = new WebSocket(`${run.url.replace('http', 'ws')}/v1/responses`, {
      headers: { authorization: `Bearer ${CLIENT_KEY}` },
    })
    const frames: Json[] = []
    ws.on('message', (data) => frames.push(JSON.parse(String(data))))
    await once(ws, 'open')
    const turn = async (input: string, previous?: string): Promise<string> => {
      const from = frames.length
      ws.send(
        JSON.stringify({
          type: 'response.create',
          model: 'auto',
          input,
          ...(previous && { previous_response_id: previous }),
        }),
      )
      await until(() => frames.slice(from).some((f) => f.type === 'response.completed'), 5_000)
      return frames.at(-1).response.id
    }
    const first = await turn(CODE)
    await turn('thanks, go on', first)
    ws.close()
    await until(() => run.calls.length === 2)
    assert.deepEqual(
      run.calls.map((c) => [c.category, c.servedModel]),
      [
        ['code', 'coder'],
        ['code', 'coder'],
      ],
    )
  })
})
