/** The lexicon as tables: which concept a word, the beginning of a word, a phrase or a run of ideographs stands for. */
import { FOLD, HASH_SEED, hashNext, hashStep, hashWord, IDEOGRAPH, KIND, LETTER, scatter } from './chars.ts'
import { LEXICON } from './lexicon.ts'

/** Names of the concepts; a concept's number is its place here. */
export const CONCEPTS: readonly string[] = Object.keys(LEXICON)

/** Hash → concept, by open addressing. */
export interface Table {
  readonly keys: Int32Array
  readonly values: Int16Array
  readonly mask: number
}

export interface Tables {
  words: Table
  beginnings: Table
  phrases: Table
  ideographs: Table
}

/** The concept under a hash, or -1. */
export function find(table: Table, hash: number): number {
  const { keys, values, mask } = table
  let i = scatter(hash) & mask
  while (values[i]! >= 0) {
    if (keys[i] === hash) return values[i]!
    i = (i + 1) & mask
  }
  return -1
}

/** Words of an entry as the extractor would cut them. */
function wordsOf(entry: string): string[] {
  const words: string[] = []
  let word = ''
  for (const ch of entry) {
    const kind = KIND[ch.charCodeAt(0)]!
    if (kind === LETTER || kind === IDEOGRAPH || kind === 4 || (kind === 3 && word !== '')) word += ch
    else if (word !== '') {
      words.push(word)
      word = ''
    }
  }
  if (word !== '') words.push(word)
  return words
}

function table(entries: readonly (readonly [hash: number, concept: number])[]): Table {
  let size = 16
  while (size < entries.length * 3) size *= 2
  const keys = new Int32Array(size)
  const values = new Int16Array(size).fill(-1)
  const mask = size - 1
  for (const [hash, concept] of entries) {
    let i = scatter(hash) & mask
    while (values[i]! >= 0 && keys[i] !== hash) i = (i + 1) & mask
    // Of two concepts that claim an entry the first keeps it.
    if (values[i]! < 0) {
      keys[i] = hash
      values[i] = concept
    }
  }
  return { keys, values, mask }
}

/** Entries: `word`, `begin*` (the beginning of a word), `"two words"`, and runs of at most four ideographs or eight kana. */
function build(): Tables {
  const lists: [number, number][][] = [[], [], [], []]
  const [words, beginnings, phrases, ideographs] = lists as [
    [number, number][],
    [number, number][],
    [number, number][],
    [number, number][],
  ]
  Object.values(LEXICON).forEach((text, concept) => {
    for (const [, quoted, plain] of text.matchAll(/"([^"]+)"|(\S+)/g)) {
      const entry = (quoted ?? plain)!
      const parts = wordsOf(entry)
      const first = parts[0]
      if (first === undefined) continue
      if ([...first].some((ch) => KIND[ch.charCodeAt(0)] === IDEOGRAPH)) {
        let hash = HASH_SEED
        for (let i = 0; i < entry.length; i += 1) hash = hashStep(hash, FOLD[entry.charCodeAt(i)]!)
        ideographs.push([hash, concept])
      } else if (parts.length > 1)
        phrases.push([parts.reduce((hash, part) => hashNext(hash, hashWord(part)), HASH_SEED), concept])
      else (entry.endsWith('*') ? beginnings : words).push([hashWord(first), concept])
    }
  })
  return { words: table(words), beginnings: table(beginnings), phrases: table(phrases), ideographs: table(ideographs) }
}

let built: Tables | undefined
/** Built at first use. */
export function tables(): Tables {
  built ??= build()
  return built
}
