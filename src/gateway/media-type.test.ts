import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bareType, mediaTypeOf } from './media-type.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const PNG = bytes('\x89PNG\r\n\x1a\n....')
const MP4 = bytes('\0\0\0\x20ftypisom\0\0\x02\0')

describe('the type of fetched bytes', () => {
  for (const [name, content, told, type] of [
    ['a PNG', PNG, 'image/png', 'image/png'],
    ['a PNG said to be a JPEG', PNG, 'image/jpeg', 'image/png'],
    ['a PNG of which nothing is said', PNG, '', 'image/png'],
    ['a PNG as a download', PNG, 'application/octet-stream', 'image/png'],
    ['a PNG said to be text', PNG, 'text/plain', 'image/png'],
    ['a JPEG', bytes('\xff\xd8\xff\xe0..JFIF'), 'image/jpg', 'image/jpeg'],
    ['a GIF', bytes('GIF89a....'), '', 'image/gif'],
    ['a WebP', bytes('RIFF....WEBPVP8 '), '', 'image/webp'],
    ['a HEIC', bytes('\0\0\0\x18ftypheic....'), '', 'image/heic'],
    ['an AVIF', bytes('\0\0\0\x18ftypavif....'), '', 'image/avif'],
    ['a PDF', bytes('%PDF-1.7\n%\xe2\xe3'), 'application/octet-stream', 'application/pdf'],
    ['a WAV', bytes('RIFF....WAVEfmt '), 'audio/x-wav', 'audio/wav'],
    ['an MP3 with a tag', bytes('ID3\x04....'), '', 'audio/mpeg'],
    ['an MP3 without', bytes('\xff\xfb\x90\x64'), 'audio/mp3', 'audio/mpeg'],
    ['an AAC', bytes('\xff\xf1\x50\x80'), '', 'audio/aac'],
    ['a FLAC', bytes('fLaC\0\0'), '', 'audio/flac'],
    ['an Ogg', bytes('OggS\0\x02'), '', 'audio/ogg'],
    ['an Ogg with pictures', bytes('OggS\0\x02'), 'video/ogg', 'video/ogg'],
    ['a WebM of sound', bytes('\x1aE\xdf\xa3....'), 'audio/webm', 'audio/webm'],
    ['an MP4', MP4, '', 'video/mp4'],
    ['an MP4 of sound', MP4, 'audio/mp4', 'audio/mp4'],
    ['text', Buffer.from('héllo'), 'text/plain', 'text/plain'],
    ['text of which nothing is said', Buffer.from('héllo'), '', 'text/plain'],
    ['JSON', bytes('{}'), 'application/json', 'application/json'],
    ['a drawing in SVG', bytes('<svg/>'), 'image/svg+xml', 'image/svg+xml'],
    ['what nothing is known of', bytes('\0\x01\x02'), 'audio/pcm', 'audio/pcm'],
    ['a page said to be a picture', bytes('<html>not found'), 'image/png', undefined],
    ['a page said to be a PDF', bytes('<html>sign in'), 'application/pdf', undefined],
    ['an archive said to be a picture', bytes('PK\x03\x04....'), 'image/png', 'application/zip'],
    ['bytes said to be text', bytes('a\0b'), 'text/plain', undefined],
    ['bytes that are not UTF-8', bytes('h\xe9llo'), 'text/plain', undefined],
    ['UTF-16', bytes('\xff\xfeh\0i\0'), 'text/plain', undefined],
    ['unknown bytes', bytes('\0\x01\x02'), '', undefined],
  ] as const)
    it(`of ${name}`, () => assert.equal(mediaTypeOf(content, told), type))

  it('is read without its parameters', () => {
    assert.equal(bareType('Image/PNG; charset=x'), 'image/png')
    assert.equal(bareType(undefined), '')
  })
})
