import assert from 'node:assert/strict'
import type { Sse } from '../../wire/sse.ts'
import type { EventMark, StreamTap } from '../protocol.ts'

/** An event whose data is this value, as the parser would give it. */
export function event(data: unknown, name = ''): Sse {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return { event: name, data: Buffer.from(text).toString('latin1') }
}

/** Reads the events and checks how each is marked; returns the tap for more questions. */
export function marks(tap: StreamTap, steps: readonly [Sse, EventMark][]): StreamTap {
  for (const [index, [item, mark]] of steps.entries()) {
    assert.equal(tap.read(item), mark, `event ${index}: ${item.event} ${item.data.slice(0, 200)}`)
  }
  return tap
}
