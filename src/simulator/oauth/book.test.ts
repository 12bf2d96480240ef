import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostMap, standIn } from '../hosts.ts'
import { personOf } from '../persons.ts'
import { createTokenBook, random } from './book.ts'
import { createDevices } from './devices.ts'

const CONSENT = {
  vendor: 'claude' as const,
  person: 'anna',
  clientId: 'c',
  scopes: [],
  redirectUri: 'http://localhost/callback',
  offline: true,
}

function book(clock: { now: number }) {
  return createTokenBook({
    now: () => clock.now,
    life: () => 100,
    rotates: () => true,
    access: () => random(12),
    refresh: () => random(12),
  })
}

test('whatever is presented in whatever order: one token is taken, and reuse ends it for good', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 30 }), (back) => {
      const b = book({ now: 0 })
      const first = b.open(CONSENT)
      const given = [first.refresh!]
      let dead = false
      for (const steps of back) {
        const at = Math.max(0, given.length - 1 - steps)
        const got = b.refresh(given[at]!, 'c')
        if (at < given.length - 1) {
          assert.equal(got, 'reused')
          dead = true
        } else if (dead) assert.equal(got, 'revoked')
        else {
          assert.equal(typeof got, 'object')
          given.push((got as { refresh: string }).refresh)
        }
        const current = given.filter((t) => b.inspect(t).state === 'current')
        assert.equal(current.length, dead ? 0 : 1)
        assert.equal(typeof b.access(first.access), dead ? 'string' : 'object')
      }
    }),
  )
})

test('a code works once, within its minute, and its second use ends what the first gave', () => {
  fc.assert(
    fc.property(fc.nat({ max: 120_000 }), (wait) => {
      const clock = { now: 0 }
      const b = book(clock)
      const code = b.code(CONSENT)
      clock.now = wait
      const found = b.checkCode(code)
      if (wait >= 60_000) return assert.equal(found, 'expired')
      const issued = b.open(CONSENT, code)
      assert.equal(b.checkCode(code), 'used')
      return assert.equal(b.access(issued.access), 'revoked')
    }),
  )
})

test('an access token ends with its life, by the clock it was given', () => {
  const clock = { now: 0 }
  const b = book(clock)
  const { access } = b.open(CONSENT)
  clock.now = 99_999
  assert.equal(typeof b.access(access), 'object')
  clock.now = 100_000
  assert.equal(b.access(access), 'expired')
})

test('polls of a device: each hasty one makes the next wait longer', () => {
  const clock = { now: 0 }
  const devices = createDevices(() => clock.now)
  const d = devices.start({ vendor: 'xai', clientId: 'c', scopes: [], interval: 5 }, 60)
  assert.deepEqual(
    [0, 4_999, 9_999, 24_999].map((at) => {
      clock.now = at
      return devices.poll(d)
    }),
    ['pending', 'slow-down', 'slow-down', 'pending'],
  )
  clock.now = 60_000
  assert.equal(devices.poll(d), 'expired')
})

test('a stand-in takes the place of a vendor origin and leaves all else as it is', () => {
  const base = 'http://127.0.0.1:5'
  for (const [origin, to] of Object.entries(hostMap(base)))
    assert.equal(standIn(base, `${origin}/a/b?c=d#e`), `${to}/a/b?c=d#e`)
  for (const url of ['https://claude.ai.evil.example/x', 'http://claude.ai/x', 'https://evil@claude.ai/', 'nonsense'])
    assert.equal(standIn(base, url), url)
})

test('a person is the same every time, and everybody is somebody else', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), (name) => {
      const [one, two] = [personOf(name), personOf(name)]
      assert.equal(one.subject('codex'), two.subject('codex'))
      assert.notEqual(one.subject('codex'), personOf(`${name}x`).subject('codex'))
      assert.match(one.subject('gemini-cli'), /^[1-9]\d{20}$/)
    }),
  )
})
