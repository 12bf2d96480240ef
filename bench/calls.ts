/** Calls between the bench and its helper processes, over Node's own channel. */
import { type ChildProcess, spawn } from 'node:child_process'
import { BENCH_CORE, pinned } from './machine.ts'

// biome-ignore lint/suspicious/noExplicitAny: the two ends share the type of their calls, the channel does not.
type Calls = Record<string, (argument: any) => Promise<unknown>>

interface Question {
  id: number
  call: string
  argument: unknown
}

interface Reply {
  id: number
  result?: unknown
  error?: string
}

/** Answers the calls of the parent process. */
export function serveCalls(calls: Calls): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ id, call, argument }: Question) => {
    calls[call]!(argument).then(
      (result) => process.send!({ id, result } satisfies Reply),
      (error: Error) => process.send!({ id, error: error.stack ?? error.message } satisfies Reply),
    )
  })
}

export interface Helper {
  readonly pid: number
  call<T>(name: string, argument?: unknown): Promise<T>
  stop(): void
}

/** Starts a helper on the core that is not the candidate's. */
export function startHelper(file: string): Helper {
  const [command, args] = pinned(BENCH_CORE, process.execPath, [file])
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let last = 0
  child.on('message', ({ id, result, error }: Reply) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve(result)
    else one?.reject(new Error(error))
  })
  child.on('exit', (code) => {
    for (const one of waiting.values()) one.reject(new Error(`${file} ended with code ${code}`))
  })
  return {
    pid: child.pid!,
    call<T>(name: string, argument?: unknown) {
      last += 1
      const id = last
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        child.send({ id, call: name, argument } satisfies Question)
      })
    },
    stop() {
      child.disconnect()
    },
  }
}
