/** The demo's subscriptions: two persons log in to each, through the real flows, with the simulator as everybody's vendor. */
import type { RunningGateway } from '../index.ts'
import type { Simulator } from '../simulator/index.ts'
import type { Output } from './output.ts'

const PROVIDERS = ['claude', 'codex', 'gemini-cli', 'antigravity', 'qwen', 'iflow', 'kimi', 'xai'] as const
const PERSONS = ['anna', 'dora'] as const

/**
 * Logs everybody in, all at once, telling each as it is done.
 * @returns how many logins did not work.
 */
export async function logInAll(out: Output, gateway: RunningGateway, simulator: Simulator): Promise<number> {
  out.talk(
    `Logging ${PERSONS.join(' and ')} in to ${PROVIDERS.length} simulated subscriptions, as "logicaproxy login" does …`,
  )
  const results = await Promise.all(
    PROVIDERS.flatMap((p) => PERSONS.map((person) => logIn(out, gateway, simulator, p, person))),
  )
  const failed = results.filter((done) => !done).length
  out.data({ event: 'logins', accounts: results.length - failed, failed })
  return failed
}

async function logIn(
  out: Output,
  gateway: RunningGateway,
  simulator: Simulator,
  provider: string,
  person: string,
): Promise<boolean> {
  try {
    const login = await gateway.login(provider, { acknowledged: true, label: `${provider}-${person}`, port: 0 })
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
