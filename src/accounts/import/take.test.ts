import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { LoginError, type RefreshRecipe } from '../oauth/flow.ts'
import { answer, plainFlow, scripted, testContext } from '../oauth/testing/fixture.ts'
import { findIn } from './find.ts'
import { meaningOf } from './meaning.ts'
import { rereadBorrowed, retire, takeCandidate } from './take.ts'
import { claudeFile, codexFile, geminiFile, type Home, NOW, qwenFile, scratchHome } from './testing/files.ts'
import type { Candidate } from './types.ts'

let home: Home
beforeEach(async () => {
  home = await scratchHome()
})
afterEach(() => home.remove())

const found = async (name: string, content: unknown): Promise<Candidate> =>
  (await findIn(await home.put(name, content), home)).candidates[0]!
const recipe: RefreshRecipe = {
  url: 'https://vendor.test/token',
  body: 'form',
  fields: {},
  headers: {},
  clientId: 'c',
  dead: { codes: [], statuses: [] },
}
const at = (now: number) => ({ now: () => now })
const LONG_AFTER = NOW + 1e9

describe('a login that is taken', () => {
  it('keeps its refresh token when it is moved, and has none when it is borrowed', async () => {
    const candidate = await found('auth.json', codexFile)
    const context = testContext(scripted().http, at(NOW))
    const moved = await takeCandidate(plainFlow(), context, candidate, 'moved')
    assert.equal(moved.tokens.refreshToken, 'rt_made_up_codex')
    assert.deepEqual(moved.tokens.details, { 'account-id': 'acc-1', plan: 'plus' })
    const borrowed = await takeCandidate(plainFlow(), context, candidate, 'borrowed')
    assert.equal('refreshToken' in borrowed.tokens, false)
    assert.equal(borrowed.tokens.accessToken, codexFile.tokens.access_token)
  })

  it('is asked whose it is with a token that is alive, where the file does not tell', async () => {
    const candidate = await found('c.json', claudeFile)
    const flow = plainFlow({
      identify: async (tokens) => ({ subject: `of ${tokens.accessToken}`, details: { 'account-id': 'x' } }),
    })
    const taken = await takeCandidate(flow, testContext(scripted().http, at(NOW)), candidate, 'moved')
    assert.equal(taken.identity.subject, 'of sk-ant-oat01-made-up')
    assert.equal(taken.tokens.details['account-id'], 'x')
  })

  it('stays what it was found as when nobody can be asked', async () => {
    const candidate = await found('c.json', claudeFile)
    const flow = plainFlow({
      identify: async () => {
        throw new LoginError('network', 'no way there')
      },
    })
    const taken = await takeCandidate(flow, testContext(scripted().http, at(NOW)), candidate, 'moved')
    assert.match(taken.identity.subject, /^found:/)
    assert.match(taken.warnings.join(), /no way there/)
    // With a token that has ended the vendor is not even asked.
    assert.match(
      (await takeCandidate(flow, testContext(scripted().http, at(LONG_AFTER)), candidate, 'moved')).identity.subject,
      /^found:/,
    )
  })

  it('of Google is refreshed and set up, for that harms nobody', async () => {
    const candidate = await found('g.json', geminiFile)
    const { http, asked } = scripted(answer(200, { access_token: 'ya29.new', expires_in: 3600 }))
    const flow = plainFlow({
      prepare: async (tokens, identity) => ({ ...identity, details: { project: `by ${tokens.accessToken}` } }),
    })
    const taken = await takeCandidate(flow, testContext(http, at(LONG_AFTER)), candidate, 'moved', recipe)
    assert.equal(asked.length, 1)
    assert.deepEqual(taken.tokens.details, { project: 'by ya29.new' })
    assert.deepEqual(
      [taken.tokens.accessToken, taken.tokens.refreshToken, taken.tokens.expiresAt],
      ['ya29.new', '1//made-up', LONG_AFTER + 3_600_000],
    )
  })

  it('of a single-use vendor is never refreshed on the way', async () => {
    const candidate = await found('auth.json', codexFile)
    const { asked, http } = scripted()
    await takeCandidate(plainFlow(), testContext(http, at(LONG_AFTER)), candidate, 'moved', recipe)
    assert.equal(asked.length, 0)
  })

  it('that is dead is refused with what to do', async () => {
    const candidate = await found('g.json', geminiFile)
    const { http } = scripted(answer(400, { error: 'invalid_grant' }))
    await assert.rejects(
      takeCandidate(plainFlow(), testContext(http, at(LONG_AFTER)), candidate, 'moved', recipe),
      /Log in again/,
    )
  })
})

describe('after a move', () => {
  it('the file is put out of its program’s reach, nothing in it changed', async () => {
    const candidate = await found('auth.json', codexFile)
    const to = await retire(candidate)
    assert.equal(to, `${candidate.from}.moved-to-logicaproxy`)
    assert.deepEqual(JSON.parse(await readFile(to!, 'utf8')), codexFile)
    await assert.rejects(stat(candidate.from))
  })

  it('a file stays that may be shared, holds more, or holds another login by now', async () => {
    const shared = await found('g.json', geminiFile)
    const more = await found('c.json', { ...claudeFile, mcpOAuth: { server: {} } })
    const changed = await found('q.json', qwenFile)
    await home.put('q.json', { ...qwenFile, refresh_token: 'another' })
    for (const candidate of [shared, more, changed]) {
      assert.equal(await retire(candidate), undefined, candidate.from)
      await stat(candidate.from)
    }
  })
})

describe('a borrowed login', () => {
  it('is read again from its file, without the refresh token', async () => {
    const candidate = await found('auth.json', codexFile)
    await home.put('auth.json', { ...codexFile, tokens: { ...codexFile.tokens, access_token: 'next' } })
    const tokens = await rereadBorrowed('codex', candidate.from, home)
    assert.equal(tokens?.accessToken, 'next')
    assert.equal('refreshToken' in tokens!, false)
  })

  it('is gone when somebody else has logged in there since', async () => {
    const candidate = await found('auth.json', codexFile)
    assert.ok(await rereadBorrowed('codex', candidate.from, home, 'acc-1/user-1'))
    assert.equal(await rereadBorrowed('codex', candidate.from, home, 'acc-2/user-1'), undefined)
    const google = await found('g.json', geminiFile)
    assert.ok(await rereadBorrowed('gemini-cli', google.from, home, 'anna@test.example/my-project'))
    assert.equal(await rereadBorrowed('gemini-cli', google.from, home, 'ben@test.example'), undefined)
  })
})

describe('what taking means', () => {
  it('is said for every vendor', () => {
    assert.match(meaningOf('claude', 'moved', true), /Claude Code will be logged out/)
    assert.match(meaningOf('codex', 'moved', true), /do not run "codex logout"/)
    assert.match(meaningOf('gemini-cli', 'moved', true), /stays logged in/)
    assert.match(meaningOf('antigravity', 'moved', true), /used by both/)
    assert.match(meaningOf('claude', 'moved', false), /without a refresh token/)
    for (const provider of ['claude', 'codex', 'gemini-cli', 'antigravity', 'qwen', 'iflow', 'kimi'])
      assert.match(meaningOf(provider, 'borrowed', true), /never refreshes/)
  })
})
