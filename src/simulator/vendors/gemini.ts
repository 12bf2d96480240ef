import { pieces } from '../pieces.ts'
import { sign } from '../signature.ts'
import type { Answer, Ask, Context, Frame, Json, Problem, Refusal, VendorApi } from '../types.ts'
import { promptTokens } from '../usage.ts'
import { readFields } from './gemini-fields.ts'
import { checkGenerate, thirdGeneration } from './gemini-validate.ts'
import { arr, base64Size, obj, objs, ownWords, str } from './util.ts'

const FINISH: Record<Answer['finish'], string> = {
  end: 'STOP',
  tools: 'STOP',
  length: 'MAX_TOKENS',
  stop: 'STOP',
  refusal: 'SAFETY',
  blocked: 'SAFETY',
}

const ERRORS: Record<Problem['kind'], { status: number; name: string; message: string }> = {
  invalid: { status: 400, name: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  context: {
    status: 400,
    name: 'INVALID_ARGUMENT',
    message: 'The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).',
  },
  quota: {
    status: 429,
    name: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  unauthorized: { status: 400, name: 'INVALID_ARGUMENT', message: 'API key not valid. Please pass a valid API key.' },
  forbidden: {
    status: 403,
    name: 'PERMISSION_DENIED',
    message: 'Your API key was refused. Please use another API key.',
  },
  'not-found': { status: 404, name: 'NOT_FOUND', message: 'Requested entity was not found.' },
  'no-such-model': { status: 404, name: 'NOT_FOUND', message: '' },
  'too-large': {
    status: 413,
    name: 'INVALID_ARGUMENT',
    message: 'Request payload size exceeds the limit: 20971520 bytes.',
  },
  'rate-limited': {
    status: 429,
    name: 'RESOURCE_EXHAUSTED',
    message:
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.',
  },
  server: {
    status: 500,
    name: 'INTERNAL',
    message:
      'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  },
  unavailable: { status: 503, name: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  overloaded: { status: 503, name: 'UNAVAILABLE', message: 'The model is overloaded. Please try again later.' },
}

function textsOf(content: unknown): string[] {
  return objs(obj(content)?.['parts'])
    .filter((p) => typeof p['text'] === 'string' && p['thought'] !== true)
    .map((p) => str(p['text']))
}

function segment(content: Json): string {
  return (
    textsOf(content).join('\n') +
    objs(content['parts'])
      .map((p) =>
        'functionCall' in p || 'functionResponse' in p
          ? JSON.stringify(p['functionCall'] ?? p['functionResponse'])
          : '',
      )
      .join('')
  )
}

function ask(raw: Json, ctx: Context): Ask {
  const body = obj(raw['generateContentRequest']) ?? raw
  const contents = objs(body['contents'])
  const user = contents.findLast((c) => c['role'] !== 'model' && textsOf(c).length > 0)
  const config = obj(body['generationConfig']) ?? {}
  const thinking = obj(config['thinkingConfig'])
  const calling = obj(obj(body['toolConfig'])?.['functionCallingConfig'])
  const allowed = arr(calling?.['allowedFunctionNames']).map(str)
  const declared = objs(body['tools']).flatMap((t) => objs(t['functionDeclarations']))
  const wanted = allowed.length ? declared.filter((f) => allowed.includes(str(f['name']))) : declared
  const media = objs(user?.['parts']).flatMap((p) => {
    const inline = obj(p['inlineData'])
    if (inline) return [{ kind: 'media', mediaType: str(inline['mimeType']), bytes: base64Size(str(inline['data'])) }]
    const file = obj(p['fileData'])
    return file ? [{ kind: 'a file', mediaType: str(file['mimeType']) || 'url', bytes: 0 }] : []
  })
  const last = contents.at(-1)
  return {
    model: ctx.model,
    stream: ctx.action === 'streamGenerateContent',
    segments: [
      textsOf(body['systemInstruction']).join('\n') + JSON.stringify(body['tools'] ?? ''),
      ...contents.map(segment),
    ],
    userText: ownWords(textsOf(user)),
    tools: wanted.map((f) => ({
      name: str(f['name']),
      schema: obj(f['parameters']) ?? obj(f['parametersJsonSchema']) ?? { type: 'object' },
    })),
    choice: calling?.['mode'] === 'ANY' ? 'any' : calling?.['mode'] === 'NONE' ? 'none' : 'auto',
    parallel: true,
    results:
      last?.['role'] === 'model'
        ? []
        : objs(last?.['parts']).flatMap((p) =>
            'functionResponse' in p ? [JSON.stringify(obj(p['functionResponse'])?.['response'])] : [],
          ),
    format:
      config['responseMimeType'] === 'application/json'
        ? { schema: obj(config['responseJsonSchema']) ?? obj(config['responseSchema']) }
        : undefined,
    media,
    reasoning:
      thinking?.['thinkingBudget'] !== 0 &&
      (thinking?.['includeThoughts'] === true ||
        thinking?.['thinkingBudget'] !== undefined ||
        thinking?.['thinkingLevel'] !== undefined ||
        thirdGeneration(ctx.base)),
    reasoningVisible: thinking?.['includeThoughts'] === true,
    maxTokens: typeof config['maxOutputTokens'] === 'number' ? config['maxOutputTokens'] : undefined,
    stops: arr(config['stopSequences']).map(str),
    cacheable: true,
  }
}

function usage(answer: Answer): Json {
  const u = answer.usage
  const prompt = u.fresh + u.cacheRead + u.cacheWrite
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: u.output,
    totalTokenCount: prompt + u.output + u.reasoning,
    ...(u.cacheRead ? { cachedContentTokenCount: u.cacheRead } : {}),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    ...(u.reasoning ? { thoughtsTokenCount: u.reasoning } : {}),
  }
}

/** Whether thoughts are shown: asked for, or forced by the model name. */
function shows(body: Json, ctx: Context): boolean {
  return obj(obj(body['generationConfig'])?.['thinkingConfig'])?.['includeThoughts'] === true || ctx.words.has('think')
}

/** Parts in order. The signature rides on the first function call, or else on the last text. */
function* partsOf(answer: Answer, body: Json, ctx: Context, cut: boolean): Iterable<Json> {
  const reasoned = answer.blocks.some((b) => b.type === 'reasoning')
  let signature = reasoned ? sign('gemini', answer.seed, '') : undefined
  const take = () => {
    const mine = signature === undefined ? {} : { thoughtSignature: signature }
    signature = undefined
    return mine
  }
  for (const b of answer.blocks) {
    if (b.type === 'reasoning' && b.text && shows(body, ctx)) {
      for (const text of cut ? pieces(b.text, 40) : [b.text]) yield { text, thought: true }
    } else if (b.type === 'text') {
      if (cut) for (const text of b.pieces) yield { text }
      else yield { text: b.pieces.text(), ...take() }
    } else if (b.type === 'call') {
      const id = thirdGeneration(ctx.base) ? { id: `sim${b.id.slice(-9)}` } : {}
      yield { functionCall: { name: b.tool.name, args: JSON.parse(b.input), ...id }, ...take() }
    }
  }
  // A stream brings the signature of a text apart, on an empty last one.
  if (cut && signature !== undefined && answer.blocks.some((b) => b.type === 'text')) yield { text: '', ...take() }
}

function tail(answer: Answer, ctx: Context): Json {
  return { modelVersion: answer.model, responseId: `sim${ctx.seed.slice(0, 20)}` }
}

function blocked(answer: Answer, ctx: Context): Json {
  return {
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: answer.usage.fresh, totalTokenCount: answer.usage.fresh },
    ...tail(answer, ctx),
  }
}

function whole(answer: Answer, body: Json, ctx: Context): unknown {
  if (answer.finish === 'blocked') return blocked(answer, ctx)
  const n = obj(body['generationConfig'])?.['candidateCount']
  const parts = [...partsOf(answer, body, ctx, false)]
  const message = answer.finish === 'tools' ? { finishMessage: 'Model generated function call(s).' } : {}
  const candidate = (index: number): Json => ({
    ...(parts.length ? { content: { parts, role: 'model' } } : { content: { role: 'model' } }),
    finishReason: FINISH[answer.finish],
    ...(answer.finish === 'refusal'
      ? { safetyRatings: [{ category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true }] }
      : {}),
    index,
    ...message,
  })
  return {
    candidates: Array.from({ length: typeof n === 'number' ? n : 1 }, (_, i) => candidate(i)),
    usageMetadata: usage(answer),
    ...tail(answer, ctx),
  }
}

/** SSE with CRLF when asked for by `alt=sse`, else the JSON array that REST callers get. */
function* stream(answer: Answer, body: Json, ctx: Context): Iterable<Frame> {
  const sse = ctx.query.get('alt') === 'sse'
  let count = 0
  const wrap = (json: string, role: Frame['role']): Frame => ({
    text: sse ? `data: ${json}\r\n\r\n` : `${count++ ? ',\r\n' : '['}${json}`,
    role,
  })
  if (answer.finish === 'blocked') yield wrap(JSON.stringify(blocked(answer, ctx)), 'done')
  else {
    const { candidatesTokenCount: _, totalTokenCount: __, thoughtsTokenCount: ___, ...early } = usage(answer)
    early['totalTokenCount'] = early['promptTokenCount']
    const rest = `,"usageMetadata":${JSON.stringify(early)},${JSON.stringify(tail(answer, ctx)).slice(1)}`
    for (const part of partsOf(answer, body, ctx, true)) {
      yield wrap(
        `{"candidates":[{"content":{"parts":[${JSON.stringify(part)}],"role":"model"},"index":0}]${rest}`,
        'content',
      )
    }
    const end = {
      candidates: [
        {
          ...(answer.finish === 'refusal' ? {} : { content: { parts: [{ text: '' }], role: 'model' } }),
          finishReason: FINISH[answer.finish],
          index: 0,
        },
      ],
      usageMetadata: usage(answer),
      ...tail(answer, ctx),
    }
    yield wrap(JSON.stringify(end), 'done')
  }
  if (!sse) yield { text: ']', role: 'done' }
}

function errorBody(p: Problem, ctx: Context): Json {
  const e = ERRORS[p.kind]
  const status = p.status ?? e.status
  const details = [...(p.details ?? [])]
  let message = p.message ?? e.message
  if (p.kind === 'no-such-model' && p.message === undefined) {
    message = `models/${ctx.model} is not found for API version v1beta, or is not supported for ${ctx.action}. Call ModelService.ListModels to see the list of available models and their supported methods.`
  }
  if (p.kind === 'unauthorized' && !ctx.key) {
    return {
      error: {
        code: 403,
        message:
          "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
        status: 'PERMISSION_DENIED',
      },
    }
  }
  if (p.kind === 'unauthorized') {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    })
    details.push({ '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', locale: 'en-US', message })
  }
  if (p.kind === 'rate-limited' || p.kind === 'quota') {
    const span = p.longLimit || p.kind === 'quota' ? 'PerDay' : 'PerMinute'
    details.push({
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [
        {
          quotaMetric: 'generativelanguage.googleapis.com/generate_content_paid_tier_requests',
          quotaId: `GenerateRequests${span}PerProjectPerModel`,
          quotaDimensions: { model: ctx.base, location: 'global' },
          quotaValue: '1000',
        },
      ],
    })
    if (p.retryAfter !== undefined) {
      message += `\nPlease retry in ${p.retryAfter}s.`
      details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${p.retryAfter}s` })
    }
  }
  return { error: { code: status, message, status: e.name, ...(details.length ? { details } : {}) } }
}

function refuse(p: Problem, ctx: Context): Refusal {
  const body = errorBody(p, ctx)
  return { status: Number(obj(body['error'])?.['code']), headers: base(), body }
}

function base(): Record<string, string> {
  return { server: 'scaffolding on HTTPServer2', 'server-timing': 'gfet4t7; dur=1', vary: 'Origin' }
}

/** The Gemini API. */
export const gemini: VendorApi = {
  id: 'gemini',
  streamType: (ctx) => (ctx.query.get('alt') === 'sse' ? 'text/event-stream' : 'application/json; charset=UTF-8'),
  validate(raw, ctx) {
    const counting = ctx.action === 'countTokens'
    const fields = readFields(raw, counting)
    if ('fault' in fields) return fields.fault
    const inner = counting ? obj(fields.body['generateContentRequest']) : fields.body
    if (counting && !inner) return objs(fields.body['contents']).length ? fields.body : { contents: [] }
    return checkGenerate(inner!, ctx) ?? fields.body
  },
  ask,
  whole,
  stream,
  other(body, ctx) {
    if (ctx.action !== 'countTokens') return undefined
    const totalTokens = promptTokens(ask(body, ctx))
    return { totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] }
  },
  refuse,
  streamError(p, ctx, _place, sequence) {
    const json = JSON.stringify(errorBody(p, ctx))
    return ctx.query.get('alt') === 'sse' ? `data: ${json}\r\n\r\n` : `${sequence ? ',\r\n' : '['}${json}]`
  },
  headers: base,
}
