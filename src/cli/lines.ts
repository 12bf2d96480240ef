/** Reads what a person types or a program sends on stdin, line by line, for whoever asks. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface Lines {
  /** The next line goes to this question. Undefined when nobody is there. */
  ask(question: string): Promise<string | undefined>
  /** Lines that nobody asked for. */
  onLine(listener: (line: string) => void): void
  close(): void
}

/** Lines kept for those who ask later. */
const MOST_AHEAD = 100

/**
 * @param tell writes a question.
 * @param interactive whether a person sits there; a pipe that has ended answers nothing.
 */
export function readLines(input: Readable, interactive: boolean, tell: (question: string) => void): Lines {
  const reader = createInterface({ input, terminal: false, crlfDelay: Number.POSITIVE_INFINITY })
  let listener: ((line: string) => void) | undefined
  /** Typed before anybody asked. */
  const ahead: string[] = []
  const asked: ((line: string | undefined) => void)[] = []
  let ended = false
  reader.on('line', (line) => {
    const next = asked.shift()
    if (next !== undefined) next(line)
    else if (listener === undefined) {
      if (ahead.length < MOST_AHEAD) ahead.push(line)
    } else if (line.trim() !== '') listener(line)
  })
  reader.on('close', () => {
    ended = true
    for (const answer of asked.splice(0)) answer(undefined)
  })
  return {
    ask(question) {
      if (!interactive) return Promise.resolve(undefined)
      tell(question)
      if (ahead.length > 0 || ended) return Promise.resolve(ahead.shift())
      return new Promise((resolve) => asked.push(resolve))
    },
    onLine(heard) {
      listener = heard
      for (const line of ahead.splice(0)) if (line.trim() !== '') heard(line)
    },
    close() {
      reader.close()
      // Otherwise an open stdin keeps the program alive.
      input.pause()
      ;(input as Readable & { unref?(): void }).unref?.()
    },
  }
}
