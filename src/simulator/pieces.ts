import type { Pieces } from './types.ts'

/** Text cut into deltas of about `size` characters, never inside a surrogate pair. */
export function pieces(text: string, size = 16): Pieces {
  return {
    text: () => text,
    chars: text.length,
    *[Symbol.iterator]() {
      let i = 0
      while (i < text.length) {
        let end = Math.min(text.length, i + size)
        const last = text.charCodeAt(end - 1)
        if (end < text.length && last >= 0xd800 && last <= 0xdbff) end++
        yield text.slice(i, end)
        i = end
      }
    },
  }
}

const FILL = 'abcdefghijklmnopqrstuvwxyz'.repeat(8)

/** `count` numbered deltas of `size` characters each, made one at a time: long streams never sit in memory whole. */
export function numbered(count: number, size: number): Pieces {
  const tail = FILL.repeat(Math.ceil(size / FILL.length)).slice(0, size)
  const at = (i: number) => `${i} ${tail}`.slice(0, size)
  return {
    chars: count * size,
    text: () => Array.from({ length: count }, (_, i) => at(i)).join(''),
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++) yield at(i)
    },
  }
}

/** Cut an argument string the way vendors do: small, and first of all inside the JSON. */
export function slices(text: string, size = 8): string[] {
  return [...pieces(text, size)]
}
