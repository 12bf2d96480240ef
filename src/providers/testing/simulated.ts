/** Logins and requests against the simulator's vendors, each by hand: no part of the road is in between. */
import { createHash, randomBytes } from 'node:crypto'
import type { Account, Credential } from '../../accounts/account.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import type { Failure } from '../../hub/failure.ts'
import { protocolOf } from '../../protocols/index.ts'
import type { Simulator } from '../../simulator/index.ts'
import type { Outgoing, Provider } from '../provider.ts'
import { editContext, outgoing } from './logins.ts'

type Json = Record<string, unknown>

const at = (sim: Simulator, url: string): string => {
  const { origin } = new URL(url)
  const base = sim.hosts[origin]
  if (base === undefined) throw new Error(`the simulator has no ${origin}`)
  return base + url.slice(origin.length)
}

/** The address of a vendor's API at the simulator. */
export const standIn = at

async function posted(url: string, body: URLSearchParams | Json, headers: Record<string, string> = {}): Promise<Json> {
  const form = body instanceof URLSearchParams
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json', ...headers },
    body: form ? body.toString() : JSON.stringify(body),
  })
  const json = (await answer.json()) as Json
  if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(json)}`)
  return json
}

function pkce() {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

const param = (url: string, name: string) => new URL(url).searchParams.get(name) ?? ''

/** A Claude login (domain.md 1.1). */
export async function claudeToken(sim: Simulator, person: string): Promise<Credential> {
  const { verifier, challenge } = pkce()
  const client = '9d1c250a-e61b-44d9-88ed-5944d1962f5e'
  const redirect = 'http://localhost:54545/callback'
  const query = new URLSearchParams({
    code: 'true',
    client_id: client,
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'user:profile user:inference',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: randomBytes(16).toString('base64url'),
  })
  const back = await sim.consent({ url: `https://claude.ai/oauth/authorize?${query}`, person })
  const tokens = await posted(at(sim, 'https://platform.claude.com/v1/oauth/token'), {
    grant_type: 'authorization_code',
    code: param(back, 'code'),
    state: param(back, 'state'),
    redirect_uri: redirect,
    client_id: client,
    code_verifier: verifier,
  })
  return { type: 'oauth', value: tokens['access_token'] as string, details: {} }
}

/** A ChatGPT login (domain.md 1.2). */
export async function codexToken(sim: Simulator, person: string): Promise<Credential> {
  const { verifier, challenge } = pkce()
  const client = 'app_EMoamEEZ73f0CkXaXp7hrann'
  const redirect = 'http://localhost:1455/auth/callback'
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid profile email offline_access',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: randomBytes(24).toString('base64url'),
    id_token_add_organizations: 'true',
    codex_cli_simplified_flow: 'true',
    originator: 'logicaproxy',
  })
  const back = await sim.consent({ url: `https://auth.openai.com/oauth/authorize?${query}`, person })
  const tokens = await posted(
    at(sim, 'https://auth.openai.com/oauth/token'),
    new URLSearchParams({
      grant_type: 'authorization_code',
      code: param(back, 'code'),
      redirect_uri: redirect,
      client_id: client,
      code_verifier: verifier,
    }),
  )
  const claims = JSON.parse(Buffer.from((tokens['id_token'] as string).split('.')[1]!, 'base64url').toString()) as Json
  const auth = claims['https://api.openai.com/auth'] as Json
  return {
    type: 'oauth',
    value: tokens['access_token'] as string,
    details: { 'account-id': auth['chatgpt_account_id'] as string },
  }
}

/** A login on another device (RFC 8628): Kimi and xAI (domain.md 1.7, 1.8). */
export async function deviceToken(
  sim: Simulator,
  person: string,
  login: { start: string; token: string; client: string; scope?: string; headers?: Record<string, string> },
): Promise<Credential> {
  const { client, scope, headers } = login
  const start = new URLSearchParams({ client_id: client, ...(scope !== undefined && { scope }) })
  const device = await posted(login.start, start, headers)
  sim.confirmDevice(device['user_code'] as string, person)
  const tokens = await posted(
    login.token,
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device['device_code'] as string,
      client_id: client,
    }),
    headers,
  )
  return { type: 'oauth', value: tokens['access_token'] as string, details: {} }
}

/** What a request came to. */
export interface Answered {
  status: number
  headers: Record<string, string>
  text: string
  /** The provider's judgement, of a refusal. */
  failure?: Failure
  losses: string[]
  /** Events of a stream as the vessel leaves them. */
  events: Json[]
  /** Names and data of the events as they came. */
  came: { event: string; data: string }[]
}

/** Sends a body through the provider to the simulator. */
export async function ask(
  provider: Provider,
  account: Account,
  credential: Credential,
  body: Json,
  over: Partial<Outgoing> = {},
): Promise<Answered> {
  const protocol = over.protocol ?? provider.speaks[0]!
  const action = over.action ?? 'generate'
  const model = body['model'] as string
  const vessel = provider.vessel?.(account)
  const context = editContext(account, { protocol, action, model, credential, session: over.session })
  const edited = vessel === undefined ? { body, losses: [] } : vessel.edit(body, context)
  const request = provider.request(
    outgoing(protocol, { ...over, protocol, model, body: Buffer.from(JSON.stringify(edited.body)) }),
    account,
    credential,
  )
  const pairs: [string, string][] = []
  for (let i = 0; i < request.headers.length; i += 2) pairs.push([request.headers[i]!, request.headers[i + 1]!])
  const answer = await fetch(request.origin + request.path, {
    method: 'POST',
    headers: pairs,
    body: new Uint8Array(request.body!),
  })
  const text = await answer.text()
  const headers = Object.fromEntries(answer.headers)
  const came = headers['content-type']?.includes('event-stream') ? eventsIn(text) : []
  const opened = came.flatMap(({ data }) => (vessel?.open === undefined ? data : (vessel.open(data) ?? [])))
  const result: Answered = {
    status: answer.status,
    headers,
    text,
    losses: edited.losses.map(({ field }) => field),
    events: opened.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data) as Json),
    came,
  }
  if (answer.status < 400) return result
  const read = protocolOf(protocol).failure.decode(answer.status, headers, text)
  return { ...result, failure: provider.judge?.(read, answer.status, headers, text) ?? read }
}

function eventsIn(text: string): { event: string; data: string }[] {
  return text.split('\n\n').flatMap((block) => {
    const data = /^data: (.*)$/m.exec(block)?.[1]
    return data === undefined ? [] : [{ event: /^event: (.*)$/m.exec(block)?.[1] ?? '', data }]
  })
}

/** Calls beside the road, sent for real. */
export const http: VendorHttp = async ({ method, url, headers, body }) => {
  const answer = await fetch(url, { method, headers, body })
  const text = await answer.text()
  let json: Json = {}
  try {
    json = JSON.parse(text) as Json
  } catch {
    // Not every answer is JSON.
  }
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
}
