import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { testHouse } from './testing/house.ts'

describe('the pages', async () => {
  it('are told to be built where they are not, and turned off where the config says so', async () => {
    const house = await testHouse()
    const { status, text } = await house.ask('GET', '/dashboard/', { as: 'nobody' })
    assert.equal(status, 503)
    assert.match(text, /npm run build/)
    await house.close()
    const off = await testHouse({ 'remote-management': { 'disable-control-panel': true } })
    for (const path of ['/dashboard/', '/management.html', '/dashboard/?link=x'])
      assert.equal((await off.ask('GET', path, { as: 'nobody' })).status, 404)
    await off.close()
  })

  it('come with a strict policy, are cached by content, and are nothing but the files of the build', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lp-pages-'))
    const built = join(dir, 'dashboard')
    await mkdir(join(built, 'assets'), { recursive: true })
    await writeFile(join(built, 'index.html'), '<!doctype html><p>dashboard')
    await writeFile(join(built, 'management.html'), '<!doctype html><p>panel')
    await writeFile(join(built, 'assets', 'app-AbCdEfG1.js'), 'export {}')
    await writeFile(join(dir, 'secret.txt'), 'outside')
    const house = await testHouse({}, { pagesDir: built })
    const get = (path: string, headers: Record<string, string> = {}) =>
      house.ask('GET', path, { as: 'nobody', headers })
    const page = await get('/dashboard/')
    assert.equal(page.text, '<!doctype html><p>dashboard')
    const csp = page.headers.get('content-security-policy')!
    for (const word of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      assert.ok(csp.includes(word), csp)
    assert.ok(!csp.includes('unsafe'))
    assert.deepEqual(
      [
        'x-frame-options',
        'cross-origin-opener-policy',
        'cross-origin-resource-policy',
        'x-content-type-options',
        'cache-control',
      ].map((n) => page.headers.get(n)),
      ['DENY', 'same-origin', 'same-origin', 'nosniff', 'no-cache'],
    )
    assert.equal((await get('/dashboard/', { 'if-none-match': page.headers.get('etag')! })).status, 304)
    const script = await get('/dashboard/assets/app-AbCdEfG1.js')
    assert.deepEqual(
      [script.headers.get('content-type'), script.headers.get('cache-control')],
      ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    )
    assert.equal((await get('/management.html')).text, '<!doctype html><p>panel')
    assert.equal((await get('/dashboard/accounts')).text, '<!doctype html><p>dashboard')
    for (const path of [
      '/dashboard/..%2Fsecret.txt',
      '/dashboard/%2e%2e/secret.txt',
      '/dashboard/assets/none.js',
      '/dashboard/secret.txt',
      '/dashboard/%00.js',
    ]) {
      const { status, text } = await get(path)
      assert.ok(status === 404 && !text.includes('outside'), `${path}: ${status}`)
    }
    assert.equal((await house.ask('POST', '/dashboard/', { as: 'nobody' })).status, 405)
    assert.equal((await get('/dashboard')).status, 301)
    await house.close()
    await rm(dir, { recursive: true })
  })
})
