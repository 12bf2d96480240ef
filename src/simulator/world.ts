/** The simulated world behind the vendors' hosts: its people, their logins, what goes wrong there. */
import { createTokenBook, type TokenBook } from './oauth/book.ts'
import { createDevices, type Devices } from './oauth/devices.ts'
import { createFaultShelf, type FaultShelf } from './oauth/faults.ts'
import { createGrantLog, type GrantLog } from './oauth/log.ts'
import { accessToken, refreshToken } from './oauth/tokens.ts'
import { OAUTH_VENDORS } from './oauth/vendors.ts'
import { type Person, type ProviderName, personOf } from './persons.ts'
import { type Accounts, createAccounts } from './subscriptions/accounts.ts'

/** Settings of the world, all of them changeable while it runs. */
export interface WorldSettings {
  /** Seconds access tokens live, by provider; default: the vendor's. */
  lives: Partial<Record<ProviderName, number>>
  /** Whether refresh tokens rotate, by provider; default: the vendor's way. */
  rotates: Partial<Record<ProviderName, boolean>>
  /** Take any loopback port where the vendor registered fixed ones (1455, 11451): tests may find them in use. */
  anyPort: boolean
  /** Seconds between two polls of a device login; sooner is `slow_down`. Default 5. */
  deviceInterval: number
}

/** A long-running onboarding. */
export interface Operation {
  person: string
  project: string
  /** Questions until it is done. */
  left: number
}

/** Everything the vendors' handlers share. */
export interface World {
  now: () => number
  settings: WorldSettings
  book: TokenBook
  log: GrantLog
  faults: FaultShelf
  devices: Devices
  accounts: Accounts
  /** Onboarding operations of Code Assist by name. */
  operations: Map<string, Operation>
  /** When accounts asked for their usage, ms; vendors limit that, too. */
  usageAsked: Map<string, number[]>
  /** A person; the same object every time, so that a changed plan stays. @throws {Error} on a name that is none. */
  person(name: string): Person
  reset(): void
}

/** A new world. */
export function createWorld(now: () => number, settings: WorldSettings): World {
  const people = new Map<string, Person>()
  const person = (name: string): Person => {
    let found = people.get(name)
    if (!found) {
      found = personOf(name)
      people.set(name, found)
    }
    return found
  }
  const book = createTokenBook({
    now,
    life: (vendor) => settings.lives[vendor] ?? OAUTH_VENDORS[vendor].life,
    rotates: (vendor) => settings.rotates[vendor] ?? OAUTH_VENDORS[vendor].rotates,
    access: (family, issuedAt, expiresAt) => accessToken(family, person(family.person), issuedAt, expiresAt),
    refresh: refreshToken,
  })
  const log = createGrantLog()
  const faults = createFaultShelf()
  const devices = createDevices(now)
  const accounts = createAccounts(now)
  const operations = new Map<string, Operation>()
  const usageAsked = new Map<string, number[]>()
  return {
    now,
    settings,
    book,
    log,
    faults,
    devices,
    accounts,
    operations,
    usageAsked,
    person,
    reset() {
      for (const part of [book, log, faults, devices, accounts]) part.reset()
      for (const map of [people, operations, usageAsked]) map.clear()
    },
  }
}
