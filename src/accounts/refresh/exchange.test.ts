import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { httpProxy } from '../../../test/support/proxies.ts'
import { createExchange } from './exchange.ts'
import { RECIPE } from './testing/recipe.ts'

async function against(listener: RequestListener, proxyUrl?: string) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const exchange = createExchange({ userAgent: 'logicaproxy/test', now: () => 1_000_000 })
    return await exchange({ ...RECIPE, url: `http://127.0.0.1:${port}/token` }, 'the-refresh-token', proxyUrl)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const answer =
  (status: number, body: unknown, headers = {}): RequestListener =>
  (_, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

describe('an exchange', () => {
  it('reads new tokens, counts their life from the asking, and passes on what else was said', async () => {
    const got = await against(answer(200, { access_token: 'a', refresh_token: 'r', expires_in: 60, resource_url: 'x' }))
    assert.deepEqual(got, {
      is: 'tokens',
      fresh: { accessToken: 'a', refreshToken: 'r', issuedAt: 1_000_000, expiresAt: 1_060_000 },
      answer: { expires_in: 60, resource_url: 'x' },
    })
  })

  it('tells a dead token from a vendor that is busy, and whether the token may be spent', async () => {
    const dead = await against(answer(400, { error: 'invalid_grant' }))
    assert.equal(dead.is, 'dead')
    const busy = await against(answer(429, {}, { 'retry-after': '7' }))
    assert.ok(busy.is === 'later' && busy.retryAfterMs === 7_000 && !busy.lost)
    const down = await against(answer(503, {}))
    assert.ok(down.is === 'later' && down.cause === 'busy')
    const cut = await against((_, res) => res.destroy())
    assert.ok(cut.is === 'later' && cut.cause === 'network' && cut.lost)
  })

  it('never says the refresh token', async () => {
    const got = await against(answer(500, { error: 'oops', error_description: 'the-refresh-token is odd' }))
    assert.ok(got.is === 'later')
    assert.ok(!got.words.includes('the-refresh-token'), got.words)
  })

  it('goes through the proxy it is given', async () => {
    await using proxy = await httpProxy()
    const got = await against(answer(200, { access_token: 'a', expires_in: 1 }), proxy.url)
    assert.equal(got.is, 'tokens')
    assert.equal(proxy.asked.length, 1)
  })
})
