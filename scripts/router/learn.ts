/**
 * Learns the model: a small network over the dense features beside a linear layer over dense and hashed ones.
 *
 * Plain stochastic descent with Adagrad, one row at a time, in an order and with drop-outs that follow from the seed: the
 * same rows give the same numbers.
 */
import { CATEGORIES } from '../../src/routing/classify/categories.ts'
import { DENSE, extract, HASH_BITS, newFeatures } from '../../src/routing/classify/features.ts'
import { GROUP_SCALE } from '../../src/routing/classify/model.ts'
import type { Row } from './rows.ts'

const K = CATEGORIES.length
const HASHES = 1 << HASH_BITS

/** A row as numbers. */
export interface Example {
  /** Dense features that are not zero. */
  at: Uint16Array
  value: Float32Array
  /** Hashed features, and the group of each. */
  hashed: Int32Array
  group: Uint8Array
  target: Float32Array
  weight: number
  family: string
}

export interface Model {
  hidden: number
  w1: Float32Array
  b1: Float32Array
  w2: Float32Array
  linear: Float32Array
  bias: Float32Array
  /** Five numbers for each hash. */
  words: Float32Array
}

export interface Options {
  seed: number
  /** Models whose mean ships. */
  members: number
  epochs: number
  hidden: number
  rate: number
  /** Share of hidden units, of hashed and of dense features left out of each step. */
  dropHidden: number
  dropHashed: number
  dropDense: number
  decay: number
  smoothing: number
  /** Probability of the label where another is accepted too. */
  firm: number
  /** Sources and rows a hashed feature must be seen in. */
  families: number
  rows: number
}

export const DEFAULTS: Options = {
  seed: 20261122,
  members: 2,
  epochs: 8,
  hidden: 24,
  rate: 0.06,
  dropHidden: 0.25,
  dropHashed: 0.35,
  dropDense: 0.08,
  decay: 2e-4,
  smoothing: 0.04,
  firm: 0.85,
  families: 2,
  rows: 3,
}

/** Divides the logits: a seventh over what fits predictions for left-out families (`router:eval`), to be sure of what is said. */
export const TEMPERATURE = 1.19
/** How many weighted hashes ship. */
export const WORDS = 14_400

/** A small generator of numbers in [0, 1) that a seed decides. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const scratch = newFeatures()
const MOST_FEATURES = scratch.hashed.length

/** Turns rows into numbers; `weight` is 1 until `balance` sets it. */
export function exampleOf(row: Row, family: string, options: Options = DEFAULTS): Example {
  extract(row.prompt, scratch)
  const at: number[] = []
  for (let i = 0; i < DENSE; i += 1) if (scratch.dense[i] !== 0) at.push(i)
  const target = new Float32Array(K).fill(options.smoothing / K)
  const firm = row.alt.length > 0 ? options.firm : 1
  const put = (label: Row['label'], share: number) => {
    const k = CATEGORIES.indexOf(label)
    target[k] = target[k]! + share * (1 - options.smoothing)
  }
  put(row.label, firm)
  for (const other of row.alt) put(other, (1 - firm) / row.alt.length)
  return {
    at: Uint16Array.from(at),
    value: Float32Array.from(at, (i) => scratch.dense[i]!),
    hashed: scratch.hashed.slice(0, scratch.count),
    group: scratch.group.slice(0, scratch.count),
    target,
    weight: 1,
    family,
  }
}

/** Which hashes are kept: those seen in enough families and rows. */
export function kept(examples: readonly Example[], options: Options): Uint8Array {
  const lastRow = new Int32Array(HASHES).fill(-1)
  const rows = new Int32Array(HASHES)
  const families = new Map<string, number>()
  const bits = new Float64Array(HASHES)
  examples.forEach((example, n) => {
    let bit = families.get(example.family)
    if (bit === undefined) {
      bit = families.size
      families.set(example.family, bit)
    }
    for (const h of example.hashed) {
      if (lastRow[h] === n) continue
      lastRow[h] = n
      rows[h] = rows[h]! + 1
      // Fifty families at most fit in the whole numbers of a double.
      const mask = 2 ** (bit % 50)
      if (Math.floor(bits[h]! / mask) % 2 === 0) bits[h] = bits[h]! + mask
    }
  })
  const keep = new Uint8Array(HASHES)
  for (let h = 0; h < HASHES; h += 1) {
    if (rows[h]! < options.rows) continue
    let n = 0
    for (let left = bits[h]!; left >= 1; left = Math.floor(left / 2)) n += left % 2
    if (n >= options.families) keep[h] = 1
  }
  return keep
}

/** One step of Adagrad for the weights of the categories from `at` on, down the slope `d` times `v`. */
function nudge(
  weights: Float32Array,
  squares: Float32Array,
  at: number,
  d: Float64Array,
  v: number,
  step: number,
  decay: number,
): void {
  for (let k = 0; k < K; k += 1) {
    const w = weights[at + k]!
    const total = d[k]! * v + decay * w
    const square = squares[at + k]! + total * total
    squares[at + k] = square
    weights[at + k] = w - (step * total) / Math.sqrt(square)
  }
}

export function learn(all: readonly Example[], options: Options = DEFAULTS, keep = kept(all, options)): Model {
  const { hidden: H, rate } = options
  const rand = random(options.seed)
  const gauss = () => Math.sqrt(-2 * Math.log(rand() + 1e-12)) * Math.cos(2 * Math.PI * rand())
  const model: Model = {
    hidden: H,
    w1: new Float32Array(DENSE * H).map(() => gauss() * 0.18),
    b1: new Float32Array(H),
    w2: new Float32Array(H * K).map(() => gauss() * 0.25),
    linear: new Float32Array(DENSE * K),
    bias: new Float32Array(K),
    words: new Float32Array(HASHES * K),
  }
  const g = {
    w1: new Float32Array(DENSE * H).fill(0.1),
    b1: new Float32Array(H).fill(0.1),
    w2: new Float32Array(H * K).fill(0.1),
    linear: new Float32Array(DENSE * K).fill(0.1),
    bias: new Float32Array(K).fill(0.1),
    words: new Float32Array(HASHES * K).fill(0.1),
  }
  const examples = all.map((e) => {
    const on = [...e.hashed.keys()].filter((i) => keep[e.hashed[i]!] === 1)
    const group = Uint8Array.from(on, (i) => e.group[i]!)
    const counts = [0, 0, 0]
    for (const of of group) counts[of]! += 1
    return {
      ...e,
      hashed: Int32Array.from(on, (i) => e.hashed[i]!),
      group,
      /** What each hashed feature of a group counts for. */
      scale: counts.map((count, i) => GROUP_SCALE[i]! / Math.sqrt(count || 1)),
    }
  })
  const order = Int32Array.from(examples.keys())
  const z = new Float32Array(H)
  const on = new Float32Array(H)
  const dz = new Float32Array(H)
  const s = new Float64Array(K)
  const d = new Float64Array(K)
  const { w1, b1, w2, linear, bias, words } = model
  const { decay, dropHidden } = options
  const denseOff = options.dropDense * 1024
  const hashOff = options.dropHashed * 1024
  const wordUp = 1 / (1 - options.dropHashed)
  const up = 1 / (1 - dropHidden)
  const live = new Uint8Array(MOST_FEATURES)
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (let i = order.length - 1; i > 0; i -= 1) {
      const j = Math.floor(rand() * (i + 1))
      const t = order[i]!
      order[i] = order[j]!
      order[j] = t
    }
    const step = rate * (1 - 0.85 * (epoch / options.epochs))
    for (const n of order) {
      const { at, value, hashed, group, scale, target, weight } = examples[n]!
      // The forward pass, with drop-outs.
      for (let k = 0; k < K; k += 1) s[k] = bias[k]!
      z.set(b1)
      const salt = rand() * 4294967296
      for (let i = 0; i < at.length; i += 1) {
        if (((Math.imul(at[i]! + 1, 0x9e3779b1) ^ salt) >>> 9) % 1024 < denseOff) continue
        const v = value[i]!
        const w = at[i]! * H
        for (let j = 0; j < H; j += 1) z[j] = z[j]! + v * w1[w + j]!
        const l = at[i]! * K
        for (let k = 0; k < K; k += 1) s[k] = s[k]! + v * linear[l + k]!
      }
      for (let j = 0; j < H; j += 1) {
        on[j] = z[j]! > 0 && rand() >= dropHidden ? up : 0
        if (on[j] === 0) continue
        const v = z[j]! * up
        for (let k = 0; k < K; k += 1) s[k] = s[k]! + v * w2[j * K + k]!
      }
      for (let i = 0; i < hashed.length; i += 1) {
        const h = hashed[i]!
        live[i] = ((Math.imul(h + 7, 0x85ebca6b) ^ salt) >>> 9) % 1024 >= hashOff ? 1 : 0
        if (live[i] === 0) continue
        const w = h * K
        const v = scale[group[i]!]! * wordUp
        for (let k = 0; k < K; k += 1) s[k] = s[k]! + v * words[w + k]!
      }
      let max = s[0]!
      for (let k = 1; k < K; k += 1) if (s[k]! > max) max = s[k]!
      let sum = 0
      for (let k = 0; k < K; k += 1) {
        d[k] = Math.exp(s[k]! - max)
        sum += d[k]!
      }
      for (let k = 0; k < K; k += 1) d[k] = (d[k]! / sum - target[k]!) * weight
      // And back. Each weight goes down its slope by Adagrad; written out in place, for this is where all the time goes.
      nudge(bias, g.bias, 0, d, 1, step, decay)
      for (let j = 0; j < H; j += 1) {
        if (on[j] === 0) {
          dz[j] = 0
          continue
        }
        let slope = 0
        for (let k = 0; k < K; k += 1) slope += d[k]! * w2[j * K + k]!
        nudge(w2, g.w2, j * K, d, z[j]! * up, step, decay)
        dz[j] = slope * up
        const total = dz[j]! + decay * b1[j]!
        g.b1[j] = g.b1[j]! + total * total
        b1[j] = b1[j]! - (step * total) / Math.sqrt(g.b1[j]!)
      }
      const q1 = g.w1
      for (let i = 0; i < at.length; i += 1) {
        if (((Math.imul(at[i]! + 1, 0x9e3779b1) ^ salt) >>> 9) % 1024 < denseOff) continue
        const v = value[i]!
        const w = at[i]! * H
        for (let j = 0; j < H; j += 1) {
          if (dz[j] === 0) continue
          const total = dz[j]! * v + decay * w1[w + j]!
          q1[w + j] = q1[w + j]! + total * total
          w1[w + j] = w1[w + j]! - (step * total) / Math.sqrt(q1[w + j]!)
        }
        nudge(linear, g.linear, at[i]! * K, d, v, step, decay)
      }
      for (let i = 0; i < hashed.length; i += 1)
        if (live[i] === 1) nudge(words, g.words, hashed[i]! * K, d, scale[group[i]!]! * wordUp, step, decay)
    }
  }
  return model
}

/** Sets the weights: a source counts by the power 0.4 of its size, a class by the root of its own, the mean weight is 1. */
export function balance(
  examples: readonly Example[],
  rows: readonly Row[],
  factor: (row: Row) => number = () => 1,
): void {
  const sources = new Map<string, number>()
  const classes = new Map<string, number>()
  for (const { source, label } of rows) {
    sources.set(source, (sources.get(source) ?? 0) + 1)
    classes.set(label, (classes.get(label) ?? 0) + 1)
  }
  let sum = 0
  rows.forEach((row, i) => {
    const weight = factor(row) / (sources.get(row.source)! ** 0.6 * Math.sqrt(classes.get(row.label)!))
    examples[i]!.weight = weight
    sum += weight
  })
  for (const example of examples) example.weight = Math.min(6, (example.weight * examples.length) / sum)
}
