/** The driver's end of a process that plays a gateway. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Command, OpenCommand, Reply } from './commands.ts'

export class Player implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  /** Refreshes its loop has told of. */
  done = 0
  /** What its loop ended with. */
  failed: string | undefined
  #n = 0
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()

  private constructor() {
    this.child = fork(join(import.meta.dirname, 'worker.ts'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    })
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        const end = new Error(`the process has ended (${signal ?? code})`)
        for (const { reject } of this.#waiting.values()) reject(end)
        this.#waiting.clear()
        resolve()
      })
    })
    this.child.on('message', (reply: Reply) => {
      if ('done' in reply) {
        this.done = reply.done
        return
      }
      if (reply.n === -1) this.failed = reply.error
      const waiting = this.#waiting.get(reply.n)
      this.#waiting.delete(reply.n)
      if (reply.error === undefined) waiting?.resolve(reply.value)
      else waiting?.reject(new Error(reply.error))
    })
  }

  static async start(command: Omit<OpenCommand, 'type'>): Promise<Player> {
    const player = new Player()
    await player.say({ type: 'open', ...command })
    return player
  }

  say<T>(command: Command): Promise<T> {
    const n = ++this.#n
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(n, { resolve: resolve as (value: unknown) => void, reject })
      this.child.send({ n, command }, (error) => {
        if (error !== null) reject(error)
      })
    })
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await Promise.race([this.say({ type: 'close' }).catch(() => {}), new Promise((r) => setTimeout(r, 8_000))])
      await this.kill()
    }
  }
}
