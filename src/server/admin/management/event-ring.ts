/** The last events, written as text once, for all who listen: each reader only keeps its place. */
import type { ManagementEventType } from './contract.ts'

export interface Frame {
  id: number
  type: ManagementEventType
  bytes: Uint8Array
}

export interface EventRing {
  push(frame: Frame): void
  /** Place of the oldest frame that is still there, and of the next to come. */
  readonly first: number
  readonly end: number
  /** Id of the last frame that is gone; 0: none is. */
  readonly gone: number
  /** Frames from a place on, to another (exclusive). */
  between(place: number, end: number): readonly Frame[]
  /** Place of the first frame after this id. */
  after(id: number): number
}

/** @param limits what it holds at most; the last frame stays, however large. */
export function createEventRing(limits: { frames: number; bytes: number }): EventRing {
  const frames: Frame[] = []
  let first = 0
  let gone = 0
  let size = 0

  return {
    push(frame) {
      frames.push(frame)
      size += frame.bytes.length
      while (frames.length > 1 && (frames.length > limits.frames || size > limits.bytes)) {
        const old = frames.shift()!
        size -= old.bytes.length
        first += 1
        gone = old.id
      }
    },
    get first() {
      return first
    },
    get end() {
      return first + frames.length
    },
    get gone() {
      return gone
    },
    between: (place, end) => frames.slice(Math.max(0, place - first), Math.max(0, end - first)),
    after(id) {
      const at = frames.findIndex((frame) => frame.id > id)
      return first + (at === -1 ? frames.length : at)
    },
  }
}
