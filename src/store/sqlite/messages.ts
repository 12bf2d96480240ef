/** What passes between a store and its thread. */
import type { OperationName } from '../operations.ts'
import { StoreError, type StoreErrorCode } from '../store.ts'

export interface WorkerOptions {
  directory: string
  reader: boolean
  /** How often other processes' changes are looked for, in ms. */
  pollMs: number
}

export type Question = { id: number; name: OperationName; args: unknown[] } | { id: number; close: true }

export interface Fault {
  code?: StoreErrorCode
  passing?: boolean
  name: string
  message: string
}

export type Answer =
  | { is: 'open' }
  | { is: 'failed'; fault: Fault }
  | { is: 'value'; id: number; value: unknown }
  | { is: 'fault'; id: number; fault: Fault }
  | { is: 'changed'; topics: string[] }

export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const fault: Fault = { name: error.name, message: error.message }
  if (error instanceof StoreError) Object.assign(fault, { code: error.code, passing: error.passing })
  return fault
}

export function errorOf({ code, passing, name, message }: Fault): Error {
  if (code !== undefined) return new StoreError(code, message, { passing })
  return name === 'RangeError' ? new RangeError(message) : new Error(message)
}
