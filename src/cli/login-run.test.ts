import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { browserCommand, noBrowserBecause } from './browser.ts'
import { checkedProxy, login } from './login-run.ts'
import { CommandError, EXIT } from './output.ts'
import { type Bench, createBench, heard } from './testing/fixture.ts'

let bench: Bench
before(async () => {
  bench = await createBench()
})
afterEach(() => bench.simulator.reset())
after(() => bench.close())

const refused = async (promise: Promise<unknown>): Promise<CommandError> => {
  const error = await promise.then(
    () => assert.fail('it went well'),
    (e: unknown) => e,
  )
  assert.ok(error instanceof CommandError, String((error as Error)?.stack))
  return error
}

/** Waits until something is said, a turn of the loop at a time. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('logicaproxy login', () => {
  it('opens the browser, and prints the account', async () => {
    const out = heard(true)
    const at = bench.surroundings()
    await login(out, { config: bench.config, port: 0 || undefined, label: 'work', yesIKnow: true }, 'claude', at)
    assert.equal(at.opened.length, 1)
    assert.deepEqual(
      out.values.map((v) => v['event']),
      ['waiting', 'account'],
    )
    const { id, provider, label, email, plan, state } = out.values[1]!
    assert.match(String(id), /^claude-[0-9a-f]{10,}$/)
    assert.deepEqual(
      [provider, label, email, plan, state],
      ['claude', 'work', 'anna@simulated.example', 'max', 'ready'],
    )
    assert.match(out.talks.join('\n'), /restricted \(as of 2026/)
  })

  it('leaves no token in any file but sealed', () => {
    const auth = join(bench.dir, 'auth')
    for (const name of readdirSync(auth))
      assert.doesNotMatch(readFileSync(join(auth, name), 'latin1'), /sk-ant-o[ar]t01/, name)
  })

  it('asks for an acknowledgement of a restricted policy, or for the flag', async () => {
    const flag = await refused(
      login(heard(), { config: bench.config }, 'claude', bench.surroundings({ interactive: false })),
    )
    assert.equal(flag.exitCode, EXIT.usage)
    assert.match(flag.message, /--yes-i-know/)
    const no = bench.surroundings()
    no.type('no')
    await refused(login(heard(), { config: bench.config }, 'claude', no))
    assert.deepEqual(no.opened, [])
    const yes = bench.surroundings()
    yes.type('yes')
    await login(heard(), { config: bench.config }, 'claude', yes)
    assert.equal(yes.opened.length, 1)
  })

  it('prints the address over SSH and takes the code from the vendor’s page', async () => {
    const out = heard()
    const at = bench.surroundings({ env: { HOME: bench.dir, SSH_CONNECTION: '1 2 3 4' } })
    const running = login(out, { config: bench.config, yesIKnow: true }, 'claude', at)
    await until(() => out.talks.some((t) => /SSH session/.test(t)))
    const url = /https?:\/\/\S+authorize\S+/.exec(out.talks.join('\n'))![0]
    assert.match(url, /redirect_uri=https%3A%2F%2Fplatform\.claude\.com/)
    const shown = await (await fetch(await bench.simulator.consent({ url, person: 'ben' }))).text()
    at.type('wrong#state')
    await until(() => out.talks.some((t) => /another login/.test(t)))
    at.type(/<code id="code">([^<]*)</.exec(shown)![1]!)
    await running
    assert.deepEqual(at.opened, [])
    assert.match(out.lines.join('\n'), /ben@simulated\.example/)
  })

  it('takes a pasted address where a browser was meant to come back', async () => {
    const out = heard()
    const at = bench.surroundings({ env: { HOME: bench.dir } })
    const running = login(out, { config: bench.config, browser: false, port: 45_455 }, 'codex', at)
    await until(() => out.talks.some((t) => /authorize/.test(t)))
    const url = /https?:\/\/\S+authorize\S+/.exec(out.talks.join('\n'))![0]
    at.type(await bench.simulator.consent({ url, person: 'anna' }))
    await running
    assert.match(out.talks.join('\n'), /knows the ports 1455 and 1457 only/)
    assert.match(out.lines.join('\n'), /ChatGPT \(Codex\), plus/)
  })

  it('asks for a project where the account needs one', async () => {
    const out = heard()
    const at = bench.surroundings()
    at.openBrowser = (url) => void bench.simulator.consent({ url, person: 'cleo', visit: true })
    const running = login(out, { config: bench.config, yesIKnow: true }, 'gemini', at)
    await until(() => out.talks.some((t) => /needs a Google Cloud project/.test(t)))
    at.type('1234567')
    const error = await refused(running)
    assert.match(error.message, /number of a Google Cloud project/)
    assert.equal(error.exitCode, EXIT.usage)
  })

  it('says what went wrong, with the exit code of it', async () => {
    assert.match(
      (await refused(login(heard(), { config: bench.config }, 'nobody', bench.surroundings()))).message,
      /claude, codex/,
    )
    assert.equal(
      (await refused(login(heard(true), { config: bench.config }, undefined, bench.surroundings()))).exitCode,
      EXIT.usage,
    )
    assert.equal(
      (await refused(login(heard(), { config: join(bench.dir, 'none.yaml') }, 'codex', bench.surroundings()))).exitCode,
      EXIT.config,
    )
    assert.match(
      (
        await refused(
          login(heard(), { config: bench.config, device: true, yesIKnow: true }, 'claude', bench.surroundings()),
        )
      ).message,
      /no device login/,
    )
    const denying = bench.surroundings()
    denying.openBrowser = (url) => void bench.simulator.consent({ url, person: 'anna', deny: true, visit: true })
    assert.match(
      (await refused(login(heard(), { config: bench.config, yesIKnow: true }, 'antigravity', denying))).message,
      /did not grant/,
    )
    assert.match(
      (await refused(login(heard(), { config: bench.config, proxy: 'nonsense' }, 'codex', bench.surroundings())))
        .message,
      /socks5/,
    )
  })
})

describe('a proxy on the command line', () => {
  it('is an address, or direct', () => {
    for (const good of ['http://p:1', 'https://u:p@p', 'socks5://p:1080', 'socks5h://p', 'direct'])
      assert.equal(checkedProxy(good), good)
    assert.equal(checkedProxy('none'), 'direct')
    for (const bad of ['', 'p:1', 'ftp://p', 'http://']) assert.throws(() => checkedProxy(bad), CommandError, bad)
  })
})

describe('a browser', () => {
  it('is not opened over SSH or without a display', () => {
    assert.match(noBrowserBecause({ SSH_TTY: '/dev/pts/1' }, 'darwin') ?? '', /SSH/)
    assert.match(noBrowserBecause({}, 'linux') ?? '', /display/)
    for (const env of [{ DISPLAY: ':0' }, { WAYLAND_DISPLAY: 'w' }, { BROWSER: 'x' }, { WSL_DISTRO_NAME: 'u' }])
      assert.equal(noBrowserBecause(env, 'linux'), undefined)
    assert.equal(noBrowserBecause({}, 'darwin'), undefined)
    assert.equal(noBrowserBecause({}, 'win32'), undefined)
  })

  it('gets the address as one argument, through no shell', () => {
    const url = 'https://x.test/?a=1&b=$(rm)'
    for (const [platform, env] of [
      ['linux', {}],
      ['darwin', {}],
      ['win32', {}],
      ['linux', { WSL_DISTRO_NAME: 'u' }],
      ['linux', { BROWSER: 'firefox' }],
    ] as const) {
      const [command, args] = browserCommand(url, env, platform)
      assert.equal(args.at(-1), url)
      assert.doesNotMatch(command, /cmd|sh$/)
    }
  })
})
