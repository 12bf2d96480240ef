/** A set of small numbers in ascending order: found by halving, moved as one block. */
export interface IndexSet {
  /** The first `size` are in use, ascending. */
  readonly items: Int32Array
  size: number
}

/** @param most how many it may hold at once. */
export function indexSet(most: number): IndexSet {
  return { items: new Int32Array(most), size: 0 }
}

/** Position of the first member that is `i` or more; `size` when there is none. */
export function positionOf({ items, size }: IndexSet, i: number): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]! < i) low = middle + 1
    else high = middle
  }
  return low
}

/** Adds a number that is not in it. */
export function insert(set: IndexSet, i: number): void {
  const at = positionOf(set, i)
  set.items.copyWithin(at + 1, at, set.size)
  set.items[at] = i
  set.size += 1
}

/** Takes a number out; one that is not in it changes nothing. */
export function remove(set: IndexSet, i: number): void {
  const at = positionOf(set, i)
  if (at === set.size || set.items[at] !== i) return
  set.items.copyWithin(at, at + 1, set.size)
  set.size -= 1
}

/** Makes one the copy of another. @param to must hold as many. */
export function copy(from: IndexSet, to: IndexSet): void {
  to.items.set(from.items.subarray(0, from.size))
  to.size = from.size
}
