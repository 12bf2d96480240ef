/** Legal sequences of hub events, for tests of stream encoders. */

import fc from 'fast-check'
import type { ProtocolId } from '../../hub/protocol-id.ts'
import type { Citation, Signature } from '../../hub/request.ts'
import type { PartStart, StreamEvent, Usage } from '../../hub/response.ts'

/** What the sequences may hold beside text, reasoning and tool calls. */
export interface HubEventOptions {
  /** Whose signatures thoughts bear; default: several vendors'. */
  issuers?: readonly string[]
  /** Whether tool calls may be signed, as Gemini's are. */
  signedCalls?: boolean
  citations?: boolean
  search?: boolean
  media?: boolean
  refusal?: boolean
  custom?: boolean
  /** Whether parts overlap; default true. */
  interleaved?: boolean
  /** Native items of this protocol. */
  native?: { protocol: ProtocolId; values: readonly unknown[] }
}

type Inner = Exclude<Extract<StreamEvent, { index: number }>, { type: 'part-start' | 'part-end' }>
type Step = { [T in Inner['type']]: Omit<Extract<Inner, { type: T }>, 'index'> }[Inner['type']]
interface Plan {
  part: PartStart
  inner: Step[]
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{4,12}$/)
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/)

/** Cuts a text into deltas, some of them perhaps empty. */
function pieces(whole: string): fc.Arbitrary<Step[]> {
  return fc.array(fc.nat(whole.length), { maxLength: 4 }).map((cuts) => {
    const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
    return at.slice(1).map((end, i) => ({ type: 'part-delta' as const, text: whole.slice(at[i], end) }))
  })
}

function deltas(whole: fc.Arbitrary<string>): fc.Arbitrary<Step[]> {
  return whole.chain(pieces)
}

/** JSON objects as tool input, the empty text included. */
const input = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }).map((v) => JSON.stringify(v)),
  },
  { weight: 1, arbitrary: fc.constant('') },
)

const citation: fc.Arbitrary<Citation> = fc.record(
  { url: fc.webUrl(), title: text, quote: text },
  { requiredKeys: ['url'], noNullPrototype: true },
)

const usage: fc.Arbitrary<Usage> = fc
  .record({
    input: fc.nat(9999),
    cacheRead: fc.nat(999),
    cacheWrite: fc.nat(999),
    answer: fc.nat(999),
    reasoning: fc.nat(999),
  })
  .map(({ answer, ...rest }) => ({ ...rest, output: answer + rest.reasoning }))

function plan(options: HubEventOptions): fc.Arbitrary<Plan> {
  const issuer = fc.constantFrom(...(options.issuers ?? ['anthropic', 'openai-responses', 'gemini', 'openai-chat']))
  const signature = fc
    .tuple(issuer, fc.base64String({ minLength: 4 }))
    .map(([from, value]): Signature => ({ issuer: from, value }))
  const signed = (s: Signature): Step => ({ type: 'part-signature', signature: s })
  const textPlan = fc
    .tuple(deltas(text), options.citations ? fc.array(citation, { maxLength: 2 }) : fc.constant([]))
    .map(([inner, cited]): Plan => {
      const citations = cited.map((c) => ({ type: 'part-citation' as const, citation: c }))
      return { part: { type: 'text' }, inner: [...inner, ...citations] as Plan['inner'] }
    })
  const thought = fc
    .tuple(deltas(text), fc.option(signature))
    .map(([inner, s]): Plan => ({ part: { type: 'reasoning' }, inner: s === null ? inner : [...inner, signed(s)] }))
  const redacted = signature.map(
    (s): Plan => ({ part: { type: 'reasoning' }, inner: [signed({ ...s, redacted: true })] }),
  )
  const call = fc.tuple(id, name, deltas(input), options.signedCalls ? fc.option(signature) : fc.constant(null)).map(
    ([callId, tool, inner, s]): Plan => ({
      part: { type: 'tool-call', id: callId, name: tool },
      inner: s === null ? inner : [...inner, signed(s)],
    }),
  )
  const kinds: fc.MaybeWeightedArbitrary<Plan>[] = [
    { weight: 4, arbitrary: textPlan },
    { weight: 2, arbitrary: thought },
    { weight: 1, arbitrary: redacted },
    { weight: 4, arbitrary: call },
  ]
  if (options.refusal) kinds.push(deltas(text).map((inner) => ({ part: { type: 'refusal' }, inner })))
  if (options.custom) {
    const custom = fc.tuple(id, name, deltas(text))
    kinds.push(
      custom.map(([callId, tool, inner]) => ({
        part: { type: 'tool-call', id: callId, name: tool, custom: true },
        inner,
      })),
    )
  }
  if (options.search) {
    const sources = fc.array(fc.record({ url: fc.webUrl(), title: text }, { noNullPrototype: true }), { maxLength: 3 })
    const search = fc.tuple(id, fc.array(text, { maxLength: 2 }), sources)
    kinds.push(
      search.map(([searchId, queries, found]) => ({
        part: { type: 'search', id: searchId, queries, sources: found },
        inner: [],
      })),
    )
  }
  if (options.media) {
    const source = fc.base64String({ minLength: 8 }).map((data) => ({ type: 'base64' as const, data }))
    kinds.push(
      source.map((s) => ({ part: { type: 'media', kind: 'image', source: s, mediaType: 'image/png' }, inner: [] })),
    )
  }
  return fc.oneof(...kinds)
}

/** A whole answer as events: `start`, parts whose events may overlap, usage somewhere, `finish`. */
export function hubEvents(options: HubEventOptions = {}): fc.Arbitrary<StreamEvent[]> {
  const native = options.native === undefined ? fc.constant([]) : fc.subarray([...options.native.values])
  const plans = fc.uniqueArray(plan(options), {
    maxLength: 6,
    // Call ids are unique within an answer.
    selector: (p) => ('id' in p.part ? p.part.id : p),
  })
  return fc
    .tuple(id, plans, fc.array(fc.nat(99), { maxLength: 60 }), fc.array(usage, { maxLength: 2 }), native, fc.boolean())
    .map(([answerId, list, picks, usages, natives, cut]) => {
      const events: StreamEvent[] = [{ type: 'start', id: answerId, model: 'upstream-model' }]
      const waiting = [...list]
      const open: { index: number; rest: Plan['inner'] }[] = []
      const extra: StreamEvent[] = [
        ...usages.map((u): StreamEvent => ({ type: 'usage', usage: u })),
        ...natives.map((value): StreamEvent => ({ type: 'native', protocol: options.native!.protocol, value })),
      ]
      let started = 0
      let turn = 0
      const pick = (n: number) => (picks.length === 0 ? 0 : picks[turn++ % picks.length]! % n)
      while (waiting.length > 0 || open.length > 0) {
        const mayStart = waiting.length > 0 && (options.interleaved !== false || open.length === 0)
        const choice = pick(open.length + (mayStart ? 1 : 0))
        if (choice === open.length) {
          const { part, inner } = waiting.shift()!
          events.push({ type: 'part-start', index: started, part })
          open.push({ index: started, rest: [...inner] })
          started += 1
        } else {
          const part = open[choice]!
          const next = part.rest.shift()
          if (next !== undefined) events.push({ ...next, index: part.index } as StreamEvent)
          else {
            events.push({ type: 'part-end', index: part.index })
            open.splice(choice, 1)
          }
        }
        if (extra.length > 0 && pick(3) === 0) events.push(extra.shift()!)
      }
      events.push(...extra)
      const calls = list.some(({ part }) => part.type === 'tool-call')
      const reason = cut ? 'length' : calls ? 'tool-calls' : 'stop'
      return [...events, { type: 'finish', finish: { reason } }]
    })
}
