/** What every key-based provider does alike on the way out: address and headers. */
import type { Account } from '../accounts/account.ts'
import type { Outgoing, UpstreamRequest } from './provider.ts'

interface Endpoint {
  origin: string
  /** Path of the base URL without a trailing slash. */
  path: string
  host: string
}

// Accounts are frozen with their snapshot, so what is derived from one can be kept as long as it lives.
const endpoints = new WeakMap<Account, Endpoint>()

/** Origin and path of an account's base URL. */
export function endpointOf(account: Account): Endpoint {
  let endpoint = endpoints.get(account)
  if (endpoint === undefined) {
    const url = new URL(account.baseUrl)
    endpoint = { origin: url.origin, path: url.pathname.replace(/\/+$/, ''), host: url.hostname }
    endpoints.set(account, endpoint)
  }
  return endpoint
}

/**
 * Builds a POST to the account's endpoint.
 * @param version path segment of the API (`v1`, `v1beta`); left out where the base URL already ends in one, or when `''`.
 * @param auth the header that carries the credential.
 * @param defaults headers sent when the client sends none of that name (lower-case names).
 */
export function post(
  out: Outgoing,
  account: Account,
  version: string,
  path: string,
  auth: readonly [string, string] | undefined,
  defaults: readonly (readonly [string, string])[] = [],
): UpstreamRequest {
  const endpoint = endpointOf(account)
  const complete = version === '' || /\/v\d+(?:[a-z]+\d*)?$/.test(endpoint.path)
  const base = complete ? endpoint.path : `${endpoint.path}/${version}`
  return {
    origin: endpoint.origin,
    path: `${base}${path}`,
    method: 'POST',
    headers: buildHeaders(out.headers, account.headers, auth, defaults),
    body: out.body,
  }
}

/** Default of a JSON request; the body is never sent compressed and an answer must not come so either. */
const ALWAYS: readonly (readonly [string, string])[] = [['content-type', 'application/json']]

/** What the operator wants sent in place of the client's own headers. Accounts are frozen with their snapshot, too. */
interface Operator {
  set: readonly (readonly [string, string])[]
  /** Names in lower case. */
  replaced: ReadonlySet<string>
}
const operators = new WeakMap<Readonly<Record<string, string>>, Operator>()

function operatorOf(headers: Readonly<Record<string, string>>): Operator {
  let operator = operators.get(headers)
  if (operator === undefined) {
    const set = Object.entries(headers)
    operator = { set, replaced: new Set(set.map(([name]) => name.toLowerCase())) }
    operators.set(headers, operator)
  }
  return operator
}

function buildHeaders(
  client: readonly string[],
  operator: Readonly<Record<string, string>>,
  auth: readonly [string, string] | undefined,
  defaults: readonly (readonly [string, string])[],
): string[] {
  const { set, replaced } = operatorOf(operator)
  let headers: string[]
  if (replaced.size === 0) headers = client.slice()
  else {
    headers = []
    for (let i = 0; i < client.length; i += 2)
      if (!replaced.has(client[i]!.toLowerCase())) headers.push(client[i]!, client[i + 1]!)
  }
  for (const [name, value] of ALWAYS) if (!sends(client, name) && !replaced.has(name)) headers.push(name, value)
  for (const [name, value] of defaults) if (!sends(client, name) && !replaced.has(name)) headers.push(name, value)
  // Compressed answers would hide their events from the tap (domain.md 1.1: some arrive compressed and unlabelled).
  if (!replaced.has('accept-encoding')) headers.push('accept-encoding', 'identity')
  if (auth !== undefined && !replaced.has(auth[0])) headers.push(auth[0], auth[1])
  for (const [name, value] of set) {
    // A value "$Name" hands on that header of the client (config key of the reference, domain.md 5.1).
    const copied = value.startsWith('$') ? clientHeader(client, value.slice(1)) : value
    if (copied !== undefined) headers.push(name, copied)
  }
  return headers
}

/** Whether the client sends a header. @param wanted in lower case */
function sends(client: readonly string[], wanted: string): boolean {
  for (let i = 0; i < client.length; i += 2) {
    const name = client[i]!
    if (name.length === wanted.length && (name === wanted || name.toLowerCase() === wanted)) return true
  }
  return false
}

function clientHeader(client: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  for (let i = 0; i < client.length; i += 2) if (client[i]!.toLowerCase() === wanted) return client[i + 1]
  return undefined
}
