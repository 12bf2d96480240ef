import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PeekError, peek, peekElements, type Span, spanString, splice } from './peek.ts'

const text = (body: Buffer, span: Span | undefined) =>
  span === undefined ? undefined : body.toString('utf8', span.start, span.end)

/** Peeks, or gives the reason why not. */
function outcome(json: string | Buffer, names: readonly string[] = [], depth?: number): string | undefined {
  try {
    peek(Buffer.from(json as string), names, depth)
    return undefined
  } catch (error) {
    assert.ok(error instanceof PeekError, String(error))
    return error.reason
  }
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)

/**
 * Objects as text: odd spacing, escaped keys, duplicate keys; with the pairs they were made of. The pairs and not
 * `JSON.parse` are the oracle for keys: V8 (Node 24.21) misreads an escaped key once it has seen an object with a lone
 * backslash in the same place.
 */
const objects = fc
  .array(
    fc.record({
      key: fc.oneof(
        fc.constantFrom('model', 'stream', 'usage', '', 'a"b', 'é', '__proto__'),
        fc.string({ maxLength: 5 }),
      ),
      escaped: fc.boolean(),
      value: fc.oneof(
        fc.json(),
        fc.constantFrom('true', 'null', '-1.5e3', '""', '"\\"model\\": \\\\"', '[{"model":1}]'),
      ),
      gap: space,
    }),
    { maxLength: 8 },
  )
  .map((pairs) => {
    const spell = (key: string, escaped: boolean) =>
      escaped
        ? `"${Array.from({ length: key.length }, (_, i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(key)
    const parts = pairs.map((p) => `${p.gap}${spell(p.key, p.escaped)}${p.gap}:${p.gap}${p.value}${p.gap}`)
    return { json: `{${parts.join(',')}}`, last: new Map(pairs.map((p) => [p.key, p.value])) }
  })

describe('peek', () => {
  it('finds every member where it stands, of duplicates the last', () => {
    fc.assert(
      fc.property(objects, space, ({ json, last }, gap) => {
        const body = Buffer.from(`${gap}${json}${gap}`)
        const found = peek(body, [...last.keys(), 'absent'])
        assert.deepEqual(new Map([...found].map(([key, span]) => [key, text(body, span)])), last)
      }),
      { numRuns: 500 },
    )
  })

  it('finds the values JSON.parse finds', () => {
    const plain = fc.dictionary(fc.stringMatching(/^[a-z_ é]{0,6}$/), fc.jsonValue())
    fc.assert(
      fc.property(plain, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const body = Buffer.from(JSON.stringify(value, null, indent))
        const parsed = JSON.parse(body.toString()) as Record<string, unknown>
        const found = peek(body, Object.keys(parsed))
        assert.equal(found.size, Object.keys(parsed).length)
        for (const [key, span] of found) assert.deepEqual(JSON.parse(text(body, span)!), parsed[key])
      }),
    )
  })

  it('finds only what is asked for', () => {
    const body = Buffer.from('{"a":1,"b":2}')
    assert.deepEqual([...peek(body, ['b']).keys()], ['b'])
    assert.equal(peek(body, []).size, 0)
  })

  it('is not deceived by nesting, strings or escapes', () => {
    const body = Buffer.from(
      '{"tools":[{"model":"no"}],"text":"\\"model\\":\\"no\\"\\\\","mod\\u0065l":"yes","x":{"model":{"model":1}}}',
    )
    assert.equal(spanString(body, peek(body, ['model']).get('model')), 'yes')
  })

  it('skips a byte order mark', () => {
    const body = Buffer.from('\ufeff{"model":"m"}')
    assert.equal(spanString(body, peek(body, ['model']).get('model')), 'm')
  })

  it('calls every truncation malformed', () => {
    fc.assert(
      fc.property(objects, fc.nat(), ({ json }, at) => {
        const bytes = Buffer.from(json)
        assert.equal(outcome(bytes.subarray(0, at % bytes.length)), 'malformed')
      }),
      { numRuns: 500 },
    )
  })

  it('takes what JSON.parse takes, and never answers with anything but a PeekError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((j) => `{"a":${j}`),
          fc.json().map((j) => `{"a":${j}}`),
        ),
        (json) => {
          let parsed: unknown
          try {
            parsed = JSON.parse(json)
          } catch {
            outcome(json)
            return
          }
          const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
          assert.equal(outcome(json), isObject ? undefined : 'not-an-object', json)
        },
      ),
      { numRuns: 500 },
    )
  })

  for (const [json, reason] of [
    ['', 'malformed'],
    ['  ', 'malformed'],
    ['[]', 'not-an-object'],
    ['"a"', 'not-an-object'],
    ['null', 'not-an-object'],
    ['{', 'malformed'],
    ['{"a"}', 'malformed'],
    ['{"a":}', 'malformed'],
    ['{"a":1,}', 'malformed'],
    ['{,"a":1}', 'malformed'],
    ['{"a":1 "b":2}', 'malformed'],
    ["{'a':1}", 'malformed'],
    ['{a:1}', 'malformed'],
    ['{"a":tru}', 'malformed'],
    ['{"a":01}', 'malformed'],
    ['{"a":NaN}', 'malformed'],
    ['{"a":[1}', 'malformed'],
    ['{"a":[1}]}', 'malformed'],
    ['{"a":1}}', 'malformed'],
    ['{"a":1}x', 'malformed'],
    ['{"a":"\\"}', 'malformed'],
  ] as const) {
    it(`refuses ${json === '' ? 'nothing' : json} as ${reason}`, () => assert.equal(outcome(json), reason))
  }

  it('counts depth from the outer object', () => {
    const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    assert.equal(outcome(nested(200)), undefined)
    assert.equal(outcome(nested(201)), 'too-deep')
    assert.equal(outcome(nested(4), [], 4), undefined)
    assert.equal(outcome(nested(5), [], 4), 'too-deep')
    assert.equal(outcome(`{"a":${'['.repeat(1_000_000)}`), 'too-deep')
  })

  it('reads large bodies in linear time', () => {
    const escaped = `{"a":"${'\\"'.repeat(2_000_000)}","model":"m"}`
    const long = `{"a":"${'x'.repeat(8_000_000)}","model":"m"}`
    const slashes = `{"a":"${'\\\\'.repeat(2_000_000)}","model":"m"}`
    const started = performance.now()
    for (const json of [escaped, long, slashes]) {
      const body = Buffer.from(json)
      assert.equal(spanString(body, peek(body, ['model']).get('model')), 'm')
    }
    assert.ok(performance.now() - started < 1500)
  })
})

describe('peekElements', () => {
  it('finds the first elements of an array', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 6 }), space, fc.nat(8), (elements, gap, count) => {
        const body = Buffer.from(`[${gap}${elements.join(`${gap},${gap}`)}${gap}]`)
        const spans = peekElements(body, 0, count)
        assert.deepEqual(
          spans.map((span) => text(body, span)),
          elements.slice(0, count).map((element) => element.trim()),
        )
      }),
    )
  })

  it('finds none where no array stands', () => {
    assert.deepEqual(peekElements(Buffer.from('{"a":[]}'), 0, 3), [])
    assert.deepEqual(peekElements(Buffer.from(''), 0, 3), [])
  })
})

describe('spanString', () => {
  it('reads any string and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const body = Buffer.from(`{"model":${JSON.stringify(value)}}`)
        assert.equal(spanString(body, peek(body, ['model']).get('model')), value.toWellFormed())
      }),
    )
    const body = Buffer.from('{"model":7}')
    assert.equal(spanString(body, peek(body, ['model']).get('model')), undefined)
    assert.equal(spanString(body, undefined), undefined)
  })
})

describe('splice', () => {
  it('replaces one value and leaves every other byte', () => {
    fc.assert(
      fc.property(objects, fc.string({ unit: 'grapheme' }), ({ json }, name) => {
        const body = Buffer.from(
          `{"before":[1, 2],"model" : "old",${json.slice(1, -1).trim() === '' ? '"z":0' : json.slice(1, -1)}}`,
        )
        const span = peek(body, ['model']).get('model')!
        const out = splice(body, span, JSON.stringify(name))
        assert.equal(spanString(out, peek(out, ['model']).get('model')), name.toWellFormed())
        assert.deepEqual(out.subarray(0, span.start), body.subarray(0, span.start))
        const tail = body.length - span.end
        assert.deepEqual(out.subarray(out.length - tail), body.subarray(span.end))
      }),
    )
  })
})
