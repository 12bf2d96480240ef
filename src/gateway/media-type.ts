/** What fetched bytes are: by their first bytes where those tell, otherwise as the server says. */
import { isUtf8 } from 'node:buffer'

const text =
  (start: string, offset = 0) =>
  (bytes: Buffer): boolean =>
    bytes.toString('latin1', offset, offset + start.length) === start
const riff = (form: string) => (bytes: Buffer) => text('RIFF')(bytes) && text(form, 8)(bytes)
const brand = (pattern: RegExp) => (bytes: Buffer) =>
  text('ftyp', 4)(bytes) && pattern.test(bytes.toString('latin1', 8, 12))
/** Set bits open an MPEG audio frame; `mask` holds those that tell the layer. A byte order mark has no such layer. */
const frame =
  (mask: number, ...layers: number[]) =>
  (bytes: Buffer): boolean =>
    bytes[0] === 0xff && layers.includes(bytes[1]! & mask)

/** The types bytes of a form may have; the first is the usual one, the others are believed when the server says so. */
const FORMS: readonly [(bytes: Buffer) => boolean, ...types: string[]][] = [
  [text('\x89PNG\r\n\x1a\n'), 'image/png', 'image/apng'],
  [text('\xff\xd8\xff'), 'image/jpeg'],
  [text('GIF8'), 'image/gif'],
  [riff('WEBP'), 'image/webp'],
  [riff('WAVE'), 'audio/wav'],
  [riff('AVI '), 'video/x-msvideo'],
  [text('%PDF-'), 'application/pdf'],
  [text('II*\0'), 'image/tiff'],
  [text('MM\0*'), 'image/tiff'],
  [brand(/^hei[cxms]/), 'image/heic', 'image/heif'],
  [brand(/^(?:mif1|msf1)/), 'image/heif', 'image/heic', 'image/avif'],
  [brand(/^avi[fs]/), 'image/avif'],
  [brand(/^M4[AB] /), 'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'audio/aac'],
  [brand(/^qt {2}/), 'video/quicktime'],
  [brand(/^/), 'video/mp4', 'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'video/3gpp', 'audio/3gpp', 'video/quicktime'],
  [text('\x1aE\xdf\xa3'), 'video/webm', 'audio/webm', 'video/x-matroska', 'audio/x-matroska'],
  [text('OggS'), 'audio/ogg', 'video/ogg', 'audio/opus'],
  [text('fLaC'), 'audio/flac'],
  [text('FORM'), 'audio/aiff'],
  [text('\0\0\x01\xba'), 'video/mpeg'],
  [text('\0\0\x01\xb3'), 'video/mpeg'],
  [text('ID3'), 'audio/mpeg', 'audio/aac'],
  [frame(0xf6, 0xf0), 'audio/aac'],
  [frame(0xe6, 0xe2, 0xe4), 'audio/mpeg'],
  [text('PK\x03\x04'), 'application/zip'],
]
const TOLD_BY_BYTES = new Set(FORMS.flatMap(([, ...types]) => types))

const TEXTUAL = /^text\/|^application\/(?:json|xml|javascript|yaml)$|\+(?:json|xml)$/
/** What servers say of a file they know nothing of. */
const NOTHING = /^$|^(?:application|binary)\/(?:octet-stream|x-download|force-download|x-binary|binary)$/

/** `Image/PNG; charset=x` → `image/png`. */
export function bareType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** Whether the server's word says nothing, so that only the bytes can. */
export function saysNothing(told: string): boolean {
  return NOTHING.test(told)
}

/**
 * The type of some bytes; undefined when it is not known, or when they are not what their server says: a page with an
 * error is often said to be the picture that was asked for.
 * @param told the server's word, bare.
 */
export function mediaTypeOf(bytes: Buffer, told: string): string | undefined {
  const form = FORMS.find(([is]) => is(bytes))
  if (form !== undefined) {
    const [, ...types] = form
    return types.includes(told) ? told : types[0]
  }
  if (saysNothing(told)) return isText(bytes) ? 'text/plain' : undefined
  if (TEXTUAL.test(told)) return isText(bytes) ? told : undefined
  return TOLD_BY_BYTES.has(told) ? undefined : told
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0)
}
