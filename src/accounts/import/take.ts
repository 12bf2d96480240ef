/** From something found to a login that can be kept: whose it is, what the API wants beside it, and who refreshes it. */
import { readFile, rename } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { Tokens } from '../login-record.ts'
import { type FlowContext, LoginError, type LoginFlow, type RefreshRecipe } from '../oauth/flow.ts'
import type { LoggedIn } from '../oauth/session.ts'
import { refreshOnce, renewed } from '../oauth/token.ts'
import { jsonObject } from './bounded.ts'
import { readSource } from './find.ts'
import { type HowTaken, isSingleUse } from './meaning.ts'
import type { Candidate, Places } from './types.ts'

/** A token that ends sooner is not asked with. */
const ALIVE_MS = 60_000

export interface TakenLogin extends LoggedIn {
  warnings: readonly string[]
}

/**
 * Completes a candidate. The vendor is asked only with a token that is alive, and only for what the files do not tell;
 * a single-use refresh token is left for the refresh that knows how to keep what it brings.
 * @param recipe for tokens that may be refreshed here and now (Google's); undefined: never refresh.
 * @throws {LoginError} `not-eligible`, `input`: the account cannot be used as it is.
 */
export async function takeCandidate(
  flow: LoginFlow,
  context: FlowContext,
  candidate: Candidate,
  how: HowTaken,
  recipe?: RefreshRecipe,
): Promise<TakenLogin> {
  const warnings: string[] = []
  let { tokens, identity } = candidate
  if (
    !alive(tokens, context.now()) &&
    how === 'moved' &&
    recipe !== undefined &&
    tokens.refreshToken !== undefined &&
    !isSingleUse(candidate.provider)
  ) {
    const verdict = await refreshOnce(recipe, tokens.refreshToken, context.http, context.now)
    if (verdict.is === 'dead')
      throw new LoginError(
        'dead',
        `The login at ${candidate.from} is not taken any more: ${verdict.reason} Log in again instead.`,
      )
    if (verdict.is === 'fresh') tokens = renewed(tokens, verdict.fresh)
    else warnings.push(`It could not be refreshed now: ${verdict.reason}`)
  }
  if (alive(tokens, context.now())) {
    if (!candidate.known) identity = await whoever(flow, context, candidate, tokens, warnings)
    tokens = detailed(tokens, identity.details)
    if (flow.prepare !== undefined && tokens.details['project'] === undefined) {
      identity = await flow.prepare(tokens, identity, context)
      tokens = detailed(tokens, identity.details)
    }
  } else if (flow.prepare !== undefined && tokens.details['project'] === undefined) {
    warnings.push(
      'Its token has ended, so its project could not be asked for: log in again if requests are refused for want of one.',
    )
  }
  tokens = detailed(tokens, { ...identity.details, ...tokens.details })
  return { tokens: how === 'borrowed' ? withoutRefresh(tokens) : tokens, identity, warnings }
}

const alive = (tokens: Tokens, now: number): boolean =>
  tokens.expiresAt === undefined || tokens.expiresAt - now > ALIVE_MS

const detailed = (tokens: Tokens, details: Readonly<Record<string, string>> = {}): Tokens => ({
  ...tokens,
  details: { ...tokens.details, ...details },
})

/** What is not ours to refresh is not kept where it could be. */
function withoutRefresh(tokens: Tokens): Tokens {
  const { refreshToken: _, ...rest } = tokens
  return rest
}

async function whoever(
  flow: LoginFlow,
  context: FlowContext,
  candidate: Candidate,
  tokens: Tokens,
  warnings: string[],
) {
  try {
    // Nobody is asked for a name here: what was found has one.
    return await flow.identify(
      tokens,
      {},
      { ...context, ask: undefined, label: context.label ?? candidate.identity.label },
    )
  } catch (error) {
    if (!(error instanceof LoginError) || error.code === 'cancelled') throw error
    warnings.push(`Whose account it is could not be asked: ${error.message}`)
    return candidate.identity
  }
}

/**
 * The tokens of a borrowed login as its owner's file has them now, without the refresh token; undefined: gone.
 * @param subject whose login it was: when somebody else has logged in there since, it is not this one any more.
 */
export async function rereadBorrowed(
  provider: string,
  from: string,
  places: Places,
  subject?: string,
): Promise<Tokens | undefined> {
  const candidate = await readSource(provider, from, places)
  if (candidate === undefined) return undefined
  const now = candidate.identity.subject
  // A Google login may have its project behind the address.
  const other = subject !== undefined && candidate.known && subject !== now && !subject.startsWith(`${now}/`)
  return other ? undefined : withoutRefresh(candidate.tokens)
}

/**
 * After a move of a single-use login: puts the old file out of its program's reach, so that the two do not end each
 * other's login. Only a file that holds this login and nothing else, and still holds it.
 * @returns the file's new name; undefined: it was left, and its owner has to be told.
 */
export async function retire(candidate: Candidate): Promise<string | undefined> {
  if (
    !isSingleUse(candidate.provider) ||
    !candidate.canRefresh ||
    !isAbsolute(candidate.from) ||
    !candidate.from.endsWith('.json')
  )
    return undefined
  const json = jsonObject(await readFile(candidate.from, 'utf8').catch(() => ''))
  if (json === undefined) return undefined
  // Claude Code keeps its logins to tool servers in the same file.
  if (json['claudeAiOauth'] !== undefined && Object.keys(json).length > 1) return undefined
  if (!JSON.stringify(json).includes(JSON.stringify(candidate.tokens.refreshToken))) return undefined
  const to = `${candidate.from}.moved-to-logicaproxy`
  try {
    await rename(candidate.from, to)
    return to
  } catch {
    return undefined
  }
}
