/** From the start of the program to its first answer, in CPU time, each time in a fresh process. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Helper, startHelper } from './calls.ts'
import { ended, gatewayConfig, listening, ROOT } from './candidates.ts'
import type { SingleAnswer } from './load.ts'
import { CANDIDATE_CORE, cpuNs, pinned } from './machine.ts'
import { type Summary, summarise } from './statistics.ts'

export interface StartFigures {
  /** What was started. */
  command: string
  cpuMs: Summary
  wallMs: Summary
  /** The very first start, before Node.js has compiled anything into its cache. */
  coldCpuMs: number
  /** `node -e 0`, for comparison. */
  nodeCpuMs: Summary
}

/** Measures starts of the build in `dist/`. */
export async function runStart(runs: number, tell: (text: string) => void): Promise<StartFigures> {
  const place = mkdtempSync(join(tmpdir(), 'logicaproxy-start-'))
  const mock = startHelper(new URL('mock.ts', import.meta.url).pathname)
  const load = startHelper(new URL('load.ts', import.meta.url).pathname)
  try {
    const entry = join(ROOT, 'bin/logicaproxy.cjs')
    if (!existsSync(join(ROOT, 'dist/cli/main.js')))
      throw new Error('there is no dist/: run `npm run build` before this case')
    const port = await mock.call<number>('listen')
    const config = join(place, 'config.yaml')
    writeFileSync(config, gatewayConfig(port, place))
    const cache = join(place, 'compile-cache')
    tell('start: cold')
    const cold = await startOnce(entry, config, cache, load)
    const cpu: number[] = []
    const wall: number[] = []
    const bare: number[] = []
    for (let run = 0; run < runs; run += 1) {
      tell(`start: ${run + 1} of ${runs}`)
      const one = await startOnce(entry, config, cache, load)
      cpu.push(one.cpuMs)
      wall.push(one.wallMs)
      bare.push(bareNode())
    }
    return {
      command: 'node bin/logicaproxy.cjs serve -config FILE',
      cpuMs: summarise(cpu),
      wallMs: summarise(wall),
      coldCpuMs: cold.cpuMs,
      nodeCpuMs: summarise(bare),
    }
  } finally {
    load.stop()
    mock.stop()
    rmSync(place, { recursive: true, force: true })
  }
}

async function startOnce(entry: string, config: string, cache: string, load: Helper) {
  const startedAt = performance.now()
  const [command, args] = pinned(CANDIDATE_CORE, process.execPath, [entry, 'serve', '--json', '-config', config])
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  })
  try {
    const { port } = await listening(child, 'the gateway')
    const target = { port, headers: { authorization: 'Bearer bench-client-key-0123456789abcdef' } }
    const answer = await load.call<SingleAnswer>('once', { target, model: 'mock-json', bytes: 2_000, stream: false })
    const cpuMs = (cpuNs(child.pid!) ?? Number.NaN) / 1e6
    if (answer.status !== 200) throw new Error(`the first answer was ${answer.status} ${answer.body}`)
    return { cpuMs, wallMs: performance.now() - startedAt }
  } finally {
    await ended(child)
  }
}

/** CPU time of Node.js doing nothing. */
function bareNode(): number {
  const [command, args] = pinned(CANDIDATE_CORE, process.execPath, [
    '-e',
    'const { user, system } = process.resourceUsage ? { user: process.resourceUsage().userCPUTime, system: process.resourceUsage().systemCPUTime } : {}; console.log((user + system) / 1000)',
  ])
  return Number(spawnSync(command, args, { encoding: 'utf8' }).stdout)
}
