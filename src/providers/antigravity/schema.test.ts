import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { answerSchema, PLACEHOLDER, toolSchema } from './schema.ts'

const gemini = (properties: object, rest = {}) =>
  (toolSchema({ type: 'object', properties, ...rest }, false)['properties'] ?? {}) as Record<string, unknown>
const one = (schema: object, rest = {}) => gemini({ p: schema }, rest)['p']

/** Every keyword a cleaned schema may hold. */
const ALLOWED = new Set(['type', 'description', 'nullable', 'enum', 'items', 'properties', 'required'])

function check(schema: unknown, claude: boolean): void {
  const s = schema as Record<string, unknown>
  for (const name of Object.keys(s)) assert.ok(ALLOWED.has(name), `keyword ${name}`)
  if (s['type'] === 'array') assert.ok(s['items'] !== undefined, 'an array without items')
  const properties = (s['properties'] ?? {}) as Record<string, unknown>
  for (const name of (s['required'] ?? []) as string[]) assert.ok(Object.hasOwn(properties, name), `required ${name}`)
  if (claude && s['type'] === 'object') assert.ok(Object.keys(properties).length > 0, 'an empty object')
  if (claude) assert.equal(s['nullable'], undefined)
  for (const inner of Object.values(properties)) check(inner, claude)
  if (s['items'] !== undefined) check(s['items'], claude)
}

describe('a schema for Antigravity (domain.md 3.10)', () => {
  it('has references unfolded', () => {
    const $defs = { N: { type: 'object', properties: { s: { type: 'string' } }, required: ['s'] } }
    assert.deepEqual(one({ $ref: '#/$defs/N', description: 'here' }, { $defs }), {
      type: 'object',
      description: 'here',
      properties: { s: { type: 'string' } },
      required: ['s'],
    })
    assert.deepEqual(one({ $ref: '#/definitions/N' }, { definitions: { N: { type: 'integer' } } }), { type: 'integer' })
  })

  it('has circles cut, and references that lead nowhere', () => {
    const $defs = { N: { type: 'object', properties: { next: { anyOf: [{ $ref: '#/$defs/N' }, { type: 'null' }] } } } }
    assert.deepEqual(one({ $ref: '#/$defs/N' }, { $defs }), {
      type: 'object',
      properties: { next: { type: 'object', description: '(recursive: N)', nullable: true } },
    })
    assert.deepEqual(one({ $ref: 'https://example.com/x' }), { type: 'object', description: '(see x)' })
    assert.deepEqual(one({ $ref: '#/toString' }), { type: 'object', description: '(see toString)' })
  })

  it('has nothing that is only about the document', () => {
    const noise = Object.fromEntries(
      [
        '$schema',
        '$id',
        '$comment',
        'default',
        'examples',
        'title',
        'if',
        'then',
        'else',
        'deprecated',
        'readOnly',
      ].map((name) => [name, 'x']),
    )
    const more = { enumDescriptions: ['x'], markdownDescription: 'x', encrypted: true, strict: true, prefill: 1 }
    assert.deepEqual(one({ type: 'string', ...noise, ...more, 'x-foo': 1, additionalProperties: false }), {
      type: 'string',
    })
  })

  it('keeps names of the user that look like keywords', () => {
    const named = {
      default: { type: 'string' },
      title: { type: 'number' },
      $ref: { type: 'boolean' },
      not: { type: 'string' },
    }
    assert.deepEqual(gemini(named), named)
    const odd = gemini(JSON.parse('{"__proto__":{"type":"string"}}'))
    assert.deepEqual(Object.keys(odd), ['__proto__'])
  })

  it('says limits in words', () => {
    assert.deepEqual(one({ type: 'string', minLength: 2, pattern: '^a', format: 'uri', description: 'A link' }), {
      type: 'string',
      description: 'A link (minLength: 2; pattern: ^a; format: uri)',
    })
    assert.deepEqual(one({ type: 'array', items: { type: 'string' }, uniqueItems: true, maxItems: 3 }), {
      type: 'array',
      description: '(maxItems: 3; uniqueItems)',
      items: { type: 'string' },
    })
  })

  it('takes the first type that is not null', () => {
    assert.deepEqual(one({ type: ['null', 'string', 'integer'] }), { type: 'string', nullable: true })
    assert.deepEqual(one({ type: 'STRING' }), { type: 'string' })
  })

  it('takes the strongest branch and names the others', () => {
    const branches = [{ type: 'string' }, { type: 'object', properties: { x: { type: 'integer' } } }, { type: 'null' }]
    for (const word of ['anyOf', 'oneOf', 'any_of'])
      assert.deepEqual(one({ [word]: branches }), {
        type: 'object',
        description: '(or: string)',
        nullable: true,
        properties: { x: { type: 'integer' } },
      })
    assert.deepEqual(one({ anyOf: [{ type: 'number' }, { type: 'array', items: { type: 'number' } }] }), {
      type: 'array',
      description: '(or: number)',
      items: { type: 'number' },
    })
    assert.deepEqual(one({ anyOf: [{ type: 'null' }] }), { nullable: true })
  })

  it('makes one choice of many constants', () => {
    assert.deepEqual(one({ oneOf: [{ const: 'a' }, { const: 'b' }, { enum: ['c'] }] }), {
      type: 'string',
      enum: ['a', 'b', 'c'],
    })
  })

  it('merges allOf', () => {
    const allOf = [{ properties: { a: { type: 'string' } }, required: ['a'] }, { $ref: '#/$defs/B' }]
    assert.deepEqual(one({ allOf, description: 'both' }, { $defs: { B: { properties: { b: { type: 'number' } } } } }), {
      type: 'object',
      description: 'both',
      properties: { b: { type: 'number' }, a: { type: 'string' } },
      required: ['a'],
    })
  })

  it('writes values as text under their own type, and drops choices of booleans', () => {
    assert.deepEqual(one({ type: 'integer', enum: [1, 2, 2] }), { type: 'integer', enum: ['1', '2'] })
    assert.deepEqual(one({ type: 'boolean', enum: [true] }), { type: 'boolean' })
    assert.deepEqual(one({ const: 5 }), { type: 'number', enum: ['5'] })
    assert.deepEqual(one({ enum: ['a', '', null] }), { type: 'string', nullable: true, enum: ['a'] })
  })

  it('demands only what is there', () => {
    const out = toolSchema({ type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'b', 7] }, false)
    assert.deepEqual(out['required'], ['a'])
  })

  it('mends what sloppy servers send', () => {
    const bare = { city: { type: 'string', required: true }, n: { type: 'number', required: false } }
    assert.deepEqual(toolSchema(bare, false), {
      type: 'object',
      properties: { city: { type: 'string' }, n: { type: 'number' } },
      required: ['city'],
    })
    assert.deepEqual(one({ properties: { a: true, b: false } }), {
      type: 'object',
      properties: { a: { type: 'string' } },
    })
    assert.deepEqual(one({ type: 'array' }), { type: 'array', items: { type: 'string' } })
    assert.deepEqual(one({ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }), {
      type: 'array',
      items: { type: 'string', description: '(or: number)' },
    })
    for (const odd of [undefined, null, 'x', [], { type: 'string' }])
      assert.equal(toolSchema(odd, false)['type'], 'object')
  })
})

describe("a schema for Claude's models", () => {
  const placeholder = {
    type: 'object',
    properties: { [PLACEHOLDER]: { type: 'string', description: 'Why, in a few words.' } },
    required: [PLACEHOLDER],
  }

  it('is never empty', () => {
    assert.deepEqual(toolSchema({}, true), placeholder)
    assert.deepEqual(toolSchema({ type: 'object', properties: { meta: { type: 'object' } } }, true), {
      type: 'object',
      properties: { meta: placeholder },
    })
  })

  it('says null in words and leaves such a member free', () => {
    const schema = { type: 'object', properties: { a: { type: ['string', 'null'] }, b: {} }, required: ['a', 'b'] }
    assert.deepEqual(toolSchema(schema, true), {
      type: 'object',
      properties: { a: { type: 'string', description: '(may be null)' }, b: {} },
      required: ['b'],
    })
  })
})

describe('any schema', () => {
  const leaf = fc.constantFrom<unknown>(
    true,
    false,
    null,
    'string',
    'object',
    'array',
    1,
    ['null', 'integer'],
    '#/$defs/a',
    '#',
  )
  const { schema } = fc.letrec((tie) => ({
    schema: fc.dictionary(
      fc.constantFrom(
        ...['type', 'properties', 'items', 'anyOf', 'oneOf', 'allOf', '$ref', '$defs', 'required', 'enum', 'const'],
        ...['nullable', 'title', 'minLength', 'a', 'b', 'prefixItems', 'description', 'additionalProperties', 'not'],
      ),
      fc.oneof({ depthSize: 'small' }, leaf, tie('schema'), fc.array(fc.oneof(leaf, tie('schema')), { maxLength: 3 })),
      { maxKeys: 5 },
    ),
  }))

  it('comes out of the allow-list and cleans to itself', () => {
    fc.assert(
      fc.property(schema, fc.boolean(), (given, claude) => {
        const out = toolSchema(given, claude)
        assert.equal(out['type'], 'object')
        check(out, claude)
        assert.deepEqual(toolSchema(out, claude), out)
        check(answerSchema(given), false)
      }),
      { numRuns: 500 },
    )
  })

  it('stays small where references multiply', () => {
    const many = { anyOf: Array.from({ length: 9 }, () => ({ $ref: '#' })), allOf: [{ $ref: '#/$defs/a' }] }
    const $defs = { a: { properties: Object.fromEntries('abcdefgh'.split('').map((name) => [name, { $ref: '#' }])) } }
    assert.ok(JSON.stringify(toolSchema({ ...many, $defs }, true)).length < 1_000_000)
  })
})
