import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StoreError } from '../store/store.ts'
import { ask, createHouse, HOUR, tokenIn } from './refresh/testing/house.ts'

describe('the logins', () => {
  it('hand out a token that is good without a word to anybody, and the same object each time', async () => {
    const house = createHouse()
    const { accessToken } = house.put('claude-1')
    const { logins } = await house.start()
    house.disk.counts['get'] = 0
    const first = logins.current('claude-1')
    assert.equal(tokenIn(first), accessToken)
    assert.equal(logins.current('claude-1'), first)
    assert.equal(logins.current('claude-2'), undefined)
    assert.equal(house.disk.counts['get'], 0)
    assert.deepEqual(house.asked, [])
  })

  it('refresh once for any number who ask at expiry, in one process and in several', async () => {
    const house = createHouse()
    house.put('claude-1')
    const processes = await Promise.all(['p0', 'p1', 'p2'].map((name) => house.start(name, { ahead: false })))
    await house.time.pass(HOUR)
    const asked = processes.flatMap((p) => Array.from({ length: 50 }, () => ask(p, 'claude-1')))
    await house.time.pass(2_000)
    const stored = house.disk.rows.get('claude-1')!.tokens.accessToken
    assert.deepEqual(new Set(asked.map((a) => tokenIn(a.got))), new Set([stored]))
    assert.ok(asked.every((a) => a.times === 1))
    assert.equal(house.asked.length, 1)
    assert.equal(house.vendor.reuses, 0)
  })

  it('answer who asks after `bring` has returned, and who called it off never', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start()
    let returned = false
    p.logins.bring('claude-1', undefined, () => assert.ok(returned))
    returned = true
    const off = ask(p, 'claude-1')
    off.cancel()
    const gone = ask(p, 'claude-9')
    await house.time.settle()
    assert.equal(off.times, 0)
    assert.equal(tokenIn(gone.got), 'no_such_login')
    await house.time.pass(HOUR)
    const waiting = ask(p, 'claude-1')
    waiting.cancel()
    await house.time.pass(1_000)
    assert.equal(waiting.times, 0)
  })

  it('refresh ahead of time, at four fifths of the life, if the account is used; an idle one once a day', async () => {
    const house = createHouse()
    const begin = house.time.now()
    house.put('claude-1')
    house.put('claude-2')
    const { logins } = await house.start()
    for (let minutes = 0; minutes < 24 * 60 - 2; minutes++) {
      logins.current('claude-1')
      await house.time.pass(60_000)
    }
    const used = house.asked.filter(({ at }) => at - begin < 24 * HOUR)
    const idle = house.disk.rows.get('claude-2')!.version - 1
    assert.equal(idle, 1)
    assert.equal(used.length - idle, 29)
    assert.ok(Math.abs(used[0]!.at - begin - 0.8 * HOUR) < 1_000, `${used[0]!.at - begin}`)
    assert.equal(house.vendor.reuses, 0)
  })

  it('serve the old token while refreshes fail, with ever longer pauses between them, until it really ends', async () => {
    const house = createHouse()
    const { accessToken } = house.put('claude-1')
    const p = await house.start()
    house.answer = () => ({ is: 'later', cause: 'network', words: 'the connection was cut', lost: false })
    for (let i = 0; i < 59; i++) {
      assert.equal(tokenIn(p.logins.current('claude-1')), accessToken)
      await house.time.pass(60_000)
    }
    const pauses = house.asked.slice(1).map(({ at }, i) => at - house.asked[i]!.at)
    assert.ok(pauses[0]! >= 4_000 && pauses[0]! <= 6_000, `${pauses}`)
    assert.ok(
      pauses.every((ms, i) => ms <= 300_000 && (i === 0 || ms >= pauses[i - 1]!)),
      `${pauses}`,
    )
    await house.time.pass(120_000)
    assert.equal(p.logins.current('claude-1'), undefined)
    assert.equal(p.log.filter(({ level }) => level === 'warn').length, 1, 'told once')
    const asked = ask(p, 'claude-1')
    await house.time.settle()
    assert.ok(asked.got !== undefined && !('value' in asked.got))
    assert.match(asked.got.message, /claude-1@example\.org.*the connection was cut.*tried again in \d+ s/)
    assert.equal(asked.got.scope, 'account')
    house.answer = undefined
    await house.time.pass(300_000)
    assert.ok(p.logins.current('claude-1'))
  })

  it('wait as long as the vendor asks for, and no longer than five minutes', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    house.answer = () => ({ is: 'later', cause: 'busy', words: '429', retryAfterMs: 300_000, lost: false })
    await house.time.pass(HOUR)
    const first = ask(p, 'claude-1')
    await house.time.settle()
    assert.ok(first.got !== undefined && !('value' in first.got))
    assert.equal(first.got.retryAfter, 300)
    house.answer = undefined
    await house.time.pass(290_000)
    ask(p, 'claude-1')
    await house.time.settle()
    assert.equal(house.asked.length, 1)
    await house.time.pass(10_000)
    const last = ask(p, 'claude-1')
    await house.time.settle()
    assert.ok(last.got !== undefined && 'value' in last.got)
  })

  it('end a login that the vendor no longer takes: told once, asked for no more, healed by a new login', async () => {
    const house = createHouse()
    house.put('claude-1', { facts: { subject: 'anna' } })
    const p = await house.start()
    const other = await house.start('other')
    let changes = 0
    p.logins.onChange(() => changes++)
    house.answer = () => ({ is: 'dead', words: 'The token endpoint answered 400 (invalid_grant).' })
    p.logins.current('claude-1')
    await house.time.pass(0.9 * HOUR)
    assert.equal(house.asked.length, 1)
    assert.equal(p.logins.current('claude-1'), undefined)
    for (const { logins } of [p, other]) {
      const { state } = logins.records()[0]!.facts
      assert.ok(state.is === 'needs-login')
      assert.match(state.reason, /invalid_grant.*Log in again\./)
    }
    assert.ok(changes >= 1)
    for (let i = 0; i < 20; i++) {
      const asked = ask(p, 'claude-1')
      await house.time.pass(60_000)
      assert.equal(tokenIn(asked.got), 'needs_login')
    }
    await house.time.pass(48 * HOUR)
    assert.equal(house.asked.length, 1, 'no retry storm')
    assert.equal(p.log.filter(({ level }) => level === 'error').length, 1, 'told once')

    house.answer = undefined
    const again = house.vendor.login(house.time.now())
    const id = p.logins.records()[0]!.id
    house.disk.rows.get(id)!.provider = 'claude'
    const view = house.disk.of('cli')
    await view.vault.put({ id, provider: 'claude', facts: p.logins.records()[0]!.facts }, again, { expected: 1 })
    await house.time.settle()
    assert.equal(tokenIn(p.logins.current('claude-1')), again.accessToken)
    assert.equal(p.logins.records()[0]!.facts.state.is, 'ready')
    assert.equal(tokenIn(other.logins.current('claude-1')), again.accessToken)
  })

  it('ask the vendor once on a 401, and hand out what somebody else has stored without asking', async () => {
    const house = createHouse()
    const { accessToken } = house.put('codex-1')
    const [a, b] = [await house.start('a'), await house.start('b')]
    const first = Array.from({ length: 20 }, () => ask(a!, 'codex-1', accessToken))
    await house.time.pass(500)
    const renewed = tokenIn(first[0]!.got)
    assert.ok(renewed !== undefined && renewed !== accessToken)
    assert.equal(house.asked.length, 1)
    const late = ask(a, 'codex-1', accessToken)
    const there = ask(b, 'codex-1', accessToken)
    await house.time.pass(500)
    assert.equal(tokenIn(late.got), renewed)
    assert.equal(tokenIn(there.got), renewed)
    assert.equal(house.asked.length, 1)
  })

  it('do not refresh with every request when a vendor refuses what it has just issued', async () => {
    const house = createHouse()
    const { accessToken } = house.put('codex-1')
    const p = await house.start()
    const first = ask(p, 'codex-1', accessToken)
    await house.time.pass(500)
    for (let i = 0; i < 10; i++) {
      const again = ask(p, 'codex-1', tokenIn(first.got))
      await house.time.pass(1_000)
      assert.equal(tokenIn(again.got), 'token_refused')
    }
    assert.equal(house.asked.length, 1)
    await house.time.pass(60_000)
    const later = ask(p, 'codex-1', tokenIn(first.got))
    await house.time.pass(500)
    assert.equal(house.asked.length, 2)
    assert.ok(later.got !== undefined && 'value' in later.got)
  })

  it('replace a refused token for those who come later, too, when the refresh that followed the refusal failed', async () => {
    const house = createHouse()
    const { accessToken } = house.put('codex-1')
    const p = await house.start('p', { ahead: false })
    house.answer = () => ({ is: 'later', cause: 'busy', words: 'The vendor stumbles.', lost: false })
    const first = ask(p, 'codex-1', accessToken)
    await house.time.pass(500)
    assert.equal(tokenIn(first.got), 'token_refresh_failed')
    house.answer = undefined
    await house.time.pass(60_000)
    // They have not seen the old token, and its life is not over.
    const later = ask(p, 'codex-1')
    await house.time.pass(500)
    assert.ok(later.got !== undefined && 'value' in later.got && later.got.value !== accessToken)
    assert.equal(house.asked.length, 2)
  })

  it('do not go round in circles with a vendor that gives the refused token again, or tokens that have ended', async () => {
    const house = createHouse()
    const { accessToken } = house.put('iflow-1')
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    const fresh = { accessToken, refreshToken: 'refresh-x', issuedAt: 0, expiresAt: house.time.now() + HOUR }
    house.answer = () => ({ is: 'tokens', fresh, answer: {} })
    const same = ask(p, 'iflow-1', accessToken)
    await house.time.pass(1_000)
    assert.equal(tokenIn(same.got), 'token_refused')
    assert.equal(house.asked.length, 1)
    assert.equal(tokenIn(p.logins.current('iflow-1')), accessToken)
    await house.time.pass(2 * HOUR)
    house.lifeMs = 0
    house.answer = undefined
    const ended = ask(p, 'claude-1')
    await house.time.pass(10_000)
    assert.equal(tokenIn(ended.got), 'token_refresh_failed')
    assert.ok(house.asked.length <= 7, `${house.asked.length}`)
  })

  it('take a login that was removed and made anew for another one, though its number is the same', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start()
    await house.time.pass(1_000)
    const tokens = house.put('claude-1')
    await house.disk.of('cli').vault.putFacts('claude-1', house.disk.rows.get('claude-1')!.facts)
    await house.time.pass(1_000)
    assert.equal(tokenIn(p.logins.current('claude-1')), tokens.accessToken)
  })

  it('tell those who listen of changes, and of nothing else', async () => {
    const house = createHouse()
    house.put('claude-1')
    house.put('claude-2')
    const p = await house.start()
    let told = 0
    p.logins.onChange(() => told++)
    await house.disk.of('cli').vault.putFacts('claude-1', { ...house.disk.rows.get('claude-1')!.facts, weight: 7 })
    await house.time.pass(1_000)
    assert.equal(told, 1)
    await p.view.vault.get('claude-1')
    await house.disk.of('other').vault.putFacts('claude-1', { ...house.disk.rows.get('claude-1')!.facts })
    await house.time.pass(60_000)
    assert.ok(told <= 2, `${told}`)
  })

  it('are not set back by a reading that began before their last change', async () => {
    const house = createHouse()
    house.put('claude-1')
    house.put('claude-2')
    const p = await house.start()
    let hold: Promise<void> | undefined
    let go = () => {}
    const { all } = p.view.vault
    p.view.vault.all = async () => {
      const read = await all()
      await hold
      return read
    }
    hold = new Promise((resolve) => {
      go = resolve
    })
    await house.disk.of('cli').vault.putFacts('claude-2', house.disk.rows.get('claude-2')!.facts)
    await house.time.settle()
    await p.logins.change('claude-1', { label: 'new' })
    await p.logins.remove('claude-2')
    const added = await p.logins.add(
      'claude',
      house.vendor.login(house.time.now()),
      { subject: 'x' },
      { origin: { how: 'login', at: 0 } },
    )
    hold = undefined
    go()
    await house.time.settle()
    const known = () => p.logins.records().map(({ id, facts }) => [id, facts.label])
    assert.deepEqual(known(), [
      ['claude-1', 'new'],
      [added.id, 'x'],
    ])
    await house.time.pass(20_000)
    assert.deepEqual(known(), [
      ['claude-1', 'new'],
      [added.id, 'x'],
    ])
  })

  it('refresh through the proxy of the account, or of the config', async () => {
    const house = createHouse()
    house.put('claude-1', { facts: { proxyUrl: 'socks5://127.0.0.1:1' } })
    house.put('claude-2')
    const p = await house.start('p', { proxyUrl: () => 'http://127.0.0.1:2', ahead: false })
    await house.time.pass(HOUR)
    ask(p, 'claude-1')
    ask(p, 'claude-2')
    await house.time.settle()
    assert.deepEqual(house.asked.map(({ proxyUrl }) => proxyUrl).sort(), ['http://127.0.0.1:2', 'socks5://127.0.0.1:1'])
  })

  it('refresh sixteen at once and no more, first those that somebody waits for', async () => {
    const house = createHouse()
    for (let i = 0; i < 60; i++) house.put(`claude-${i}`)
    const p = await house.start('p', { ahead: false })
    await house.time.pass(HOUR)
    let open: (() => void)[] = []
    house.answer = (refreshToken) =>
      new Promise((resolve) => open.push(() => resolve(house.vendor.present(refreshToken, house.time.now()))))
    const asked = Array.from({ length: 60 }, (_, i) => ask(p, `claude-${i}`))
    await house.time.settle()
    assert.equal(house.asked.length, 16)
    while (open.length > 0) {
      const now = open
      open = []
      for (const go of now) go()
      await house.time.settle()
      assert.ok(open.length <= 16)
    }
    assert.ok(asked.every(({ got }) => got !== undefined && 'value' in got))
  })

  it('never refresh a token without a refresh token: when it ends its owner is told so', async () => {
    const house = createHouse()
    house.put('claude-1', { tokens: { refreshToken: undefined } })
    const p = await house.start()
    p.logins.current('claude-1')
    await house.time.pass(HOUR)
    const asked = ask(p, 'claude-1')
    await house.time.settle()
    assert.equal(tokenIn(asked.got), 'needs_login')
    const { state } = house.disk.rows.get('claude-1')!.facts
    assert.ok(state.is === 'needs-login')
    assert.match(state.reason, /cannot be refreshed.*without a refresh token.*Log in again/)
    assert.equal(house.asked.length, 0)
  })

  it('take one refusal of a token that cannot be refreshed for an accident, and the next for its end', async () => {
    const house = createHouse()
    const { accessToken } = house.put('claude-1', { tokens: { refreshToken: undefined, expiresAt: undefined } })
    const p = await house.start()
    const first = ask(p, 'claude-1', accessToken)
    await house.time.settle()
    assert.equal(tokenIn(first.got), 'token_refused')
    assert.equal(tokenIn(p.logins.current('claude-1')), accessToken)
    await house.time.pass(300_000)
    const second = ask(p, 'claude-1', accessToken)
    await house.time.settle()
    assert.equal(tokenIn(second.got), 'needs_login')
    assert.equal(p.logins.current('claude-1'), undefined)
  })

  it("never refresh a borrowed token, but read what the vendor's own program has written", async () => {
    const house = createHouse()
    house.put('codex-1', { facts: { origin: { how: 'borrowed', from: '~/.codex/auth.json', at: 0 } } })
    let file = house.disk.rows.get('codex-1')!.tokens
    const p = await house.start('p', { reread: async () => file })
    await house.time.pass(HOUR)
    const ended = ask(p, 'codex-1')
    await house.time.settle()
    assert.equal(tokenIn(ended.got), 'needs_login')
    const { state } = p.logins.records()[0]!.facts
    assert.match(state.is === 'needs-login' ? state.reason : '', /borrowed.*Use that program once/)
    file = { ...file, accessToken: 'fresh', expiresAt: house.time.now() + HOUR }
    await house.time.pass(90_000)
    assert.equal(tokenIn(p.logins.current('codex-1')), 'fresh', 'it heals by itself')
    assert.equal(house.asked.length, 0)
    assert.equal(house.disk.rows.get('codex-1')!.tokens.accessToken, 'fresh')
  })

  it('hear within a second what other processes add, change and remove', async () => {
    const house = createHouse()
    house.put('claude-1')
    const [a, b] = [await house.start('a'), await house.start('b')]
    const tokens = house.vendor.login(house.time.now())
    const added = await a.logins.add(
      'claude',
      tokens,
      { subject: 'ben', email: 'ben@example.org' },
      { origin: { how: 'login', at: 1 } },
    )
    assert.match(added.id, /^claude-[0-9a-f]{10}$/)
    await house.time.pass(1_000)
    assert.equal(tokenIn(b.logins.current(added.id)), tokens.accessToken)
    await b.logins.change(added.id, { label: 'Ben', weight: 3 })
    await house.time.pass(1_000)
    const seen = a.logins.records().find(({ id }) => id === added.id)!
    assert.deepEqual([seen.facts.label, seen.facts.weight, seen.facts.email], ['Ben', 3, 'ben@example.org'])
    await a.logins.remove(added.id)
    await house.time.pass(1_000)
    assert.deepEqual(
      b.logins.records().map(({ id }) => id),
      ['claude-1'],
    )
    assert.equal(b.logins.current(added.id), undefined)
    await assert.rejects(b.logins.change(added.id, {}), /no login/)
    await assert.rejects(b.logins.refresh(added.id), /no login/)
  })

  it('tell the vendor that a login is given up, and its owner when that fails', async () => {
    const house = createHouse()
    const tokens = house.put('codex-1')
    house.put('codex-2')
    const told: string[] = []
    const p = await house.start('p', {
      async revoke(record, { refreshToken }) {
        if (record.id === 'codex-2') throw new Error('The connection was refused.')
        told.push(refreshToken!)
      },
    })
    await p.logins.remove('codex-1', true)
    await p.logins.remove('codex-2', true)
    assert.deepEqual(told, [tokens.refreshToken])
    assert.match(p.log[0]!.message, /codex-2.*connection was refused.*Remove this program/)
    assert.equal(house.disk.rows.size, 0)
  })

  it('renew the login of the same person in place of adding one, and keep what its owner has set', async () => {
    const house = createHouse()
    const p = await house.start()
    const how = { origin: { how: 'login', at: 1 } } as const
    const identity = { subject: 'anna', email: 'anna@example.org', details: { 'account-id': 'a1' } }
    const first = await p.logins.add('codex', house.vendor.login(0), identity, how)
    await p.logins.change(first.id, { weight: 5, proxyUrl: 'direct', label: 'work' })
    const tokens = house.vendor.login(house.time.now())
    const again = await p.logins.add('codex', tokens, { ...identity, plan: 'pro' }, how)
    assert.equal(again.id, first.id)
    assert.equal(again.version, 2)
    const { weight, proxyUrl, label, plan } = again.facts
    assert.deepEqual([weight, proxyUrl, label, plan], [5, 'direct', 'work', 'pro'])
    const credential = p.logins.current(first.id)
    assert.ok(credential?.type === 'oauth')
    assert.deepEqual(credential.details, { 'account-id': 'a1' })
    assert.deepEqual(await p.logins.reveal(first.id), { ...tokens, details: { 'account-id': 'a1' } })
    const borrowed = { origin: { how: 'borrowed', at: 1 } } as const
    await assert.rejects(p.logins.add('codex', tokens, identity, borrowed), /logged in here already/)
  })

  it('of one person, made in two processes at once, are one account with the tokens of one of them', async () => {
    const house = createHouse()
    const processes = [await house.start('p0'), await house.start('p1')]
    const how = { origin: { how: 'login', at: 0 } } as const
    const pairs = processes.map((p) => ({ p, tokens: house.vendor.login(house.time.now()) }))
    const adding = pairs.map(({ p, tokens }) => p.logins.add('claude', tokens, { subject: 'anna' }, how))
    await house.time.pass(2_000)
    const [first, second] = await Promise.all(adding)
    assert.equal(first!.id, second!.id)
    assert.equal(house.disk.rows.size, 1)
    const stored = house.disk.rows.get(first!.id)!.tokens.accessToken
    assert.ok(pairs.some(({ tokens }) => tokens.accessToken === stored))
    for (const p of processes) assert.equal(tokenIn(p.logins.current(first!.id)), stored)
  })

  it('keep the tokens of a person who has just logged in until a store that is away takes them', async () => {
    const house = createHouse()
    const p = await house.start()
    let away = true
    house.disk.before = (operation) => {
      if (away && (operation === 'get' || operation === 'put')) throw new StoreError('unavailable', 'It is away.')
    }
    const how = { origin: { how: 'login', at: 0 } } as const
    const adding = p.logins.add('claude', house.vendor.login(house.time.now()), { subject: 'anna' }, how)
    await house.time.pass(30_000)
    assert.equal(house.disk.rows.size, 0)
    away = false
    await house.time.pass(5_000)
    const { id } = await adding
    assert.equal(tokenIn(p.logins.current(id)), house.disk.rows.get(id)!.tokens.accessToken)

    away = true
    const late = p.logins.add('claude', house.vendor.login(house.time.now()), { subject: 'ben' }, how)
    const refused = assert.rejects(late, /It is away/)
    await house.time.pass(70_000)
    await refused
    house.disk.before = () => {
      throw new StoreError('corrupt', 'It is damaged.')
    }
    await assert.rejects(p.logins.add('claude', house.vendor.login(0), { subject: 'cleo' }, how), /damaged/)
  })

  it('refresh when a person asks, though the token is good, and say why not', async () => {
    const house = createHouse()
    const before = house.put('claude-1')
    const p = await house.start()
    const record = await p.logins.refresh('claude-1')
    assert.equal(record.version, 2)
    assert.notEqual(tokenIn(p.logins.current('claude-1')), before.accessToken)
    house.answer = () => ({ is: 'later', cause: 'network', words: 'the connection was refused.', lost: false })
    await assert.rejects(p.logins.refresh('claude-1'), /claude-1@example\.org.*the connection was refused\./)
    assert.ok(p.logins.current('claude-1'), 'the token that is there is still good')
    house.answer = undefined
    await p.logins.refresh('claude-1')
    assert.equal(house.vendor.reuses, 0)
  })

  it('do not wait for a store that is slow, and present nothing on what it said before', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    assert.ok(p.logins.current('claude-1'))
    await house.time.pass(HOUR)
    const gates: (() => void)[] = []
    house.disk.before = () => new Promise((resolve) => gates.push(resolve))
    const asked = ask(p, 'claude-1')
    await house.time.pass(5_000)
    assert.equal(asked.got, undefined)
    assert.equal(house.asked.length, 0, 'nothing was presented without the lease')
    house.disk.before = () => {}
    for (const go of gates) go()
    await house.time.pass(1_000)
    assert.ok(asked.got !== undefined && 'value' in asked.got)
  })

  it('say what is wrong with a store that is gone, serve what is in memory, and recover', async () => {
    const house = createHouse()
    const { accessToken } = house.put('claude-1')
    const p = await house.start()
    assert.equal(p.logins.trouble(), undefined)
    house.disk.before = () => {
      throw new StoreError('unavailable', 'The database cannot be reached.')
    }
    assert.equal(tokenIn(p.logins.current('claude-1')), accessToken)
    p.logins.current('claude-1')
    await house.time.pass(0.9 * HOUR)
    assert.match(p.logins.trouble() ?? '', /database cannot be reached/)
    assert.equal(tokenIn(p.logins.current('claude-1')), accessToken)
    assert.equal(house.asked.length, 0)
    await house.time.pass(HOUR)
    const asked = ask(p, 'claude-1')
    await house.time.pass(1_000)
    assert.ok(asked.got !== undefined && !('value' in asked.got))
    assert.match(asked.got.message, /database cannot be reached/)
    house.disk.before = () => {}
    await house.time.pass(3_000)
    assert.equal(p.logins.trouble(), undefined)
    const well = ask(p, 'claude-1')
    await house.time.pass(3_000)
    assert.ok(well.got !== undefined && 'value' in well.got)
    assert.equal(house.vendor.reuses, 0)
  })

  it('say that a store takes no writes, once, while it can be read and the old token serves', async () => {
    const house = createHouse()
    const { accessToken } = house.put('claude-1')
    const p = await house.start()
    p.logins.current('claude-1')
    house.disk.before = (operation) => {
      if (operation === 'acquire') throw new StoreError('full', 'The disk is full.')
    }
    await house.time.pass(0.9 * HOUR)
    assert.equal(tokenIn(p.logins.current('claude-1')), accessToken)
    assert.equal(p.logins.trouble(), undefined)
    assert.deepEqual(p.logins.notices(), ['No token can be refreshed now: The disk is full.'])
    assert.equal(p.log.filter(({ message }) => /The disk is full/.test(message)).length, 1)
    assert.equal(house.asked.length, 0)
    house.disk.before = () => {}
    await house.time.pass(10_000)
    assert.deepEqual(p.logins.notices(), [])
    assert.equal(house.asked.length, 1)
  })

  it('start with a store that is not there yet, and load when it comes', async () => {
    const house = createHouse()
    house.put('claude-1')
    house.disk.before = () => {
      throw new StoreError('unavailable', 'The database cannot be reached.')
    }
    const p = await house.start()
    assert.deepEqual(p.logins.records(), [])
    assert.match(p.logins.trouble() ?? '', /cannot be reached/)
    house.disk.before = () => {}
    await house.time.pass(2_000)
    assert.equal(p.logins.records().length, 1)
    assert.equal(p.logins.trouble(), undefined)
  })

  it('say that the vault is locked, and go on with what was open', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start()
    p.view.state.vault = { is: 'locked', reason: 'The key file is gone.', help: 'Put it back.' }
    assert.equal(p.logins.trouble(), 'The key file is gone. Put it back.')
    assert.ok(p.logins.current('claude-1'))
  })

  it('keep rotated tokens that cannot be written, serve them, tell it loudly, and write them when they can', async () => {
    const house = createHouse()
    const before = house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    await house.time.pass(HOUR)
    house.disk.before = (operation) => {
      if (operation === 'put') throw new StoreError('full', 'The disk is full.')
    }
    const asked = ask(p, 'claude-1')
    await house.time.pass(1_000)
    assert.ok(asked.got !== undefined && 'value' in asked.got)
    assert.equal(asked.got, p.logins.current('claude-1'))
    assert.equal(house.disk.rows.get('claude-1')!.tokens.accessToken, before.accessToken)
    assert.match(p.logins.notices()[0] ?? '', /claude-1@example\.org.*The disk is full/)
    assert.match(p.log.find(({ level }) => level === 'error')?.message ?? '', /kept in memory.*loses this login/)
    const unsaved = await p.logins.reveal('claude-1')
    assert.equal(unsaved.accessToken, asked.got.value)
    // A change of facts by somebody else does not bring the old tokens back.
    await house.disk.of('cli').vault.putFacts('claude-1', { ...house.disk.rows.get('claude-1')!.facts, label: 'new' })
    await house.time.pass(60_000)
    assert.equal(p.logins.records()[0]!.facts.label, 'new')
    assert.equal(tokenIn(p.logins.current('claude-1')), asked.got.value)
    assert.equal(house.asked.length, 1, 'the old token is not presented again')
    await house.time.pass(HOUR)
    const ended = ask(p, 'claude-1')
    await house.time.settle()
    assert.ok(ended.got !== undefined && !('value' in ended.got))
    assert.match(ended.got.message, /cannot be stored/)
    assert.equal(house.asked.length, 1)
    house.disk.before = () => {}
    await house.time.pass(5_000)
    assert.equal(house.disk.rows.get('claude-1')!.version, 2)
    assert.ok(house.vendor.takes(house.disk.rows.get('claude-1')!.tokens.refreshToken))
    assert.deepEqual(p.logins.notices(), [])
    assert.equal(house.vendor.reuses, 0)
  })

  it('end in one clear state when the answer to a refresh was lost after the vendor had rotated', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    await house.time.pass(HOUR)
    let first = true
    house.answer = (refreshToken) => {
      const got = house.vendor.present(refreshToken, house.time.now())
      if (!first) return got
      first = false
      return { is: 'later', cause: 'network', words: 'the connection was cut.', lost: true }
    }
    for (let i = 0; i < 100; i++) {
      ask(p, 'claude-1')
      await house.time.pass(10_000)
    }
    assert.equal(house.asked.length, 2, 'presented once more, and no more')
    const { state } = house.disk.rows.get('claude-1')!.facts
    assert.match(
      state.is === 'needs-login' ? state.reason : '',
      /invalid_grant.*answer to the refresh before was lost.*Log in again/,
    )
    assert.equal(p.log.filter(({ level }) => level === 'error').length, 1)
  })

  it('live through clocks that are set and machines that sleep', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start()
    // Asleep for a night: the token ended meanwhile, and is refreshed when somebody asks.
    house.time.set(8 * HOUR)
    assert.equal(p.logins.current('claude-1'), undefined)
    const morning = ask(p, 'claude-1')
    await house.time.pass(1_000)
    assert.ok(morning.got !== undefined && 'value' in morning.got)
    // Set back by a day: expiry times mean nothing now, so a new one is got soon.
    house.time.set(-24 * HOUR)
    await house.time.pass(30_000)
    assert.equal(house.asked.length, 2)
    await house.time.pass(60_000)
    assert.equal(house.asked.length, 2, 'and once')
    assert.ok(p.logins.current('claude-1'))
  })

  it('do not rest for a year when a clock that was a year ahead is put right', async () => {
    const YEAR = 365 * 24 * HOUR
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start()
    house.time.set(YEAR)
    house.answer = () => ({ is: 'later', cause: 'network', words: 'the connection was refused.', lost: false })
    const ahead = ask(p, 'claude-1')
    await house.time.pass(60_000)
    assert.equal(tokenIn(ahead.got), 'token_refresh_failed')
    house.answer = undefined
    const before = house.asked.length
    house.time.set(-YEAR - HOUR / 2)
    await house.time.pass(20_000)
    assert.equal(tokenIn(p.logins.current('claude-1')), house.disk.rows.get('claude-1')!.tokens.accessToken)
    await house.time.pass(HOUR)
    const asked = ask(p, 'claude-1')
    await house.time.pass(1_000)
    assert.ok(asked.got !== undefined && 'value' in asked.got, JSON.stringify(asked.got))
    assert.ok(
      house.asked.length > before && house.asked.length < before + 5,
      `${house.asked.length - before} refreshes`,
    )
    assert.equal(house.vendor.reuses, 0)
  })

  it('take over a lease whose holder dated it years ahead and died, and present its token once more', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    await house.time.pass(HOUR)
    house.disk.leases.set('refresh/claude-1', { owner: 'dead', number: 9, until: house.time.now() + 10_000 * HOUR })
    const asked = ask(p, 'claude-1')
    await house.time.pass(50_000)
    assert.equal(asked.got, undefined)
    await house.time.pass(30_000)
    assert.ok(asked.got !== undefined && 'value' in asked.got)
  })

  it('tell of a record that is damaged, and use the others', async () => {
    const house = createHouse()
    house.put('claude-1')
    house.put('claude-2')
    house.disk.rows.get('claude-1')!.damage = 'its bytes were altered'
    const p = await house.start()
    assert.equal(p.logins.current('claude-1'), undefined)
    assert.ok(p.logins.current('claude-2'))
    const asked = ask(p, 'claude-1')
    await house.time.settle()
    assert.equal(tokenIn(asked.got), 'login_damaged')
    assert.equal(p.logins.trouble(), undefined)
    assert.match(p.log[0]!.message, /bytes were altered/)
  })

  it('take over what a vendor says beside the tokens, also from what another process has stored', async () => {
    const house = createHouse()
    house.put('qwen-1')
    const refreshed = (
      _: string,
      tokens: import('./login-record.ts').Tokens,
      answer: Readonly<Record<string, unknown>>,
    ) => ('resource_url' in answer ? { ...tokens, details: { host: String(answer['resource_url']) } } : tokens)
    const p = await house.start('p', { refreshed, ahead: false })
    await house.time.pass(HOUR)
    house.answer = (token) => {
      const got = house.vendor.present(token, house.time.now())
      return got.is === 'tokens' ? { ...got, answer: { resource_url: 'portal' } } : got
    }
    const asked = ask(p, 'qwen-1')
    await house.time.pass(1_000)
    assert.ok(asked.got !== undefined && 'value' in asked.got && asked.got.type === 'oauth')
    assert.deepEqual(asked.got.details, { host: 'portal' })
    assert.deepEqual(house.disk.rows.get('qwen-1')!.tokens.details, { host: 'portal' })
    assert.equal(house.disk.rows.get('qwen-1')!.version, 3)
  })

  it('load a thousand in one reading, ask nobody for them, and spread what is due', async () => {
    const house = createHouse()
    for (let i = 0; i < 1_000; i++) house.put(`claude-${i}`, { lifeMs: 1 })
    const begin = house.time.now() + 48 * HOUR
    house.time.set(48 * HOUR)
    const p = await house.start()
    assert.equal(p.logins.records().length, 1_000)
    assert.equal(p.logins.records(), p.logins.records(), 'the list is made once')
    assert.deepEqual([house.disk.counts['all'], house.disk.counts['get'], house.asked.length], [1, undefined, 0])
    await house.time.pass(400_000)
    assert.equal(house.asked.length, 1_000)
    assert.ok(house.asked.filter(({ at }) => at - begin < 60_000).length < 500)
    assert.equal(house.vendor.reuses, 0)
  })

  it('tell those who wait that the program ends', async () => {
    const house = createHouse()
    house.put('claude-1')
    const p = await house.start('p', { ahead: false })
    await house.time.pass(HOUR)
    const asked = ask(p, 'claude-1')
    const closing = p.logins.close()
    await house.time.pass(1_000)
    await closing
    assert.ok(asked.got !== undefined && !('value' in asked.got))
    assert.equal(house.disk.rows.get('claude-1')!.version, 2, 'what was begun is finished')
  })
})
