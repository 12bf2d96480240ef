/** The questions that several views ask, each in one place. */
import type { AccountView, ModelRow, ProviderRow, Status } from '../../src/server/admin/management/contract.ts'
import { call } from './api.ts'
import { useQuery } from './query.ts'

/** Events bring it every two seconds; the slow poll is for a stream that does not come through. */
export const useStatus = () => useQuery<Status>('status', () => call('status'), 15_000)
export const useAccounts = () =>
  useQuery<AccountView[]>('accounts', () => call('accounts').then((a) => a.accounts), 30_000)
export const useProviders = () =>
  useQuery<ProviderRow[]>('providers', () => call('providers').then((p) => p.providers), 60_000)
export const useModels = () => useQuery<ModelRow[]>('models', () => call('models').then((m) => m.models), 60_000)
export const useKeys = () => useQuery('keys', () => call('keys'), 30_000)

/** A series for a chart of the last `seconds`. */
export const useSeries = (seconds: number, points: number, filter: Record<string, string | undefined> = {}) =>
  useQuery(
    `series?${seconds}/${points}/${JSON.stringify(filter)}`,
    () => call('series', { query: { window: seconds, points, ...filter } }),
    seconds <= 3600 ? 5000 : 30_000,
  )
