/** What the vendors' tokens look like, and the claims inside them. */
import { type Person, type ProviderName, uuidOf } from '../persons.ts'
import type { Json } from '../types.ts'
import { type Family, random } from './book.ts'
import { jwt } from './jwt.ts'

const AUTH = 'https://api.openai.com/auth'

/** Claims of a ChatGPT login (domain.md 1.2, identity). */
function chatgpt(person: Person): Json {
  return {
    chatgpt_account_id: person.subject('codex'),
    chatgpt_plan_type: person.codex.plan,
    chatgpt_user_id: `user-${uuidOf(person.name, 'chatgpt-user').replaceAll('-', '').slice(0, 24)}`,
    user_id: `user-${uuidOf(person.name, 'chatgpt-user').replaceAll('-', '').slice(0, 24)}`,
    organizations: [
      { id: `org-${uuidOf(person.name, 'org').slice(0, 8)}`, is_default: true, role: 'owner', title: 'Personal' },
    ],
  }
}

/** An access token in the vendor's form; OpenAI's is a JWT, the others are opaque. */
export function accessToken(family: Family, person: Person, issuedAt: number, expiresAt: number): string {
  switch (family.vendor) {
    case 'claude':
      return `sk-ant-oat01-sim-${random(48)}`
    case 'codex':
      return jwt({
        iss: 'https://auth.openai.com',
        aud: ['https://api.openai.com/v1'],
        client_id: family.clientId,
        sub: `auth0|${uuidOf(person.name, 'auth0').replaceAll('-', '').slice(0, 24)}`,
        scp: family.scopes,
        iat: Math.floor(issuedAt / 1000),
        exp: Math.floor(expiresAt / 1000),
        jti: random(16),
        [AUTH]: chatgpt(person),
        'https://api.openai.com/profile': { email: person.email, email_verified: true },
      })
    case 'gemini-cli':
    case 'antigravity':
      return `ya29.sim-${random(80)}`
    default:
      return `sim-${family.vendor}-access-${random(40)}`
  }
}

/** A refresh token in the vendor's form. */
export function refreshToken(family: Family): string {
  switch (family.vendor) {
    case 'claude':
      return `sk-ant-ort01-sim-${random(48)}`
    case 'codex':
      return `rt_sim.${random(48)}`
    case 'gemini-cli':
    case 'antigravity':
      return `1//0sim-${random(48)}`
    default:
      return `sim-${family.vendor}-refresh-${random(40)}`
  }
}

/** The id token of the vendors that give one; undefined from the others. */
export function idToken(vendor: ProviderName, family: Family, person: Person, nowMs: number): string | undefined {
  const iat = Math.floor(nowMs / 1000)
  const common = { aud: family.clientId, iat, exp: iat + 3_600, email: person.email, email_verified: true }
  switch (vendor) {
    case 'codex':
      return jwt({
        ...common,
        iss: 'https://auth.openai.com',
        aud: [family.clientId],
        sub: `auth0|${uuidOf(person.name, 'auth0').replaceAll('-', '').slice(0, 24)}`,
        name: person.fullName,
        [AUTH]: chatgpt(person),
      })
    case 'gemini-cli':
    case 'antigravity':
      return jwt({
        ...common,
        iss: 'https://accounts.google.com',
        azp: family.clientId,
        sub: person.subject(vendor),
        name: person.fullName,
      })
    case 'xai':
      return family.scopes.includes('openid')
        ? jwt({ ...common, iss: 'https://auth.x.ai', sub: person.subject(vendor), name: person.fullName })
        : undefined
    default:
      return undefined
  }
}

/** What the token endpoint says beside tokens, life and scope. */
export function extras(family: Family, person: Person): Json {
  switch (family.vendor) {
    case 'claude':
      return {
        account: { uuid: person.subject('claude'), email_address: person.email },
        organization: { uuid: uuidOf(person.name, 'claude-organization'), name: person.claude.organization },
      }
    case 'qwen':
      return { status: 'success', resource_url: 'portal.qwen.ai' }
    default:
      return {}
  }
}
