/** Takes the stream the road would give an HTTP client and hands its events on, one text frame each. */
import type { Reply } from '../gateway/exchange.ts'
import { answerOf } from '../protocols/openai-responses/continuation.ts'
import { brokenFrame, errorFrame, eventsOfWhole } from '../protocols/openai-responses/socket.ts'
import type { Answered } from '../protocols/protocol.ts'
import { createSseParser, decodeUtf8, type Sse } from '../wire/sse.ts'

/** What a reply needs of its connection. */
export interface Sender {
  /** @returns false when the client reads too slowly. */
  send(text: string | Buffer): boolean
  /** Breaks the connection. */
  cut(): void
  /** The answer is complete and can be gone on from; called before the client gets its last event. */
  answered(answer: Answered): void
  /** Nothing more follows that the client waits for. */
  done(): void
  /** The road is through with the request. */
  over(): void
  /** Whether the request is worth another try after this refusal; then nobody hears of it. */
  retries(status: number, body: string): boolean
}

const LINGER_MS = 1_000
const TERMINAL = /^response\.(?:completed|incomplete|failed|done|cancelled)$/

export class SocketReply implements Reply {
  onDrain: (() => void) | undefined = undefined
  onGone: (() => void) | undefined = undefined
  /** Waits for the client to read. */
  paused = false
  readonly #to: Sender
  readonly #streamId: string | undefined
  readonly #parser = createSseParser((event) => this.#event(event), Number.POSITIVE_INFINITY)
  readonly #items: string[] = []
  /** Of a refusal, or of an answer that is no stream. */
  #whole: Buffer[] | undefined
  #status = 0
  #headers: readonly string[] = []
  #told = false
  #ready = true
  #over = false

  /** @param streamId the lane that every event names. */
  constructor(to: Sender, streamId: string | undefined) {
    this.#to = to
    this.#streamId = streamId
  }

  head(status: number, headers: readonly string[]): void {
    this.#status = status
    this.#headers = headers
    if (status >= 400 || !isStream(headers)) this.#whole = []
  }

  write(chunk: Buffer | string): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (this.#whole !== undefined) {
      this.#whole.push(bytes)
      return true
    }
    this.#ready = true
    this.#parser.push(bytes)
    this.paused = !this.#ready
    return this.#ready
  }

  end(chunk?: Buffer | string): void {
    if (chunk !== undefined && chunk.length > 0) this.write(chunk)
    this.#finish()
  }

  destroy(): void {
    this.#to.cut()
    this.#finish(true)
  }

  /** The client went away. An answer it had in full may still come to its end, so that it is counted as one. */
  gone(): void {
    if (!this.#told) this.onGone?.()
    else
      setTimeout(() => {
        if (!this.#over) this.onGone?.()
      }, LINGER_MS).unref()
  }

  #finish(silent = false): void {
    if (this.#over) return
    this.#over = true
    const to = this.#to
    if (this.#whole !== undefined) {
      const body = Buffer.concat(this.#whole).toString('utf8')
      if (this.#status >= 400) {
        if (to.retries(this.#status, body)) {
          to.over()
          return
        }
        this.#send(errorFrame(this.#status, this.#headers, body))
      } else for (const text of eventsOfWhole(JSON.parse(body) as Record<string, unknown>)) this.#text(text)
    } else if (!this.#told && !silent) this.#send(errorFrame(408, this.#headers, CUT))
    this.#tell()
    to.over()
  }

  #text(text: string): void {
    this.#event({ event: '', data: Buffer.from(text).toString('latin1') })
  }

  #event({ event, data }: Sse): void {
    if (data === '[DONE]' || this.#told) return
    const name = event === '' ? (/"type"\s*:\s*"([\w.]+)"/.exec(data.slice(0, 2_000))?.[1] ?? '') : event
    if (name === 'error') {
      this.#send(brokenFrame(decodeUtf8(data)))
      this.#tell()
      return
    }
    if (name === 'response.output_item.done') this.#items.push(data)
    const last = TERMINAL.test(name)
    if (last && name !== 'response.failed') this.#learn(data)
    this.#send(Buffer.from(data, 'latin1'))
    if (last) this.#tell()
  }

  #learn(data: string): void {
    try {
      const { response } = JSON.parse(decodeUtf8(data)) as { response: Record<string, unknown> }
      const empty = !Array.isArray(response['output']) || response['output'].length === 0
      const done = empty ? this.#items.map((item) => (JSON.parse(decodeUtf8(item)) as { item: unknown }).item) : []
      const answer = answerOf(response, done)
      if (answer !== undefined) this.#to.answered(answer)
    } catch {
      // An event nobody can read cannot be gone on from; the client gets it as it came.
    }
  }

  #send(text: string | Buffer): void {
    if (!this.#to.send(this.#streamId === undefined ? text : onLane(text, this.#streamId))) this.#ready = false
  }

  #tell(): void {
    if (this.#told) return
    this.#told = true
    this.#to.done()
  }
}

const CUT = JSON.stringify({
  error: {
    type: 'server_error',
    code: 'request_timeout',
    message: 'The stream ended before the answer was complete.',
    param: null,
  },
})

/** An event with the lane it belongs to. */
export function onLane(event: string | Buffer, streamId: string): string {
  return `{"stream_id":${JSON.stringify(streamId)},${event.toString().slice(1)}`
}

function isStream(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'content-type') return headers[i + 1]!.includes('event-stream')
  return false
}
