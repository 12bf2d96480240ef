/**
 * Gets a Google account ready for Code Assist: which tier it has, which project its calls are counted against
 * (domain.md 1.3 "Onboarding algorithm", 1.6).
 */
import type { Tokens } from '../../login-record.ts'
import { type FlowContext, type Identity, LoginError, type VendorAnswer } from '../flow.ts'
import { errorOf, fieldsOf, plain, present, textOf } from '../text.ts'

/** What differs between the two vendors. */
export interface CodeAssistSheet {
  title: string
  /** Origins in the order they are tried for `loadCodeAssist`. */
  loadAt: readonly string[]
  onboardAt: string
  /** Other values than the vendors' own are refused with 400. */
  loadMetadata: Readonly<Record<string, string>>
  /** Body of `onboardUser`. */
  onboard(tierId: string, project: string | undefined): Readonly<Record<string, unknown>>
  /** What is done while `onboardUser` is under way: ask the operation, or call again. */
  wait: { by: 'operation' | 'repeat'; everyMs: number; times: number }
  /** Said after the vendor's reasons when an account may not be used. */
  advice: string
}

const FREE = 'free-tier'
const LEGACY = 'legacy-tier'
const STANDARD = 'standard-tier'

/**
 * The identity with `project` and `tier` among its details.
 * @throws {LoginError} `not-eligible` with the vendor's reasons and link; `input` if a project has to be named.
 */
export async function onboard(
  sheet: CodeAssistSheet,
  tokens: Tokens,
  identity: Identity,
  context: FlowContext,
): Promise<Identity> {
  const call = caller(sheet, tokens, context)
  context.progress(`Asking ${sheet.title} what this account may use.`)
  const wanted = context.project === undefined ? undefined : checkedProject(context.project)
  const loaded = await load(sheet, call, wanted, context)
  const current = textOf(fieldsOf(loaded['currentTier'])['id'])
  const plan = textOf(fieldsOf(loaded['paidTier'])['name']) ?? textOf(fieldsOf(loaded['currentTier'])['name'])
  const given = projectOf(loaded['cloudaicompanionProject'])
  if (current !== undefined) {
    const project = wanted ?? given
    if (project !== undefined) return settled(identity, current, project, wanted, plan)
    if (reasons(loaded).length > 0) throw notEligible(sheet, loaded)
    // The free tier brings its own project: setting it up again tells which (domain.md 1.6, "project id needed").
    if (current !== FREE) return await withAsked(sheet, context, loaded, identity, current, plan)
  }
  const allowed = list(loaded['allowedTiers'])
  if (allowed.length === 0 && reasons(loaded).length > 0) throw notEligible(sheet, loaded)
  const verify = list(loaded['ineligibleTiers']).find((tier) => textOf(tier['validationUrl']) !== undefined)
  if (verify !== undefined && textOf(verify['reasonCode']) === 'VALIDATION_REQUIRED') throw notEligible(sheet, loaded)
  const tier = current ?? textOf((allowed.find((t) => t['isDefault'] === true) ?? allowed[0])?.['id']) ?? LEGACY
  // The free tier brings its own project and refuses one that is named (domain.md 1.3).
  const named = tier === FREE ? undefined : (wanted ?? given ?? (await askProject(sheet, context, loaded)))
  context.progress(`Setting the account up for ${sheet.title}; this can take a minute.`)
  const made = await setUp(sheet, call, context, tier, named)
  const project = made ?? named
  if (project === undefined)
    throw new LoginError(
      'refused',
      `${sheet.title} set the account up but named no project for it. Try again in some minutes.`,
    )
  return settled(identity, tier, project, named, plan)
}

/** A project that the person chose makes it an account of its own beside one with another project. */
function settled(
  identity: Identity,
  tier: string,
  project: string,
  chosen: string | undefined,
  plan: string | undefined,
): Identity {
  return {
    ...identity,
    subject: chosen === undefined ? identity.subject : `${identity.subject}/${chosen}`,
    ...present({ plan: plan ?? identity.plan ?? tier }),
    details: { ...identity.details, tier, project },
  }
}

async function withAsked(
  sheet: CodeAssistSheet,
  context: FlowContext,
  loaded: VendorAnswer['json'],
  identity: Identity,
  tier: string,
  plan: string | undefined,
) {
  const project = await askProject(sheet, context, loaded)
  return settled(identity, tier, project, project, plan)
}

async function askProject(sheet: CodeAssistSheet, context: FlowContext, loaded: VendorAnswer['json']): Promise<string> {
  for (const reason of reasons(loaded)) context.progress(`Google says: ${reason}`)
  const question = `This account needs a Google Cloud project with the "Gemini for Google Cloud API" enabled. Its id?`
  const answer = (await context.ask?.(question)) ?? ''
  if (answer.trim() === '' && reasons(loaded).length > 0) throw notEligible(sheet, loaded)
  if (answer.trim() === '')
    throw new LoginError(
      'input',
      `${sheet.title} needs a Google Cloud project for this account: log in again with --project and the id of one that has the "Gemini for Google Cloud API" enabled.`,
      { url: 'https://console.cloud.google.com/apis/library/cloudaicompanion.googleapis.com' },
    )
  return checkedProject(answer)
}

/**
 * One project id, or several with commas between them.
 * @throws {LoginError} `input` for a number, which the API does not take, and for what cannot be an id.
 */
export function checkedProject(text: string): string {
  const ids = text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
  for (const id of ids) {
    if (/^\d+$/.test(id))
      throw new LoginError(
        'input',
        `${id} is the number of a Google Cloud project; its id is wanted, such as my-project-123 (both stand on the project's page in the Cloud console).`,
      )
    // Old projects carry a domain before a colon.
    if (!/^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{1,28}[a-z0-9]$/.test(id))
      throw new LoginError('input', `"${plain(id, 60)}" cannot be the id of a Google Cloud project.`)
  }
  if (ids.length === 0) throw new LoginError('input', 'No Google Cloud project was named.')
  return ids.join(',')
}

type Call = (origin: string, method: string, body: object | undefined) => Promise<VendorAnswer>

function caller(_: CodeAssistSheet, tokens: Tokens, context: FlowContext): Call {
  return (origin, method, body) =>
    context.http({
      method: body === undefined ? 'GET' : 'POST',
      url: context.url(`${origin}/v1internal${body === undefined ? '/' : ':'}${method}`),
      headers: { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}

async function load(
  sheet: CodeAssistSheet,
  call: Call,
  project: string | undefined,
  context: Pick<FlowContext, 'url'>,
): Promise<VendorAnswer['json']> {
  const first = project?.split(',')[0]
  const body = {
    ...present({ cloudaicompanionProject: first }),
    metadata: { ...sheet.loadMetadata, ...present({ duetProject: first }) },
  }
  let last: VendorAnswer | undefined
  const [primary = '', ...others] = sheet.loadAt
  // A stand-in is never left for a real host (hosts.ts).
  const isMoved = (origin: string) => context.url(origin) !== origin
  for (const origin of [primary, ...others.filter((other) => isMoved(other) === isMoved(primary))]) {
    const answer = await call(origin, 'loadCodeAssist', body)
    if (answer.status === 200) return answer.json
    // Companies that fence their projects in (VPC-SC) have the standard tier (domain.md 1.3).
    if (answer.text.includes('SECURITY_POLICY_VIOLATED')) return { currentTier: { id: STANDARD } }
    last = answer
    if (answer.status < 500 && answer.status !== 404 && answer.status !== 429) break
  }
  throw refused(sheet, last!)
}

/** Calls `onboardUser` and waits for its operation. @returns the project it made or took. */
async function setUp(
  sheet: CodeAssistSheet,
  call: Call,
  context: FlowContext,
  tier: string,
  project: string | undefined,
): Promise<string | undefined> {
  const body = sheet.onboard(tier, project?.split(',')[0])
  let answer = await call(sheet.onboardAt, 'onboardUser', body)
  for (let left = sheet.wait.times; ; left--) {
    if (answer.status !== 200) throw refused(sheet, answer)
    if (answer.json['done'] === true) break
    if (left === 0)
      throw new LoginError('refused', `${sheet.title} is still setting the account up. Log in again in some minutes.`)
    await context.sleep(sheet.wait.everyMs)
    const operation = textOf(answer.json['name'])
    const byName = sheet.wait.by === 'operation' && operation !== undefined && /^[\w./-]+$/.test(operation)
    answer = byName
      ? await call(sheet.onboardAt, operation, undefined)
      : await call(sheet.onboardAt, 'onboardUser', body)
  }
  const failed = errorOf(answer.json)
  if (failed.words !== '')
    throw new LoginError('refused', `${sheet.title} could not set the account up: ${plain(failed.words)}.`)
  return projectOf(fieldsOf(answer.json['response'])['cloudaicompanionProject'])
}

/** `"id"` or `{id}`; a bare number is no id and is left out. */
function projectOf(value: unknown): string | undefined {
  const id = textOf(value) ?? textOf(fieldsOf(value)['id'])
  return id === undefined || /^\d+$/.test(id) ? undefined : id
}

const list = (value: unknown): Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.map(fieldsOf) : [])

function reasons(loaded: VendorAnswer['json']): string[] {
  return list(loaded['ineligibleTiers'])
    .map((tier) => plain(textOf(tier['reasonMessage']) ?? textOf(tier['reasonCode']) ?? ''))
    .filter((words) => words !== '')
}

function notEligible(sheet: CodeAssistSheet, loaded: VendorAnswer['json']): LoginError {
  const url = list(loaded['ineligibleTiers'])
    .map((tier) => textOf(tier['validationUrl']))
    .find((link) => link !== undefined && /^https?:\/\//.test(link))
  const next = url === undefined ? sheet.advice : `Open ${url} with this account, do what it asks, and log in again.`
  return new LoginError(
    'not-eligible',
    `${sheet.title} may not be used with this account. Google says: ${[...new Set(reasons(loaded))].join(' ')} ${next}`,
    url === undefined ? {} : { url },
  )
}

function refused(sheet: CodeAssistSheet, answer: VendorAnswer): LoginError {
  const { words, code } = errorOf(answer.json)
  const link = /https:\/\/[^\s"']+/.exec(detailLink(answer.json) ?? words)?.[0]
  const known = answer.status === 403 ? 'not-eligible' : 'refused'
  return new LoginError(
    known,
    `${sheet.title} answered ${answer.status}${words || code ? `: ${plain(words || code)}` : ''}. ${answer.status === 403 ? sheet.advice : 'Try again later.'}`,
    link === undefined ? {} : { url: link },
  )
}

/** google.rpc's ErrorInfo carries the verification link (domain.md 1.3, `VALIDATION_REQUIRED`). */
function detailLink(json: VendorAnswer['json']): string | undefined {
  return list(fieldsOf(json['error'])['details'])
    .map((detail) => textOf(fieldsOf(detail['metadata'])['validation_url']))
    .find((link) => link !== undefined)
}
