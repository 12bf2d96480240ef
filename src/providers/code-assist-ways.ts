/**
 * The ways of a Google login to Code Assist: Antigravity's hosts in their order (domain.md 1.6, "hosts in order"), and the
 * projects of one login, each with allowances of its own (domain.md 1.3: one virtual account for each project, rotating
 * inside the account; 4.4 `switch-project`).
 */
import { createHash } from 'node:crypto'
import type { Account } from '../accounts/account.ts'
import type { Failure } from '../hub/failure.ts'
import { projectsOf, usableProject } from './code-assist.ts'
import { CLIENT_VERSION } from './code-assist-refusals.ts'
import type { EditContext, Vessel } from './provider.ts'
import { addressed, basesOf, createWays, HOST_REST_MS, isOfHost, type Ways } from './ways.ts'

/** Longest rest of a project, ms: a vendor may give back early what it said was gone (domain.md 4.5). */
const MOST_REST_MS = 3_600_000
/** Rest of a project that does not say when it comes back, ms. */
const USUAL_REST_MS = 60_000

/** A further host that does not take us is left alone so long, ms. */
const GATE_REST_MS = 3_600_000

/** Refusals of a project and not of the account: it is not there, not allowed, or its API is off. */
const OF_PROJECT: ReadonlySet<string> = new Set(['IAM_PERMISSION_DENIED', 'CONSUMER_INVALID', 'SERVICE_DISABLED'])

/** Where one attempt goes. */
export interface Way extends Pick<Vessel, 'at' | 'turn'> {
  /** The project the request is counted against. @throws {FailureError} as `usableProject` does. */
  project(context: EditContext): string
}

/** Knows which host and which project rests; made once for a product. @param now clock time, ms. */
export function createCodeAssistWays(now?: () => number): (account: Account) => Way {
  const hosts = createWays(now)
  const projects = createWays(now)
  return (account) => wayOf(account, hosts, projects)
}

function wayOf(account: Account, hosts: Ways, projects: Ways): Way {
  const bases = basesOf(account)
  const base = hosts.best(bases)
  let taken: { key: string; keys: readonly string[] } | undefined
  return {
    at: addressed(account, base),
    project(context) {
      const { credential, model, session, id } = context
      const names = projectsOf(credential)
      if (names.length < 2) return usableProject(names[0], account)
      const keys = names.map((name) => [account.id, account.baseUrl, name, model].join('\n'))
      const key = projects.best(keys, startOf(session ?? id, names.length))
      taken = { key, keys }
      return usableProject(names[keys.indexOf(key)], account)
    },
    turn(f) {
      if (isOfHost(f)) return hosts.fail(base, bases, HOST_REST_MS)
      // A further host that does not take us is no answer to the request: the first one's own word is.
      if (f.code === CLIENT_VERSION && base !== bases[0]) {
        hosts.free(bases[0]!)
        return hosts.fail(base, bases, GATE_REST_MS)
      }
      return taken !== undefined && isOfProject(f) && projects.fail(taken.key, taken.keys, restOf(f))
    },
  }
}

/** A conversation begins at the same project each time, so that its cache is found again. */
function startOf(name: string, count: number): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % count
}

function isOfProject(f: Failure): boolean {
  if (f.scope === 'request') return false
  if (f.kind === 'forbidden') return OF_PROJECT.has(f.code ?? '')
  return (f.kind === 'quota-exhausted' && f.code !== 'INSUFFICIENT_G1_CREDITS_BALANCE') || f.kind === 'rate-limited'
}

function restOf({ kind, retryAfter }: Failure): number {
  if (kind === 'forbidden') return MOST_REST_MS
  return retryAfter === undefined ? USUAL_REST_MS : Math.min(MOST_REST_MS, retryAfter * 1000)
}
