import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../src/config/load.ts'
import { createGateway } from '../src/index.ts'

const path = (name: string) => fileURLToPath(new URL(`../deploy/${name}`, import.meta.url))
const read = (name: string) => readFileSync(path(name), 'utf8')
const pack = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
// The files are outside the types; what is missing fails where it is read.
// biome-ignore lint/suspicious/noExplicitAny: parsed YAML
type Yaml = any

const PORT = 8317
const env = { LOGICAPROXY_API_KEY: 'a-key-from-the-environment' }
const containerConfig = parseConfig(read('config/config.yaml'), { env }).config
const drain = containerConfig['drain-seconds']
const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)![1])

/** Instructions of a Dockerfile, continued lines joined; the last stage alone. */
const docker = (() => {
  const lines = read('Dockerfile')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => /^([A-Z]+) (.*)$/.exec(line)!)
  const last = lines.findLastIndex(([, word]) => word === 'FROM')
  const of = (word: string, all = lines.slice(last)) => all.filter((l) => l[1] === word).map((l) => l[2]!)
  return { of, images: of('FROM', lines).map((text) => text.split(' ')[0]!), lines: lines.map(([line]) => line) }
})()
const configInImage = JSON.parse(docker.of('CMD')[0]!)[1] as string

test('the configs for containers can be reached, have keys, and keep what lasts in the volume', () => {
  const [configMap] = parseAllDocuments(read('kubernetes.yaml')).map((d) => d.toJS() as Yaml)
  for (const text of [read('config/config.yaml'), configMap.data['config.yaml']]) {
    const { config, notices } = parseConfig(text, { env })
    assert.deepEqual(notices, [])
    assert.equal(config.host, '0.0.0.0')
    assert.equal(config.port, PORT)
    assert.deepEqual(
      config['api-keys'].map((key) => (typeof key === 'string' ? key : key.key)),
      [env.LOGICAPROXY_API_KEY],
    )
    assert.ok(config['allowed-hosts'].includes('logicaproxy'))
    assert.ok(config['auth-dir'].startsWith('/data/'))
    // Without its key the container does not start with an empty one.
    assert.throws(() => parseConfig(text, { env: {} }), /LOGICAPROXY_API_KEY/)
    assert.throws(() => parseConfig(text, { env: { LOGICAPROXY_API_KEY: '' } }))
  }
})

describe('Dockerfile', () => {
  test('runs the program of this package on the right Node.js, not as root, from files it cannot change', () => {
    for (const image of docker.images) assert.equal(image, 'node:24-slim')
    assert.equal(pack.engines.node, '>=24')
    assert.deepEqual(docker.of('USER'), ['1000:1000'])
    assert.deepEqual(docker.of('EXPOSE'), [String(PORT)])
    const entry = JSON.parse(docker.of('ENTRYPOINT')[0]!)
    assert.deepEqual(entry, ['node', `${docker.of('WORKDIR')[0]}/${pack.bin.logicaproxy}`])
    assert.equal(JSON.parse(docker.of('CMD')[0]!)[0], '--config')
    for (const copy of docker.of('COPY')) assert.match(copy, /^--from=(?:build|dependencies) \/src\/\S+ \.\/\S*$/)
    assert.ok(docker.lines.includes('RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force'))
    assert.ok(docker.lines.includes('RUN npm run build'))
    assert.ok(pack.scripts.build)
    assert.match(docker.of('ENV')[0]!, /HOME=\/data/)
  })

  test('its health check tells a healthy server from a sick and an absent one', async () => {
    const [, command] = /CMD (\[.*\])$/.exec(docker.of('HEALTHCHECK')[0]!)!
    const [program, flag, script] = JSON.parse(command!) as string[]
    assert.deepEqual([program, flag], ['node', '-e'])
    assert.ok(script!.includes(`http://127.0.0.1:${PORT}/health`))
    let status = 200
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/health' ? status : 404
      response.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const code = script!.replace(String(PORT), String((server.address() as AddressInfo).port))
    const run = () =>
      new Promise<number>((resolve) => {
        execFile(process.execPath, ['-e', code], (error) => resolve(error ? Number(error.code) : 0))
      })
    assert.equal(await run(), 0)
    status = 503
    assert.equal(await run(), 1)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    assert.equal(await run(), 1)
  })

  test('what is ignored is nothing that the build copies', () => {
    const ignored = read('Dockerfile.dockerignore').split('\n')
    for (const needed of ['src', 'bin', 'scripts', 'dashboard', 'package.json', 'tsconfig.build.json']) {
      assert.ok(!ignored.includes(needed), needed)
    }
    for (const secret of ['config.yaml', '.git', '**/.env']) assert.ok(ignored.includes(secret), secret)
  })
})

test('docker-compose: this machine only, the directory of the config mounted, hardened, time to drain', () => {
  const service = (parse(read('docker-compose.yaml')) as Yaml).services.logicaproxy
  assert.deepEqual(service.ports, [`127.0.0.1:${PORT}:${PORT}`])
  const [from, to, mode] = service.volumes[0].split(':')
  assert.equal(readFileSync(path(`${from}/config.yaml`), 'utf8'), read('config/config.yaml'))
  assert.deepEqual([`${to}/config.yaml`, mode], [configInImage, 'ro'])
  assert.equal(service.volumes[1], `data:${docker.of('VOLUME')[0]}`)
  assert.equal(service.build.dockerfile, 'deploy/Dockerfile')
  assert.ok(seconds(service.stop_grace_period) > drain)
  assert.equal(service.read_only, true)
  assert.deepEqual(service.cap_drop, ['ALL'])
  assert.deepEqual(service.security_opt, ['no-new-privileges:true'])
  // Compose itself refuses to start without a key.
  assert.match(service.environment.LOGICAPROXY_API_KEY, /^\$\{LOGICAPROXY_API_KEY:\?/)
})

test('Kubernetes: probes, ports, mounts and names agree; not root; time to drain', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'))
  for (const document of documents) assert.deepEqual(document.errors, [])
  const kinds = new Map(documents.map((d) => [d.get('kind') as string, d.toJS() as Yaml]))
  assert.deepEqual([...kinds.keys()], ['ConfigMap', 'PersistentVolumeClaim', 'Deployment', 'Service'])
  const deployment = kinds.get('Deployment').spec
  const pod = deployment.template.spec
  const [container] = pod.containers

  assert.deepEqual(deployment.selector.matchLabels, deployment.template.metadata.labels)
  assert.deepEqual(kinds.get('Service').spec.selector, deployment.selector.matchLabels)
  assert.deepEqual([deployment.replicas, deployment.strategy.type], [1, 'Recreate'])

  const [port] = container.ports
  assert.equal(port.containerPort, PORT)
  const [servicePort] = kinds.get('Service').spec.ports
  assert.deepEqual([servicePort.port, servicePort.targetPort], [PORT, port.name])
  for (const [probe, expected] of [
    ['startupProbe', '/health'],
    ['livenessProbe', '/health'],
    ['readinessProbe', '/ready'],
  ]) {
    assert.deepEqual(container[probe!].httpGet, { path: expected, port: port.name })
  }

  assert.deepEqual(container.args, ['--config', configInImage])
  const mounts = new Map<string, Yaml>(container.volumeMounts.map((m: Yaml) => [m.name, m]))
  assert.equal(`${mounts.get('config').mountPath}/config.yaml`, configInImage)
  assert.ok(![...mounts.values()].some((mount) => 'subPath' in mount))
  assert.equal(mounts.get('data').mountPath, docker.of('VOLUME')[0])
  const volumes = new Map<string, Yaml>(pod.volumes.map((v: Yaml) => [v.name, v]))
  assert.deepEqual([...volumes.keys()].sort(), [...mounts.keys()].sort())
  assert.equal(volumes.get('config').configMap.name, kinds.get('ConfigMap').metadata.name)
  assert.equal(volumes.get('data').persistentVolumeClaim.claimName, kinds.get('PersistentVolumeClaim').metadata.name)

  assert.equal(pod.securityContext.runAsNonRoot, true)
  assert.equal(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`, docker.of('USER')[0])
  assert.equal(container.securityContext.readOnlyRootFilesystem, true)
  assert.equal(container.securityContext.allowPrivilegeEscalation, false)
  assert.deepEqual(container.securityContext.capabilities.drop, ['ALL'])

  const pause = Number(/setTimeout\(\(\) => \{\}, (\d+)\)/.exec(container.lifecycle.preStop.exec.command[2])![1]) / 1000
  assert.ok(pod.terminationGracePeriodSeconds > drain + pause)
  assert.equal(container.env[0].name, 'LOGICAPROXY_API_KEY')
  // The key is in a Secret that the reader makes; no sample key can go live.
  assert.ok(!kinds.has('Secret'))
  const { name, key } = container.env[0].valueFrom.secretKeyRef
  assert.ok(read('kubernetes.yaml').includes(`kubectl create secret generic ${name} --from-literal=${key}=`))

  const hosts = parseConfig(kinds.get('ConfigMap').data['config.yaml'], { env }).config['allowed-hosts']
  assert.ok(hosts.includes(`${kinds.get('Service').metadata.name}.default.svc.cluster.local`))
})

test('systemd: the right command, a user of its own, hardened, time to drain', () => {
  const unit = new Map<string, string[]>()
  let section = ''
  for (const line of read('logicaproxy.service').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const head = /^\[(Unit|Service|Install)\]$/.exec(line)
    if (head) {
      section = head[1]!
      continue
    }
    const setting = /^([A-Z][A-Za-z]+)=(.*)$/.exec(line)
    assert.ok(setting, `not a line of a unit: ${line}`)
    const key = `${section}.${setting[1]}`
    unit.set(key, [...(unit.get(key) ?? []), setting[2]!])
  }
  const value = (key: string) => unit.get(`Service.${key}`)?.[0]
  assert.equal(value('ExecStart'), '/usr/local/bin/logicaproxy -config /etc/logicaproxy/config.yaml')
  assert.ok('logicaproxy' in pack.bin)
  assert.ok(value('User') && value('User') !== 'root')
  assert.ok(unit.get('Service.Environment')!.includes(`HOME=/var/lib/${value('StateDirectory')}`))
  assert.equal(value('StateDirectoryMode'), '0700')
  assert.ok(Number(value('TimeoutStopSec')) > drain)
  assert.equal(value('Restart'), 'always')
  for (const key of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'ProtectKernelTunables']) {
    assert.equal(value(key), 'yes', key)
  }
  assert.equal(value('ProtectSystem'), 'strict')
  assert.equal(value('CapabilityBoundingSet'), '')
  // V8 needs memory that is written and run.
  assert.equal(value('MemoryDenyWriteExecute'), undefined)
  assert.deepEqual(unit.get('Install.WantedBy'), ['multi-user.target'])
})

test('PM2: loads, one process, time to drain', () => {
  const [app] = (createRequire(import.meta.url)(path('ecosystem.config.cjs')) as Yaml).apps
  assert.equal(app.name, pack.name)
  assert.equal(app.script, fileURLToPath(new URL(`../${pack.bin.logicaproxy}`, import.meta.url)))
  assert.equal(app.args[0], '-config')
  assert.deepEqual([app.exec_mode, app.instances, app.autorestart, app.watch], ['fork', 1, true, false])
  assert.ok(app.kill_timeout > drain * 1000)
})

describe('Prometheus', () => {
  test('scrapes the right port and path with a key from a file', () => {
    const config = parse(read('prometheus.yml')) as Yaml
    const [job] = config.scrape_configs
    assert.equal(job.metrics_path, '/metrics')
    assert.deepEqual(job.static_configs, [{ targets: [`localhost:${PORT}`] }])
    assert.equal(job.authorization.type, 'Bearer')
    assert.ok(job.authorization.credentials_file)
    for (const file of config.rule_files) assert.ok(read(file))
  })

  /** What a gateway tells at /metrics. */
  async function knownMetrics(): Promise<Set<string>> {
    const gateway = await createGateway({ config: {} })
    const text = await (await gateway.fetch(new Request('http://localhost/metrics'))).text()
    await gateway.close({ drainMs: 0 })
    return new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!))
  }

  test('the dashboard asks for metrics that exist, and every panel has a place of its own', async () => {
    const known = await knownMetrics()
    const { panels, templating } = JSON.parse(read('grafana-dashboard.json')) as Yaml
    assert.equal(new Set(panels.map((p: Yaml) => p.id)).size, panels.length)
    const taken = new Set<string>()
    for (const { gridPos: at, targets = [], title } of panels) {
      for (let x = at.x; x < at.x + at.w; x += 1)
        for (let y = at.y; y < at.y + at.h; y += 1) {
          assert.ok(x < 24 && !taken.has(`${x} ${y}`), `${title} lies over another`)
          taken.add(`${x} ${y}`)
        }
      for (const { expr, legendFormat } of targets) {
        assert.ok(legendFormat !== '', title)
        for (const [name] of expr.matchAll(/logicaproxy_\w+/g)) assert.ok(known.has(name.replace(/_bucket$/, '')), name)
      }
    }
    assert.deepEqual(
      templating.list.map((v: Yaml) => v.name),
      ['datasource', 'job'],
    )
  })

  test('alerts ask for metrics that exist', async () => {
    const known = await knownMetrics()
    const { rules } = (parse(read('prometheus-alerts.yml')) as Yaml).groups[0]
    for (const rule of rules) {
      for (const [name] of rule.expr.matchAll(/logicaproxy_\w+/g)) {
        assert.ok(known.has(name.replace(/_bucket$/, '')), name)
      }
    }
    assert.ok(rules.length > 3)
  })
})
