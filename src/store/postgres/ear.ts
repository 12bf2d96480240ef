/** Hears the notices of other instances: one connection that listens, made anew when it breaks. */
import type pg from 'pg'
import { connectionOptions, type loadDriver } from './driver.ts'

export const CHANNEL = 'logicaproxy_changes'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/** The driver can do this; only its types do not know it. */
type Listener = pg.Client & { unref(): void }

/** @param heard called with the name of the instance that wrote, and with undefined whenever something may have been missed. */
export function createEar(
  { Client }: Awaited<ReturnType<typeof loadDriver>>,
  url: string,
  heard: (instance: string | undefined) => void,
): { close(): Promise<void> } {
  let client: Listener | undefined
  let timer: NodeJS.Timeout | undefined
  let pause = FIRST_PAUSE_MS
  let closed = false

  async function listen() {
    const own = new Client(connectionOptions(url)) as Listener
    client = own
    let over = false
    const lost = () => {
      if (over) return
      over = true
      if (client === own) client = undefined
      own.end().catch(() => {})
      if (closed) return
      timer = setTimeout(listen, pause * (0.75 + Math.random() / 2))
      timer.unref()
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
    own.on('error', lost)
    own.on('end', lost)
    own.on('notification', ({ payload }) => heard(payload))
    try {
      await own.connect()
      if (closed) return
      // Listening keeps no process alive.
      own.unref()
      await own.query(`LISTEN ${CHANNEL}`)
      pause = FIRST_PAUSE_MS
      heard(undefined)
    } catch {
      // Polling goes on meanwhile (store.ts).
      lost()
    }
  }

  void listen()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
