/**
 * The heap of the program, set for what it does: many short requests, each with buffers outside of the heap. Imported for
 * its effect, once all is loaded, by the command line alone: an embedder's heap is the embedder's own. Not sooner: V8 throws
 * away what was compiled ahead under other flags, Node's own modules first, for which a start and each thread pay 40 ms.
 *
 * V8 collects its young generation when it is full, and lets it grow to 32 MiB and more. The socket buffers and bodies that
 * young objects hold are not counted in it: several times its size waits outside for the next collection, and where bodies
 * are large, V8 takes fright at what waits and collects the whole heap, some forty times a second. At 8 MiB young
 * collections come in time, and are still rare enough that next to nothing survives them (docs/benchmarks.md).
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const MIB = 1024 * 1024
/** Size of a semi-space, bytes; V8 keeps two. */
export const YOUNG_BYTES = 8 * MIB
/** What has to survive before V8 lets the space grow is allocated in pieces of 8 KiB, at most so many. */
const PIECES = 512
const PIECE_NUMBERS = 1_024

/** Whether whoever started the process has settled this: on its command line or in NODE_OPTIONS. */
export function isSettled(execArgv: readonly string[], nodeOptions: string | undefined): boolean {
  return /semi[-_]space|scavenge/.test(`${execArgv.join(' ')} ${nodeOptions ?? ''}`)
}

/** Bytes that fit into a semi-space as it is now; 0 where V8 tells of none. */
export function youngBytes(): number {
  const space = getHeapSpaceStatistics().find((one) => one.space_name === 'new_space')
  return space === undefined ? 0 : space.space_used_size + space.space_available_size
}

/** Pages have heads, so that a space of 8 MiB holds a little less. */
const isSmall = (): boolean => youngBytes() < YOUNG_BYTES * 0.9

/** Keeps the space where it is, or lets it double while it is too small. */
function hold(): void {
  setFlagsFromString(`--semi-space-growth-factor=${isSmall() ? 2 : 1}`)
}

/** Lets the space grow to its size in one step from what it has come to, 1 MiB in a process that has just begun. */
function grow(): void {
  setFlagsFromString(`--semi-space-growth-factor=${Math.max(1, Math.round(YOUNG_BYTES / Math.max(MIB, youngBytes())))}`)
  const survivors: number[][] = []
  for (let piece = 0; piece < PIECES && isSmall(); piece += 1)
    survivors.push(new Array<number>(PIECE_NUMBERS).fill(piece))
}

function settle(): void {
  // Helpers of a collection of a few megabytes wait for each other longer than they work, most of all on a busy machine.
  setFlagsFromString('--no-parallel-scavenge')
  // What a collection finds to be garbage outside of the heap is freed then and there: a helper that waits for its turn on a
  // busy machine lets it pile up, twice the memory that is in use.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  grow()
  // An engine that does not heed the flags, or has no room for the size, is left alone.
  if (isSmall()) return
  hold()
  // An idle heap shrinks, and a new thread sets the factor back for all: looked after with every collection.
  new PerformanceObserver(hold).observe({ entryTypes: ['gc'] })
}

if (!isSettled(process.execArgv, process.env['NODE_OPTIONS'])) settle()
