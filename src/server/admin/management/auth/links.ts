/**
 * One-time links to the dashboard. Only the hash of a link is stored, so that another process of the same owner
 * (`logicaproxy dashboard`) can make one for a running server: whoever can write the store is the owner.
 */
import type { Store } from '../../../../store/store.ts'
import { newSecret, sha256 } from './secrets.ts'

export const LINK_KIND = 'dashboard-link'
/** ms */
export const LINK_LIFE_MS = 10 * 60_000

/** Makes a link's secret, 256 bits; good for one use within 10 minutes. @throws {StoreError} */
export async function makeLink(
  store: Pick<Store, 'documents'>,
  now: number,
): Promise<{ link: string; expiresAt: number }> {
  const link = newSecret()
  const expiresAt = now + LINK_LIFE_MS
  await store.documents.put([{ kind: LINK_KIND, id: sha256(link), value: '{}', updatedAt: now, expiresAt }])
  return { link, expiresAt }
}

/** Uses a link up. Of many who try at once, one gets true. @throws {StoreError} */
export async function useLink(store: Pick<Store, 'documents'>, link: string, now: number): Promise<boolean> {
  if (!/^[\w-]{40,64}$/.test(link)) return false
  const id = sha256(link)
  if ((await store.documents.get(LINK_KIND, id, now)) === undefined) return false
  return (await store.documents.remove(LINK_KIND, [id])) === 1
}

/** Where a link leads. */
export const linkPath = (link: string): string => `/dashboard/?link=${link}`
