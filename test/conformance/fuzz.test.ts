/** Whatever bytes come, from clients or from upstreams: nothing throws, nothing hangs, nothing leaks into the next call. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { createGateway, type RunningGateway } from '../../src/index.ts'
import { KEY, ORIGIN } from './clients.ts'
import { corpus, corpusMissing, DIALECTS, type Dialect, type Json, sample } from './corpus.ts'
import { hear } from './hear.ts'

/** More of it: `FUZZ=50 node --test …`. */
const TIMES = Number(process.env['FUZZ'] ?? 1)

/** What the upstream says next. */
let bytes: Buffer[] = []
let type = 'text/event-stream'
let seen: string | undefined
let gateway: RunningGateway

before(async () => {
  gateway = await createGateway({
    config: {
      port: 0,
      'api-keys': [KEY],
      'request-retry': 0,
      'openai-compatibility': DIALECTS.map((protocol) => ({
        name: `stub-${protocol}`,
        'base-url': protocol.startsWith('openai') ? 'http://stub.test/v1' : 'http://stub.test',
        protocol,
        'disable-cooling': true,
        'api-key-entries': [{ 'api-key': `upstream-key-${protocol}` }],
        models: [{ name: 'recorded', alias: `m-${protocol}` }],
      })),
    },
    fetchUpstream: async (_, init) => {
      seen = Buffer.from(init?.body as Uint8Array).toString('utf8')
      const pieces = [...bytes]
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const next = pieces.shift()
          if (next === undefined) controller.close()
          else controller.enqueue(new Uint8Array(next))
        },
      })
      return new Response(body, { headers: { 'content-type': type } })
    },
  })
})

after(async () => {
  await gateway.close({ drainMs: 0 })
})

const QUESTIONS: Record<Dialect, (model: string, stream: boolean) => [string, Json]> = {
  anthropic: (model, stream) => [
    '/v1/messages',
    { model, stream, max_tokens: 99, messages: [{ role: 'user', content: 'hi' }] },
  ],
  'openai-chat': (model, stream) => [
    '/v1/chat/completions',
    { model, stream, messages: [{ role: 'user', content: 'hi' }] },
  ],
  'openai-responses': (model, stream) => ['/v1/responses', { model, stream, input: 'hi' }],
  gemini: (model, stream) => [
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  ],
}

/** One call, with a watch on its time. */
async function post(path: string, body: string | Buffer): Promise<{ status: number; text: string }> {
  const request = new Request(ORIGIN + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), 20_000)
  })
  try {
    return await Promise.race([
      late,
      (async () => {
        const response = await gateway.fetch(request)
        return { status: response.status, text: await response.text() }
      })(),
    ])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks while the upstream says this; what comes must be an answer or an error of the client's dialect, told once. */
async function answered(
  client: Dialect,
  upstream: Dialect,
  stream: boolean,
  said: Buffer[],
  as: string,
): Promise<string> {
  bytes = said
  type = as
  const [path, body] = QUESTIONS[client](`m-${upstream}`, stream)
  const { status, text } = await post(path, JSON.stringify(body))
  assert.notEqual(status, 500, `${client} ← ${upstream}: ${text.slice(0, 300)}`)
  if (status === 200 && stream) {
    // A reader that is not ours, and that forgives nothing.
    const datas: string[] = []
    const parser = createParser({
      onEvent: (e) => datas.push(e.data),
      onError: (error) => {
        throw error
      },
    })
    parser.feed(text)
    const errors = datas.filter((d) => d !== '[DONE]' && client !== upstream && isError(JSON.parse(d)))
    assert.ok(errors.length <= 1, `${errors.length} errors told`)
  } else if (client !== upstream || status !== 200) JSON.parse(text)
  return text
}

const isError = (json: Json) => json.type === 'error' || json.type === 'response.failed' || json.error != null

/** The text a client reads out of event stream text. */
function heardIn(client: Dialect, text: string) {
  const events: Json[] = []
  createParser({ onEvent: (e) => e.data !== '[DONE]' && events.push(JSON.parse(e.data)) }).feed(text)
  return hear(client, events, true)
}

/** A small good answer of each dialect. */
const GOOD: Record<Dialect, Json[]> = {
  anthropic: [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        content: [],
        model: 'm',
        stop_reason: null,
        usage: { input_tokens: 3, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße 👋🏽 \u2028 "x"' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} } },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"z":1,"a":9007199254740993,"__proto__":{"é":"👋"}}' },
    },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 7 } },
    { type: 'message_stop' },
  ],
  'openai-chat': [
    chunk({ role: 'assistant', content: 'Grüße 👋🏽 \u2028 "x"' }),
    chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }] }),
    chunk({
      tool_calls: [{ index: 0, function: { arguments: '{"z":1,"a":9007199254740993,"__proto__":{"é":"👋"}}' } }],
    }),
    chunk({}, 'tool_calls'),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 7, total_tokens: 10 } },
  ],
  'openai-responses': (() => {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', status: 'completed', arguments: '' }
    const args = '{"z":1,"a":9007199254740993,"__proto__":{"é":"👋"}}'
    const text = { type: 'output_text', text: 'Grüße 👋🏽 \u2028 "x"', annotations: [] }
    const message = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [text] }
    const response = {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      model: 'm',
      status: 'in_progress',
      output: [] as Json[],
    }
    const at = { output_index: 0, item_id: 'msg_1', content_index: 0 }
    return [
      { type: 'response.created', response },
      { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [], status: 'in_progress' } },
      { type: 'response.content_part.added', ...at, part: { ...text, text: '' } },
      { type: 'response.output_text.delta', ...at, delta: text.text },
      { type: 'response.output_text.done', ...at, text: text.text },
      { type: 'response.content_part.done', ...at, part: text },
      { type: 'response.output_item.done', output_index: 0, item: message },
      { type: 'response.output_item.added', output_index: 1, item: { ...call, status: 'in_progress' } },
      { type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1', delta: args },
      { type: 'response.function_call_arguments.done', output_index: 1, item_id: 'fc_1', arguments: args },
      { type: 'response.output_item.done', output_index: 1, item: { ...call, arguments: args } },
      {
        type: 'response.completed',
        response: {
          ...response,
          status: 'completed',
          output: [message, { ...call, arguments: args }],
          usage: { input_tokens: 3, output_tokens: 7, total_tokens: 10 },
        },
      },
    ].map((e, i) => ({ ...e, sequence_number: i }))
  })(),
  gemini: [
    {
      candidates: [{ content: { role: 'model', parts: [{ text: 'Grüße 👋🏽 \u2028 "x"' }] }, index: 0 }],
      responseId: 'r',
    },
    {
      candidates: [
        {
          content: { role: 'model', parts: [{ functionCall: { id: 'call_1', name: 'f', args: 'ARGS' } }] },
          index: 0,
          finishReason: 'STOP',
        },
      ],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 7, totalTokenCount: 10 },
    },
  ],
}

function chunk(delta: Json, finish: string | null = null): Json {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  }
}

const ARGUMENTS = '{"z":1,"a":9007199254740993,"__proto__":{"é":"👋"}}'

/** How an event stream may be written. */
interface Writing {
  newline: '\n' | '\r\n' | '\r'
  bom: boolean
  comments: boolean
  /** Data over several lines. */
  split: boolean
  done: boolean
  cuts: number[]
}

const writing: fc.Arbitrary<Writing> = fc.record({
  newline: fc.constantFrom('\n', '\r\n', '\r'),
  bom: fc.boolean(),
  comments: fc.boolean(),
  split: fc.boolean(),
  done: fc.boolean(),
  cuts: fc.array(fc.nat(4000), { maxLength: 30 }),
})

function written(dialect: Dialect, { newline, bom, comments, split, done, cuts }: Writing): Buffer[] {
  let text = bom ? '\ufeff' : ''
  for (const event of GOOD[dialect]) {
    const name = typeof event.type === 'string' ? `event: ${event.type}${newline}` : ''
    const json = JSON.stringify(event).replace('"ARGS"', ARGUMENTS)
    // A newline between two members is JSON's white space.
    const data = split ? json.replace(/,"/, `,${newline}data: "`) : json
    text += `${comments ? `: ping${newline}${newline}` : ''}${name}data: ${data}${newline}${newline}`
  }
  if (dialect === 'openai-chat' && done) text += `data: [DONE]${newline}${newline}`
  return cutAt(Buffer.from(text), cuts)
}

function cutAt(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...[...new Set(cuts.map((c) => c % whole.length))].sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, i) => whole.subarray(at[i], end))
}

const pair = fc.tuple(fc.constantFrom(...DIALECTS), fc.constantFrom(...DIALECTS))

describe('event streams of every writing', () => {
  it('say the same, however they are written and cut', { timeout: 120_000 * TIMES }, async () => {
    await fc.assert(
      fc.asyncProperty(pair, writing, async ([client, upstream], how) => {
        const text = await answered(client, upstream, true, written(upstream, how), 'text/event-stream')
        const heard = heardIn(client, text)
        assert.equal(heard.text, 'Grüße 👋🏽 \u2028 "x"')
        assert.equal(heard.calls.length, 1)
        assert.equal(heard.calls[0]!.name, 'f')
        // Big numbers, order and odd keys survive; where arguments are JSON within JSON, read its text.
        assert.ok(text.replaceAll('\\', '').includes('9007199254740993'), text)
        assert.ok(text.includes('__proto__'))
        assert.ok(text.replaceAll('\\', '').indexOf('"z":') < text.replaceAll('\\', '').indexOf('"a":'))
        assert.deepEqual(
          [heard.usage?.input, heard.usage?.output],
          client === 'openai-chat' && !heard.usage ? [undefined, undefined] : [3, 7],
        )
      }),
      { numRuns: 300 * TIMES },
    )
  })

  it('come gzipped without a header that says so', async () => {
    for (const client of DIALECTS)
      for (const upstream of DIALECTS) {
        const plain = Buffer.concat(
          written(upstream, { newline: '\n', bom: false, comments: false, split: false, done: true, cuts: [] }),
        )
        const text = await answered(client, upstream, true, cutAt(gzipSync(plain), [1, 2, 50]), 'text/event-stream')
        assert.equal(heardIn(client, text).text, 'Grüße 👋🏽 \u2028 "x"')
      }
  })

  it('hold a line of ten megabytes', { timeout: 120_000 * TIMES }, async () => {
    const long = 'ä'.repeat(5 * 1024 * 1024)
    for (const client of DIALECTS) {
      const upstream = client === 'anthropic' ? 'openai-chat' : 'anthropic'
      const plain = Buffer.concat(
        written(upstream, { newline: '\n', bom: false, comments: false, split: false, done: true, cuts: [] }),
      )
      const big = Buffer.from(plain.toString('utf8').replace('Grüße', long))
      const text = await answered(client, upstream, true, cutAt(big, [65_537, 3_000_001]), 'text/event-stream')
      assert.ok(heardIn(client, text).text.startsWith(long))
    }
  })

  it('are cut off anywhere, and then end in one error or in nothing at all', { timeout: 120_000 * TIMES }, async () => {
    await fc.assert(
      fc.asyncProperty(pair, writing, fc.nat(4000), async ([client, upstream], how, at) => {
        const whole = Buffer.concat(written(upstream, { ...how, cuts: [] }))
        await answered(
          client,
          upstream,
          true,
          cutAt(whole.subarray(0, at % whole.length), how.cuts.slice(0, 3)),
          'text/event-stream',
        )
      }),
      { numRuns: 300 * TIMES },
    )
  })

  it('hold nonsense in place of some bytes', { timeout: 120_000 * TIMES }, async () => {
    await fc.assert(
      fc.asyncProperty(
        pair,
        writing,
        fc.array(fc.tuple(fc.nat(4000), fc.uint8Array({ maxLength: 5 })), { maxLength: 4 }),
        async ([client, upstream], how, edits) => {
          let whole = Buffer.concat(written(upstream, { ...how, cuts: [] }))
          for (const [at, by] of edits) {
            const i = at % whole.length
            whole = Buffer.concat([whole.subarray(0, i), by, whole.subarray(i + by.length)])
          }
          bytes = [whole]
          type = 'text/event-stream'
          const [path, body] = QUESTIONS[client](`m-${upstream}`, true)
          const { status, text } = await post(path, JSON.stringify(body))
          assert.notEqual(status, 500, text.slice(0, 300))
        },
      ),
      { numRuns: 400 * TIMES },
    )
  })

  it('hold JSON of every form in place of their own', { timeout: 120_000 * TIMES }, async () => {
    await fc.assert(
      fc.asyncProperty(
        pair,
        fc.boolean(),
        fc.array(mutation(), { minLength: 1, maxLength: 3 }),
        async ([client, upstream], stream, edits) => {
          const events = structuredClone(GOOD[upstream])
          const end = events.at(-1)
          for (const edit of edits) apply(stream ? events : (end as Json), edit)
          const text = stream
            ? events
                .map((e) => `${typeof e?.type === 'string' ? `event: ${e.type}\n` : ''}data: ${JSON.stringify(e)}\n\n`)
                .join('')
            : JSON.stringify(upstream === 'openai-responses' ? end?.response : end)
          await answered(
            client,
            upstream,
            stream,
            [Buffer.from(text ?? '')],
            stream ? 'text/event-stream' : 'application/json',
          )
        },
      ),
      { numRuns: 600 * TIMES },
    )
  })

  it('are followed by a call that knows nothing of them', async () => {
    for (const client of DIALECTS)
      for (const upstream of DIALECTS) {
        const good = written(upstream, {
          newline: '\n',
          bom: false,
          comments: false,
          split: false,
          done: true,
          cuts: [],
        })
        const first = await answered(client, upstream, true, good, 'text/event-stream')
        await answered(
          client,
          upstream,
          true,
          [Buffer.from('data: {"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}\n\n')],
          'text/event-stream',
        )
        const again = await answered(client, upstream, true, good, 'text/event-stream')
        assert.deepEqual(heardIn(client, again), heardIn(client, first))
        assert.equal(({} as Json).polluted, undefined)
      }
  })
})

/** Puts any value somewhere. */
interface Mutation {
  path: number[]
  value: Json
  remove: boolean
}

function mutation(): fc.Arbitrary<Mutation> {
  const odd = fc.constantFrom<Json>(
    null,
    '',
    0,
    -1,
    1e300,
    true,
    [],
    {},
    [null],
    [[]],
    { type: 'text' },
    { type: {} },
    'x'.repeat(50),
    ['__proto__'],
    'length',
  )
  return fc.record({
    path: fc.array(fc.nat(12), { minLength: 1, maxLength: 9 }),
    value: fc.oneof(odd, fc.jsonValue()),
    remove: fc.boolean(),
  })
}

function apply(root: Json, { path, value, remove }: Mutation): void {
  let at = root
  for (const [i, step] of path.entries()) {
    if (typeof at !== 'object' || at === null) return
    const keys = Object.keys(at)
    if (keys.length === 0) return
    const key = keys[step % keys.length]!
    const next = at[key]
    if (i === path.length - 1 || typeof next !== 'object' || next === null) {
      if (remove && !Array.isArray(at)) delete at[key]
      else at[key] = structuredClone(value)
      return
    }
    at = next
  }
}

describe('requests of every form', () => {
  const GOOD_ANSWER: Record<Dialect, Json> = {
    anthropic: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'ok' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    },
    'openai-chat': {
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
    },
    'openai-responses': { id: 'resp_1', object: 'response', status: 'completed', output: [] },
    gemini: { candidates: [{ content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] },
  }

  async function asked(client: Dialect, upstream: Dialect, body: string | Buffer): Promise<void> {
    bytes = [Buffer.from(JSON.stringify(GOOD_ANSWER[upstream]))]
    type = 'application/json'
    const [path] = QUESTIONS[client](`m-${upstream}`, false)
    const { status, text } = await post(path, body)
    assert.ok(
      status === 200 || (status >= 400 && status < 500),
      `${client} → ${upstream}: ${status} ${text.slice(0, 400)}`,
    )
  }

  it('are answered or refused, never a fault of ours', { timeout: 180_000 * TIMES, skip: corpusMissing }, async () => {
    const requests = sample(
      corpus().filter((e) => e.request !== undefined && e.status === 200),
      160,
    )
    const size = (json: Json) => JSON.stringify(json).length
    const small = requests.filter((e) => size(e.request!.body) < 60_000)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...small),
        fc.constantFrom(...DIALECTS),
        fc.array(mutation(), { minLength: 1, maxLength: 4 }),
        async (e, upstream, edits) => {
          const body = structuredClone(e.request!.body)
          for (const edit of edits) apply(body, edit)
          await asked(e.dialect, upstream, JSON.stringify({ ...body, model: `m-${upstream}`, stream: false }))
        },
      ),
      { numRuns: 1500 * TIMES },
    )
  })

  it('are deep, or huge, or no JSON at all', { timeout: 120_000 * TIMES }, async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const deepObject = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    for (const client of DIALECTS)
      for (const upstream of DIALECTS) {
        const [, body] = QUESTIONS[client](`m-${upstream}`, false)
        const text = JSON.stringify(body)
        for (const odd of [
          '',
          'null',
          '[]',
          '"x"',
          '{',
          `${text.slice(0, -1)},"x":${deep}}`,
          `${text.slice(0, -1)},"tools":[{"type":"function","name":"f","input_schema":${deepObject},"function":{"name":"f","parameters":${deepObject}},"functionDeclarations":[{"name":"f","parameters":${deepObject}}],"parameters":${deepObject}}]}`,
          text.replace('"hi"', deep),
          text.replace('"hi"', `"${'x'.repeat(2_000_000)}"`),
        ])
          await asked(client, upstream, odd)
      }
  })

  it('keep big numbers, order and odd keys in schemas and arguments', async () => {
    const schema =
      '{"type":"object","properties":{"z":{"type":"integer","maximum":9007199254740993},"__proto__":{"type":"string"},"constructor":{"type":"string"},"a":{"type":"string"}},"required":["z"]}'
    const ask: Record<Dialect, string> = {
      anthropic: `{"max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":${ARGUMENTS}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}],"tools":[{"name":"f","input_schema":${schema}}]`,
      'openai-chat': `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":${JSON.stringify(ARGUMENTS)}}}]},{"role":"tool","tool_call_id":"call_1","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}]`,
      'openai-responses': `{"input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"call_1","name":"f","arguments":${JSON.stringify(ARGUMENTS)}},{"type":"function_call_output","call_id":"call_1","output":"ok"}],"tools":[{"type":"function","name":"f","parameters":${schema}}]`,
      gemini: `{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"id":"call_1","name":"f","args":${ARGUMENTS}}}]},{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"f","response":{"result":"ok"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":${schema}}]}]`,
    }
    for (const client of DIALECTS)
      for (const upstream of DIALECTS) {
        await asked(client, upstream, `${ask[client]},"model":"m-${upstream}"}`)
        const plain = seen!.replaceAll('\\', '')
        const where = `${client} → ${upstream}: ${plain}`
        assert.ok(plain.includes('"z":1,"a":9007199254740993,"__proto__":{"é":"👋"}'), where)
        for (const name of ['"__proto__":{"type":"string"}', '"constructor":{"type":"string"}'])
          assert.ok(plain.includes(name), `${name} ${where}`)
        assert.ok(plain.includes('"maximum":9007199254740993'), where)
      }
  })
})
