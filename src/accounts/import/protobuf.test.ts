import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesAt, numberAt, readFields, textAt } from './protobuf.ts'
import { field, message } from './testing/files.ts'

describe('a message', () => {
  it('is read field by field, whatever else is in it', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300, minLength: 1 }),
        fc.nat(),
        fc.uint8Array({ maxLength: 300 }),
        (text, number, bytes) => {
          const read = readFields(message(field(1, text), field(1000, number), field(7, bytes)))
          assert.equal(textAt(read, 1), text)
          assert.equal(numberAt(read, 1000), number)
          assert.deepEqual(Buffer.from(bytesAt(read, 7)!), Buffer.from(bytes))
          assert.equal(textAt(read, 2), undefined)
        },
      ),
    )
  })

  it('skips fixed-width fields', () => {
    const read = readFields(
      Buffer.concat([Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4]), field(3, 'here')]),
    )
    assert.equal(textAt(read, 3), 'here')
  })

  it('cut anywhere is refused or shorter, never misread, never endless', () => {
    const whole = message(field(1, 'one'), field(2, 'two'), field(3, 3))
    for (let length = 0; length < whole.length; length++) {
      try {
        const read = readFields(whole.subarray(0, length))
        assert.ok([undefined, 'one'].includes(textAt(read, 1)))
        assert.ok([undefined, 'two'].includes(textAt(read, 2)))
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
    }
  })

  it('of random bytes never breaks the reader', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readFields(bytes)
        } catch (error) {
          assert.ok(error instanceof RangeError)
        }
      }),
    )
  })
})
