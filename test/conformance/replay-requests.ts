/** Request fidelity: every recorded request through the gateway to every other dialect, and a judgement of what arrives. */
import { createGateway } from '../../src/index.ts'
import { route } from '../../src/simulator/routes.ts'
import { type Context, isProblem } from '../../src/simulator/types.ts'
import { KEY, ORIGIN } from './clients.ts'
import { canonical, same, squeeze, value } from './compare.ts'
import { DIALECTS, type Dialect, type Exchange, type Json } from './corpus.ts'
import { type Meant, mean } from './mean.ts'
import { type Cell, Report } from './report.ts'
import { faults } from './schemas.ts'

export const REQUEST_FEATURES = [
  'taken',
  'schema',
  'rules',
  'system',
  'text',
  'calls',
  'results',
  'media',
  'tools',
  'choice',
  'limits',
  'format',
  'reasoning',
  'rest',
] as const

/** Upstream models of each dialect: usual ones, and ones with other rules. */
export const MODELS: Record<string, Record<Dialect, string>> = {
  a: {
    anthropic: 'claude-sonnet-4-6',
    'openai-chat': 'gpt-5.2',
    'openai-responses': 'gpt-5.2',
    gemini: 'gemini-2.5-pro',
  },
  b: {
    anthropic: 'claude-opus-4-7',
    'openai-chat': 'gpt-4.1',
    'openai-responses': 'gpt-4.1',
    gemini: 'gemini-3-pro-preview',
  },
  c: {
    anthropic: 'claude-haiku-4-5',
    'openai-chat': 'o3',
    'openai-responses': 'o3',
    gemini: 'gemini-2.5-flash',
  },
  d: {
    anthropic: 'claude-3-5-haiku-20241022',
    'openai-chat': 'gpt-5-mini',
    'openai-responses': 'gpt-5-mini',
    gemini: 'gemini-2.0-flash',
  },
}

const ANSWERS: Record<Dialect, Json> = {
  anthropic: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'ok' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  'openai-chat': {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'ok', refusal: null }, finish_reason: 'stop', logprobs: null },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
  'openai-responses': {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    output: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'ok', annotations: [] }],
      },
    ],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  },
  gemini: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    modelVersion: 'm',
    responseId: 'r1',
  },
}

export interface Sent {
  status: number
  /** What the client was told. */
  told: string[]
  answer: string
  /** What arrived upstream. */
  body: Json
  url: string
}

/** A gateway before a stub that keeps what arrives. */
export async function recorder() {
  let seen: { body: Json; url: string } | undefined
  const gateway = await createGateway({
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
        models: Object.entries(MODELS).map(([set, names]) => ({ name: names[protocol], alias: `${set}-${protocol}` })),
      })),
    },
    fetchUpstream: async (input, init) => {
      const text = Buffer.from(init?.body as Uint8Array).toString('utf8')
      const url = String(input)
      seen = { body: JSON.parse(text), url }
      const dialect = url.includes('/chat/')
        ? 'openai-chat'
        : url.includes('/responses')
          ? 'openai-responses'
          : url.includes('/messages')
            ? 'anthropic'
            : 'gemini'
      return new Response(JSON.stringify(ANSWERS[dialect]), { headers: { 'content-type': 'application/json' } })
    },
  })

  async function send(client: Dialect, body: Json, alias: string, stream: boolean): Promise<Sent> {
    seen = undefined
    const path =
      client === 'anthropic'
        ? '/v1/messages'
        : client === 'openai-chat'
          ? '/v1/chat/completions'
          : client === 'openai-responses'
            ? '/v1/responses'
            : `/v1beta/models/${alias}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`
    const { model: _, ...rest } = body
    const response = await gateway.fetch(
      new Request(ORIGIN + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
        },
        body: JSON.stringify(client === 'gemini' ? body : { model: alias, ...rest }),
      }),
    )
    const answer = await response.text()
    const told = (response.headers.get('x-logicaproxy-dropped') ?? '').split(',').filter((s) => s !== '')
    return { status: response.status, told, answer, body: (seen as Json)?.body, url: (seen as Json)?.url ?? '' }
  }

  return {
    send,
    close: async () => {
      await gateway.close({ drainMs: 0 })
    },
  }
}

const state = () => ({ responses: new Map(), items: new Map(), prefixes: new Map(), anySignature: true })

/** What the simulator's vendor would refuse the body for. */
export function refusal(url: string, body: Json): string | undefined {
  const { pathname } = new URL(url)
  const to = route('POST', pathname, {})
  if (to === undefined) return `no such path ${pathname}`
  const model = to.model ?? String(body?.model ?? '')
  const context: Context = {
    headers: { 'anthropic-version': '2023-06-01' },
    query: new URLSearchParams(),
    key: 'k',
    model,
    base: model,
    action: to.action,
    seed: '00',
    nowMs: 0,
    words: new Set(),
    state: state(),
  }
  const found = to.api.validate(structuredClone(body), context)
  return isProblem(found) ? (found.message ?? found.kind) : undefined
}

export async function replayRequests(
  exchanges: readonly Exchange[],
  report = new Report(),
  sets: readonly string[] = Object.keys(MODELS),
): Promise<Report> {
  const r = await recorder()
  try {
    for (const e of exchanges) {
      // What its own vendor refused is no promise that another takes it.
      if (e.request === undefined || e.status >= 400) continue
      const said = mean(e.dialect, e.request.body)
      for (const upstream of DIALECTS) {
        if (upstream === e.dialect) continue
        for (const set of sets) {
          const sent = await r.send(e.dialect, e.request.body, `${set}-${upstream}`, e.stream)
          judge(sent, said, e, upstream, report, set)
        }
      }
    }
  } finally {
    await r.close()
  }
  return report
}

function judge(sent: Sent, said: Meant, e: Exchange, upstream: Dialect, report: Report, set: string): void {
  const cell: Cell = { client: e.dialect, upstream, stream: e.stream, id: `${e.id}@${set}` }
  const toldOf = (words: RegExp) => sent.told.some((t) => words.test(t))
  if (sent.status !== 200 || sent.body === undefined) {
    // A refusal that says what cannot be said is told, too; a fault of ours is not.
    if (sent.status === 400) report.told(cell, 'taken', sent.answer.slice(0, 200))
    else report.check(cell, 'taken', false, `${sent.status} ${sent.answer.slice(0, 300)}`)
    return
  }
  report.check(cell, 'taken', true)
  const wrong = faults(upstream, 'request', sent.body)
  report.check(cell, 'schema', wrong.length === 0, wrong.slice(0, 6).join('; '))
  const refused = refusal(sent.url, sent.body)
  // Which models hear is the vendor's to say: its refusal reaches the client word for word.
  if (refused !== undefined && MODALITY.test(refused)) report.told(cell, 'rules', refused)
  else report.check(cell, 'rules', refused === undefined, refused ?? '')

  const got = mean(upstream, sent.body)
  const keep = (feature: string, kept: boolean, told: RegExp | undefined, why: string) => {
    if (kept) report.check(cell, feature, true)
    else if (told !== undefined && toldOf(told)) report.told(cell, feature, why)
    else report.check(cell, feature, false, `${why} | told: ${sent.told.join(',')}`)
  }

  // System: in its place, or said by the user where there is nothing else to say.
  if (said.system.length > 0) {
    const place = squeeze([...got.system, ...got.user].join(''))
    const missing = said.system.find((s) => !place.includes(squeeze(s)))
    keep('system', missing === undefined, /system|instructions|billing/i, `missing ${cutTo(missing)}`)
  }
  for (const side of ['user', 'assistant'] as const) {
    const { missing, extra } = inOrder(said[side], got[side])
    keep(
      'text',
      missing === undefined,
      /content|text|messages|input|parts|name/i,
      `${side} text missing: ${cutTo(missing)}`,
    )
    const own = unwrapped(extra, said)
    keep('text', own === '', undefined, `${side} text of our own: ${cutTo(own)}`)
  }
  const calls = (m: Meant) => m.calls.map((c) => [c.name, value(c.args)])
  keep(
    'calls',
    sameCalls(calls(said), calls(got)),
    /tool|call|input\.\d|native/i,
    `calls ${brief(calls(got))} for ${brief(calls(said))}`,
  )
  if (said.calls.length === got.calls.length)
    for (const [i, c] of said.calls.entries()) {
      if (c.result === undefined) continue
      const other = got.calls[i]?.result
      keep(
        'results',
        other !== undefined && sameResult(c.result.text, other.text),
        /result|output|response|content/i,
        `result of ${c.name}: ${cutTo(other?.text)} for ${cutTo(c.result.text)}`,
      )
      if (c.result.failed && other !== undefined)
        keep('results', other.failed || /error/i.test(other.text), /error/i, 'failure of a tool not told')
    }
  for (const orphan of said.orphans) {
    const place = squeeze(
      [...got.user, ...got.orphans.map((o) => o.text), ...got.calls.map((c) => c.result?.text ?? '')].join(''),
    )
    keep(
      'results',
      place.includes(squeeze(orphan.text)),
      /result|output/i,
      `orphan result missing: ${cutTo(orphan.text)}`,
    )
  }
  if (said.media.length > 0) {
    const missing = without(said.media, got.media)
    keep(
      'media',
      missing.length === 0,
      /media|image|document|audio|video|file|source|input|content|parts|messages\.\d/i,
      `missing ${missing}; got ${got.media}`,
    )
  }
  tools(said, got, keep)
  limits(said, got, keep)
  if (said.format !== undefined)
    keep(
      'format',
      got.format === said.format || (said.format === 'json' && got.format === 'schema'),
      /format|mime|schema|text|output/i,
      `format ${got.format} for ${said.format}`,
    )
  if (said.formatSchema !== undefined && got.formatSchema !== undefined)
    keep(
      'format',
      same(names(got.formatSchema), names(said.formatSchema)),
      /format|schema/i,
      `schema ${names(got.formatSchema)} for ${names(said.formatSchema)}`,
    )
  if (said.reasoning !== '' || said.native.includes('reasoning'))
    keep(
      'reasoning',
      said.reasoning !== '' && squeeze(got.reasoning) === squeeze(said.reasoning),
      /reasoning|thinking|thought/i,
      'reasoning of the history',
    )
  if (said.effort !== undefined)
    keep(
      'reasoning',
      said.effort === 'none' || got.effort !== undefined,
      /reasoning|thinking|effort/i,
      `effort ${got.effort} for ${said.effort}`,
    )
  for (const type of said.native.filter((n) => n !== 'reasoning'))
    keep(
      'rest',
      false,
      new RegExp(`${pattern(type)}|native|value|search|results|parts|messages\\.\\d|video`, 'i'),
      `native ${type}`,
    )
  for (const type of without(said.hosted, got.hosted).filter((t) => t !== undefined))
    keep('rest', false, new RegExp(`tools|${pattern(type)}|web_search|search`, 'i'), `hosted tool ${type}`)
  for (const field of fieldsOf(e.dialect, e.request!.body))
    keep('rest', false, new RegExp(`(^|\\.)${pattern(field)}$`), `field ${field}`)
}

type Keep = (feature: string, kept: boolean, told: RegExp | undefined, why: string) => void

function tools(said: Meant, got: Meant, keep: Keep): void {
  const known = new Map(got.tools.map((t) => [t.name, t]))
  keep('tools', new Set(got.tools.map((t) => t.name)).size === got.tools.length, undefined, 'a tool declared twice')
  for (const [i, t] of said.tools.entries()) {
    const other = known.get(t.name) ?? (got.tools.length === said.tools.length ? got.tools[i] : undefined)
    keep('tools', other !== undefined, /tools/i, `tool ${t.name} missing`)
    if (other === undefined) continue
    keep(
      'tools',
      squeeze(other.description).includes(squeeze(t.description)),
      /description/i,
      `description of ${t.name}`,
    )
    keep(
      'tools',
      t.properties.every((p) => other.properties.includes(p)),
      /tools|schema|parameters/i,
      `properties of ${t.name}: ${other.properties} for ${t.properties}`,
    )
    keep(
      'tools',
      t.required.every((p) => other.required.includes(p) || !t.properties.includes(p)),
      /tools|schema|required/i,
      `required of ${t.name}: ${other.required} for ${t.required}`,
    )
  }
  if (said.choice !== undefined && said.choice !== 'auto' && said.tools.length > 0)
    keep(
      'choice',
      got.choice === said.choice ||
        onlyAllowed(said, got) ||
        (said.choice.startsWith('tool:') && said.tools.length === 1 && got.choice === 'required'),
      /tool_?choice|toolConfig|function_call/i,
      `choice ${got.choice} for ${said.choice}`,
    )
  if (said.parallel === false && said.tools.length > 0)
    keep('choice', got.parallel === false, /parallel/i, 'parallel calls not forbidden')
}

/** Which models see and hear is their vendor's to say. */
export const MODALITY = /Content blocks are expected to be either text or image_url type/

/** A dialect without a list of allowed tools gets only those. */
function onlyAllowed(said: Meant, got: Meant): boolean {
  const [kind, mode, names] = (said.choice ?? '').split(':')
  if (kind !== 'allowed' || (mode === 'required' && got.choice !== 'required')) return false
  return got.tools.every((t) => names!.split(',').includes(t.name))
}

const DEFAULTS: Record<string, number> = { temperature: 1, topP: 1, presence: 0, frequency: 0 }

function limits(said: Meant, got: Meant, keep: Keep): void {
  if (said.max !== undefined) keep('limits', got.max === said.max, /max/i, `max ${got.max} for ${said.max}`)
  const numbers = [
    ['temperature', /temperature/i],
    ['topP', /top_?p/i],
    ['topK', /top_?k/i],
    ['seed', /seed/i],
    ['presence', /presence/i],
    ['frequency', /frequency/i],
  ] as const
  // Naming the default asks for nothing.
  for (const [name, told] of numbers)
    if (said[name] !== undefined && !(got[name] === undefined && said[name] === DEFAULTS[name]))
      keep('limits', got[name] === said[name], told, `${name} ${got[name]} for ${said[name]}`)
  if ((said.count ?? 1) > 1)
    keep('limits', got.count === said.count, /^n$|candidateCount|count/i, `count ${got.count} for ${said.count}`)
  const stop = (m: Meant) => m.stop.filter((s) => s !== '')
  if (stop(said).length > 0) keep('limits', same(stop(got), stop(said)), /stop/i, `stop ${got.stop} for ${said.stop}`)
  keep('limits', got.stream === said.stream || got.stream === false || said.stream === false, undefined, 'stream')
}

/** Fields judged by their meaning, or that steer nothing. The others must be told when they are dropped. */
const JUDGED: Record<Dialect, Set<string>> = {
  anthropic: new Set(
    'model messages system stream max_tokens temperature top_p top_k stop_sequences tools tool_choice thinking output_config output_format metadata'.split(
      ' ',
    ),
  ),
  'openai-chat': new Set(
    `model messages stream stream_options max_tokens max_completion_tokens temperature top_p top_k stop seed presence_penalty frequency_penalty
     n tools functions tool_choice function_call parallel_tool_calls response_format reasoning_effort user web_search_options logprobs top_logprobs
     verbosity prompt_cache_key safety_identifier random_seed enable_thinking thinking_budget thinking reasoning`.split(
      /\s+/,
    ),
  ),
  'openai-responses': new Set(
    `model input instructions stream stream_options max_output_tokens temperature top_p tools tool_choice parallel_tool_calls text reasoning user
     include top_logprobs prompt_cache_key safety_identifier store previous_response_id`.split(/\s+/),
  ),
  gemini: new Set(
    'model contents systemInstruction system_instruction tools toolConfig tool_config generationConfig generation_config'.split(
      ' ',
    ),
  ),
}

function fieldsOf(dialect: Dialect, body: Json): string[] {
  return Object.entries(body)
    .filter(([name, v]) => !JUDGED[dialect].has(name) && v !== null && !same(v, []) && !same(v, {}))
    .map(([name]) => name)
}

/** Which of the texts do not stand in the others, in order; and what stands there besides. */
function inOrder(texts: readonly string[], place: readonly string[]): { missing?: string; extra: string } {
  const whole = squeeze(place.join(''))
  let at = 0
  let extra = ''
  let missing: string | undefined
  for (const text of texts) {
    const wanted = squeeze(text)
    const found = whole.indexOf(wanted, at)
    if (found < 0) missing ??= text
    else {
      extra += whole.slice(at, found)
      at = found + wanted.length
    }
  }
  return { missing, extra: extra + whole.slice(at) }
}

/** Our own words around what was said, which are no invention: see the codecs for each. */
const WRAPPERS = new RegExp(
  [
    '</?system-reminder>',
    '\\[[^\\]]*(?:leftout|cannotbepassedon)[^\\]]*\\]',
    '\\[Resultofanearliertoolcall(?:\\([^)]*\\))?\\]',
    'Attachedtotheresultoftoolcall[^:]*:',
    '\\(emptymessage\\)',
    '\\(Theconversationbeginswithyourmessagebelow\\.\\)',
    'Goonfromwhereyourlastmessageends\\.',
    // The name of a document that became text.
    '[\\w.-]+\\.\\w{2,4}:',
  ].join('|'),
  'g',
)

function unwrapped(extra: string, said: Meant): string {
  let rest = extra
  for (const s of [...said.system, ...said.orphans.map((o) => o.text)]) rest = rest.replace(squeeze(s), '')
  return rest.replace(WRAPPERS, '')
}

const cutTo = (s: string | undefined) => JSON.stringify(s?.slice(0, 140))
const brief = (v: unknown) => JSON.stringify(v).slice(0, 200)
const pattern = (s: unknown) => String(s).replace(/[^a-zA-Z0-9]/g, '.')

function without(all: readonly string[], found: readonly string[]): string[] {
  const rest = [...found]
  return all.filter((item) => {
    const i = rest.indexOf(item)
    if (i >= 0) rest.splice(i, 1)
    return i < 0
  })
}

function sameCalls(said: unknown[][], got: unknown[][]): boolean {
  // Names a dialect does not allow come out changed; their arguments do not.
  const legal = (n: unknown) => /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/.test(String(n))
  return said.length === got.length && said.every(([n, a], i) => same(a, got[i]![1]) && (n === got[i]![0] || !legal(n)))
}

function sameResult(a: string, b: string): boolean {
  if (squeeze(b).includes(squeeze(a))) return true
  try {
    const [x, y] = [JSON.parse(a), JSON.parse(b)]
    return canonical(x) === canonical(y) || canonical(Object.values(x)[0]) === canonical(y)
  } catch {
    return false
  }
}

function names(schema: Json): string {
  return Object.keys(schema?.properties ?? {})
    .sort()
    .join(',')
}
