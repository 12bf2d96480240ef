/** Which subscription API answers at which host and path. */
import { type Exchange, json, type Reply } from '../exchange.ts'
import type { ProviderName } from '../persons.ts'
import type { Route } from '../routes.ts'
import type { World } from '../world.ts'

/** What becomes of a request to an API: an answer of the vendor layer, or a call of the dialect behind it. */
export type Destination =
  | { provider?: ProviderName; key?: string; reply: Reply; body?: unknown }
  | { provider: ProviderName; key: string; route: Route }

/** Takes a request to a vendor's API where it belongs. */
export function subscription(x: Exchange, _world: World): Destination {
  return { reply: json(404, { error: { message: `Nothing at https://${x.host}${x.path}`, type: 'not_found' } }) }
}
