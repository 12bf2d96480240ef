import type { StreamEvent } from '../../hub/response.ts'

type PartEvent = Extract<StreamEvent, { index: number }>

/**
 * Puts interleaved parts one after the other: the oldest open part passes as it comes, younger ones wait until it ends.
 * Natives keep their place among the parts; everything else passes at once.
 */
export function inOrder(next: (event: StreamEvent) => void): { push(event: StreamEvent): void; end(): void } {
  /** Younger parts in order of their beginning, with what they have said; a native is a part that has ended. */
  const line: { index: number; events: StreamEvent[]; ended: boolean }[] = []

  function advance(): void {
    for (let first = line[0]; first !== undefined; first = line[0]) {
      for (const event of first.events) next(event)
      first.events = []
      if (!first.ended) return
      line.shift()
    }
  }

  function take(event: PartEvent): void {
    const place = event.index === line[0]?.index ? line[0] : line.find((p) => p.index === event.index)
    if (place === undefined) return
    if (event.type === 'part-end') place.ended = true
    if (place === line[0] && !place.ended) next(event)
    else place.events.push(event)
    if (place.ended) advance()
  }

  return {
    push(event) {
      if (event.type === 'part-start') {
        line.push({ index: event.index, events: [event], ended: false })
        advance()
      } else if ('index' in event) take(event)
      else if (event.type === 'native' && line.length > 0) line.push({ index: -1, events: [event], ended: true })
      else next(event)
    },
    end() {
      for (const place of line)
        if (!place.ended) {
          place.events.push({ type: 'part-end', index: place.index })
          place.ended = true
        }
      advance()
    },
  }
}
