/** Logins over the stores, vendors and clocks of this folder: any number of processes, all of them in this one. */

import type { Failure } from '../../../hub/failure.ts'
import type { Credential } from '../../account.ts'
import type { LoginFacts, Tokens } from '../../login-record.ts'
import { createLogins, type LoginsOptions, type LoginsService } from '../../logins-service.ts'
import type { Exchanged } from '../job.ts'
import { createLocalRefresher } from '../refresher.ts'
import { createDisk, type DiskView, facts } from './disk.ts'
import { RECIPE } from './recipe.ts'
import { createTime } from './time.ts'
import { createVendor } from './vendor.ts'

export const HOUR = 3_600_000

export interface Process {
  logins: LoginsService
  view: DiskView
  log: { level: string; account: string; message: string }[]
}

export function createHouse() {
  const time = createTime()
  const disk = createDisk(time.now)
  const vendor = createVendor()
  const house = {
    time,
    disk,
    vendor,
    /** What the vendor's token endpoint does in place of answering well. */
    answer: undefined as ((refreshToken: string) => Exchanged | Promise<Exchanged>) | undefined,
    /** Life of the next access tokens, ms. */
    lifeMs: HOUR,
    asked: [] as { refreshToken: string; proxyUrl: string | undefined; at: number }[],

    /** Puts a login on the disk. */
    put(id: string, over: { facts?: Partial<LoginFacts>; tokens?: Partial<Tokens>; lifeMs?: number } = {}): Tokens {
      const tokens = { ...vendor.login(time.now(), over.lifeMs ?? HOUR), ...over.tokens }
      const [provider] = id.split('-')
      const own = facts({ subject: id, label: `${id}@example.org`, ...over.facts })
      disk.rows.set(id, { id, provider: provider!, version: 1, facts: own, tokens, updatedAt: time.now() })
      return tokens
    },

    /** Starts a process. */
    async start(name = 'p', over: Partial<LoginsOptions> = {}): Promise<Process> {
      const view = disk.of(name)
      const log: Process['log'] = []
      const exchange = async (_: unknown, refreshToken: string, proxyUrl: string | undefined) => {
        house.asked.push({ refreshToken, proxyUrl, at: time.now() })
        await null
        if (house.answer !== undefined) return house.answer(refreshToken)
        return vendor.present(refreshToken, time.now(), house.lifeMs)
      }
      const refresher = createLocalRefresher({
        store: view,
        vault: view.vault,
        exchange,
        owner: name,
        clock: time,
        random: () => 0.5,
      })
      const logins = await createLogins({
        store: view,
        vault: view.vault,
        refresher,
        recipe: async () => RECIPE,
        clock: time,
        random: () => 0.5,
        log: (level, account, message) => log.push({ level, account, message }),
        ...over,
      })
      return { logins, view, log }
    },
  }
  return house
}

export type House = ReturnType<typeof createHouse>

/** Asks for a token; `got` is filled in when there is an answer. */
export function ask({ logins }: Process, id: string, refused?: string) {
  const asked = { got: undefined as Credential | Failure | undefined, times: 0, cancel: () => {} }
  asked.cancel = logins.bring(id, refused, (got) => {
    asked.got = got
    asked.times++
  })
  return asked
}

/** The token in an answer, or the failure's code. */
export function tokenIn(got: Credential | Failure | undefined): string | undefined {
  if (got === undefined) return undefined
  return 'value' in got ? got.value : got.code
}
