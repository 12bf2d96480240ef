import { Worker } from 'node:worker_threads'
import type { OperationName, Run } from '../operations.ts'
import { StoreError } from '../store.ts'
import { type Answer, errorOf, type Question, type WorkerOptions } from './messages.ts'

/** Started from the sources as .ts, from the package as .js. */
const WORKER = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export interface Thread {
  run: Run
  /** False: it ended, and all that was asked has been refused. */
  alive(): boolean
  close(): Promise<void>
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

/**
 * Starts the thread and waits until its database is open. It keeps the process alive only while an answer is due.
 * @throws {StoreError}
 */
export function startThread(options: WorkerOptions, changed: (topics: string[]) => void): Promise<Thread> {
  // No environment and no flags: the thread needs none, and it shall not hold the secrets that may stand there.
  const worker = new Worker(WORKER, { workerData: options, name: 'logicaproxy-store', env: {}, execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let ended = false

  const settle = (id: number, how: (one: Waiting) => void) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (one) how(one)
  }
  const ask = (question: Omit<Extract<Question, { close: true }>, 'id'> | { name: OperationName; args: unknown[] }) =>
    new Promise<unknown>((resolve, reject) => {
      if (ended) return reject(lost())
      const id = ++last
      waiting.set(id, { resolve, reject })
      if (waiting.size === 1) worker.ref()
      worker.postMessage({ id, ...question })
    })

  return new Promise((opened, failed) => {
    const end = (error: Error) => {
      ended = true
      failed(error)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    worker.on('message', (answer: Answer) => {
      switch (answer.is) {
        case 'value':
          return settle(answer.id, ({ resolve }) => resolve(answer.value))
        case 'fault':
          return settle(answer.id, ({ reject }) => reject(errorOf(answer.fault)))
        case 'changed':
          return changed(answer.topics)
        case 'open':
          worker.unref()
          return opened({
            run: ((name: OperationName, ...args: unknown[]) => ask({ name, args })) as Run,
            alive: () => !ended,
            close: async () => {
              if (!ended) await ask({ close: true }).finally(() => worker.terminate())
            },
          })
        case 'failed':
          end(errorOf(answer.fault))
          void worker.terminate()
      }
    })
    worker.on('error', (error) => end(lost(error)))
    worker.on('exit', () => end(lost()))
  })
}

const lost = (cause?: unknown) =>
  new StoreError('unavailable', 'The thread of the store ended unexpectedly; it is started again.', { cause })
