import type { Account } from '../account.ts'
import type { Candidate } from '../pool.ts'

/** Accounts for the tests of this room and those above; under a test name so that the build leaves it out. */
export function account(over: Partial<Account> = {}): Account {
  return {
    id: 'a',
    provider: 'p',
    label: over.id ?? 'a',
    credential: { type: 'api-key', value: 'secret' },
    baseUrl: `https://${over.id ?? 'a'}.test`,
    headers: {},
    speaks: ['openai-chat'],
    priority: 0,
    weight: 1,
    excludes: () => false,
    neverRests: false,
    ...over,
  }
}

export function candidate(id: string, over: Partial<Account> = {}, model = 'm'): Candidate {
  return { account: account({ id, ...over }), model, key: `${id}|${model}` }
}

/** A clock that stands still until it is told. */
export function clock(at = 1_000_000): { (): number; advance(ms: number): void } {
  const read = () => at
  return Object.assign(read, {
    advance(ms: number) {
      at += ms
    },
  })
}
