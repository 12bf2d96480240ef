/** Keys of the clients. What a key is stands in accounts/client-keys.ts; the key itself passes here once, when it is made. */
import type { ClientKeyRecord, ClientKeys } from '../../../../accounts/client-keys.ts'
import { KeyError } from '../../../../accounts/client-keys.ts'
import { clientDigests } from '../auth/secrets.ts'
import type { ClientKeyView, KeyLimits } from '../contract.ts'
import { ManagementError, unavailable } from '../errors.ts'
import { strip } from '../views/account-view.ts'
import { type Handlers, type Tools, whoOf } from './handler.ts'

type Ids = 'keys' | 'createKey' | 'changeKey' | 'rotateKey' | 'revokeKey'

export function keyHandlers({ context, audit, events }: Tools): Handlers<Ids> {
  function keys(): ClientKeys {
    if (context.keys === undefined) throw unavailable('Keys are kept by the program that embeds this gateway.')
    return context.keys
  }

  async function told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      throw new ManagementError(STATUS[error.code] ?? 400, CODES[error.code] ?? 'invalid', error.message)
    }
  }

  function known(id: string | undefined): ClientKeyView {
    const found = keys()
      .records()
      .find((record) => record.id === id)
    if (found === undefined)
      throw new ManagementError(404, 'not-found', 'There is no such client key; it may have been revoked meanwhile.')
    return viewOf(found)
  }

  return {
    keys: () => ({
      keys: (context.keys?.records() ?? []).map(viewOf),
      open: context.keys?.open ?? clientDigests(context.gateway.snapshot.config).size === 0,
    }),
    async createKey({ body, actor, caller }) {
      const { name, models, limits, expiresAt, note, keepBodiesMs } = body
      const { key, record } = await told(
        keys().create(
          strip({
            name,
            models: models ?? undefined,
            limits: withoutNull(limits),
            expiresAt: expiresAt ?? undefined,
            note: note ?? undefined,
            keepsBodiesMs: keepBodiesMs ?? undefined,
          }),
        ),
      )
      context.learn(key)
      const entry = viewOf(record)
      await audit.done(whoOf(actor, caller), 'key.create', entry.name, `The client key "${entry.name}" was made.`, {
        after: settingsOf(entry),
      })
      events.publish({ type: 'keys' })
      return { key, entry }
    },
    async changeKey({ params, body, actor, caller }) {
      const before = known(params['id'])
      const { disabled, keepBodiesMs, limits, ...rest } = body
      const record = await told(
        keys().change(
          before.id,
          strip({
            ...rest,
            limits: limits === undefined ? undefined : strip(limits),
            enabled: disabled === undefined ? undefined : !disabled,
            keepsBodiesMs: keepBodiesMs,
          }),
        ),
      )
      const after = viewOf(record)
      await audit.done(whoOf(actor, caller), 'key.change', after.name, `The client key "${before.name}" was changed.`, {
        before: settingsOf(before),
        after: settingsOf(after),
      })
      events.publish({ type: 'keys' })
      return after
    },
    async rotateKey({ params, body, actor, caller }) {
      const before = known(params['id'])
      const { key, record } = await told(keys().rotate(before.id, body.graceMs))
      context.learn(key)
      await audit.done(
        whoOf(actor, caller),
        'key.rotate',
        before.name,
        `The client key "${before.name}" was replaced${body.graceMs > 0 ? `; the old one is taken ${Math.round(body.graceMs / 60_000)} minutes more` : ''}.`,
      )
      events.publish({ type: 'keys' })
      return { key, entry: viewOf(record) }
    },
    async revokeKey({ params, actor, caller }) {
      const before = known(params['id'])
      await told(keys().revoke(before.id))
      await audit.done(
        whoOf(actor, caller),
        'key.revoke',
        before.name,
        `The client key "${before.name}" was revoked.`,
        { before: settingsOf(before) },
      )
      events.publish({ type: 'keys' })
      return { ok: true, message: `"${before.name}" is not taken any more.` }
    },
  }
}

const STATUS: Readonly<Record<string, number>> = {
  unknown: 404,
  'read-only': 409,
  taken: 409,
  conflict: 409,
  invalid: 400,
}
const CODES: Readonly<Record<string, string>> = {
  unknown: 'not-found',
  'read-only': 'in-config',
  taken: 'conflict',
  conflict: 'conflict',
}

function withoutNull(limits: KeyLimits | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
}

export function viewOf(record: ClientKeyRecord): ClientKeyView {
  const { used } = record
  return strip({
    id: record.id,
    name: record.name,
    source: record.source,
    hint: record.hint,
    models: record.models === undefined ? undefined : [...record.models],
    limits: { ...record.limits },
    expiresAt: record.expiresAt,
    disabled: !record.enabled,
    note: record.note,
    keepBodiesMs: record.keepsBodiesMs,
    createdAt: record.createdAt,
    lastUsedAt: record.lastUsedAt,
    rotatedAt: record.rotatedAt,
    graceUntil: record.graceUntil,
    used: {
      requestsThisMinute: used.requestsThisMinute,
      tokensThisMinute: used.tokensThisMinute,
      tokensToday: used.tokensToday,
      microsToday: used.microsToday,
      microsThisMonth: used.microsThisMonth,
      inFlight: used.inFlight,
      requests: used.requestsThisMonth,
    },
    refusals: record.refusals,
    lastRefusal: record.lastRefusal,
    unpriced: record.unpriced,
  })
}

const settingsOf = ({ models, limits, expiresAt, disabled, note, keepBodiesMs }: ClientKeyView) =>
  strip({ models, limits, expiresAt, disabled, note, keepBodiesMs })
