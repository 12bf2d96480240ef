/** `logicaproxy import`: shows what is on this machine, says what taking it means, and takes what its owner chose. */
import { findIn, findLogins, placesHere } from '../accounts/import/find.ts'
import { openKeyring } from '../accounts/import/keyring.ts'
import { type HowTaken, isSingleUse, meaningOf } from '../accounts/import/meaning.ts'
import { retire, takeCandidate } from '../accounts/import/take.ts'
import type { Candidate, Found, Places } from '../accounts/import/types.ts'
import type { LoginRecord } from '../accounts/login-record.ts'
import { createFlowContext } from '../accounts/oauth/context.ts'
import { LoginError } from '../accounts/oauth/flow.ts'
import { refreshRecipe } from '../accounts/oauth/recipe.ts'
import type { OpenAccounts } from '../accounts/open.ts'
import { expandHome } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { spell } from './account-view.ts'
import type { ImportCliOptions } from './import.ts'
import { type Lines, readLines } from './lines.ts'
import { accountData, acknowledged, here, type Surroundings } from './login-run.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { loginProviders, providerNamed, readConfig, withAccounts } from './with-accounts.ts'

/** @throws {CommandError} */
export async function importLogins(out: Output, options: ImportCliOptions, at: Surroundings = here()): Promise<void> {
  if (options.move && options.borrow)
    throw new CommandError('A login is either moved or borrowed: choose --move or --borrow.', EXIT.usage)
  const config = await readConfig(options.config)
  const places: Places = placesHere(at.env)
  if (options.keyring !== false) {
    const keyring = await openKeyring(at.platform, at.env)
    if (keyring !== undefined) places.keyring = keyring
  }
  const only = options.provider === undefined ? undefined : providerNamed(options.provider).id
  const authDir = expandHome(config['auth-dir'], at.env)
  const found =
    options.from === undefined
      ? await findLogins(places, [authDir], only)
      : await findIn(expandHome(options.from, at.env), places, only)
  show(out, found)
  if (found.candidates.length === 0 || options.dryRun) return
  const how: HowTaken | undefined = options.move ? 'moved' : options.borrow ? 'borrowed' : undefined
  if (how === undefined && (!at.interactive || out.json)) {
    out.talk(
      'Nothing was changed. Add --move or --borrow to take them (with --provider, if only one), or run this in a terminal to be asked for each.',
    )
    return
  }
  const lines = readLines(at.input, at.interactive, (question) => out.talk(question))
  try {
    await withAccounts(out, options, (accounts) => takeAll(out, options, found, how, accounts, config, lines, at))
  } finally {
    lines.close()
  }
}

function show(out: Output, { candidates, notes }: Found): void {
  const now = Date.now()
  for (const candidate of candidates) {
    const { provider, identity, from, expiresAt, canRefresh, warnings } = candidate
    const life =
      expiresAt === undefined ? '' : expiresAt <= now ? ', token ended' : `, token for ${spell(expiresAt - now)}`
    out.line(
      `${out.bold(identity.label ?? identity.email ?? identity.subject)}  ${provider}${identity.plan ? `, ${identity.plan}` : ''}${life}${canRefresh ? '' : ', cannot be refreshed'}`,
    )
    out.line(out.dim(`    ${from}`))
    for (const warning of warnings) out.line(`    ${warning}`)
    out.data({
      event: 'found',
      provider,
      label: identity.label,
      email: identity.email,
      plan: identity.plan,
      from,
      expiresAt,
      canRefresh,
      warnings,
      move: meaningOf(provider, 'moved', canRefresh),
      borrow: meaningOf(provider, 'borrowed', canRefresh),
    })
  }
  for (const { from, words } of notes) out.talk(`${from}: ${words}`)
  out.data({ event: 'searched', found: candidates.length, notes })
  if (candidates.length === 0) out.line('There are no logins of other programs to take over.')
}

async function takeAll(
  out: Output,
  options: ImportCliOptions,
  found: Found,
  fixed: HowTaken | undefined,
  accounts: OpenAccounts,
  config: Config,
  lines: Lines,
  at: Surroundings,
): Promise<void> {
  let failed = 0
  const acknowledgedFor = new Map<string, number | undefined>()
  for (const given of found.candidates) {
    const candidate = asWished(given, options)
    const { provider: id, identity, from } = candidate
    const provider = loginProviders.find((p) => p.id === id)
    const name = identity.label ?? identity.email ?? identity.subject
    if (provider === undefined) {
      out.talk(`${from}: this program has no login of "${id}".`)
      continue
    }
    const how = fixed ?? (await choose(out, candidate, name, lines))
    if (how === undefined) continue
    out.talk(`${name}: ${meaningOf(id, how, candidate.canRefresh)}`)
    // Nobody else refreshes what cannot be logged in to.
    if (how === 'borrowed' && provider.login.instead !== undefined) continue
    if (!acknowledgedFor.has(id))
      acknowledgedFor.set(id, await acknowledged(out, provider, options.yesIKnow === true, lines, at))
    try {
      const record = await take(out, options, candidate, how, accounts, config, acknowledgedFor.get(id), lines, at)
      out.line(`${out.good('✔')} ${how} ${out.bold(record.facts.label)}  ${record.id}`)
      out.data(accountData(record))
      if (how === 'moved') await putAway(out, options, candidate)
    } catch (error) {
      // The vault's and the store's faults stand in the way of all of them.
      if (!(error instanceof LoginError) && !(error instanceof TakenHereError)) throw error
      failed += 1
      out.talk(`${out.bad('✘')} ${name}: ${error.message}`)
      out.data({ event: 'failed', provider: id, from, reason: error.message })
    }
  }
  if (failed > 0) throw new CommandError(`${failed} of ${found.candidates.length} could not be taken.`, EXIT.failed)
}

/** A candidate with what the command line says of it: a region, a prefix. */
function asWished(candidate: Candidate, { location, prefix }: ImportCliOptions): Candidate {
  const { tokens, facts, provider } = candidate
  if (location !== undefined && !/^[a-z0-9-]{2,40}$/.test(location))
    throw new CommandError(`"${location}" is no region: us-central1, europe-west4, global …`, EXIT.usage)
  const placed =
    location === undefined || provider !== 'vertex' ? tokens : { ...tokens, details: { ...tokens.details, location } }
  return { ...candidate, tokens: placed, ...(prefix !== undefined && { facts: { ...facts, prefix } }) }
}

/** A borrowed login may not take the place of one of our own. */
class TakenHereError extends Error {}

async function choose(out: Output, candidate: Candidate, name: string, lines: Lines): Promise<HowTaken | undefined> {
  const { provider, canRefresh } = candidate
  out.talk(`\n${name} (${provider})`)
  out.talk(`  move: ${meaningOf(provider, 'moved', canRefresh)}`)
  out.talk(`  borrow: ${meaningOf(provider, 'borrowed', canRefresh)}`)
  const answer = (await lines.ask('move, borrow, or Enter to leave it:'))?.trim().toLowerCase() ?? ''
  if (answer === 'move' || answer === 'm') return 'moved'
  return answer === 'borrow' || answer === 'b' ? 'borrowed' : undefined
}

async function take(
  out: Output,
  options: ImportCliOptions,
  candidate: Candidate,
  how: HowTaken,
  { logins }: OpenAccounts,
  config: Config,
  acknowledgedAt: number | undefined,
  lines: Lines,
  at: Surroundings,
): Promise<LoginRecord> {
  const { provider: id, tokens, facts } = candidate
  const { login: flow } = providerNamed(id)
  const proxyUrl = facts?.proxyUrl
  const client = {
    provider: id,
    flow,
    config,
    env: at.env,
    details: tokens.details,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  }
  const asking = {
    ...client,
    progress: (words: string) => out.talk(words),
    ask: (question: string) => lines.ask(question),
    ...(options.project === undefined ? {} : { project: options.project }),
  }
  // A borrowed login is never refreshed, so the secret of a client is of no use to it.
  const context = await createFlowContext(
    how === 'borrowed' ? { ...asking, flow: { ...flow, secret: undefined } } : asking,
  )
  try {
    const recipe =
      how === 'moved' && !isSingleUse(id)
        ? await refreshRecipe(id, flow, config, context, tokens.details, at.env)
        : undefined
    const taken = await takeCandidate(flow, context, candidate, how, recipe)
    for (const warning of taken.warnings) out.talk(warning)
    const record = await logins
      .add(id, taken.tokens, taken.identity, {
        origin: { how, from: candidate.from, at: Date.now() },
        ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
        ...(proxyUrl === undefined ? {} : { proxyUrl }),
      })
      .catch((error: unknown) => {
        throw error instanceof Error && error.constructor === Error ? new TakenHereError(error.message) : error
      })
    return facts === undefined || Object.keys(facts).length === 0 ? record : await logins.change(record.id, facts)
  } finally {
    await context.close()
  }
}

async function putAway(out: Output, options: ImportCliOptions, candidate: Candidate): Promise<void> {
  if (!isSingleUse(candidate.provider) || !candidate.canRefresh) return
  const to = options.keepFile ? undefined : await retire(candidate)
  if (to !== undefined) out.talk(`Its file was renamed to ${to}, so that no other program refreshes this login.`)
  else out.talk(`${candidate.from} still holds this login: let no other program use it, or log in there anew.`)
}
