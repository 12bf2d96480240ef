/** Reasoning items can be read back only by the account or organisation that sealed them (domain.md 1.2). */
import type { Forgetting } from '../protocol.ts'

export const responsesForgetting: Forgetting = {
  holds: (body) => body.includes('"encrypted_content"'),
  refused: (failure) =>
    failure.code === 'invalid_encrypted_content' || failure.message.includes('invalid_encrypted_content'),
  states: ({ input }) => itemsOf(input).flatMap((item) => stateOf(item) ?? []),
  body(body, picks) {
    const { input } = body
    if (!Array.isArray(input)) return body
    const kept = input.filter((item) => !goes(item as Item | null, picks))
    return kept.length === input.length ? body : { ...body, input: kept }
  },
}

type Item = Readonly<Record<string, unknown>>

const itemsOf = (input: unknown): readonly (Item | null)[] => (Array.isArray(input) ? input : [])

function stateOf(item: Item | null): string | undefined {
  const state = item?.['type'] === 'reasoning' ? item['encrypted_content'] : undefined
  return typeof state === 'string' && state !== '' ? state : undefined
}

function goes(item: Item | null, picks: ((state: string) => boolean) | undefined): boolean {
  if (item?.['type'] !== 'reasoning') return false
  const state = stateOf(item)
  return picks === undefined || (state !== undefined && picks(state))
}
