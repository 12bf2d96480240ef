/** Sentences for people whose times stay times: whoever shows one says them in its reader's own zone. */

/** The pieces in their order; `time` is an ISO instant. */
export type Told = readonly (string | { readonly time: string })[]

/** The furthest time a date can hold, ms. */
const LAST = 8.64e15

/** A time within a sentence. @param at ms since the epoch; a vendor may say anything. */
export function moment(at: number): Told[number] {
  return Math.abs(at) <= LAST ? { time: new Date(at).toISOString() } : 'an unknown time'
}

/** The sentence as one text, its times in UTC. */
export function inUtc(told: Told): string {
  return told.map((piece) => (typeof piece === 'string' ? piece : piece.time.replace(/\.\d+Z$/, 'Z'))).join('')
}
