import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { isSettled } from './young-space.ts'

const MIB = 1024 * 1024
/** Half a megabyte survives each time, and what the loop makes beside it does not. */
const USE = `
  const keep = []
  const use = async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      for (let i = 0; i < 20_000; i += 1) keep.push([i, { i }])
      if (keep.length > 200_000) keep.length = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
`

/** What a process prints that imports the module and then does something. */
function after(does: string, node: readonly string[] = [], env: NodeJS.ProcessEnv = {}): number[] {
  const program = `const { youngBytes } = await import(${JSON.stringify(new URL('young-space.ts', import.meta.url).href)})
    const sizes = []\n${does}\nconsole.log(JSON.stringify(sizes))`
  const { NODE_OPTIONS: _, ...clean } = process.env
  const ran = spawnSync(process.execPath, [...node, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...clean, ...env },
  })
  assert.equal(ran.stderr, '')
  return (JSON.parse(ran.stdout) as number[]).map((bytes) => Math.round(bytes / MIB))
}

test('the young generation has its size from the start and keeps it, whatever survives', () => {
  assert.deepEqual(after(`${USE}; sizes.push(youngBytes()); await use(); sizes.push(youngBytes())`), [8, 8])
})

test('a thread that starts sets V8 back for all, and is answered', () => {
  const does = `${USE}
    const { Worker } = await import('node:worker_threads')
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
    await new Promise((resolve) => worker.once('online', resolve))
    await use()
    sizes.push(youngBytes())
    await worker.terminate()`
  assert.deepEqual(after(does), [8])
})

test('what the one who starts the program says of the young generation holds', () => {
  const does = `${USE}; await use(); sizes.push(youngBytes())`
  assert.deepEqual(after(does, ['--max-semi-space-size=2']), [2])
  assert.deepEqual(after(does, [], { NODE_OPTIONS: '--max-semi-space-size=4' }), [4])
  assert.ok(isSettled(['--semi_space_growth_factor=3'], undefined))
  assert.ok(!isSettled(['--max-old-space-size=4096'], '--enable-source-maps'))
})
