/** The OpenAPI 3.1 document, made of the route table and its schemas: it cannot say anything else than what is served. */
import * as z from 'zod'
import { CSRF_HEADER, problemSchema, type RouteSpec, routes } from './contract.ts'

type Json = Record<string, unknown>

let made: { version: string; document: Json } | undefined

export function openApi(version: string): Json {
  if (made?.version === version) return made.document
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    paths[route.path]![route.method.toLowerCase()] = operation(route)
  }
  const document: Json = {
    openapi: '3.1.0',
    info: {
      title: 'LogicaProxy management API',
      version,
      description:
        'Times are milliseconds since the epoch, money is millionths of a US dollar. With a session cookie every call that changes something needs the header X-CSRF-Token. No answer holds a secret, but that which makes it.',
    },
    security: [{ token: [] }, { key: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The admin token (remote-management.secret-key).' },
        key: { type: 'apiKey', in: 'header', name: 'X-Management-Key' },
        session: { type: 'apiKey', in: 'cookie', name: 'logicaproxy_session' },
      },
      schemas: { Problem: schemaOf(problemSchema, 'output') },
    },
  }
  made = { version, document }
  return document
}

function operation(route: RouteSpec): Json {
  const status = String(route.status ?? 200)
  const params = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = route.query === undefined ? [] : queryOf(route.query)
  const csrf = route.csrf
    ? [
        {
          name: CSRF_HEADER,
          in: 'header',
          required: false,
          description: 'Needed with a session cookie.',
          schema: { type: 'string' },
        },
      ]
    : []
  const problem = {
    description: 'A refusal, in words.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return {
    operationId: route.id.replace(/[^A-Za-z0-9]+(\w)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase()),
    summary: route.summary,
    tags: [route.legacy ? 'legacy' : (route.path.split('/')[3] ?? 'management')],
    ...(route.legacy ? { deprecated: true } : {}),
    ...(route.auth === 'none' ? { security: [] } : {}),
    parameters: [...params, ...query, ...csrf],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
        }),
    responses: {
      [status]: {
        description: route.summary,
        ...(status === '410' ? problem : { content: contentOf(route.response) }),
      },
      default: problem,
    },
  }
}

function contentOf(response: RouteSpec['response']): Json {
  if ('media' in response) return { [response.media]: { schema: { type: 'string' } } }
  return { 'application/json': { schema: schemaOf(response, 'output') } }
}

function queryOf(query: z.ZodObject): Json[] {
  const schema = schemaOf(query, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Json
  return json
}
