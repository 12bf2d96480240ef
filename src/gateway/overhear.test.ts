import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MOST_HEARD, overhear } from './overhear.ts'
import { fakeReply } from './testing/fixture.ts'

describe('an answer that is overheard', () => {
  it("goes on unchanged, with the client's own pace and leaving", () => {
    const to = fakeReply()
    const { reply, said } = overhear(to)
    const heard: string[] = []
    reply.onDrain = () => heard.push('drain')
    reply.onGone = () => heard.push('gone')
    reply.head(200, ['x', 'y'])
    to.ready = false
    assert.equal(reply.write('one '), false)
    to.ready = true
    assert.equal(reply.write(Buffer.from('two ')), true)
    to.onDrain?.()
    to.onGone?.()
    reply.end('three')
    assert.deepEqual([to.status, to.text, to.ended, heard], [200, 'one two three', true, ['drain', 'gone']])
    assert.equal(said().toString(), 'one two three')
    reply.onGone = undefined
    to.onGone?.()
    assert.deepEqual(heard, ['drain', 'gone'])
  })

  it('is kept in its beginning only, and copied, so that no large buffer stays', () => {
    const { reply, said } = overhear(fakeReply())
    const large = Buffer.alloc(1_000_000, 'x')
    for (let i = 0; i < 5; i += 1) reply.write(large.subarray(0, 100_000))
    assert.equal(said().length, MOST_HEARD)
    large.fill('y')
    assert.ok(!said().includes('y'))
  })

  it('may be broken off', () => {
    const to = fakeReply()
    overhear(to).reply.destroy()
    assert.equal(to.destroyed, true)
  })
})
