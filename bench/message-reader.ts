/** Reads HTTP/1.1 messages from raw bytes: as little as the bench needs, as cheaply as it can. */

export interface MessageListener {
  /** The head as latin1 text, first line included. */
  head(text: string): void
  /** Body bytes with the framing taken off; valid during the call alone. */
  body(bytes: Buffer): void
  end(): void
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')

export class MessageReader {
  readonly #listener: MessageListener
  #state: 'head' | 'length' | 'size' | 'chunk' | 'after-chunk' | 'trailer' = 'head'
  #kept: Buffer | undefined
  #left = 0
  #sizeText = ''

  constructor(listener: MessageListener) {
    this.#listener = listener
  }

  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length || (this.#state === 'length' && this.#left === 0)) {
      switch (this.#state) {
        case 'head':
          at = this.#head(bytes, at)
          break
        case 'length':
        case 'chunk': {
          const end = Math.min(bytes.length, at + this.#left)
          if (end > at) this.#listener.body(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
          this.#left -= end - at
          at = end
          if (this.#left > 0) return
          if (this.#state === 'length') this.#end()
          else {
            this.#state = 'after-chunk'
            this.#left = 2
          }
          break
        }
        case 'after-chunk': {
          const step = Math.min(this.#left, bytes.length - at)
          at += step
          this.#left -= step
          if (this.#left === 0) this.#state = 'size'
          break
        }
        case 'size':
          at = this.#size(bytes, at)
          break
        case 'trailer': {
          // No trailers are read: what follows the last chunk is its empty line.
          const step = Math.min(this.#left, bytes.length - at)
          at += step
          this.#left -= step
          if (this.#left === 0) this.#end()
        }
      }
    }
  }

  #head(bytes: Buffer, from: number): number {
    const before = this.#kept
    const all = before === undefined ? bytes.subarray(from) : Buffer.concat([before, bytes.subarray(from)])
    const end = all.indexOf(END_OF_HEAD)
    if (end === -1) {
      this.#kept = Buffer.from(all)
      return bytes.length
    }
    this.#kept = undefined
    const text = all.toString('latin1', 0, end)
    this.#listener.head(text)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)
    if (length !== null) {
      this.#state = 'length'
      this.#left = Number(length[1])
    } else if (/\r\ntransfer-encoding: *chunked/i.test(text)) {
      this.#state = 'size'
      this.#sizeText = ''
    } else throw new Error(`a message without a length:\n${text}`)
    return from + end + 4 - (before?.length ?? 0)
  }

  #size(bytes: Buffer, from: number): number {
    const lf = bytes.indexOf(10, from)
    this.#sizeText += bytes.toString('latin1', from, lf === -1 ? bytes.length : lf)
    if (lf === -1) return bytes.length
    this.#left = Number.parseInt(this.#sizeText, 16)
    this.#sizeText = ''
    if (this.#left > 0) this.#state = 'chunk'
    else {
      this.#state = 'trailer'
      this.#left = 2
    }
    return lf + 1
  }

  #end(): void {
    this.#state = 'head'
    this.#listener.end()
  }
}
