/**
 * Every fault of the simulator, in every dialect, streamed and whole, with one account and no retry: what exactly the
 * client gets, and what the upstream saw.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, accounts, ask, askDirectly, type Dialect, dialects } from './support/dialects.ts'
import { type Running, start, until } from './support/start.ts'

/** `created` stands in some answers; a clock that stands still makes two of them comparable. */
const T = Date.now()
const KEY = 'upstream-key-a'

function alone(dialect: Dialect, timeouts: Record<string, number> = {}): Promise<Running> {
  return start((url) => ({ ...accounts(dialect, url, [KEY]), timeouts }), { simulator: { now: () => T } })
}

type PerDialect<V> = Record<Dialect['id'], V>
/** Anthropic, chat, responses, Gemini. */
function row<V>(anthropic: V, chat: V, responses: V, gemini: V): PerDialect<V> {
  return { anthropic, 'openai-chat': chat, 'openai-responses': responses, gemini }
}

/** `[status, the word by which a client of the dialect knows it]`: Anthropic's type, OpenAI's code, Google's status. */
type Seen = readonly [number, string | null]
const rateLimited = row<Seen>(
  [429, 'rate_limit_error'],
  [429, 'rate_limit_exceeded'],
  [429, 'rate_limit_exceeded'],
  [429, 'RESOURCE_EXHAUSTED'],
)
const broken = row<Seen>(
  [502, 'api_error'],
  [502, 'internal_server_error'],
  [502, 'internal_server_error'],
  [502, 'UNAVAILABLE'],
)
const late = row<Seen>(
  [504, 'timeout_error'],
  [504, 'internal_server_error'],
  [504, 'internal_server_error'],
  [504, 'DEADLINE_EXCEEDED'],
)
const internal = row<Seen>(
  [500, 'api_error'],
  [500, 'internal_server_error'],
  [500, 'internal_server_error'],
  [500, 'INTERNAL'],
)
const overloaded = row<Seen>(
  [529, 'overloaded_error'],
  [503, 'server_is_overloaded'],
  [503, 'server_is_overloaded'],
  [503, 'UNAVAILABLE'],
)

interface Refused {
  seen: PerDialect<Seen>
  /** `retry-after`, least and most; `none` where waiting mends nothing. */
  wait?: readonly [number, number] | 'none'
  /** How the attempt ended in the simulator's log. */
  outcome?: string
  timeouts?: Record<string, number>
}

const QUICK = { 'first-event': 0.5, idle: 0.5 }

/** Faults of the account or the upstream that strike before any content: told in the gateway's words, with a wait. */
const REFUSED: Record<string, Refused> = {
  '429:7': { seen: rateLimited, wait: [7, 7] },
  '429': { seen: rateLimited, wait: [58, 60] },
  // The upstream says six days; the account is tried again in five minutes, and that is what a client should wait for.
  '429-days': {
    seen: row<Seen>(
      [429, 'rate_limit_error'],
      [429, 'rate_limit_exceeded'],
      [429, 'rate_limit_exceeded'],
      [429, 'RESOURCE_EXHAUSTED'],
    ),
    wait: [299, 300],
  },
  quota: {
    seen: row<Seen>(
      // The vendor says 400; the account is out of credit, and the request is not to blame.
      [402, 'billing_error'],
      [429, 'insufficient_quota'],
      [429, 'insufficient_quota'],
      [429, 'RESOURCE_EXHAUSTED'],
    ),
    wait: [299, 300],
  },
  '500': { seen: internal, wait: [1, 1] },
  '500-once': { seen: internal, wait: [1, 1] },
  '500-once-global': { seen: internal, wait: [1, 1] },
  '503': {
    seen: row<Seen>(
      [503, 'api_error'],
      [503, 'internal_server_error'],
      [503, 'internal_server_error'],
      [503, 'UNAVAILABLE'],
    ),
    wait: [1, 1],
  },
  'flap:1': {
    seen: row<Seen>(
      [503, 'api_error'],
      [503, 'internal_server_error'],
      [503, 'internal_server_error'],
      [503, 'UNAVAILABLE'],
    ),
    wait: [1, 1],
  },
  '529': { seen: overloaded, wait: [1, 1] },
  '401': {
    seen: row<Seen>(
      [401, 'authentication_error'],
      [401, 'invalid_api_key'],
      [401, 'invalid_api_key'],
      // The vendor says 400 here, too.
      [401, 'UNAUTHENTICATED'],
    ),
    wait: 'none',
  },
  '403': {
    seen: row<Seen>(
      [403, 'permission_error'],
      [403, 'permission_denied'],
      [403, 'permission_denied'],
      [403, 'PERMISSION_DENIED'],
    ),
    wait: 'none',
  },
  'json-200': { seen: internal, wait: [1, 1] },
  reset: { seen: broken, wait: [1, 1], outcome: 'cut' },
  silence: { seen: late, wait: [1, 1], outcome: 'client-gone', timeouts: QUICK },
  'late-head:2000': { seen: late, wait: [1, 1], outcome: 'client-gone', timeouts: QUICK },
  'late:2000': { seen: late, wait: [1, 1], outcome: 'client-gone', timeouts: QUICK },
}

/** The same of streams, whose opening events bear nothing yet. Gemini's first event bears content already. */
const REFUSED_STREAMS: Record<string, Refused> = {
  'cut:1': { seen: broken, wait: [1, 1], outcome: 'cut' },
  'stall:1': { seen: late, wait: [1, 1], outcome: 'client-gone', timeouts: QUICK },
  'malformed:1': { seen: broken, wait: [1, 1], outcome: 'answered' },
  'error-second': { seen: overloaded, wait: [1, 1] },
}

/** The same of whole answers: nothing leaves before all of it is there. */
const REFUSED_WHOLE: Record<string, Refused> = {
  cut: { seen: broken, wait: [1, 1], outcome: 'cut' },
  stall: { seen: late, wait: [1, 1], outcome: 'client-gone', timeouts: QUICK },
  malformed: { seen: broken, wait: [1, 1], outcome: 'answered' },
  'no-end': { seen: broken, wait: [1, 1], outcome: 'cut' },
  'error-second': { seen: overloaded, wait: [1, 1] },
  'error-mid': { seen: overloaded, wait: [1, 1] },
}

/** Faults of the request: the vendor's own bytes, and no wait, for waiting would not help. */
const VERBATIM = row<Record<string, Seen>>(
  {
    '400': [400, 'invalid_request_error'],
    '400-context': [400, 'invalid_request_error'],
    '404': [404, 'not_found_error'],
    '413': [413, 'request_too_large'],
  },
  {
    '400': [400, null],
    '400-context': [400, 'context_length_exceeded'],
    '404': [404, 'model_not_found'],
    '413': [413, null],
  },
  {
    '400': [400, null],
    '400-context': [400, 'context_length_exceeded'],
    '404': [400, 'model_not_found'],
    '413': [413, null],
  },
  {
    '400': [400, 'INVALID_ARGUMENT'],
    '400-context': [400, 'INVALID_ARGUMENT'],
    '404': [404, 'NOT_FOUND'],
    '413': [413, 'INVALID_ARGUMENT'],
  },
)

/** What a client goes by. */
function word(dialect: Dialect, answer: Answer): unknown {
  const error = answer.error
  return dialect.list === 'openai-api-key' ? error.code : error.type
}

/** The members a client of the dialect may count on in an error. */
function assertNativeShape(dialect: Dialect, answer: Answer): void {
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  const { json } = answer
  if (dialect.id === 'anthropic') {
    assert.deepEqual(Object.keys(json), ['type', 'error', 'request_id'])
    assert.deepEqual(Object.keys(json.error), ['type', 'message'])
  } else if (dialect.id === 'gemini') {
    assert.equal(json.error.code, answer.status)
    assert.deepEqual(Object.keys(json), ['error'])
  } else {
    assert.deepEqual(Object.keys(json), ['error'])
    assert.deepEqual(Object.keys(json.error).sort(), ['code', 'message', 'param', 'type'])
  }
}

async function assertOneAttempt(run: Running, fault: string, outcome: string): Promise<void> {
  const [attempt, ...more] = run.simulator.attempts({ key: KEY })
  assert.deepEqual(more, [])
  assert.equal(attempt!.fault, fault)
  // The simulator sees the gateway hang up a moment after the client has its answer.
  await until(() => attempt!.outcome !== 'open')
  assert.equal(attempt!.outcome, outcome)
}

for (const dialect of dialects) {
  for (const stream of [true, false]) {
    describe(`one account, ${dialect.id}, ${stream ? 'streamed' : 'whole'}`, { concurrency: 12 }, () => {
      const table = { ...REFUSED, ...(stream ? REFUSED_STREAMS : REFUSED_WHOLE) }
      for (const [fault, { seen, wait, outcome = 'refused', timeouts }] of Object.entries(table)) {
        // Gemini's first event bears content: what strikes after it strikes in the middle.
        if (dialect.id === 'gemini' && stream && ['cut:1', 'stall:1', 'error-second'].includes(fault)) continue
        it(`${fault} is refused in the dialect's own shape`, async () => {
          await using run = await alone(dialect, timeouts)
          const answer = await ask(run, dialect, { model: `${dialect.model}+events:3+${fault}`, stream })
          const [status, name] = seen[dialect.id]
          assert.equal(answer.status, status)
          assert.equal(word(dialect, answer), name)
          assertNativeShape(dialect, answer)
          const after = Number(answer.headers['retry-after'])
          if (wait === 'none') assert.equal(answer.headers['retry-after'], undefined)
          else assert.ok(after >= wait![0] && after <= wait![1], `retry-after: ${after}`)
          if (dialect.id === 'gemini' && wait !== 'none') {
            const info = answer.json.error.details.find((d: Record<string, string>) =>
              d['@type']?.endsWith('RetryInfo'),
            )
            assert.equal(info.retryDelay, `${after}s`)
          }
          assert.equal(answer.headers['x-should-retry'], status === 401 ? 'false' : undefined)
          assert.doesNotMatch(answer.raw, new RegExp(KEY))
          await assertOneAttempt(run, fault, outcome)
          assert.equal(run.calls.length, 1)
          assert.equal(run.calls[0]!.status, status)
        })
      }

      for (const [fault, [status, name]] of Object.entries(VERBATIM[dialect.id])) {
        it(`${fault} comes back as the vendor said it`, async () => {
          await using run = await alone(dialect)
          const question = { model: `${dialect.model}+${fault}`, stream }
          const answer = await ask(run, dialect, question)
          const direct = await askDirectly(run, dialect, question)
          assert.equal(answer.status, status)
          assert.equal(word(dialect, answer), name)
          assert.equal(answer.raw, direct.raw)
          assert.equal(answer.headers['retry-after'], undefined)
          await assertOneAttempt(run, fault, 'refused')
        })
      }
    })
  }

  describe(`one account, ${dialect.id}, in the middle of a stream`, { concurrency: 12 }, () => {
    /** Streams of 3 text deltas; far enough in that content has left, and not yet at the end. */
    const at = { anthropic: 5, 'openai-chat': 3, 'openai-responses': 8, gemini: 2 }[dialect.id]

    /** The vendor's bytes up to the fault, and then exactly one terminal error. */
    function assertBrokenOff(answer: Answer, before: Answer): void {
      assert.equal(answer.status, 200)
      assert.match(answer.headers['content-type']!, /^text\/event-stream/)
      assert.equal(answer.cut, false)
      assert.ok(before.raw.length > 0 && answer.raw.startsWith(before.raw), 'what came before stands as it came')
      const [error, ...more] = answer.events.slice(before.events.length)
      assert.deepEqual(more, [], 'exactly one')
      assert.equal(error!.name, dialect.id === 'anthropic' || dialect.id === 'openai-responses' ? 'error' : '')
      assert.ok(dialect.fails(error!), error!.data)
      assertUnfinished(answer)
    }

    function assertUnfinished(answer: Answer): void {
      assert.equal(answer.events.filter(dialect.opens).length, dialect.id === 'gemini' ? 0 : 1, 'one start')
      assert.deepEqual(answer.events.filter(dialect.closes), [], 'no end is made up')
    }

    for (const [fault, outcome] of [
      [`cut:${at}`, 'cut'],
      [`stall:${at}`, 'client-gone'],
      ['no-end', 'cut'],
      ['no-done', 'cut'],
    ] as const) {
      if (fault === 'no-done' && dialect.id === 'openai-chat') continue
      it(`${fault} becomes one terminal error`, async () => {
        await using run = await alone(dialect, QUICK)
        const question = { model: `${dialect.model}+events:3+${fault}`, stream: true }
        const answer = await ask(run, dialect, question)
        await assertOneAttempt(run, fault, outcome)
        assertBrokenOff(answer, await askDirectly(run, dialect, { ...question, patience: 100 }))
      })
    }

    it(`error-mid is the vendor's own error, and the end`, async () => {
      await using run = await alone(dialect)
      const question = { model: `${dialect.model}+events:3+error-mid`, stream: true }
      const answer = await ask(run, dialect, question)
      assert.equal(answer.raw, (await askDirectly(run, dialect, question)).raw)
      assert.equal(answer.events.filter(dialect.fails).length, 1)
      assertUnfinished(answer)
      await assertOneAttempt(run, 'error-mid', 'refused')
      assert.equal(run.calls[0]!.failure?.kind, 'overloaded')
    })

    it("a broken event after content is the client's to judge", async () => {
      await using run = await alone(dialect)
      const question = { model: `${dialect.model}+events:3+malformed:${at}`, stream: true }
      const answer = await ask(run, dialect, question)
      assert.equal(answer.raw, (await askDirectly(run, dialect, question)).raw)
      await assertOneAttempt(run, `malformed:${at}`, 'answered')
    })
  })
}

describe('one account, what only one dialect has', { concurrency: 12 }, () => {
  const [, chat, , gemini] = dialects as [Dialect, Dialect, Dialect, Dialect]

  it('a chat stream without [DONE] is complete, and none is made up', async () => {
    await using run = await alone(chat)
    const question = { model: `${chat.model}+no-done`, stream: true }
    const answer = await ask(run, chat, question)
    assert.equal(answer.raw, (await askDirectly(run, chat, question)).raw)
    assert.doesNotMatch(answer.raw, /\[DONE\]/)
    assert.equal(run.calls[0]!.failure, undefined)
  })

  it("Gemini's second event comes after content: its error is handed on", async () => {
    await using run = await alone(gemini)
    const question = { model: `${gemini.model}+error-second`, stream: true }
    const answer = await ask(run, gemini, question)
    assert.equal(answer.raw, (await askDirectly(run, gemini, question)).raw)
    assert.deepEqual(answer.events.map(gemini.fails), [false, true])
  })
})
