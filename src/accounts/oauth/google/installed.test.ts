import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { login as antigravity, findSecret as findAntigravity } from '../../../providers/antigravity/login.ts'
import { findSecret as findGemini, login as gemini } from '../../../providers/gemini-cli/login.ts'
import { remembered, secretAfter, secretIn } from './installed.ts'

// Made up here; it has the form of one, which is what is looked for.
const made = (letter: string): string => `GOCSP${'X'}-${letter.repeat(28)}`

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lp-installed-'))
})
after(() => rm(dir, { recursive: true, force: true }))

async function put(path: string, text: string): Promise<string> {
  const at = join(dir, path)
  await mkdir(dirname(at), { recursive: true })
  await writeFile(at, text)
  return at
}

describe('a secret in a bundle', () => {
  it('is the one behind the client’s id', () => {
    const text = `x="1-a.apps.googleusercontent.com",y="${made('a')}",z="2-b.apps.googleusercontent.com",w="${made('b')}"`
    assert.equal(secretAfter(text, '1-a.apps.googleusercontent.com'), made('a'))
    assert.equal(secretAfter(text, '2-b.apps.googleusercontent.com'), made('b'))
  })

  it('is none when another client’s id stands in between', () => {
    const text = `"1-a.apps.googleusercontent.com","2-b.apps.googleusercontent.com","${made('b')}"`
    assert.equal(secretAfter(text, '1-a.apps.googleusercontent.com'), undefined)
  })

  it('is looked for in files that are there and of a sane size', async () => {
    const huge = await put('huge.js', '')
    await truncate(huge, 65 * 1024 * 1024)
    const good = await put('good.js', `"1-a.apps.googleusercontent.com"; const s = '${made('c')}'`)
    assert.equal(await secretIn([join(dir, 'none.js'), dir, huge, good], '1-a.apps.googleusercontent.com'), made('c'))
    assert.equal(await secretIn([huge], '1-a.apps.googleusercontent.com'), undefined)
  })
})

describe('a search', () => {
  it('is made once for what is found, and once a minute for what is not', async () => {
    let at = 0
    let there: string | undefined
    const asked: string[] = []
    const find = remembered(
      async (id) => {
        asked.push(id)
        return id === 'b' ? 'secret of b' : there
      },
      () => at,
    )
    assert.deepEqual(await Promise.all([find('b'), find('b'), find('a'), find('a')]), [
      'secret of b',
      'secret of b',
      undefined,
      undefined,
    ])
    assert.deepEqual(asked, ['b', 'a'])
    at = 60_000
    there = 'installed now'
    assert.deepEqual([await find('a'), await find('b')], ['installed now', 'secret of b'])
    assert.deepEqual(asked, ['b', 'a', 'a'])
  })
})

describe('an installed vendor’s program', () => {
  it('Gemini CLI, bundled, is found by the command on the PATH', async () => {
    const bundle = await put(
      'npm/lib/node_modules/@google/gemini-cli/bundle/chunk-X.js',
      `var OAUTH_CLIENT_ID = "${gemini.clientId}";\nvar OAUTH_CLIENT_SECRET = "${made('d')}";`,
    )
    await mkdir(join(dir, 'npm/bin'), { recursive: true })
    await symlink(bundle, join(dir, 'npm/bin/gemini'))
    assert.equal(await findGemini(gemini.clientId, { PATH: join(dir, 'npm/bin') }, dir, 'linux'), made('d'))
    assert.equal(
      await findGemini('other.apps.googleusercontent.com', { PATH: join(dir, 'npm/bin') }, dir, 'linux'),
      undefined,
    )
  })

  it('Gemini CLI’s core package is found below a prefix', async () => {
    await put(
      'prefix/lib/node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js',
      `const OAUTH_CLIENT_ID = '${gemini.clientId}';\nconst OAUTH_CLIENT_SECRET = '${made('e')}';`,
    )
    assert.equal(
      await findGemini(gemini.clientId, { npm_config_prefix: join(dir, 'prefix') }, join(dir, 'nobody'), 'linux'),
      made('e'),
    )
  })

  it('Antigravity’s two clients have their own secrets, on every system', async () => {
    const [workspace] = Object.keys(antigravity.otherClients!)
    const bundle = `// out-build/vs/platform/cloudCode/common/oauthClient.js\nvar a="${antigravity.clientId}",b="${made('f')}",c="${workspace}",d="${made('g')}";`
    await put('home/.local/share/antigravity/resources/app/out/main.js', bundle)
    await put('home/Applications/Antigravity.app/Contents/Resources/app/out/main.js', bundle)
    await put('local/Programs/Antigravity/resources/app/out/main.js', bundle)
    const home = join(dir, 'home')
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const env = platform === 'win32' ? { LOCALAPPDATA: join(dir, 'local') } : {}
      assert.equal(await findAntigravity(antigravity.clientId, env, home, platform), made('f'), platform)
      assert.equal(await findAntigravity(workspace!, env, home, platform), made('g'), platform)
    }
  })
})
