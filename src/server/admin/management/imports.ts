/** Logins of other programs on this machine: found, explained, moved or borrowed (accounts/import). */
import { hash } from 'node:crypto'
import type { Candidate } from '../../../accounts/import/types.ts'
import type { ManagementContext } from './context.ts'
import type { Candidates, CandidateView, Imported, ImportStart } from './contract.ts'
import { invalid, ManagementError, notFound, unavailable } from './errors.ts'
import { strip } from './views/account-view.ts'

/** Loaded when somebody looks: a server at work does not need it. */
async function rooms() {
  const [find, meaning, take, keyring, context, recipe] = await Promise.all([
    import('../../../accounts/import/find.ts'),
    import('../../../accounts/import/meaning.ts'),
    import('../../../accounts/import/take.ts'),
    import('../../../accounts/import/keyring.ts'),
    import('../../../accounts/oauth/context.ts'),
    import('../../../accounts/oauth/recipe.ts'),
  ])
  return { ...find, ...meaning, ...take, ...keyring, ...context, ...recipe }
}

const idOf = ({ provider, from }: Candidate): string => hash('sha256', `${provider}\n${from}`, 'hex').slice(0, 24)
const nameOf = ({ identity }: Candidate): string => identity.label ?? identity.email ?? identity.subject

async function found(context: ManagementContext) {
  const { findLogins, placesHere, openKeyring } = await rooms()
  const places = placesHere(context.env)
  const keyring = await openKeyring(process.platform, context.env)
  if (keyring !== undefined) places.keyring = keyring
  return await findLogins(places, context.dataDir === undefined ? [] : [context.dataDir])
}

export async function findCandidates(context: ManagementContext): Promise<Candidates> {
  if (context.logins === undefined) return { candidates: [], notes: [] }
  const { meaningOf } = await rooms()
  const { candidates, notes } = await found(context)
  const { providers } = context.gateway.snapshot
  return {
    candidates: candidates.flatMap((candidate): CandidateView[] => {
      const { provider, identity, from, expiresAt, canRefresh, warnings } = candidate
      const flow = providers.get(provider)?.login
      if (flow === undefined) return []
      return [
        strip({
          id: idOf(candidate),
          provider,
          title: flow.title,
          label: nameOf(candidate),
          email: identity.email,
          plan: identity.plan,
          from,
          expiresAt,
          canRefresh,
          warnings: warnings.map(context.scrub),
          move: meaningOf(provider, 'moved', canRefresh),
          borrow: meaningOf(provider, 'borrowed', canRefresh),
          policy: { ...flow.policy },
        }),
      ]
    }),
    notes: notes.map(({ from, words }) => ({ from, words: context.scrub(words) })),
  }
}

/** @throws {ManagementError} {LoginError} {StoreError} {VaultError} */
export async function takeFound(context: ManagementContext, { id, how, acknowledge }: ImportStart): Promise<Imported> {
  const { logins, gateway, env, now } = context
  if (logins === undefined) throw unavailable('Nothing is kept on this machine, so no login can be taken over.')
  const { takeCandidate, retire, isSingleUse, meaningOf, createFlowContext, refreshRecipe } = await rooms()
  const candidate = (await found(context)).candidates.find((one) => idOf(one) === id)
  const flow = candidate && gateway.snapshot.providers.get(candidate.provider)?.login
  if (candidate === undefined || flow === undefined) throw notFound('That login is not there any more: look again.')
  const { provider, tokens, facts } = candidate
  if ((flow.policy.state === 'restricted' || flow.policy.state === 'discontinued') && acknowledge !== true)
    throw invalid(
      `${flow.title} is ${flow.policy.state}: ${flow.policy.note} Take it over only once this was read and acknowledged.`,
      'acknowledge',
    )
  for (const secret of [tokens.accessToken, tokens.refreshToken, tokens.idToken])
    if (secret !== undefined) context.learn(secret)
  const proxyUrl = facts?.proxyUrl
  const { config } = gateway.snapshot
  const flowContext = await createFlowContext({
    provider,
    // A borrowed login is never refreshed, so the secret of a client is of no use to it.
    flow: how === 'borrowed' ? { ...flow, secret: undefined } : flow,
    config,
    env,
    now,
    details: tokens.details,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  })
  try {
    const recipe =
      how === 'moved' && !isSingleUse(provider)
        ? await refreshRecipe(provider, flow, config, flowContext, tokens.details, env)
        : undefined
    const taken = await takeCandidate(flow, flowContext, candidate, how, recipe)
    const record = await logins
      .add(provider, taken.tokens, taken.identity, {
        origin: { how, from: candidate.from, at: now() },
        ...(acknowledge === true ? { acknowledgedAt: now() } : {}),
        ...(proxyUrl === undefined ? {} : { proxyUrl }),
      })
      .catch((error: unknown) => {
        throw error instanceof Error && error.constructor === Error
          ? new ManagementError(409, 'conflict', error.message)
          : error
      })
    if (facts !== undefined && Object.keys(facts).length > 0) await logins.change(record.id, facts)
    const warnings = [...taken.warnings]
    if (how === 'moved' && isSingleUse(provider) && candidate.canRefresh) {
      const to = await retire(candidate)
      warnings.push(
        to !== undefined
          ? `Its file was renamed to ${to}, so that no other program refreshes this login.`
          : `${candidate.from} still holds this login: let no other program use it, or log in there anew.`,
      )
    }
    return {
      accountId: record.id,
      words: `${nameOf(candidate)} was ${how}. ${meaningOf(provider, how, candidate.canRefresh)}`,
      warnings: warnings.map(context.scrub),
    }
  } finally {
    await flowContext.close()
  }
}
