/**
 * Puts tool calls together from deltas. OpenAI gives each call an `index`, its id and name once and then pieces of
 * arguments; compatible upstreams leave out the index or the id, give one index to all calls, repeat or split the name,
 * say the arguments as an object, or say a finished call a second time. Calls pass on as they come all the same.
 */
import type { Signature } from '../../hub/request.ts'
import type { StreamEvent } from '../../hub/response.ts'
import { asObject, type Json } from '../json.ts'
import { argumentsText } from './messages-decode.ts'
import { callSignature } from './thoughts.ts'

interface Call {
  wireId: string
  name: string
  custom: boolean
  /** All input so far; what came before the start waits in it. */
  input: string
  signature?: Signature
  /** The hub's index, once begun. */
  index?: number
  ended: boolean
}

export interface CallAssembler {
  count(): number
  /** The pieces of one delta. */
  push(entries: readonly unknown[]): StreamEvent[]
  /** Something else begins: calls whose input cannot go on are over. */
  settle(): StreamEvent[]
  end(): StreamEvent[]
}

const str = (value: unknown): string => (typeof value === 'string' ? value : '')

/**
 * @param nextIndex gives the index of a part about to begin.
 * @param before what has to be told before the first event of a call: other parts close.
 * @param mint makes an id for the nth call that has none.
 */
export function callAssembler(
  nextIndex: () => number,
  before: () => StreamEvent[],
  mint: (n: number) => string,
): CallAssembler {
  const calls: Call[] = []
  const byIndex = new Map<number, Call>()
  const ids = new Set<string>()

  function find(entry: Json, piece: Piece): Call {
    const index = typeof entry['index'] === 'number' ? entry['index'] : undefined
    const known = index === undefined ? withoutIndex(piece) : byIndex.get(index)
    if (known !== undefined && !isAnother(known, piece)) return known
    const call: Call = { wireId: piece.id, name: '', custom: piece.custom, input: '', ended: false }
    calls.push(call)
    if (index !== undefined) byIndex.set(index, call)
    return call
  }

  function withoutIndex({ id, name }: Piece): Call | undefined {
    if (id !== '') return calls.find((call) => call.wireId === id)
    return name === '' ? calls.at(-1) : undefined
  }

  function begin(call: Call): StreamEvent[] {
    // Calls begin in the order they were first heard of.
    const events: StreamEvent[] = []
    for (const each of calls) {
      if (each.index === undefined && (each.name !== '' || each.input !== '')) events.push(...start(each))
      if (each === call) break
    }
    return events
  }

  function start(call: Call): StreamEvent[] {
    const events = [...before(), ...settle(call)]
    const index = nextIndex()
    call.index = index
    let id = call.wireId
    if (id === '' || ids.has(id)) id = mint(calls.indexOf(call))
    ids.add(id)
    events.push({
      type: 'part-start',
      index,
      part: { type: 'tool-call', id, name: call.name || 'unknown', ...(call.custom && { custom: true }) },
    })
    if (call.signature !== undefined) events.push({ type: 'part-signature', index, signature: call.signature })
    if (call.input !== '') events.push({ type: 'part-delta', index, text: call.input })
    return events
  }

  function settle(except?: Call): StreamEvent[] {
    return calls.flatMap((call) => {
      if (call === except || call.index === undefined || call.ended || call.custom || !isWhole(call.input)) return []
      call.ended = true
      return [{ type: 'part-end' as const, index: call.index }]
    })
  }

  function push(raw: unknown): StreamEvent[] {
    const entry = asObject(raw)
    if (entry === undefined) return []
    const piece = pieceOf(entry)
    const call = find(entry, piece)
    if (call.ended) return []
    if (call.wireId === '') call.wireId = piece.id
    const events: StreamEvent[] = []
    if (piece.signature !== undefined) {
      call.signature = piece.signature
      if (call.index !== undefined)
        events.push({ type: 'part-signature', index: call.index, signature: piece.signature })
    }
    if (call.index === undefined) {
      call.name = nameWith(call.name, piece.name)
      call.input += piece.input
      // The name may still grow until arguments come.
      if (call.name !== '' && call.input !== '') events.push(...begin(call))
      return events
    }
    if (piece.input === '' || (piece.input === call.input && isWhole(call.input))) return events
    call.input += piece.input
    events.push({ type: 'part-delta', index: call.index, text: piece.input })
    return events
  }

  function flush(): StreamEvent[] {
    const last = calls.at(-1)
    return last === undefined ? [] : begin(last)
  }

  return {
    count() {
      return calls.filter((call) => call.name !== '' || call.input !== '').length
    },
    push: (entries) => entries.flatMap(push),
    settle: () => [...flush(), ...settle()],
    end() {
      const events = flush()
      for (const call of calls) {
        if (call.index === undefined || call.ended) continue
        call.ended = true
        events.push({ type: 'part-end', index: call.index })
      }
      return events
    },
  }
}

interface Piece {
  id: string
  name: string
  input: string
  custom: boolean
  signature: Signature | undefined
}

function pieceOf(entry: Json): Piece {
  const f = asObject(entry['function'])
  const custom = asObject(entry['custom'])
  const isCustom = custom !== undefined && (entry['type'] === 'custom' || f === undefined)
  return {
    id: str(entry['id']),
    name: str((isCustom ? custom : f)?.['name']),
    input: isCustom ? str(custom['input']) : argumentsText(f?.['arguments']),
    custom: isCustom,
    // What an upstream of this dialect issued goes back to such an upstream.
    signature: callSignature(entry, 'openai-chat'),
  }
}

/** Whether a piece at a known index opens a new call: all calls at one index, told apart by id or by completeness. */
function isAnother(known: Call, { id, name, input }: Piece): boolean {
  if (name === '') return false
  if (id !== '' && known.wireId !== '') return id !== known.wireId
  return isWhole(known.input) && input !== known.input && input.trimStart().startsWith('{')
}

function nameWith(name: string, piece: string): string {
  if (piece === name) return name
  return piece.startsWith(name) ? piece : name + piece
}

/** Whether the text is a JSON object with nothing missing. */
function isWhole(input: string): boolean {
  if (!input.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(input)
    return true
  } catch {
    return false
  }
}
