/** Where the gateway's time goes in a case: V8's own sampling profile, summed up by function. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GatewayOptions, gateway, ROOT } from './candidates.ts'
import type { ClosedCase, Effort } from './closed-cases.ts'
import { openField } from './field.ts'

export interface ProfileLine {
  /** Name and place of the function. */
  where: string
  /** Share of the time that was not idle, in percent. */
  self: number
}

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

/** Self time by function, dearest first, without idle time and without the first microseconds. */
export function selfTimes(profile: CpuProfile, fromUs = 0): ProfileLine[] {
  const names = new Map<number, string>()
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber } = callFrame
    const place = url.replace(/^file:\/\//, '').replace(`${ROOT}/`, '')
    // A regular expression is a function of its own, named by its source.
    const name = (functionName || '(anonymous)').slice(0, 60)
    names.set(id, place === '' ? name : `${name} ${place}:${lineNumber + 1}`)
  }
  const times = new Map<string, number>()
  let all = 0
  let at = 0
  profile.samples.forEach((id, i) => {
    const name = names.get(id)!
    const time = profile.timeDeltas[i]!
    at += time
    if (name === '(idle)' || at < fromUs) return
    all += time
    times.set(name, (times.get(name) ?? 0) + time)
  })
  return [...times].map(([where, time]) => ({ where, self: (time / all) * 100 })).sort((a, b) => b.self - a.self)
}

/** Profiles the gateway in one case, alone in its field. */
export async function profileCase(
  wanted: ClosedCase,
  effort: Effort,
  ms: number,
  options: GatewayOptions = {},
): Promise<ProfileLine[]> {
  const place = mkdtempSync(join(tmpdir(), 'logicaproxy-profile-'))
  try {
    const openedAt = performance.now()
    let warmMs = 0
    const field = await openField([
      gateway({ ...options, node: ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${place}`] }),
    ])
    try {
      const { target } = field.candidates[1]!
      const loop = { ...wanted, target, connections: effort.connections }
      await field.load.call('closedLoop', { ...loop, ms: effort.warmMs })
      warmMs = performance.now() - openedAt
      await field.load.call('closedLoop', { ...loop, ms })
    } finally {
      await field.close()
    }
    const file = readdirSync(place).find((name) => name.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('the profiler of Node.js left no profile')
    return selfTimes(JSON.parse(readFileSync(join(place, file), 'utf8')) as CpuProfile, warmMs * 1000)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
