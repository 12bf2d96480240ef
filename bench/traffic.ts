/**
 * What clients send and upstreams answer: the traffic of a coding agent, made up but shaped like the real thing (many
 * escapes, tools with schemas, some text beyond ASCII), and the same on every run.
 */

const WORDS =
  `the cache reads a file before it writes and keeps the newest entry under its key so that a second caller finds it
there without another round trip while an error in between is told with its path and line`.split(/\s+/)
const NAMES = 'session buffer entry parser request handler index config stream result token limit'.split(' ')

/** Small numbers that look like chance and are none. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function prose(random: () => number, words: number): string {
  const out: string[] = []
  for (let i = 0; i < words; i += 1) out.push(WORDS[Math.floor(random() * WORDS.length)]!)
  return `${out.join(' ')} – “ready”.`
}

function code(random: () => number, lines: number): string {
  const name = () => NAMES[Math.floor(random() * NAMES.length)]!
  const out: string[] = []
  for (let i = 0; i < lines; i += 1) {
    const [a, b, c] = [name(), name(), name()]
    out.push(
      [
        `export function ${a}${i}(${b}: string, ${c}: number): string | undefined {`,
        `  const ${a} = ${b}.split("\\n").filter((line) => !/^\\s*\\/\\//.test(line))`,
        `\tif (${a}.length > ${Math.floor(random() * 900)}) throw new Error(\`${b} "\${${c}}" is too large\`)`,
        `  return ${a}.at(${c} % ${a}.length) ?? '${b}\\t${c}'`,
        '}',
        '',
      ][i % 6]!,
    )
  }
  return out.join('\n')
}

function tool(random: () => number, index: number): object {
  const name = `${NAMES[index % NAMES.length]}_${index}`
  return {
    type: 'function',
    function: {
      name,
      description: prose(random, 18),
      parameters: {
        type: 'object',
        properties: {
          file_path: { type: 'string', description: prose(random, 8) },
          // A name that a careless search would take for the model of the request.
          model: { type: 'string', enum: ['small', 'large'] },
          limit: { type: 'integer', minimum: 1, maximum: 2000 },
        },
        required: ['file_path'],
        additionalProperties: false,
      },
    },
  }
}

/** One of many tools that have to find room in a small request. */
function smallTool(index: number): object {
  const name = `${NAMES[index % NAMES.length]}_${index}`
  const properties = { path: { type: 'string' } }
  return {
    type: 'function',
    function: { name, description: `Reads a ${name}.`, parameters: { type: 'object', properties } },
  }
}

/**
 * A chat completions request of exactly so many bytes, `model` first, as the SDKs send it.
 * @param toolCount so many small tools in place of the usual ones.
 */
export function chatBody(model: string, bytes: number, stream: boolean, toolCount?: number): Buffer {
  const random = chance(bytes)
  const tools =
    toolCount === undefined
      ? Array.from({ length: bytes < 8_000 ? 1 : 14 }, (_, i) => tool(random, i))
      : Array.from({ length: toolCount }, (_, i) => smallTool(i))
  const crowded = toolCount !== undefined && bytes < 8_000
  const messages: object[] = [
    { role: 'system', content: `You are a coding agent.\n${prose(random, crowded ? 4 : bytes < 8_000 ? 30 : 900)}` },
    { role: 'user', content: `Please look at this:\n\`\`\`ts\n${code(random, crowded ? 2 : 6)}\n\`\`\`` },
  ]
  const spell = (more: object[]) => JSON.stringify({ model, messages: [...messages, ...more], tools, stream })
  let size = Buffer.byteLength(spell([]))
  for (let turn = 0; size < bytes - 5_000; turn += 1) {
    const id = `call_${turn.toString(36).padStart(8, '0')}`
    const call = { file_path: `src/${NAMES[turn % NAMES.length]}.ts`, limit: 200 }
    const added = [
      {
        role: 'assistant',
        content: prose(random, 20),
        tool_calls: [{ id, type: 'function', function: { name: 'buffer_1', arguments: JSON.stringify(call) } }],
      },
      { role: 'tool', tool_call_id: id, content: code(random, 60) },
    ]
    messages.push(...added)
    size += Buffer.byteLength(JSON.stringify(added))
  }
  // Filled up to the byte with plain text in a last turn.
  const bare = Buffer.byteLength(spell([{ role: 'user', content: '' }]))
  const missing = Math.max(0, bytes - bare)
  const filling = `${WORDS.join(' ')} `.repeat(Math.ceil(missing / 100)).slice(0, missing)
  return Buffer.from(spell([{ role: 'user', content: filling }]))
}

/** What the official SDK for JavaScript sends beside the body; names and values in turn. */
const SDK_HEADERS = [
  ['accept', 'application/json'],
  ['content-type', 'application/json'],
  ['user-agent', 'OpenAI/JS 7.57.0'],
  ['x-stainless-retry-count', '0'],
  ['x-stainless-lang', 'js'],
  ['x-stainless-package-version', '7.57.0'],
  ['x-stainless-os', 'Linux'],
  ['x-stainless-arch', 'x64'],
  ['x-stainless-runtime', 'node'],
  ['x-stainless-runtime-version', 'v24.21.0'],
  ['accept-language', '*'],
  ['sec-fetch-mode', 'cors'],
  ['accept-encoding', 'gzip, deflate'],
] as const

/** A whole request as it goes over the wire. */
export function requestBytes(port: number, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const lines = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'connection: keep-alive',
    ...SDK_HEADERS.map(([name, value]) => `${name}: ${value}`),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

/** What an upstream of that kind puts before its answers. */
const VENDOR_HEADERS = `date: Sun, 22 Nov 2026 12:00:00 GMT
openai-organization: bench
openai-processing-ms: 412
openai-version: 2020-10-01
x-ratelimit-limit-requests: 10000
x-ratelimit-limit-tokens: 2000000
x-ratelimit-remaining-requests: 9999
x-ratelimit-remaining-tokens: 1999000
x-ratelimit-reset-requests: 6ms
x-ratelimit-reset-tokens: 30ms
x-request-id: req_0123456789abcdef0123456789abcdef
strict-transport-security: max-age=31536000
cf-cache-status: DYNAMIC
server: cloudflare
cf-ray: 99c0ffee0000-FRA`
  .split('\n')
  .join('\r\n')

const USAGE = { prompt_tokens: 1200, completion_tokens: 90, total_tokens: 1290 }

/** A whole answer of about 1 KB. */
export function wholeAnswer(body: object = completion()): Buffer {
  const text = JSON.stringify(body)
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${VENDOR_HEADERS}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

/** What a whole answer says. */
export const ANSWER_TEXT = `${prose(chance(7), 110)}\n${code(chance(8), 5)}`

function completion(): object {
  const content = ANSWER_TEXT
  return {
    id: 'chatcmpl-bench0123456789abcdefgh',
    object: 'chat.completion',
    created: 1_763_800_000,
    model: 'mock',
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }],
    usage: USAGE,
    service_tier: 'default',
  }
}

export const STREAM_HEAD = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n${VENDOR_HEADERS}\r\ntransfer-encoding: chunked\r\n\r\n`,
)

/** One event in one chunk, as vendors frame them. */
export function chunkOf(data: string, type?: string): string {
  const event = `${type === undefined ? '' : `event: ${type}\n`}data: ${data}\n\n`
  return `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`
}

function chatChunk(delta: object, finish: string | null = null, usage?: object): string {
  return JSON.stringify({
    id: 'chatcmpl-bench0123456789abcdefgh',
    object: 'chat.completion.chunk',
    created: 1_763_800_000,
    model: 'mock',
    service_tier: 'default',
    choices: usage === undefined ? [{ index: 0, delta, finish_reason: finish }] : [],
    ...(usage === undefined ? {} : { usage }),
  })
}

export const ROLE_CHUNK = Buffer.from(chunkOf(chatChunk({ role: 'assistant', content: '' })))
/** What ends a stream: the finish, the usage, `[DONE]` and the last chunk. */
export const LAST_CHUNKS = Buffer.from(
  `${chunkOf(chatChunk({}, 'stop'))}${chunkOf(chatChunk({}, null, USAGE))}${chunkOf('[DONE]')}0\r\n\r\n`,
)

/** The text of a marked event; `MARK` stands for its number and its time. */
export const MARK_TEXT = '@MARK@'
const MARKED = chatChunk({ content: MARK_TEXT }).split('MARK') as [string, string]

/** An event that bears its number and the time it left. */
export function markedChunk(sequence: number, stamp: number): string {
  return chunkOf(`${MARKED[0]}${sequence}:${stamp} ${MARKED[1]}`)
}

/** Finds the marks of `markedChunk` in the text of a stream. */
export const MARKS = /@(\d+):(\d+) @/g

/** Text deltas of the burst that is translated. */
export const BURST_DELTAS = 200

/** The words of a stream, one for each of its events. */
export function burstTexts(count: number): string[] {
  const random = chance(count)
  return Array.from({ length: count }, () => ` ${prose(random, 1)}`)
}

/** A stream of so many events that comes all at once. */
export function burstAnswer(events: number): Buffer {
  const pieces = burstTexts(events - 4).map((content) => chunkOf(chatChunk({ content })))
  return Buffer.concat([STREAM_HEAD, ROLE_CHUNK, Buffer.from(pieces.join('')), LAST_CHUNKS])
}

/** Microseconds on the clock that all processes of a machine share. */
export function stampNow(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
