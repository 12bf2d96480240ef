/** What the kernel knows: CPU time and memory of processes, who else is at work, and on which core a process runs. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const hasProc = process.platform === 'linux'

/** CPU time of a process in nanoseconds, all its threads together; undefined where the kernel does not tell. */
export function cpuNs(pid: number): number | undefined {
  if (!hasProc) return undefined
  try {
    let ran = 0
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ran += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0])
    return ran
  } catch {
    return undefined
  }
}

/** Resident memory in KiB; undefined where the kernel does not tell. */
export function residentKib(pid: number): number | undefined {
  if (!hasProc) return undefined
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  } catch {
    return undefined
  }
}

/** The kernel's count of one core's time, in ticks. */
export interface CoreTime {
  busy: number
  /** Time the host gave to other machines. */
  steal: number
  all: number
}

/** Reads `/proc/stat`. */
export function parseCoreTimes(stat: string): CoreTime[] {
  const cores: CoreTime[] = []
  for (const line of stat.split('\n')) {
    if (!/^cpu\d/.test(line)) continue
    const [user, nice, system, idle, wait, irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const busy = user + nice + system + irq + softirq
    cores.push({ busy, steal, all: busy + idle + wait + steal })
  }
  return cores
}

export function coreTimes(): CoreTime[] | undefined {
  return hasProc ? parseCoreTimes(readFileSync('/proc/stat', 'latin1')) : undefined
}

/** What disturbed a slice, each as a share of its time. */
export interface Disturbance {
  /** Work of others on the cores that count. */
  foreign: number
  /** Time the host took away. */
  steal: number
}

export interface SliceWatch {
  before: CoreTime[]
  after: CoreTime[]
  /** Cores that count: the candidate's own, or all of them where nothing is pinned. */
  watched: readonly number[]
  /** What the bench's own processes used on those cores, in seconds. */
  ownSeconds: number
  wallSeconds: number
}

const TICKS_PER_SECOND = 100

/** How much of a slice others took. */
export function disturbance(watch: SliceWatch): Disturbance {
  let busy = 0
  let steal = 0
  for (const core of watch.watched) {
    busy += watch.after[core]!.busy - watch.before[core]!.busy
    steal += watch.after[core]!.steal - watch.before[core]!.steal
  }
  const time = watch.wallSeconds * watch.watched.length
  return {
    foreign: Math.max(0, busy / TICKS_PER_SECOND - watch.ownSeconds) / time,
    steal: steal / TICKS_PER_SECOND / time,
  }
}

/** Shares above which a slice says more about the neighbours than about the candidate. */
export const TOLERATED: Disturbance = { foreign: 0.1, steal: 0.05 }

export function isTooLoaded(d: Disturbance, tolerated: Disturbance = TOLERATED): boolean {
  return d.foreign > tolerated.foreign || d.steal > tolerated.steal
}

let pinning: boolean | undefined

/** Whether processes can be kept on a core here. */
export function canPin(): boolean {
  pinning ??= cpus().length > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0
  return pinning
}

/** The command that starts a program on one core, or as it is where that cannot be had. */
export function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  return canPin() ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
}

/** Candidates run here, everything else over there. */
export const CANDIDATE_CORE = 0
export const BENCH_CORE = 1

export function machineName(): string {
  const all = cpus()
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`
}
