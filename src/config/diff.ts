/** Which lines of a text another one has not, for people. */

export interface DiffLine {
  is: 'same' | 'added' | 'removed'
  text: string
  /** Line numbers from 1. */
  old?: number
  new?: number
}

export interface Diff {
  added: number
  removed: number
  /** Changes with the lines around them; `gap` equal lines are left out before each. */
  hunks: { gap: number; lines: DiffLine[] }[]
}

/** Beyond so many cells the middle of two texts is told as replaced. */
const MOST_CELLS = 4_000_000

/** @param around equal lines shown at each side of a change. */
export function diffLines(before: string, after: string, around = 3): Diff {
  const lines = compared(split(before), split(after))
  const hunks: Diff['hunks'] = []
  let gap = 0
  for (let i = 0; i < lines.length; ) {
    if (!near(lines, i, around)) {
      gap += 1
      i += 1
      continue
    }
    const hunk: DiffLine[] = []
    while (i < lines.length && near(lines, i, around)) hunk.push(lines[i++]!)
    hunks.push({ gap, lines: hunk })
    gap = 0
  }
  const count = (is: DiffLine['is']) => lines.filter((line) => line.is === is).length
  return { added: count('added'), removed: count('removed'), hunks }
}

function split(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function near(lines: readonly DiffLine[], at: number, around: number): boolean {
  for (let i = Math.max(0, at - around); i <= Math.min(lines.length - 1, at + around); i++)
    if (lines[i]!.is !== 'same') return true
  return false
}

function compared(a: readonly string[], b: readonly string[]): DiffLine[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1
  const same = (i: number, j: number): DiffLine => ({ is: 'same', text: a[i]!, old: i + 1, new: j + 1 })
  const lines: DiffLine[] = []
  for (let i = 0; i < head; i++) lines.push(same(i, i))
  middle(a, b, head, a.length - tail, b.length - tail, lines, same)
  for (let i = tail; i > 0; i--) lines.push(same(a.length - i, b.length - i))
  return lines
}

/** The longest common subsequence of the part that differs. */
function middle(
  a: readonly string[],
  b: readonly string[],
  from: number,
  endA: number,
  endB: number,
  lines: DiffLine[],
  same: (i: number, j: number) => DiffLine,
): void {
  const n = endA - from
  const m = endB - from
  const removed = (i: number) => lines.push({ is: 'removed', text: a[i]!, old: i + 1 })
  const added = (j: number) => lines.push({ is: 'added', text: b[j]!, new: j + 1 })
  let i = from
  let j = from
  if ((n + 1) * (m + 1) <= MOST_CELLS) {
    const width = m + 1
    const best = new Uint32Array((n + 1) * width)
    for (let x = n - 1; x >= 0; x--)
      for (let y = m - 1; y >= 0; y--)
        best[x * width + y] =
          a[from + x] === b[from + y]
            ? best[(x + 1) * width + y + 1]! + 1
            : Math.max(best[(x + 1) * width + y]!, best[x * width + y + 1]!)
    while (i < endA && j < endB) {
      const x = i - from
      const y = j - from
      if (a[i] === b[j]) lines.push(same(i++, j++))
      else if (best[(x + 1) * width + y]! >= best[x * width + y + 1]!) removed(i++)
      else added(j++)
    }
  }
  while (i < endA) removed(i++)
  while (j < endB) added(j++)
}
