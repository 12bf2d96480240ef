/** Forward proxies for tests: HTTP (plain and CONNECT) and SOCKS5. Each remembers what it was asked for. */
import { createServer as createHttpServer, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface TestProxy extends AsyncDisposable {
  url: string
  /** What was asked for: `CONNECT host:port`, `POST http://…` or `SOCKS host:port`. */
  readonly asked: string[]
  /** Credentials presented, as they came. */
  readonly credentials: string[]
}

async function opened(server: Server, scheme: string, asked: string[], credentials: string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    credentials,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** An HTTP proxy. */
export function httpProxy(): Promise<TestProxy> {
  const asked: string[] = []
  const credentials: string[] = []
  const note = (what: string, authorization: string | undefined) => {
    asked.push(what)
    if (authorization !== undefined) credentials.push(authorization)
  }
  const server = createHttpServer((req, res) => {
    note(`${req.method} ${req.url}`, req.headers['proxy-authorization'])
    const { 'proxy-authorization': _, ...headers } = req.headers
    const onward = request(req.url!, { method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  server.on('connect', (req, socket, head) => {
    note(`CONNECT ${req.url}`, req.headers['proxy-authorization'])
    const [host, port] = req.url!.split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  return opened(server, 'http', asked, credentials)
}

/** A SOCKS5 proxy (RFC 1928) that takes no or any user name and password (RFC 1929). */
export function socksProxy(): Promise<TestProxy> {
  const asked: string[] = []
  const credentials: string[] = []
  const server = createServer(async (socket) => {
    const bytes = reader(socket)
    const [, methods] = await bytes(2)
    const offered = await bytes(methods!)
    if (offered.includes(2)) {
      socket.write(Buffer.from([5, 2]))
      const [, nameLength] = await bytes(2)
      const name = (await bytes(nameLength!)).toString()
      const [wordLength] = await bytes(1)
      credentials.push(`${name}:${(await bytes(wordLength!)).toString()}`)
      socket.write(Buffer.from([1, 0]))
    } else socket.write(Buffer.from([5, 0]))
    const [, , , kind] = await bytes(4)
    const host =
      kind === 3
        ? (await bytes((await bytes(1))[0]!)).toString()
        : kind === 1
          ? [...(await bytes(4))].join('.')
          : (await bytes(16)).toString('hex')
    const port = (await bytes(2)).readUInt16BE()
    asked.push(`SOCKS ${host}:${port}`)
    const onward = connect(port, host, () => {
      socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  return opened(server, 'socks5', asked, credentials)
}

/** Reads exactly so many bytes of a paused socket. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0)
    for (;;) {
      const chunk = socket.read(count) as Buffer | null
      if (chunk !== null) return chunk
      await new Promise((resolve) => socket.once('readable', resolve))
    }
  }
}
