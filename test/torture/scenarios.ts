/**
 * The torture of refreshes. Every scenario ends in figures and in faults: what must be zero and is not.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tokens } from '../../src/accounts/login-record.ts'
import { createLogins } from '../../src/accounts/logins-service.ts'
import { openVault } from '../../src/accounts/vault/index.ts'
import { openStore, storeLocation } from '../../src/store/index.ts'
import type { Asked, Look, OpenCommand } from './commands.ts'
import { Player } from './player.ts'
import type { Simulation } from './simulation.ts'

export interface Result {
  scenario: string
  engine: string
  /** What was done and seen, in the order in which it is printed. */
  figures: Record<string, number | string>
  faults: string[]
  ms: number
}

/** Where a scenario keeps what lasts. */
export interface Place {
  engine: 'sqlite' | 'postgres'
  authDir: string
  storeUrl: string
}

export interface Setting {
  simulation: Simulation
  place: Place
  random: () => number
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A directory of one's own, gone at the end. */
export async function withDirectory<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'logicaproxy-torture-'))
  try {
    return await use(path)
  } finally {
    // A keeper may just be closing its files; a file that goes away meanwhile ends the removal without a word.
    for (let i = 0; i < 50 && existsSync(path); i++) {
      if (i > 0) await sleep(100)
      rmSync(path, { recursive: true, force: true })
    }
  }
}

const opening = ({ simulation, place }: Setting, over: Partial<OpenCommand> = {}): Omit<OpenCommand, 'type'> => ({
  authDir: place.authDir,
  storeUrl: place.storeUrl,
  hosts: simulation.hosts,
  ahead: false,
  keeper: true,
  ...over,
})

/** Logs a person in, in a short-lived process of ours. @returns the account id. */
export async function addLogin({ simulation, place }: Setting, provider: string, person: string): Promise<string> {
  const store = await openStore(storeLocation({ store: { url: place.storeUrl } }, place.authDir))
  const config = { vault: { wrap: 'key-file', 'key-file': '', 'passphrase-file': '' } } as const
  const vault = await openVault({ store, authDir: place.authDir, config, env: {}, now: Date.now })
  const refresher = { run: () => Promise.reject(new Error('not here')), close: async () => {} }
  const recipe = () => Promise.reject(new Error('not here'))
  const logins = await createLogins({ store, vault, refresher, recipe, ahead: false })
  const { tokens, identity } = await simulation.login(provider, person)
  const record = await logins.add(provider, tokens, identity, { origin: { how: 'login', at: Date.now() } })
  await logins.close()
  await store.close()
  return record.id
}

async function measured(
  scenario: string,
  engine: string,
  run: (figures: Result['figures'], faults: string[]) => Promise<void>,
): Promise<Result> {
  const figures: Result['figures'] = {}
  const faults: string[] = []
  const from = performance.now()
  try {
    await run(figures, faults)
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return { scenario, engine, figures, faults, ms: Math.round(performance.now() - from) }
}

/** What stands in the store must be what the vendor takes. */
async function checkStored({ simulation }: Setting, player: Player, id: string, faults: string[]): Promise<void> {
  const stored = await player.say<Tokens>({ type: 'reveal', id })
  const state = await simulation.inspect(stored.refreshToken)
  if (state !== 'current') faults.push(`the stored refresh token is "${state}" at the vendor`)
}

/**
 * Several processes, each with many who want a token at the same moment: by turns because it has ended, and because the
 * vendor has refused it.
 */
export function race(setting: Setting, rounds: number, processes = 3, requests = 50): Promise<Result> {
  const { simulation, place } = setting
  return measured('race at expiry', place.engine, async (figures, faults) => {
    await simulation.tell('life', { provider: 'claude', seconds: 1 })
    const id = await addLogin(setting, 'claude', `race-${place.engine}`)
    const before = await simulation.counts()
    const players = await Promise.all(Array.from({ length: processes }, () => Player.start(opening(setting))))
    let failures = 0
    let asked = 0
    try {
      for (let round = 0; round < rounds; round++) {
        const refused = round % 2 === 1
        if (refused) await simulation.tell('oauth/fault', { provider: 'claude', fault: 'expire-access' })
        else {
          const looks = await Promise.all(players.map((p) => p.say<Look>({ type: 'look' })))
          const last = Math.max(...looks.map(({ expiresAt }) => expiresAt[id]!))
          await sleep(Math.max(0, last - Date.now()) + 3)
        }
        const answers = await Promise.all(
          players.map((p) => p.say<Asked>({ type: 'ask', id, count: requests, refused })),
        )
        asked += processes * requests
        const words = answers.flatMap((a) => a.failures)
        failures += words.length
        if (words.length > 0 && faults.length < 5) faults.push(`round ${round}: ${words[0]}`)
      }
      const counts = await simulation.counts()
      const states = await Promise.all(players.map((p) => p.say<Look>({ type: 'look' })))
      const lost = states.filter(({ states }) => states[id] !== 'ready').length
      Object.assign(figures, {
        processes,
        requests,
        rounds,
        asked,
        refreshes: counts.refreshes - before.refreshes,
        reuses: counts.refreshReuse - before.refreshReuse,
        'lost logins': lost,
        failures,
      })
      if (counts.refreshReuse !== before.refreshReuse) faults.push('a spent refresh token was presented')
      if (lost > 0) faults.push(`${lost} processes think that the login has ended`)
      await checkStored(setting, players[0]!, id, faults)
    } finally {
      await Promise.all(players.map((p) => p[Symbol.asyncDispose]()))
      await simulation.tell('life', { provider: 'claude' })
    }
  })
}

/** Several processes that refresh ahead of time, all of them the same login, while requests come all the time. */
export function ahead(setting: Setting, ms: number, processes = 3): Promise<Result> {
  const { simulation, place } = setting
  return measured('ahead of time', place.engine, async (figures, faults) => {
    await simulation.tell('life', { provider: 'codex', seconds: 2 })
    const id = await addLogin(setting, 'codex', `ahead-${place.engine}`)
    const before = await simulation.counts()
    const players = await Promise.all(
      Array.from({ length: processes }, () => Player.start(opening(setting, { ahead: true }))),
    )
    let asked = 0
    let failures = 0
    try {
      const end = performance.now() + ms
      while (performance.now() < end) {
        const answers = await Promise.all(players.map((p) => p.say<Asked>({ type: 'ask', id, count: 10 })))
        asked += processes * 10
        for (const { failures: words } of answers) {
          failures += words.length
          if (words.length > 0 && faults.length < 5) faults.push(words[0]!)
        }
        await sleep(50)
      }
      const counts = await simulation.counts()
      const reuses = counts.refreshReuse - before.refreshReuse
      Object.assign(figures, { processes, asked, refreshes: counts.refreshes - before.refreshes, reuses, failures })
      if (reuses > 0) faults.push('a spent refresh token was presented')
    } finally {
      await Promise.all(players.map((p) => p[Symbol.asyncDispose]()))
      // Looked at once nobody refreshes any more.
      await using witness = await Player.start(opening(setting))
      await checkStored(setting, witness, id, faults)
      await simulation.tell('life', { provider: 'codex' })
    }
  })
}

/** A process that refreshes without a pause is killed at a random moment, again and again. */
export function kills(setting: Setting, count: number): Promise<Result> {
  const { simulation, place, random } = setting
  return measured('SIGKILL', place.engine, async (figures, faults) => {
    const id = await addLogin(setting, 'claude', `kills-${place.engine}`)
    const before = await simulation.counts()
    let inside = 0
    let recovered = 0
    let slowest = 0
    let player = await Player.start(opening(setting))
    try {
      for (let kill = 0; kill < count; kill++) {
        // The answer takes its time, so that the moments are spread over the exchange as over the rest.
        await simulation.tell('oauth/fault', { provider: 'claude', fault: 'slow', times: 0 })
        await simulation.tell('oauth/fault', {
          provider: 'claude',
          fault: 'slow',
          times: 1_000_000,
          ms: Math.floor(random() * 40),
        })
        const granted = (await simulation.counts()).refreshes
        await player.say({ type: 'loop', id })
        await sleep(random() * 250)
        if (player.failed !== undefined) faults.push(`kill ${kill}: the loop ended before: ${player.failed}`)
        await player.kill()
        const counts = await simulation.counts()
        // The vendor has rotated more often than the dead one could tell of: it died with the answer on its way.
        if (counts.refreshes - granted > player.done) inside++
        player = await Player.start(opening(setting))
        const from = performance.now()
        try {
          await player.say({ type: 'refresh', id })
          recovered++
        } catch (error) {
          faults.push(`kill ${kill}: ${(error as Error).message}`)
          break
        }
        slowest = Math.max(slowest, performance.now() - from)
        await checkStored(setting, player, id, faults)
      }
      const counts = await simulation.counts()
      const reuses = counts.refreshReuse - before.refreshReuse
      Object.assign(figures, {
        kills: count,
        'after the vendor had rotated, before it was told': inside,
        recovered,
        refreshes: counts.refreshes - before.refreshes,
        reuses,
        'slowest recovery ms': Math.round(slowest),
      })
      if (reuses > 0) faults.push('a spent refresh token was presented')
    } finally {
      await simulation.tell('oauth/fault', { provider: 'claude', fault: 'slow', times: 0 })
      await player[Symbol.asyncDispose]()
    }
  })
}

/** The vendor rotates, and its answer never arrives: one clear end, and no loop. */
export function cut(setting: Setting, asks: number): Promise<Result> {
  const { simulation, place } = setting
  return measured('answer lost', place.engine, async (figures, faults) => {
    const player = await Player.start(opening(setting))
    try {
      for (const [provider, fault] of [
        ['claude', 'cut'],
        ['codex', 'bad-json'],
      ] as const) {
        const id = await addLogin(setting, provider, `${fault}-${place.engine}`)
        await untilKnown(player, id)
        const before = await simulation.counts()
        await simulation.tell('oauth/fault', { provider, fault, person: `${fault}-${place.engine}` })
        await player.say({ type: 'refresh', id }).then(
          () => faults.push(`${fault}: the refresh succeeded`),
          () => {},
        )
        for (let i = 0; i < asks; i++) await player.say({ type: 'refresh', id }).catch(() => {})
        const { failures } = await player.say<Asked>({ type: 'ask', id, count: 20 })
        const counts = await simulation.counts()
        const look = await player.say<Look>({ type: 'look' })
        const presented = counts.refreshes + counts.refused - before.refreshes - before.refused
        const told = look.errors.filter((words) => words.includes(id)).length
        Object.assign(figures, {
          [`${fault}: presented`]: presented,
          [`${fault}: told`]: told,
          [`${fault}: state`]: look.states[id],
        })
        if (presented !== 2) faults.push(`${fault}: presented ${presented} times, not twice`)
        if (told !== 1) faults.push(`${fault}: told ${told} times`)
        if (look.states[id] !== 'needs-login') faults.push(`${fault}: ends in ${look.states[id]}`)
        if (!/Log in again/.test(failures[0] ?? '')) faults.push(`${fault}: unclear: ${failures[0]}`)
      }
    } finally {
      await player[Symbol.asyncDispose]()
    }
  })
}

async function untilKnown(player: Player, id: string): Promise<void> {
  const end = performance.now() + 5_000
  while ((await player.say<Look>({ type: 'look' })).states[id] === undefined) {
    if (performance.now() > end) throw new Error(`${id} was not noticed within 5 s`)
    await sleep(20)
  }
}

/** Something that keeps the store from writing, to be put in its way between the vendor's rotation and our write. */
export interface Obstacle {
  name: string
  block(): Promise<void>
  free(): Promise<void>
}

/** The store cannot write just when the new tokens come: told, kept, served, and written when it can. */
export function blocked(setting: Setting, obstacle: Obstacle): Promise<Result> {
  const { simulation, place } = setting
  return measured(obstacle.name, place.engine, async (figures, faults) => {
    const id = await addLogin(setting, 'claude', `${obstacle.name.replaceAll(' ', '-')}-${place.engine}`)
    const before = await simulation.counts()
    const player = await Player.start(opening(setting))
    try {
      // Starts the keeper, so that all is in place.
      await player.say({ type: 'refresh', id })
      await simulation.tell('oauth/fault', { provider: 'claude', fault: 'slow', ms: 1_500 })
      const { refreshes } = await simulation.counts()
      const refreshing = player.say({ type: 'refresh', id })
      refreshing.catch(() => {})
      // The vendor has rotated, and takes its time to say so.
      await until(async () => (await simulation.counts()).refreshes > refreshes)
      await obstacle.block()
      const noticed = await until(async () => (await player.say<Look>({ type: 'look' })).notices.length > 0)
      if (!noticed) faults.push('nobody was told')
      const asked = await player.say<Asked>({ type: 'ask', id, count: 10 })
      const served = asked.tokens.length === 1 && (await simulation.inspect(asked.tokens[0])) === 'current'
      if (!served) faults.push(`not served from memory: ${asked.failures[0] ?? asked.tokens.length}`)
      const { notices } = await player.say<Look>({ type: 'look' })
      await sleep(600)
      await obstacle.free()
      const written = await until(async () => (await player.say<Look>({ type: 'look' })).notices.length === 0)
      if (!written) faults.push('not written when it could be')
      await refreshing.catch((error) => faults.push(error.message))
      const fresh = await Player.start(opening(setting))
      await checkStored(setting, fresh, id, faults)
      await fresh.say({ type: 'refresh', id })
      await fresh[Symbol.asyncDispose]()
      const counts = await simulation.counts()
      const reuses = counts.refreshReuse - before.refreshReuse
      Object.assign(figures, {
        told: notices[0] ?? 'no',
        served: served ? 'yes' : 'no',
        written: written ? 'yes' : 'no',
        reuses,
      })
      if (reuses > 0) faults.push('a spent refresh token was presented')
    } finally {
      await obstacle.free().catch(() => {})
      await player[Symbol.asyncDispose]()
    }
  })
}

async function until(holds: () => Promise<boolean>, ms = 10_000): Promise<boolean> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}
