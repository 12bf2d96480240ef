import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createMatcher } from './aho-corasick.ts'
import { createRedactor, REDACTED } from './redact.ts'

const SECRET = 'C4nary/Secret+Value&"42"<x>'

describe('the matcher', () => {
  test('finds what indexOf finds, the longest pattern at each end', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), maxLength: 60 })
    const patterns = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), minLength: 2, maxLength: 6 }), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(text, patterns, (haystack, needles) => {
        const found = new Map<number, string>()
        createMatcher(needles).scan(haystack, (end, pattern) => found.set(end, needles[pattern]!))
        for (let end = 1; end <= haystack.length; end++) {
          const expected = needles.filter((n) => haystack.slice(0, end).endsWith(n)).sort((a, b) => b.length - a.length)
          assert.equal(found.get(end), expected[0])
        }
      }),
    )
  })
})

describe('known secrets, by value', () => {
  const redactor = createRedactor()
  redactor.learn(SECRET)
  const embedded: Record<string, string> = {
    plain: `before ${SECRET} after`,
    json: JSON.stringify({ echo: SECRET }),
    'json in json': JSON.stringify({ body: JSON.stringify({ echo: SECRET }) }),
    'json of Go': JSON.stringify({ e: SECRET }).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    'json of PHP': JSON.stringify({ echo: SECRET }).replaceAll('/', '\\/'),
    'URL component': `/v1/x?unknown=${encodeURIComponent(SECRET)}&a=b`,
    'lower-case percent': encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase()),
    form: new URLSearchParams({ field: SECRET }).toString(),
    'base64 of user:pass': Buffer.from(`user:${SECRET}`).toString('base64'),
    'base64 of user1:pass, more behind': Buffer.from(`user1:${SECRET}/tail`).toString('base64'),
    'base64 of user12:pass': Buffer.from(`user12:${SECRET}`).toString('base64url'),
    'base64 alone': Buffer.from(SECRET).toString('base64'),
  }
  for (const [name, text] of Object.entries(embedded)) {
    test(name, () => {
      const clean = redactor.scrub(text)
      assert.ok(clean.includes(REDACTED), clean)
      for (const at of [0, 1, 2]) {
        const core = Buffer.concat([Buffer.alloc(at), Buffer.from(SECRET)])
          .toString('base64')
          .slice(4, 24)
        assert.ok(!clean.includes(core), clean)
      }
      assert.ok(!clean.includes('C4nary'), clean)
      assert.ok(!clean.includes('Secret'), clean)
    })
  }

  test('secrets that overlap or contain one another leave nothing behind', () => {
    const r = createRedactor()
    for (const secret of ['abcdefgh', 'efghijkl', 'http://u:efghijkl@host']) r.learn(secret)
    assert.equal(r.scrub('-abcdefghijkl-'), `-${REDACTED}-`)
    assert.equal(r.scrub('-http://u:efghijkl@host-'), `-${REDACTED}-`)
  })

  test('long secrets with the same beginning or the same end are told apart', () => {
    const r = createRedactor()
    const head = `${'h'.repeat(300)}.`
    const tail = `.${'t'.repeat(300)}`
    for (const n of ['one', 'two', 'three']) r.learn(head + n.repeat(20) + tail)
    for (const n of ['one', 'two', 'three']) {
      assert.equal(r.scrub(`<${head + n.repeat(20) + tail}>`), `<${REDACTED}>`)
    }
  })

  test('short values and ordinary texts are left alone', () => {
    const r = createRedactor()
    r.learn('short')
    r.learn('')
    r.learn(undefined)
    const text =
      'a short text: basic understanding of task-management-and-more, Bearer token required, key=5, 12:30@noon'
    assert.equal(r.scrub(text), text)
  })

  test('new secrets are found at once, forgotten ones no more', () => {
    const r = createRedactor()
    for (let n = 0; n < 200; n++) {
      r.learn(`secret-number-${n}-`)
      assert.equal(r.scrub(`x secret-number-${n}- y`), `x ${REDACTED} y`)
    }
    assert.equal(r.scrub('secret-number-0-'), REDACTED)
    r.forget('secret-number-0-')
    r.forget('secret-number-199-')
    assert.equal(r.scrub('secret-number-0-'), 'secret-number-0-')
    assert.equal(r.scrub('secret-number-199-'), 'secret-number-199-')
    assert.equal(r.scrub('secret-number-7-'), REDACTED)
  })

  test('the credentials of a proxy URL', () => {
    const r = createRedactor()
    r.learnUrl('socks5://somebody:p%40ssw0rd-of-proxy@proxy.example:1080')
    assert.equal(r.scrub('connect as p@ssw0rd-of-proxy failed'), `connect as ${REDACTED} failed`)
    assert.ok(!r.scrub('socks5://somebody:p%40ssw0rd-of-proxy@proxy.example').includes('ssw0rd'))
  })

  test('law: what is scrubbed never contains a secret that was learnt, however it was written', () => {
    const secret = fc
      .string({ minLength: 8, maxLength: 120 })
      .filter((s) => s.trim().length >= 8 && !REDACTED.includes(s))
    const way = fc.constantFrom(
      (s: string) => s,
      (s: string) => JSON.stringify(s),
      (s: string) => encodeURIComponent(s),
      (s: string) => Buffer.from(`a:${s}`).toString('base64'),
      (s: string) => Buffer.from(`ab:${s}z`).toString('base64url'),
      (s: string) => s + s,
    )
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        fc.array(way),
        fc.string(),
        (secrets, ways, text) => {
          const r = createRedactor()
          for (const s of secrets) r.learn(s)
          let written = text
          for (const [at, s] of secrets.entries()) written += `${(ways[at] ?? ((x: string) => x))(s.trim())}${text}`
          const clean = r.scrub(written)
          for (const s of secrets) {
            const value = s.trim().replace(/^(?:bearer|basic)\s+/i, '')
            if (value.length < 8 || REDACTED.includes(value)) continue
            assert.ok(!clean.includes(value))
            assert.ok(!clean.includes(JSON.stringify(value).slice(1, -1)))
            assert.ok(!clean.includes(encodeURIComponent(value)))
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('unknown secrets, by shape', () => {
  const redactor = createRedactor()
  const samples = [
    'Authorization: Bearer abcdef0123456789',
    'Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==',
    'key sk-ant-api03-AbCdEfGhIjKlMnOpQrStUv-1 is wrong',
    'sk-proj-AbCdEfGhIjKlMnOpQr',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'ya29.a0AfB_byAbCdEfGhIjKlMn',
    'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    '%3DeyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_X',
    'lp-AbCdEfGhIjKlMnOpQrStUvWxYz',
    '/v1beta/models/x?alt=sse&key=AbCdEf123456',
    'grant_type=refresh_token&refresh_token=AbCdEf123456',
    '{"access_token":"AbCdEf123456","expires_in":3600}',
    '{\\"refresh_token\\":\\"AbCdEf123456\\"}',
    'via http://user:AbCdEf123456@proxy.example:8080',
  ]
  for (const sample of samples) {
    test(sample.slice(0, 40), () => {
      const clean = redactor.scrub(sample)
      assert.ok(clean.includes(REDACTED), clean)
      assert.ok(!/AbCdEf|dXNl|abcdef0123|eyJzdW|dozjg|A1234567|AfB_by/.test(clean), clean)
      assert.equal(redactor.scrub(clean), clean)
    })
  }

  test('a JSON line stays JSON', () => {
    const line = JSON.stringify({ a: samples, b: { authorization: 'Bearer abcdef0123456789' } })
    assert.doesNotThrow(() => JSON.parse(redactor.scrub(line)))
  })
})

test('headers: credentials by name, everything else scrubbed, names lower-case, repeats joined', () => {
  const r = createRedactor()
  r.learn('known-secret-value')
  assert.deepEqual(
    {
      ...r.headers([
        'Authorization',
        'Bearer x',
        'X-Api-Key',
        'k',
        'Cookie',
        'a=b',
        'X-Goog-Api-Key',
        'g',
        'Accept',
        'a',
        'accept',
        'b',
        'X-Echo',
        'my known-secret-value',
        'cf-access-client-secret',
        's',
        'x-ratelimit-remaining-tokens',
        '5',
        '__proto__',
        'p',
      ]),
    },
    {
      authorization: REDACTED,
      'x-api-key': REDACTED,
      cookie: REDACTED,
      'x-goog-api-key': REDACTED,
      accept: 'a, b',
      'x-echo': `my ${REDACTED}`,
      'cf-access-client-secret': REDACTED,
      'x-ratelimit-remaining-tokens': '5',
      ['__proto__']: 'p',
    },
  )
})

test('url: credentials in the query by name, also with an encoded name', () => {
  const r = createRedactor()
  assert.equal(
    r.url('/v1/models?key=abc&auth_token=d&%6bey=e&alt=sse&pageToken=5&code=f&beta=true'),
    `/v1/models?key=${REDACTED}&auth_token=${REDACTED}&%6bey=${REDACTED}&alt=sse&pageToken=${REDACTED}&code=${REDACTED}&beta=true`,
  )
  assert.equal(r.url('/health'), '/health')
})

test('a secret that a cut would halve is not written in part', () => {
  const r = createRedactor()
  const secret = 'S'.repeat(40)
  r.learn(secret)
  for (let at = 50; at < 110; at += 7) {
    for (const behind of [0, 100, 200_000]) {
      const text = `${'x'.repeat(at)}${secret}${'y'.repeat(behind)}`
      assert.ok(!r.scrubHead(text, 100).includes('SS'))
      assert.ok(r.scrubHead(text, 100).length <= 110)
    }
  }
})

test('30 MB of the worst texts take linear time', () => {
  const r = createRedactor()
  r.learn('a'.repeat(4000))
  r.learn(`b${'a'.repeat(4000)}`)
  const size = 4 << 20
  for (const worst of ['a', 'eyJ', 'sk-', '"password":"', 'Bearer ', '://a:']) {
    const before = performance.now()
    r.scrub(worst.repeat(size / worst.length))
    assert.ok(performance.now() - before < 3000, worst)
  }
})
