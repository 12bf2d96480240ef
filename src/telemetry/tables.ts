/** What found no place of its own is counted under this label. */
export const OTHER = 'other'

export interface TableOptions {
  /** Names beyond this many share one row. */
  limit: number
  /** Makes a label fit to be shown. Two names that look alike afterwards share a row. */
  clean: (label: string) => string
  /** Told for each use of a name that found no place of its own. */
  folded: () => void
}

/**
 * Series by one name, at most `limit` of them. Looking one up costs a single `Map.get`, and neither the rows nor the
 * index of raw names grows beyond the limit.
 */
export class Table<T> {
  readonly rows = new Map<string, T>()
  readonly #index = new Map<string, T>()
  readonly #make: (label: string) => T
  readonly #options: TableOptions

  constructor(make: (label: string) => T, options: TableOptions) {
    this.#make = make
    this.#options = options
  }

  get(name: string): T {
    return this.#index.get(name) ?? this.#add(name)
  }

  #add(name: string): T {
    const { limit, clean, folded } = this.#options
    if (this.#index.size >= limit) {
      folded()
      return this.#row(OTHER)
    }
    const row = this.#row(clean(name))
    this.#index.set(name, row)
    return row
  }

  #row(label: string): T {
    let row = this.rows.get(label)
    if (row === undefined) {
      row = this.#make(label)
      this.rows.set(label, row)
    }
    return row
  }
}

/** Series by two names, at most `limit` in all: a `Map.get` for each name, and no key is put together to look one up. */
export class Pairs<T> {
  readonly #rows = new Map<string, T>()
  readonly #index = new Map<string, Map<string, T>>()
  readonly #make: (a: string, b: string) => T
  readonly #options: TableOptions
  #size = 0

  constructor(make: (a: string, b: string) => T, options: TableOptions) {
    this.#make = make
    this.#options = options
  }

  get(a: string, b: string): T {
    return this.#index.get(a)?.get(b) ?? this.#add(a, b)
  }

  rows(): T[] {
    return [...this.#rows.values()]
  }

  #add(a: string, b: string): T {
    const { limit, clean, folded } = this.#options
    if (this.#size >= limit) {
      folded()
      return this.#row(OTHER, OTHER)
    }
    const row = this.#row(clean(a), clean(b))
    let inner = this.#index.get(a)
    if (inner === undefined) {
      inner = new Map()
      this.#index.set(a, inner)
    }
    inner.set(b, row)
    this.#size++
    return row
  }

  #row(a: string, b: string): T {
    const label = JSON.stringify([a, b])
    let row = this.#rows.get(label)
    if (row === undefined) {
      row = this.#make(a, b)
      this.#rows.set(label, row)
    }
    return row
  }
}
