/** Response fidelity: every recorded answer behind the gateway, the official SDK of every dialect in front. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway } from '../../src/index.ts'
import { refereeAnthropic } from '../../src/protocols/testing/referee-anthropic.ts'
import { refereeGemini } from '../../src/protocols/testing/referee-gemini.ts'
import { refereeOpenaiChat } from '../../src/protocols/testing/referee-openai-chat.ts'
import { refereeOpenaiResponses } from '../../src/protocols/testing/referee-openai-responses.ts'
import { createSseParser, type Sse } from '../../src/wire/sse.ts'
import { ask, type Fetch, KEY, ORIGIN } from './clients.ts'
import { isJson, same, squeeze, value } from './compare.ts'
import { bytesOf, CUTS, type Cut, cut, DIALECTS, type Dialect, type Exchange, type Json } from './corpus.ts'
import { type Heard, hear } from './hear.ts'
import { Report } from './report.ts'
import { faults } from './schemas.ts'

export const RESPONSE_FEATURES = [
  'answered',
  'text',
  'calls',
  'order',
  'reasoning',
  'finish',
  'usage',
  'images',
  'signatures',
  'cuts',
  'grammar',
  'schema',
  'errors',
] as const

const REFEREES: Record<Dialect, (events: readonly Sse[]) => string[]> = {
  anthropic: refereeAnthropic,
  'openai-chat': refereeOpenaiChat,
  'openai-responses': refereeOpenaiResponses,
  gemini: refereeGemini,
}

export interface Bench {
  /** The gateway, as the clients ask it. */
  fetch: Fetch
  /** What the upstream answers from now on. */
  serve(exchange: Exchange, how: Cut): void
  close(): Promise<void>
}

/** A gateway before a stub that serves recordings: within this process, or over real sockets on both sides. */
export async function bench({ sockets = false } = {}): Promise<Bench> {
  let exchange: Exchange | undefined
  let how: Cut = 'event'
  const answer = () => {
    const headers: Record<string, string> = { 'content-type': exchange!.contentType }
    for (const name of ['retry-after', 'x-should-retry'])
      if (exchange!.headers[name] !== undefined) headers[name] = exchange!.headers[name]
    return { status: exchange!.status, headers, pieces: cut(exchange!, how) }
  }
  const stub = createServer(async (request, response) => {
    request.resume()
    const { status, headers, pieces } = answer()
    response.writeHead(status, headers)
    for (const piece of pieces) if (!response.write(piece)) await once(response, 'drain')
    response.end()
  })
  let upstream = 'http://stub.test'
  if (sockets) {
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve))
    upstream = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`
  }
  const gateway = await createGateway({
    config: {
      port: 0,
      'api-keys': [KEY],
      'request-retry': 0,
      'openai-compatibility': DIALECTS.map((protocol) => ({
        name: `stub-${protocol}`,
        'base-url': protocol.startsWith('openai') ? `${upstream}/v1` : upstream,
        protocol,
        'disable-cooling': true,
        'api-key-entries': [{ 'api-key': `upstream-key-${protocol}` }],
        models: [{ name: 'recorded', alias: `m-${protocol}` }],
      })),
    },
    now: () => 1_760_000_000_000,
    ...(!sockets && {
      fetchUpstream: async () => {
        const { status, headers, pieces } = answer()
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            const next = pieces.shift()
            if (next === undefined) controller.close()
            else controller.enqueue(new Uint8Array(next))
          },
        })
        return new Response(body, { status, headers })
      },
    }),
  })
  const real = globalThis.fetch
  const address = sockets ? (await gateway.listen()).url : ORIGIN
  return {
    fetch: sockets ? (r) => real(new Request(r.url.replace(ORIGIN, address), r)) : gateway.fetch,
    serve(e, cutting) {
      exchange = e
      how = cutting
    },
    close: async () => {
      await gateway.close({ drainMs: 0 })
      stub.close()
      stub.closeAllConnections()
    },
  }
}

/** What the recording's own SDK reads, without us. Cached: it is asked four times. */
async function oracle(e: Exchange): Promise<{ heard?: Heard; error?: Json }> {
  const fetch = async () =>
    new Response(new Uint8Array(bytesOf(e)), { status: e.status, headers: { 'content-type': e.contentType } })
  try {
    if (e.stream && e.sse === undefined && Array.isArray(e.body)) return { heard: hear(e.dialect, e.body, true) }
    const answer = await ask(e.dialect, fetch, 'm', e.stream)
    return { heard: hear(e.dialect, answer, e.stream) }
  } catch (error) {
    return { error }
  }
}

/** Several answers in one recording; the echo of a test server. */
const ARTEFACTS = new Set(['openai-responses-sse-1262a6ac', 'other-chat-json-d27cd95d'])

export async function replayResponses(
  exchanges: readonly Exchange[],
  report = new Report(),
  { sockets = false } = {},
): Promise<Report> {
  const b = await bench({ sockets })
  try {
    for (const e of exchanges) {
      if (ARTEFACTS.has(e.id)) continue
      const expected = await oracle(e)
      for (const client of DIALECTS) await replay(b, e, client, expected, report)
    }
  } finally {
    await b.close()
  }
  return report
}

async function replay(
  b: Bench,
  e: Exchange,
  client: Dialect,
  expected: { heard?: Heard; error?: Json },
  report: Report,
): Promise<void> {
  const cell = { client, upstream: e.dialect, stream: e.stream, id: e.id }
  let raw = ''
  let retryAfter: string | null = null
  let request: Request | undefined
  b.serve(e, 'event')
  const fetch = async (r: Request) => {
    request = r.clone()
    const response = await b.fetch(r)
    raw = await response.text()
    retryAfter = response.headers.get('retry-after')
    return new Response(raw, { status: response.status, headers: response.headers })
  }
  let answer: Json
  try {
    answer = await ask(client, fetch, `m-${e.dialect}`, e.stream)
  } catch (error) {
    if (e.headers['retry-after'] !== undefined)
      report.check(
        cell,
        'errors',
        retryAfter === e.headers['retry-after'],
        `retry-after ${retryAfter} for ${e.headers['retry-after']}`,
      )
    failed(error, raw, e, client, expected, report, cell)
    return
  }
  if (expected.heard === undefined && /Error reading response/.test(String(expected.error?.message))) {
    // Bytes the SDK stumbles over and we do not.
    report.check(cell, 'answered', true)
    return
  }
  if (expected.heard === undefined && hear(client, answer, e.stream).finish !== 'none' && e.facts.finish != null) {
    // An error behind the finish undoes nothing.
    report.check(cell, 'answered', true)
    return
  }
  if (expected.heard === undefined) {
    report.check(cell, 'errors', false, `an answer in place of ${String(expected.error?.message).slice(0, 100)}`)
    return
  }
  report.check(cell, 'answered', true)
  const got = hear(client, answer, e.stream)
  compare(got, expected.heard, e, client, report, cell)

  if (e.stream) {
    if (client === 'openai-responses') {
      const end = answer.findLast((x: Json) => /^response\.(completed|incomplete|failed)$/.test(x.type))
      const told = end === undefined ? undefined : hear('openai-responses', end.response, false)
      const { signatures: _, ...a } = got
      const { signatures: __, ...c } = told ?? { ...got, text: 'no terminal event', signatures: [] }
      report.check(cell, 'cuts', same(a, c), `deltas and terminal event differ: ${diff(a, c)}`)
    }
    for (const how of CUTS.slice(1)) {
      b.serve(e, how)
      const other = await (await b.fetch(request!.clone() as Request)).text()
      report.check(cell, 'cuts', other === raw, `cut "${how}" gives other bytes: ${at(raw, other)}`)
    }
  }
  // What passes through untouched is the vendor's own.
  if (client === e.dialect) return
  if (!e.stream) {
    const wrong = faults(client, 'response', JSON.parse(raw))
    report.check(cell, 'schema', wrong.length === 0, wrong.join('; '))
    return
  }
  // The published schema of a chunk knows no free-text tools; the API streams them all the same.
  if (client === 'openai-chat' && raw.includes('"type":"custom"')) return
  const events: Sse[] = []
  createSseParser((event) => events.push(event)).push(Buffer.from(raw))
  const wrong = new Set<string>()
  for (const event of events) {
    if (event.data === '[DONE]') continue
    const json = JSON.parse(Buffer.from(event.data, 'latin1').toString('utf8'))
    for (const fault of faults(client, 'event', json)) wrong.add(fault)
  }
  report.check(cell, 'schema', wrong.size === 0, [...wrong].join('; '))
  // A call cut off by the limit has half its arguments, upstream too.
  const half = expected.heard.calls.some((c) => c.args !== '' && !isJson(c.args))
  const grammar = REFEREES[client](events).filter((g) => !(half && /object|JSON/.test(g)))
  report.check(cell, 'grammar', grammar.length === 0, grammar.slice(0, 3).join('; '))
}

function failed(
  error: Json,
  raw: string,
  e: Exchange,
  client: Dialect,
  expected: { heard?: Heard; error?: Json },
  report: Report,
  cell: Cell,
): void {
  if (expected.heard !== undefined) {
    // A stream that breaks off has no end that could be told: an error is the only honest answer.
    const cutOff = e.stream && expected.heard.finish === 'none'
    report.check(
      cell,
      cutOff ? 'errors' : 'answered',
      cutOff,
      `${error?.status ?? ''} ${String(error?.message ?? error).slice(0, 300)}`,
    )
    return
  }
  const status = expected.error?.status ?? e.status
  // A bad key is 401, whichever status its vendor likes (Gemini and xAI say 400).
  const mapped = status === 400 && error?.status === 401 && /api[ _-]?key/i.test(raw)
  report.check(
    cell,
    'errors',
    e.status < 400 || error?.status === status || mapped,
    `status ${error?.status} for ${status} (${client})`,
  )
  const message = upstreamMessage(e)
  if (message !== undefined)
    report.check(
      cell,
      'errors',
      raw.includes(JSON.stringify(message).slice(1, -1).slice(0, 60)),
      `message lost: ${message.slice(0, 80)} | ${raw.slice(0, 160)}`,
    )
}

type Cell = Parameters<Report['check']>[0]

function upstreamMessage(e: Exchange): string | undefined {
  const body = Array.isArray(e.body) ? e.body[0] : e.body
  const found = body?.error?.message ?? body?.message ?? (typeof body?.error === 'string' ? body.error : undefined)
  return typeof found === 'string' && found !== '' ? found : undefined
}

function compare(got: Heard, want: Heard, e: Exchange, client: Dialect, report: Report, cell: Cell): void {
  const own = client === e.dialect
  const text = (h: Heard) => h.text + h.refusal
  // Media a dialect has no place for are told in words.
  const note = MEDIA_NOTE.test(text(got)) && !MEDIA_NOTE.test(text(want))
  const spoken = note ? text(got).replaceAll(new RegExp(MEDIA_NOTE, 'g'), '') : text(got)
  if (note && spoken === text(want)) report.told(cell, 'text', 'media told in words')
  else report.check(cell, 'text', text(got) === text(want), `text: ${at(text(want), text(got))}`)
  // Chat says all text before all calls.
  const ordered = client === 'openai-chat' && !own ? [...new Set(want.order)].sort().reverse().join('') : want.order
  const heard = client === 'openai-chat' && !own ? [...new Set(got.order)].sort().reverse().join('') : got.order
  if (!note) report.check(cell, 'order', heard === ordered, `order ${got.order} for ${want.order}`)
  const plain = (h: Heard) => h.calls.map((c) => (want.pieces ? [c.name] : [c.name, value(c.args)]))
  report.check(cell, 'calls', same(plain(got), plain(want)), `calls: ${diff(plain(got), plain(want))}`)
  const ids = got.calls.map((c) => c.id)
  if (!own)
    report.check(
      cell,
      'calls',
      new Set(ids).size === ids.length && ids.every((id) => id !== ''),
      `ids ${JSON.stringify(ids)} for ${JSON.stringify(want.calls.map((c) => c.id))}`,
    )
  const wantedIds = want.calls.map((c) => c.id)
  // Claude and Gemini clients get what their vendors could have made; it finds its way back.
  const legal = wantedIds.every((id) => /^[a-zA-Z0-9_-]+$/.test(id))
  if (
    wantedIds.every((id) => id !== '') &&
    (legal || client.startsWith('openai')) &&
    new Set(wantedIds).size === wantedIds.length
  )
    report.check(cell, 'calls', same(ids, wantedIds), `ids ${JSON.stringify(ids)} for ${JSON.stringify(wantedIds)}`)
  report.check(
    cell,
    'reasoning',
    squeeze(got.reasoning) === squeeze(want.reasoning),
    `reasoning: ${at(want.reasoning, got.reasoning)}`,
  )
  const finish = expectedFinish(want, client, own)
  report.check(cell, 'finish', finish.includes(got.finish), `finish ${got.finish} for ${finish} (${e.facts.finish})`)
  if (want.usage !== undefined) {
    const u = got.usage
    const w = want.usage
    // What has no field is no corruption: Anthropic tells reasoning only within the output.
    const ok =
      u !== undefined &&
      u.input === w.input &&
      u.output === w.output &&
      u.cached === w.cached &&
      (u.reasoning === w.reasoning || client === 'anthropic')
    report.check(cell, 'usage', ok, `usage ${JSON.stringify(u)} for ${JSON.stringify(w)}`)
  }
  if (want.images > 0)
    if (client === 'anthropic') report.told(cell, 'images', 'told in words')
    else report.check(cell, 'images', got.images === want.images, `${got.images} images for ${want.images}`)
  if (own) report.check(cell, 'signatures', same(got.signatures, want.signatures), 'signatures differ')
}

const MEDIA_NOTE = /\[[^\]]*the answer holds media that cannot be passed on here\]/

/** Tool calls decide; the rest in the client's words. */
function expectedFinish(want: Heard, client: Dialect, own: boolean): Heard['finish'][] {
  if (own) return [want.finish]
  let finish = want.finish
  if (want.calls.length > 0 && (finish === 'stop' || finish === 'other' || finish === 'tool-calls'))
    finish = 'tool-calls'
  else if (finish === 'tool-calls') finish = 'stop'
  // Gemini has no word for calls.
  if (client === 'gemini' && finish === 'tool-calls') return ['stop', 'tool-calls']
  if (finish === 'pause') return ['pause', 'stop', 'length', 'other']
  if (finish === 'refusal') return ['refusal', 'stop']
  if (finish === 'other' || finish === 'none') return ['other', 'stop', 'length', 'refusal', 'none', 'pause']
  // A refusal in so many words may be told as one.
  if (want.refusal !== '') return [finish, 'refusal']
  return [finish]
}

const diff = (a: unknown, b: unknown) => `${JSON.stringify(a).slice(0, 200)} for ${JSON.stringify(b).slice(0, 200)}`

/** Where two texts part. */
function at(want: string, got: string): string {
  let i = 0
  while (i < want.length && want[i] === got[i]) i += 1
  return `at ${i} of ${want.length}/${got.length}: want ${JSON.stringify(want.slice(i, i + 80))} got ${JSON.stringify(got.slice(i, i + 80))}`
}
