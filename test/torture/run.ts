/** All scenarios over one kind of store. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../support/postgres.ts'
import { absentDatabase, readOnlyDatabase, readOnlyFiles, smallDisk } from './obstacles.ts'
import { ahead, blocked, cut, kills, type Place, type Result, race, type Setting, withDirectory } from './scenarios.ts'
import { Simulation } from './simulation.ts'

export interface Plan {
  engines: readonly Place['engine'][]
  rounds: number
  kills: number
  aheadMs: number
  seed: number
  /** Names of scenarios, or all. */
  only?: readonly string[]
  /** Both kinds of store at the same time, each with vendors of its own. */
  parallel?: boolean
  /** Hears of each result as it comes. */
  heard?(result: Result): void
}

/** Carries the plan out. */
export async function torture({ engines, parallel = false, ...plan }: Plan): Promise<Result[]> {
  if (!parallel) return await tortureEngines(engines, plan)
  return (await Promise.all(engines.map((engine) => tortureEngines([engine], plan)))).flat()
}

async function tortureEngines(engines: Plan['engines'], plan: Omit<Plan, 'engines' | 'parallel'>): Promise<Result[]> {
  const results: Result[] = []
  await using simulation = await Simulation.start()
  for (const engine of engines)
    await withDirectory(async (root) => {
      const postgres = engine === 'postgres' ? await startPostgres() : undefined
      let places = 0
      async function place(at?: string): Promise<Place> {
        const authDir = at ?? join(root, `place-${++places}`)
        mkdirSync(authDir, { recursive: true, mode: 0o700 })
        return { engine, authDir, storeUrl: (await postgres?.database()) ?? '' }
      }
      const random = seeded(plan.seed)
      async function run(name: string, scenario: (setting: Setting) => Promise<Result>, at?: Place): Promise<void> {
        if (plan.only !== undefined && !plan.only.includes(name)) return
        const result = await scenario({ simulation, place: at ?? (await place()), random })
        results.push(result)
        plan.heard?.(result)
      }
      /** Not every user may do this to a disk; the rules themselves are tested beside the code (logins-service.test.ts). */
      function skip(scenario: string, why: string): void {
        results.push({ scenario, engine, figures: { 'not tried': why }, faults: [], ms: 0 })
        plan.heard?.(results.at(-1)!)
      }
      if (plan.rounds > 0) await run('race', (setting) => race(setting, plan.rounds))
      if (plan.aheadMs > 0) await run('ahead', (setting) => ahead(setting, plan.aheadMs))
      if (plan.kills > 0) await run('kill', (setting) => kills(setting, plan.kills))
      await run('cut', (setting) => cut(setting, 5))
      if (postgres !== undefined) {
        const at = await place()
        await run('read-only', (setting) => blocked(setting, readOnlyDatabase(at.storeUrl)), at)
        await run('away', (setting) => blocked(setting, absentDatabase(postgres)))
        return
      }
      const path = join(root, 'small')
      mkdirSync(path)
      {
        using disk = smallDisk(path)
        if (disk === undefined) skip('disk full', 'this user may not mount a small disk')
        else await run('full', (setting) => blocked(setting, disk.full), await place(join(path, 'here')))
      }
      const at = await place()
      using files = readOnlyFiles(at.authDir)
      if (files === undefined) skip('disk read-only', 'this user may not make files immutable')
      else await run('read-only', (setting) => blocked(setting, files.obstacle), at)
    })
  return results
}

/** Chance that can be had again: mulberry32. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
