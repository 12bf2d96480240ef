import assert from 'node:assert/strict'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { accounts } from './accounts-run.ts'
import type { ImportCliOptions } from './import.ts'
import { importLogins } from './import-run.ts'
import { CommandError } from './output.ts'
import { type Bench, createBench, heard } from './testing/fixture.ts'

let bench: Bench
before(async () => {
  bench = await createBench()
})
afterEach(async () => {
  bench.simulator.reset()
  for (const name of ['.codex', '.gemini', '.claude', '.cli-proxy-api', 'auth'])
    await rm(join(bench.dir, name), { recursive: true, force: true })
})
after(() => bench.close())

const soon = Date.now() + 3_600_000

async function put(path: string, content: object): Promise<string> {
  const at = join(bench.dir, path)
  await mkdir(dirname(at), { recursive: true })
  await writeFile(at, JSON.stringify(content), { mode: 0o600 })
  return at
}

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`
const claims = {
  email: 'x@test.example',
  exp: Math.floor(soon / 1000),
  'https://api.openai.com/auth': { chatgpt_account_id: 'a', chatgpt_user_id: 'u', chatgpt_plan_type: 'plus' },
}
const codex = {
  tokens: { id_token: jwt(claims), access_token: jwt(claims), refresh_token: 'rt_made_up', account_id: 'a' },
  last_refresh: new Date().toISOString(),
}

async function run(options: Partial<ImportCliOptions>, interactive = false, ...typed: string[]) {
  const out = heard(!interactive)
  const at = bench.surroundings({ interactive, env: { HOME: bench.dir } })
  for (const line of typed) at.type(line)
  await importLogins(out, { config: bench.config, keyring: false, ...options }, at)
  return out
}

async function listed() {
  const out = heard(true)
  await accounts(out, { config: bench.config }, 'list', [])
  return out.values[0]!['accounts'] as {
    label: string
    provider: string
    origin: { how: string; from: string }
    disabled: boolean
    priority: number
  }[]
}

describe('logicaproxy import', () => {
  it('shows what there is and changes nothing unless told to', async () => {
    const from = await put('.codex/auth.json', codex)
    for (const options of [{}, { dryRun: true, move: true }]) {
      const out = await run(options)
      assert.equal(out.values[0]!['from'], from)
      assert.match(String(out.values[0]!['move']), /Codex will be logged out/)
      assert.doesNotMatch(JSON.stringify([out.values, out.lines, out.talks]), /rt_made_up/)
      await access(from)
      assert.deepEqual(await listed(), [])
    }
  })

  it('moves: the login is ours, and the other program’s file is put away', async () => {
    const from = await put('.codex/auth.json', codex)
    const out = await run({ move: true })
    assert.match(out.talks.join('\n'), /do not run "codex logout"/)
    const [login] = await listed()
    assert.deepEqual(
      [login!.provider, login!.label, login!.origin.how, login!.origin.from],
      ['codex', 'x@test.example', 'moved', from],
    )
    await assert.rejects(access(from))
    await access(`${from}.moved-to-logicaproxy`)
  })

  it('borrows: read-only, the file stays', async () => {
    const from = await put('.codex/auth.json', codex)
    await run({ borrow: true })
    assert.equal((await listed())[0]!.origin.how, 'borrowed')
    await access(from)
  })

  it('asks for each in a terminal', async () => {
    await put('.codex/auth.json', codex)
    await put('.cli-proxy-api/codex-two.json', {
      type: 'codex',
      access_token: 'opaque',
      refresh_token: 'r2',
      email: 'two@test.example',
      expired: new Date(soon).toISOString(),
      priority: 7,
    })
    await run({}, true, '', 'borrow')
    const logins = await listed()
    assert.deepEqual(
      logins.map((l) => [l.label, l.origin.how, l.priority]),
      [['two@test.example', 'borrowed', 7]],
    )
  })

  it('completes a Google login with its project, after a refresh that harms nobody', async () => {
    const url = await bench.simulator.consent({
      url: `https://accounts.google.com/o/oauth2/v2/auth?${new URLSearchParams({
        client_id: bench.simulator.clients['gemini-cli']!.id,
        response_type: 'code',
        redirect_uri: 'http://127.0.0.1:1/oauth2callback',
        scope: 'https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email',
        access_type: 'offline',
        state: 's',
      })}`,
      person: 'anna',
    })
    const answer = await fetch(`${bench.simulator.hosts['https://oauth2.googleapis.com']}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(url).searchParams.get('code')!,
        redirect_uri: 'http://127.0.0.1:1/oauth2callback',
        client_id: bench.simulator.clients['gemini-cli']!.id,
        client_secret: bench.simulator.clients['gemini-cli']!.secret,
      }),
    })
    const { refresh_token } = (await answer.json()) as { refresh_token: string }
    const from = await put('.gemini/oauth_creds.json', {
      access_token: 'ya29.over',
      refresh_token,
      expiry_date: Date.now() - 1000,
      token_type: 'Bearer',
    })
    await run({ move: true, yesIKnow: true })
    assert.deepEqual(
      (await listed()).map((l) => [l.provider, l.label]),
      [['gemini-cli', 'anna@simulated.example']],
    )
    await access(from)
  })

  it('needs the acknowledgement of a restricted provider, as a login does', async () => {
    await put('.claude/.credentials.json', { claudeAiOauth: { accessToken: 'a', refreshToken: 'r', expiresAt: soon } })
    await assert.rejects(
      run({ move: true }),
      (e: unknown) => e instanceof CommandError && /--yes-i-know/.test(e.message),
    )
    await access(join(bench.dir, '.claude/.credentials.json'))
    assert.deepEqual(await listed(), [])
  })

  it('goes on when one cannot be taken, and says so in the end', async () => {
    await put('.cli-proxy-api/a.json', {
      type: 'antigravity',
      access_token: 'x',
      refresh_token: 'dead',
      expired: '2020-01-01T00:00:00Z',
      email: 'a@test.example',
    })
    await put('.codex/auth.json', codex)
    await assert.rejects(
      run({ move: true, yesIKnow: true }),
      (e: unknown) => e instanceof CommandError && /1 of 2 could not be taken/.test(e.message),
    )
    assert.deepEqual(
      (await listed()).map((l) => l.provider),
      ['codex'],
    )
  })

  it('refuses both ways at once', async () => {
    await assert.rejects(run({ move: true, borrow: true }), CommandError)
  })
})
