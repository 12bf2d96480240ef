/** Claude Pro and Max by OAuth. Facts: domain.md 1.1. */
import type { Tokens } from '../../accounts/login-record.ts'
import { type FlowContext, type Identity, LoginError, type LoginFlow } from '../../accounts/oauth/flow.ts'
import { claudeSubject, namedIdentity } from '../../accounts/oauth/identities.ts'
import { fieldsOf, present, textOf } from '../../accounts/oauth/text.ts'

export const login: LoginFlow = {
  policy: {
    state: 'restricted',
    since: '2026-09-22',
    note:
      'Anthropic allows subscription logins in Claude Code and Claude.ai only. Since January 2026 it refuses other traffic ("This credential is only authorized for use with Claude Code…"), ' +
      'and since 8 April 2026 it bills what it takes for third-party traffic as extra usage. LogicaProxy does not pretend to be Claude Code; requests of Claude Code itself pass unchanged. An API key (claude-api-key) has none of these limits.',
    url: 'https://code.claude.com/docs/en/legal-and-compliance',
  },
  title: 'Claude (subscription)',
  clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
  scopes: ['user:profile', 'user:inference', 'user:sessions:claude_code', 'user:mcp_servers', 'user:file_upload'],
  browser: {
    authorizeUrl: 'https://claude.ai/oauth/authorize',
    params: { code: 'true' },
    pkce: true,
    redirect: { host: 'localhost', path: '/callback', ports: [] },
    manualRedirect: { url: 'https://platform.claude.com/oauth/code/callback', pkce: true },
  },
  token: {
    url: 'https://platform.claude.com/v1/oauth/token',
    exchange: 'json',
    refresh: 'json',
    sendsState: true,
  },
  baseUrl: 'https://api.anthropic.com',
  identify,
}

/** The exchange names account and organization; plan and limits come from the profile, where the scope allows it. */
async function identify(
  tokens: Tokens,
  answer: Readonly<Record<string, unknown>>,
  context: FlowContext,
): Promise<Identity> {
  const profile = await askProfile(tokens, context)
  const account = { ...fieldsOf(answer['account']), ...fieldsOf(profile['account']) }
  const organization = { ...fieldsOf(answer['organization']), ...fieldsOf(profile['organization']) }
  const id = textOf(account['uuid'])
  // A token of `claude setup-token` may not ask for its profile.
  if (id === undefined) return await namedIdentity(context, login.title)
  const organizationId = textOf(organization['uuid'])
  const plan = textOf(organization['organization_type'])?.replace(/^claude_/, '')
  return {
    subject: claudeSubject(id, organizationId),
    ...present({ email: textOf(account['email']) ?? textOf(account['email_address']), plan }),
    details: present({
      'account-id': id,
      'organization-id': organizationId,
      plan,
      'rate-limit-tier': textOf(organization['rate_limit_tier']),
    }),
  }
}

/** `{}` where it may not be had: it adds to a login and is not needed for one. */
async function askProfile(tokens: Tokens, context: FlowContext): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { status, json } = await context.http({
      method: 'GET',
      url: context.url('https://api.anthropic.com/api/oauth/profile'),
      headers: { authorization: `Bearer ${tokens.accessToken}`, 'anthropic-beta': 'oauth-2025-04-20' },
    })
    return status === 200 ? json : {}
  } catch (error) {
    if (error instanceof LoginError && error.code === 'network') return {}
    throw error
  }
}
