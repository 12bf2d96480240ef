/** A line diff by longest common subsequence: small texts only. */
import type { Diff, DiffLine } from '../../src/server/admin/management/contract.ts'

export function lineDiff(before: string, after: string): Diff {
  const a = before.split('\n')
  const b = after.split('\n')
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      length[i]![j] = a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!)
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ is: 'same', text: a[i]!, old: i + 1, new: j + 1 })
      i += 1
      j += 1
    } else if (j >= b.length || (i < a.length && length[i + 1]![j]! >= length[i]![j + 1]!)) {
      lines.push({ is: 'removed', text: a[i]!, old: i + 1 })
      i += 1
    } else {
      lines.push({ is: 'added', text: b[j]!, new: j + 1 })
      j += 1
    }
  }
  const near = lines.map((_, n) => lines.slice(Math.max(0, n - 3), n + 4).some((l) => l.is !== 'same'))
  const hunks: Diff['hunks'] = []
  let gap = 0
  lines.forEach((l, n) => {
    if (!near[n]) {
      gap += 1
      return
    }
    if (gap > 0 || hunks.length === 0) hunks.push({ gap, lines: [] })
    gap = 0
    hunks.at(-1)!.lines.push(l)
  })
  return {
    added: lines.filter((l) => l.is === 'added').length,
    removed: lines.filter((l) => l.is === 'removed').length,
    hunks,
  }
}
