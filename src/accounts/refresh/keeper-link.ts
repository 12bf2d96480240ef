/** The gateway's end of the keeper: starts it when it is needed, lets it go when it is idle, replaces it when it dies. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StoreLocation } from '../../store/store.ts'
import type { Outcome, Refresher, RefreshJob, Troubled } from './job.ts'
import type { FromKeeper, ToKeeper } from './keeper-protocol.ts'
import { ownerName } from './refresher.ts'
import { reasonOf } from './words.ts'

/** Idle time after which the keeper is let go, ms. */
const IDLE_MS = 60_000
/** Most time `close` waits for what is under way; the keeper finishes it in any case. */
const CLOSE_MS = 5_000
/** A keeper without work ends within milliseconds of being let go; so long it is waited for at a close, ms. */
const LEAVE_MS = 1_000
/** Pause before new tokens that a keeper could not write are handed to one with the vault's present key, ms. */
const HAND_ON_MS = 500
/** Starts in vain after which refreshes are carried out in the gateway itself. */
const MAX_FALSE_STARTS = 2

export interface KeeperOptions {
  location: StoreLocation
  userAgent: string
  /** The vault's data key of this moment. @throws {VaultError} when the vault is locked. */
  key(): Uint8Array
  /** Carries refreshes out where no child process can be started. */
  fallback: Refresher
  /** Told once when the fallback is taken. */
  warn?(words: string): void
  idleMs?: number
  /** The program to fork; tests put theirs here. */
  program?: string
}

export interface KeeperLink extends Refresher {
  /** The keeper's process, while there is one. */
  pid(): number | undefined
  /** Lets go of it at once, whatever it is at: it finishes that by itself. */
  abandon(): void
}

interface Pending {
  job: RefreshJob
  troubled(what: Troubled): void
  resolve(outcome: Outcome): void
  /** It has survived one keeper's death. */
  again: boolean
}

const ENDING: Outcome = { is: 'later', cause: 'store', words: 'the program is ending' }

/** Where the keeper's program stands: beside this file, in the sources as in `dist/`. Undefined in a bundle. */
export function keeperProgram(): string | undefined {
  const file = fileURLToPath(import.meta.url)
  const program = fileURLToPath(new URL(`./keeper${extname(file)}`, import.meta.url))
  return existsSync(program) ? program : undefined
}

/** A refresher whose work goes on when this process dies. */
export function createKeeper(options: KeeperOptions): KeeperLink {
  const { location, userAgent, fallback, idleMs = IDLE_MS } = options
  const program = options.program ?? keeperProgram()
  // The same over all keepers of this process: the next one takes over the leases of one that died.
  const owner = ownerName()
  const pending = new Map<number, Pending>()
  let count = 0
  let child: ChildProcess | undefined
  let falseStarts = 0
  let idle: NodeJS.Timeout | undefined
  let closed = false

  function start(file: string): ChildProcess {
    const started = fork(file, [], {
      // Its own group: a signal to the gateway's group does not end it in the middle of a write.
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // A young generation of 1 MiB: it has little to do, and should weigh little.
      execArgv: ['--max-semi-space-size=1'],
      env: keeperEnvironment(process.env),
    })
    let ready = false
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      if (child === started) child = undefined
      falseStarts = ready ? 0 : falseStarts + 1
      if (!ready && falseStarts === MAX_FALSE_STARTS)
        options.warn?.('The process that refreshes tokens cannot be started; the gateway does it itself from now on.')
      restart(started, ready)
    }
    started.on('message', (message: FromKeeper) => {
      if (message.type === 'ready') ready = true
      else hear(message)
    })
    started.on('error', end)
    started.on('exit', end)
    send(started, { type: 'open', location, owner, userAgent })
    return started
  }

  const homes = new WeakMap<Pending, ChildProcess>()

  /** What the dead one had under way goes to a new one, once: its note on the lease tells how far it had come. */
  function restart(dead: ChildProcess, wasReady: boolean): void {
    for (const [n, one] of pending) {
      if (homes.get(one) !== dead) continue
      pending.delete(n)
      if (one.again && one.job.unsaved === undefined) {
        const words = 'the process that refreshes tokens has ended twice in the middle of it'
        one.resolve({ is: 'later', cause: 'network', words, lostAnswer: true })
      } else {
        one.again ||= wasReady
        submit(one)
      }
    }
    settleIdle()
  }

  function hear(message: Exclude<FromKeeper, { type: 'ready' }>): void {
    const one = pending.get(message.n)
    if (one === undefined) return
    if (message.type === 'troubled') {
      // Should the keeper die now, the next one writes them.
      one.job = { ...one.job, unsaved: { tokens: message.what.tokens, spent: message.what.spent } }
      one.troubled(message.what)
      return
    }
    pending.delete(message.n)
    // A keeper gives new tokens up only when it no longer has the vault's key: they go to one that has.
    if (one.job.unsaved !== undefined && message.outcome.is === 'later') handOn(one)
    else one.resolve(message.outcome)
    settleIdle()
  }

  function handOn(one: Pending): void {
    const n = ++count
    pending.set(n, one)
    setTimeout(() => {
      if (pending.delete(n)) submit(one)
    }, HAND_ON_MS)
  }

  function submit(one: Pending): void {
    if (program === undefined || falseStarts >= MAX_FALSE_STARTS) {
      void fallback.run(one.job, one.troubled).then(one.resolve)
      return
    }
    try {
      const key = options.key()
      child ??= start(program)
      const n = ++count
      pending.set(n, one)
      homes.set(one, child)
      settleIdle()
      // Serialised at once, so that our copy of the key need not outlive this.
      send(child, { type: 'run', n, job: one.job, key })
      key.fill(0)
    } catch (error) {
      // The vault is locked just now; new tokens wait for it.
      if (one.job.unsaved !== undefined) handOn(one)
      else one.resolve({ is: 'later', cause: 'store', words: reasonOf(error) })
    }
  }

  /** A keeper with work keeps the process alive; an idle one does not, and is let go in the end. */
  function settleIdle(): void {
    clearTimeout(idle)
    const { channel } = child ?? {}
    if (child === undefined || !channel) return
    if (pending.size > 0) {
      child.ref()
      channel.ref()
      return
    }
    child.unref()
    channel.unref()
    idle = setTimeout(letGo, idleMs)
    idle.unref()
  }

  function letGo(): void {
    const leaving = child
    child = undefined
    if (leaving?.connected) leaving.disconnect()
  }

  function abandon(): void {
    closed = true
    clearTimeout(idle)
    letGo()
    for (const { resolve } of pending.values()) resolve(ENDING)
    pending.clear()
  }

  return {
    pid: () => child?.pid,
    abandon,
    run(job, troubled) {
      if (closed) return Promise.resolve(ENDING)
      return new Promise((resolve) => submit({ job, troubled, resolve, again: false }))
    },
    async close() {
      closed = true
      let timer: NodeJS.Timeout | undefined
      const done = Promise.all([...pending.values()].map((one) => settled(one)))
      await Promise.race([done, new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))])
      clearTimeout(timer)
      // One that has work left sees to it alone.
      const leaving = pending.size === 0 ? child : undefined
      abandon()
      if (leaving !== undefined) await gone(leaving)
      await fallback.close()
    },
  }

  function settled(one: Pending): Promise<void> {
    const { resolve } = one
    return new Promise((done) => {
      one.resolve = (outcome) => {
        resolve(outcome)
        done()
      }
    })
  }
}

/** Until the process has ended, so that its hands are off the store; not for ever. */
function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const late = setTimeout(resolve, LEAVE_MS)
    child.once('exit', () => {
      clearTimeout(late)
      resolve()
    })
    child.ref()
  })
}

function send(child: ChildProcess, message: ToKeeper): void {
  // What cannot be sent is answered by the child's end, which follows.
  child.send(message, () => {})
}

/** Without our own secrets, and without what is meant for the gateway's process alone. */
function keeperEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const out: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(env))
    if (!name.startsWith('LOGICAPROXY_') && name !== 'NODE_TEST_CONTEXT' && name !== 'NODE_CHANNEL_FD')
      out[name] = value
  const options = out['NODE_OPTIONS']?.split(/\s+/).filter((o) => !o.startsWith('--inspect'))
  if (options !== undefined) out['NODE_OPTIONS'] = options.join(' ')
  return out
}
