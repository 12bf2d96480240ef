/** Which words and forms spoke for a category, and how strongly. Costs a second reading of the text: asked for only. */
import { CATEGORIES, type Category } from './categories.ts'
import { FOLD, HASH_SEED, hashStep } from './chars.ts'
import { CONCEPTS } from './concepts.ts'
import { CONCEPT_COUNT, extract, FORM, newFeatures, SLOTS, type Trail } from './features.ts'
import { MEANINGS } from './meanings.ts'
import { GROUP_SCALE, groupCounts, hiddenUnits, logits, model } from './model.ts'
import { STRUCTURE } from './structure.ts'

/** Something that spoke for a category. */
export interface Signal {
  /** For people: `"refactor" (a change to code)`, `a stack trace`. */
  words: string
  /** The word or phrase itself, where it is one. */
  word?: string
  category: string
  /** How much it added to the category's logit above the mean of all. */
  weight: number
}

const K = CATEGORIES.length
const features = newFeatures()
const scores = new Float64Array(K)
/** Used again for every text: 192 KB anew for each took longer to clear than the text to read, and outgrew the collector. */
const spans = new Int32Array(features.hashed.length * 2)
const MOST = 6
const LONGEST = 40

/** The signals that spoke for `category` in `text`, the strongest first, six at most. */
export function explain(text: string, category: Category): Signal[] {
  const target = CATEGORIES.indexOf(category)
  const trail: Trail = { hits: [], spans }
  extract(text, features, trail)
  const m = model()
  logits(m, features, scores)
  const z = hiddenUnits()
  const above = (weight: (k: number) => number) => {
    let mean = 0
    for (let k = 0; k < K; k += 1) mean += weight(k) / K
    return (weight(target) - mean) / m.temperature
  }
  // What each dense feature adds: its own weights, and its way through the hidden units that are on.
  const hiddenGain = new Float64Array(m.hidden)
  for (let j = 0; j < m.hidden; j += 1) if (z[j]! > 0) hiddenGain[j] = above((k) => m.w2[j * K + k]!)
  const gain = (i: number) => {
    const v = features.dense[i]!
    if (v === 0) return 0
    let sum = above((k) => m.linear[i * K + k]!)
    for (let j = 0; j < m.hidden; j += 1) sum += hiddenGain[j]! * m.w1[i * m.hidden + j]!
    return sum * v
  }
  const found = new Map<string, { weight: number; word: string; concept: number; start: number; end: number }>()
  const add = (start: number, end: number, weight: number, concept: number) => {
    const word = text.slice(start, end)
    if (word.length > LONGEST || word.trim() === '') return
    const key = word.toLowerCase()
    const entry = found.get(key)
    if (entry === undefined) found.set(key, { weight, word, concept, start, end })
    else {
      entry.weight += weight
      if (entry.concept < 0) entry.concept = concept
    }
  }
  const times = new Int32Array(CONCEPT_COUNT)
  for (const { concept } of trail.hits) times[concept] = times[concept]! + 1
  for (const { concept, start, end } of trail.hits) {
    let sum = 0
    for (let slot = 0; slot < SLOTS; slot += 1) sum += gain(concept * SLOTS + slot)
    add(start, end, sum / times[concept]!, concept)
  }
  const counts = groupCounts()
  for (let i = 0; i < features.count; i += 1) {
    const r = m.row[features.hashed[i]!]!
    const start = trail.spans[i * 2]!
    if (r === 0 || start < 0) continue
    const g = features.group[i]!
    const scale = (m.wordScale * GROUP_SCALE[g]!) / Math.sqrt(counts[g] || 1)
    const weight = above((k) => m.words[(r - 1) * K + k]!) * scale
    const end = trail.spans[i * 2 + 1]!
    add(start, end, weight, -1)
  }
  const signals: Signal[] = []
  for (const { weight, word, concept } of distinct([...found.values()])) {
    const meaning = concept < 0 ? undefined : MEANINGS[CONCEPTS[concept]!]
    if (concept < 0 && plain(word)) continue
    signals.push({ words: `"${word}"${meaning === undefined ? '' : ` (${meaning})`}`, word, category, weight })
  }
  for (let i = 0; i < STRUCTURE.length; i += 1) {
    const weight = gain(FORM + i)
    if (weight > 0 && !/characters$|words$|letters$|Hangul|kana/.test(STRUCTURE[i]!))
      signals.push({ words: STRUCTURE[i]!, category, weight })
  }
  return signals
    .filter(({ weight }) => weight > 0.02)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST)
}

/** Leaves out what stands within a stronger phrase, and phrases that only join what was found by itself. */
function distinct<T extends { weight: number; word: string; concept: number; start: number; end: number }>(
  list: T[],
): T[] {
  const ordered = list.sort(
    (a, b) => Number(b.concept >= 0) - Number(a.concept >= 0) || b.end - b.start - (a.end - a.start),
  )
  const kept: T[] = []
  for (const entry of ordered) {
    const over = kept.find(({ start, end }) => start < entry.end && entry.start < end)
    if (over === undefined) kept.push(entry)
    else if (entry.start >= over.start && entry.end <= over.end) over.weight += entry.weight
  }
  return kept
}

const PLAIN = new Set<number>()
for (const word of `a an the to of in on at by for and or is are be it this that these those i you he she we they me my your with
  from as s t do does did not no can will would have has had if so but then der die das ein eine und ist in zu mit für den dem des
  le la les un une et est de des du en que qui pour dans el los las una y es con por para il lo gli e di che per o os as um uma
  и в на не что с по это для как 的 了 是 在 和 我 你 一 个 は が を に で と も の`.split(/\s+/))
  PLAIN.add(hashOf(word))

function hashOf(word: string): number {
  let hash = HASH_SEED
  for (let i = 0; i < word.length; i += 1) hash = hashStep(hash, FOLD[word.charCodeAt(i)]!)
  return hash
}

/** Words of grammar may weigh, but tell a reader nothing. */
function plain(word: string): boolean {
  return word.split(/[^\p{L}\p{N}_]+/u).every((part) => part === '' || PLAIN.has(hashOf(part)))
}
