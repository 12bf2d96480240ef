/** Login files of CLIProxyAPI in the auth directory: that program would use them as they lie, this one has to be asked. */
import { readdir } from 'node:fs/promises'
import type { LoginRecord } from '../accounts/login-record.ts'

/**
 * One sentence about login files in `directory` that no account came from; undefined where there are none.
 * @param records the accounts there are.
 */
export async function waitingLogins(directory: string, records: readonly LoginRecord[]): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => [])
  if (!names.some((name) => name.endsWith('.json'))) return undefined
  const { findIn, placesHere } = await import('../accounts/import/find.ts')
  const taken = new Set(records.map(({ facts }) => facts.origin.from))
  const { candidates } = await findIn(directory, placesHere())
  const waiting = candidates.filter(({ from }) => !taken.has(from)).length
  if (waiting === 0) return undefined
  const files = waiting === 1 ? 'a login file' : `${waiting} login files`
  return `${directory} holds ${files} of another program, which nothing uses yet: "logicaproxy import --from ${directory}" moves or borrows them`
}
