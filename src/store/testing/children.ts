import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after } from 'node:test'
import type { StoreLocation } from '../store.ts'

export interface Child {
  process: ChildProcess
  /** The next thing it says. */
  next(): Promise<unknown>
  /** Everything else it says; rejects if it failed. */
  rest(): Promise<unknown[]>
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts another process at a store (child.ts). */
export function startChild(
  task: string,
  location: StoreLocation,
  args: string[] = [],
  options: SpawnOptions = {},
): Child {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'child.ts'), task, JSON.stringify(location), ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...options,
    },
  )
  running.add(child)
  const exit = once(child, 'exit').finally(() => running.delete(child))
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    process: child,
    async next() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`the process (${task}) ended without a word`)
      return JSON.parse(value as string)
    },
    async rest() {
      const all: unknown[] = []
      for (;;) {
        const { value, done } = await lines.next()
        if (done) break
        all.push(JSON.parse(value as string))
      }
      const [code, signal] = await exit
      if (code !== 0) throw new Error(`the process (${task}) ended with ${code ?? signal}`)
      return all
    },
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
