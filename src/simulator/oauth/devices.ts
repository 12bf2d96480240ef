/** Device logins under way (RFC 8628): no HTTP, no vendor's words. */
import type { ProviderName } from '../persons.ts'
import { random } from './book.ts'

/** One device login. */
export interface Device {
  code: string
  userCode: string
  vendor: ProviderName
  clientId: string
  scopes: readonly string[]
  challenge?: string
  /** Seconds; grows by 5 with each hasty poll. */
  interval: number
  /** ms since the epoch. */
  expiresAt: number
  /** Who confirmed. */
  person?: string
  denied?: boolean
  used?: boolean
  polledAt?: number
}

/** What a poll is told. */
export type PollVerdict = 'pending' | 'slow-down' | 'expired' | 'denied' | 'unknown' | 'confirmed'

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

/** Letters without vowels, so that no words come about (RFC 8628 6.1). */
function userCode(): string {
  const letters = [...Buffer.from(random(8), 'base64url')].map((b) => LETTERS[b % LETTERS.length]).join('')
  return `${letters.slice(0, 4)}-${letters.slice(4, 8)}`
}

/** What a person typed, in the form codes have. */
function normal(typed: string): string {
  const letters = typed.toUpperCase().replace(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

export type Devices = ReturnType<typeof createDevices>

/** The memory of device logins. */
export function createDevices(now: () => number) {
  const byCode = new Map<string, Device>()
  const byUserCode = new Map<string, Device>()
  return {
    start(rest: Pick<Device, 'vendor' | 'clientId' | 'scopes' | 'challenge' | 'interval'>, limit: number): Device {
      const device: Device = { ...rest, code: random(32), userCode: userCode(), expiresAt: now() + limit * 1000 }
      byCode.set(device.code, device)
      byUserCode.set(device.userCode, device)
      return device
    },
    get: (code: string): Device | undefined => byCode.get(code),
    find: (typed: string): Device | undefined => byUserCode.get(normal(typed)),
    /** A person confirms or refuses. @throws {Error} if no such code waits. */
    decide(typed: string, person: string, deny = false): Device {
      const device = byUserCode.get(normal(typed))
      if (!device || device.used) throw new Error(`no device login waits for the code '${typed}'`)
      if (now() >= device.expiresAt) throw new Error(`the device login of the code '${typed}' has expired`)
      if (deny) device.denied = true
      else device.person = person
      return device
    },
    /** How a login stands; each asking counts as a poll. */
    poll(device: Device | undefined): PollVerdict {
      if (!device || device.used) return 'unknown'
      const at = now()
      if (at >= device.expiresAt) return 'expired'
      const hasty = device.polledAt !== undefined && at - device.polledAt < device.interval * 1000
      device.polledAt = at
      if (hasty) {
        device.interval += 5
        return 'slow-down'
      }
      if (device.denied) return 'denied'
      return device.person === undefined ? 'pending' : 'confirmed'
    },
    reset(): void {
      byCode.clear()
      byUserCode.clear()
    },
  }
}
