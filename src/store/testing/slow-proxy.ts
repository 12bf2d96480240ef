import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on loopback that can hold back what the server says. */
export interface SlowProxy {
  port: number
  /** How long every piece of an answer is held back from now on, in ms; what is held already follows at 0. */
  delay(ms: number): void
  /** Breaks all connections as soon as a client has sent this text and the server has answered it, unheard. */
  cutAfter(text: string): void
  /** Breaks all connections. */
  cut(): void
  close(): Promise<void>
}

export async function startSlowProxy(target: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>()
  const held = new Set<{ timer: NodeJS.Timeout; send: () => void }>()
  let ms = 0
  let last: string | undefined
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    keep(client)
    keep(upstream)
    let fatal = false
    client.on('data', (piece) => {
      fatal = last !== undefined && piece.includes(last)
      upstream.write(piece)
    })
    client.on('end', () => upstream.end())
    upstream.on('data', (piece) => {
      if (fatal) {
        last = undefined
        return cut()
      }
      if (ms === 0 && held.size === 0) return void client.write(piece)
      const send = () => {
        held.delete(one)
        client.write(piece)
      }
      const one = { timer: setTimeout(send, ms), send }
      held.add(one)
    })
    upstream.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    delay(wanted) {
      ms = wanted
      if (ms > 0) return
      for (const { timer, send } of held) {
        clearTimeout(timer)
        send()
      }
    },
    cutAfter(text) {
      last = text
    },
    cut,
    async close() {
      for (const { timer } of held) clearTimeout(timer)
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
