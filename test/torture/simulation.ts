/** The simulator in a process of its own, and people who log in to it. */

import type { Tokens } from '../../src/accounts/login-record.ts'
import { authorizeUrl } from '../../src/accounts/oauth/authorize.ts'
import { createFlowContext } from '../../src/accounts/oauth/context.ts'
import type { Identity, LoginFlow } from '../../src/accounts/oauth/flow.ts'
import { newPkce, newState } from '../../src/accounts/oauth/pkce.ts'
import { exchangeCode } from '../../src/accounts/oauth/token.ts'
import { login as claude } from '../../src/providers/claude/login.ts'
import { login as codex } from '../../src/providers/codex/login.ts'
import { type Program, startSimulator } from '../support-process.ts'

export const FLOWS: Readonly<Record<string, LoginFlow>> = { claude, codex }

export interface Counts {
  refreshes: number
  refused: number
  refreshReuse: number
}

export class Simulation implements AsyncDisposable {
  readonly hosts: Record<string, string>
  readonly #program: Program & { url: string }

  private constructor(program: Program & { url: string }, hosts: Record<string, string>) {
    this.#program = program
    this.hosts = hosts
  }

  static async start(): Promise<Simulation> {
    const program = await startSimulator()
    const { hosts } = (await (await fetch(`${program.url}/_simulator/hosts`)).json()) as {
      hosts: Record<string, string>
    }
    return new Simulation(program, hosts)
  }

  async tell<T = unknown>(name: string, body: Record<string, unknown>): Promise<T> {
    const answer = await fetch(`${this.#program.url}/_simulator/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    const json = await answer.json()
    if (!answer.ok) throw new Error(`simulator: ${JSON.stringify(json)}`)
    return json as T
  }

  async counts(): Promise<Counts> {
    return (await fetch(`${this.#program.url}/_simulator/oauth/counts`)).json() as Promise<Counts>
  }

  /** `current`, `spent`, `expired`, `revoked` or `unknown`. */
  async inspect(token: string | undefined): Promise<string> {
    return (await this.tell<{ state: string }>('oauth/inspect', { token: token ?? '' })).state
  }

  /** The whole login of a person, as a browser would go through it. */
  async login(provider: string, person: string): Promise<{ tokens: Tokens; identity: Identity }> {
    const flow = FLOWS[provider]!
    const config = { 'oauth-clients': {}, 'host-overrides': this.hosts, 'proxy-url': 'direct' }
    const context = await createFlowContext({ provider, flow, config, env: {} })
    try {
      const { redirect } = flow.browser!
      const redirectUri = `http://${redirect.host}:${redirect.ports[0] ?? 40111}${redirect.path}`
      const [state, pkce] = [newState(), await newPkce()]
      const request = { clientId: context.clientId, redirectUri, state, challenge: pkce.challenge }
      const url = authorizeUrl(flow, flow.browser!, request)
      const back = new URL((await this.tell<{ redirect: string }>('consent', { url, person })).redirect)
      const code = back.searchParams.get('code')!
      const { tokens, answer } = await exchangeCode(flow, context, {
        code,
        redirectUri,
        state,
        verifier: pkce.verifier,
      })
      return { tokens, identity: await flow.identify(tokens, answer, context) }
    } finally {
      await context.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }
}
