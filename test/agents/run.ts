/**
 * Real agents, offline: each client makes one tool round trip through the gateway, against an upstream of every dialect.
 * Not part of `npm test`: the clients are gigabytes and the drivers that start them live outside this repository.
 *
 *     node test/agents/run.ts [--only REGEX] [--dialect LIST] [--upstream simulator] [--text] [--serve]
 *
 * CLIENTS names the folder with `run/` (drivers, one `NAME.sh BASE_URL` each) and `stub/stub.mjs` (the upstream's double);
 * INST the folder with the installed clients. What reached the double is then shown to the simulator, which is as strict as
 * the vendors: a translated request that it refuses is a failure too. Everything runs in a network namespace that has only the loopback, where the
 * system allows it. Drivers of clients that `CLIENTS` has none for are in `drivers/`, on top of `CLIENTS/run/lib/common.sh`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type CallRecord, createGateway, type RunningGateway } from '../../src/index.ts'
import { createSimulator } from '../../src/simulator/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CLIENTS = resolve(process.env['CLIENTS'] ?? join(ROOT, '../shared/clients'))
const INST = resolve(process.env['INST'] ?? join(CLIENTS, 'inst'))
const OWN = join(import.meta.dirname, 'drivers')
const SHARED = join(CLIENTS, 'run')

/** What upstreams of a dialect are asked at, and the model every name stands for there: at the double, at the simulator. */
const UPSTREAMS = {
  anthropic: { path: '', model: 'claude-sonnet-4-6', simulated: 'claude-opus-4-8+think' },
  'openai-chat': { path: '/v1', model: 'gpt-4o', simulated: 'gpt-5.2+think' },
  'openai-responses': { path: '/v1', model: 'gpt-5.1-codex', simulated: 'gpt-5.2+think' },
  gemini: { path: '', model: 'gemini-2.5-pro', simulated: 'gemini-3.1-pro-preview+think' },
} as const
type Dialect = keyof typeof UPSTREAMS
const DIALECTS = Object.keys(UPSTREAMS) as Dialect[]

/** Names the clients ask for by themselves; an entry without a list takes all others. */
const NAMES =
  'claude-sonnet-4-6 claude-opus-5-5 claude-haiku-4-5-20251001 gpt-5.1-codex gpt-6.1-sol gpt-4o gemini-2.5-pro gemini-2.5-flash gemini-2.5-flash-lite qwen3-coder-plus'

/** pi's form of the ChatGPT backend reads its account out of the key, which has to be a token for that. */
const TOKEN = [
  '{"alg":"none"}',
  '{"exp":4102444800,"https://api.openai.com/auth":{"chatgpt_account_id":"acc-probe-1"}}',
]
  .map((part) => Buffer.from(part).toString('base64url'))
  .concat('c2ln')
  .join('.')

/** Drivers that ask for no tool by `TOOL=1`: they have tool cases of their own. */
const WITHOUT_TOOL = /^sdk-|^cline-gemini$/

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    dialect: { type: 'string', default: DIALECTS.join(',') },
    /** `stub`, or `simulator`: stricter, and it thinks, so that reasoning state goes through the client and back. */
    upstream: { type: 'string', default: 'stub' },
    /** Ask for a plain answer and no tool. */
    text: { type: 'boolean', default: false },
    /** Start the upstream and the gateways, print where they are, and wait. */
    serve: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '120' },
    /** Where the upstream's requests and the drivers' output are left. */
    out: { type: 'string' },
  },
})

if (process.env['PROBE_NETNS'] === undefined && process.platform === 'linux' && !options.serve) {
  const netns = join(SHARED, 'netns.sh')
  if (existsSync(netns) && spawnSync(netns, ['true']).status === 0) {
    const { status } = spawnSync(netns, [process.execPath, ...process.argv.slice(1)], { stdio: 'inherit' })
    process.exit(status ?? 1)
  }
  console.error('No network namespace is to be had here: the clients can reach what this machine can.')
}

const out = options.out ?? mkdtempSync(join(tmpdir(), 'agents-'))
mkdirSync(out, { recursive: true })
const simulated = options.upstream === 'simulator'
const judge = await createSimulator(simulated ? {} : { signatures: 'any' })
const upstream = await startStub()
let judged = captures().length
const dialects = options.dialect.split(',').filter((d): d is Dialect => d in UPSTREAMS)
const gateways = new Map<Dialect, { gateway: RunningGateway; url: string; calls: CallRecord[] }>()
for (const dialect of dialects) gateways.set(dialect, await startGateway(dialect))
for (const [dialect, { url }] of gateways) console.error(`${dialect.padEnd(17)} behind ${url}`)
if (options.serve) await new Promise(() => setInterval(() => {}, 60_000))

const names = driverNames().filter((name) => new RegExp(options.only === '' ? '' : `^(${options.only})$`).test(name))
const failed: string[] = []
for (const name of names)
  for (const [dialect, { url, calls }] of gateways) {
    calls.length = 0
    const from = performance.now()
    const attempted = judge.attempts().length
    const { ok: ran, said } = await drive(name, url)
    const seconds = ((performance.now() - from) / 1000).toFixed(1)
    const lanes = [...new Set(calls.map((c) => c.lane ?? '-'))].join('+')
    const refused = simulated
      ? judge
          .attempts()
          .slice(attempted)
          .flatMap((a) =>
            a.outcome === 'refused' ? [`${a.path} ${a.status} ${JSON.stringify(a.body).slice(0, 200)}`] : [],
          )
      : await refusals()
    const ok = ran && (refused.length === 0 || lanes !== 'translate')
    const dropped = [...new Set(calls.flatMap((c) => c.dropped ?? []))].join(',')
    console.log(
      `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(24)} ${dialect.padEnd(17)} ${seconds.padStart(5)} s  ${calls.length} calls ${lanes}${dropped && ` dropped ${dropped}`}`,
    )
    for (const why of refused.slice(0, 3)) console.log(`       a vendor would refuse: ${why}`)
    writeFileSync(join(out, `${name}.${dialect}.txt`), `${said}\n${calls.map((c) => JSON.stringify(c)).join('\n')}\n`)
    if (!ok) failed.push(`${name} x ${dialect}`)
    if (!ok || options.verbose) tell(said, calls)
  }
console.log(failed.length === 0 ? `all ${names.length * gateways.size} pass` : `failed: ${failed.join(', ')}`)
console.error(`output in ${out}`)
upstream.child.kill()
await judge.close()
for (const { gateway } of gateways.values()) await gateway.close({ drainMs: 0 })
process.exit(failed.length === 0 ? 0 : 1)

function driverNames(): string[] {
  const of = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
  const files = [...of(SHARED), ...of(OWN)].filter((file) => file.endsWith('.sh'))
  const all = new Set(files.map((file) => file.slice(0, -3)))
  for (const helper of ['all', 'netns', 'install']) all.delete(helper)
  // The Code Assist API is no protocol that the gateway serves.
  all.delete('gemini-cli-codeassist')
  return [...all].sort()
}

interface Captured {
  method: string
  path: string
  url: string
  headers: [string, string][]
  body: unknown
}

/** What reached the double, a file for each request. */
function captures(): string[] {
  const folder = join(out, 'upstream')
  const inOrder = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })
  return existsSync(folder) ? readdirSync(folder).sort(inOrder) : []
}

/** What the simulator says against the requests since the last time. */
async function refusals(): Promise<string[]> {
  const files = captures()
  const fresh = files.slice(judged)
  judged = files.length
  const said: string[] = []
  for (const file of fresh) {
    const asked = JSON.parse(readFileSync(join(out, 'upstream', file), 'utf8')) as Captured
    // Old completions the simulator does not have, and threads the double does not keep either.
    if (
      asked.method !== 'POST' ||
      asked.path === '/v1/completions' ||
      /"type":"continue"/.test(JSON.stringify(asked.body))
    )
      continue
    const hop = /^(?:host|content-length|content-encoding|connection|transfer-encoding)$/i
    const response = await fetch(judge.url + asked.url, {
      method: 'POST',
      headers: asked.headers.filter(([header]) => !hop.test(header)),
      body: JSON.stringify(asked.body),
    })
    const text = await response.text()
    if (response.status >= 400) said.push(`${file} ${asked.path} ${response.status} ${text.slice(0, 300)}`)
  }
  return said
}

function tell(said: string, calls: readonly CallRecord[]): void {
  for (const c of calls)
    if (c.status >= 400 || c.failure !== undefined || options.verbose)
      console.log(`       ${c.endpoint} ${c.requestedModel} ${c.status} ${c.failure?.message ?? ''}`.slice(0, 300))
  for (const line of said.trim().split('\n').slice(-12)) console.log(`     | ${line.slice(0, 300)}`)
}

function drive(name: string, url: string): Promise<{ ok: boolean; said: string }> {
  const folder = existsSync(join(OWN, `${name}.sh`)) ? OWN : SHARED
  const child = spawn('timeout', ['-k', '5', options.timeout, 'bash', join(folder, `${name}.sh`), url], {
    env: {
      ...process.env,
      INST,
      DRIVERS: SHARED,
      API_KEY: 'probe-key',
      JWT_KEY: TOKEN,
      TMO: String(Number(options.timeout) - 10),
      TOOL: simulated || options.text || WITHOUT_TOOL.test(name) ? '0' : '1',
      ...(simulated && {
        PROMPT: 'Call the tool bash, exec_command, run_shell_command or run_commands once, then report.',
        EXPECT: options.text ? 'simulated' : 'simulated.*got',
      }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  return new Promise((done) => child.on('close', (code) => done({ ok: code === 0, said })))
}

/** The upstream's double needs `ws`; it finds ours. */
async function startStub(): Promise<{ child: ChildProcess; port: number }> {
  const home = mkdtempSync(join(tmpdir(), 'agents-stub-'))
  writeFileSync(join(home, 'stub.mjs'), writesScripts(readFileSync(join(CLIENTS, 'stub/stub.mjs'), 'utf8')))
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  const port = 20_000 + (process.pid % 20_000)
  const args = [join(home, 'stub.mjs'), '--port', String(port), '--capdir', out, '--client', 'upstream']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => {
    child.kill()
    rmSync(home, { recursive: true, force: true })
  })
  await new Promise<void>((ready, gone) => {
    child.stdout!.once('data', () => ready())
    child.once('exit', (code) => gone(new Error(`the stub ended with ${code}`)))
  })
  child.stdout!.resume()
  return { child, port }
}

/**
 * The double writes JavaScript for a custom tool that asks for it, as Codex's own does; let it do so too where the tool came
 * through a translation, as a function of one string.
 */
function writesScripts(stub: string): string {
  const edits: [string, string][] = [
    ['schema:t.input_schema}', 'schema:t.input_schema,description:t.description}'],
    ['schema:t.function?.parameters}', 'schema:t.function?.parameters,description:t.function?.description}'],
    [
      'schema:f.parametersJsonSchema||f.parameters}',
      'schema:f.parametersJsonSchema||f.parameters,description:f.description}',
    ],
    [
      'function toolArgs(t){ const sc=t.schema;',
      'function toolArgs(t){ const sc=t.schema; if (/JavaScript/.test(t.description||"") && sc?.properties?.input) return { input: "const r = await tools.exec_command({cmd: " + JSON.stringify(TOOLCMD) + "}); text(JSON.stringify(r));" };',
    ],
  ]
  for (const [from, to] of edits) {
    if (!stub.includes(from)) throw new Error(`the stub is another one: it lacks ${from}`)
    stub = stub.replace(from, () => to)
  }
  return stub
}

async function startGateway(dialect: Dialect) {
  const { path } = UPSTREAMS[dialect]
  const model = UPSTREAMS[dialect][simulated ? 'simulated' : 'model']
  const entry = {
    'base-url': (simulated ? judge.url : `http://127.0.0.1:${upstream.port}`) + path,
    protocol: dialect,
    'api-key-entries': [{ 'api-key': 'upstream-key' }],
  }
  const gateway = await createGateway({
    config: {
      port: 0,
      'api-keys': ['probe-key', TOKEN],
      'auth-dir': join(out, 'auth'),
      'openai-compatibility': [
        { ...entry, name: 'named', models: NAMES.split(' ').map((alias) => ({ name: model, alias })) },
        { ...entry, name: 'any' },
      ],
    },
  })
  const calls: CallRecord[] = []
  gateway.on('end', (record) => calls.push(record))
  const { url } = await gateway.listen()
  return { gateway, url, calls }
}
