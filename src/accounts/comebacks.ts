/** Finds the logins that work again: their owner has logged in anew, or the program they are borrowed from has. */
import type { LoginRecord } from './login-record.ts'

/**
 * @param records as they are now.
 * @returns takes them as they are later, and gives the ids of those that came back since it was asked last.
 */
export function createComebacks(records: readonly LoginRecord[]): (records: readonly LoginRecord[]) => string[] {
  let known = new Map(records.map((record) => [record.id, record]))
  return (next) => {
    const back = next.filter(({ id, facts }) => {
      const before = known.get(id)?.facts
      if (before === undefined || facts.state.is !== 'ready') return false
      return before.state.is !== 'ready' || before.origin.at !== facts.origin.at
    })
    known = new Map(next.map((record) => [record.id, record]))
    return back.map(({ id }) => id)
  }
}
