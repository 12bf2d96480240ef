/** What every subscription's accounts have to do: logins, refreshes, allowances, refusals, revocation, proxies. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Failure } from '../../src/index.ts'
import type { ProviderName } from '../../src/simulator/index.ts'
import { type Answer, ask, chat, type Dialect } from './dialects.ts'
import { httpProxy } from './proxies.ts'
import { Clock, until } from './start.ts'
import { type House, type HouseOptions, openHouse } from './subscription.ts'

export interface AccountSpec {
  provider: ProviderName
  model: string
  /** The allowance that binds the whole account. */
  window: string
  /** Whether the vendor tells how much is used before it is used up. */
  tells: boolean
  /** What the end of that allowance is read as: all of the account's work, unless said. */
  usedUp?: Pick<Failure, 'kind' | 'scope'>
  /** What requests present is a key that outlives the login's tokens (iFlow), and is refused on its own. */
  byKey?: true
  /** Dialect of the questions; chat unless said. */
  dialect?: Dialect
  /** More for the command line. */
  cliArgs?: readonly string[]
}

/** Opens a house with accounts of these persons, in this order, of whom everything is known that vendors tell. */
export async function inhabited(
  { provider }: Pick<AccountSpec, 'provider'>,
  persons: readonly string[],
  options: HouseOptions = {},
): Promise<House> {
  const house = await openHouse(provider, options)
  for (const person of persons) await house.add(person, { label: person })
  await quiet(house)
  return house
}

/** The first account is asked first, as long as it is usable. */
export const FILL_FIRST = { routing: { strategy: 'fill-first', 'session-affinity': false } }

/** Who was asked with what result, by call: `anna 429, ben 200`. */
export function ways(house: House): string[] {
  return house.calls.map(({ attempts }) => attempts.map((a) => `${a.accountLabel} ${a.status}`).join(', '))
}

/** Lets the vendor refuse what the account presents: its token has ended or, with a key, is not taken once. */
function refuseToken({ provider, byKey }: AccountSpec, house: House, person: string): void {
  if (byKey) house.simulator.script(`${provider}:${person}`, [{ name: '401' }])
  else house.simulator.oauthFault(provider, 'expire-access', { person })
}

/** Ends the login and everything it gave. */
function revoke({ provider, byKey }: AccountSpec, house: House, person: string): void {
  house.simulator.oauthFault(provider, 'revoke-family', { person })
  if (byKey) house.simulator.setKeyFault(`${provider}:${person}`, { name: '401' })
}

const errorLines = (house: House) => house.said.filter(({ level }) => level === 'error')

/** Registers the tests. */
export function keepsAccounts(spec: AccountSpec): void {
  const { provider, model, window, tells, dialect = chat } = spec
  const { kind, scope } = spec.usedUp ?? { kind: 'quota-exhausted', scope: 'account' }
  const question = (house: House, text = 'Hello there'): Promise<Answer> => ask(house, dialect, { model, text })

  async function answered(house: House, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      const answer = await question(house)
      assert.equal(answer.status, 200, answer.raw)
    }
  }

  // Device logins wait for seconds: they may wait side by side.
  describe(`${provider}: logins`, { concurrency: 3 }, () => {
    test('from the command line beside a running server, which serves it within a second', async () => {
      await using house = await openHouse(provider)
      const more = spec.cliArgs ?? []
      const command = house.cli('login', provider, '--no-browser', '--json', '--yes-i-know', '--label', 'mine', ...more)
      const { url, userCode } = await command.event('waiting')
      if (userCode !== undefined) house.simulator.confirmDevice(String(userCode), 'anna')
      else command.type(await house.simulator.consent({ url: String(url), person: 'anna' }))
      const { id, label, state } = await command.event('account')
      const took = await until(() => house.gateway.logins!.records().length === 1, 2_000)
      assert.ok(took < 1_000, `noticed after ${took} ms`)
      assert.deepEqual([label, state], ['mine', 'ready'])
      const answer = await question(house)
      assert.deepEqual([answer.status, answer.headers['x-logicaproxy-account']], [200, id])
      assert.equal(await command.ended, 0)
      // The same account, told from outside the server.
      const list = house.cli('accounts', '--json')
      assert.equal(await list.ended, 0, list.stderr)
      const [account] = JSON.parse(list.stdout).accounts
      assert.deepEqual(
        [account.id, account.label, account.state.is, account.origin.how],
        [id, 'mine', 'ready', 'login'],
      )
      assert.ok(account.policy.since && account.policy.url)
      if (tells) assert.ok(account.quota.windows.some((w: { id: string }) => w.id === window))
    })

    test('through the proxy of the account, as are refreshes and requests; never around it', async () => {
      const proxy = await httpProxy()
      // A key is not refused when its login's token ends: there time has to pass.
      const clock = spec.byKey ? new Clock() : undefined
      await using house = await openHouse(provider, { clock })
      house.simulator.setLife(provider, 3_600)
      const { id } = await house.login('anna', { proxyUrl: proxy.url })
      const { length } = proxy.asked
      assert.ok(length > 0, 'the login went through it')
      await answered(house, 1)
      await quiet(house)
      await proxy[Symbol.asyncDispose]()
      if (clock === undefined) refuseToken(spec, house, 'anna')
      else clock.pass(3_601)
      const before = house.simulator.attempts().length
      const refused = await question(house)
      assert.notEqual(refused.status, 200)
      assert.deepEqual(house.simulator.attempts().slice(before), [], 'no request went around it')
      assert.equal(house.refreshes().length, 0, 'no refresh went around it')
      await using second = await httpProxy()
      await house.gateway.logins!.change(id, { proxyUrl: second.url })
      clock?.pass(6)
      // What changes at once is taken over together (gateway/household.ts).
      await new Promise((resolve) => setTimeout(resolve, 60))
      await answered(house, 1)
      assert.ok(second.asked.length > 0)
      assert.equal(house.refreshes('anna').length, 1)
    })
  })

  describe(`${provider}: tokens`, { concurrency: 3 }, () => {
    test('one that has ended is refreshed once, whoever asks', async () => {
      const clock = new Clock()
      await using house = await openHouse(provider, { clock })
      house.simulator.setLife(provider, 3_600)
      await house.add('anna')
      await answered(house, 1)
      clock.pass(3_601)
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => question(house, `Hello ${i}`)))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.deepEqual(
        house.refreshes('anna').map(({ outcome }) => outcome),
        ['granted'],
      )
      assert.equal(house.simulator.oauth.counts().refreshReuse, 0)
      assert.ok(house.calls.every(({ attempts }) => attempts.length === 1 && attempts[0]!.status === 200))
    })

    test('one that ends soon is refreshed ahead of time, while requests go on', async () => {
      await using house = await openHouse(provider)
      house.simulator.setLife(provider, 2)
      await house.add('anna')
      while (house.refreshes('anna').length < 2) {
        await answered(house, 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      assert.deepEqual(new Set(house.attempts('anna').map(({ status }) => status)), new Set([200]))
      assert.equal(house.simulator.oauth.counts().refreshReuse, 0)
    })

    if (spec.byKey)
      test('a key that is refused is not helped by a refresh: said so, and the other account answers', async () => {
        const clock = new Clock()
        await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
        refuseToken(spec, house, 'anna')
        await answered(house, 3)
        assert.deepEqual(ways(house), ['anna 401, anna 0, ben 200', 'ben 200', 'ben 200'])
        assert.match(
          house.calls[0]!.attempts[1]!.failure!.message,
          /\(anna\) \(401\)\. A refresh brought the same token again/,
        )
        assert.equal(house.refreshes('anna').length, 1)
        clock.pass(301)
        await answered(house, 1)
        assert.equal(ways(house).at(-1), 'anna 200')
      })
    else
      test('one that is refused is renewed once, on the same account, and nobody rests', async () => {
        await using house = await inhabited(spec, ['anna', 'ben'], { config: FILL_FIRST })
        await answered(house, 1)
        refuseToken(spec, house, 'anna')
        await answered(house, 2)
        assert.deepEqual(ways(house), ['anna 200', 'anna 401, anna 200', 'anna 200'])
        assert.equal(house.refreshes('anna').length, 1)
        assert.equal(house.attempts('ben').length, 0)
      })

    test('a vendor that cannot refresh now ends nobody: the other account answers, and it is tried again later', async () => {
      const clock = new Clock()
      await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
      refuseToken(spec, house, 'anna')
      house.simulator.oauthFault(provider, '503', { times: 1, person: 'anna', grant: 'refresh' })
      await answered(house, 5)
      assert.equal(house.attempts('ben').length, 5)
      assert.equal(house.refreshes().length, 1, 'no storm of refreshes')
      clock.pass(301)
      await answered(house, 1)
      assert.equal(ways(house).at(-1), 'anna 200')
      assert.equal(house.simulator.oauth.counts().refreshReuse, 0)
    })

    test('a login that was revoked: one clear word, the other account goes on, and logging in again heals', async () => {
      await using house = await inhabited(spec, ['anna', 'ben'])
      const [anna] = house.gateway.logins!.records()
      await answered(house, 2)
      revoke(spec, house, 'anna')
      const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => question(house, `Hello ${i}`)))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      const state = () => house.gateway.logins!.records().find(({ id }) => id === anna!.id)!.facts.state
      assert.equal(state().is, 'needs-login')
      const lines = errorLines(house)
      assert.equal(lines.length, 1, JSON.stringify(lines))
      assert.match(
        lines[0]!.text,
        new RegExp(`${anna!.id} \\(anna\\).*\\(logicaproxy login ${provider}(?: --label anna)?\\)`),
      )
      assert.equal(house.refreshes('anna').length, 1, 'the dead token was presented once')
      const { length } = house.attempts()
      await answered(house, 6)
      assert.equal(house.attempts().length, length + 6, 'it is left alone')
      // With nobody left, clients hear what to do.
      revoke(spec, house, 'ben')
      const none = await question(house)
      assert.ok(none.status >= 400)
      assert.match(none.error.message, new RegExp(`logicaproxy login ${provider}`))
      const again = await question(house)
      assert.match(again.error.message, new RegExp(`logicaproxy login ${provider}`))
      if (spec.byKey) house.simulator.setKeyFault(`${provider}:anna`, undefined)
      const back = await house.login('anna', { label: 'anna' })
      assert.equal(back.id, anna!.id)
      assert.equal(state().is, 'ready')
      await answered(house, 2)
      assert.equal(house.simulator.oauth.counts().refreshReuse, 0)
    })
  })

  describe(`${provider}: allowances`, () => {
    test('two accounts share the load', async () => {
      await using house = await inhabited(spec, ['anna', 'ben'])
      await answered(house, 10)
      assert.deepEqual([house.attempts('anna').length, house.attempts('ben').length], [5, 5])
    })

    if (tells)
      test('whoever has most left answers, from what vendors tell before and with answers', async () => {
        const routing = { strategy: 'most-quota-left', 'session-affinity': false }
        await using house = await openHouse(provider, { config: { routing } })
        const { simulator } = house
        simulator.setQuota(provider, 'anna', window, { used: 70 })
        simulator.setQuota(provider, 'ben', window, { used: 20 })
        const anna = await house.add('anna', { label: 'anna' })
        const ben = await house.add('ben', { label: 'ben' })
        const used = async (id: string) => (await house.quota(id))?.windows.find((w) => w.id === window)?.used
        await untilAsync(async () => (await used(anna.id)) === 0.7 && (await used(ben.id)) === 0.2)
        await answered(house, 4)
        assert.deepEqual(ways(house), Array(4).fill('ben 200'))
        assert.equal(house.calls.at(-1)!.attempts[0]!.why, 'most quota left')
      })

    test('a burst that is too much rests for as long as the vendor says, and no longer', async () => {
      const clock = new Clock()
      await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
      house.simulator.script(`${provider}:anna`, [{ name: '429', value: 20 }])
      await answered(house, 2)
      clock.pass(19)
      await answered(house, 1)
      clock.pass(2)
      await answered(house, 1)
      assert.deepEqual(ways(house), ['anna 429, ben 200', 'ben 200', 'ben 200', 'anna 200'])
    })

    test('one that is used up rests until it is probed, the other answers; an early reset heals', async () => {
      const clock = new Clock()
      await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
      const { simulator } = house
      const days = clock.ms + 3 * 86_400_000
      simulator.setQuota(provider, 'anna', window, { used: 100, resetsAt: days })
      await answered(house, 5)
      assert.deepEqual(ways(house), ['anna 429, ben 200', ...Array(4).fill('ben 200')])
      const { failure } = house.calls[0]!.attempts[0]! as { failure: Failure }
      assert.deepEqual([failure.kind, failure.scope], [kind, scope])
      // Everybody rests: refused at once, with a time that is not days away.
      simulator.setQuota(provider, 'ben', window, { used: 100, resetsAt: days })
      const first = await question(house)
      const resting = await question(house)
      for (const { status, headers } of [first, resting]) {
        assert.equal(status, 429)
        const after = Number(headers['retry-after'])
        assert.ok(after > 0 && after <= 300, `Retry-After ${after}`)
      }
      assert.match(resting.error.message, /anna|ben/)
      assert.equal(house.attempts('anna').length + house.attempts('ben').length, 7, 'nobody is asked in vain')
      // Emptied days early: one request finds out.
      simulator.setQuota(provider, 'anna', window, { used: 0 })
      clock.pass(301)
      await answered(house, 3)
      assert.equal(ways(house).at(-1), 'anna 200')
      const probes = house.calls
        .slice(-3)
        .flatMap(({ attempts }) => attempts.filter(({ why }) => /recovered/.test(why)))
      assert.deepEqual(probes.map((a) => `${a.accountLabel} ${a.status}`).sort(), ['anna 200', 'ben 429'])
    })
  })
}

/** What a refusal of an account has to lead to. */
export interface RefusalCase {
  /** As the simulator knows it. */
  name: string
  kind: Failure['kind']
  scope: Failure['scope']
  /** The vendor's own words, and what we add. */
  says: RegExp
  advice?: RegExp
  /** Status the client sees when the request itself is refused, or when nobody else is there. */
  status: number
  /** Seconds the account or model rests before it is asked again; for those that rest. */
  restsAtMost?: number
}

/** Registers a test for each refusal: its scope, what the client is told, and how often the vendor was asked. */
export function heedsRefusals(spec: AccountSpec, cases: readonly RefusalCase[]): void {
  const { provider, model, dialect = chat } = spec
  describe(`${provider}: refusals`, () => {
    for (const { name, kind, scope, says, advice, status, restsAtMost = 300 } of cases)
      test(`${name}: ${scope === 'request' ? 'told in its own words, and rotates nothing' : `rests the ${scope}`}`, async () => {
        const clock = new Clock()
        await using house = await inhabited(spec, ['anna', 'ben'], { clock, config: FILL_FIRST })
        house.simulator.setRefusal(provider, 'anna', name)
        const answer = await ask(house, dialect, { model })
        const failure = house.calls[0]!.attempts[0]!.failure!
        assert.deepEqual([failure.kind, failure.scope], [kind, scope], failure.message)
        assert.match(failure.message, says)
        if (advice !== undefined) assert.match(failure.message, advice)
        if (scope === 'request') {
          assert.equal(answer.status, status, answer.raw)
          assert.match(answer.error.message, says)
          if (advice !== undefined) assert.match(answer.error.message, advice)
          assert.deepEqual([house.attempts('anna').length, house.attempts('ben').length], [1, 0])
          // Nobody rests for it.
          house.simulator.setRefusal(provider, 'anna', undefined)
          assert.equal((await ask(house, dialect, { model })).status, 200)
          assert.equal(ways(house).at(-1), 'anna 200')
          return
        }
        assert.equal(answer.status, 200, answer.raw)
        for (let i = 0; i < 3; i += 1) assert.equal((await ask(house, dialect, { model })).status, 200)
        assert.equal(house.attempts('anna').length, 1, 'it is left alone')
        house.simulator.setRefusal(provider, 'ben', name)
        const both = await ask(house, dialect, { model })
        const rests = await ask(house, dialect, { model })
        assert.equal(both.status, status, both.raw)
        assert.match(both.error.message, says)
        assert.ok(rests.status >= 400)
        assert.equal(house.attempts('anna').length + house.attempts('ben').length, 6, 'no storm')
        house.simulator.setRefusal(provider, 'anna', undefined)
        house.simulator.setRefusal(provider, 'ben', undefined)
        clock.pass(restsAtMost + 1)
        assert.equal((await ask(house, dialect, { model })).status, 200)
      })
  })
}

/** Waits until nothing more is asked of the vendors beside requests: allowances and models, after a login. */
async function quiet({ simulator }: House): Promise<void> {
  let seen = -1
  await untilAsync(async () => {
    const { length } = simulator.attempts()
    const same = length === seen
    seen = length
    if (same) return true
    await new Promise((resolve) => setTimeout(resolve, 40))
    return false
  })
}

/** Waits until a condition holds that has to be asked for. */
export async function untilAsync(holds: () => Promise<boolean>, ms = 3_000): Promise<void> {
  const from = performance.now()
  while (!(await holds())) {
    if (performance.now() - from > ms) throw new Error(`not so after ${ms} ms: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
