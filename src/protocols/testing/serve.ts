/** A loopback server that gives one prepared answer, for tests that put an official SDK in front of our bytes. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Runs `use` against a server that answers every request with `answer`. */
export async function serving<T>(answer: Answer, use: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** The answer that streams `text`. */
export function streamed(text: string): Answer {
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body: text }
}
