import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { MAX_BYTES, readSmall, timeOf } from './bounded.ts'
import { type Home, scratchHome } from './testing/files.ts'

let home: Home
beforeEach(async () => {
  home = await scratchHome()
})
afterEach(() => home.remove())

describe('a file of another program', () => {
  it('is read, also through symbolic links', async () => {
    const at = await home.put('real.json', '{"a":1}')
    await symlink(at, join(home.home, 'link.json'))
    assert.deepEqual(await readSmall(join(home.home, 'link.json')), { text: '{"a":1}', mode: 0o600 })
  })

  it('that is not there is missing, and so is one below a file', async () => {
    const at = await home.put('file', 'x')
    assert.deepEqual(await readSmall(join(home.home, 'none')), { missing: true })
    assert.deepEqual(await readSmall(join(at, 'below')), { missing: true })
  })

  it('is not read when it is huge, a folder, a circle of links, or a pipe', async () => {
    const huge = await home.put('huge', '')
    await truncate(huge, MAX_BYTES + 1)
    await symlink(join(home.home, 'b'), join(home.home, 'a'))
    await symlink(join(home.home, 'a'), join(home.home, 'b'))
    const pipe = join(home.home, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const at of [huge, home.home, join(home.home, 'a'), pipe, '/dev/zero'])
      assert.ok('refused' in (await readSmall(at)), at)
  })

  it('is not read when it is somebody else’s, unless we are root', async () => {
    const at = await home.put('x', 'y')
    assert.deepEqual(await readSmall(at, 12_345), { refused: 'it belongs to another user' })
    assert.ok('text' in (await readSmall(at, 0)))
  })

  it('may begin with a byte order mark', async () => {
    const at = await home.put('x', '\uFEFF{}')
    assert.deepEqual(await readSmall(at), { text: '{}', mode: 0o600 })
  })
})

describe('a time', () => {
  it('is ms, seconds or RFC 3339, in every spelling the vendors have', () => {
    const at = Date.parse('2026-11-22T20:00:00Z')
    for (const value of [
      at,
      at / 1000,
      String(at),
      '2026-11-22T20:00:00Z',
      '2026-11-22T21:00:00+01:00',
      '2026-11-22T20:00:00.000000000Z',
    ])
      assert.equal(timeOf(value), at, String(value))
  })

  it('is none when it is nonsense, or Go’s for never', () => {
    for (const value of [undefined, null, 0, -5, 'soon', '', '0001-01-01T00:00:00Z', {}, Number.NaN])
      assert.equal(timeOf(value), undefined, String(value))
  })
})
