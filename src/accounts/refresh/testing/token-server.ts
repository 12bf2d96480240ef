/** A vendor's token endpoint on loopback: rotates, and ends a login whose token comes twice. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LoginFlow } from '../../oauth/flow.ts'
import { createVendor, type Vendor } from './vendor.ts'

export interface TokenServer extends AsyncDisposable {
  flow: LoginFlow
  vendor: Vendor
  /** Requests that came. */
  count: number
  /** Called once a token was rotated, before the answer is sent. */
  rotated: ((answer: ServerResponse) => Promise<void> | void) | undefined
  lifeMs: number
  url: string
}

export async function startTokenServer(): Promise<TokenServer> {
  const vendor = createVendor()
  const server = createServer((request, answer) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', async () => {
      it.count++
      const now = Date.now()
      const got = vendor.present(new URLSearchParams(body).get('refresh_token') ?? '', now, it.lifeMs)
      await it.rotated?.(answer)
      if (answer.destroyed) return
      if (got.is !== 'tokens') {
        answer.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}')
        return
      }
      const { accessToken, refreshToken } = got.fresh
      const expires_in = it.lifeMs / 1000
      answer.writeHead(200, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, expires_in }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const it: TokenServer = {
    vendor,
    url,
    count: 0,
    rotated: undefined,
    lifeMs: 3_600_000,
    flow: {
      policy: { state: 'supported', since: '2026-01-01', note: '', url },
      title: 'Test',
      clientId: 'client',
      scopes: [],
      token: { url: `${url}/token`, exchange: 'form', refresh: 'form' },
      baseUrl: url,
      identify: async () => ({ subject: 'anna' }),
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return it
}
