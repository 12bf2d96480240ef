/** Which account a model would go to now, and why not the others. Reads living state, changes nothing. */
import type { Standing as PoolStanding } from '../../../../accounts/pool.ts'
import type { ProtocolId } from '../../../../hub/protocol-id.ts'
import type { ManagementContext } from '../context.ts'
import type { Standing, Why } from '../contract.ts'
import { invalid } from '../errors.ts'
import { toldView } from './told-view.ts'

export interface WhyQuery {
  model: string
  protocol?: string | undefined
  pin?: string | undefined
  session?: string | undefined
}

/** @throws {ManagementError} `invalid` for a dialect or provider there is none of. */
export function explainModel(context: ManagementContext, { model, protocol, pin, session }: WhyQuery): Why {
  const { gateway, scrub } = context
  const { registry, protocols, config, strategy } = gateway.snapshot
  if (protocol !== undefined && !protocols.has(protocol as ProtocolId))
    throw invalid(
      `There is no dialect "${protocol.slice(0, 60)}". There are: ${[...protocols.keys()].join(', ')}.`,
      'protocol',
    )
  const pinned = pin === undefined ? undefined : registry.pinned(pin)
  if (pin !== undefined && pinned === undefined) throw invalid(`There is no provider "${pin.slice(0, 60)}".`, 'pin')
  const dialects = protocol === undefined ? [...protocols.keys()] : [protocol as ProtocolId]
  const names = [model, ...(Object.hasOwn(config.fallback, model) ? config.fallback[model]! : [])]
  const targets = names.map((name) => {
    const seen = new Map<string, Standing>()
    for (const dialect of dialects)
      for (const translated of [false, true]) {
        const filter = { protocol: dialect, ...(pinned === undefined ? {} : { pin: pinned }) }
        const candidates = translated ? registry.findForeign(name, filter) : registry.find(name, filter)
        if (candidates.length === 0) continue
        for (const standing of gateway.pool.explain(candidates, {
          rotation: name,
          ...(session === undefined ? {} : { session }),
        })) {
          const key = `${standing.accountId}|${standing.model}`
          if (!seen.has(key) || !translated) seen.set(key, scrubbed({ ...standing, translated }, scrub))
        }
      }
    return { model: name, standings: [...seen.values(), ...absent(context, name, seen)] }
  })
  return {
    model,
    strategy,
    words: wordsOf(model, targets),
    targets: targets.filter((t, i) => i === 0 || t.standings.length > 0),
  }
}

/** A vendor's words, quoted, may hold what must not show. */
function scrubbed(
  { parts, ...standing }: PoolStanding & { translated: boolean },
  scrub: (text: string) => string,
): Standing {
  return {
    ...standing,
    because: scrub(standing.because),
    ...(parts === undefined ? {} : { parts: toldView(parts, scrub) }),
  }
}

/** The logins that would serve it, were they not switched off or in need of a login. */
function absent(
  { logins, gateway, scrub }: ManagementContext,
  model: string,
  seen: ReadonlyMap<string, Standing>,
): Standing[] {
  const present = new Set([...seen.values()].map(({ accountId }) => accountId))
  return (logins?.records() ?? []).flatMap((record): Standing[] => {
    const { facts } = record
    const provider = gateway.snapshot.providers.get(record.provider)
    if (present.has(record.id) || provider === undefined) return []
    const list = facts.models?.map(({ name }) => name) ?? (provider.loginModels ?? provider.models).map(({ id }) => id)
    if (!list.includes(model)) return []
    const [is, because] =
      facts.state.is === 'needs-login'
        ? (['needs-login', `needs a login: ${facts.state.reason}`] as const)
        : facts.disabled
          ? (['disabled', 'switched off'] as const)
          : (['excluded', 'this model is excluded for it'] as const)
    return [
      {
        accountId: record.id,
        label: facts.label,
        provider: record.provider,
        model,
        priority: facts.priority,
        is,
        because: scrub(because),
        inFlight: 0,
        quotaLeft: 1,
        translated: false,
      },
    ]
  })
}

function wordsOf(model: string, targets: Why['targets']): string {
  const all = targets.flatMap(({ standings }) => standings)
  if (all.length === 0) return `No account serves "${model}". GET /v1/models lists what is served.`
  const bound = all.find((s) => s.bound === true && s.is === 'usable')
  const usable = all.filter(({ is }) => is === 'usable')
  if (bound !== undefined) return `${bound.label} gets it: the conversation is already there.`
  const probe = all.find(({ is }) => is === 'probe')
  if (usable.length === 0 && probe !== undefined) return `${probe.label} is tried, to see whether it has recovered.`
  if (usable.length === 0)
    return `Nobody can answer now: ${all
      .map((s) => `${s.label} ${s.because}`)
      .slice(0, 3)
      .join('; ')}.`
  if (usable.length === 1) return `${usable[0]!.label} gets it: it is the only one that can be used.`
  return `One of ${usable.length} accounts gets it: ${usable
    .map(({ label }) => label)
    .slice(0, 5)
    .join(', ')}.`
}
