/**
 * The package as its users get it: built, packed, installed elsewhere, run and type-checked there. Everything happens in
 * a copy, so that the checkout's own `dist` stays as it is.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { ROOT, temporary } from './support-process.ts'

const dir = temporary()
const copy = join(dir.path, 'copy')
const project = join(dir.path, 'project')
let files: string[] = []

interface Ran {
  code: number | string
  stdout: string
  stderr: string
}

/** Runs a program to its end, whatever its exit code. */
function exec(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const full: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...env }
  for (const name of Object.keys(full)) if (/^(?:npm_|NODE_TEST|NODE_OPTIONS)/.test(name)) delete full[name]
  return new Promise((resolve) =>
    execFile(file, args, { cwd, env: full, timeout: 90_000, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), stdout, stderr }),
    ),
  )
}

/** The directory of the Node.js this test runs with comes first, as it does in npm scripts. */
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`

async function must(file: string, args: readonly string[], cwd: string): Promise<string> {
  const ran = await exec(file, args, cwd, { PATH })
  assert.equal(ran.code, 0, `${file} ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`)
  return ran.stdout
}

/** A Node.js on this machine that is too old. */
async function oldNode(): Promise<{ path: string; version: string } | undefined> {
  for (const place of ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const path = join(place, 'node')
    if (!existsSync(path)) continue
    const version = (await exec(path, ['--version'], dir.path)).stdout.trim()
    if (/^v(\d+)/.test(version) && Number(/^v(\d+)/.exec(version)![1]) < 24) return { path, version }
  }
  return undefined
}

before(async () => {
  mkdirSync(copy)
  mkdirSync(project)
  const outside = new Set(['node_modules', 'dist', '.git', '.ci'])
  for (const name of readdirSync(ROOT))
    if (!outside.has(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  // `prepack` builds.
  const said = await must('npm', ['pack', '--json', '--silent'], copy)
  // The build talks too.
  const [packed] = JSON.parse(said.slice(said.search(/^\[/m))) as [{ filename: string; files: { path: string }[] }]
  files = packed.files.map((file) => file.path)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error']
  await must('npm', ['install', ...flags, join(copy, packed.filename)], project)
})
after(() => dir[Symbol.dispose]())

describe('the tarball', () => {
  test('holds the program, its types, the schema, the example and the licence', () => {
    for (const file of [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'config.schema.json',
      'config.example.yaml',
      'bin/logicaproxy.cjs',
      'dist/cli/main.js',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/protocols/index.js',
      'dist/protocols/index.d.ts',
      'dist/simulator/index.js',
      'dist/simulator/index.d.ts',
      'dist/store/sqlite/worker.js',
      'dist/accounts/refresh/keeper.js',
      'dist/THIRD-PARTY.txt',
    ])
      assert.ok(files.includes(file), `${file} is missing`)
  })

  test('holds no tests, sources, fixtures, configs of ours or anything else', () => {
    const odd = files.filter(
      (file) =>
        !/^(?:dist\/.+\.(?:js|d\.ts|js\.map)|bin\/logicaproxy\.cjs)$/.test(file) &&
        !/^dist\/dashboard\/(?:(?:index|management)\.html|assets\/[\w-]+\.(?:js|css))$/.test(file) &&
        ![
          'package.json',
          'README.md',
          'LICENSE',
          'CHANGELOG.md',
          'config.schema.json',
          'config.example.yaml',
          'dist/THIRD-PARTY.txt',
        ].includes(file),
    )
    assert.deepEqual(odd, [])
    assert.deepEqual(
      files.filter((file) => /\.test\.|\btesting\b|fixture|corpus|(?:^|\/)shared\//.test(file)),
      [],
    )
  })

  test('has no install scripts and few dependencies, none with install scripts', () => {
    const { scripts, dependencies } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))
    for (const name of ['preinstall', 'install', 'postinstall']) assert.equal(scripts[name], undefined)
    assert.ok(Object.keys(dependencies).length <= 12)
    for (const version of Object.values(dependencies)) assert.match(version as string, /^\d+\.\d+\.\d+$/)
    const lock = JSON.parse(readFileSync(join(project, 'node_modules', '.package-lock.json'), 'utf8'))
    const withScripts = Object.entries(lock.packages as Record<string, { hasInstallScript?: true }>)
      .filter(([, p]) => p.hasInstallScript)
      .map(([name]) => name)
    assert.deepEqual(withScripts, [])
  })
})

describe('installed elsewhere', () => {
  const bin = join(project, 'node_modules', '.bin', 'logicaproxy')

  test('demo --once answers all samples', async () => {
    const { code, stdout, stderr } = await exec(bin, ['demo', '--once', '--json'], project, { PATH })
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout.trimEnd().split('\n').at(-1)!), { event: 'samples', failed: 0 })
    assert.match(stderr, /^Logging anna and dora in/)
  })

  test('knows its version, its schema and its example', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    assert.equal((await exec(bin, ['--version'], project, { PATH })).stdout, `${version}\n`)
    const schema = await exec(bin, ['config', 'schema'], project, { PATH })
    const root = join(project, 'node_modules', 'logicaproxy')
    assert.equal(schema.stdout, readFileSync(join(root, 'config.schema.json'), 'utf8'))
    const check = await exec(bin, ['config', 'check', join(root, 'config.example.yaml')], project, { PATH })
    assert.equal(check.code, 0, check.stderr)
  })

  test('exit codes come through the wrapper', async () => {
    assert.equal((await exec(bin, ['--frobnicate'], project, { PATH })).code, 2)
    assert.equal((await exec(bin, ['config', 'check', '/nowhere.yaml'], project, { PATH })).code, 3)
  })

  test('an old Node.js is told what is wrong, with exit 1', async (t: TestContext) => {
    const old = await oldNode()
    if (old === undefined) {
      t.skip('there is no Node.js below 24 on this machine')
      return
    }
    const { code, stdout, stderr } = await exec(old.path, [bin, 'demo', '--once'], project)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^logicaproxy needs Node\.js 24 or newer/)
    assert.ok(stderr.includes(old.version), stderr)
    assert.match(stderr, /npx -p node@24/)
    assert.doesNotMatch(stderr, /\n\s+at /)
  })

  test('its modules load, and no others', async () => {
    const script = `
      const faces = ['logicaproxy', 'logicaproxy/protocols', 'logicaproxy/simulator']
      for (const face of faces) console.log(face, Object.keys(await import(face)).sort().join(' '))
      await import('logicaproxy/gateway/call.js').then(() => console.log('open'), (e) => console.log(e.code))
    `
    const { stdout, stderr } = await exec(process.execPath, ['--input-type=module', '-e', script], project)
    assert.equal(stderr, '')
    const [face, protocols, simulator, inside] = stdout.trimEnd().split('\n')
    assert.match(face!, /ConfigError.*createGateway.*dialectRequest.*version/)
    assert.match(protocols!, /protocols/)
    assert.match(simulator!, /createSimulator/)
    assert.equal(inside, 'ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  test('what the bundle is cut into finds its parts: store, login, keeper, page and WebSocket', async () => {
    const script = `
      import { execFileSync } from 'node:child_process'
      import { createGateway } from 'logicaproxy'
      import { createSimulator } from 'logicaproxy/simulator'
      const simulator = await createSimulator({ anyPort: true, deviceInterval: 1 })
      const gateway = await createGateway({
        config: {
          port: 0,
          'api-keys': ['client-key-of-the-package-test'],
          'auth-dir': './kept',
          'host-overrides': simulator.hosts,
          'oauth-clients': simulator.clients,
        },
      })
      const { url } = await gateway.listen()
      const login = await gateway.login('claude', { acknowledged: true, port: 0 })
      await simulator.consent({ url: login.url, person: 'anna', visit: true })
      const { id } = await login.account
      await gateway.logins.refresh(id)
      const list = process.platform === 'linux' ? execFileSync('ps', ['-eo', 'ppid,args'], { encoding: 'utf8' }) : ''
      const ours = list.split('\\n').filter((line) => line.trim().startsWith(process.pid + ' '))
      const page = await fetch(url + '/dashboard/')
      const asked = await fetch(url + '/v1/messages', {
        method: 'POST',
        headers: { 'x-api-key': 'client-key-of-the-package-test', 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }),
      })
      const socket = new WebSocket(url.replace('http', 'ws') + '/v1/responses', {
        headers: { authorization: 'Bearer client-key-of-the-package-test' },
      })
      const opened = await new Promise((resolve) => {
        socket.onopen = () => resolve('opened')
        socket.onerror = () => resolve('refused')
      })
      socket.close()
      // Nobody is signed in, but somebody is there to say so.
      const loads = await fetch(url + '/management/v1/openapi.json')
      console.log(
        JSON.stringify({
          keeper: ours.some((line) => line.includes('/dist/accounts/refresh/keeper.js')) || process.platform !== 'linux',
          page: page.status,
          document: (await page.text()).includes('<script'),
          asked: asked.status,
          socket: opened,
          management: loads.status,
        }),
      )
      await gateway.close({ drainMs: 0 })
      await simulator.close()
      process.exit(0)
    `
    const { stdout, stderr } = await exec(process.execPath, ['--input-type=module', '-e', script], project)
    assert.deepEqual(JSON.parse(stdout || JSON.stringify({ stderr })), {
      keeper: true,
      page: 200,
      document: true,
      asked: 200,
      socket: 'opened',
      management: 401,
    })
    assert.ok(existsSync(join(project, 'kept', 'logicaproxy.db')))
  })

  test('a start and a request load nothing they do not need: neither the fetch of Node.js nor TLS nor HTTP/2', async () => {
    const script = `
      import { createGateway } from 'logicaproxy'
      const mock = process.getBuiltinModule('http').createServer((req, res) => res.end('{}'))
      const upstream = await new Promise((resolve) => mock.listen(0, '127.0.0.1', () => resolve(mock.address().port)))
      const account = { name: 'mock', 'base-url': 'http://127.0.0.1:' + upstream, 'api-key-entries': [{ 'api-key': 'k' }] }
      const gateway = await createGateway({ config: { port: 0, 'auth-dir': './start', 'openai-compatibility': [account] } })
      const { port } = await gateway.listen()
      const body = JSON.stringify({ model: 'mock-model', messages: [{ role: 'user', content: 'hi' }] })
      const headers = { 'content-type': 'application/json' }
      const at = { port, path: '/v1/chat/completions', method: 'POST', headers }
      await new Promise((resolve) => process.getBuiltinModule('http').request(at, resolve).end(body))
      const loaded = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''))
      console.log(JSON.stringify(loaded.filter((name) => /^(?:internal\\/deps\\/undici|tls|https|http2|assert)/.test(name))))
      await gateway.close({ drainMs: 0 })
      process.exit(0)
    `
    const { stdout, stderr } = await exec(process.execPath, ['--input-type=module', '-e', script], project)
    assert.equal(stdout.trim(), '[]', stderr)
  })

  test('a stack trace reads as the sources do, lines included where they are asked for', async () => {
    const script = `
      import { createGateway } from 'logicaproxy'
      await createGateway({ config: { port: 'x' } }).catch((error) => console.log(error.stack))
    `
    const plain = await exec(process.execPath, ['--input-type=module', '-e', script], project)
    assert.match(plain.stdout, /at parseConfig \(file:.*\/dist\/chunks\//)
    const mapped = await exec(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', script], project)
    assert.match(mapped.stdout, /at parseConfig \(.*src\/config\/load\.ts:\d+:\d+\)/)
  })

  test('the notices name every package the bundle holds a part of', () => {
    const text = readFileSync(join(project, 'node_modules', 'logicaproxy', 'dist', 'THIRD-PARTY.txt'), 'utf8')
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const [name, version] of Object.entries(dependencies))
      assert.ok(text.includes(`\n  ${name} ${version} (`), `${name} is missing`)
  })

  test('a consumer in TypeScript is checked against its types', async () => {
    mkdirSync(join(project, 'node_modules', '@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types'])
      cpSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name), { recursive: true })
    const consumer = (body: string) => `
      import { type AccessCheck, ConfigError, createGateway, dialectRequest, type Provider } from 'logicaproxy'
      import { protocols } from 'logicaproxy/protocols'
      import { createSimulator, type Simulator } from 'logicaproxy/simulator'
      const simulator: Simulator = await createSimulator()
      const access: AccessCheck = (head) => (head.header('x') === 'y' ? { name: 'me' } : undefined)
      const provider: Provider = {
        id: 'p', title: 'P', aliases: [], speaks: ['openai-chat'], baseUrl: simulator.url, models: [], serves: () => true,
        policy: { state: 'supported', since: '2026-11-22', note: '', url: '' },
        request: (out, account, credential) => dialectRequest(out, account, credential),
      }
      const gateway = await createGateway({ config: { port: 0 }, access, providers: [provider], protocols })
      gateway.on('end', ({ status, usage }) => { const n: number = status + (usage?.input ?? 0); void n })
      const response: Response = await gateway.fetch(new Request('http://localhost/'))
      if (response.ok) throw new ConfigError('f', [])
      const port: number = (await gateway.listen()).port
      ${body}
    `
    const options = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node']
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const check = async (name: string, body: string) => {
      writeFileSync(join(project, name), consumer(body))
      // Without skipLibCheck: our own declarations are checked too.
      return exec(process.execPath, [tsc, ...options, name], project)
    }
    const good = await check('good.ts', 'void port')
    assert.equal(good.code, 0, good.stdout)
    const bad = await check('bad.ts', 'const text: string = port\nawait createGateway({ cfg: 1 })\nvoid text')
    assert.notEqual(bad.code, 0)
    assert.match(bad.stdout, /TS2322/)
    assert.match(bad.stdout, /TS2353|TS2345/)
  })
})
