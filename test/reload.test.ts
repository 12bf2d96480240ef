/** Taking over a changed config while requests are under way. */
import assert from 'node:assert/strict'
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { createSimulator, type Simulator } from '../src/simulator/index.ts'
import { chat, post } from './support/dialects.ts'
import { CLIENT_KEY } from './support/start.ts'
import { GatewayProcess, temporary, waitFor } from './support-process.ts'

/** Version `v`: the model `m` is `m-v` upstream, and every request carries `v` in a header. Both, or neither. */
function versionText(simulator: Simulator, dir: string, v: number): string {
  return stringify({
    'api-keys': [CLIENT_KEY],
    'auth-dir': dir,
    'request-retry': 0,
    'error-logs-max-files': 0,
    'openai-api-key': [
      {
        'api-key': 'upstream-openai-key',
        'base-url': `${simulator.url}/v1`,
        headers: { 'x-version': `version-${v}` },
        models: [
          { name: `m-${v}`, alias: 'm' },
          { name: `m-${v}+events:10+pace:5`, alias: 'm-slow' },
        ],
      },
    ],
  })
}

/** A simulator that is closed whatever becomes of the test. */
async function simulated() {
  const simulator = await createSimulator()
  return { simulator, [Symbol.asyncDispose]: () => simulator.close() }
}

/** A gateway on a file of its own directory, so that the directory can be played with. */
async function gatewayOn(file: string, dir: string) {
  const gateway = new GatewayProcess(dir, file, {})
  try {
    gateway.url = String((await gateway.event('listening', 30_000))['url'])
    return gateway
  } catch (error) {
    await gateway[Symbol.asyncDispose]()
    throw error
  }
}

const ready = async (url: string) =>
  (await (await fetch(`${url}/ready`)).json()) as { ready: boolean; config: { digest: string; rejected?: string } }
const metric = async (url: string, name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? Number.NaN,
  )
}

const askFor = (url: string, model: string, stream = false) =>
  post({ url }, chat, '/v1/chat/completions', JSON.stringify(chat.body(model, stream, 'Hello')))

test('200 config writes under load: no failed request, no mixed snapshot, and the last one is in force', async (t: TestContext) => {
  await using running = await simulated()
  const { simulator } = running
  using temp = temporary()
  const dir = temp.path
  const file = join(dir, 'config.yaml')
  writeFileSync(file, versionText(simulator, dir, 0))
  await using gateway = await gatewayOn(file, dir)

  let loading = true
  let whole = 0
  let streams = 0
  const failed: string[] = []
  const client = async (stream: boolean) => {
    while (loading) {
      const answer = await askFor(gateway.url, stream ? 'm-slow' : 'm', stream).catch((error: Error) => error)
      if (answer instanceof Error) failed.push(answer.message)
      else if (answer.status !== 200 || answer.cut) failed.push(`${answer.status} ${answer.raw}`)
      else if (stream && !answer.raw.endsWith('data: [DONE]\n\n')) failed.push(`cut: ${answer.raw.slice(-200)}`)
      else if (stream) streams += 1
      else whole += 1
    }
  }
  const clients = [client(false), client(false), client(true), client(true), client(true), client(true)]

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  for (let v = 1; v <= 200; v++) {
    const text = versionText(simulator, dir, v)
    switch (v % 5) {
      case 0:
        writeFileSync(file, text)
        break
      case 1: {
        // Half of it, cut inside a quoted text or a key, then all of it.
        writeFileSync(file, text.slice(0, text.indexOf('base-url') + 4))
        await pause(5)
        writeFileSync(file, text)
        break
      }
      case 2:
        // As editors do.
        writeFileSync(join(dir, '.config.swp'), text)
        renameSync(join(dir, '.config.swp'), file)
        break
      case 3: {
        // As Kubernetes does: the file is a link, and the link is swapped.
        const target = join(dir, `version-${v}.yaml`)
        writeFileSync(target, text)
        symlinkSync(target, join(dir, 'link'))
        renameSync(join(dir, 'link'), file)
        break
      }
      case 4:
        // The link is followed by an invalid file, and gone for a moment.
        rmSync(file)
        writeFileSync(file, `port: nonsense\n${text}`)
        await pause(5)
        rmSync(file)
        writeFileSync(file, text)
        break
    }
    await pause(v % 20 === 0 ? 120 : 10)
  }
  const inForce = async () => {
    const answer = await askFor(gateway.url, 'm')
    return answer.status === 200 && simulator.attempts().at(-1)!.model === 'm-200'
  }
  loading = false
  await Promise.all(clients)
  await waitFor(inForce, 5_000, 'the last version is in force')

  assert.deepEqual(failed.slice(0, 3), [], `${failed.length} requests failed`)
  const versions = new Set<string>()
  for (const { model, headers } of simulator.attempts()) {
    const fromModel = /^m-(\d+)/.exec(model!)![1]
    assert.equal(headers['x-version'], `version-${fromModel}`, 'the model and the header are of one snapshot')
    versions.add(fromModel!)
  }
  t.diagnostic(`${whole} whole answers, ${streams} streams, ${versions.size} versions seen`)
  assert.ok(versions.size >= 8, `${versions.size} versions were in force`)
  assert.ok(whole > 100 && streams > 20)
  assert.equal(await metric(gateway.url, 'logicaproxy_config_valid'), 1)
  assert.equal((await ready(gateway.url)).config.rejected, undefined)
})

test('an invalid config changes nothing and is told: in the log, in /ready and in the metrics; a valid one heals', async () => {
  await using running = await simulated()
  const { simulator } = running
  using temp = temporary()
  const file = join(temp.path, 'config.yaml')
  writeFileSync(file, versionText(simulator, temp.path, 1))
  await using gateway = await gatewayOn(file, temp.path)
  assert.equal(await metric(gateway.url, 'logicaproxy_config_valid'), 1)
  const { digest } = (await ready(gateway.url)).config

  writeFileSync(file, `${versionText(simulator, temp.path, 2)}hots: 1\nrouting: 7\n`)
  await waitFor(async () => (await metric(gateway.url, 'logicaproxy_config_valid')) === 0)
  const told = await ready(gateway.url)
  assert.equal(told.ready, true, 'the old one still works')
  assert.equal(told.config.digest, digest)
  assert.match(told.config.rejected!, /hots.*did you mean "host"/)
  assert.match(told.config.rejected!, /routing must be/)
  assert.match(gateway.stderr, /"level":"error".*hots.*the new configuration is refused/)
  assert.equal((await askFor(gateway.url, 'm')).status, 200)
  assert.equal(simulator.attempts().at(-1)!.model, 'm-1')

  // An empty file is one whose writer has not come far.
  writeFileSync(file, '')
  await waitFor(async () => /the file is empty/.test((await ready(gateway.url)).config.rejected ?? ''))
  rmSync(file)
  await waitFor(async () => /no such file/.test((await ready(gateway.url)).config.rejected ?? ''))
  assert.equal((await askFor(gateway.url, 'm')).status, 200)

  writeFileSync(file, versionText(simulator, temp.path, 3))
  await waitFor(async () => (await metric(gateway.url, 'logicaproxy_config_valid')) === 1)
  const healed = await ready(gateway.url)
  assert.equal(healed.config.rejected, undefined)
  assert.notEqual(healed.config.digest, digest)
  await askFor(gateway.url, 'm')
  assert.equal(simulator.attempts().at(-1)!.model, 'm-3')
  assert.equal(await metric(gateway.url, 'logicaproxy_config_reloads_total{outcome="taken"}'), 1)
  assert.equal(await metric(gateway.url, 'logicaproxy_config_reloads_total{outcome="refused"}'), 3)
})

test('SIGHUP reads the config again; an invalid one ends nothing', async () => {
  await using running = await simulated()
  const { simulator } = running
  using temp = temporary()
  const file = join(temp.path, 'config.yaml')
  writeFileSync(file, versionText(simulator, temp.path, 1))
  await using gateway = await gatewayOn(file, temp.path)
  writeFileSync(file, versionText(simulator, temp.path, 2))
  const from = performance.now()
  gateway.kill('SIGHUP')
  await waitFor(async () => {
    await askFor(gateway.url, 'm')
    return simulator.attempts().at(-1)!.model === 'm-2'
  }, 1_000)
  assert.ok(performance.now() - from < 1_000)
  writeFileSync(file, 'port: nonsense\n')
  gateway.kill('SIGHUP')
  await waitFor(() => gateway.stderr.includes('the new configuration is refused'))
  assert.equal((await askFor(gateway.url, 'm')).status, 200)
  assert.equal(gateway.running, true)
})

test('client keys of the new config count at once, those of the old one no more; streams under way go on', async () => {
  await using running = await simulated()
  const { simulator } = running
  using temp = temporary()
  const file = join(temp.path, 'config.yaml')
  const text = versionText(simulator, temp.path, 1)
  writeFileSync(file, text)
  await using gateway = await gatewayOn(file, temp.path)
  const long = askFor(gateway.url, 'm-slow', true)
  await waitFor(() => simulator.attempts().length === 1)
  writeFileSync(file, text.replace(CLIENT_KEY, 'the-next-client-key'))
  await waitFor(async () => (await askFor(gateway.url, 'm')).status === 401)
  const models = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: 'Bearer the-next-client-key' } })
  assert.equal(models.status, 200)
  assert.match((await long).raw, /data: \[DONE\]\n\n$/)
})
