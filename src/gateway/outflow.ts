/** Gathers what one read of the upstream's socket brought into one write to the client. */
export interface Outflow {
  push(chunk: Buffer | string): void
  /** Writes what is gathered at once. */
  flush(): void
  /** Nothing more is written. */
  close(): void
}

/** @param write takes everything gathered so far. */
export function createOutflow(write: (chunk: Buffer | string) => void): Outflow {
  let pieces: (Buffer | string)[] = []
  let scheduled = false
  let closed = false

  function flush(): void {
    scheduled = false
    if (closed || pieces.length === 0) return
    const gathered = pieces
    pieces = []
    write(gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered.map(bytes)))
  }

  return {
    push(chunk) {
      pieces.push(chunk)
      if (scheduled) return
      scheduled = true
      process.nextTick(flush)
    },
    flush,
    close() {
      closed = true
    },
  }
}

function bytes(chunk: Buffer | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}
