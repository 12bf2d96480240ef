/** Step 3 of the road: who may answer a call, and which conversation it belongs to. */
import type { Failure } from '../hub/failure.ts'
import { isPlan, type Plan, plan } from '../routing/plan.ts'
import type { CallContext } from './call-context.ts'
import { atHome, type Continued, continued } from './conversations.ts'
import type { InboundRequest } from './exchange.ts'
import type { Matched, Reading } from './reading.ts'
import { sessionKey } from './session.ts'

export interface Planned {
  plan: Plan
  conversation: Continued
  /** The conversation's key; undefined where nothing tells, or nothing depends on it. */
  session: string | undefined
  /** The request holds state that only the account of its conversation can read. */
  sealed: boolean
}

/** Plans a call, or says why it cannot be answered. */
export function planCall(
  { snapshot, conversations, classifier }: CallContext,
  matched: Matched,
  request: InboundRequest,
  reading: Reading,
): Planned | Failure {
  const { protocol } = matched
  const conversation = continued(conversations, matched, request, reading, snapshot.limits)
  if ('kind' in conversation) return conversation
  const { body } = conversation.request
  const countsOnly = matched.route.action === 'count-tokens'
  const possible = plan({
    registry: snapshot.registry,
    config: snapshot.config,
    protocol: protocol.id,
    model: reading.model,
    body,
    pin: matched.pin,
    translates: protocol.codec !== undefined && (!countsOnly || protocol.codec.count !== undefined),
    classifier,
  })
  const result = isPlan(possible) ? atHome(possible, conversation, conversations, protocol) : possible
  if (!isPlan(result)) return result
  const candidates = result.targets.flatMap((target) => target.candidates)
  // Subscriptions route their caches by it, even where there is only one.
  const matters = candidates.length > 1 || candidates[0]!.account.credential.type === 'login'
  const session =
    snapshot.sessionTtlMs > 0 && matters
      ? sessionKey(request.header, body, conversation.reading.spans, protocol.conversation)
      : undefined
  const sealed = session !== undefined && protocol.forgetting?.holds(body) === true
  return { plan: result, conversation, session, sealed }
}
