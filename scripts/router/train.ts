/** From labelled rows to the weights that ship: the one way that training and evaluation both go. */
import { augmented } from './augment.ts'
import { balance, DEFAULTS, exampleOf, kept, learn, type Options, TEMPERATURE, WORDS } from './learn.ts'
import { packed, strongest } from './pack.ts'
import { familyOf, type Row } from './rows.ts'

/** A word must be met in two places to be kept; the files of our own rows are places too. */
const placeOf = (source: string) => (source.startsWith('own-') ? source : familyOf(source))

/** Trains on the rows and packs the weights. */
export function trained(
  rows: readonly Row[],
  seed = DEFAULTS.seed,
  over: Partial<Options> = {},
): { base64: string; rows: number } {
  const options = { ...DEFAULTS, ...over, seed }
  const all = augmented(rows, seed)
  const examples = all.map((row) => exampleOf(row, placeOf(row.source), options))
  balance(examples, all)
  const keep = kept(examples, options)
  const model = learn(examples, options, keep)
  return { base64: packed(model, strongest(model, examples, keep, WORDS), TEMPERATURE), rows: all.length }
}
