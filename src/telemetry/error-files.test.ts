import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createErrorFiles, type ErrorFilesOptions } from './error-files.ts'
import { createRedactor } from './redact.ts'
import { callRecord, failedExchange } from './testing/fixture.ts'

describe('error files', () => {
  let root: string
  let made = 0
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lp-error-files-'))
  })
  after(() => rm(root, { recursive: true }))

  function files(over: Partial<ErrorFilesOptions> = {}) {
    const dir = join(root, `${made++}`)
    let clock = Date.UTC(2026, 8, 7, 12)
    const told: string[] = []
    const kept = createErrorFiles({
      dir,
      maxFiles: 10,
      redactor: createRedactor(),
      now: () => clock++,
      pauseMs: 0,
      log: { warn: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`) },
      ...over,
    })
    return { kept, dir: join(dir, 'logs'), told }
  }

  test('one file a failure: request, response and attempts, for the owner alone', async () => {
    const { kept, dir } = files()
    kept.failed(failedExchange())
    await kept.settled()
    const [name] = await readdir(dir)
    assert.equal(name, 'error-20260907T120000000Z-req-1.json')
    if (process.platform !== 'win32') {
      assert.equal((await stat(dir)).mode & 0o777, 0o700)
      assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600)
    }
    const document = JSON.parse(await readFile(join(dir, name), 'utf8'))
    assert.equal(document.time, '2026-09-07T12:00:00.000Z')
    assert.deepEqual(document.request.body, { model: 'auto', messages: [] })
    assert.equal(document.request.url, '/v1/messages?beta=true')
    assert.deepEqual(document.response.body, { type: 'error' })
    assert.equal(document.record.attempts[0].failure.code, 'usage_limit_reached')
  })

  test('only the newest stay, and files of others are not touched', async () => {
    const { kept, dir } = files({ maxFiles: 3 })
    kept.failed(failedExchange())
    await kept.settled()
    await writeFile(join(dir, 'error-mine.json'), '')
    for (let n = 0; n < 6; n++) kept.failed(failedExchange({ record: callRecord({ id: `r${n}` }) }))
    await kept.settled()
    const names = (await readdir(dir)).sort()
    assert.deepEqual(
      names.map((name) => name.split('-').at(-1)),
      ['r3.json', 'r4.json', 'r5.json', 'mine.json'],
    )
  })

  test('0 files: nothing is written', async () => {
    const { kept, dir } = files({ maxFiles: 0 })
    kept.failed(failedExchange())
    await kept.settled()
    await assert.rejects(readdir(dir))
  })

  test('clients that left and strangers without a key leave no file', async () => {
    const { kept, dir } = files()
    const left = { kind: 'cancelled', status: 499, scope: 'request', message: '' } as const
    const stranger = { kind: 'unauthorized', status: 401, scope: 'request', message: '' } as const
    kept.failed(failedExchange({ record: callRecord({ failure: left }) }))
    kept.failed(failedExchange({ record: callRecord({ failure: stranger, attempts: [] }) }))
    await kept.settled()
    await assert.rejects(readdir(dir))
  })

  test('a storm: what is too much is dropped and counted', async () => {
    const { kept, dir } = files({ maxPending: 4, maxFiles: 100 })
    for (let n = 0; n < 50; n++) kept.failed(failedExchange({ record: callRecord({ id: `r${n}` }) }))
    await kept.settled()
    const { written, dropped, pending } = kept.stats()
    assert.equal(written + dropped, 50)
    assert.ok(written >= 4 && written <= 5)
    assert.equal(pending, 0)
    assert.equal((await readdir(dir)).length, written)
  })

  test('a full disk is told once, and again after a success in between', async () => {
    let full = true
    const { kept, told, dir } = files({
      write: (async (...args: Parameters<typeof writeFile>) => {
        if (full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
        return writeFile(...args)
      }) as typeof writeFile,
    })
    for (let n = 0; n < 3; n++) kept.failed(failedExchange())
    await kept.settled()
    assert.equal(told.length, 1)
    assert.match(told[0]!, /the disk is full/)
    full = false
    kept.failed(failedExchange())
    await kept.settled()
    full = true
    kept.failed(failedExchange())
    await kept.settled()
    assert.equal(told.length, 2)
    assert.deepEqual(kept.stats(), { written: 1, dropped: 0, failed: 4, pending: 0 })
    assert.equal((await readdir(dir)).length, 1)
  })

  test('an id that is a path stays a name', async () => {
    const { kept, dir } = files()
    kept.failed(failedExchange({ record: callRecord({ id: '../../etc/passwd\n' }) }))
    kept.failed(failedExchange({ record: callRecord({ id: '' }) }))
    await kept.settled()
    assert.deepEqual((await readdir(dir)).sort(), [
      'error-20260907T120000000Z-etcpasswd.json',
      'error-20260907T120000001Z-unknown.json',
    ])
  })

  test('a long body is cut; a secret at the cut, wherever it stands, is not written in part', async () => {
    const redactor = createRedactor()
    const secret = `CANARY${'z'.repeat(60)}`
    redactor.learn(secret)
    const { kept, dir } = files({ redactor })
    const limit = 256 * 1024
    const copied = limit + 64 * 1024
    for (const [unit, at] of [
      ['x', limit - 20],
      ['x', copied - 20],
      ['€', Math.floor(copied / 3) - 20],
    ] as const) {
      const body = Buffer.from(`${unit.repeat(at)}${secret}${unit.repeat(500_000)}`)
      kept.failed(failedExchange({ request: { method: 'POST', url: '/', headers: [], body } }))
    }
    await kept.settled()
    for (const name of await readdir(dir)) {
      const text = await readFile(join(dir, name), 'utf8')
      assert.ok(!text.includes('CANARY'))
      assert.ok(text.includes('… [cut]'))
      assert.ok(text.length < 300 * 1024)
    }
  })
})
