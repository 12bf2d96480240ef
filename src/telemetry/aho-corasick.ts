/**
 * Finds many literal patterns in one pass over a text, in time linear in the text whatever the patterns are
 * (Aho and Corasick, 1975). Transitions live in one open-addressed table, so memory follows the pattern characters.
 */
export interface Matcher {
  /** Calls `found(end, pattern)` for the longest pattern that ends before each position, from left to right. */
  scan(text: string, found: (end: number, pattern: number) => void): void
}

/** `patterns` are not empty; each is reported by its index (the first one of equal patterns). */
export function createMatcher(patterns: readonly string[]): Matcher {
  let characters = 1
  for (const pattern of patterns) characters += pattern.length
  let bits = 4
  while (1 << bits < characters * 2) bits++
  const mask = (1 << bits) - 1
  // Keys are node * 65536 + code unit: exact in a double far beyond any pattern set that fits in memory.
  const keys = new Float64Array(mask + 1).fill(-1)
  const targets = new Int32Array(mask + 1)
  const roots = new Int32Array(65_536)
  const fail = new Int32Array(characters)
  const output = new Int32Array(characters).fill(-1)
  let nodes = 1

  function slot(node: number, code: number): number {
    const key = node * 65_536 + code
    let at = (Math.imul(node, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b)) >>> (32 - bits)
    while (keys[at] !== key && keys[at] !== -1) at = (at + 1) & mask
    return at
  }
  /** 0 (the root) when there is no such edge. */
  function edge(node: number, code: number): number {
    if (node === 0) return roots[code]!
    return targets[slot(node, code)]!
  }

  for (const [index, pattern] of patterns.entries()) {
    let node = 0
    for (let at = 0; at < pattern.length; at++) {
      const code = pattern.charCodeAt(at)
      let next = edge(node, code)
      if (next === 0) {
        next = nodes++
        if (node === 0) roots[code] = next
        else {
          const free = slot(node, code)
          keys[free] = node * 65_536 + code
          targets[free] = next
        }
      }
      node = next
    }
    if (output[node] === -1) output[node] = index
  }
  linkFailures()

  /** Breadth first: where to go on when a node has no edge, and the longest pattern that ends in it. */
  function linkFailures(): void {
    const from = new Int32Array(nodes)
    const by = new Uint16Array(nodes)
    const children: number[][] = []
    for (let code = 0; code < 65_536; code++) if (roots[code] !== 0) by[roots[code]!] = code
    for (let at = 0; at <= mask; at++) {
      if (keys[at] === -1) continue
      const node = Math.floor(keys[at]! / 65_536)
      const child = targets[at]!
      from[child] = node
      by[child] = keys[at]! % 65_536
      const siblings = children[node]
      if (siblings) siblings.push(child)
      else children[node] = [child]
    }
    let level: number[] = []
    for (const node of roots) if (node !== 0) level.push(node)
    while (level.length > 0) {
      const below: number[] = []
      for (const node of level) {
        const parent = from[node]!
        if (parent !== 0) {
          let back = fail[parent]!
          while (back !== 0 && edge(back, by[node]!) === 0) back = fail[back]!
          fail[node] = edge(back, by[node]!)
        }
        if (output[node] === -1) output[node] = output[fail[node]!]!
        const more = children[node]
        if (more) for (const child of more) below.push(child)
      }
      level = below
    }
  }

  return {
    scan(text, found) {
      let node = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        if (node === 0) {
          node = roots[code]!
          continue
        }
        let next = targets[slot(node, code)]!
        while (next === 0) {
          node = fail[node]!
          next = edge(node, code)
          if (node === 0) break
        }
        node = next
        if (node !== 0 && output[node] !== -1) found(at + 1, output[node]!)
      }
    },
  }
}
