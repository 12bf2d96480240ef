import type { Failure } from '../hub/failure.ts'
import type { Usage } from '../hub/response.ts'
import type { Sse } from '../wire/sse.ts'
import type { EventMark, StreamTap } from './protocol.ts'

/**
 * A tap made of closures. The getters stand in a class, once for all: V8 allocates a getter written in an object literal
 * in the old generation, where it keeps its whole request alive until the next full collection.
 */
export class Tap implements StreamTap {
  readonly read: (event: Sse) => EventMark
  readonly #usage: () => Usage | undefined
  readonly #ended: () => boolean
  readonly #failure: () => Failure | undefined

  constructor(
    read: (event: Sse) => EventMark,
    usage: () => Usage | undefined,
    ended: () => boolean,
    failure: () => Failure | undefined,
  ) {
    this.read = read
    this.#usage = usage
    this.#ended = ended
    this.#failure = failure
  }

  get usage(): Usage | undefined {
    return this.#usage()
  }

  get ended(): boolean {
    return this.#ended()
  }

  get failure(): Failure | undefined {
    return this.#failure()
  }
}
