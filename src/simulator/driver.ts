/** How tests and demos drive the simulated vendors: people who consent, quotas, refusals, faults, the clock. */
import { hostMap, standIn } from './hosts.ts'
import { type FaultOptions, OAUTH_FAULTS, type OAuthFault } from './oauth/faults.ts'
import type { GrantCounts, GrantEntry } from './oauth/log.ts'
import { tokens } from './oauth/token.ts'
import { OAUTH_VENDORS, secretOf } from './oauth/vendors.ts'
import { PROVIDERS, type ProviderName } from './persons.ts'
import type { Allowance, QuotaSetting } from './subscriptions/accounts.ts'
import type { World } from './world.ts'

/** A person's answer at a vendor's authorize page. */
export interface ConsentRequest {
  /** The authorize URL, at the vendor or at its stand-in. */
  url: string
  /** anna, ben, cleo, or any other name. */
  person: string
  deny?: boolean
  /** Open the redirect as the browser would, too. */
  visit?: boolean
}

/** The simulated vendors, seen from outside. */
export interface Driver {
  /** Vendor origin → stand-in: the configuration's `host-overrides`. */
  hosts: Record<string, string>
  /** Clients with a secret, the simulator's own one: the configuration's `oauth-clients`. */
  clients: Record<string, { id: string; secret: string }>
  /**
   * Logs a person in at an authorize page.
   * @returns the redirect, with `code` and `state` or with `error` in it. @throws {Error} with the page's words when
   * the vendor would not send the browser back at all.
   */
  consent(request: ConsentRequest): Promise<string>
  /**
   * Tokens without a login, as the token endpoint would give them for the vendor's usual scopes: for tests that need
   * many accounts, or a vendor's own credential file.
   */
  issue(provider: ProviderName, person: string, scopes?: readonly string[]): Record<string, unknown>
  /** A person confirms a device login. @throws {Error} if no such code waits. */
  confirmDevice(userCode: string, person: string, answer?: { deny?: boolean }): void
  /** @throws {Error} on an unknown provider or window. */
  setQuota(provider: ProviderName, person: string, window: string, setting: QuotaSetting): void
  /** What is left of an account's windows. */
  quota(provider: ProviderName, person: string): Allowance[]
  /** Refuses every request of an account in the vendor's words; undefined ends it. @throws {Error} on an unknown name. */
  setRefusal(provider: ProviderName, person: string, name: string | undefined): void
  /** Changes a plan: `plus` at OpenAI, `claude_max` at Claude, `free-tier` or `standard-tier` at Google. */
  setPlan(provider: ProviderName, person: string, plan: string): void
  /** @returns how many tokens or logins an immediate fault struck; 0 for a waiting one. @throws {Error} on an unknown name. */
  oauthFault(provider: ProviderName, fault: OAuthFault, options?: FaultOptions): number
  /** Seconds that access tokens live from now on; undefined: the vendor's own. */
  setLife(provider: ProviderName, seconds: number | undefined): void
  /** Moves the clock forward, in ms. */
  advance(ms: number): void
  oauth: {
    log(filter?: { vendor?: string; person?: string; kind?: string }): GrantEntry[]
    counts(): GrantCounts
    /** How a token stands, without using it: `current`, `spent`, `expired`, `revoked` or `unknown`. */
    inspect(token: string): { state: string; vendor?: ProviderName; person?: string; family?: string }
  }
}

function known(provider: string): ProviderName {
  if (!(PROVIDERS as readonly string[]).includes(provider))
    throw new Error(`no provider '${provider}'; there are ${PROVIDERS.join(', ')}`)
  return provider as ProviderName
}

/** The driver of a world that listens at `base`. */
export function createDriver(world: World, base: string, advance: (ms: number) => void): Driver {
  const { book, log, faults, devices, accounts } = world
  return {
    hosts: hostMap(base),
    clients: Object.fromEntries(
      PROVIDERS.filter((p) => OAUTH_VENDORS[p].secret).map((p) => [
        p,
        { id: OAUTH_VENDORS[p].clients[0]!, secret: secretOf(p) },
      ]),
    ),
    consent: (request) => consent(request, base, (name) => world.person(name).name),
    issue(provider, person, scopes) {
      const vendor = OAUTH_VENDORS[known(provider)]
      const issued = book.open({
        vendor: provider,
        person: world.person(person).name,
        clientId: vendor.clients[0]!,
        scopes: scopes ?? vendor.scopes.filter((scope) => scope !== 'org:create_api_key'),
        redirectUri: '',
        offline: true,
      })
      return tokens(vendor, issued, world).body as Record<string, unknown>
    },
    confirmDevice(userCode, person, answer = {}) {
      devices.decide(userCode, world.person(person).name, answer.deny)
    },
    setQuota: (provider, person, window, setting) =>
      accounts.setQuota(known(provider), world.person(person).name, window, setting),
    quota: (provider, person) => accounts.windows(known(provider), person).map((w) => ({ ...w })),
    setRefusal: (provider, person, name) => accounts.setRefusal(known(provider), world.person(person).name, name),
    setPlan(provider, name, plan) {
      const person = world.person(name)
      if (provider === 'codex') person.codex.plan = plan
      else if (provider === 'claude') person.claude.organizationType = plan
      else if ((provider === 'gemini-cli' || provider === 'antigravity') && /^(?:free|standard)-tier$/.test(plan))
        person.google.tier = plan as 'free-tier'
      else throw new Error(`${provider} has no plan '${plan}'`)
    },
    oauthFault(provider, fault, options = {}) {
      known(provider)
      if (!Object.hasOwn(OAUTH_FAULTS, fault))
        throw new Error(`no fault '${fault}'; there are ${Object.keys(OAUTH_FAULTS).join(', ')}`)
      if (fault === 'expire-access') return book.expireAccess(provider, options.person)
      if (fault !== 'expire-refresh' && fault !== 'revoke-family') {
        faults.put(provider, fault, options)
        return 0
      }
      const struck = book.families(provider, options.person)
      for (const family of struck) {
        if (fault === 'expire-refresh') family.refreshExpired = true
        else family.dead ??= 'revoked'
      }
      return struck.length
    },
    setLife(provider, seconds) {
      world.settings.lives[known(provider)] = seconds
    },
    advance,
    oauth: { log: log.select, counts: log.counts, inspect: book.inspect },
  }
}

async function consent(request: ConsentRequest, base: string, name: (person: string) => string): Promise<string> {
  let url = new URL(standIn(base, request.url))
  if (request.deny) url.searchParams.set('deny', '1')
  else url.searchParams.set('auto', name(request.person))
  // claude.com sends on to claude.ai, so there may be one stop more.
  for (let hops = 0; hops < 3; hops++) {
    const answer = await fetch(url, { redirect: 'manual' })
    const text = await answer.text()
    const location = answer.headers.get('location')
    if (!location) throw new Error(`${answer.status}: ${/id="error">([^<]*)/.exec(text)?.[1] ?? text.slice(0, 200)}`)
    if (answer.status !== 307) {
      if (request.visit) await (await fetch(location, { redirect: 'manual' })).text()
      return location
    }
    url = new URL(location)
  }
  throw new Error('the authorize page redirects in circles')
}
