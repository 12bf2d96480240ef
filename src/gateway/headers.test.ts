import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forwardable, returnable } from './headers.ts'

const flat = (headers: Record<string, string>) => Object.entries(headers).flat()

describe("the client's headers", () => {
  it('travel on in their order and spelling, repetitions included', () => {
    const raw = flat({ 'User-Agent': 'cli', 'anthropic-BETA': 'a', 'X-Stainless-Lang': 'js' }).concat(
      'anthropic-beta',
      'b',
    )
    assert.deepEqual(forwardable(raw), raw)
  })

  it('leave behind credentials, hop-by-hop headers and where the client sits', () => {
    for (const name of [
      'Authorization',
      'X-API-Key',
      'x-goog-api-key',
      'api-key',
      'Cookie',
      'Host',
      'Content-Length',
      'Content-Encoding',
      'Accept-Encoding',
      'Connection',
      'Keep-Alive',
      'Proxy-Authorization',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
      'Expect',
      'Forwarded',
      'Via',
      'X-Real-IP',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'CF-Connecting-IP',
      'Origin',
      'Referer',
      'Sec-Fetch-Mode',
      'X-LogicaProxy-Lane',
      'X-Management-Key',
    ])
      assert.deepEqual(forwardable([name, 'x', 'Accept', '*/*']), ['Accept', '*/*'], name)
  })

  it('leave behind what Connection names, however often and wherever it stands', () => {
    const raw = [
      'X-One',
      '1',
      'Connection',
      'X-One, keep-alive',
      'X-Two',
      '2',
      'connection',
      'x-two,X-Three',
      'x-three',
      '3',
      'X-Four',
      '4',
    ]
    assert.deepEqual(forwardable(raw), ['X-Four', '4'])
    assert.deepEqual(forwardable([...raw, 'Connection', 'close']), ['X-Four', '4'])
  })

  it('may be named as they like', () => {
    for (const name of ['constructor', '__proto__', 'x']) assert.deepEqual(forwardable([name, 'v']), [name, 'v'])
  })
})

describe("the upstream's headers", () => {
  it('reach the client where they say something of the answer', () => {
    const told = {
      'request-id': 'req_1',
      'retry-after': '3',
      'anthropic-ratelimit-requests-remaining': '7',
      'x-ratelimit-reset-tokens': '1s',
      'openai-processing-ms': '12',
      'x-logicaproxy-simulated': 'true',
    }
    assert.deepEqual(returnable(told), flat(told))
  })

  it('are kept back where they frame bytes, speak for another origin or pretend to be ours', () => {
    for (const name of [
      'connection',
      'transfer-encoding',
      'content-length',
      'content-encoding',
      'content-type',
      'set-cookie',
      'alt-svc',
      'strict-transport-security',
      'access-control-allow-origin',
      'content-security-policy',
      'cf-ray',
      'x-logicaproxy-account',
      'x-ai-route',
      'upgrade',
    ])
      assert.deepEqual(returnable({ [name]: 'x' }), [], name)
  })

  it('may be repeated or absent', () => {
    assert.deepEqual(returnable({ link: ['a', 'b'], x: undefined }), ['link', 'a', 'link', 'b'])
  })
})
