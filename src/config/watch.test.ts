import assert from 'node:assert/strict'
import { appendFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfigError } from './faults.ts'
import { type LoadedConfig, loadConfig } from './load.ts'
import { type ConfigWatch, type WatchOptions, watchConfig } from './watch.ts'

interface Setup {
  dir: string
  file: string
  changes: LoadedConfig[]
  errors: ConfigError[]
  watch: ConfigWatch
}

async function setup(t: TestContext, options: Partial<WatchOptions> = {}, name = 'config.yaml'): Promise<Setup> {
  const dir = await mkdtemp(join(tmpdir(), 'lp-watch-'))
  const file = join(dir, name)
  await writeFile(file, 'port: 1\n')
  return begin(t, dir, file, options)
}

async function begin(t: TestContext, dir: string, file: string, options: Partial<WatchOptions>): Promise<Setup> {
  const changes: LoadedConfig[] = []
  const errors: ConfigError[] = []
  const watch = watchConfig(file, {
    digest: (await loadConfig(file)).digest,
    onChange: (loaded) => void changes.push(loaded),
    onError: (error) => void errors.push(error),
    debounceMs: 5,
    // Events alone, unless a test says otherwise.
    pollSeconds: 3600,
    ...options,
  })
  t.after(async () => {
    watch.close()
    await rm(dir, { recursive: true, force: true })
  })
  await watch.check()
  return { dir, file, changes, errors, watch }
}

/** Waits for something the watcher does on its own. */
async function until(what: () => boolean): Promise<void> {
  const end = Date.now() + 5000
  while (!what()) {
    assert.ok(Date.now() < end, 'it did not happen')
    await sleep(3)
  }
}

const lastPort = ({ changes }: Setup) => changes.at(-1)?.config.port

describe('by events alone', () => {
  test('sees a file written in place', async (t) => {
    const s = await setup(t)
    await writeFile(s.file, 'port: 2\n')
    await until(() => lastPort(s) === 2)
    assert.equal(s.changes.length, 1)
  })

  test('sees a file renamed into place, again and again', async (t) => {
    const s = await setup(t)
    for (const port of [2, 3, 4]) {
      await writeFile(`${s.file}.tmp`, `port: ${port}\n`)
      await rename(`${s.file}.tmp`, s.file)
      await until(() => lastPort(s) === port)
    }
    assert.equal(s.changes.length, 3)
  })

  test('sees a file that an editor moves away and writes anew', async (t) => {
    const s = await setup(t)
    await rename(s.file, `${s.file}~`)
    await writeFile(s.file, 'port: 5\n')
    await until(() => lastPort(s) === 5)
  })

  test('sees Kubernetes swap its ..data symlink', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lp-watch-k8s-'))
    const version = async (name: string, port: number) => {
      await mkdir(join(dir, name))
      await writeFile(join(dir, name, 'config.yaml'), `port: ${port}\n`)
      await symlink(name, join(dir, '..data_tmp'))
      await rename(join(dir, '..data_tmp'), join(dir, '..data'))
    }
    await version('..v1', 1)
    await symlink('..data/config.yaml', join(dir, 'config.yaml'))
    const s = await begin(t, dir, join(dir, 'config.yaml'), {})
    for (const port of [2, 3]) {
      await version(`..v${port}`, port)
      await rm(join(dir, `..v${port - 1}`), { recursive: true })
      await until(() => lastPort(s) === port)
    }
    assert.deepEqual(s.errors, [])
  })

  test('sees the target of a symlink in another directory change', async (t) => {
    const s = await setup(t, {}, 'real.yaml')
    await mkdir(join(s.dir, 'etc'))
    await symlink('../real.yaml', join(s.dir, 'etc', 'config.yaml'))
    const linked = await begin(t, s.dir, join(s.dir, 'etc', 'config.yaml'), {})
    await writeFile(s.file, 'port: 7\n')
    await until(() => lastPort(linked) === 7)
  })
})

describe('by polling', () => {
  test('sees what events do not tell, and survives the directory being replaced', async (t) => {
    const s = await setup(t, { pollSeconds: 0.02 }, 'config.yaml')
    const dir = join(s.dir, 'sub')
    await mkdir(dir)
    await writeFile(join(dir, 'config.yaml'), 'port: 1\n')
    const inner = await begin(t, s.dir, join(dir, 'config.yaml'), { pollSeconds: 0.02 })
    await rename(dir, `${dir}.old`)
    await until(() => inner.errors.length === 1)
    await mkdir(dir)
    await writeFile(join(dir, 'config.yaml'), 'port: 8\n')
    await until(() => lastPort(inner) === 8)
    await writeFile(join(dir, 'config.yaml'), 'port: 9\n')
    await until(() => lastPort(inner) === 9)
  })
})

describe('what counts is the content', () => {
  test('touching, or writing the same again, does nothing', async (t) => {
    const s = await setup(t)
    await utimes(s.file, new Date(), new Date())
    await s.watch.check()
    await writeFile(s.file, 'port: 1\n')
    await s.watch.check()
    assert.deepEqual([s.changes, s.errors], [[], []])
  })

  test('an invalid file is told once and changes nothing; repaired to the same, it is told as valid', async (t) => {
    const s = await setup(t)
    await writeFile(s.file, 'prot: 2\n')
    await s.watch.check()
    await utimes(s.file, new Date(), new Date())
    await s.watch.check()
    assert.equal(s.errors.length, 1)
    assert.match(s.errors[0]!.message, /config\.yaml:1: unknown key "prot"/)
    assert.deepEqual(s.changes, [])
    await writeFile(s.file, 'port: 1\n')
    await s.watch.check()
    assert.equal(lastPort(s), 1)
    await s.watch.check()
    assert.equal(s.changes.length, 1)
  })

  test('a file that is emptied and written later is not taken as empty', async (t) => {
    const s = await setup(t, { debounceMs: 60 })
    writeFileSync(s.file, '')
    const looked = s.watch.check()
    await sleep(5)
    writeFileSync(s.file, 'port: ')
    await sleep(5)
    writeFileSync(s.file, 'port: 6\n')
    await looked
    await s.watch.check()
    assert.equal(lastPort(s), 6)
    assert.deepEqual(s.errors, [])
  })

  test('a file that stays empty is told as invalid', async (t) => {
    const s = await setup(t)
    await writeFile(s.file, ' \n')
    await s.watch.check()
    assert.match(s.errors[0]!.message, /the file is empty/)
    assert.deepEqual(s.changes, [])
  })

  test('a deleted file changes nothing and is told once', async (t) => {
    const s = await setup(t)
    await unlink(s.file)
    await s.watch.check()
    await s.watch.check()
    assert.equal(s.errors.length, 1)
    assert.match(s.errors[0]!.message, /there is no such file/)
    await writeFile(s.file, 'port: 3\n')
    await until(() => lastPort(s) === 3)
  })

  test('without a digest the first content counts as known', async (t) => {
    const s = await setup(t, { digest: undefined })
    assert.deepEqual(s.changes, [])
    await writeFile(s.file, 'port: 2\n')
    await until(() => lastPort(s) === 2)
  })

  test('listeners that throw do not end the watch', async (t) => {
    let fail = true
    const ports: number[] = []
    const errors: string[] = []
    const s = await setup(t, {
      onChange({ config }) {
        if (fail) throw new Error('it does not compile')
        ports.push(config.port)
      },
      onError(error) {
        errors.push(error.message)
        throw new Error('and the listener is broken')
      },
    })
    await writeFile(s.file, 'port: 2\n')
    await s.watch.check()
    assert.match(errors.join(), /it does not compile/)
    fail = false
    await writeFile(s.file, 'port: 3\n')
    await s.watch.check()
    assert.deepEqual(ports, [3])
  })

  test('after close nothing is told', async (t) => {
    const s = await setup(t)
    s.watch.close()
    await writeFile(s.file, 'port: 2\n')
    await s.watch.check()
    await sleep(20)
    assert.deepEqual([s.changes, s.errors], [[], []])
  })
})

test('200 writes of all kinds: every config taken is complete, and the last valid one wins', async (t) => {
  const s = await setup(t, { pollSeconds: 0.05, debounceMs: 20 })
  const complete = (n: number) => `port: ${n}\n${'# a line of the file\n'.repeat(20)}request-retry: ${n}\n`
  const kinds: ((n: number) => void | Promise<void>)[] = [
    (n) => writeFileSync(s.file, complete(n)),
    async (n) => {
      const text = complete(n)
      writeFileSync(s.file, text.slice(0, text.length / 2))
      await sleep(1)
      appendFileSync(s.file, text.slice(text.length / 2))
    },
    () => writeFileSync(s.file, 'port: [broken\n'),
    (n) => writeFileSync(s.file, `${complete(n)}no-such-key: true\n`),
    (n) => {
      writeFileSync(`${s.file}.tmp`, complete(n))
      renameSync(`${s.file}.tmp`, s.file)
    },
    (n) => {
      writeFileSync(join(s.dir, `version-${n}`), complete(n))
      symlinkSync(`version-${n}`, `${s.file}.link`)
      renameSync(`${s.file}.link`, s.file)
    },
    (n) => {
      rmSync(s.file, { force: true })
      writeFileSync(s.file, complete(n))
    },
  ]
  let last = 1
  for (let n = 2; n <= 200; n++) {
    const kind = (n * 5 + (n >> 3)) % kinds.length
    await kinds[kind]!(n)
    if (kind !== 2 && kind !== 3) last = n
    // Now and then there is time to see a state, also an invalid one.
    if (n % 7 === 0) await sleep(50)
  }
  last = 201
  writeFileSync(s.file, complete(last))
  await until(() => lastPort(s) === last)
  await s.watch.check()
  assert.equal(lastPort(s), last)
  assert.ok(s.changes.length > 10, `${s.changes.length} changes`)
  assert.ok(s.errors.length > 0)
  for (const { config } of s.changes) assert.equal(config['request-retry'], config.port)
})
