/**
 * The stream of the Codex backend where it differs from the Responses API: its last event may hold an empty `output`
 * though items were told (domain.md 1.2), and it tells the account's allowances in an event of its own, which is not the
 * client's to know.
 */

/** Reads events in their order, one stream to each opener. */
export function createOpener(): (json: string) => string | undefined {
  let items = new Map<number, unknown>()

  return (json) => {
    // Deltas are most of a stream: they hold neither of these words, or hold them as text.
    if (!LOOKED_AT.test(json)) return json
    const event = objectOf(json)
    switch (event?.['type']) {
      case 'codex.rate_limits':
        return undefined
      case 'response.created':
        items = new Map()
        return json
      case 'response.output_item.done':
        if (typeof event['output_index'] === 'number') items.set(event['output_index'], event['item'])
        return json
      case 'response.completed':
      case 'response.done':
      case 'response.incomplete':
        return restored(event, json)
      default:
        return json
    }
  }

  function restored(event: Record<string, unknown>, json: string): string {
    const response = event['response']
    if (items.size === 0 || !isObject(response)) return json
    const output = response['output']
    if (Array.isArray(output) && output.length > 0) return json
    const told = [...items].sort(([a], [b]) => a - b).map(([, item]) => item)
    return JSON.stringify({ ...event, response: { ...response, output: told } })
  }
}

const LOOKED_AT = /codex\.rate_limits|response\.(?:created|output_item\.done|completed|done|incomplete)/

function objectOf(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    // The road judges what is no JSON.
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
