/** A member's place; what it is removed by. */
export interface Place<T> {
  readonly member: T
  index: number
}

/**
 * Those that are under way: members that come and go with every request. No Set: V8 replaces the table of a Set that is
 * filled and emptied again and again, each old table refers to its successor, and once one of them has reached the old
 * generation, all that were ever members stay alive until the next full collection.
 */
export class Roster<T> {
  readonly #places: Place<T>[] = []

  get size(): number {
    return this.#places.length
  }

  add(member: T): Place<T> {
    const place = { member, index: this.#places.length }
    this.#places.push(place)
    return place
  }

  /** @returns false if it was removed before. */
  remove(place: Place<T>): boolean {
    if (place.index === -1) return false
    const last = this.#places.pop()!
    if (last !== place) {
      this.#places[place.index] = last
      last.index = place.index
    }
    place.index = -1
    return true
  }

  /** All members of this moment, taken out. */
  drain(): T[] {
    const places = this.#places.splice(0)
    for (const place of places) place.index = -1
    return places.map((place) => place.member)
  }

  /** All members of this moment. */
  list(): T[] {
    return this.#places.map((place) => place.member)
  }
}
