import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDuration, readShape } from './shape.ts'

describe('readShape', () => {
  const table: [name: string, body: string, expected: Record<string, unknown>][] = [
    [
      'OpenAI',
      '{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
      { message: 'm', type: 't', param: 'p', code: 'c' },
    ],
    [
      'Anthropic',
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      { message: 'Overloaded', type: 'overloaded_error' },
    ],
    [
      'Google',
      '{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}',
      { message: 'm', type: 'RESOURCE_EXHAUSTED', status: 429 },
    ],
    [
      'Google in a streamed array',
      '[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]',
      { message: 'm', type: 'UNAVAILABLE', status: 503 },
    ],
    [
      'Google in an event stream',
      'data: {"error": {"code": 404, "message": "m", "status": "NOT_FOUND"}}\r\n\r\n',
      { message: 'm', type: 'NOT_FOUND', status: 404 },
    ],
    [
      'Azure',
      '{"error":{"code":"404","message":"Resource not found"}}',
      { message: 'Resource not found', status: 404 },
    ],
    [
      'xAI',
      '{"code":"invalid-argument","error":"Incorrect API key"}',
      { message: 'Incorrect API key', code: 'invalid-argument' },
    ],
    ['FastAPI', '{"detail":"Invalid API Key"}', { message: 'Invalid API Key' }],
    [
      'FastAPI validation',
      '{"detail":[{"loc":["body","n"],"msg":"too small"},{"msg":"bad"}]}',
      { message: 'body.n: too small; bad' },
    ],
    [
      'Mistral and vLLM',
      '{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}',
      { message: 'm', type: 'BadRequestError', status: 400 },
    ],
    ['a list of errors', '{"errors":[{"message":"m"}]}', { message: 'm' }],
    [
      'OpenRouter',
      '{"error":{"code":429,"message":"Provider returned error","metadata":{"raw":"busy"}}}',
      { message: 'Provider returned error: busy', status: 429 },
    ],
    [
      'OpenRouter around JSON',
      '{"error":{"message":"Provider returned error","metadata":{"raw":"{\\"error\\":{\\"message\\":\\"busy\\"}}"}}}',
      { message: 'Provider returned error: busy' },
    ],
    [
      'a failed response',
      '{"type":"response.failed","response":{"error":{"code":"server_is_overloaded","message":"m"}}}',
      { message: 'm', code: 'server_is_overloaded' },
    ],
    [
      'a flat error event',
      '{"type":"error","code":"c","message":"m","param":null,"sequence_number":1}',
      { message: 'm', code: 'c' },
    ],
    ['an error within an error', '{"error":{"error":{"message":"m","type":"t"}}}', { message: 'm', type: 't' }],
    ['a message that is an object', '{"error":{"message":{"a":1}}}', { message: '{"a":1}' }],
    ['a bare string', '"no"', { message: 'no' }],
    ['cut off', '{"error":{"message":"half a \\"sentence', { message: 'half a "sentence' }],
    ['cut off behind the message', '{"error":{"type":"t","message":"m","details":[{"x', { message: 'm', type: 't' }],
  ]
  for (const [name, body, expected] of table) {
    it(name, () => assert.deepEqual(readShape(body), { reasons: [], quotaIds: [], ...expected }))
  }

  it("reads Google's details", () => {
    const body = JSON.stringify({
      error: {
        code: 429,
        message: 'm',
        details: [
          {
            '@type': 'x/google.rpc.ErrorInfo',
            reason: 'RATE_LIMIT_EXCEEDED',
            metadata: { quotaResetDelay: '373.8ms' },
          },
          { '@type': 'x/google.rpc.QuotaFailure', violations: [{ quotaId: 'PerDay' }, { quotaId: 'PerMinute' }, null] },
          { '@type': 'x/google.rpc.RetryInfo', retryDelay: '48s' },
          'junk',
        ],
      },
    })
    const shape = readShape(body)
    assert.deepEqual(shape?.reasons, ['RATE_LIMIT_EXCEEDED'])
    assert.deepEqual(shape?.quotaIds, ['PerDay', 'PerMinute'])
    assert.equal(shape?.retryDelay, 48)
  })

  it('finds nothing in what is no error', () => {
    for (const body of ['', '   ', '{}', '[]', 'null', '7', '<html></html>', '{"error":null}', 'data: nothing']) {
      assert.equal(readShape(body), undefined, body)
    }
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void readShape(text)))
    fc.assert(fc.property(fc.json(), (text) => void readShape(text)))
    fc.assert(fc.property(fc.json(), (text) => void readShape(`{"error":${text}}`)))
    fc.assert(
      fc.property(
        fc.json(),
        (text) => void readShape(`{"error":{"message":${text},"details":${text},"code":${text}}}`),
      ),
    )
  })
})

describe('parseDuration', () => {
  const table: [string, number | undefined][] = [
    ['1s', 1],
    ['6m0s', 360],
    ['1h2m3s', 3723],
    ['20ms', 0.02],
    ['1.3s', 1.3],
    ['48.939935699s', 48.94],
    ['12', 12],
    ['2 minutes', 120],
    ['1 day', 86_400],
    ['250 milliseconds', 0.25],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
  ]
  for (const [text, seconds] of table) it(`"${text}"`, () => assert.equal(parseDuration(text), seconds))
})
