/**
 * Google's Code Assist API: generateContent in an envelope (domain.md 1.3 and 1.6). What Gemini CLI and Antigravity have
 * in common: addresses, projects, the fields it takes, the count, and the way out of the envelope.
 */
import type { Account, Credential } from '../accounts/account.ts'
import { LoginError, type VendorAnswer, type VendorHttp } from '../accounts/oauth/flow.ts'
import { FailureError, failure } from '../hub/failure.ts'
import type { Loss } from '../hub/loss.ts'
import { peek } from '../wire/peek.ts'
import { readRpcError } from './google-rpc.ts'
import { conversationId, loginHeaders, type Manners, OWN_AGENT } from './login-request.ts'
import { post } from './outgoing.ts'
import type { EditContext, Provider } from './provider.ts'
import { basesOf } from './ways.ts'

export type Json = Record<string, unknown>

/** What a client says of the project that pays, or of the method it calls, is about another account and another API. */
const DROPPED_HEADERS: ReadonlySet<string> = new Set(['x-goog-user-project', 'x-goog-request-params'])

/**
 * Address and headers of a call. What the client says in its query is of the public API and means nothing here.
 * @param ownClient user agents of the product itself, which keep their name.
 */
export function codeAssistRequest(ownClient: RegExp): Provider['request'] {
  const manners: Manners = { ownClient, drops: DROPPED_HEADERS }
  return (out, account, credential) => {
    const method =
      out.action === 'count-tokens' ? 'countTokens' : out.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
    const named = { ...out, headers: loginHeaders(out.headers, manners) }
    return post(named, account, '', `/v1internal:${method}`, ['authorization', `Bearer ${credential.value}`])
  }
}

/** The Google Cloud projects of a login: one, or several with commas between them (domain.md 1.3, end of onboarding). */
export function projectsOf(credential: Credential): readonly string[] {
  const said = credential.type === 'oauth' ? credential.details['project'] : undefined
  return (said ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/**
 * A project that a request may be counted against.
 * @throws {FailureError} if there is none, or a number in place of an id, which the API does not take.
 */
export function usableProject(project: string | undefined, account: Account): string {
  if (project === undefined)
    throw refused(account, 'project_missing', 'has no Google Cloud project. Log in again and choose one')
  if (/^\d+$/.test(project))
    throw refused(
      account,
      'project_number',
      `names its Google Cloud project by the number ${project}. Log in again with the project's id (such as my-project-123)`,
    )
  return project
}

function refused(account: Account, code: string, what: string): FailureError {
  return new FailureError(failure('forbidden', `The login ${account.label} ${what}.`, { scope: 'account', code }))
}

/** What names a conversation to Google; undefined where none is known, since none is made up. */
export function sessionName({ session, account }: EditContext): string | undefined {
  return session === undefined ? undefined : conversationId(session, account.id)
}

/** The spelling of this API's documentation: protobuf JSON takes `snake_case` as well. A leading underscore stays. */
export function camel(name: string): string {
  return name.includes('_') ? name.replace(/(?<=.)_([a-z0-9])/g, (_, c: string) => c.toUpperCase()) : name
}

/** The value if it is an object of fields; a number kept exactly (`JSON.rawJSON`) is none. */
export function asObject(value: unknown): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRaw(value)) return undefined
  return value as Json
}

const isRaw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON

/** The objects of a repeated field; a single one is a list of one. */
export function objects(value: unknown): Json[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.map(asObject).filter((item) => item !== undefined)
}

/** A copy with its field names in camelCase and without nulls; values stay as they are. */
export function fieldsOf(value: unknown): Json {
  const out: Json = {}
  for (const [name, member] of Object.entries(asObject(value) ?? {}))
    if (member !== null && member !== undefined) out[camel(name)] = member
  return out
}

/** Members of `request` (domain.md 1.3, envelope); any other is refused by the API with the whole request. */
const REQUEST_FIELDS = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'safetySettings',
  'generationConfig',
  'cachedContent',
  'labels',
])

/** Members of `generationConfig`, those of Vertex AI's GenerationConfig, which Code Assist reads. */
const CONFIG_FIELDS = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'mediaResolution',
  'audioTimestamp',
  'speechConfig',
  'imageConfig',
  'thinkingConfig',
  'routingConfig',
  'modelSelectionConfig',
])

/** In a body but no part of what is asked: the path and the envelope say it. */
const SAID_ELSEWHERE = new Set(['model', 'sessionId'])

/** The request with only the fields the API takes, in their order; those left out are told. */
export function takenFields(body: Json): { request: Json; losses: Loss[] } {
  const losses: Loss[] = []
  const request: Json = {}
  for (const [name, value] of Object.entries(fieldsOf(body))) {
    if (REQUEST_FIELDS.has(name)) request[name] = value
    else if (!SAID_ELSEWHERE.has(name)) losses.push({ field: name, reason: 'Code Assist has no such field' })
  }
  if (request['generationConfig'] !== undefined) {
    const config: Json = {}
    for (const [name, value] of Object.entries(fieldsOf(request['generationConfig']))) {
      // The API key's endpoint has two names for it.
      const known = name === '_responseJsonSchema' ? 'responseJsonSchema' : name
      if (CONFIG_FIELDS.has(known)) config[known] = value
      else losses.push({ field: `generationConfig.${name}`, reason: 'Code Assist has no such field' })
    }
    if (Object.keys(config).length > 0) request['generationConfig'] = config
    else delete request['generationConfig']
  }
  return { request, losses }
}

/**
 * A question for the count (domain.md 1.3: `{request: {model, contents}}` and nothing else). Instructions and tools count
 * as well but have no field here: they are counted as a turn of their own ahead of the conversation.
 */
export function countEnvelope(body: Json, model: string): { body: Json; losses: Loss[] } {
  const outer = fieldsOf(body)
  const whole = fieldsOf(outer['generateContentRequest'] ?? body)
  const ahead: unknown[] = objects(fieldsOf(whole['systemInstruction'])['parts'])
  const tools = objects(whole['tools'])
  if (tools.length > 0) ahead.push({ text: JSON.stringify(tools) })
  const contents = [...(ahead.length > 0 ? [{ role: 'user', parts: ahead }] : []), ...objects(whole['contents'])]
  const losses =
    whole['cachedContent'] === undefined ? [] : [{ field: 'cachedContent', reason: 'it cannot be counted' }]
  return { body: { request: { model: `models/${model}`, contents } }, losses }
}

/** What an answer may be without an envelope: a refusal inside a stream, or a count. */
const BARE = ['error', 'totalTokens'] as const

/**
 * Takes the envelope off the JSON of an event or an answer, text for text: what stands in `response` keeps its spelling.
 * Trace ids and credits stay behind. What cannot be read is handed on as it came, for the dialect to say what it is.
 */
export function openEnvelope(json: string): string | undefined {
  // Antigravity's events have been seen with stray commas around their JSON (domain.md 3.12).
  const text = trimmed(json)
  if (text === '') return undefined
  const bytes = Buffer.from(text)
  let spans: ReturnType<typeof peek>
  try {
    spans = peek(bytes, ['response', ...BARE], MOST_NESTED)
  } catch {
    return text
  }
  const inner = spans.get('response')
  if (inner !== undefined) return bytes.toString('utf8', inner.start, inner.end)
  return BARE.some((name) => spans.has(name)) ? text : undefined
}

const MOST_NESTED = 1_000

/** Without space and commas at its ends. By hand: a pattern would walk each long run of spaces again and again. */
function trimmed(json: string): string {
  let start = 0
  let end = json.length
  while (start < end && isStray(json.charCodeAt(start))) start += 1
  while (end > start && isStray(json.charCodeAt(end - 1))) end -= 1
  return end - start === json.length ? json : json.slice(start, end)
}

const COMMA = 44
const SPACE = 32
const isStray = (code: number): boolean => code <= SPACE || code === COMMA

/**
 * Asks one of the API's other methods, outside the road; where the first host stumbles, the others in their order.
 * @throws {LoginError} `refused` with Google's own words if it does not answer with 200, `network` if no host could be asked.
 */
export async function askCodeAssist(
  method: string,
  body: Json,
  account: Account,
  credential: Credential,
  http: VendorHttp,
): Promise<VendorAnswer> {
  const ask = (base: string) =>
    http({
      method: 'POST',
      url: `${base}/v1internal:${method}`,
      headers: {
        authorization: `Bearer ${credential.value}`,
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': OWN_AGENT,
      },
      body: JSON.stringify(body),
    })
  let answer: VendorAnswer | undefined
  let lost: unknown
  for (const base of basesOf(account)) {
    try {
      answer = await ask(base)
      if (answer.status < 500) break
    } catch (error) {
      if (!(error instanceof LoginError) || error.code !== 'network') throw error
      lost ??= error
    }
  }
  if (answer === undefined) throw lost
  if (answer.status === 200) return answer
  const said = readRpcError(answer.text)?.message
  const after = Number(answer.headers['retry-after'] ?? Number.NaN)
  const help = answer.status === 401 ? ' Its token is no longer taken: refresh it, or log in again.' : ''
  throw new LoginError(
    'refused',
    `Google answered ${method} for ${account.label} with status ${answer.status}${said ? `: ${said.slice(0, 500)}` : ''}.${help}`,
    { ...(Number.isFinite(after) && after >= 0 && { retryAfterMs: after * 1000 }) },
  )
}
