import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { createSseParser, decodeUtf8, formatSse, type Sse, SseTooLargeError } from './sse.ts'

/** The events of bytes that arrive in the given pieces, with the data decoded. */
function parse(pieces: readonly Buffer[], limit?: number): Sse[] {
  const events: Sse[] = []
  const parser = createSseParser(({ event, data }) => {
    events.push({ event: decodeUtf8(event), data: decodeUtf8(data) })
  }, limit)
  for (const piece of pieces) parser.push(piece)
  return events
}

const parseText = (text: string) => parse([Buffer.from(text)])

/** The same bytes cut at the given offsets. */
function cut(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const points = [...new Set(offsets.map((o) => o % (bytes.length + 1)))].sort((a, b) => a - b)
  const pieces: Buffer[] = []
  let from = 0
  for (const to of [...points, bytes.length]) {
    pieces.push(bytes.subarray(from, to))
    from = to
  }
  return pieces
}

/** Text made of what streams are made of, odd line endings and all. */
const streamText = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n'),
      fc.constantFrom(
        'data',
        'data:',
        'data: ',
        'data:  x',
        'event: ',
        'event',
        'id: 1',
        'retry: 5',
        ': comment',
        ':',
        'x: y',
      ),
      fc.constantFrom(
        'data: {"a":"b"}\n\n',
        'event: ping\ndata: {}\n\n',
        'data: [DONE]\n\n',
        'data: héllo 🎉\r\n\r\n',
        '\ufeff',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

describe('createSseParser', () => {
  const table: [name: string, text: string, events: [event: string, data: string][]][] = [
    ['one event', 'data: a\n\n', [['', 'a']]],
    ['a named event', 'event: x\ndata: a\n\n', [['x', 'a']]],
    ['the name behind the data', 'data: a\nevent: x\n\n', [['x', 'a']]],
    [
      'a name for one event only',
      'event: x\ndata: a\n\ndata: b\n\n',
      [
        ['x', 'a'],
        ['', 'b'],
      ],
    ],
    ['CRLF', 'event: x\r\ndata: a\r\n\r\n', [['x', 'a']]],
    ['CR', 'event: x\rdata: a\r\r', [['x', 'a']]],
    ['mixed endings', 'data: a\rdata: b\r\ndata: c\n\n', [['', 'a\nb\nc']]],
    ['many data lines', 'data: a\ndata: b\ndata:\n\n', [['', 'a\nb\n']]],
    ['no space behind the colon', 'data:a\n\n', [['', 'a']]],
    ['one space only is dropped', 'data:  a\n\n', [['', ' a']]],
    ['a field without a colon', 'data\n\n', [['', '']]],
    ['a byte order mark', '\ufeffdata: a\n\n', [['', 'a']]],
    ['a byte order mark in the middle is no mark', 'data: a\n\n\ufeffdata: b\n\n', [['', 'a']]],
    ['comments', ': hi\n\n:\ndata: a\n: in between\ndata: b\n\n', [['', 'a\nb']]],
    ['id, retry and unknown fields', 'id: 1\nretry: 5\nfoo: bar\ndatax: 1\ndata: a\n\n', [['', 'a']]],
    ['an event without data', 'event: x\n\ndata: a\n\n', [['', 'a']]],
    ['an unfinished event', 'data: a\n\ndata: b\n', [['', 'a']]],
    ['empty lines galore', '\n\n\n\ndata: a\n\n\n\n', [['', 'a']]],
    ['UTF-8', 'event: é\ndata: 日本 🎉\n\n', [['é', '日本 🎉']]],
    ['a NUL and other controls', 'data: a\u0000\u000b\u0085\u2028b\n\n', [['', 'a\u0000\u000b\u0085\u2028b']]],
  ]
  for (const [name, text, events] of table) {
    it(name, () => {
      const expected = events.map(([event, data]) => ({ event, data }))
      assert.deepEqual(parseText(text), expected)
      assert.deepEqual(parse(cut(Buffer.from(text), Array.from(Buffer.from(text).keys()))), expected, 'byte by byte')
    })
  }

  it('gives the same events for any cut of the bytes', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(400), { maxLength: 12 }), (text, offsets) => {
        const bytes = Buffer.from(text)
        assert.deepEqual(parse(cut(bytes, offsets)), parse([bytes]))
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with eventsource-parser', () => {
    fc.assert(
      fc.property(streamText, (text) => {
        const theirs: Sse[] = []
        // Theirs reads text and holds a last CR back until it sees what follows; a comment ends the wait.
        const parser = createParser({ onEvent: ({ event, data }) => theirs.push({ event: event ?? '', data }) })
        parser.feed(`${text}\n:`)
        assert.deepEqual(parseText(`${text}\n:`), theirs)
      }),
      { numRuns: 500 },
    )
  })

  it('tells how many bytes belong to finished events', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(400), { maxLength: 8 }), (text, offsets) => {
        const bytes = Buffer.from(text)
        const events: Sse[] = []
        const parser = createSseParser((event) => events.push(event))
        let finished = 0
        let fed = 0
        for (const piece of cut(bytes, offsets)) {
          const before = fed
          const done = parser.push(piece)
          fed += piece.length
          if (done > 0) finished = before + done
          assert.equal(parser.pending, fed - finished)
        }
        // The finished bytes alone give all the events, and the rest alone would continue the stream.
        assert.deepEqual(parse([bytes.subarray(0, finished)]), parse([bytes]))
      }),
      { numRuns: 500 },
    )
  })

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', 'ping', 'response.created'), (json, event) => {
        assert.deepEqual(parseText(formatSse(json, event)), [{ event, data: json }])
      }),
    )
  })

  it('refuses an event that grows over the limit', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(200)}\n\n`)
    for (const size of [1, 7, 64]) {
      const pieces = cut(
        bytes,
        Array.from(bytes.keys()).filter((i) => i % size === 0),
      )
      assert.throws(() => parse(pieces, 100), SseTooLargeError, `pieces of ${size}`)
    }
  })

  it('lets an event through that came whole: its memory is spent already', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(200)}\n\n`)
    assert.equal(parse([bytes], 100).length, 1)
  })

  it('counts the limit per event and not per stream', () => {
    const small = Buffer.from('data: 0123456789\n\n')
    assert.equal(
      parse(
        Array.from({ length: 100 }, () => small),
        64,
      ).length,
      100,
    )
    assert.equal(parse([Buffer.concat(Array.from({ length: 100 }, () => small))], 64).length, 100)
  })

  it('takes a line of 10 MB in small pieces in linear time', () => {
    const size = 10 * 1024 * 1024
    const piece = Buffer.alloc(16 * 1024, 'x')
    const events: Sse[] = []
    const parser = createSseParser((event) => events.push(event), 2 * size)
    const started = performance.now()
    parser.push(Buffer.from('data: '))
    for (let sent = 0; sent < size; sent += piece.length) parser.push(piece)
    parser.push(Buffer.from('\n\n'))
    const took = performance.now() - started
    assert.equal(events[0]?.data.length, size)
    assert.ok(took < 1000, `took ${took} ms`)
  })
})

describe('decodeUtf8', () => {
  it('undoes the latin1 view of UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Buffer.from(text)
        assert.equal(decodeUtf8(bytes.toString('latin1')), bytes.toString('utf8'))
      }),
    )
  })
})
