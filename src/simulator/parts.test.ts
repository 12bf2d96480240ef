import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered, pieces } from './pieces.ts'
import { sample, stock } from './sample.ts'
import { seal, sign, unseal, verify } from './signature.ts'
import { Wheel } from './wheel.ts'

test('a sample fits its schema', () => {
  const from = stock('Compare 3 hotels in Paris and in New York')
  const make = (schema: object) => sample(schema, from)
  assert.deepEqual(
    make({ type: 'object', properties: { a: { enum: ['x', 'y'] }, b: { const: 7 } }, required: ['a', 'b'] }),
    { a: 'x', b: 7 },
  )
  assert.deepEqual(
    make({
      type: 'object',
      properties: { n: { $ref: '#/$defs/n' } },
      required: ['n'],
      $defs: { n: { type: 'integer', minimum: 10 } },
    }),
    { n: 10 },
  )
  assert.deepEqual(
    make({
      type: 'object',
      properties: { l: { type: 'array', items: { type: 'string' }, minItems: 2 } },
      required: ['l'],
    }),
    { l: ['Paris', 'New York'] },
  )
  assert.deepEqual(
    make({
      type: 'object',
      properties: { s: { anyOf: [{ type: 'null' }, { type: 'string', format: 'date' }] } },
      required: ['s'],
    }),
    { s: '2026-01-02' },
  )
  assert.deepEqual(
    make({
      type: 'OBJECT',
      properties: { ok: { type: 'BOOLEAN' }, t: { type: ['null', 'number'] } },
      required: ['ok', 't'],
    }),
    { ok: true, t: 3 },
  )
  assert.deepEqual(
    make({ allOf: [{ properties: { a: { type: 'string', maxLength: 2 } }, required: ['a'] }], type: 'object' }),
    { a: 'Pa' },
  )
})

test('a recursive schema ends', () => {
  const node = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
  assert.ok(JSON.stringify(sample(node, stock('x'))).length < 500)
})

test('pieces join to the text and leave surrogate pairs whole', () => {
  const text = 'héllo 🌍🌍🌍 wörld'
  const cut = [...pieces(text, 3)]
  assert.equal(cut.join(''), text)
  assert.ok(cut.every((p) => p.isWellFormed()))
  const many = numbered(1000, 12)
  assert.equal([...many].join(''), many.text())
  assert.equal(many.text().length, many.chars)
})

test('signatures speak for their vendor, text and owner alone', () => {
  const s = sign('anthropic', 'abc123', 'thought')
  assert.match(s, /^E/)
  assert.ok(verify('anthropic', s, 'thought'))
  assert.ok(!verify('anthropic', s, 'other'))
  assert.ok(!verify('gemini', s, 'thought'))
  const box = seal('abc123', 'key-a')
  assert.match(box, /^gAAAA/)
  assert.equal((Buffer.from(box, 'base64url').length - 57) % 16, 0)
  assert.ok(unseal(box, 'key-a'))
  assert.ok(!unseal(box, 'key-b'))
})

test('one timer serves many waits in order', async () => {
  const wheel = new Wheel()
  const seen: number[] = []
  const start = performance.now()
  await Promise.all([30, 10, 20, 10].map((ms) => wheel.wait(ms).then(() => seen.push(ms))))
  assert.deepEqual(seen, [10, 10, 20, 30])
  assert.ok(performance.now() - start >= 30)
  wheel.stop()
})
