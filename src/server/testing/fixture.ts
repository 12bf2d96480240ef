import type { CallRecord } from '../../gateway/events.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { fakeTransport, road } from '../../gateway/testing/fixture.ts'
import type { UpstreamTransport } from '../../gateway/transport.ts'
import { protocols } from '../../protocols/index.ts'
import type { RequestHead } from '../access.ts'
import { type Admin, createAdmin } from '../admin/admin.ts'
import { createDoor, type Door, type DoorOptions } from '../door.ts'

/** A head as the listener would make it, from this machine unless told otherwise. */
export function head(headers: Record<string, string> = {}, over: Partial<RequestHead> = {}): RequestHead {
  const all = new Map(Object.entries(headers).map(([n, v]) => [n.toLowerCase(), v]))
  return {
    method: 'POST',
    url: '/v1/messages',
    rawHeaders: Object.entries(headers).flat(),
    header: (name) => all.get(name),
    remoteAddress: '127.0.0.1',
    ...over,
  }
}

export interface House {
  door: Door
  admin: Admin
  gateway: Gateway
  ended: CallRecord[]
}

/** A door with a road behind it. */
export function house(
  config: object,
  more: Partial<Pick<DoorOptions, 'access' | 'onKey'>> & { transport?: UpstreamTransport; metrics?: () => string } = {},
): House {
  const { transport = fakeTransport(), metrics, ...doorOptions } = more
  const { gateway, ended } = road(config, transport)
  const now = () => 5_000
  const admin = createAdmin({ gateway, protocols, version: '1.2.3', now, metrics })
  return { door: createDoor({ gateway, protocols, admin, now, ...doorOptions }), admin, gateway, ended }
}
