import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createThrottle } from './throttle.ts'

function clock() {
  let at = 1_000_000
  const slept: number[] = []
  return {
    now: () => at,
    pass(ms: number) {
      at += ms
    },
    slept,
    async sleep(ms: number) {
      slept.push(ms)
    },
  }
}

describe('the throttle', () => {
  it('lets the first attempt by at once and delays those after a wrong one, longer each time', async () => {
    const c = clock()
    const throttle = createThrottle(c.now, c.sleep)
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      assert.equal(await throttle.turn('a'), true)
      throttle.failed('a')
      waits.push(throttle.wait('a'))
    }
    assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
    assert.equal(throttle.wait('b'), 0)
  })

  it('forgets with time and at once with the right token', async () => {
    const c = clock()
    const throttle = createThrottle(c.now, c.sleep)
    for (let i = 0; i < 6; i++) throttle.failed('a')
    c.pass(10 * 60_000)
    throttle.failed('a')
    assert.equal(throttle.wait('a'), 250)
    throttle.succeeded('a')
    assert.equal(throttle.wait('a'), 0)
  })

  it('keeps few waiting, and never anybody for long', async () => {
    const c = clock()
    let free: () => void = () => {}
    const throttle = createThrottle(c.now, () => new Promise((resolve) => (free = resolve)))
    throttle.failed('a')
    const turns = [1, 2, 3, 4].map(() => throttle.turn('a'))
    assert.equal(await throttle.turn('a'), false)
    free()
    assert.equal(await turns.at(-1), true)
    const slow = createThrottle(c.now, c.sleep)
    for (let i = 0; i < 100; i++) slow.failed('a')
    await Promise.all([1, 2, 3, 4].map(() => slow.turn('a')))
    assert.ok(Math.max(...c.slept) <= 20_000, String(c.slept))
  })

  it('slows everybody when many sources guess', () => {
    const c = clock()
    const throttle = createThrottle(c.now, c.sleep)
    for (let i = 0; i < 60; i++) throttle.failed(`source ${i}`)
    assert.ok(throttle.wait('somebody else') > 0)
    assert.ok(throttle.wait('somebody else') <= 5_000)
  })

  it('remembers a bounded number of sources', () => {
    const c = clock()
    const throttle = createThrottle(c.now, c.sleep)
    for (let i = 0; i < 5_000; i++) throttle.failed(`source ${i}`)
    assert.equal(throttle.wait('source 0') <= 5_000, true)
  })
})
