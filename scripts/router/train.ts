/** From labelled rows to the weights that ship: the one way that training and evaluation both go. */
import { augmented } from './augment.ts'
import { balance, DEFAULTS, exampleOf, kept, learn, type Model, type Options, TEMPERATURE, WORDS } from './learn.ts'
import { packed, strongest } from './pack.ts'
import { familyOf, type Row } from './rows.ts'

/** A word must be met in two places to be kept; the files of our own rows are places too. */
const placeOf = (source: string) => (source.startsWith('own-') ? source : familyOf(source))

/** Our own rows are of more kinds and languages than any one source: they count more than a row of theirs. */
const OWN_WEIGHT = 2

/** Trains on the rows and packs the weights. */
export function trained(
  rows: readonly Row[],
  seed = DEFAULTS.seed,
  over: Partial<Options> = {},
): { base64: string; rows: number } {
  const options = { ...DEFAULTS, ...over, seed }
  const all = augmented(rows, seed)
  const examples = all.map((row) => exampleOf(row, placeOf(row.source), options))
  balance(examples, all, ({ source }) => (source.startsWith('own-') ? OWN_WEIGHT : 1))
  const keep = kept(examples, options)
  const model = merged(
    Array.from({ length: options.members }, (_, i) => learn(examples, { ...options, seed: seed + i }, keep)),
  )
  return { base64: packed(model, strongest(model, examples, keep, WORDS), TEMPERATURE), rows: all.length }
}

/** The mean of several models as one: their hidden units side by side, their linear weights averaged. */
function merged(models: readonly Model[]): Model {
  const first = models[0]!
  const n = models.length
  const hidden = models.reduce((sum, m) => sum + m.hidden, 0)
  const mean = (of: (m: Model) => Float32Array) =>
    of(first).map((_, i) => models.reduce((sum, m) => sum + of(m)[i]!, 0) / n)
  const w1 = new Float32Array((first.w1.length / first.hidden) * hidden)
  let column = 0
  for (const m of models) {
    for (let i = 0; i * m.hidden < m.w1.length; i += 1)
      for (let j = 0; j < m.hidden; j += 1) w1[i * hidden + column + j] = m.w1[i * m.hidden + j]!
    column += m.hidden
  }
  return {
    hidden,
    w1,
    b1: Float32Array.from(models.flatMap((m) => [...m.b1])),
    w2: Float32Array.from(models.flatMap((m) => Array.from(m.w2, (w) => w / n))),
    linear: mean((m) => m.linear),
    bias: mean((m) => m.bias),
    words: mean((m) => m.words),
  }
}
