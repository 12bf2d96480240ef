/** Step 5 of the road: the lane a request takes to one seat, and what is sent there. */
import type { Credential } from '../accounts/account.ts'
import type { Seat } from '../accounts/pool.ts'
import type { Loss } from '../hub/loss.ts'
import { mayHoldWrapped } from '../hub/signature.ts'
import type { Json, TargetModel } from '../protocols/codec.ts'
import { parseExact, stringifyExact } from '../protocols/exact-json.ts'
import type { Emulation, Forgetting, Protocol } from '../protocols/protocol.ts'
import { modelFacts } from '../providers/families.ts'
import type { Outgoing, UpstreamRequest, Vessel } from '../providers/provider.ts'
import { splice } from '../wire/peek.ts'
import { type Carrier, eventsCarrier, eventsOfArray, jsonArrayCarrier } from './carrier.ts'
import type { Lane } from './events.ts'
import type { InboundRequest } from './exchange.ts'
import { forwardable } from './headers.ts'
import type { Wanting } from './media.ts'
import type { Matched, Reading } from './reading.ts'
import type { SealedMemory } from './sealed-memory.ts'
import type { Snapshot } from './snapshot.ts'
import { createTranslator, type Translator, type TranslatorContext } from './translate.ts'

/** An answer the road knows by itself: a count of tokens for a dialect that cannot count. */
export interface Known {
  answer: Buffer
  lane: Lane
}

export interface Prepared {
  request: UpstreamRequest
  lane: Lane
  /** The dialect the upstream is spoken to in. */
  dialect: Protocol
  /** Absent: the answer travels as the bytes it comes in. */
  carrier?: Carrier
  /** Makes the stream that was asked for of an answer that came whole. */
  streamed?(body: Buffer): Buffer
  losses: readonly Loss[]
  /** Size of a translated request, for calibrating estimates. */
  size?: number
  /** Set when the action is carried out by generating, because the seat does not have it. */
  emulated?: string
  /** Takes the vendor's envelope off what comes back. */
  open?(json: string): string | undefined
  /** The answer comes as a stream though the client wants it whole. */
  gathers?: boolean
  /** Whether the same account has another way after a failure (`Vessel.turn`). */
  turn?: Vessel['turn']
}

/** What of one attempt differs from the next, beside its seat. */
export interface Manner {
  credential: Credential
  /** The seat has shown that it lacks the action. */
  emulates: boolean
  /** The vendor does not take back the reasoning state in the request: it goes without. */
  forgets: boolean
  /** The conversation's key, where one is known. */
  session: string | undefined
}

/** A request said, but not yet addressed: as bytes, or as JSON that is still to be written. */
type Said = Omit<Prepared, 'request' | 'dialect' | 'losses'> & { losses?: readonly Loss[] } & (
    | { body: Buffer; json?: undefined }
    | { json: Json; body?: undefined }
  )

/**
 * Prepares requests for the seats of one call.
 * @throws {FailureError} from the returned function if the request cannot be said in the seat's dialect;
 *   {SyntaxError} if its JSON is broken deeper than the peek looked.
 */
export function createPreparer(
  snapshot: Snapshot,
  matched: Matched,
  request: InboundRequest,
  reading: Reading,
  borrowed: Pick<TranslatorContext, 'now' | 'estimator' | 'memory'> & { sealed?: SealedMemory },
): (seat: Seat, manner: Manner) => Prepared | Known | Wanting {
  const { protocol } = matched
  const action = matched.route.action as Outgoing['action']
  const counts = action === 'count-tokens'
  let forwarded: string[] | undefined
  let translator: Translator | undefined

  return (seat, manner) => {
    const { account, model } = seat
    const { emulates, credential } = manner
    const provider = snapshot.providers.get(account.provider)!
    const vessel = provider.vessel?.(account)
    const speaks = account.speaks.includes(protocol.id)
    const native = speaks && reading.bodyDialect === undefined
    const dialect = speaks ? protocol : snapshot.protocols.get(account.speaks[0]!)!
    forwarded ??= forwardable(request.rawHeaders)
    const emulation = action === 'compact' && (emulates || !native) ? protocol.compaction : undefined
    const said =
      emulation !== undefined
        ? inPlace(emulation, seat, native ? undefined : dialect)
        : native
          ? sameDialect(seat)
          : translated(seat, dialect)
    if ('answer' in said || 'wants' in said) return said
    const asked = emulation === undefined ? action : 'generate'
    const gathers = vessel?.streamsOnly === true && asked === 'generate' && !reading.stream
    const editor = vessel?.asIs ? undefined : vessel
    const knows = request.keepsState !== true && borrowed.sealed?.refusedBy(account.id) !== undefined
    const laden =
      editor === undefined && !manner.forgets && !knows ? said : lade(said, editor, seat, dialect, manner, asked)
    const upstream = provider.request(
      {
        protocol: dialect.id,
        action: asked,
        model,
        stream: reading.stream || gathers,
        query: native ? request.query : '',
        headers: native ? forwarded : [],
        session: manner.session,
        body: laden.body ?? Buffer.from(stringifyExact(laden.json)),
      },
      vessel?.at ?? account,
      credential,
    )
    const carrier = laden.carrier ?? (gathers ? translatorOf().gather(dialect, targetOf(seat)) : undefined)
    const reframes = vessel?.open !== undefined && reading.stream
    return {
      ...laden,
      carrier: carrier ?? (reframes ? eventsCarrier() : undefined),
      request: upstream,
      dialect,
      losses: laden.losses ?? [],
      open: vessel?.open,
      gathers,
      turn: vessel?.turn,
    }
  }

  /** What the vendor asks of a body beyond its dialect. */
  function lade(
    said: Said,
    vessel: Vessel | undefined,
    seat: Seat,
    dialect: Protocol,
    { credential, forgets, session }: Manner,
    asked: Outgoing['action'],
  ): Said {
    let json = said.json ?? (parseExact(said.body.toString('utf8').replace(/^\ufeff/, '')) as Json)
    if (dialect.forgetting !== undefined) json = unsealed(json, dialect.forgetting, seat.account.id, forgets)
    const lane = said.lane === 'pass-through' ? 'native' : said.lane
    if (vessel === undefined) return { ...said, body: undefined, json, lane }
    const { account, model } = seat
    const { id } = request
    const stream = reading.stream
    const context = { protocol: dialect.id, action: asked, model, stream, account, credential, id, session }
    const edited = vessel.edit(json, context)
    return { ...said, body: undefined, json: edited.body, lane, losses: [...(said.losses ?? []), ...edited.losses] }
  }

  /** Without the sealed reasoning that the account is known not to take back; all of it goes where that has just shown. */
  function unsealed(json: Json, forgetting: Forgetting, accountId: string, all: boolean): Json {
    if (all) {
      borrowed.sealed?.refuse(accountId, forgetting.states(json))
      return forgetting.body(json)
    }
    // The asker itself goes on without such state where it keeps the conversation.
    const picks = request.keepsState === true ? undefined : borrowed.sealed?.refusedBy(accountId)
    return picks === undefined ? json : forgetting.body(json, picks)
  }

  /** Untouched, with the model's name spliced in, or changed by the operator's rules. */
  function sameDialect(seat: Seat): Said {
    const span = reading.spans.get('model')
    const renamed = span !== undefined && matched.model === undefined && seat.model !== reading.asked
    const carrier = reading.stream && reading.framing === 'json-array' ? jsonArrayCarrier() : undefined
    // Some upstreams do not stream, whatever they are asked.
    const streamed =
      reading.stream && reading.framing === 'sse' && protocol.codec !== undefined
        ? (whole: Buffer) => eventsOfArray(whole) ?? translatorOf().to(protocol, targetOf(seat)).carrier.whole!(whole)
        : undefined
    const steps = rulesFor(seat, protocol)
    // State of other vendors, wrapped for this client when they answered it, means nothing to this one.
    const edited = protocol.codec !== undefined && (reading.depth !== undefined || mayHoldWrapped(request.body))
    if (steps.length > 0 || edited) {
      const { json, losses } = edited ? sayAgain(seat) : { json: parsedBody(), losses: undefined }
      if (renamed) json['model'] = seat.model
      for (const step of steps) step(json)
      return { json, lane: 'native', carrier, losses, streamed }
    }
    const body = renamed ? splice(request.body, span, JSON.stringify(seat.model)) : request.body
    return { body, lane: 'pass-through', carrier, streamed }
  }

  function parsedBody(): Json {
    return parseExact(request.body.toString('utf8').replace(/^\ufeff/, '')) as Json
  }

  /** The request decoded and encoded in its own dialect. */
  function sayAgain(seat: Seat): { json: Json; losses?: Loss[] } {
    const again = translatorOf()
    const target = targetOf(seat)
    if (!counts) return again.to(protocol, target)
    const counted = again.count(protocol, target)
    return 'json' in counted ? counted : { json: parsedBody() }
  }

  function translatorOf(): Translator {
    const said = reading.bodyDialect === undefined ? protocol : snapshot.protocols.get(reading.bodyDialect)!
    translator ??= createTranslator({ asks: said, reads: protocol }, request.body, reading, {
      ...borrowed,
      counts,
      client: request.client.name,
    })
    return translator
  }

  /** What is known of a seat's model; the operator's own word (`thinking.levels`) goes before what its name suggests. */
  function targetOf({ account, model }: Seat): TargetModel {
    // The same name may be another thing at another vendor: its own word goes first.
    const own = snapshot.providers.get(account.provider)
    const known = (own && modelFacts([own], model)) ?? modelFacts(snapshot.providers.values(), model)
    const efforts = account.models?.find(({ upstream }) => upstream === model)?.efforts
    if (efforts === undefined || efforts.length === 0)
      return { model, reasoning: known?.reasoning, reasons: known?.reasons, maxOutput: known?.maxOutput }
    return { model, reasoning: { by: 'effort', levels: efforts }, maxOutput: known?.maxOutput }
  }

  function translated(seat: Seat, dialect: Protocol): Said | Known | Wanting {
    const translator = translatorOf()
    const target = targetOf(seat)
    const lane: Lane = 'translate'
    const policy = snapshot.remoteMedia
    const wants = policy === undefined ? [] : translator.wants(dialect)
    if (policy !== undefined && wants.length > 0) return { wants, policy, hold: translator.hold }
    if (counts) {
      const counted = translator.count(dialect, target)
      if ('estimate' in counted) return { answer: counted.estimate, lane }
      return { json: counted.json, lane, carrier: counted.carrier, losses: [] }
    }
    const { json, losses, carrier } = translator.to(dialect, target)
    for (const step of rulesFor(seat, dialect)) step(json)
    return { json, lane, carrier, losses, size: translator.size }
  }

  /** Something is generated in place of an action the seat does not have. @param dialect set where it is translated. */
  function inPlace(emulation: Emulation, seat: Seat, dialect: Protocol | undefined) {
    const json = emulation.request(parseExact(request.body.toString('utf8').replace(/^\ufeff/, '')) as Json)
    const carrier = (inner?: Carrier): Carrier => ({
      event: () => '',
      end: () => '',
      whole: (body) => emulation.answer(inner?.whole?.(body) ?? body, Math.floor(borrowed.now() / 1000)),
    })
    const emulated = emulation.name
    if (dialect === undefined) {
      json['model'] = seat.model
      for (const step of rulesFor(seat, protocol)) step(json)
      return { json, lane: 'native' as Lane, carrier: carrier(), emulated }
    }
    // A translator of its own: the ordinary one holds the request as it was asked.
    translator ??= createTranslator({ asks: protocol, reads: protocol }, Buffer.from(stringifyExact(json)), reading, {
      ...borrowed,
      counts,
      client: request.client.name,
    })
    const said = translated(seat, dialect) as Said | Wanting
    if ('wants' in said) return said
    return { ...said, carrier: carrier(said.carrier), emulated }
  }

  function rulesFor(seat: Seat, dialect: Protocol) {
    if (snapshot.payload.empty) return []
    return snapshot.payload.applicable({
      models: [seat.model, reading.model],
      protocol: dialect.id,
      from: protocol.id,
      header: request.header,
    })
  }
}
