/** Listens on one port of 127.0.0.1 and ::1 at once: browsers take either for `localhost` (domain.md 1.0). Nowhere else. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { LoginError } from './flow.ts'
import { pageHeaders, renderPage } from './pages.ts'
import { portOwner } from './port-owner.ts'

export interface Loopback {
  port: number
  /** Whether the program stays alive for it. */
  keepAlive(on: boolean): void
  close(): Promise<void>
}

/** A free port is free on one address and taken on the other now and then. */
const FREE_PORT_TRIES = 20
/** A callback's request line and headers are far below this. */
const MAX_HEAD_BYTES = 16 * 1024
const SLOWEST_REQUEST_MS = 10_000

/**
 * Opens the first of the ports that can be had on both addresses; an empty list takes any free one.
 * @param title for people: whose login it is.
 * @throws {LoginError} `port` that says who has them and what to do.
 */
export async function openLoopback(
  ports: readonly number[],
  title: string,
  listener: RequestListener,
): Promise<Loopback> {
  const wanted = ports.length === 0 ? Array<number>(FREE_PORT_TRIES).fill(0) : ports
  let last: NodeJS.ErrnoException = new Error('no port was tried')
  for (const port of wanted) {
    try {
      return await openBoth(port, listener)
    } catch (error) {
      last = error as NodeJS.ErrnoException
      if (!['EADDRINUSE', 'EACCES'].includes(last.code ?? '')) break
    }
  }
  throw await refusal(ports, title, last)
}

async function openBoth(port: number, listener: RequestListener): Promise<Loopback> {
  const first = await open('127.0.0.1', port, listener)
  const taken = portOf(first)
  const servers = [first]
  try {
    servers.push(await open('::1', taken, listener))
  } catch (error) {
    // A machine without IPv6 has nobody on ::1 who could be in the way.
    if (!['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      await closed(first)
      throw error
    }
  }
  return {
    port: taken,
    keepAlive: (on) => {
      for (const server of servers) on ? server.ref() : server.unref()
    },
    close: async () => void (await Promise.all(servers.map(closed))),
  }
}

function open(host: string, port: number, listener: RequestListener): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: SLOWEST_REQUEST_MS,
      requestTimeout: SLOWEST_REQUEST_MS,
      keepAlive: false,
    },
    listener,
  )
  server.maxConnections = 64
  server.on('clientError', refuseBroken)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => {
      server.removeListener('error', reject)
      resolve(server)
    })
  })
}

/** What Node could not even parse: too long, or no HTTP. */
function refuseBroken(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) return
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLong ? 431 : 400
  const page = renderPage({
    status,
    title: 'This request was refused',
    paragraphs: [
      tooLong ? 'Its address or headers are far longer than those of any login.' : 'It is not what a browser sends.',
      'Nothing was changed. Go back to LogicaProxy and start the login again.',
    ],
  })
  const head = Object.entries({ ...pageHeaders, 'content-length': Buffer.byteLength(page) }).map(
    ([n, v]) => `${n}: ${v}\r\n`,
  )
  socket.end(
    `HTTP/1.1 ${status} ${tooLong ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n${head.join('')}\r\n${page}`,
  )
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    // A page on its way out may arrive; whoever only holds a connection open may not keep the program.
    setTimeout(() => server.closeAllConnections(), 500).unref()
  })
}

async function refusal(ports: readonly number[], title: string, error: NodeJS.ErrnoException): Promise<LoginError> {
  const named = ports.length === 1 ? `port ${ports[0]}` : `ports ${ports.join(' and ')}`
  const others =
    'Or log in without a callback: --device where the provider has it, or --no-browser and paste the address back.'
  if (error.code === 'EACCES') {
    const why =
      'the operating system keeps it for itself (Windows reserves ranges for Hyper-V: netsh interface ipv4 show excludedportrange protocol=tcp)'
    return new LoginError(
      'port',
      `The login to ${title} comes back to ${named} of this machine, but ${why}. Choose another with --port. ${others}`,
      { cause: error },
    )
  }
  if (error.code !== 'EADDRINUSE')
    return new LoginError(
      'port',
      `This machine could not be listened on for the way back of the login: ${error.message}. ${others}`,
      { cause: error },
    )
  const owners = await Promise.all(ports.map((port) => portOwner(port)))
  const who = ports.map((port, i) => `${port} by ${owners[i] ?? 'another program'}`).join(', ')
  return new LoginError(
    'port',
    `The login to ${title} comes back to ${named} of this machine, and ${ports.length === 1 ? 'it is' : 'both are'} in use: ${who}. ` +
      `Usually that is another login under way (the vendor's own program, or a second LogicaProxy): end it and try again, or choose another with --port. ${others}`,
    { cause: error },
  )
}
