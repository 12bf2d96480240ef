/** Logins for the tests of providers: accounts, tokens, requests, and a vendor that answers from a table. */
import type { Account, Credential } from '../../accounts/account.ts'
import type { VendorHttp, VendorRequest } from '../../accounts/oauth/flow.ts'
import { account } from '../../accounts/testing/fixture.ts'
import type { EditContext, Outgoing, UpstreamRequest } from '../provider.ts'

export function loginAccount(provider: string, baseUrl: string, over: Partial<Account> = {}): Account {
  return account({ id: `${provider}-1`, provider, baseUrl, credential: { type: 'login' }, ...over })
}

export function token(details: Record<string, string> = {}): Credential {
  return { type: 'oauth', value: 'tok', details }
}

export function outgoing(protocol: string, over: Partial<Outgoing> = {}): Outgoing {
  return {
    protocol,
    action: 'generate',
    model: 'm',
    stream: true,
    query: '',
    headers: [],
    body: Buffer.from('{}'),
    ...over,
  }
}

export function editContext(account: Account, over: Partial<EditContext> = {}): EditContext {
  return {
    protocol: account.speaks[0]!,
    action: 'generate',
    model: 'm',
    stream: true,
    account,
    credential: token(),
    id: 'req_1',
    ...over,
  }
}

/** Every value of a header, in its order. */
export function values(request: UpstreamRequest, name: string): string[] {
  const found: string[] = []
  for (let i = 0; i < request.headers.length; i += 2)
    if (request.headers[i]!.toLowerCase() === name) found.push(request.headers[i + 1]!)
  return found
}

/** A vendor that gives the same answer to everything, and keeps what it was asked. */
export function vendor(json: unknown, status = 200, headers: Record<string, string> = {}) {
  const asked: VendorRequest[] = []
  const http: VendorHttp = async (request) => {
    asked.push(request)
    const text = JSON.stringify(json)
    return { status, headers, text, json: JSON.parse(text) }
  }
  return { http, asked }
}
