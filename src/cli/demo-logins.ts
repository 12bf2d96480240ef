/** The demo's subscriptions: two persons log in to each, through the real flows, with the simulator as everybody's vendor. */
import { createServer } from 'node:net'
import type { RunningGateway } from '../index.ts'
import type { Simulator } from '../simulator/index.ts'
import type { Output } from './output.ts'

const BY_BROWSER = ['claude', 'codex', 'gemini-cli', 'antigravity', 'iflow'] as const
/** Asked for their answer every five seconds at most, as the vendors want it, so these take so long. */
const BY_DEVICE = ['qwen', 'kimi', 'xai'] as const
const PERSONS = ['anna', 'dora'] as const

export interface DemoLogins {
  /** Resolves when those by browser are over. */
  first: Promise<void>
  /** Resolves when all are over: how many did not work. */
  failed: Promise<number>
}

/** Logs everybody in, all at once, telling each as it is done. */
export function logInAll(out: Output, gateway: RunningGateway, simulator: Simulator): DemoLogins {
  const count = BY_BROWSER.length + BY_DEVICE.length
  out.talk(`Logging ${PERSONS.join(' and ')} in to ${count} simulated subscriptions, as "logicaproxy login" does …`)
  const begin = (providers: readonly string[]) =>
    Promise.all(
      providers.flatMap((p) => {
        const port = freePort()
        return PERSONS.map((person) => logIn(out, gateway, simulator, p, person, port))
      }),
    )
  const [browser, device] = [begin(BY_BROWSER), begin(BY_DEVICE)]
  return {
    first: browser.then(() => {}),
    failed: Promise.all([browser, device]).then((results) => {
      const all = results.flat()
      const failed = all.filter((done) => !done).length
      out.data({ event: 'logins', accounts: all.length - failed, failed })
      return failed
    }),
  }
}

async function logIn(
  out: Output,
  gateway: RunningGateway,
  simulator: Simulator,
  provider: string,
  person: string,
  freePort: Promise<number>,
): Promise<boolean> {
  try {
    const port = await freePort
    const login = await gateway.login(provider, { acknowledged: true, label: `${provider}-${person}`, port })
    // What a person does in the browser: read, agree, and be sent back here.
    if (login.userCode === undefined) await simulator.consent({ url: login.url!, person, visit: true })
    else simulator.confirmDevice(login.userCode, person)
    const { facts } = await login.account
    out.talk(`  ${facts.label}: logged in by ${login.way}${facts.plan === undefined ? '' : `, plan ${facts.plan}`}`)
    return true
  } catch (error) {
    out.talk(`  ${provider}-${person}: ${(error as Error).message}`)
    return false
  }
}

/** A port nobody listens on: the vendors' own would clash with a real login under way, or with a second demo. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
