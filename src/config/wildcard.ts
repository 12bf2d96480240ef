/**
 * Compiles patterns in which `*` stands for any text (`gpt-5*`, `*-preview`, `*flash*`) into one test.
 * No regular expressions: a pattern from a config file must not be able to hang the program.
 */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false
  const compiled = patterns.map((pattern) => pattern.toLowerCase().split('*'))
  return (name) => {
    const lower = name.toLowerCase()
    return compiled.some((pieces) => matches(lower, pieces))
  }
}

function matches(name: string, pieces: readonly string[]): boolean {
  if (pieces.length === 1) return name === pieces[0]
  const first = pieces[0]!
  const last = pieces[pieces.length - 1]!
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  for (let i = 1; i < pieces.length - 1; i += 1) {
    const found = name.indexOf(pieces[i]!, at)
    if (found === -1 || found + pieces[i]!.length > end) return false
    at = found + pieces[i]!.length
  }
  return true
}
