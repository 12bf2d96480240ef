import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createLog, flushLog } from './log.ts'
import { createLogFile } from './log-file.ts'

describe('log files', () => {
  let root: string
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lp-log-file-'))
  })
  after(() => rm(root, { recursive: true }))

  test('lines come in order, for the owner alone, and are added to what was there', async () => {
    const dir = join(root, 'a', 'logs')
    for (const from of [0, 100]) {
      const log = createLog({ destination: createLogFile({ dir, maxTotalMb: 0 }) })
      for (let n = from; n < from + 100; n++) log.info({ n }, 'line')
      await flushLog(log)
    }
    const lines = (await readFile(join(dir, 'main.log'), 'utf8')).trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).n),
      Array.from({ length: 200 }, (_, n) => n),
    )
    if (process.platform !== 'win32') {
      assert.equal((await stat(dir)).mode & 0o777, 0o700)
      assert.equal((await stat(join(dir, 'main.log'))).mode & 0o777, 0o600)
    }
  })

  test('full files are set aside, and all together take no more than the limit', async () => {
    const dir = join(root, 'b')
    let clock = Date.UTC(2026, 8, 7)
    const file = createLogFile({ dir, maxTotalMb: 1, now: () => clock++ })
    const flush = () => new Promise<void>((resolve) => file.flush!(resolve))
    for (let n = 0; n < 40; n++) {
      file.write(`${String(n).padStart(2, '0')}${'x'.repeat(100_000)}\n`)
      await flush()
    }
    const names = await readdir(dir)
    let sum = 0
    for (const name of names) sum += (await stat(join(dir, name))).size
    assert.ok(sum <= 1024 * 1024 && sum > 500_000, `${sum}`)
    assert.ok(names.length >= 3)
    assert.match(await readFile(join(dir, 'main.log'), 'utf8'), /^39|\n39/)
  })

  test('a directory that cannot be made is told once', async () => {
    const told: string[] = []
    const file = createLogFile({ dir: '/dev/null/logs', maxTotalMb: 0, trouble: (error) => told.push(error.message) })
    for (let n = 0; n < 3; n++) {
      file.write('x\n')
      await new Promise<void>((resolve) => file.flush!(resolve))
    }
    assert.equal(told.length, 1)
  })
})
