import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json } from '../codec.ts'
import { asArray, asObject } from '../json.ts'
import { ALLOWED_KEYWORDS, fromSubset, lowerTypes, toJsonForm, toSubset } from './schema.ts'

/** Names that are keywords elsewhere: as properties they are the user's. */
const NAMES = [
  'title',
  '$ref',
  'default',
  'type',
  'enum',
  'properties',
  'required',
  'const',
  'x-note',
  '__proto__',
  'a',
]

const name = fc.constantFrom(...NAMES)
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'array', 'object', 'null')

/** Schemas as clients bring them: nested, with unknown keywords, references (also circular) and nonsense. */
const { schema } = fc.letrec<{ schema: Json; node: Json }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record(
      {
        type: fc.oneof(type, fc.array(type, { maxLength: 3 }), fc.constant('WEIRD')),
        description: fc.string(),
        format: fc.constantFrom('date-time', 'uuid', 'int32', 'float'),
        enum: fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }),
        const: fc.oneof(fc.string(), fc.integer()),
        $schema: fc.constant('http://json-schema.org/draft-07/schema#'),
        default: fc.jsonValue({ maxDepth: 1 }),
        exclusiveMinimum: fc.integer(),
        minLength: fc.nat(),
        uniqueItems: fc.boolean(),
        nullable: fc.boolean(),
        additionalProperties: fc.oneof(fc.boolean(), fc.constant({ type: 'string' })),
        'x-google': fc.jsonValue({ maxDepth: 1 }),
        required: fc.oneof(fc.array(name, { maxLength: 3 }), fc.boolean()),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Json>,
    fc.record({ $ref: fc.constantFrom('#/$defs/a', '#/$defs/b', '#', '#/nowhere', 'http://x/y') }),
    fc
      .record(
        {
          type: fc.constant('object'),
          properties: fc
            .array(
              fc.tuple(name, fc.oneof({ weight: 8, arbitrary: tie('node') }, { weight: 1, arbitrary: fc.boolean() })),
              {
                maxLength: 3,
              },
            )
            .map((entries) => entries.reduce((out, [k, v]) => define(out, k, v), {} as Json)),
          required: fc.array(name, { maxLength: 3 }),
        },
        { requiredKeys: ['properties'] },
      )
      .map((v) => v as Json),
    fc.record({ type: fc.constant('array'), items: tie('node') }, { requiredKeys: ['type'] }).map((v) => v as Json),
    fc.record({ prefixItems: fc.array(tie('node'), { maxLength: 2 }) }).map((v) => v as Json),
    fc
      .record(
        {
          anyOf: fc.array(tie('node'), { maxLength: 3 }),
          oneOf: fc.array(tie('node'), { maxLength: 2 }),
          allOf: fc.array(tie('node'), { maxLength: 2 }),
          type: fc.constantFrom('string', 'object'),
        },
        { requiredKeys: [] },
      )
      .map((v) => v as Json),
  ) as fc.Arbitrary<Json>,
  schema: fc.tuple(tie('node'), tie('node'), tie('node')).map(([root, a, b]) => ({ ...root, $defs: { a, b } }) as Json),
}))

function define(object: Json, key: string, value: unknown): Json {
  return Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}

/** Calls `visit` for every schema in a cleaned schema. */
function walk(node: Json, visit: (schema: Json) => void): void {
  visit(node)
  for (const property of Object.values(asObject(node['properties']) ?? {})) walk(property as Json, visit)
  if (node['items'] !== undefined) walk(node['items'] as Json, visit)
  for (const branch of asArray(node['anyOf'])) walk(branch as Json, visit)
}

test('what is cleaned holds allowed keywords only, and nothing the API refuses', () => {
  fc.assert(
    fc.property(schema, (input) => {
      walk(toSubset(input), (node) => {
        for (const key of Object.keys(node)) assert.ok(ALLOWED_KEYWORDS.has(key), key)
        if (node['enum'] !== undefined) assert.equal(node['type'], 'STRING')
        if (node['type'] === 'ARRAY') assert.ok(asObject(node['items']) !== undefined)
        for (const required of asArray(node['required']))
          assert.ok(Object.hasOwn(node['properties'] as Json, String(required)))
        for (const value of asArray(node['enum'])) assert.ok(typeof value === 'string' && value !== '')
      })
    }),
    { numRuns: 2000 },
  )
})

test('cleaning twice changes nothing, and no input', () => {
  fc.assert(
    fc.property(schema, (input) => {
      const before = structuredClone(input)
      const once = toSubset(input)
      assert.deepEqual(toSubset(once), once)
      assert.equal(JSON.stringify(input), JSON.stringify(before))
      assert.equal(JSON.stringify(toSubset(input)), JSON.stringify(once))
    }),
    { numRuns: 2000 },
  )
})

test('properties may be called as keywords are', () => {
  const properties = Object.fromEntries(NAMES.filter((n) => n !== '__proto__').map((n) => [n, { type: 'string' }]))
  const cleaned = toSubset({ type: 'object', properties, required: NAMES })
  assert.deepEqual(Object.keys(cleaned['properties'] as Json), Object.keys(properties))
  assert.deepEqual(Object.keys(asObject(asObject(toJsonForm({ properties }))!['properties'])!), Object.keys(properties))
})

test('references are unfolded, circles are cut', () => {
  const tree = {
    type: 'object',
    properties: { root: { $ref: '#/$defs/node' } },
    $defs: {
      node: {
        type: 'object',
        properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
      },
    },
  }
  assert.deepEqual(toSubset(tree), {
    type: 'OBJECT',
    properties: {
      root: {
        type: 'OBJECT',
        properties: {
          value: { type: 'INTEGER' },
          children: { type: 'ARRAY', items: { type: 'OBJECT', description: '(recursive: node)' } },
        },
      },
    },
  })
})

test('types, nulls, constants, bounds', () => {
  const cases: [Json, Json][] = [
    [{ type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, { nullable: true, type: 'STRING' }],
    [{ const: 'a' }, { type: 'STRING', enum: ['a'] }],
    [
      { type: 'integer', enum: [1, 2] },
      { type: 'INTEGER', description: '(one of [1,2])' },
    ],
    [
      { type: 'number', exclusiveMinimum: 0, description: 'Size' },
      { type: 'NUMBER', description: 'Size (exclusiveMinimum: 0)' },
    ],
    [
      { type: 'string', format: 'uuid' },
      { type: 'STRING', description: '(format: uuid)' },
    ],
    [{ type: 'array' }, { type: 'ARRAY', items: { type: 'STRING' } }],
    [
      {
        allOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, { properties: { b: { type: 'string' } } }],
      },
      { type: 'OBJECT', properties: { b: { type: 'STRING' }, a: { type: 'STRING' } }, required: ['a'] },
    ],
    [
      { property_ordering: ['a'], properties: { a: { min_length: 1 } } },
      {
        type: 'OBJECT',
        properties: { a: { minLength: 1 } },
        propertyOrdering: ['a'],
      },
    ],
  ]
  for (const [input, expected] of cases) assert.deepEqual(toSubset(input), expected)
})

test('the subset comes back as JSON Schema', () => {
  assert.deepEqual(
    fromSubset({
      type: 'OBJECT',
      properties: {
        type: { type: 'STRING', nullable: true },
        list: { type: 'ARRAY', min_items: '1', items: { type: 'NUMBER' } },
      },
      any_of: [{ type: 'STRING' }],
      example: { type: 'STRING' },
    }),
    {
      type: 'object',
      properties: {
        type: { type: ['string', 'null'] },
        list: { type: 'array', minItems: '1', items: { type: 'number' } },
      },
      anyOf: [{ type: 'string' }],
      example: { type: 'STRING' },
    },
  )
  assert.deepEqual(lowerTypes({ type: 'OBJECT', properties: { TYPE: { type: 'STRING', enum: ['STRING'] } } }), {
    type: 'object',
    properties: { TYPE: { type: 'string', enum: ['STRING'] } },
  })
})
