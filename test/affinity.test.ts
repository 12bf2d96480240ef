/** A conversation stays on one account, however the client tells which one it is; the load stays even. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseFault } from '../src/simulator/index.ts'
import { accounts, anthropic, chat, type Dialect, dialects, type Json, post } from './support/dialects.ts'
import { Clock, type Running, start } from './support/start.ts'

const KEYS = ['upstream-key-a', 'upstream-key-b', 'upstream-key-c']
const SESSIONS = 50
const TURNS = 10

interface Turn {
  headers?: Record<string, string>
  extra?: Record<string, unknown>
  /** The conversation so far; left out: turns that have nothing in common but the session's name. */
  opening?: string
}

/** The ways by which clients name a conversation. */
interface Way {
  name: string
  dialects: readonly Dialect['id'][]
  /** What the turns of a session have in common. */
  session(id: string): Turn
}

const ALL = dialects.map((d) => d.id)
/** Headers are read alike whatever the dialect: one of them stands for all in every dialect. */
const header = (name: string, on: readonly Dialect['id'][]): Way => ({
  name: `header ${name}`,
  dialects: on,
  session: (id) => ({ headers: { [name]: id } }),
})
const body = (name: string, on: readonly Dialect['id'][], extra: (id: string) => Record<string, unknown>): Way => ({
  name,
  dialects: on,
  session: (id) => ({ extra: extra(id) }),
})

const WAYS: readonly Way[] = [
  header('X-Claude-Code-Session-Id', ['anthropic']),
  header('Session-Id', ['openai-responses']),
  header('session_id', ['openai-responses']),
  header('X-Session-ID', ALL),
  header('x-session-affinity', ['openai-chat']),
  header('x-client-request-id', ['gemini']),
  body("metadata.user_id, Claude Code's text", ['anthropic'], (id) => ({
    metadata: { user_id: `user_${'ab'.repeat(32)}_account_0b1c_session_${id}` },
  })),
  body("metadata.user_id, Claude Code's JSON", ['anthropic'], (id) => ({
    metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: id }) },
  })),
  body('metadata.user_id of anybody', ['anthropic'], (id) => ({ metadata: { user_id: id } })),
  body('prompt_cache_key', ['openai-chat', 'openai-responses'], (id) => ({ prompt_cache_key: id })),
  { name: 'how the conversation opens', dialects: ALL, session: (id) => ({ opening: id }) },
]

/** Ten turns of a conversation that grows, or that has nothing in common but its name. */
function conversation(dialect: Dialect, turn: number, opening: string): Record<string, unknown> {
  const said = Array.from({ length: turn * 2 + 1 }, (_, i) => [i % 2 === 0, i === 0 ? opening : `Turn ${i}`] as const)
  const model = dialect.model
  switch (dialect.id) {
    case 'gemini':
      return {
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        contents: said.map(([user, text]) => ({ role: user ? 'user' : 'model', parts: [{ text }] })),
      }
    case 'openai-responses':
      return {
        model,
        store: false,
        instructions: 'Be brief.',
        input: said.map(([user, content]) => ({ role: user ? 'user' : 'assistant', content })),
      }
    case 'openai-chat':
      return {
        model,
        messages: [
          { role: 'system', content: 'Be brief.' },
          ...said.map(([user, content]) => ({ role: user ? 'user' : 'assistant', content })),
        ],
      }
    case 'anthropic':
      return {
        model,
        max_tokens: 64,
        system: 'Be brief.',
        messages: said.map(([user, content]) => ({ role: user ? 'user' : 'assistant', content })),
      }
  }
}

async function say(run: Running, dialect: Dialect, turn: number, { headers, extra, opening }: Turn): Promise<string> {
  const json = { ...conversation(dialect, turn, opening ?? randomUUID()), ...extra }
  const answer = await post(run, dialect, dialect.path(dialect.model, false), JSON.stringify(json), headers)
  assert.equal(answer.status, 200, answer.raw)
  return answer.headers['x-logicaproxy-account']!
}

function assertEven(counts: readonly number[], share: number): void {
  for (const n of counts) assert.ok(n >= share * 0.7 && n <= share * 1.3, `${counts}: each should have ${share} ± 30 %`)
}

describe('3 accounts, 50 sessions, 10 turns', () => {
  for (const way of WAYS) {
    for (const dialect of dialects.filter((d) => way.dialects.includes(d.id))) {
      it(`told by ${way.name} (${dialect.id})`, async () => {
        await using run = await start((url) => accounts(dialect, url, KEYS))
        const sessions = Array.from({ length: SESSIONS }, () => way.session(randomUUID()))
        const homes: Set<string>[] = sessions.map(() => new Set())
        for (let turn = 0; turn < TURNS; turn += 1)
          await Promise.all(sessions.map(async (session, i) => homes[i]!.add(await say(run, dialect, turn, session))))
        assert.deepEqual(
          homes.map((h) => h.size),
          sessions.map(() => 1),
          'every session has one account',
        )
        assertEven(
          KEYS.map((key) => run.simulator.attempts({ key }).length),
          (SESSIONS * TURNS) / KEYS.length,
        )
      })
    }
  }
})

describe('sessions', () => {
  const session = (id: string): Turn => ({ headers: { 'x-session-id': id } })

  it('move when their account fails, and stay where they went', async () => {
    const clock = new Clock()
    await using run = await start((url) => accounts(anthropic, url, KEYS), { now: clock.now })
    const homes = new Map<string, string>()
    for (let i = 0; i < 30; i += 1) homes.set(`s${i}`, await say(run, anthropic, 0, session(`s${i}`)))
    const [first] = run.simulator.attempts()
    const lost = first!.key
    const lostId = homes.get('s0')!
    run.simulator.script(lost, [parseFault('429:20')])

    const moved = new Map<string, string>()
    for (const id of homes.keys()) moved.set(id, await say(run, anthropic, 1, session(id)))
    for (const [id, home] of homes) {
      if (home === lostId) assert.notEqual(moved.get(id), lostId, id)
      else assert.equal(moved.get(id), home, `${id} had no reason to move`)
    }
    // The ten that moved are shared out.
    const refuges = [...homes].filter(([, home]) => home === lostId).map(([id]) => moved.get(id)!)
    for (const id of new Set(refuges)) assert.ok(refuges.filter((r) => r === id).length >= 3, refuges.join(', '))
    assert.equal(new Set(refuges).size, 2)

    // Once it is well again nobody is moved back: their caches are warm where they are.
    clock.pass(60)
    for (const [id, home] of moved) assert.equal(await say(run, anthropic, 2, session(id)), home, id)
  })

  it('that the same fault keeps hitting are not thrown to and fro', async () => {
    await using run = await start((url) => accounts(chat, url, KEYS))
    run.simulator.setKeyFault(KEYS[0]!, parseFault('401'))
    const seen = new Set<string>()
    for (let turn = 0; turn < 6; turn += 1) seen.add(await say(run, chat, turn, session('one')))
    assert.equal(seen.size, 1)
    assert.equal(run.simulator.attempts({ key: KEYS[0]! }).length, 1)
  })

  it('are forgotten after session-affinity-ttl without use', async () => {
    const clock = new Clock()
    await using run = await start(
      (url) => ({ ...accounts(chat, url, KEYS.slice(0, 2)), routing: { 'session-affinity-ttl': '10m' } }),
      { now: clock.now },
    )
    const home = await say(run, chat, 0, session('one'))
    clock.pass(599)
    assert.equal(await say(run, chat, 1, session('one')), home)
    clock.pass(599)
    assert.equal(await say(run, chat, 2, session('one')), home)
    clock.pass(601)
    assert.notEqual(await say(run, chat, 3, session('one')), home)
  })

  it('mean nothing with session-affinity: false', async () => {
    await using run = await start((url) => ({ ...accounts(chat, url, KEYS), routing: { 'session-affinity': false } }))
    for (let turn = 0; turn < 9; turn += 1) await say(run, chat, turn, session('one'))
    assert.deepEqual(
      KEYS.map((key) => run.simulator.attempts({ key }).length),
      [3, 3, 3],
    )
  })

  it('hold under fill-first and weights too', async () => {
    for (const strategy of ['fill-first', 'weighted']) {
      await using run = await start((url) => ({ ...accounts(chat, url, KEYS), routing: { strategy } }))
      for (let i = 0; i < 6; i += 1) await say(run, chat, 0, session(`s${i}`))
      const before = run.calls.map((c) => c.accountId)
      for (let i = 0; i < 6; i += 1) assert.equal(await say(run, chat, 1, session(`s${i}`)), before[i], strategy)
    }
  })

  it('keep their account when the cache breakpoint moves on', async () => {
    await using run = await start((url) => accounts(anthropic, url, KEYS))
    const marked = { cache_control: { type: 'ephemeral' } }
    // As Cline and others do it: blocks where there is a mark, plain text where there is none.
    const block = (text: string, last: boolean) => (last ? [{ type: 'text', text, ...marked }] : text)
    const homes = new Set<string>()
    for (let turn = 0; turn < 6; turn += 1) {
      const messages: Json[] = []
      for (let i = 0; i <= turn * 2; i += 1)
        messages.push({
          role: i % 2 === 0 ? 'user' : 'assistant',
          content: block(i === 0 ? 'Opening' : `Turn ${i}`, i === turn * 2),
        })
      const answer = await post(
        run,
        anthropic,
        '/v1/messages',
        JSON.stringify({ model: anthropic.model, max_tokens: 64, messages }),
      )
      homes.add(answer.headers['x-logicaproxy-account']!)
    }
    assert.equal(homes.size, 1)
  })

  it('are not asked of a body whose inside is no JSON: that is the upstream’s to refuse', async () => {
    await using run = await start((url) => accounts(anthropic, url, KEYS))
    for (const messages of ['[nope]', '[{"role":"user","content":[nope]}]', '[{"role" "user"}]']) {
      const answer = await post(run, anthropic, '/v1/messages', `{"model":"${anthropic.model}","messages":${messages}}`)
      assert.equal(answer.status, 400)
      assert.equal(answer.error.type, 'invalid_request_error')
    }
    assert.equal(run.simulator.attempts().length, 3)
  })
})
