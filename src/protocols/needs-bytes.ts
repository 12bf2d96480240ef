/** The refusal of media by URL in dialects that carry only content. */
import { FailureError, failure } from '../hub/failure.ts'
import type { MediaKind } from '../hub/request.ts'

/** Says what can be done about it; the gateway fetches such media when it is told to. */
export function needsFetching(title: string, kind: MediaKind, url: string, param?: string): FailureError {
  const host = URL.canParse(url) ? new URL(url).host.slice(0, 255) : ''
  const remedy = /^https?:/i.test(url)
    ? 'send it as base64 data, or let the gateway fetch it: remote-media.fetch in its configuration'
    : 'send it as base64 data'
  return new FailureError(
    failure(
      'invalid-request',
      `${title} cannot read this ${kind} by its URL${host === '' ? '' : ` (${host})`}; ${remedy}.`,
      { code: 'remote_media', param },
    ),
  )
}
