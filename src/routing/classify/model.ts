/**
 * The model at work: a small network over the dense features, a linear layer beside it, and weights of hashed words.
 *
 * The weights are one string of base64 (`weights.ts`, written by `scripts/router-train.ts`): a header of ten 32-bit numbers,
 * then scales, then whole numbers of eight bits. They are read at first use.
 */
import { CATEGORIES } from './categories.ts'
import { CONCEPT_COUNT, DENSE, type Features, HASH_BITS } from './features.ts'
import { WEIGHTS } from './weights.ts'

const K = CATEGORIES.length
export const MAGIC = 0x4c505231
/** How much the groups of hashed features weigh: edges, body, pairs. */
export const GROUP_SCALE = [1, 0.6, 0.5]

export interface Loaded {
  hidden: number
  /** Divides the logits, so that a probability of 0.8 is right in 80 of 100 cases. */
  temperature: number
  /** How many weighted hashes there are. */
  size: number
  /** For each hash the row of its weights plus one, or 0. */
  row: Uint16Array
  words: Int8Array
  wordScale: number
  w1: Float32Array
  b1: Float32Array
  w2: Float32Array
  linear: Float32Array
  bias: Float32Array
}

/** Reads weights. @throws {Error} if they were made for other features than these. */
export function load(base64: string): Loaded {
  const bytes = Buffer.from(base64, 'base64')
  const head = (i: number) => bytes.readInt32LE(i * 4)
  if (head(0) !== MAGIC || head(1) !== DENSE || head(2) !== CONCEPT_COUNT || head(3) !== HASH_BITS)
    throw new Error('the weights of the classifier do not fit its features: run npm run router:train')
  const hidden = head(4)
  const size = head(5)
  const temperature = bytes.readFloatLE(24)
  const wordScale = bytes.readFloatLE(28)
  let at = 40
  const floats = (count: number) => {
    const out = new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + count * 4))
    at += count * 4
    return out
  }
  const bytesOf = (count: number) => {
    const out = new Int8Array(bytes.buffer, bytes.byteOffset + at, count)
    at += count
    return out
  }
  const b1 = floats(hidden)
  const w2 = floats(hidden * K)
  const bias = floats(K)
  const scale1 = floats(hidden)
  const scaleL = floats(K)
  const scaled = (rows: number, scales: Float32Array) => {
    const columns = scales.length
    const quantized = bytesOf(rows * columns)
    const out = new Float32Array(rows * columns)
    for (let i = 0, j = 0; i < out.length; i += 1) {
      out[i] = quantized[i]! * scales[j]!
      j = j + 1 === columns ? 0 : j + 1
    }
    return out
  }
  const w1 = scaled(DENSE, scale1)
  const linear = scaled(DENSE, scaleL)
  const words = bytesOf(size * K)
  const row = new Uint16Array(1 << HASH_BITS)
  let hash = -1
  for (let i = 0; i < size; i += 1) {
    let step = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      step |= (byte & 127) << shift
      if (byte < 128) break
    }
    hash += step + 1
    row[hash] = i + 1
  }
  return { hidden, temperature, size, row, words, wordScale, w1, b1, w2, linear, bias }
}

let loaded: Loaded | undefined
/** The shipped weights, read at first use. */
export function model(): Loaded {
  loaded ??= load(WEIGHTS)
  return loaded
}

/** Puts other weights in place of the shipped ones, for evaluation. */
export function useModel(other: Loaded): void {
  loaded = other
}

const sums = new Int32Array(3 * K)
const counts = new Int32Array(3)
let z = new Float32Array(0)

/** The network's hidden units before they are cut at zero, of the last call of `logits`. */
export function hiddenUnits(): Float32Array {
  return z
}

/** Writes the logits of the features into `out`, the temperature already applied. */
export function logits(m: Loaded, features: Features, out: Float64Array): Float64Array {
  const { hidden, row, words, w1, b1, w2, linear, bias } = m
  const { dense, hashed, group, count } = features
  sums.fill(0)
  counts.fill(0)
  for (let i = 0; i < count; i += 1) {
    const r = row[hashed[i]!]!
    if (r === 0) continue
    const g = group[i]!
    counts[g] = counts[g]! + 1
    const w = (r - 1) * K
    const s = g * K
    for (let k = 0; k < K; k += 1) sums[s + k] = sums[s + k]! + words[w + k]!
  }
  for (let k = 0; k < K; k += 1) {
    let sum = bias[k]!
    for (let g = 0; g < 3; g += 1) sum += (sums[g * K + k]! * m.wordScale * GROUP_SCALE[g]!) / Math.sqrt(counts[g] || 1)
    out[k] = sum
  }
  if (z.length !== hidden) z = new Float32Array(hidden)
  z.set(b1)
  for (let i = 0; i < DENSE; i += 1) {
    const v = dense[i]!
    if (v === 0) continue
    const w = i * hidden
    for (let j = 0; j < hidden; j += 1) z[j] = z[j]! + v * w1[w + j]!
    const l = i * K
    for (let k = 0; k < K; k += 1) out[k] = out[k]! + v * linear[l + k]!
  }
  for (let j = 0; j < hidden; j += 1) {
    const v = z[j]!
    if (v > 0) for (let k = 0; k < K; k += 1) out[k] = out[k]! + v * w2[j * K + k]!
  }
  for (let k = 0; k < K; k += 1) out[k] = out[k]! / m.temperature
  return out
}

/** How many weighted hashed features the last call of `logits` met in each group. */
export function groupCounts(): Int32Array {
  return counts
}

/** Turns logits into probabilities, in place. */
export function softmax(out: Float64Array): Float64Array {
  let max = out[0]!
  for (let k = 1; k < K; k += 1) if (out[k]! > max) max = out[k]!
  let sum = 0
  for (let k = 0; k < K; k += 1) {
    out[k] = Math.exp(out[k]! - max)
    sum += out[k]!
  }
  for (let k = 0; k < K; k += 1) out[k] = out[k]! / sum
  return out
}
