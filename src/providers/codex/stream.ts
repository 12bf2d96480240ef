/**
 * The stream of the Codex backend where it differs from the Responses API: its last event may hold an empty `output`
 * though items were told (domain.md 1.2), and it tells the account's allowances in an event of its own, which is not the
 * client's to know.
 */
import { peek, type Span, spanString } from '../../wire/peek.ts'

/** Reads events in their order, one stream to each opener. Texts are cut and joined, never written anew. */
export function createOpener(): (json: string) => string | undefined {
  /** Items as they were told, by their place in the output. */
  let items = new Map<number, string>()

  return (json) => {
    // Deltas are most of a stream: they hold none of these words, or hold them as text.
    if (!LOOKED_AT.test(json)) return json
    const event = Buffer.from(json)
    const members = membersOf(event, ['type', 'response', 'output_index', 'item'])
    switch (spanString(event, members.get('type'))) {
      case 'codex.rate_limits':
        return undefined
      case 'response.created':
        items = new Map()
        return json
      case 'response.output_item.done': {
        const index = Number(textAt(event, members.get('output_index')))
        const item = members.get('item')
        if (item !== undefined && Number.isSafeInteger(index)) items.set(index, textAt(event, item))
        return json
      }
      case 'response.completed':
      case 'response.done':
      case 'response.incomplete':
        return items.size === 0 ? json : restored(event, members.get('response'), json)
      default:
        return json
    }
  }

  function restored(event: Buffer, response: Span | undefined, json: string): string {
    if (response === undefined || event[response.start] !== OPEN_BRACE) return json
    const inner = event.subarray(response.start, response.end)
    const output = membersOf(inner, ['output']).get('output')
    const told = `[${[...items]
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item)
      .join(',')}]`
    if (output === undefined) {
      const rest = inner.toString('utf8', 1)
      const comma = /^\s*\}/.test(rest) ? '' : ','
      return `${event.toString('utf8', 0, response.start)}{"output":${told}${comma}${rest}${event.toString('utf8', response.end)}`
    }
    if (!/^(?:\[\s*\]|null)$/.test(textAt(inner, output))) return json
    const at = response.start
    return event.toString('utf8', 0, at + output.start) + told + event.toString('utf8', at + output.end)
  }
}

const OPEN_BRACE = 123

const LOOKED_AT = /codex\.rate_limits|response\.(?:created|output_item\.done|completed|done|incomplete)/

function textAt(bytes: Buffer, span: Span | undefined): string {
  return span === undefined ? '' : bytes.toString('utf8', span.start, span.end)
}

/** None in what is no JSON object; the road judges that. */
function membersOf(bytes: Buffer, names: readonly string[]): ReadonlyMap<string, Span> {
  try {
    return peek(bytes, names, Number.POSITIVE_INFINITY)
  } catch {
    return new Map()
  }
}
