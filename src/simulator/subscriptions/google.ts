/** What Gemini CLI and Antigravity share: the envelope of answers, google.rpc errors, unknown names. */
import type { Context, Json, Problem } from '../types.ts'
import { invalid } from '../types.ts'
import type { Allowance } from './accounts.ts'
import { errorInfo, googleError, type RefusalForm } from './refusals.ts'
import { type Call, refusal, type Shell, secondsUntil } from './shell.ts'

/** Names a message has, in the spelling of this file; the other spelling is as good. */
export type UnknownNames = readonly string[]

const camel = (name: string) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())

/** The refusal of the first field that a message does not have. */
export function unknownName(message: Json, known: UnknownNames, at = ''): Problem | undefined {
  const names = new Set(known.map(camel))
  const odd = Object.keys(message).find((k) => !names.has(camel(k)))
  if (odd === undefined) return undefined
  const where = at ? ` at '${at}'` : ''
  return invalid(`Invalid JSON payload received. Unknown name "${odd}"${where}: Cannot find field.`)
}

/** A span as Google writes it in texts: `1h2m3s`. */
export function spoken(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), Math.floor(seconds % 60)]
  return `${h ? `${h}h` : ''}${h || m ? `${m}m` : ''}${s}s`
}

/** A used-up allowance: `QUOTA_EXHAUSTED` with the moment it is filled again. */
export function exhausted(w: Pick<Allowance, 'resetsAt'>, ctx: Context): RefusalForm {
  const seconds = secondsUntil(w.resetsAt, ctx.nowMs)
  const message = `You have exhausted your capacity on this model. Your quota will reset after ${spoken(seconds)}.`
  return {
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', message, [
      errorInfo('QUOTA_EXHAUSTED', {
        uiMessage: 'true',
        model: ctx.base,
        quotaResetDelay: spoken(seconds),
        quotaResetTimeStamp: new Date(w.resetsAt).toISOString(),
      }),
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` },
    ]),
  }
}

/** Behaviour words in Code Assist's words instead of those of the public API. */
export function googleRefuse(p: Problem, ctx: Context): RefusalForm | undefined {
  const delay = p.retryAfter
  if (p.kind === 'quota' || (p.kind === 'rate-limited' && p.longLimit))
    return exhausted({ resetsAt: ctx.nowMs + (delay ?? 86_400) * 1000 }, ctx)
  if (p.kind === 'unauthorized')
    return {
      status: 401,
      body: googleError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'),
    }
  if (p.kind !== 'rate-limited') return undefined
  const wait = delay === undefined ? '' : ` Please retry in ${delay}s.`
  return {
    status: 429,
    body: googleError(
      429,
      'RESOURCE_EXHAUSTED',
      `Resource has been exhausted (e.g. check quota).${wait}`,
      delay === undefined
        ? []
        : [
            errorInfo('RATE_LIMIT_EXCEEDED', { model: ctx.base, quotaResetDelay: `${delay}s` }),
            { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${delay}s` },
          ],
    ),
  }
}

const traceId = (ctx: Context) => ctx.seed.slice(0, 16)

/** `{response, traceId}` around whole answers and around every event. */
export function envelope(): Pick<Shell, 'whole' | 'event'> {
  return {
    whole: (answer, ctx) => ({ response: answer, traceId: traceId(ctx) }),
    event: (text, ctx) =>
      // Of an SSE event or of a piece of the JSON array, the object in it.
      text.replace(
        /^(data: |\[|,\r\n)(\{[\s\S]*\})(\s*)$/,
        (_, head: string, object: string, tail: string) =>
          `${head}{"response":${object},"traceId":"${traceId(ctx)}"}${tail}`,
      ),
  }
}

/** A project must be there, be an id and no number, and be the account's own. */
export function projectFault(call: Call, project: unknown): Problem | undefined {
  if (typeof project !== 'string' || project === '') return invalid('Invalid argument: project is required.')
  if (/^\d+$/.test(project))
    return invalid(`Invalid project resource name projects/${project}: a project id is required.`)
  const { google } = call.person
  if (google.project === undefined)
    return refusal({
      status: 403,
      body: googleError(
        403,
        'PERMISSION_DENIED',
        'This account is not onboarded to Gemini Code Assist. Call onboardUser first.',
        [errorInfo('SUBSCRIPTION_REQUIRED')],
      ),
    })
  if (project === google.project) return undefined
  return refusal({
    status: 403,
    body: googleError(
      403,
      'PERMISSION_DENIED',
      `Permission 'cloudaicompanion.companions.generateChat' denied on resource '//cloudaicompanion.googleapis.com/projects/${project}/locations/global' (or it may not exist).`,
      [errorInfo('IAM_PERMISSION_DENIED', { permission: 'cloudaicompanion.companions.generateChat' })],
    ),
  })
}
