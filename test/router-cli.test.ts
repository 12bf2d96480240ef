/** `logicaproxy route`: decisions in words and by the file, and labelled examples beside whoever else uses the store. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { stringify } from 'yaml'
import type { CommandError, Output } from '../src/cli/output.ts'
import type { RouteCliOptions } from '../src/cli/route.ts'
import { routeLines } from '../src/cli/route-lines.ts'
import { route } from '../src/cli/route-run.ts'
import type { explainRoute } from '../src/routing/auto/index.ts'
import { ask, chat, type Json } from './support/dialects.ts'
import { start } from './support/start.ts'
import { run, temporary, waitFor } from './support-process.ts'

/** One endpoint with three models. */
const served = (base: string) => ({
  'openai-compatibility': [
    { name: 'local', 'base-url': base, models: ['a', 'b', 'c'].map((alias) => ({ name: 'gpt-5.2', alias })) },
  ],
})
const CONFIG = {
  'api-keys': [{ name: 'laptop', key: 'laptop-key-1234', 'ai-router': { routes: { code: 'c' } } }],
  ...served('http://127.0.0.1:1'),
  'ai-router': {
    'default-model': 'c',
    routes: { code: ['a', 'b'] },
    categories: { support: { keywords: ['refund'] } },
  },
}

/** A config in a directory of its own, and the command on it: as a process, or here, which is sooner done. */
function home() {
  const dir = temporary()
  const config = join(dir.path, 'config.yaml')
  writeFileSync(config, stringify({ ...CONFIG, 'auth-dir': join(dir.path, 'auth') }))
  /** What it says, as `--json` would print it. */
  async function here(options: Partial<RouteCliOptions>, words = ''): Promise<Json[]> {
    const said: Json[] = []
    const mute = () => {}
    const plain = (text: string) => text
    const out: Output = {
      json: true,
      line: mute,
      data: (v) => said.push(v),
      talk: mute,
      bold: plain,
      dim: plain,
      good: plain,
      bad: plain,
    }
    await route(out, { model: 'auto', config, ...options }, words)
    return said
  }
  return {
    [Symbol.dispose]: () => dir[Symbol.dispose](),
    path: dir.path,
    auth: join(dir.path, 'auth'),
    process: (...args: string[]) => run(['route', '--config', config, ...args]),
    here,
    async categoryOf(prompt: string): Promise<string> {
      return (await here({}, prompt))[0].decision.category
    },
  }
}

describe('logicaproxy route', () => {
  test('tells category, scores, signals, target and fallbacks of a prompt, and makes no store for that', async () => {
    using at = home()
    const { code, stdout, stderr } = await at.process('refactor', 'this', 'function', 'to use async/await')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^code {2}0\.\d\d\n/)
    for (const part of ['"refactor" (a change to code)', 'reasoning 0.', 'a (1 account)', 'b (1 account), c', ' µs'])
      assert.ok(stdout.includes(part), `${part}: ${stdout}`)
    assert.equal(existsSync(at.auth), false)
  })

  test('has the routes of a key with --client', async () => {
    using at = home()
    const [told] = await at.here({}, 'refactor this function to use async/await')
    assert.deepEqual([told.decision.category, told.target, told.fallbacks], ['code', 'a', ['b', 'c']])
    assert.equal((await at.here({ client: 'laptop' }, 'debug this python script'))[0].target, 'c')
  })

  test('judges the prompt and not the system prompt', async () => {
    using at = home()
    const system = 'You are a coding agent. Refactor, run the tests, edit files.'
    assert.equal((await at.here({ system }, 'translate this sentence to French'))[0].decision.category, 'fast')
  })

  test('says how it is used when it is used otherwise', async () => {
    using at = home()
    const cases: [Partial<RouteCliOptions>, string, RegExp][] = [
      [{}, '', /Which prompt\?/],
      [{ wrong: true }, 'x', /--category/],
      [{ wrong: true, category: 'kode' }, 'x y', /no category "kode".*support/],
      [{ list: true, export: true }, '', /exclude each other/],
      [{ remove: ['ex-1'] }, '', /no example ex-1/],
      [{ jsonl: join(at.path, 'nothing') }, '', /no such file/],
      [{ client: 'nobody' }, 'x', /There are: laptop/],
    ]
    for (const [options, words, message] of cases)
      await assert.rejects(at.here(options, words), (error: CommandError) => {
        assert.match(error.message, message)
        return error.exitCode === 2
      })
  })
})

describe('logicaproxy route --jsonl', () => {
  test('prints one decision a line and tells bad lines by their number', async () => {
    using at = home()
    const file = join(at.path, 'prompts.jsonl')
    const lines = [
      '{"prompt":"fix the bug in this python function"}',
      'nope',
      '',
      '{"id":"x7","system":"You are terse.","messages":[{"role":"user","content":"translate to French: good night"}]}',
      '{"messages":[{"role":"user","content":[{"type":"text","text":"write a poem about the sea"}]}]}',
      '{"other":1}',
      '{"prompt":""}',
      '{"prompt":"I want a refund"}',
    ]
    writeFileSync(file, lines.join('\r\n'))
    const { code, stdout, stderr } = await at.process('--jsonl', file)
    assert.equal(code, 1)
    assert.match(stderr, /^line 2: this is no JSON\nline 6: "prompt".*\n2 lines could not be read\.\n$/)
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      told.map((t) => [t.line, t.category ?? t.error.slice(0, 8)]),
      [
        [1, 'code'],
        [2, 'this is '],
        [4, 'fast'],
        [5, 'creative'],
        [6, '"prompt"'],
        [7, told[5].category],
        [8, 'support'],
      ],
    )
    assert.deepEqual([told[2].id, told[0].target, told[0].fallbacks], ['x7', 'a', ['b', 'c']])
    assert.ok(told[0].confidence > 0 && told[0].scores.code > 0 && told[0].tookUs > 0)
  })

  const stub = (() => ({ fallbacks: [], words: 'x'.repeat(100) })) as unknown as () => ReturnType<typeof explainRoute>

  test('waits for a slow reader', async () => {
    let held = 0
    let most = 0
    const output = new Writable({
      highWaterMark: 1_000,
      write(chunk, _, done) {
        held += chunk.length
        most = Math.max(most, output.writableLength)
        setImmediate(done)
      },
    })
    async function* lines() {
      for (let i = 0; i < 5_000; i += 1) yield '{"prompt":"hello"}'
    }
    assert.equal(await routeLines(lines(), stub, { output }), 0)
    assert.ok(held > 500_000 && most < 100_000, `${held} bytes, ${most} at once`)
  })

  test('ends quietly when its reader has had enough', async () => {
    const output = new PassThrough()
    let asked = 0
    async function* lines() {
      for (;;) {
        asked += 1
        if (asked === 1_000) output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
        yield '{"prompt":"hello"}'
      }
    }
    output.resume()
    assert.equal(await routeLines(lines(), stub, { output }), 0)
    assert.ok(asked < 10_000)
  })
})

describe('logicaproxy route --wrong', () => {
  const TEXT = 'please look over the numbers of the shop for me'
  const ALIKE = 'please look over the numbers of my shop for me, will you'

  test('changes the next decision of prompts like it, and can be listed, taken back, exported and imported', async () => {
    using at = home()
    assert.equal(await at.categoryOf(ALIKE), 'fast')
    const [stored] = await at.here({ wrong: true, category: 'analysis' }, TEXT)
    assert.deepEqual([stored.before.category, stored.after.category], ['fast', 'analysis'])
    assert.equal(await at.categoryOf(ALIKE), 'analysis')

    const exported = await at.here({ export: true })
    assert.deepEqual(
      exported.map(({ id, text, category }) => [id, text, category]),
      [[stored.id, TEXT, 'analysis']],
    )
    assert.deepEqual((await at.here({ list: true }))[0].examples, exported)
    assert.equal((await at.here({ remove: [stored.id] }))[0].removed, 1)
    assert.equal(await at.categoryOf(ALIKE), 'fast')

    const file = join(at.path, 'examples.jsonl')
    writeFileSync(file, exported.map((example) => `${JSON.stringify(example)}\n`).join(''))
    assert.equal((await at.here({ import: file }))[0].examples, 1)
    assert.equal(await at.categoryOf(ALIKE), 'analysis')
  })

  test('takes the categories of the config, and of a file with a fault nothing', async () => {
    using at = home()
    const file = join(at.path, 'examples.jsonl')
    const good = JSON.stringify({ text: 'where is my parcel', category: 'support' })
    writeFileSync(file, `${good}\n{"text":"x","category":"kode"}\n`)
    await assert.rejects(at.here({ import: file }), /Line 2: There is no category "kode"/)
    assert.deepEqual((await at.here({ list: true }))[0].examples, [])
    writeFileSync(file, good)
    await at.here({ import: file })
    assert.equal(await at.categoryOf('where is my parcel now'), 'support')
  })

  test('beside a running server is heeded by it within a second, and so is its removal', async () => {
    using at = home()
    await using gateway = await start((url) => ({
      ...served(`${url}/v1`),
      'auth-dir': at.auth,
      'ai-router': { ...CONFIG['ai-router'], routes: { ...CONFIG['ai-router'].routes, analysis: 'b' } },
    }))
    const told = async () => {
      const { headers } = await ask(gateway, chat, { model: 'auto', text: ALIKE })
      return [headers['x-ai-category'], headers['x-ai-route']].join(' ')
    }
    assert.equal(await told(), 'fast c')
    const { code, stdout, stderr } = await at.process('--wrong', '--category', 'analysis', TEXT)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /before {2}fast: .*\n.*now {5}analysis: like the example/)
    await waitFor(async () => (await told()) === 'analysis b', 5_000)
    const [{ examples }] = await at.here({ list: true })
    await at.here({ remove: [examples[0].id] })
    await waitFor(async () => (await told()) === 'fast c', 5_000)
  })
})
