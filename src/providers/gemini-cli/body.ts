/** The envelope of Gemini CLI (domain.md 1.3). */
import type { Account } from '../../accounts/account.ts'
import { countEnvelope, openEnvelope, sessionName, takenFields } from '../code-assist.ts'
import { createCodeAssistWays } from '../code-assist-ways.ts'
import { withOwnSignatures } from '../google-signatures.ts'
import type { Vessel } from '../provider.ts'

const wayOf = createCodeAssistWays()

/** One for each attempt: it knows to which project the request went. */
export function createVessel(account: Account): Vessel {
  const way = wayOf(account)
  return {
    at: way.at,
    turn: way.turn,
    edit(body, context) {
      if (context.action === 'count-tokens') return countEnvelope(body, context.model)
      const project = way.project(context)
      const { request, losses } = takenFields(body)
      const signed = withOwnSignatures(request['contents'], context.model)
      if (signed.lost) losses.push({ field: 'reasoning', reason: 'its state belongs to another model' })
      if ('contents' in request) request['contents'] = signed.contents
      const session = sessionName(context)
      return {
        body: {
          model: context.model,
          project,
          // The same for every attempt of one call, as the vendor's client has it for every retry of one prompt.
          user_prompt_id: context.id,
          request: { ...request, ...(session !== undefined && { session_id: session }) },
        },
        losses,
      }
    },
    open: openEnvelope,
  }
}
