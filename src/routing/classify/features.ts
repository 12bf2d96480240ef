/**
 * What a text gives the model: how often and where each concept occurs, its form, and hashed words and pairs of words.
 *
 * Words are read from the first 1,400 and the last 600 characters, for an instruction stands at an edge of what was pasted;
 * the first and the last sentence are heard apart from the rest. One pass, no string is made.
 */
import {
  ENDS,
  FOLD,
  HASH_SEED,
  hashNext,
  hashStep,
  IDEOGRAPH,
  JOINER,
  KIND,
  LETTER,
  MARK,
  repeats,
  SEPARATOR,
  SHARE_OF,
  scatter,
  wordHash,
} from './chars.ts'
import { CONCEPTS, find, tables } from './concepts.ts'
import { ACTIONS } from './lexicon.ts'
import { STRUCTURE, structure } from './structure.ts'

/** Places a concept is heard in: anywhere, the first sentence, the last one, among the first words, as the first action. */
export const SLOTS = 5
export const CONCEPT_COUNT = CONCEPTS.length
/** Where the signals of form begin among the dense features. */
export const FORM = CONCEPT_COUNT * SLOTS
export const DENSE = FORM + STRUCTURE.length
/** Hashed features are numbers below 2 to this power. */
export const HASH_BITS = 18
const HASHES = (1 << HASH_BITS) - 1
const HEAD = 1400
const TAIL = 600
const MOST = 24_000

/** Where a hashed feature was seen. */
export const EDGE = 0
export const BODY = 1
export const PAIR = 2

/** A word or phrase that stood for a concept, by offsets in the text. */
export interface Hit {
  concept: number
  start: number
  end: number
}

/** A hashed feature and where it was read, kept for explanations only. */
export interface Trail {
  hits: Hit[]
  /** Start and end of the text behind each hashed feature, two numbers each. */
  spans: Int32Array
}

/** Scratch memory of one extraction, used again for the next. */
export interface Features {
  dense: Float32Array
  /** How many hashed features there are. */
  count: number
  hashed: Int32Array
  /** EDGE, BODY or PAIR for each hashed feature. */
  group: Uint8Array
}

export function newFeatures(): Features {
  return { dense: new Float32Array(DENSE), count: 0, hashed: new Int32Array(MOST), group: new Uint8Array(MOST) }
}

const isAction = new Uint8Array(CONCEPT_COUNT)
for (const name of ACTIONS) isAction[CONCEPTS.indexOf(name)] = 1

/** Signals of form that are paired with the first action: a fence, digits, a table, LaTeX, bullets. */
const PAIRED = [5, 6, 12, 14, 32]

/** Ends of the first and starts of the last sentence. */
export function edges(text: string): [firstEnd: number, lastStart: number] {
  const length = text.length
  let firstEnd = length
  const limit = Math.min(length, 240)
  for (let i = 14; i < limit; i += 1) {
    const c = text.charCodeAt(i)
    if (ENDS[c] && (c !== 46 || i + 1 >= length || text.charCodeAt(i + 1) <= 32)) {
      firstEnd = i + 1
      break
    }
  }
  if (firstEnd === length && length > 240) firstEnd = 240
  let end = length
  while (end > 0 && (text.charCodeAt(end - 1) <= 32 || ENDS[text.charCodeAt(end - 1)])) end -= 1
  const low = Math.max(0, end - 240)
  let lastStart = low
  for (let i = end - 8; i > low; i -= 1) {
    const c = text.charCodeAt(i)
    if (ENDS[c] && (c !== 46 || text.charCodeAt(i + 1) <= 32)) {
      lastStart = i + 1
      break
    }
  }
  return [firstEnd, lastStart]
}

const sequence = new Int16Array(10)

/** Reads `text` into `out`; with a trail, also notes what stood where. */
export function extract(text: string, out: Features, trail?: Trail): Features {
  const { dense, hashed, group } = out
  const { words, beginnings, phrases, ideographs } = tables()
  dense.fill(0)
  const length = text.length
  const [firstEnd, lastStart] = edges(text)
  const short = length <= HEAD + TAIL
  let count = 0
  let firstAction = -1
  let lastAction = -1
  let inRow = 0

  const add = (hash: number, where: number, start: number, end: number) => {
    if (count >= MOST - 64) return
    hashed[count] = scatter(hash) & HASHES
    group[count] = where
    if (trail !== undefined) {
      trail.spans[count * 2] = start
      trail.spans[count * 2 + 1] = end
    }
    count += 1
  }
  const hit = (concept: number, start: number, end: number, place: number, inFirst: boolean, inLast: boolean) => {
    const o = concept * SLOTS
    dense[o] = dense[o]! + 1
    if (inFirst) dense[o + 1] = dense[o + 1]! + 1
    if (inLast) dense[o + 2] = dense[o + 2]! + 1
    if (place < 8) dense[o + 3] = 1
    if (isAction[concept]) {
      if (firstAction < 0) {
        firstAction = concept
        dense[o + 4] = 1
      }
      if (inLast && lastAction < 0) lastAction = concept
    }
    if ((inFirst || inLast) && inRow < 10) {
      let known = false
      for (let i = 0; i < inRow; i += 1) known ||= sequence[i] === concept
      if (!known) {
        sequence[inRow] = concept
        inRow += 1
      }
    }
    trail?.hits.push({ concept, start, end })
  }

  for (let part = 0; part < (short ? 1 : 2); part += 1) {
    const from = part === 0 ? 0 : length - TAIL
    const to = short ? length : part === 0 ? HEAD : length
    let ordered = HASH_SEED
    let bag = 0
    let hash = 0
    let first = 0
    let letter = 0
    let size = 0
    let start = from
    let place = part === 0 ? 0 : 999
    let four = 0
    let six = 0
    let began = -1
    let before = 0
    let before2 = 0
    let beforeStart = 0
    let before2Start = 0
    let pairWith = 0
    let c1 = 0
    let c2 = 0
    for (let i = from; i <= to; i += 1) {
      const c = i < to ? FOLD[text.charCodeAt(i)]! : 32
      const kind = KIND[c]!
      if (kind === MARK) continue
      if (kind === LETTER || (kind === JOINER && size > 0)) {
        if (size === 0) {
          start = i
          first = c
        } else if (repeats(c, letter)) continue
        letter = c
        ordered = hashStep(ordered, c)
        bag = (bag + (c < 0x530 ? SHARE_OF[c]! : 0)) | 0
        size += 1
        hash = wordHash(ordered, bag, size, first)
        if (size === 4) four = hash
        else if (size === 6) six = hash
        if (size >= 3 || (size === 2 && c > 127)) {
          const concept = find(beginnings, hash)
          if (concept >= 0) began = concept
        }
        continue
      }
      if (size > 0) {
        const inFirst = start < firstEnd
        const inLast = start >= lastStart
        const edge = inFirst || inLast
        const where = edge ? EDGE : BODY
        const salt = edge ? 0 : 0x5bd1
        add(hash ^ salt, where, start, i)
        if (edge && length > 260) add(hash ^ (inFirst ? 0x11111 : 0x22222), EDGE, start, i)
        if (place < 3) add(hash ^ (0x46495253 + place * 7919), EDGE, start, i)
        if (size > 4) {
          add(four ^ 0x50524534 ^ salt, where, start, i)
          if (size > 6) add(six ^ 0x50524536 ^ salt, where, start, i)
        }
        if (pairWith !== 0 && edge) add(Math.imul(pairWith, 31) ^ hash, EDGE, beforeStart, i)
        let concept = find(words, hash)
        if (concept < 0) concept = began
        if (concept >= 0) hit(concept, start, i, place, inFirst, inLast)
        if (before !== 0) {
          const two = hashNext(hashNext(HASH_SEED, before), hash)
          concept = find(phrases, two)
          if (concept >= 0) hit(concept, beforeStart, i, place, inFirst, inLast)
          if (before2 !== 0) {
            concept = find(phrases, hashNext(hashNext(hashNext(HASH_SEED, before2), before), hash))
            if (concept >= 0) hit(concept, before2Start, i, place, inFirst, inLast)
          }
        }
        before2 = before
        before2Start = beforeStart
        before = pairWith = hash
        beforeStart = start
        place += 1
        ordered = HASH_SEED
        bag = size = four = six = 0
        began = -1
      }
      if (kind === IDEOGRAPH) {
        const inFirst = i < firstEnd
        const inLast = i >= lastStart
        const edge = inFirst || inLast
        const where = edge ? EDGE : BODY
        const salt = edge ? 0 : 0x5bd1
        if (c1 === 0) add(c ^ 0x434a4b ^ salt, where, i, i + 1)
        else {
          add(hashStep(hashStep(HASH_SEED, c1), c) ^ 0x42494742 ^ salt, where, i - 1, i + 1)
          if (c2 !== 0 && edge) add(hashStep(hashStep(hashStep(HASH_SEED, c2), c1), c) ^ 0x545249, EDGE, i - 2, i + 1)
        }
        // Kana spell long words; ideographs need few.
        const most = Math.min(to, i + (c >= 0x3040 && c <= 0x30ff ? 8 : 4))
        let run = HASH_SEED
        for (let j = i; j < most; j += 1) {
          const unit = text.charCodeAt(j)
          if (KIND[unit] !== IDEOGRAPH) break
          run = hashStep(run, unit)
          const concept = find(ideographs, run)
          if (concept >= 0) hit(concept, i, j + 1, place, inFirst, inLast)
        }
        c2 = c1
        c1 = c
        place += 0.6
        pairWith = 0
      } else {
        c1 = c2 = 0
        if (kind === SEPARATOR && ENDS[c]) pairWith = 0
      }
    }
  }
  for (let concept = 0; concept < CONCEPT_COUNT; concept += 1) {
    const o = concept * SLOTS
    if (dense[o] === 0) continue
    for (let k = 0; k < 3; k += 1) {
      const times = dense[o + k]!
      if (times > 0) dense[o + k] = times >= 4 ? 1.5 : times >= 2 ? 1.25 : 1
    }
  }
  structure(text, dense, FORM)
  for (let i = 0; i < inRow; i += 1) {
    const a = sequence[i]!
    for (let j = i + 1; j < inRow; j += 1) {
      const b = sequence[j]!
      add(0x70616972 ^ (Math.min(a, b) * 131 + Math.max(a, b)), PAIR, -1, -1)
    }
    if (firstAction >= 0) add(0x66697273 ^ (firstAction * 131 + a), PAIR, -1, -1)
  }
  if (firstAction >= 0) {
    if (lastAction >= 0) add(0x666c6173 ^ (firstAction * 131 + lastAction), PAIR, -1, -1)
    for (const form of PAIRED) if (dense[FORM + form] !== 0) add(0x73747263 ^ (firstAction * 131 + form), PAIR, -1, -1)
  }
  out.count = count
  return out
}
