/** The envelope of Gemini CLI (domain.md 1.3). */
import { countEnvelope, openEnvelope, projectFor, sessionName, takenFields } from '../code-assist.ts'
import { withOwnSignatures } from '../google-signatures.ts'
import type { Vessel } from '../provider.ts'

export const vessel: Vessel = {
  edit(body, context) {
    if (context.action === 'count-tokens') return countEnvelope(body, context.model)
    const project = projectFor(context)
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
