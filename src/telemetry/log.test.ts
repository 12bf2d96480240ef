import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLog, flushLog, type LogOptions } from './log.ts'
import { neutralise } from './pretty.ts'
import { createRedactor } from './redact.ts'

function logTo(options: LogOptions & { tty?: boolean } = {}) {
  const lines: string[] = []
  const log = createLog({
    env: {},
    destination: { isTTY: options.tty ?? false, write: (text) => lines.push(text) },
    ...options,
  })
  return { log, lines }
}

test('JSON when nobody looks: one object a line, level by name, no process noise', () => {
  const { log, lines } = logTo()
  log.info({ account: 'work', n: 1 }, 'hello')
  log.debug('not this')
  assert.equal(lines.length, 1)
  const { time, ...entry } = JSON.parse(lines[0]!)
  assert.deepEqual(entry, { level: 'info', account: 'work', n: 1, msg: 'hello' })
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.ok(lines[0]!.endsWith('}\n'))
})

test('pretty on a terminal, with colour unless NO_COLOR', () => {
  const coloured = logTo({ tty: true })
  coloured.log.warn({ account: 'a b' }, 'careful')
  assert.match(
    coloured.lines[0]!,
    /^\x1b\[2m\d\d:\d\d:\d\d\.\d{3}\x1b\[0m \x1b\[33mWARN \x1b\[0m careful \x1b\[2maccount=\x1b\[0m"a b"\n$/,
  )
  const plain = logTo({ tty: true, env: { NO_COLOR: '1' } })
  plain.log.warn({ account: 'work', tokens: { input: 1 } }, 'careful')
  assert.match(plain.lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} WARN {2}careful account=work tokens=\{"input":1\}\n$/)
})

test('debug turns the level down; silent says nothing', () => {
  const debug = logTo({ debug: true })
  debug.log.debug('x')
  assert.equal(debug.lines.length, 1)
  const silent = logTo({ level: 'silent' })
  silent.log.error('x')
  assert.equal(silent.lines.length, 0)
})

test('an upstream cannot steer the terminal, in either format', () => {
  const evil = '\x1b[2J\x1b]0;owned\x07\r\nFAKE INFO line\x9b31m\u202e\u2028\x00'
  for (const format of ['pretty', 'json'] as const) {
    const { log, lines } = logTo({ format })
    log.error({ message: evil, [evil]: evil, deep: { evil }, err: new Error(evil) }, evil)
    const text = lines.join('')
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/.test(text), JSON.stringify(text))
    assert.ok(!text.includes('\nFAKE'))
    if (format === 'json') assert.equal(JSON.parse(text).message, evil)
  }
  assert.equal(neutralise('ä\x1b€'), 'ä\\x1b€')
})

test('every string that passes is scrubbed: message, fields, keys, errors and their causes, children', () => {
  const redactor = createRedactor()
  const canary = 'canary-"secret"/value'
  redactor.learn(canary)
  for (const format of ['pretty', 'json'] as const) {
    const { log, lines } = logTo({ format, redactor })
    const error = Object.assign(new Error(`refused ${canary}`, { cause: new Error(canary) }), { headers: [canary] })
    log.info({ a: canary, deep: { [canary]: [canary] }, err: error }, `said ${canary}`)
    log.child({ session: canary }).error(error)
    log.warn('%s and %j', canary, { canary })
    log.info({ body: JSON.stringify({ echo: canary }) })
    log.info({ b64: Buffer.from(`u:${canary}`).toString('base64') })
    const text = lines.join('')
    assert.ok(!text.includes('canary-'), text)
    assert.ok(!text.includes(Buffer.from(`u:${canary}`).toString('base64').slice(8, 20)), text)
    if (format === 'json') for (const line of lines) JSON.parse(line)
  }
})

test('standard error gets the lines, standard output none, and all are out when the process ends', () => {
  const log = fileURLToPath(new URL('./log.ts', import.meta.url))
  const script = `
    import { createLog, flushLog } from ${JSON.stringify(log)}
    const log = createLog({ format: 'json' })
    for (let n = 0; n < 2000; n++) log.info({ n, pad: 'x'.repeat(100) }, 'line')
    await flushLog(log)
    log.info('last')
    process.exit(0)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  assert.equal(lines.length, 2001)
  assert.equal(JSON.parse(lines.at(-1)!).msg, 'last')
})

test('flushLog resolves for any destination', async () => {
  await flushLog(logTo().log)
})
