/** Step 3 of the road: who may answer a call, and which conversation it belongs to. */
import type { Protocol } from '../protocols/protocol.ts'
import type { Sticky } from '../routing/auto/sticky.ts'
import type { Prompt } from '../routing/classify/index.ts'
import { isPlan, type Plan, plan, type RouteMemory, type Unplanned } from '../routing/plan.ts'
import type { CallContext } from './call-context.ts'
import { atHome, type Continued, continued } from './conversations.ts'
import type { CallRecord } from './events.ts'
import type { InboundRequest } from './exchange.ts'
import type { Matched, Reading } from './reading.ts'
import { note } from './route-note.ts'
import { namedSession, sessionKey } from './session.ts'

export interface Planned {
  plan: Plan
  conversation: Continued
  /** The conversation's key; undefined where nothing tells, or nothing depends on it. */
  session: string | undefined
  /** The request holds state that only the account of its conversation can read. */
  sealed: boolean
}

/** Plans a call, or says why it cannot be answered. What the router decided is noted on the record either way. */
export function planCall(
  { snapshot, conversations, classifier, sticky }: CallContext,
  matched: Matched,
  request: InboundRequest,
  reading: Reading,
  record: CallRecord,
): Planned | Unplanned {
  const { protocol } = matched
  const conversation = continued(conversations, matched, request, reading, snapshot.limits)
  if ('kind' in conversation) return conversation
  const { body } = conversation.request
  const { spans } = conversation.reading
  const countsOnly = matched.route.action === 'count-tokens'
  const possible = plan({
    registry: snapshot.registry,
    config: snapshot.config,
    protocol: protocol.id,
    model: reading.model,
    body,
    pin: matched.pin,
    translates: protocol.codec !== undefined && (!countsOnly || protocol.codec.count !== undefined),
    classifier: classifier ?? snapshot.router.classifier,
    guards: snapshot.router.guards,
    client: request.client,
    depth: reading.depth,
    dialect: reading.bodyDialect,
    spans,
    // Counting is asked for all the time, of parts of a conversation, too: it neither follows nor leads.
    memory: countsOnly ? undefined : memoryOf(sticky, protocol, conversation),
    atAccount: conversation.elsewhere !== undefined,
  })
  if (possible.routed !== undefined) note(record, possible.routed)
  const result = isPlan(possible) ? atHome(possible, conversation, conversations, protocol) : possible
  if (!isPlan(result)) {
    record.reason = possible.routed?.reason
    // The failure lives as long as the record; what the router read of the prompt must not.
    const ended = result.kind === 'unknown-model' ? snapshot.ended(reading.model, matched.pin) : undefined
    return { ...(ended ?? result), routed: undefined }
  }
  const { candidates } = result.targets[0]!
  // Subscriptions route their caches by it, even where there is only one.
  const several = result.targets.length > 1 || candidates.length > 1
  const matters = several || candidates[0]!.account.credential.type === 'login'
  const session =
    snapshot.sessionTtlMs > 0 && matters ? sessionKey(request.header, body, spans, protocol.conversation) : undefined
  const sealed = session !== undefined && protocol.forgetting?.holds(body) === true
  return { plan: result, conversation, session, sealed }
}

/** What the conversation of a request had before, by the same key as its account. Looked for only when `auto` is asked. */
function memoryOf(sticky: Sticky, protocol: Protocol, { request, reading }: Continued): RouteMemory {
  const { body, header, client } = request
  let named: string | undefined
  let key: string | undefined
  const keyOf = (prompt: Prompt): string | undefined => {
    named ??= namedSession(header, body, reading.spans)
    key ??= named ?? sessionKey(header, body, reading.spans, protocol.conversation)
    // Programs ask on the side in the same session, without the tools: another conversation, to every cache.
    return key === undefined ? undefined : `${client.name}\n${prompt.tools > 0 ? 'tools' : ''}\n${key}`
  }
  return {
    find(prompt) {
      const full = keyOf(prompt)
      if (full === undefined) return undefined
      // Many conversations open alike ("hi"): without a name of its own the first turn belongs to none of them.
      const opens = prompt.turns <= 1 && prompt.attachments.toolResults === 0
      return named === undefined && opens ? undefined : sticky.find(full)
    },
    keep(prompt, kept) {
      const full = keyOf(prompt)
      if (full !== undefined) sticky.keep(full, kept)
    },
  }
}
