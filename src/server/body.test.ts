import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Failure } from '../hub/failure.ts'
import { readBody } from './body.ts'

/** Reads a body that arrives in these pieces. */
function read(
  pieces: (string | Buffer)[],
  headers: Record<string, string> = {},
  limit = 1_000,
): Promise<Buffer | Failure> {
  return new Promise((resolve) => {
    const req = Object.assign(new PassThrough(), { headers })
    readBody(req as unknown as IncomingMessage, limit, resolve)
    for (const piece of pieces) req.write(piece)
    req.end()
  })
}

const status = (result: Buffer | Failure) => (Buffer.isBuffer(result) ? String(result) : result.status)

describe('a request body', () => {
  it('is what its pieces add up to', async () => {
    assert.equal(status(await read([])), '')
    assert.equal(status(await read(['{"a":', '1}'])), '{"a":1}')
    const euro = Buffer.from('€')
    assert.equal(status(await read([euro.subarray(0, 1), euro.subarray(1)])), '€')
  })

  it('is refused over the limit: at once where its length is told, else as soon as it shows', async () => {
    assert.equal(status(await read(['x'.repeat(1_000)])), 'x'.repeat(1_000))
    assert.equal(status(await read(['x'.repeat(600), 'x'.repeat(401)])), 413)
    let answered: unknown
    const req = Object.assign(new PassThrough(), { headers: { 'content-length': '1001' } })
    readBody(req as unknown as IncomingMessage, 1_000, (r) => {
      answered = r
    })
    assert.equal((answered as Failure).status, 413)
  })

  it('gives the memory of large pieces of its own back at once, and touches nothing that may be shared', async () => {
    const large = Buffer.allocUnsafeSlow(20_000).fill('a')
    const part = Buffer.allocUnsafeSlow(40_000).fill('b').subarray(0, 20_000)
    const small = Buffer.allocUnsafeSlow(100).fill('c')
    const joined = 'a'.repeat(20_000) + 'b'.repeat(20_000) + 'c'.repeat(100)
    const take = (own: boolean) =>
      new Promise<Buffer | Failure>((resolve) => {
        const req = Object.assign(new PassThrough(), { headers: {} })
        readBody(req as unknown as IncomingMessage, 100_000, resolve, own)
        for (const piece of [large, part, small]) req.write(piece)
        req.end()
      })
    assert.equal(status(await take(false)), joined)
    assert.deepEqual([large.length, part.length, small.length], [20_000, 20_000, 100])
    assert.equal(status(await take(true)), joined)
    assert.deepEqual([large.length, part.length, small.length], [0, 20_000, 100])
    // A body of one piece is that piece.
    const req = Object.assign(new PassThrough(), { headers: {} })
    const only = Buffer.allocUnsafeSlow(20_000).fill('d')
    const body = new Promise<Buffer | Failure>((resolve) =>
      readBody(req as unknown as IncomingMessage, 100_000, resolve, true),
    )
    req.end(only)
    assert.equal(status(await body), 'd'.repeat(20_000))
  })

  it('is unpacked, and counted after that', async () => {
    const text = 'y'.repeat(900)
    for (const [coding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      assert.equal(status(await read([pack(text)], { 'content-encoding': coding })), text)
      assert.equal(status(await read([pack('y'.repeat(1_001))], { 'content-encoding': coding })), 413)
    }
    assert.equal(status(await read(['plain'], { 'content-encoding': 'identity' })), 'plain')
    assert.equal(status(await read(['plain'], { 'content-encoding': '' })), 'plain')
  })

  it('in an unknown coding is 415, in a broken one 400', async () => {
    for (const coding of ['compress', 'constructor', 'gzip, gzip'])
      assert.equal(status(await read(['x'], { 'content-encoding': coding })), 415, coding)
    assert.equal(status(await read(['no gzip'], { 'content-encoding': 'gzip' })), 400)
    assert.equal(status(await read([gzipSync('cut short').subarray(0, 12)], { 'content-encoding': 'gzip' })), 400)
    assert.equal(status(await read([], { 'content-encoding': 'zstd' })), 400)
  })

  it('whose sender goes away is never told', async () => {
    let told = false
    const req = Object.assign(new PassThrough(), { headers: {} })
    readBody(req as unknown as IncomingMessage, 1_000, () => {
      told = true
    })
    req.write('half')
    req.destroy(new Error('aborted'))
    await new Promise((resolve) => req.on('close', resolve))
    assert.equal(told, false)
  })
})
