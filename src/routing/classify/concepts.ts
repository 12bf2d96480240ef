/** The lexicon as tables: which concept a word, the beginning of a word, a phrase or a run of ideographs stands for. */
import {
  FOLD,
  HASH_SEED,
  hashNext,
  hashStep,
  IDEOGRAPH,
  JOINER,
  KIND,
  LETTER,
  MARK,
  SHARE_OF,
  scatter,
  wordHash,
} from './chars.ts'
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

/** Hashes and their concepts, by turns. */
type Entries = number[]

function table(entries: Entries): Table {
  let size = 16
  while (size < entries.length * 1.5) size *= 2
  const keys = new Int32Array(size)
  const values = new Int16Array(size).fill(-1)
  const mask = size - 1
  for (let n = 0; n < entries.length; n += 2) {
    const hash = entries[n]!
    let i = scatter(hash) & mask
    while (values[i]! >= 0 && keys[i] !== hash) i = (i + 1) & mask
    // Of two concepts that claim an entry the first keeps it.
    if (values[i]! < 0) {
      keys[i] = hash
      values[i] = entries[n + 1]!
    }
  }
  return { keys, values, mask }
}

const SPACE = 32
const NEWLINE = 10
const QUOTE = 34
const STAR = 42

/**
 * Entries: `word`, `begin*` (the beginning of a word), `"two words"`, and runs of at most four ideographs or eight kana. Read
 * unit by unit, cut as the extractor cuts a text, for loading has to be quick.
 */
function build(): Tables {
  const words: Entries = []
  const beginnings: Entries = []
  const phrases: Entries = []
  const ideographs: Entries = []
  Object.values(LEXICON).forEach((text, concept) => {
    let quoted = false
    let row = HASH_SEED
    let parts = 0
    let hash = HASH_SEED
    let bag = 0
    let initial = 0
    let letter = 0
    let size = 0
    let first = 0
    let ideograph = false
    const word = () => {
      if (size === 0) return
      first = ideograph ? hash : wordHash(hash, bag, size, initial)
      row = hashNext(row, first)
      parts += 1
      hash = HASH_SEED
      bag = size = 0
    }
    const entry = (begins: boolean) => {
      word()
      if (parts > 0) {
        if (ideograph) ideographs.push(first, concept)
        else if (parts > 1) phrases.push(row, concept)
        else (begins ? beginnings : words).push(first, concept)
      }
      row = HASH_SEED
      parts = 0
      ideograph = false
    }
    for (let i = 0; i <= text.length; i += 1) {
      const c = i < text.length ? text.charCodeAt(i) : SPACE
      const kind = KIND[c]!
      if (kind === LETTER || kind === IDEOGRAPH || (kind === JOINER && size > 0)) {
        const unit = FOLD[c]!
        if (size === 0) initial = unit
        // As `repeats` says, in place: loading runs before anything is compiled.
        else if (unit === letter && unit > 57 && unit < 0x530) continue
        letter = unit
        hash = hashStep(hash, unit)
        if (unit < 0x530) bag = (bag + SHARE_OF[unit]!) | 0
        size += 1
        if (kind === IDEOGRAPH) ideograph = true
      } else if (kind === MARK) continue
      else if (c === QUOTE) {
        if (quoted) entry(false)
        quoted = !quoted
      } else if (c === STAR) entry(true)
      else if ((c === SPACE || c === NEWLINE) && !quoted) entry(false)
      else word()
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
