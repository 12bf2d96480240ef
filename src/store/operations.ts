/** Everything the store can be asked, by name: what the engines run, and what crosses to SQLite's thread. */
import { revisions } from './changes.ts'
import { migrate } from './schema/migrate.ts'
import { type Dialect, type Operation, statement } from './statement.ts'
import { StoreError } from './store.ts'
import {
  allCredentials,
  getCredential,
  putCredential,
  putCredentialFacts,
  readManifest,
  removeCredential,
} from './tables/credentials.ts'
import { allDocuments, getDocument, purgeDocuments, putDocuments, removeDocuments } from './tables/documents.ts'
import { acquireLease, noteOnLease, releaseLease } from './tables/leases.ts'
import { appendUsage, getUsage, listUsage, pruneUsage, totalUsage, usageBeyond } from './tables/usage.ts'

/** `read`: one statement, no transaction. `write`: survives the process. `durable`: survives a power cut, too. */
export type Mode = 'read' | 'write' | 'durable'

const ask = <A extends unknown[], T>(mode: Mode, make: (dialect: Dialect, ...args: A) => Operation<T>) => ({
  mode,
  make,
})

/** Writes without changing anything: it fails as the next write would. */
function* touch(): Operation<void> {
  const { changes } = yield statement('UPDATE lp_schema SET applied_at = applied_at')
  if (changes === 0) throw new StoreError('corrupt', 'The store has lost its schema. Restore it from a backup.')
}

export const OPERATIONS = {
  allCredentials: ask('read', allCredentials),
  getCredential: ask('read', getCredential),
  putCredential: ask('durable', putCredential),
  putCredentialFacts: ask('durable', putCredentialFacts),
  removeCredential: ask('durable', removeCredential),
  readManifest: ask('read', readManifest),
  acquireLease: ask('durable', acquireLease),
  noteOnLease: ask('durable', noteOnLease),
  releaseLease: ask('write', releaseLease),
  allDocuments: ask('read', allDocuments),
  getDocument: ask('read', getDocument),
  putDocuments: ask('write', putDocuments),
  removeDocuments: ask('write', removeDocuments),
  purgeDocuments: ask('write', purgeDocuments),
  appendUsage: ask('write', appendUsage),
  listUsage: ask('read', listUsage),
  getUsage: ask('read', getUsage),
  totalUsage: ask('read', totalUsage),
  usageBeyond: ask('read', usageBeyond),
  pruneUsage: ask('write', pruneUsage),
  revisions: ask('read', revisions),
  migrate: ask('durable', (dialect: Dialect, now: number) => migrate(dialect, now)),
  touch: ask('durable', touch),
}

export type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
type Made<N extends OperationName> = Operations[N]['make']
export type ArgumentsOf<N extends OperationName> = Parameters<Made<N>> extends [Dialect, ...infer A] ? A : []
export type ResultOf<N extends OperationName> = ReturnType<Made<N>> extends Operation<infer T> ? T : never

/** Runs an operation on an engine. */
export type Run = <N extends OperationName>(name: N, ...args: ArgumentsOf<N>) => Promise<ResultOf<N>>
