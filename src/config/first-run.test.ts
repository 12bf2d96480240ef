import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { writeFirstConfig } from './first-run.ts'
import { loadConfig } from './load.ts'

test('the first config is private, commented, loads without a notice, and holds its secrets as hashes only', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'lp-first-'))
  t.after(() => rm(dir, { recursive: true }))
  const file = join(dir, 'new', 'config.yaml')
  const { path, clientKey, adminToken } = await writeFirstConfig(file)
  assert.equal(path, file)
  assert.match(clientKey, /^lp-[0-9A-Za-z]{40}$/)
  assert.match(adminToken, /^lpa-[0-9A-Za-z]{40}$/)
  assert.notEqual(adminToken.slice(4), clientKey.slice(3))
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(dirname(file))).mode & 0o777, 0o700)
  assert.deepEqual(await readdir(dirname(file)), ['config.yaml'])

  const text = await readFile(file, 'utf8')
  for (const secret of [clientKey, adminToken]) assert.ok(!text.includes(secret))
  const { config, notices } = await loadConfig(file, { env: {} })
  assert.deepEqual(notices, [])
  const digest = createHash('sha256').update(clientKey).digest('hex')
  const adminDigest = createHash('sha256').update(adminToken).digest('hex')
  assert.equal(config['remote-management']['secret-key'], `sha256:${adminDigest}`)
  assert.equal(config['remote-management']['allow-remote'], false)
  assert.deepEqual(config['api-keys'], [{ name: 'first', key: `sha256:${digest}` }])

  await assert.rejects(writeFirstConfig(file), { code: 'EEXIST' })
  assert.equal(await readFile(file, 'utf8'), text)
  assert.deepEqual(await readdir(dirname(file)), ['config.yaml'])
})
