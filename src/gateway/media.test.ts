import assert from 'node:assert/strict'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Failure } from '../hub/failure.ts'
import type { MediaPart, Message } from '../hub/request.ts'
import { geminiCodec } from '../protocols/gemini/codec.ts'
import { openaiChatCodec } from '../protocols/openai-chat/codec.ts'
import { openaiResponsesCodec } from '../protocols/openai-responses/codec.ts'
import { createRemoteMedia, type MediaPolicy, type RemoteMedia } from './media.ts'
import { type MediaContent, neededUrls, withContent } from './media-parts.ts'
import { endpoints, fakeReply, fakeTransport, inbound, matched, road, settle, snapshotOf } from './testing/fixture.ts'

const PNG = Buffer.from('\x89PNG\r\n\x1a\nthe rest', 'latin1')
const MIB = 1024 * 1024

let server: Server
let url: string
let asked: string[] = []
let open = 0
let most = 0
let serve: (path: string, response: ServerResponse) => void
let closed = 0

before(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!)
    most = Math.max(most, ++open)
    response.on('close', () => {
      open--
      closed++
    })
    serve(request.url!, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  asked = []
  most = open = closed = 0
  serve = (_, response) => response.end(PNG)
})

const POLICY: MediaPolicy = {
  maxBytes: MIB,
  totalBytes: 32 * MIB,
  timeoutMs: 5_000,
  types: ['image/*', 'application/pdf'],
  allowPrivate: true,
}

function bring(media: RemoteMedia, paths: readonly string[], policy: Partial<MediaPolicy> = {}) {
  return new Promise<ReadonlyMap<string, MediaContent>>((resolve, reject) => {
    let held: ReadonlyMap<string, MediaContent> = new Map()
    media.bring(
      {
        wants: paths.map((path) => url + path),
        policy: { ...POLICY, ...policy },
        hold: (contents) => {
          held = contents
        },
      },
      (f) => (f === undefined ? resolve(held) : reject(f)),
    )
  })
}

const fails = (promise: Promise<unknown>, why: RegExp) =>
  assert.rejects(promise, (f: Failure) => {
    assert.deepEqual([f.kind, f.status, f.scope, f.code], ['invalid-request', 400, 'request', 'remote_media'])
    assert.match(f.message, why)
    return true
  })

describe('bringing media', () => {
  it('brings them as base64, four at once', async () => {
    serve = (_, response) => setTimeout(() => response.end(PNG), 10)
    const paths = Array.from({ length: 10 }, (_, i) => `/${i}.png`)
    const contents = await bring(createRemoteMedia(Date.now), paths)
    assert.deepEqual([...contents.values()][9], { mediaType: 'image/png', base64: PNG.toString('base64') })
    assert.deepEqual([contents.size, most], [10, 4])
  })

  it('brings twenty for one request and no more', async () => {
    const media = createRemoteMedia(Date.now)
    const paths = Array.from({ length: 21 }, (_, i) => `/${i}.png`)
    await fails(bring(media, paths), /21 URLs.*; 20 may be/)
    assert.equal(asked.length, 0)
    assert.equal((await bring(media, paths.slice(1))).size, 20)
  })

  it('says the host and the reason, and nothing else of the URL or of what is there', async () => {
    serve = (path, response) => response.writeHead(path === '/s3cret?sig=abc' ? 403 : 200).end('the words there')
    const host = url.slice('http://'.length)
    await fails(
      bring(createRemoteMedia(Date.now), ['/s3cret?sig=abc']),
      new RegExp(`^The media at ${host} could not be fetched: its server answers with status 403\\.$`),
    )
    await fails(bring(createRemoteMedia(Date.now), ['/a.png']), /its type, text\/plain, is not allowed\.$/)
  })

  it('refuses private addresses unless they are allowed', async () => {
    await fails(bring(createRemoteMedia(Date.now), ['/a.png'], { allowPrivate: false }), /public internet/)
    assert.equal(asked.length, 0)
  })

  it('has one clock for all of them', async () => {
    serve = () => {}
    await fails(bring(createRemoteMedia(Date.now), ['/a', '/b'], { timeoutMs: 60 }), /took too long/)
  })

  it('ends the others when one fails', async () => {
    serve = (path, response) => {
      if (path === '/bad') setTimeout(() => response.writeHead(404).end(), 20)
    }
    await fails(bring(createRemoteMedia(Date.now), ['/slow', '/bad', '/slower']), /status 404/)
    while (closed < 3) await settle()
  })

  it('limits what they are together', async () => {
    serve = (_, response) => response.end(Buffer.concat([PNG, Buffer.alloc(MIB / 2)]))
    await fails(bring(createRemoteMedia(Date.now), ['/a', '/b'], { totalBytes: MIB }), /too large together/)
  })

  it('can be given up, and is not heard of then', async () => {
    serve = () => {}
    let heard = false
    const leave = createRemoteMedia(Date.now).bring({ wants: [`${url}/a`], policy: POLICY, hold: () => {} }, () => {
      heard = true
    })
    while (asked.length === 0) await settle()
    leave()
    while (closed === 0) await settle()
    await settle()
    assert.equal(heard, false)
  })
})

describe('the memory of what was brought', () => {
  it('lasts five minutes', async () => {
    let now = 0
    const media = createRemoteMedia(() => now)
    await bring(media, ['/a.png'])
    now = 299_999
    await bring(media, ['/a.png', '/b.png'])
    assert.deepEqual(asked, ['/a.png', '/b.png'])
    now = 300_000
    await bring(media, ['/a.png', '/b.png'])
    assert.deepEqual(asked, ['/a.png', '/b.png', '/a.png'])
  })

  it('is of one set of rules', async () => {
    const media = createRemoteMedia(Date.now)
    await bring(media, ['/a.png'])
    await fails(bring(media, ['/a.png'], { types: ['application/pdf'] }), /not allowed/)
    await fails(bring(media, ['/a.png'], { allowPrivate: false }), /public internet/)
  })

  it('keeps no failures', async () => {
    const media = createRemoteMedia(Date.now)
    serve = (_, response) => response.writeHead(500).end()
    await fails(bring(media, ['/a.png']), /500/)
    serve = (_, response) => response.end(PNG)
    await bring(media, ['/a.png'])
  })

  it('is bounded: what was used longest ago goes first', async () => {
    const media = createRemoteMedia(Date.now)
    const policy = { maxBytes: 20 * MIB, totalBytes: 200 * MIB }
    serve = (_, response) => response.end(Buffer.concat([PNG, Buffer.alloc(14 * MIB)]))
    for (const path of ['/a', '/b', '/c']) await bring(media, [path], policy)
    await bring(media, ['/a'], policy)
    // 19 MB each in base64: the fourth does not fit.
    await bring(media, ['/d'], policy)
    asked = []
    await bring(media, ['/a', '/c', '/d'], policy)
    assert.deepEqual(asked, [])
    await bring(media, ['/b'], policy)
    assert.deepEqual(asked, ['/b'])
  })
})

const picture = (at: string, more: Partial<MediaPart> = {}): MediaPart => ({
  type: 'media',
  kind: 'image',
  source: { type: 'url', url: at },
  ...more,
})

describe('the media a request needs', () => {
  const messages: Message[] = [
    { role: 'user', parts: [{ type: 'text', text: 'x' }, picture('https://a.test/1'), picture('https://a.test/1')] },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'c', parts: [picture('HTTP://a.test/2')] }] },
    {
      role: 'user',
      parts: [
        picture('data:image/png;base64,AA=='),
        picture('gs://bucket/1'),
        picture('ftp://a.test/3'),
        picture('https://youtu.be/xyz', { kind: 'video' }),
        picture('https://generativelanguage.googleapis.com/v1beta/files/1'),
        picture('https://a.test/own', { extras: { gemini: { $form: 'fileData' } } }),
        picture('', { source: { type: 'file', id: 'https://a.test/4' } }),
      ],
    },
  ]

  it('are found once each, in tool results too', () => {
    assert.deepEqual(neededUrls(messages, geminiCodec.needsBytes!), ['https://a.test/1', 'HTTP://a.test/2'])
  })

  it('depend on the dialect', () => {
    const kinds = (['image', 'video', 'audio', 'document'] as const).map((kind) =>
      picture(`https://a.test/${kind}`, { kind }),
    )
    assert.deepEqual(neededUrls([{ role: 'user', parts: kinds }], openaiChatCodec.needsBytes!), [
      'https://a.test/audio',
      'https://a.test/document',
    ])
  })

  it('are refused by every dialect that needs them, with the host and what would help', () => {
    for (const codec of [geminiCodec, openaiChatCodec, openaiResponsesCodec]) {
      const at = 'https://a.test/voice.wav?sig=secret'
      const heard: Message[] = [{ role: 'user', parts: [picture(at, { kind: 'audio' })] }]
      assert.deepEqual(neededUrls(heard, codec.needsBytes!), [at])
      assert.throws(
        () => codec.request.encode({ model: 'm', stream: false, messages: heard }, { model: 'm' }),
        ({ failure }: { failure: Failure }) => {
          assert.equal(failure.status, 400)
          assert.match(failure.message, /\(a\.test\).*remote-media\.fetch/)
          assert.doesNotMatch(failure.message, /secret/)
          return true
        },
      )
    }
  })

  it('take the place of their URLs, as what they are', () => {
    const contents = new Map([
      ['https://a.test/1', { mediaType: 'application/pdf', base64: 'JVBERi0=' }],
      ['HTTP://a.test/2', { mediaType: 'image/png', base64: 'iVBOR' }],
      ['https://a.test/own', { mediaType: 'image/png', base64: 'never' }],
    ])
    const filled = withContent(messages, geminiCodec.needsBytes!, contents)
    const pdf = {
      type: 'media',
      kind: 'document',
      mediaType: 'application/pdf',
      source: { type: 'base64', data: 'JVBERi0=' },
    }
    assert.deepEqual(filled[0]!.parts.slice(1), [pdf, pdf])
    assert.deepEqual(filled[1]!.parts[0], {
      ...messages[1]!.parts[0]!,
      parts: [{ type: 'media', kind: 'image', mediaType: 'image/png', source: { type: 'base64', data: 'iVBOR' } }],
    })
    assert.deepEqual(filled[2], messages[2])
  })
})

describe('a call that needs media', () => {
  const GEMINI = {
    ...endpoints(0),
    'gemini-api-key': [{ 'api-key': 'AIza-test-key-1234567890', 'base-url': 'http://gemini.test' }],
    'remote-media': { fetch: true, 'allow-private': true },
  }
  const body = () => ({
    model: 'gemini-2.5-flash',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `${url}/a.png` } }] }],
  })

  it('is under way while they are fetched; a client that goes away ends it', async () => {
    serve = () => {}
    const transport = fakeTransport()
    const { gateway, ended } = road(GEMINI, transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(body()), reply)
    while (asked.length === 0) await settle()
    const { id } = gateway.snapshot.accounts[0]!
    assert.deepEqual([gateway.active, gateway.pool.inFlight(id)], [1, 1])
    reply.onGone!()
    while (closed === 0) await settle()
    assert.deepEqual([gateway.active, gateway.pool.inFlight(id), transport.sent.length], [0, 0, 0])
    assert.deepEqual([ended.length, ended[0]!.failure!.kind], [1, 'cancelled'])
  })

  it('goes on when they are there', async () => {
    const transport = fakeTransport()
    const { gateway } = road(GEMINI, transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(body()), reply)
    while (transport.sent.length === 0) await settle()
    const sent = JSON.parse(transport.sent[0]!.request.body!.toString())
    assert.deepEqual(sent.contents[0].parts, [{ inlineData: { mimeType: 'image/png', data: PNG.toString('base64') } }])
    assert.equal(gateway.pool.inFlight(gateway.snapshot.accounts[0]!.id), 1)
    reply.onGone!()
  })

  it('ends with one answer and a free seat when they cannot be had', async () => {
    serve = (_, response) => response.writeHead(404).end()
    const transport = fakeTransport()
    const { gateway, ended } = road(GEMINI, transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(body()), reply)
    while (!reply.ended) await settle()
    assert.equal(reply.status, 400)
    assert.match(JSON.parse(reply.text).error.message, /could not be fetched: its server answers with status 404/)
    assert.deepEqual([gateway.active, transport.sent.length, ended.length, asked.length], [0, 0, 1, 1])
    assert.equal(gateway.pool.inFlight(gateway.snapshot.accounts[0]!.id), 0)
  })

  it('can be ended by the gateway while it waits', async () => {
    serve = () => {}
    const { gateway } = road(GEMINI, fakeTransport())
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound(body()), reply)
    while (asked.length === 0) await settle()
    gateway.terminateAll({ kind: 'overloaded', status: 503, scope: 'request', message: 'bye' })
    assert.deepEqual([reply.status, gateway.active], [503, 0])
    while (closed === 0) await settle()
  })
})

describe('the rules of the configuration', () => {
  it('are none unless fetching is allowed', () => {
    assert.equal(snapshotOf({}).remoteMedia, undefined)
    assert.deepEqual(
      snapshotOf({ 'remote-media': { fetch: true, 'max-mib': 2.5, types: ['Image/PNG'] } }).remoteMedia,
      {
        maxBytes: 2_621_440,
        totalBytes: 32 * MIB,
        timeoutMs: 10_000,
        types: ['image/png'],
        allowPrivate: false,
      },
    )
  })

  it('are checked', () => {
    for (const wrong of [{ 'max-mib': 0 }, { timeout: 0 }, { types: ['*'] }, { types: ['image'] }, { fetch: 1 }])
      assert.throws(() => snapshotOf({ 'remote-media': wrong }), JSON.stringify(wrong))
  })
})
