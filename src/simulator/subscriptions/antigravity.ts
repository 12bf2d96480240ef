/** Antigravity at both Code Assist hosts: its envelope, its methods, its version gate (domain.md 1.6). */
import { json, type Reply } from '../exchange.ts'
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import { gemini } from '../vendors/gemini.ts'
import { obj, objs, str } from '../vendors/util.ts'
import { checkModelRules } from './antigravity-rules.ts'
import { envelope, exhausted, googleRefuse, projectFault, type UnknownNames, unknownName } from './google.ts'
import { googleError } from './refusals.ts'
import { type Call, type Destination, refusal, standing, through } from './shell.ts'

const OUTER: UnknownNames = [
  'project',
  'model',
  'user_agent',
  'request_type',
  'request_id',
  'request',
  'enabled_credit_types',
]
const INNER: UnknownNames = ['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'session_id']

/** Known models: what `fetchAvailableModels` tells of them. */
const MODELS: Readonly<Record<string, { name: string; input: number; output: number; internal?: boolean }>> = {
  'claude-opus-4-6-thinking': { name: 'Claude Opus 4.6 (Thinking)', input: 200_000, output: 64_000 },
  'claude-sonnet-4-6': { name: 'Claude Sonnet 4.6', input: 200_000, output: 64_000 },
  'gemini-3-flash': { name: 'Gemini 3 Flash', input: 1_048_576, output: 65_536 },
  'gemini-3.1-pro-low': { name: 'Gemini 3.1 Pro (Low)', input: 1_048_576, output: 65_536 },
  'gemini-pro-agent': { name: 'Gemini Pro Agent', input: 1_048_576, output: 65_536 },
  'gemini-3.1-flash-image': { name: 'Gemini 3.1 Flash Image', input: 1_048_576, output: 65_536 },
  'gpt-oss-120b-medium': { name: 'GPT-OSS 120B (Medium)', input: 114_000, output: 32_768 },
  chat_20706: { name: '', input: 16_384, output: 16_384, internal: true },
  tab_flash_lite_preview: { name: '', input: 16_384, output: 4_096, internal: true },
}

/** A system prompt that introduces itself as a rival agent; half of such a sentence passes (domain.md 1.6, #5751). */
const RIVAL = /you are (?:codex|claude code|opencode|cline|cursor|windsurf|copilot|roo)\b[^.\n]*\bagent\b/i

const GATE = 'This version of Antigravity is no longer supported. Please update to receive the latest features!'

/** Generation and counting. */
export function antigravityCall(call: Call, method: string): Destination {
  if (call.world.accounts.refusal('antigravity', call.person.name) === 'version-gate' && method !== 'countTokens')
    return { provider: 'antigravity', key: call.key, reply: gate(call, method) }
  return through(
    call,
    { vendor: 'gemini', api: gemini, action: method, generates: method !== 'countTokens' },
    { open: (body, ctx) => open(call, body, ctx), limit: exhausted, refuse: googleRefuse, ...envelope() },
  )
}

function open(call: Call, body: Json, ctx: Context): Problem | Json {
  const request = obj(body['request'])
  if (ctx.action === 'countTokens') {
    const odd = unknownName(body, ['request']) ?? unknownName(request ?? {}, ['model', 'contents'], 'request')
    if (odd) return odd
    ctx.model = str(request?.['model']).replace(/^models\//, '')
    ctx.base = ctx.model.split('+')[0]!
    return { contents: request?.['contents'] }
  }
  const odd = unknownName(body, OUTER) ?? unknownName(request ?? {}, INNER, 'request')
  if (odd) return odd
  if (!request) return invalid('Invalid argument: request is required.')
  const fault = envelopeFault(body) ?? projectFault(call, body['project'])
  if (fault) return fault
  if (!(ctx.base in MODELS) && !/^(?:gemini|claude|gpt-oss)-/.test(ctx.base))
    return refusal({ status: 404, body: googleError(404, 'NOT_FOUND', 'Requested entity was not found.') })
  const instructions = objs(obj(request['systemInstruction'])?.['parts'])
    .map((p) => str(p['text']))
    .join('\n')
  if (RIVAL.test(instructions))
    return refusal({
      status: 429,
      body: googleError(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
    })
  const rules = checkModelRules(request, ctx.base)
  if (rules) return rules
  const { sessionId: _, session_id: __, ...rest } = request
  return { ...rest, contents: objs(rest['contents']).map(asUser) }
}

/** Results of functions are taken in a `model` turn as well; the dialect behind knows them as the user's. */
function asUser(content: Json): Json {
  const parts = objs(content['parts'])
  const results = content['role'] === 'model' && parts.length > 0 && parts.every((p) => 'functionResponse' in p)
  return results ? { ...content, role: 'user' } : content
}

function envelopeFault(body: Json): Problem | undefined {
  const value = (snake: string, camel: string) => str(body[camel] ?? body[snake])
  if (value('user_agent', 'userAgent') !== 'antigravity')
    return invalid('Invalid argument: userAgent must be antigravity.')
  const type = value('request_type', 'requestType')
  if (!['agent', 'image_gen', 'web_search'].includes(type)) return invalid(`Invalid value at 'request_type': "${type}"`)
  return /^agent-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value('request_id', 'requestId'))
    ? undefined
    : invalid('Invalid argument: requestId must be of the form agent-<uuid>.')
}

/** Too old a client: cloudcode-pa says so in an ordinary answer, the daily host in an error. */
function gate(call: Call, method: string): Reply {
  if (call.x.host.startsWith('daily')) return json(400, googleError(400, 'FAILED_PRECONDITION', GATE))
  const response = {
    candidates: [{ content: { role: 'model', parts: [{ text: GATE }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 20, totalTokenCount: 21 },
    modelVersion: 'simulated',
    responseId: 'sim-gate',
  }
  const body = { response, traceId: 'sim-gate' }
  if (method === 'generateContent') return json(200, body)
  return call.x.query.get('alt') === 'sse'
    ? { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `data: ${JSON.stringify(body)}\r\n\r\n` }
    : json(200, [body])
}

/** The methods that only Antigravity has. */
export function antigravityMethod(call: Call, method: string, body: Json): Reply | undefined {
  if (method !== 'fetchAvailableModels' && method !== 'retrieveUserQuotaSummary') return undefined
  const odd = unknownName(body, ['project'])
  if (odd) return json(400, googleError(400, 'INVALID_ARGUMENT', odd.message!))
  const refused = standing(call, '')
  if (refused?.status === 403) return json(403, refused.body)
  return json(200, method === 'fetchAvailableModels' ? models(call) : summary(call))
}

const left = (used: number) => Math.max(0, Math.round((100 - used) * 100) / 10_000)

function models(call: Call): Json {
  const { world, person } = call
  const of = (pool: string) => world.accounts.window('antigravity', person.name, `${pool}-5h`)
  return {
    models: Object.fromEntries(
      Object.entries(MODELS).map(([id, m]) => {
        const w = of(/^(?:claude|gpt)-/.test(id) ? '3p' : 'gemini')
        return [
          id,
          {
            displayName: m.name,
            maxTokens: m.input,
            maxOutputTokens: m.output,
            ...(m.internal ? { isInternal: true } : {}),
            quotaInfo: { remainingFraction: left(w.used), resetTime: new Date(w.resetsAt).toISOString() },
          },
        ]
      }),
    ),
  }
}

function summary(call: Call): Json {
  const windows = call.world.accounts.windows('antigravity', call.person.name)
  const group = (displayName: string, prefix: string): Json => ({
    displayName,
    buckets: windows
      .filter((w) => w.id.startsWith(prefix))
      .map((w) => ({
        bucketId: w.id,
        remainingFraction: left(w.used),
        resetTime: new Date(w.resetsAt).toISOString(),
      })),
  })
  return { groups: [group('Gemini Models', 'gemini-'), group('Claude and GPT models', '3p-')] }
}
