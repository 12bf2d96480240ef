/** When to look again at whom: a heap of times, at most one for each index. */
export interface Alarms {
  /** The earliest time; Infinity without any. */
  next(): number
  /** Whose it is; only while `next` is finite. */
  first(): number
  /** Sets, moves or (with Infinity) ends the alarm of an index. */
  set(index: number, time: number): void
  clear(): void
}

/** @param most indices are below this. */
export function createAlarms(most: number): Alarms {
  // Made when first needed: where nobody rests there are none.
  let times = new Float64Array(0)
  let heap = new Int32Array(0)
  /** Place in the heap; -1: none. */
  let places = new Int32Array(0)
  let size = 0

  function put(place: number, index: number): void {
    heap[place] = index
    places[index] = place
  }

  function rise(from: number, index: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      if (times[heap[above]!]! <= times[index]!) break
      put(place, heap[above]!)
      place = above
    }
    put(place, index)
  }

  function sink(from: number, index: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= size) break
      if (below + 1 < size && times[heap[below + 1]!]! < times[heap[below]!]!) below += 1
      if (times[heap[below]!]! >= times[index]!) break
      put(place, heap[below]!)
      place = below
    }
    put(place, index)
  }

  function end(index: number): void {
    const place = places[index]!
    if (place === -1) return
    places[index] = -1
    size -= 1
    if (place === size) return
    const last = heap[size]!
    if (place > 0 && times[last]! < times[heap[(place - 1) >> 1]!]!) rise(place, last)
    else sink(place, last)
  }

  return {
    next: () => (size === 0 ? Number.POSITIVE_INFINITY : times[heap[0]!]!),
    first: () => heap[0]!,
    set(index, time) {
      if (heap.length === 0) {
        if (time === Number.POSITIVE_INFINITY) return
        times = new Float64Array(most)
        heap = new Int32Array(most)
        places = new Int32Array(most).fill(-1)
      }
      if (time === Number.POSITIVE_INFINITY) {
        end(index)
        return
      }
      const place = places[index]!
      const before = times[index]!
      times[index] = time
      if (place === -1) {
        size += 1
        rise(size - 1, index)
      } else if (time < before) rise(place, index)
      else sink(place, index)
    },
    clear() {
      size = 0
      places.fill(-1)
    },
  }
}
