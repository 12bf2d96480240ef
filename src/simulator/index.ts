/**
 * Loopback stand-ins of the vendors: the Anthropic, OpenAI (chat and responses) and Gemini APIs by key, and below
 * `/hosts/<vendor host>/` every host of the subscriptions, their authorization servers included. Strict about what they
 * take, deterministic in what they answer, and faulty on demand. The model name picks behaviour and faults (see `WORDS`
 * in `faults.ts`). They know nothing of the gateway, so that they can judge it. `docs/simulator.md` tells more.
 */
import type { AddressInfo } from 'node:net'
import { type Attempt, type AttemptFilter, AttemptLog } from './attempts.ts'
import { createControl } from './control.ts'
import { createDriver, type Driver } from './driver.ts'
import { type Fault, FaultBook } from './faults.ts'
import { createFront } from './front.ts'
import { Listener } from './server.ts'
import { createWorld, type WorldSettings } from './world.ts'

export type { Attempt, AttemptFilter } from './attempts.ts'
export { type Behaviour, parseModel } from './behaviour.ts'
export type { ConsentRequest, Driver } from './driver.ts'
export { describeFaults, type Fault, parseFault, WORDS, type Word } from './faults.ts'
export { OAUTH_FAULTS, type OAuthFault } from './oauth/faults.ts'
export type { GrantCounts, GrantEntry } from './oauth/log.ts'
export { BUILT_IN as PERSONS, PROVIDERS, type ProviderName } from './persons.ts'

/** How to start the stand-ins. */
export interface SimulatorOptions extends Partial<WorldSettings> {
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /** When given, only these keys are accepted; else any non-empty key. */
  keys?: readonly string[]
  /** The clock of `created`, of the attempt log and of everything about logins. */
  now?: () => number
  /** How many attempts keep their parsed body; default 200. */
  keepBodies?: number
  /** `own` (default): reasoning signatures of others are refused, as vendors do; `any`: taken, for recorded traffic. */
  signatures?: 'own' | 'any'
}

/** Running stand-ins. */
export interface Simulator extends Driver {
  url: string
  port: number
  attempts(filter?: AttemptFilter): Attempt[]
  /** Forget attempts, scripts, standing faults, counters, stored responses, logins, quotas and refusals. */
  reset(): void
  /**
   * The next answers for this key, one fault each, before anything the model name says; `none` is a healthy answer.
   * Behind a vendor's host the key is the account: `claude:anna`.
   */
  script(key: string, faults: Fault[]): void
  /** A standing fault for a key, like a rate-limited account; undefined heals it. */
  setKeyFault(key: string, fault: Fault | undefined): void
  close(): Promise<void>
}

/** Start the stand-ins on a loopback port. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = options.now ?? Date.now
  let ahead = 0
  const now = () => clock() + ahead
  const world = createWorld(now, {
    lives: { ...options.lives },
    rotates: { ...options.rotates },
    anyPort: options.anyPort ?? false,
    deviceInterval: options.deviceInterval ?? 5,
  })
  const log = new AttemptLog(options.keepBodies)
  const book = new FaultBook()
  const reset = () => {
    ahead = 0
    log.reset()
    book.reset()
    listener.reset()
    world.reset()
  }
  const listener = new Listener(
    { keys: options.keys, now, log, book, anySignature: options.signatures === 'any' },
    createControl({ log, book, reset, driver: () => driver }),
    createFront(
      world,
      () => listener,
      () => url,
    ),
  )
  const { server } = listener
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const { address, port, family } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  const driver = createDriver(world, url, (ms) => {
    ahead += ms
  })
  return {
    ...driver,
    url,
    port,
    attempts: (filter) => log.select(filter),
    reset,
    script: (key, faults) => book.script(key, faults),
    setKeyFault: (key, fault) => book.setKeyFault(key, fault),
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        listener.stop()
      })
    },
  }
}
