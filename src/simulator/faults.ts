import type { ProblemKind } from './types.ts'

/** One row of the table of behaviour words. */
export interface Word {
  word: string
  /** `answer` shapes the answer; the others say where a fault strikes. */
  kind: 'answer' | 'refusal' | 'connection' | 'stream'
  /** What the number after the colon means, and its default. */
  value?: { name: string; default: number; required?: boolean }
  text: string
}

/**
 * All words a model name can carry. The grammar of a model name:
 *
 *     model := base ('+' word)*        word := ['fault-'] name [':' number] ['@' key-suffix]
 *
 * as in `claude-sonnet-4-6+tools2+think`, `gpt-5.2+429:7`, `gemini-3-flash-preview+503@a`. Words with `@` strike only
 * callers whose key ends with that suffix. An unknown word is refused as an unknown model, so that a typing slip in a
 * test never passes for a healthy answer.
 */
export const WORDS: readonly Word[] = [
  { word: 'think', kind: 'answer', text: 'reason before answering, with signatures, whether asked to or not' },
  { word: 'think-redacted', kind: 'answer', text: 'as think; Anthropic sends it as a redacted_thinking block' },
  {
    word: 'reasoning-content',
    kind: 'answer',
    text: 'OpenAI chat: show reasoning as reasoning_content, as compatible vendors do',
  },
  {
    word: 'tools',
    kind: 'answer',
    value: { name: 'N', default: 1 },
    text: 'call N tools of the request in parallel; also written tools1, tools2, …',
  },
  { word: 'text', kind: 'answer', text: 'answer in prose even when tools are offered' },
  { word: 'empty', kind: 'answer', text: 'finish without any content' },
  {
    word: 'events',
    kind: 'answer',
    value: { name: 'N', default: 10, required: true },
    text: 'N numbered text deltas (len gives the size of each, default 16)',
  },
  {
    word: 'len',
    kind: 'answer',
    value: { name: 'CHARS', default: 1000, required: true },
    text: 'a text of CHARS characters; together with events: CHARS in each delta',
  },
  {
    word: 'huge',
    kind: 'answer',
    value: { name: 'BYTES', default: 1_048_576 },
    text: 'one delta with a string of BYTES',
  },
  {
    word: 'cached',
    kind: 'answer',
    value: { name: 'N', default: 100 },
    text: 'report N input tokens as read from the prompt cache',
  },
  { word: 'pace', kind: 'answer', value: { name: 'MS', default: 10, required: true }, text: 'MS between events' },
  { word: 'burst', kind: 'answer', text: 'all events in one write (the default)' },
  { word: 'each', kind: 'answer', text: 'one write an event, without pauses' },
  {
    word: 'bytes',
    kind: 'answer',
    value: { name: 'N', default: 7 },
    text: 'the stream in writes of N bytes, cutting events and characters apart',
  },
  {
    word: 'delay',
    kind: 'answer',
    value: { name: 'MS', default: 100, required: true },
    text: 'headers and answer MS later',
  },
  { word: 'refusal', kind: 'answer', text: 'stopped by the content filter' },
  {
    word: 'refusal-text',
    kind: 'answer',
    text: 'refused: OpenAI in a refusal text, Gemini by blocking the prompt, Anthropic stop_reason refusal',
  },
  {
    word: '429',
    kind: 'refusal',
    value: { name: 'SECS', default: -1 },
    text: 'rate limited; with SECS the vendor says when to come back, without it does not',
  },
  { word: '429-days', kind: 'refusal', text: 'weekly limit used up, reset in six days' },
  { word: 'quota', kind: 'refusal', text: 'credit or quota used up' },
  { word: '500', kind: 'refusal', text: 'internal error, always' },
  { word: '500-once', kind: 'refusal', text: 'internal error on the first attempt of each key and model' },
  {
    word: '500-once-global',
    kind: 'refusal',
    text: 'internal error on the first attempt of the model, whatever the key',
  },
  { word: '503', kind: 'refusal', text: 'unavailable, always' },
  { word: '529', kind: 'refusal', text: 'overloaded, always (529 at Anthropic, 503 elsewhere)' },
  {
    word: 'flap',
    kind: 'refusal',
    value: { name: 'K', default: 2 },
    text: '503 on every K-th attempt of a key and model',
  },
  { word: '401', kind: 'refusal', text: 'the key is refused' },
  { word: '403', kind: 'refusal', text: 'the key may not do this' },
  { word: '404', kind: 'refusal', text: 'no such model' },
  { word: '413', kind: 'refusal', text: 'the request is too large' },
  { word: '400', kind: 'refusal', text: 'the request is refused as invalid' },
  { word: '400-context', kind: 'refusal', text: 'the prompt is longer than the context window' },
  { word: 'json-200', kind: 'refusal', text: 'an error body as plain JSON with status 200' },
  { word: 'reset', kind: 'connection', text: 'socket reset before headers' },
  { word: 'silence', kind: 'connection', text: 'never answers' },
  {
    word: 'late-head',
    kind: 'connection',
    value: { name: 'MS', default: 100, required: true },
    text: 'headers MS late',
  },
  {
    word: 'late',
    kind: 'stream',
    value: { name: 'MS', default: 100, required: true },
    text: 'headers at once, first event MS late',
  },
  {
    word: 'cut',
    kind: 'stream',
    value: { name: 'N', default: 2 },
    text: 'socket destroyed after N events (half a whole body)',
  },
  {
    word: 'stall',
    kind: 'stream',
    value: { name: 'N', default: 2 },
    text: 'N events, then silence with the socket open',
  },
  { word: 'malformed', kind: 'stream', value: { name: 'N', default: 2 }, text: 'event number N is broken JSON' },
  { word: 'no-end', kind: 'stream', text: 'clean end of the body without finish, usage and terminal event' },
  {
    word: 'no-done',
    kind: 'stream',
    text: 'clean end without the last marker ([DONE], message_stop, response.completed, Gemini finish)',
  },
  { word: 'error-second', kind: 'stream', text: "the vendor's in-stream error as second event" },
  {
    word: 'error-mid',
    kind: 'stream',
    value: { name: 'N', default: 2 },
    text: "the vendor's in-stream error after N content events",
  },
  { word: 'none', kind: 'answer', text: 'no fault (for scripts: this answer is healthy)' },
]

/** A parsed fault or behaviour word. */
export interface Fault {
  name: string
  value?: number
  /** Only for keys ending so. */
  only?: string
}

const byName = new Map(WORDS.map((w) => [w.word, w]))

/** The table, for `logicaproxy simulate --help`. */
export function describeFaults(): { word: string; kind: Word['kind']; text: string }[] {
  return WORDS.map((w) => {
    const value = w.value ? (w.value.required ? `:${w.value.name}` : `[:${w.value.name}]`) : ''
    return { word: `${w.word}${value}`, kind: w.kind, text: w.text }
  })
}

/** Read one word; throws on a word that the table does not have. */
export function parseFault(text: string): Fault {
  const match = /^(?:fault-)?([a-z0-9-]+?)(?::(\d+))?(?:@(.+))?$/.exec(text.trim())
  let name = match?.[1]
  let number = match?.[2]
  const short = name && /^tools(\d+)$/.exec(name)
  if (short) [name, number] = ['tools', short[1]]
  const word = name === undefined ? undefined : byName.get(name)
  if (!word) throw new Error(`unknown behaviour word '${text}'`)
  if (number !== undefined && !word.value) throw new Error(`behaviour word '${word.word}' takes no number`)
  if (number === undefined && word.value?.required) throw new Error(`behaviour word '${word.word}' needs a number`)
  const fault: Fault = { name: word.word }
  if (number !== undefined) fault.value = Number(number)
  if (match?.[3]) fault.only = match[3]
  return fault
}

/** What the faults of one attempt amount to. */
export interface Plan {
  /** Names of what fired, for the attempt log. */
  fault?: string
  refuse?: { kind: ProblemKind; retryAfter?: number; longLimit?: boolean; as200?: boolean }
  connection?: 'reset' | 'silence'
  headDelay: number
  late: number
  cut?: number
  stall?: number
  malformed?: number
  noEnd?: boolean
  noDone?: boolean
  errorSecond?: boolean
  errorMid?: number
}

const SIX_DAYS = 6 * 86_400

const REFUSALS: Record<string, ProblemKind> = {
  quota: 'quota',
  '500': 'server',
  '503': 'unavailable',
  '529': 'overloaded',
  '401': 'unauthorized',
  '403': 'forbidden',
  '404': 'no-such-model',
  '413': 'too-large',
  '400': 'invalid',
  '400-context': 'context',
}

/** Faults set from outside, and the counters that "once" and "every K-th" need. */
export class FaultBook {
  private scripts = new Map<string, Fault[]>()
  private standing = new Map<string, Fault>()
  private counts = new Map<string, number>()

  script(key: string, faults: Fault[]): void {
    this.scripts.set(key, [...faults])
  }

  setKeyFault(key: string, fault: Fault | undefined): void {
    if (fault) this.standing.set(key, fault)
    else this.standing.delete(key)
  }

  reset(): void {
    this.scripts.clear()
    this.standing.clear()
    this.counts.clear()
  }

  /** True when nothing but the model name can spoil an answer for this key. */
  quiet(key: string): boolean {
    return !this.scripts.has(key) && !this.standing.has(key)
  }

  /** The fault that a script or an account imposes on the next answer; scripts come first and are used up. */
  imposed(key: string): Fault | undefined {
    const queue = this.scripts.get(key)
    if (queue) {
      const next = queue.shift()
      if (!queue.length) this.scripts.delete(key)
      if (next) return next
    }
    return this.standing.get(key)
  }

  /** The standing fault of an account as a list: what also strikes calls that do not generate. */
  standingFor(key: string): Fault[] {
    const fault = this.standing.get(key)
    return fault ? [fault] : []
  }

  /** Weigh the words of one attempt. The first refusal wins; stream faults add up. */
  plan(words: readonly Fault[], key: string, model: string): Plan {
    const plan: Plan = { headDelay: 0, late: 0 }
    const fired: string[] = []
    for (const fault of words) {
      if (fault.only !== undefined && !key.endsWith(fault.only)) continue
      if (this.apply(fault, plan, `${key}\n${model}`, model)) {
        fired.push(fault.value === undefined ? fault.name : `${fault.name}:${fault.value}`)
      }
    }
    if (fired.length) plan.fault = fired.join('+')
    return plan
  }

  private apply(fault: Fault, plan: Plan, place: string, model: string): boolean {
    const n = fault.value ?? byName.get(fault.name)?.value?.default ?? 0
    switch (fault.name) {
      case '429':
        plan.refuse ??= n < 0 ? { kind: 'rate-limited' } : { kind: 'rate-limited', retryAfter: n }
        return true
      case '429-days':
        plan.refuse ??= { kind: 'rate-limited', retryAfter: SIX_DAYS, longLimit: true }
        return true
      case '500-once':
      case '500-once-global': {
        const counter = `${fault.name}\n${fault.name === '500-once' ? place : model}`
        if (this.count(counter) > 1) return false
        plan.refuse ??= { kind: 'server' }
        return true
      }
      case 'flap':
        if (this.count(`flap\n${place}`) % Math.max(1, n) !== 0) return false
        plan.refuse ??= { kind: 'unavailable' }
        return true
      case 'json-200':
        plan.refuse ??= { kind: 'server', as200: true }
        return true
      case 'reset':
      case 'silence':
        plan.connection ??= fault.name
        return true
      case 'delay':
        plan.headDelay += n
        return false
      case 'late-head':
        plan.headDelay += n
        return true
      case 'late':
        plan.late += n
        return true
      case 'cut':
        plan.cut = n
        return true
      case 'stall':
        plan.stall = n
        return true
      case 'malformed':
        plan.malformed = n
        return true
      case 'no-end':
        plan.noEnd = true
        return true
      case 'no-done':
        plan.noDone = true
        return true
      case 'error-second':
        plan.errorSecond = true
        return true
      case 'error-mid':
        plan.errorMid = n
        return true
    }
    const kind = REFUSALS[fault.name]
    if (!kind) return false
    plan.refuse ??= { kind }
    return true
  }

  private count(counter: string): number {
    const next = (this.counts.get(counter) ?? 0) + 1
    this.counts.set(counter, next)
    return next
  }
}
