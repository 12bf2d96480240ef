/** Media parts of a request that name a URL: finding them, and putting the content in the URL's place. */
import type { MediaKind, MediaPart, Message, Part } from '../hub/request.ts'
import type { Codec } from '../protocols/codec.ts'

/** What stands at a URL. */
export interface MediaContent {
  mediaType: string
  base64: string
}

type NeedsBytes = NonNullable<Codec['needsBytes']>

/** The URLs of the web whose content is needed, each once, in order. */
export function neededUrls(messages: readonly Message[], needs: NeedsBytes): string[] {
  const urls = new Set<string>()
  const walk = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (part.type === 'tool-result') walk(part.parts)
      const url = part.type === 'media' ? neededUrl(part, needs) : undefined
      if (url !== undefined) urls.add(url)
    }
  }
  for (const { parts } of messages) walk(parts)
  return [...urls]
}

/** The messages with the content of their URLs, as far as it is needed and there. */
export function withContent(
  messages: readonly Message[],
  needs: NeedsBytes,
  contents: ReadonlyMap<string, MediaContent>,
): Message[] {
  const filled = (part: Part): Part => {
    if (part.type === 'tool-result') return { ...part, parts: part.parts.map(filled) }
    const content = part.type === 'media' ? contents.get(neededUrl(part, needs) ?? '') : undefined
    if (part.type !== 'media' || content === undefined) return part
    const { mediaType, base64 } = content
    return { ...part, kind: kindOf(mediaType), mediaType, source: { type: 'base64', data: base64 } }
  }
  return messages.map((message) => ({ ...message, parts: message.parts.map(filled) }))
}

function neededUrl(part: MediaPart, needs: NeedsBytes): string | undefined {
  const { source } = part
  return source.type === 'url' && /^https?:/i.test(source.url) && needs(source.url, part) ? source.url : undefined
}

/** A client may say "image" of what is a PDF; its bytes know better. */
function kindOf(mediaType: string): MediaKind {
  const major = mediaType.slice(0, mediaType.indexOf('/'))
  return major === 'image' || major === 'audio' || major === 'video' ? major : 'document'
}
