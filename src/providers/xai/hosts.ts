/**
 * The two hosts of an xAI login (domain.md 1.8): `api.x.ai`, for which the login has the scope `api:access`, and the host
 * of the subscription's chat. An account whose plan the API refuses goes on to the chat host by itself; which one answered
 * is remembered for a while. That host may refuse a client that does not pose as xAI's own (refusals.ts).
 */
import type { Account } from '../../accounts/account.ts'
import type { Failure } from '../../hub/failure.ts'
import type { Vessel } from '../provider.ts'
import { addressed, basesOf, createWays, HOST_REST_MS, isOfHost } from '../ways.ts'

/** An account that the API does not serve is asked there again after so long, ms: plans change. */
const PLAN_REST_MS = 3_600_000

const ways = createWays()

/** The chat host that does not take us is not asked again for so long, ms. */
const GATE_REST_MS = 24 * 3_600_000

/** One for each attempt. Bodies pass as they are. */
export function vesselOfLogin(account: Account): Vessel | undefined {
  const bases = basesOf(account)
  if (bases.length === 1) return undefined
  const keys = bases.map((base) => `${account.id}\n${base}`)
  const key = ways.best(keys)
  return {
    asIs: true,
    edit: (body) => ({ body, losses: [] }),
    at: addressed(account, bases[keys.indexOf(key)]!),
    turn(f) {
      if (isOfHost(f)) return ways.fail(key, keys, HOST_REST_MS)
      const atApi = key === keys[0]
      // What the chat host has against us is not the answer to the request: the API's own word is, and stays the way.
      if (!atApi && f.kind === 'forbidden') {
        ways.free(keys[0]!)
        return ways.fail(key, keys, GATE_REST_MS)
      }
      return atApi && isOfPlan(f) && ways.fail(key, keys, PLAN_REST_MS)
    },
  }
}

/** A refusal of the login by the API as a whole, and not for what has been used up. */
function isOfPlan({ kind, scope, status }: Failure): boolean {
  return kind === 'forbidden' && scope === 'account' && status === 403
}
