/** Writes a learned model as the file of weights that ships. */
import { CATEGORIES } from '../../src/routing/classify/categories.ts'
import { CONCEPT_COUNT, DENSE, HASH_BITS } from '../../src/routing/classify/features.ts'
import { MAGIC } from '../../src/routing/classify/model.ts'
import type { Example, Model } from './learn.ts'

const K = CATEGORIES.length

/** Hashes that weigh most, by the size of their weights and how often they are met. */
export function strongest(model: Model, examples: readonly Example[], keep: Uint8Array, most: number): number[] {
  const met = new Map<number, number>()
  for (const { hashed } of examples)
    for (const h of new Set(hashed)) if (keep[h] === 1) met.set(h, (met.get(h) ?? 0) + 1)
  const value = (h: number) => {
    let sum = 0
    for (let k = 0; k < K; k += 1) sum += model.words[h * K + k]! ** 2
    return sum * Math.sqrt(met.get(h)!)
  }
  const ranked = Array.from(met.keys(), (h) => [h, value(h)] as const).sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return ranked
    .slice(0, most)
    .map(([h]) => h)
    .sort((a, b) => a - b)
}

/** The model in base64, for `load` of the classifier. */
export function packed(model: Model, hashes: readonly number[], temperature: number): string {
  const { hidden } = model
  const floats: number[] = []
  const bytes: number[] = []
  let wordMax = 0
  for (const h of hashes) for (let k = 0; k < K; k += 1) wordMax = Math.max(wordMax, Math.abs(model.words[h * K + k]!))
  const wordScale = Math.fround(wordMax / 127)
  const columns = (weights: Float32Array, count: number) => {
    const scales = Array.from({ length: count }, (_, j) => {
      let max = 1e-9
      for (let i = j; i < weights.length; i += count) max = Math.max(max, Math.abs(weights[i]!))
      return Math.fround(max / 127)
    })
    weights.forEach((w, i) => {
      bytes.push(Math.round(w / scales[i % count]!) & 255)
    })
    return scales
  }
  floats.push(...model.b1, ...model.w2, ...model.bias)
  floats.push(...columns(model.w1, hidden))
  floats.push(...columns(model.linear, K))
  for (const h of hashes)
    for (let k = 0; k < K; k += 1) bytes.push(Math.round(model.words[h * K + k]! / wordScale) & 255)
  let before = -1
  for (const h of hashes) {
    let step = h - before - 1
    before = h
    while (step > 127) {
      bytes.push((step & 127) | 128)
      step >>= 7
    }
    bytes.push(step)
  }
  const head = Buffer.alloc(40 + floats.length * 4)
  ;[MAGIC, DENSE, CONCEPT_COUNT, HASH_BITS, hidden, hashes.length].forEach((n, i) => {
    head.writeInt32LE(n, i * 4)
  })
  head.writeFloatLE(temperature, 24)
  head.writeFloatLE(wordScale, 28)
  floats.forEach((f, i) => {
    head.writeFloatLE(f, 40 + i * 4)
  })
  return Buffer.concat([head, Uint8Array.from(bytes)]).toString('base64')
}
