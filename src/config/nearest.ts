/** The known word nearest to a mistyped one. */

/** Number of single edits (insert, delete, replace, swap of neighbours) from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(replace, previous[j]! + 1, current[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1)
      current.push(best)
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}

/** The nearest of the known words, and whether it is near enough to be what was meant. */
export function nearest(word: string, known: readonly string[]): { word: string; near: boolean } | undefined {
  // Underscores and capitals are the usual slips; they should not count as edits. Long words are no slips.
  const plain = word.slice(0, 80).toLowerCase().replaceAll('_', '-')
  let best: { word: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(plain, candidate)
    if (!best || distance < best.distance) best = { word: candidate, distance }
  }
  if (!best) return undefined
  return { word: best.word, near: best.distance <= Math.max(2, Math.floor(best.word.length / 3)) }
}
