/** Sentences with times, as pages get them: without secrets. */
import type { Told } from '../../../../hub/told.ts'
import type { Told as ToldView } from '../contract.ts'

export function toldView(told: Told, scrub: (text: string) => string): ToldView {
  return told.map((piece) => (typeof piece === 'string' ? scrub(piece) : { time: piece.time }))
}
