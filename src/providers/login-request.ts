/**
 * What requests of logins do alike: under whose name they go out, and which headers of a client stay behind.
 *
 * No disguise (design.md 6): a request goes out as `logicaproxy/<version>`, unless the client is the vendor's own program,
 * whose headers pass as it wrote them.
 */
import { createHash } from 'node:crypto'
import { LoginError, type VendorAnswer, type VendorHttp } from '../accounts/oauth/flow.ts'
import { version } from '../version.ts'
import { peek, spanString } from '../wire/peek.ts'

/** Headers of an answer; names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** The name this program goes by. */
export const OWN_AGENT = `logicaproxy/${version}`

/** The first value of a header in a flat list, whatever its spelling. */
export function clientHeader(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() === name) return headers[i + 1]
  return undefined
}

/** How a vendor wants the client's headers. */
export interface Manners {
  /** User agents of the vendor's own programs, which keep their name. */
  ownClient: RegExp
  /** Names in lower case that a client never decides: they speak of an account that is not the one paying. */
  drops?: ReadonlySet<string>
  /** Put in place of what the client sent under that name (lower case); undefined leaves the client's. */
  sets?: Readonly<Record<string, string | undefined>>
  /** The same, but the vendor's own program keeps its own. */
  setsUnlessOwn?: Readonly<Record<string, string | undefined>>
}

/** Whether the client is the vendor's own program. It is believed: its own account would have taken its word, too. */
export function isOwnClient(headers: readonly string[], { ownClient }: Manners): boolean {
  const agent = clientHeader(headers, 'user-agent')
  return agent !== undefined && ownClient.test(agent)
}

/** The client's headers as a login sends them on: order and spelling are kept, and what is ours follows. */
export function loginHeaders(client: readonly string[], manners: Manners): string[] {
  const own = isOwnClient(client, manners)
  const sets: Record<string, string | undefined> = { ...manners.sets }
  if (!own) Object.assign(sets, { 'user-agent': OWN_AGENT }, manners.setsUnlessOwn)
  else
    for (const [name, value] of Object.entries(manners.setsUnlessOwn ?? {}))
      if (clientHeader(client, name) === undefined) sets[name] = value
  const headers: string[] = []
  for (let i = 0; i < client.length; i += 2) {
    const lower = client[i]!.toLowerCase()
    const ours = Object.hasOwn(sets, lower) && sets[lower] !== undefined
    if (!ours && manners.drops?.has(lower) !== true) headers.push(client[i]!, client[i + 1]!)
  }
  for (const [name, value] of Object.entries(sets)) if (value !== undefined) headers.push(name, value)
  return headers
}

/**
 * A conversation's id as vendors like it: a UUID, the same for the same conversation of the same account, that tells
 * nothing of the client's own key (RFC 9562, version 8).
 */
export function conversationId(session: string, accountId: string): string {
  const hex = createHash('sha256').update(`${accountId}\n${session}`).digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The `prompt_cache_key` of a body: what client or vessel call the conversation. */
export function cacheKeyOf(body: Buffer): string | undefined {
  try {
    return spanString(body, peek(body, ['prompt_cache_key'], Number.POSITIVE_INFINITY).get('prompt_cache_key'))
  } catch {
    return undefined
  }
}

/**
 * Asks one of a vendor's endpoints beside the road.
 * @param what for the message: `the usage of this Claude login`.
 * @throws {LoginError} if the vendor refuses.
 */
export async function vendorGet(
  http: VendorHttp,
  url: string,
  headers: Readonly<Record<string, string>>,
  what: string,
): Promise<VendorAnswer> {
  const answer = await http({
    method: 'GET',
    url,
    headers: { accept: 'application/json', 'user-agent': OWN_AGENT, ...headers },
  })
  if (answer.status >= 200 && answer.status < 300) return answer
  const after = Number(answer.headers['retry-after'] ?? Number.NaN)
  const help = answer.status === 401 ? ' Its token is no longer taken: refresh it, or log in again.' : ''
  throw new LoginError('refused', `Asking for ${what} was answered with status ${answer.status}.${help}`, {
    ...(Number.isFinite(after) && after >= 0 && { retryAfterMs: after * 1000 }),
  })
}
