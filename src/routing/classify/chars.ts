/** Characters as the classifier sees them: what is a word, what ends a sentence, and letters without case or accent. */

/** Kinds of UTF-16 code units. */
export const SEPARATOR = 0
export const LETTER = 1
/** Ideographs and kana: written without spaces, so read by runs of characters. */
export const IDEOGRAPH = 2
/** Part of a word only when it follows a letter: `c++`, `c#`. */
export const JOINER = 3
/** A combining mark: belongs to the letter before it and is not heard. */
export const MARK = 4

export const KIND = kinds()
/** Each code unit in lower case and without its accent, so that `Résumé`, `resume` and `RÉSUMÉ` are one word. */
export const FOLD = folds()
/** 1 where a sentence or a clause that stands for one ends. */
export const ENDS = ends()

function kinds(): Uint8Array {
  const kind = new Uint8Array(65536)
  const fill = (from: number, to: number, value: number) => kind.fill(value, from, to + 1)
  fill(48, 57, LETTER)
  fill(65, 90, LETTER)
  fill(97, 122, LETTER)
  kind[95] = LETTER
  kind[0xaa] = kind[0xb5] = kind[0xba] = LETTER
  fill(0xc0, 0x2af, LETTER)
  kind[0xd7] = kind[0xf7] = SEPARATOR
  fill(0x300, 0x36f, MARK)
  fill(0x370, 0x1fff, LETTER)
  for (const c of [0x37e, 0x387, 0x55a, 0x589, 0x5be, 0x60c, 0x61b, 0x61f, 0x6d4, 0x964, 0x965]) kind[c] = SEPARATOR
  fill(0x2c00, 0x2dff, LETTER)
  fill(0x3005, 0x3007, IDEOGRAPH)
  fill(0x3040, 0x30ff, IDEOGRAPH)
  kind[0x30fb] = SEPARATOR
  fill(0x3400, 0x4dbf, IDEOGRAPH)
  fill(0x4e00, 0x9fff, IDEOGRAPH)
  fill(0xa000, 0xd7ff, LETTER)
  fill(0xf900, 0xfaff, IDEOGRAPH)
  fill(0xff10, 0xff19, LETTER)
  fill(0xff21, 0xff3a, LETTER)
  fill(0xff41, 0xff5a, LETTER)
  fill(0xff66, 0xff9f, IDEOGRAPH)
  kind[35] = kind[43] = JOINER
  return kind
}

function folds(): Uint16Array {
  const fold = new Uint16Array(65536)
  for (let c = 0; c < 65536; c += 1) fold[c] = c
  for (let c = 65; c <= 90; c += 1) fold[c] = c + 32
  const plain = (from: number, to: number) => {
    for (let c = from; c <= to; c += 1) {
      const letter = String.fromCharCode(c).toLowerCase().normalize('NFD').charCodeAt(0)
      if (KIND[c] !== SEPARATOR) fold[c] = letter
    }
  }
  plain(0xc0, 0x24f)
  plain(0x370, 0x3ff)
  plain(0x1e00, 0x1eff)
  for (let c = 0x410; c <= 0x42f; c += 1) fold[c] = c + 32
  for (let c = 0x400; c <= 0x40f; c += 1) fold[c] = c + 80
  fold[0x401] = fold[0x451] = 0x435
  for (let c = 0xff10; c <= 0xff5a; c += 1) if (KIND[c] === LETTER) fold[c] = fold[c - 0xfee0]!
  return fold
}

function ends(): Uint8Array {
  const end = new Uint8Array(65536)
  for (const c of '.?!\n:;。？！；：') end[c.charCodeAt(0)] = 1
  return end
}

/** FNV-1a over code units, in 32 bits. */
export const HASH_SEED = 0x811c9dc5 | 0
export function hashStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 16777619)
}

/** From this length on the order of a word's letters does not count. */
const BAG_FROM = 6
/** What each letter of an alphabet (below U+0530) adds to a bag of letters. */
export const SHARE_OF = Int32Array.from({ length: 0x530 }, (_, unit) => scatter(unit + 0x9e3779b1))

/**
 * The hash a word goes by. Of six letters and more of an alphabet (below U+0530) the order does not count: two letters swapped
 * by a slip of the finger are the same word. `ordered` is the hash in order, `bag` the sum of `SHARE_OF`.
 */
export function wordHash(ordered: number, bag: number, size: number, first: number): number {
  return size < BAG_FROM || first >= 0x530 ? ordered : bag
}

/** Whether a letter only repeats the one before it, as many slips do: then it is heard once. Digits and signs are heard each time. */
export function repeats(unit: number, before: number): boolean {
  return unit === before && unit > 57 && unit < 0x530
}

/** The hash of words in a row. */
export function hashNext(words: number, word: number): number {
  return Math.imul(words ^ word, 0x9e3779b1) | 0
}

/** Spreads a hash over all its bits; never negative. */
export function scatter(hash: number): number {
  let h = hash
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}
