/** The command line as a person or a script meets it: what it prints where, and how it ends. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseConfig } from '../src/config/load.ts'
import { version } from '../src/version.ts'
import { Program, ROOT, run, startGateway, temporary, waitFor } from './support-process.ts'

/** A port somebody else listens on. */
async function taken(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const ESCAPE = '\u001b['

describe('demo', () => {
  test('--once logs in everywhere, asks all four dialects, tells what came, and ends with 0', async () => {
    const { code, stdout, stderr } = await run(['demo', '--once'])
    assert.equal(code, 0, stderr)
    for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages', ':generateContent'])
      assert.match(stdout, new RegExp(`✔ .*POST .*${path}`))
    assert.equal(stdout.match(/\[simulated\]/g)!.length, 5)
    assert.match(stdout, /"model": "auto"[\s\S]*routed +code \(0\.\d\d\): refactor, .*\n +model +claude-sonnet-4-6,/)
    assert.match(stdout, /no answer here comes from a real model/)
    assert.equal(stdout.includes(ESCAPE), false, 'no colours into a pipe')
    // Progress of what takes seconds.
    assert.equal(stderr.match(/^ {2}[\w-]+-(?:anna|dora): logged in by (?:browser|device)/gm)!.length, 16)
  })

  test('--once --json prints one JSON value a line and nothing else', async () => {
    const { code, stdout, stderr } = await run(['demo', '--once', '--json'])
    assert.equal(code, 0)
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      events.map((e) => e.event),
      ['sample', 'sample', 'sample', 'sample', 'sample', 'logins', 'samples'],
    )
    assert.equal(events.at(-1).failed, 0)
    assert.deepEqual([events[5].accounts, events[5].failed], [16, 0])
    const { category, confidence, model } = events[4]
    assert.deepEqual([category, model, Number(confidence) > 0.9], ['code', 'claude-sonnet-4-6', true])
    for (const sample of events.slice(0, 5)) {
      assert.equal(sample.ok, true)
      assert.ok(sample.answer.includes(sample.question), sample.answer)
      assert.match(sample.account, /^(?:antigravity|claude|openai|gemini)-[0-9a-f]{10}$/)
    }
    assert.match(stderr, /^Logging anna and dora in/)
  })

  test('without --once it serves on the given port with the given key, and ends with 0 on SIGINT', async () => {
    let port: number
    {
      await using free = await taken()
      port = free.port
    }
    await using demo = new Program(['demo', '--json', '--port', String(port), '--api-key', 'a-key-of-my-own'])
    assert.equal((await demo.event('listening'))['url'], `http://127.0.0.1:${port}`)
    const ask = (key: string) =>
      fetch(`http://127.0.0.1:${port}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'claude-sonnet-4-6+503@anna',
          max_tokens: 10,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
    assert.equal((await ask('a-key-of-my-own')).status, 200, 'one account fails, the other answers')
    assert.equal((await ask('demo-key')).status, 401)
    demo.kill('SIGINT')
    assert.deepEqual(await demo.ended, { code: 0, signal: null })
  })

  test('a port in use ends it with 4, at once, if it was asked for', async () => {
    await using other = await taken()
    for (const once of [[], ['--once']]) {
      const { code, stdout, stderr } = await run(['demo', '--port', String(other.port), ...once])
      assert.equal(code, 4)
      assert.equal(stdout, '')
      assert.match(stderr, new RegExp(`Port ${other.port} is in use`))
    }
  })
})

describe('simulate', () => {
  test('serves the stand-ins and ends with 0 on SIGTERM', async () => {
    await using simulator = new Program(['simulate', '--port', '0', '--json'])
    const { url } = await simulator.event('listening')
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'anything', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }),
    })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-logicaproxy-simulated'), 'true')
    simulator.kill()
    assert.deepEqual(await simulator.ended, { code: 0, signal: null })
  })

  test('--faults lists the words', async () => {
    const { code, stdout } = await run(['simulate', '--faults'])
    assert.equal(code, 0)
    assert.match(stdout, /^429\[:SECS\] +rate limited/m)
    assert.equal((await run(['simulate', '--faults', '--json'])).code, 0)
  })

  test('a port in use ends it with 4', async () => {
    await using other = await taken()
    const { code, stdout, stderr } = await run(['simulate', '--port', String(other.port)])
    assert.deepEqual([code, stdout, stderr], [4, '', `Port ${other.port} is in use.\n`])
  })
})

describe('config', () => {
  test('check: a good file ends with 0', async () => {
    using dir = temporary()
    const file = join(dir.path, 'good.yaml')
    writeFileSync(file, 'port: 1234\napi-keys: [first-key-of-mine, second-key-of-mine]\n')
    for (const args of [
      ['config', 'check', file],
      ['--config', file, 'config', 'check'],
      ['config', 'check', '-c', file],
    ]) {
      const { code, stdout, stderr } = await run(args)
      assert.equal(code, 0, stderr)
      assert.equal(stdout, `${file} is valid: 0 accounts by key, 2 client keys.\n`)
    }
    const { stdout } = await run(['config', 'check', file, '--json'])
    assert.deepEqual(JSON.parse(stdout), { valid: true, file, accounts: 0, clientKeys: 2, notices: [], faults: [] })
  })

  test('check: a file without client keys is told what that means where it listens', async () => {
    using dir = temporary()
    const file = join(dir.path, 'open.yaml')
    for (const [host, words] of [
      ['127.0.0.1', /no api-keys: everyone on this machine/],
      ['""', /the server refuses to start/],
    ] as const) {
      writeFileSync(file, `host: ${host}\n`)
      const { code, stdout, stderr } = await run(['config', 'check', file])
      assert.deepEqual([code, stdout], [0, `${file} is valid: 0 accounts by key, 0 client keys.\n`])
      assert.match(stderr, words)
      assert.match(JSON.parse((await run(['config', 'check', file, '--json'])).stdout).warning, words)
    }
  })

  test('check: a bad file ends with 3 and tells every fault with its line', async () => {
    using dir = temporary()
    const file = join(dir.path, 'bad.yaml')
    writeFileSync(file, 'port: many\nhots: 127.0.0.1\nlimits:\n  body-mib: -3\nrouting:\n  strategy: best\n')
    const { code, stdout, stderr } = await run(['config', 'check', file])
    assert.equal(code, 3)
    assert.equal(stdout, '')
    for (const [line, key] of [
      [1, 'port'],
      [2, 'hots'],
      [4, 'body-mib'],
      [6, 'strategy'],
    ] as const)
      assert.match(stderr, new RegExp(`:${line}\\b.*${key}`), stderr)
    const json = await run(['config', 'check', file, '--json'])
    assert.equal(json.code, 3)
    const told = JSON.parse(json.stdout)
    assert.equal(told.valid, false)
    assert.deepEqual(
      told.faults.map((f: { line: number }) => f.line),
      [1, 2, 4, 6],
    )
  })

  test('check: a directory, a missing file and no UTF-8 end with 3 and say what is wrong', async () => {
    using dir = temporary()
    const binary = join(dir.path, 'binary.yaml')
    writeFileSync(binary, Buffer.from([0x70, 0xff, 0xfe, 0x00]))
    for (const [file, says] of [
      [dir.path, /is a directory/],
      [join(dir.path, 'nowhere.yaml'), /no such file/],
      [binary, /UTF-8/],
    ] as const) {
      const { code, stdout, stderr } = await run(['config', 'check', file])
      assert.equal(code, 3)
      assert.equal(stdout, '')
      assert.match(stderr, says)
    }
  })

  test('check: the example passes', async () => {
    const { code, stderr } = await run(['config', 'check', join(ROOT, 'config.example.yaml')])
    assert.equal(code, 0, stderr)
  })

  test('schema prints the schema that is in the package', async () => {
    const { code, stdout, stderr } = await run(['config', 'schema'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, readFileSync(join(ROOT, 'config.schema.json'), 'utf8'))
  })

  test('path follows --config, $LOGICAPROXY_CONFIG, ./config.yaml and the home directory', async () => {
    using dir = temporary()
    const env = { HOME: dir.path }
    const path = async (args: string[], more = {}) =>
      (await run([...args, 'config', 'path'], { env: { ...env, ...more }, cwd: dir.path })).stdout.trim()
    assert.equal(await path([]), join(dir.path, '.logicaproxy', 'config.yaml'))
    writeFileSync(join(dir.path, 'config.yaml'), '')
    assert.match(await path([]), /config\.yaml$/)
    assert.doesNotMatch(await path([]), /\.logicaproxy/)
    assert.equal(await path([], { LOGICAPROXY_CONFIG: '/tmp/by-env.yaml' }), '/tmp/by-env.yaml')
    assert.equal(await path(['--config', '/tmp/by-flag.yaml'], { LOGICAPROXY_CONFIG: '/x.yaml' }), '/tmp/by-flag.yaml')
    assert.equal(await path(['-config', '/tmp/go-style.yaml']), '/tmp/go-style.yaml')
  })
})

describe('serve', () => {
  test('a first start writes a private config and shows a key, once, that works', async () => {
    using dir = temporary()
    const file = join(dir.path, '.logicaproxy', 'config.yaml')
    const args = ['serve', '--port', '0', '--json']
    let key: string
    {
      await using first = new Program(args, { HOME: dir.path }, dir.path)
      const { url } = await first.event('listening')
      const start = first.data.find((d) => d['event'] === 'first-start')!
      key = String(start['clientKey'])
      assert.match(key, /^lp-[A-Za-z0-9]{40}$/)
      assert.equal(start['config'], file)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.equal(statSync(join(dir.path, '.logicaproxy')).mode & 0o777, 0o700)
      const text = readFileSync(file, 'utf8')
      assert.equal(text.includes(key), false, 'only its hash is kept')
      assert.doesNotThrow(() => parseConfig(text))
      const models = (k: string) => fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${k}` } })
      assert.equal((await models(key)).status, 200)
      assert.equal((await models('another-key-123')).status, 401)
      assert.equal(first.stderr.split(key).length - 1, 1, 'shown once to people')
      first.kill()
      assert.deepEqual(await first.ended, { code: 0, signal: null })
    }
    await using second = new Program(args, { HOME: dir.path }, dir.path)
    const { url } = await second.event('listening')
    assert.equal(second.stdout.includes('first-start'), false)
    assert.equal((second.stdout + second.stderr).includes(key), false)
    assert.equal((await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key } })).status, 200)
  })

  test('is what happens without a command, and takes -config as Go programs write it', async () => {
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(file, `port: 0\napi-keys: [a-key-of-my-own]\nauth-dir: ${dir.path}\n`)
    for (const args of [
      ['-config', file],
      [`-config=${file}`],
      ['--config', file],
      ['-c', file, '--port', '0'],
      ['--port', '0', '--config', file],
    ]) {
      await using program = new Program([...args, '--json'])
      const { url, config } = await program.event('listening')
      assert.equal(config, file, args.join(' '))
      assert.equal((await fetch(`${url}/health`)).status, 200)
      program.kill()
      assert.equal((await program.ended).code, 0)
    }
  })

  test('without --json nothing goes to stdout, and the log to stderr has no colours in a pipe', async () => {
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(file, `port: 0\nauth-dir: ${dir.path}\nlog:\n  format: pretty\n`)
    await using program = new Program(['--config', file], { NO_COLOR: '1' })
    await waitFor(() => /LogicaProxy listens(?:.|\n)*no api-keys are configured/.test(program.stderr))
    program.kill()
    assert.equal((await program.ended).code, 0)
    assert.equal(program.stdout, '')
    assert.equal(program.stderr.includes(ESCAPE), false)
  })

  test('a public address without keys is refused with 4; with keys it is not', async () => {
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(file, `auth-dir: ${dir.path}\n`)
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
      const { code, stdout, stderr } = await run(['serve', '--config', file, '--host', host, '--port', '0'])
      assert.equal(code, 4, host)
      assert.equal(stdout, '')
      assert.match(stderr, /Refusing to listen on .* without client keys/)
    }
    writeFileSync(file, `auth-dir: ${dir.path}\nhost: ""\n`)
    assert.equal((await run(['serve', '--config', file, '--port', '0'])).code, 4, 'host "" means all interfaces')
    writeFileSync(file, `auth-dir: ${dir.path}\nhost: 0.0.0.0\napi-keys: [a-key-of-my-own]\n`)
    await using program = new Program(['serve', '--config', file, '--port', '0', '--json'])
    const { url } = await program.event('listening')
    assert.equal((await fetch(`${url}/v1/models`)).status, 401)
  })

  test('a port in use ends with 4 and a hint', async () => {
    await using other = await taken()
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(file, `auth-dir: ${dir.path}\nport: ${other.port}\n`)
    const { code, stdout, stderr } = await run(['serve', '--config', file])
    assert.deepEqual([code, stdout], [4, ''])
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${other.port} is in use: .* --port takes another`))
  })

  test('a config that is wrong ends with 3, all faults told', async () => {
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(file, 'port: many\nrouting:\n  strategy: best\n')
    const { code, stdout, stderr } = await run(['serve', '--config', file])
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /port/)
    assert.match(stderr, /strategy/)
    mkdirSync(join(dir.path, 'docker.yaml'))
    assert.equal((await run(['serve', '--config', join(dir.path, 'docker.yaml')])).code, 3)
  })

  test('a header-timeout above the body-timeout is no reason to break down', async () => {
    await using gateway = await startGateway({ limits: { 'header-timeout': 10, 'body-timeout': 2 } })
    assert.equal((await fetch(`${gateway.url}/health`)).status, 200)
  })

  test('TLS without its files is a sentence and not a stack', async () => {
    using dir = temporary()
    const file = join(dir.path, 'c.yaml')
    writeFileSync(
      file,
      `auth-dir: ${dir.path}\ntls:\n  enable: true\n  cert: /nowhere/cert.pem\n  key: /nowhere/key.pem\n`,
    )
    const { code, stderr } = await run(['serve', '--config', file, '--port', '0'])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /\/nowhere\/cert\.pem/)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })
})

describe('the command line itself', () => {
  test('--version and -v print the version of the package', async () => {
    const { version: inPackage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.equal(version, inPackage)
    for (const flag of ['--version', '-v']) {
      const { code, stdout, stderr } = await run([flag])
      assert.deepEqual([code, stdout, stderr], [0, `${version}\n`, ''])
    }
  })

  test('--help goes to stdout and names every command', async () => {
    const { code, stdout } = await run(['--help'])
    assert.equal(code, 0)
    for (const word of ['serve', 'demo', 'simulate', 'config', 'Exit codes']) assert.match(stdout, new RegExp(word))
  })

  test('what it does not know ends with 2, told on stderr, and starts nothing', async () => {
    using dir = temporary()
    for (const args of [
      ['dmeo'],
      ['--frobnicate'],
      ['demo', '--frobnicate'],
      ['config', 'chekc'],
      ['serve', '--port', '70000'],
      ['serve', '--port', 'x'],
      ['serve', '--port'],
      ['config', 'check', 'a', 'b'],
    ]) {
      const { code, stdout, stderr } = await run(args, { env: { HOME: dir.path }, cwd: dir.path })
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`)
      assert.equal(stdout, '')
      assert.match(stderr, /error: /)
    }
    assert.equal(existsSync(join(dir.path, '.logicaproxy')), false)
  })

  test('FORCE_COLOR colours, NO_COLOR does not', async () => {
    const coloured = await run(['demo', '--once'], { env: { FORCE_COLOR: '1' } })
    assert.ok(coloured.stdout.includes(ESCAPE))
    const plain = await run(['demo', '--once'], { env: { NO_COLOR: '1' } })
    assert.equal(plain.stdout.includes(ESCAPE), false)
  })
})
