/**
 * Few-shot: labelled examples and categories of one's own, beside the model.
 *
 * A text becomes the set of its words, beginnings of words and pairs of words; two texts are as alike as the cosine of their
 * sets, words of grammar counting little. An example that is alike moves the decision towards its category, the more the
 * liker; one that shares only common words moves nothing.
 */
import { FOLD, HASH_SEED, hashNext, hashStep, IDEOGRAPH, KIND, LETTER } from './chars.ts'
import { withoutCourtesy } from './strip.ts'

export interface LabelledExample {
  text: string
  category: string
}

export interface CustomCategory {
  keywords?: readonly string[]
  examples?: readonly string[]
}

/** How strongly an example or a keyword speaks for a category. */
export interface Pull {
  category: string
  /** 0 to 1: how much of the decision it takes over. */
  strength: number
  /** In words: `like the example "…"`, `the keyword "…"`. */
  words: string
}

/** Compiled examples. Immutable; compile again after a change. */
export interface ExampleSet {
  /** Examples and keywords. */
  readonly size: number
  /** Categories of one's own, in the order given. */
  readonly custom: readonly string[]
  /** The strongest pull of each category that has one. */
  pulls(text: string): Pull[]
}

/** Likeness at which an example begins to count, and from which it counts in full. */
const FAINT = 0.38
const FULL = 0.68
/** What an example takes over at most; a keyword, and two of them. */
const MOST = 0.97
const KEYWORD = [0, 0.8, 0.92]
/** Characters of a text that are compared. */
const WINDOW = 1500

interface Entry {
  category: string
  words: string
}

type Vector = Map<number, number>

/** Words of a text with their weights, made to length 1. */
function vectorOf(text: string): Vector {
  const vector: Vector = new Map()
  const put = (hash: number, weight: number) => {
    if (!vector.has(hash)) vector.set(hash, weight)
  }
  const length = Math.min(text.length, WINDOW)
  let hash = HASH_SEED
  let stem = 0
  let size = 0
  let before = 0
  let character = 0
  for (let i = 0; i <= length; i += 1) {
    const c = i < length ? FOLD[text.charCodeAt(i)]! : 32
    const kind = KIND[c]
    if (kind === LETTER) {
      hash = hashStep(hash, c)
      size += 1
      if (size === (c > 0x1000 ? 2 : 5)) stem = hash
      continue
    }
    if (size > 0) {
      const content = size > 3 || stem !== 0
      put(hash, content ? 1 : 0.25)
      if (stem !== 0) put(stem ^ 0x5354454d, 0.6)
      if (before !== 0) put(hashNext(before, hash), 0.35)
      before = hash
      hash = HASH_SEED
      size = stem = 0
    }
    if (kind === IDEOGRAPH) {
      if (character !== 0) put(hashStep(hashStep(HASH_SEED, character), c) ^ 0x42, 1)
      put(c ^ 0x434a, 0.35)
      character = c
    } else character = 0
  }
  let sum = 0
  for (const weight of vector.values()) sum += weight * weight
  const norm = Math.sqrt(sum) || 1
  for (const [key, weight] of vector) vector.set(key, weight / norm)
  return vector
}

const folded = (text: string) => {
  let out = ''
  const length = Math.min(text.length, WINDOW)
  for (let i = 0; i < length; i += 1) out += String.fromCharCode(FOLD[text.charCodeAt(i)]!)
  return out
}

/** Whether `keyword` stands in `text` (both folded), as a word where it is written in letters that make words. */
function stands(text: string, keyword: string): boolean {
  const loose = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]/.test(keyword)
  for (let at = text.indexOf(keyword); at >= 0; at = text.indexOf(keyword, at + 1)) {
    if (loose) return true
    const before = at === 0 ? 32 : text.charCodeAt(at - 1)
    const after = at + keyword.length >= text.length ? 32 : text.charCodeAt(at + keyword.length)
    if (KIND[before] !== LETTER && KIND[after] !== LETTER) return true
  }
  return false
}

const quoted = (text: string) => {
  const line = text.replace(/\s+/g, ' ').trim()
  return `"${line.length > 40 ? `${line.slice(0, 39)}…` : line}"`
}

/** Compiles labelled examples, and categories of one's own by keywords or examples. */
export function compileExamples(
  labelled: readonly LabelledExample[],
  custom: Readonly<Record<string, CustomCategory>> = {},
): ExampleSet {
  const entries: Entry[] = []
  const index = new Map<number, [entry: number, weight: number][]>()
  const add = (category: string, vector: Vector, words: string) => {
    const entry = entries.push({ category, words }) - 1
    for (const [key, weight] of vector) {
      const list = index.get(key)
      if (list === undefined) index.set(key, [[entry, weight]])
      else list.push([entry, weight])
    }
  }
  const keywords: { category: string; keyword: string; plain: string }[] = []
  for (const [category, { keywords: words = [], examples = [] }] of Object.entries(custom)) {
    for (const plain of words)
      if (plain.trim() !== '') keywords.push({ category, keyword: folded(plain.trim()), plain })
    const vectors = examples.map((text) => vectorOf(withoutCourtesy(text)))
    vectors.forEach((vector, i) => {
      add(category, vector, `like the example ${quoted(examples[i]!)}`)
    })
    if (vectors.length > 1) add(category, centroid(vectors), `like the examples of ${category}`)
  }
  for (const { text, category } of labelled)
    add(category, vectorOf(withoutCourtesy(text)), `like the example ${quoted(text)}`)

  return {
    size: labelled.length + keywords.length + Object.values(custom).reduce((n, c) => n + (c.examples?.length ?? 0), 0),
    custom: Object.keys(custom),
    pulls(text) {
      const best = new Map<string, Pull>()
      const offer = (pull: Pull) => {
        if (pull.strength > (best.get(pull.category)?.strength ?? 0)) best.set(pull.category, pull)
      }
      if (entries.length > 0) {
        const likeness = new Float64Array(entries.length)
        for (const [key, weight] of vectorOf(text))
          for (const [entry, other] of index.get(key) ?? []) likeness[entry] = likeness[entry]! + weight * other
        let top = 0
        for (const value of likeness) if (value > top) top = value
        // Examples that are clearly less alike than the likest are not asked; of equals the last one stored is.
        for (let i = entries.length - 1; i >= 0; i -= 1) {
          const value = likeness[i]!
          if (value <= FAINT || value < top - 0.08) continue
          const strength = MOST * Math.min(1, (value - FAINT) / (FULL - FAINT)) * (value < top ? 0.5 : 1)
          const { category, words } = entries[i]!
          if (value === top && [...best.values()].some((pull) => pull.strength >= strength)) continue
          offer({ category, strength, words })
        }
      }
      if (keywords.length > 0) {
        const plainText = folded(text)
        const hits = new Map<string, string[]>()
        for (const { category, keyword, plain } of keywords)
          if (stands(plainText, keyword)) hits.set(category, [...(hits.get(category) ?? []), plain])
        for (const [category, list] of hits)
          offer({
            category,
            strength: KEYWORD[Math.min(2, list.length)]!,
            words: `the keyword ${list.slice(0, 3).map(quoted).join(', ')}`,
          })
      }
      return [...best.values()].sort((a, b) => b.strength - a.strength)
    },
  }
}

function centroid(vectors: readonly Vector[]): Vector {
  const sum: Vector = new Map()
  for (const vector of vectors) for (const [key, weight] of vector) sum.set(key, (sum.get(key) ?? 0) + weight)
  let square = 0
  for (const weight of sum.values()) square += weight * weight
  const norm = Math.sqrt(square) || 1
  for (const [key, weight] of sum) sum.set(key, weight / norm)
  return sum
}
