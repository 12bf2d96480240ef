/**
 * The keeper: a small process beside the gateway in which refresh tokens are presented and new ones written. A gateway
 * that is killed, or dies of too little memory, between a vendor's rotation and our write would lose the login; the
 * keeper goes on, finishes what it has begun, and ends.
 *
 * Started by keeper-link.ts with `fork`. Everything it needs comes over the channel; nothing secret stands in its
 * arguments, its environment or on disk. Few imports: it should start fast and weigh little.
 */
import { createHash } from 'node:crypto'
import { openStore } from '../../store/index.ts'
import type { Store } from '../../store/store.ts'
import { createExchange } from './exchange.ts'
import type { Refresher } from './job.ts'
import type { FromKeeper, ToKeeper } from './keeper-protocol.ts'
import { createLocalRefresher } from './refresher.ts'
import { vaultOfKey } from './vault-of-key.ts'
import { reasonOf } from './words.ts'

/** How long an orphan goes on trying to write rotated tokens. */
const ORPHAN_MS = 3_600_000

interface Opened {
  store: Store
  refresherFor(key: Uint8Array): Promise<Refresher>
}

let opened: Promise<Opened> | undefined
let running = 0
let orphanSince: number | undefined

function tell(message: FromKeeper): void {
  // A parent that is gone hears nothing; what it would have heard stands in the store.
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

async function open({ location, owner, userAgent }: ToKeeper & { type: 'open' }): Promise<Opened> {
  const store = await openStore(location)
  const exchange = createExchange({ userAgent })
  const orphanPersists = () => orphanSince === undefined || performance.now() - orphanSince < ORPHAN_MS
  let last: { key: string; vault: Awaited<ReturnType<typeof vaultOfKey>>; refresher: Refresher } | undefined
  return {
    store,
    async refresherFor(key) {
      const name = createHash('sha256').update(key).digest('hex')
      if (last?.key !== name) {
        last?.vault.close()
        last = undefined
        const vault = await vaultOfKey(store, key)
        // After a re-key only the gateway has the key that opens the vault: it takes new tokens back and gives them to
        // this process again, with that key. An orphan has nobody to give them to.
        const persists = () => orphanPersists() && (orphanSince !== undefined || !vault.superseded())
        const refresher = createLocalRefresher({ store, vault, exchange, owner, persists })
        last = { key: name, vault, refresher }
      }
      return last.refresher
    },
  }
}

async function run({ n, job, key }: ToKeeper & { type: 'run' }): Promise<void> {
  running++
  try {
    const { refresherFor } = await opened!
    const refresher = await refresherFor(key)
    const outcome = await refresher.run(job, (what) => tell({ type: 'troubled', n, what }))
    tell({ type: 'done', n, outcome })
  } catch (error) {
    // Only the opening of store or vault fails here: nothing has been presented.
    tell({ type: 'done', n, outcome: { is: 'later', cause: 'store', words: reasonOf(error) } })
  } finally {
    key.fill(0)
    running--
    leaveIfDone()
  }
}

let greeting: (ToKeeper & { type: 'open' }) | undefined

process.on('message', (message: ToKeeper) => {
  if (message.type === 'open') {
    greeting = message
    tell({ type: 'ready' })
    return
  }
  opened ??= open(greeting!)
  // What could not be opened is tried anew with the next one.
  opened.catch(() => {
    opened = undefined
  })
  void run(message)
})

/** Ends once nobody is there to ask for more and nothing is under way. */
function leaveIfDone(): void {
  if (orphanSince === undefined || running > 0) return
  const end = () => process.exit(0)
  void Promise.resolve(opened)
    .then((o) => o?.store.close())
    .then(end, end)
}

process.on('disconnect', () => {
  orphanSince ??= performance.now()
  leaveIfDone()
})

// A signal to the whole group (Ctrl-C, a service manager) is meant for the gateway: its end is this one's too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
