import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { decoderFor, decompress, sniffEncoding, TooLargeError, UnknownEncodingError } from './decompress.ts'

const CODINGS: Record<string, (plain: Buffer) => Buffer> = {
  gzip: (b) => gzipSync(b),
  'x-gzip': (b) => gzipSync(b),
  deflate: (b) => deflateSync(b),
  br: (b) => brotliCompressSync(b, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: (b) => zstdCompressSync(b),
}
const MIB = 1024 * 1024
const BOMB = Buffer.alloc(100 * MIB)

for (const [name, encode] of Object.entries(CODINGS))
  describe(name, () => {
    it('is undone, whatever the bytes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
          const plain = Buffer.from(bytes)
          assert.deepEqual(await decompress(encode(plain), name, 10_000), plain)
        }),
        { numRuns: 20 },
      )
    })

    it('is known in any case and with spaces around', async () => {
      assert.equal(String(await decompress(encode(Buffer.from('x')), ` ${name.toUpperCase()} `, 9)), 'x')
    })

    it('holds exactly the limit and not a byte more', async () => {
      const packed = encode(Buffer.alloc(1_000, 'ab'))
      assert.equal((await decompress(packed, name, 1_000)).length, 1_000)
      await assert.rejects(decompress(packed, name, 999), TooLargeError)
    })

    it('is undone where it is larger than what is kept at first', async () => {
      const plain = Buffer.alloc(6 * MIB, 'abcdefghij')
      assert.ok(plain.equals(await decompress(encode(plain), name, 8 * MIB)))
    })

    it('cut short is an error', async () => {
      const packed = encode(Buffer.from('{"model":"a model with a long name"}'))
      for (const length of [0, 1, 4, packed.length - 1])
        await assert.rejects(decompress(packed.subarray(0, length), name, 1_000), `${length} bytes`)
    })

    it('with garbage inside is an error', async () => {
      await assert.rejects(decompress(Buffer.from('this is no compressed text at all'), name, 1_000))
    })

    it('of 100 MB of zeros is refused without holding them', async () => {
      const packed = encode(BOMB)
      const before = process.memoryUsage().rss
      await assert.rejects(decompress(packed, name, 32 * MIB), TooLargeError)
      const grown = (process.memoryUsage().rss - before) / MIB
      assert.ok(grown < 40, `grew by ${grown.toFixed()} MiB`)
    })
  })

describe('a coding', () => {
  it('we do not know is told apart from a broken one', async () => {
    for (const name of ['compress', 'gzip, br', '', 'identity', 'constructor'])
      await assert.rejects(decompress(Buffer.from('x'), name, 10), UnknownEncodingError, name)
  })

  it('has no decoder if there is none or we do not know it', () => {
    for (const name of [undefined, '', 'identity', 'compress', 'constructor', '__proto__', 'toString'])
      assert.equal(decoderFor(name), undefined, name)
  })

  it('betrays itself by its first bytes; JSON and events never do', () => {
    assert.equal(sniffEncoding(gzipSync('x')), 'gzip')
    assert.equal(sniffEncoding(zstdCompressSync('x')), 'zstd')
    for (const plain of ['', 'd', '{', 'data: x', 'event: x', '[', ': c', '\ufeff{}'])
      assert.equal(sniffEncoding(Buffer.from(plain)), undefined)
  })
})
