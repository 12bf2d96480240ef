/**
 * A request of a Claude login (domain.md 1.1, "API – required"): the bearer, `anthropic-version`, and `anthropic-beta` with
 * what the login needs beside what the client asked for. The body travels as the client's bytes; nothing of the
 * reference's disguise is in it: no system prompt, no made-up user ids, no renamed tools, no imitated headers.
 */
import type { Account, Credential } from '../../accounts/account.ts'
import { peek, type Span } from '../../wire/peek.ts'
import { clientHeader, loginHeaders, type Manners } from '../login-request.ts'
import { endpointOf, post } from '../outgoing.ts'
import type { Outgoing, UpstreamRequest } from '../provider.ts'

/** Without it a bearer of a login is not understood (domain.md 1.1). */
const OAUTH_BETA = 'oauth-2025-04-20'

const ANTHROPIC_VERSION = '2023-06-01'

/** Claude Code, and the Agent SDK that runs it. */
const OWN_CLIENT = /^claude-(?:cli|code)\//i

/** Fields of the body that are understood only with a beta (domain.md 1.1). `value` is the text of the member. */
const NEEDED: readonly { member: string; beta: string; when(value: string): boolean }[] = [
  { member: 'output_format', beta: 'structured-outputs-2025-12-15', when: (value) => value !== 'null' },
  { member: 'output_config', beta: 'structured-outputs-2025-12-15', when: (value) => saysFormat(value) },
  { member: 'speed', beta: 'fast-mode-2026-02-01', when: (value) => value === '"fast"' },
  { member: 'context_management', beta: 'context-management-2025-06-27', when: (value) => value !== 'null' },
]

const MEMBERS = ['betas', ...NEEDED.map(({ member }) => member)]

/** Headers of calls beside the road. */
export const callHeaders = (credential: Credential): Record<string, string> => ({
  authorization: `Bearer ${credential.value}`,
  'anthropic-beta': OAUTH_BETA,
  'anthropic-version': ANTHROPIC_VERSION,
})

/** The account's base URL without the version some write behind it. */
export function apiRoot(account: Account): string {
  const { origin, path } = endpointOf(account)
  return origin + path.replace(/\/v1$/, '')
}

/** The request a login sends. Pure. */
export function loginRequest(out: Outgoing, account: Account, credential: Credential): UpstreamRequest {
  const { body, betas } = liftBetas(out.body)
  const asked = clientBetas(out.headers)
  const wanted = [...new Set([...asked, OAUTH_BETA, ...betas])]
  // Where the client said all of it in one header, its own bytes stay.
  const said = wanted.length === asked.length && clientHeader(out.headers, 'anthropic-beta')?.split(',').length
  const manners: Manners = {
    ownClient: OWN_CLIENT,
    sets: said === wanted.length ? {} : { 'anthropic-beta': wanted.join(',') },
  }
  const path = out.action === 'count-tokens' ? '/messages/count_tokens' : '/messages'
  return post(
    { ...out, headers: loginHeaders(out.headers, manners), body },
    account,
    'v1',
    path + out.query,
    ['authorization', `Bearer ${credential.value}`],
    [['anthropic-version', ANTHROPIC_VERSION]],
  )
}

function clientBetas(headers: readonly string[]): string[] {
  const betas: string[] = []
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'anthropic-beta')
      for (const one of headers[i + 1]!.split(',')) if (one.trim() !== '') betas.push(one.trim())
  return [...new Set(betas)]
}

/** Betas the body names or needs, and the body without the `betas` some clients write there (domain.md 1.1). */
export function liftBetas(body: Buffer): { body: Buffer; betas: readonly string[] } {
  const found = membersOf(body, MEMBERS)
  const betas: string[] = []
  for (const { member, beta, when } of NEEDED) {
    const span = found.get(member)
    if (span !== undefined && when(body.toString('utf8', span.start, span.end))) betas.push(beta)
  }
  let rest = body
  // A key given twice is found where it stands last; each goes.
  for (let span = found.get('betas'); span !== undefined; span = membersOf(rest, ['betas']).get('betas')) {
    for (const one of namesIn(rest.toString('utf8', span.start, span.end))) betas.push(one)
    rest = withoutMember(rest, span)
  }
  return { body: rest, betas: [...new Set(betas)] }
}

/** Where members stand; none in a body that is no JSON object, which is Anthropic's to refuse. */
function membersOf(body: Buffer, names: readonly string[]): ReadonlyMap<string, Span> {
  try {
    return peek(body, names, Number.POSITIVE_INFINITY)
  } catch {
    return new Map()
  }
}

function namesIn(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json)
    // A header's value is of one line; other characters cannot be names of betas.
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string' && /^[\w.-]+$/.test(one)) : []
  } catch {
    return []
  }
}

function saysFormat(json: string): boolean {
  try {
    const format = (JSON.parse(json) as { format?: unknown } | null)?.format
    return format !== undefined && format !== null
  } catch {
    return false
  }
}

const QUOTE = 34
const COMMA = 44

/** The bytes of an object without the member whose value stands at `span`; every other byte stays. */
function withoutMember(body: Buffer, span: Span): Buffer {
  // Back over the colon to the end of the key, and to its beginning: no key found here has a quote in it.
  const keyEnd = body.lastIndexOf(QUOTE, span.start - 1)
  let start = body.lastIndexOf(QUOTE, keyEnd - 1)
  let end = span.end
  const next = spaceAfter(body, end)
  if (body[next] === COMMA) end = spaceAfter(body, next + 1)
  else {
    const before = spaceBefore(body, start)
    if (body[before - 1] === COMMA) start = before - 1
  }
  return Buffer.concat([body.subarray(0, start), body.subarray(end)])
}

const isSpace = (byte: number | undefined) => byte === 32 || byte === 10 || byte === 13 || byte === 9

function spaceAfter(body: Buffer, at: number): number {
  let i = at
  while (isSpace(body[i])) i += 1
  return i
}

function spaceBefore(body: Buffer, at: number): number {
  let i = at
  while (i > 0 && isSpace(body[i - 1])) i -= 1
  return i
}
