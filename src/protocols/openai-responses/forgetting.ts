/** Reasoning items can be read back only by the account or organisation that sealed them (domain.md 1.2). */
import type { Forgetting } from '../protocol.ts'

export const responsesForgetting: Forgetting = {
  holds: (body) => body.includes('"encrypted_content"'),
  refused: (failure) =>
    failure.code === 'invalid_encrypted_content' || failure.message.includes('invalid_encrypted_content'),
  body(body) {
    const { input } = body
    if (!Array.isArray(input)) return body
    return { ...body, input: input.filter((item) => (item as { type?: unknown } | null)?.type !== 'reasoning') }
  },
}
