/** Who may knock at all, judged from the socket and from what browsers say of themselves; before any secret is looked at. */
import type { Config } from '../../../../config/schema.ts'
import { isLoopback } from '../../../access.ts'
import { ManagementError } from '../errors.ts'

/** What is known of a request beside its `Request`. */
export interface Caller {
  /** Address of the other end of the socket. */
  remoteAddress: string | undefined
  /** Whether it came over TLS that ends here. */
  encrypted: boolean
}

/** A proxy on this machine makes every stranger look local; these headers give it away. They can only make us stricter. */
const FORWARDED = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip']

/** @throws {ManagementError} 403 for another machine without `allow-remote`. */
export function checkLocality(config: Config, caller: Caller, headers: Headers): void {
  if (config['remote-management']['allow-remote']) return
  if (caller.remoteAddress === undefined || !isLoopback(caller.remoteAddress))
    throw new ManagementError(
      403,
      'remote',
      'Management answers this machine only. Set remote-management.allow-remote in the config to reach it from others, or use an SSH tunnel.',
    )
  const via = FORWARDED.find((name) => headers.has(name))
  if (via !== undefined)
    throw new ManagementError(
      403,
      'remote',
      `This request came through a reverse proxy (${via}), so it may be from anywhere. Set remote-management.allow-remote in the config if that is meant.`,
    )
}

/**
 * Refuses what a page of another site sends. `foreign` in access.ts has looked at Host and Origin already; a listed origin
 * of `allowed-origins` may call models, not management.
 * @throws {ManagementError} 403
 */
export function checkSite(config: Config, headers: Headers): void {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none')
    throw new ManagementError(403, 'cross-site', 'Pages of other sites may not call the management API.')
  const origin = headers.get('origin')?.toLowerCase()
  if (origin === undefined) return
  const own = origin.replace(/^https?:\/\//, '') === headers.get('host')?.toLowerCase()
  if (!own && config['allowed-origins'].some((o) => o.toLowerCase().replace(/\/$/, '') === origin))
    throw new ManagementError(403, 'cross-site', 'Pages of other origins may call models here, not the management API.')
  if (origin === 'null')
    throw new ManagementError(403, 'cross-site', 'Pages without an origin may not call the management API.')
}

/** A page in a frame of another page could be clicked by a person who sees something else. @throws {ManagementError} 403 */
export function checkPage(headers: Headers): void {
  const dest = headers.get('sec-fetch-dest')
  const site = headers.get('sec-fetch-site')
  if (dest === 'iframe' || dest === 'frame' || dest === 'embed' || dest === 'object')
    throw new ManagementError(403, 'framed', 'The dashboard is not shown inside other pages.')
  if (site === 'cross-site' && dest !== 'document' && dest !== null && dest !== 'empty')
    throw new ManagementError(403, 'cross-site', 'Pages of other sites may not load parts of the dashboard.')
}
