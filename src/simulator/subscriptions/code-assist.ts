/** Code Assist at cloudcode-pa.googleapis.com, for Gemini CLI; Antigravity uses it in a way of its own (domain.md 1.3, 1.6). */
import { type Exchange, fields, json, type Reply } from '../exchange.ts'
import { googleUnauthorized } from '../oauth/whoami.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { gemini } from '../vendors/gemini.ts'
import { obj, str } from '../vendors/util.ts'
import type { World } from '../world.ts'
import { CODE_ASSIST_MODELS } from './accounts.ts'
import { antigravityCall, antigravityMethod } from './antigravity.ts'
import { envelope, exhausted, googleRefuse, projectFault, type UnknownNames, unknownName } from './google.ts'
import { loadCodeAssist, onboardUser, operation } from './onboarding.ts'
import { errorInfo, googleError } from './refusals.ts'
import { type Call, caller, type Destination, direct, refusal, type Shell, standing, through } from './shell.ts'

const PREFIX = '/v1internal'

/** Answers at both hosts of Code Assist. */
export function codeAssist(x: Exchange, world: World): Destination | undefined {
  if (!x.path.startsWith(`${PREFIX}:`) && !x.path.startsWith(`${PREFIX}/operations/`)) return undefined
  const call = caller(x, world, ['gemini-cli', 'antigravity'], googleUnauthorized)
  if ('reply' in call) return { provider: x.host.startsWith('daily') ? 'antigravity' : 'gemini-cli', ...call }
  if (!call.scopes.some((s) => s.endsWith('/cloud-platform'))) return direct(call, 403, scopeFault())
  if (x.method === 'GET') return { ...operation(call), provider: call.provider, key: call.key }
  if (x.method !== 'POST') return undefined
  const method = x.path.slice(PREFIX.length + 1)
  if (method === 'generateContent' || method === 'streamGenerateContent' || method === 'countTokens')
    return call.provider === 'antigravity' ? antigravityCall(call, method) : geminiCall(call, method)
  const read = fields(x)
  if (read?.form !== 'json')
    return direct(call, 400, googleError(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.'))
  const reply = answer(call, method, read.values)
  return reply && { provider: call.provider, key: call.key, reply, body: read.values }
}

function scopeFault(): Json {
  return googleError(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.', [
    errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
  ])
}

function answer(call: Call, method: string, body: Json): Reply | undefined {
  switch (method) {
    case 'loadCodeAssist':
      return loadCodeAssist(call, body)
    case 'onboardUser':
      return onboardUser(call, body)
    case 'retrieveUserQuota':
      return userQuota(call, body)
    default:
      return call.provider === 'antigravity' ? antigravityMethod(call, method, body) : undefined
  }
}

function userQuota(call: Call, body: Json): Reply {
  const { world, person } = call
  const refused = standing(call, '')
  if (refused?.status === 403) return json(403, refused.body)
  const project = body['project']
  if (typeof project !== 'string' || project !== person.google.project)
    return json(403, googleError(403, 'PERMISSION_DENIED', `Permission denied on project '${project}'.`))
  return json(200, {
    buckets: world.accounts.windows('gemini-cli', person.name).map((w) => ({
      modelId: w.id,
      tokenType: 'REQUESTS',
      remainingFraction: Math.max(0, Math.round((100 - w.used) * 100) / 10_000),
      remainingAmount: String(Math.max(0, Math.round((1 - w.used / 100) * 1_000))),
      resetTime: new Date(w.resetsAt).toISOString(),
    })),
  })
}

/** Fields the envelope may have; protobuf takes both spellings. */
const OUTER: UnknownNames = ['model', 'project', 'user_prompt_id', 'request', 'enabled_credit_types']
const INNER: UnknownNames = [
  'contents',
  'systemInstruction',
  'cachedContent',
  'tools',
  'toolConfig',
  'labels',
  'safetySettings',
  'generationConfig',
  'session_id',
]

function openEnvelope(call: Call, body: Json, ctx: Context): Problem | Json {
  const request = obj(body['request'])
  if (ctx.action === 'countTokens') {
    const odd = unknownName(body, ['request']) ?? unknownName(request ?? {}, ['model', 'contents'], 'request')
    if (odd) return odd
    const model = str(request?.['model'])
    if (!model.startsWith('models/')) return invalid('request.model must be of the form models/<id>.')
    ctx.model = model.slice('models/'.length)
    ctx.base = ctx.model.split('+')[0]!
    return { contents: request?.['contents'] }
  }
  const odd = unknownName(body, OUTER) ?? unknownName(request ?? {}, INNER, 'request')
  if (odd) return odd
  if (!request) return invalid('Invalid argument: request is required.')
  const fault = projectFault(call, body['project'])
  if (fault) return fault
  if (!(CODE_ASSIST_MODELS as readonly string[]).includes(ctx.base) && !ctx.base.startsWith('gemini-'))
    return refusal({ status: 404, body: googleError(404, 'NOT_FOUND', 'Requested entity was not found.') })
  const { session_id: _, sessionId: __, labels: ___, ...rest } = request
  return rest
}

function geminiCall(call: Call, method: string): Destination {
  return through(call, { vendor: 'gemini', api: gemini, action: method, generates: method !== 'countTokens' }, {
    open: (body, ctx) => openEnvelope(call, body, ctx),
    limit: exhausted,
    refuse: googleRefuse,
    ...envelope(),
  } satisfies Shell)
}
