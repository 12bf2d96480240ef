/** Talks to a simulated vendor as the road does: request, envelope, refusals, and the calls beside it. */
import type { Account, Credential } from '../../accounts/account.ts'
import { createHosts } from '../../accounts/hosts.ts'
import type { VendorHttp } from '../../accounts/oauth/flow.ts'
import type { Failure } from '../../hub/failure.ts'
import { protocols } from '../../protocols/index.ts'
import type { Simulator } from '../../simulator/index.ts'
import { createSseParser, decodeUtf8 } from '../../wire/sse.ts'
import type { Outgoing, Provider } from '../provider.ts'
import { editContext, loginAccount, outgoing } from './logins.ts'

export type Json = Record<string, unknown>

/** An account of a provider whose vendor is simulated. */
export function simulatedAccount(provider: Provider, simulator: Simulator): Account {
  const baseUrl = createHosts(simulator.hosts).url(provider.baseUrl)
  return loginAccount(provider.id, baseUrl, { speaks: provider.speaks })
}

/** What came back: the opened answer, or its opened events. */
export interface Answered {
  status: number
  events: Json[]
  failure?: Failure
}

/** Sends one request in the provider's own dialect. */
export async function talk(
  provider: Provider,
  account: Account,
  credential: Credential,
  body: Json,
  over: Partial<Outgoing> & { id?: string } = {},
): Promise<Answered> {
  const protocol = protocols.find(({ id }) => id === provider.speaks[0])!
  const out = outgoing(protocol.id, { stream: false, ...over })
  const vessel = provider.vessel?.(account)
  const { model, action, stream } = out
  const context = editContext(account, {
    model,
    action,
    stream,
    credential,
    id: over.id ?? 'req_00000001',
    session: 's',
  })
  const edited = vessel?.edit(body, context).body ?? body
  const {
    origin,
    path,
    headers,
    body: bytes,
  } = provider.request({ ...out, body: Buffer.from(JSON.stringify(edited)) }, account, credential)
  const pairs = Array.from(
    { length: headers.length / 2 },
    (_, i) => [headers[2 * i]!, headers[2 * i + 1]!] as [string, string],
  )
  const answer = await fetch(origin + path, { method: 'POST', headers: pairs, body: new Uint8Array(bytes!) })
  const text = Buffer.from(await answer.arrayBuffer())
  if (answer.status >= 400) {
    const seen = Object.fromEntries(answer.headers)
    const read = protocol.failure.decode(answer.status, seen, text.toString())
    const failure = provider.judge?.(read, answer.status, seen, text.toString()) ?? read
    return { status: answer.status, events: [], failure }
  }
  const events: Json[] = []
  const take = (data: string) => {
    const opened = vessel?.open === undefined ? data : vessel.open(data)
    if (opened !== undefined && opened !== '[DONE]') events.push(JSON.parse(decodeUtf8(opened)) as Json)
  }
  if (stream) createSseParser(({ data }) => take(data)).push(text)
  else take(text.toString('latin1'))
  return { status: answer.status, events }
}

/** Calls beside the road. */
export const vendorHttp: VendorHttp = async ({ url, method, headers, body }) => {
  const answer = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  let json: Json = {}
  try {
    json = JSON.parse(text) as Json
  } catch {
    // Not JSON: told as none.
  }
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
}
