/** Kimi's device login. Facts: domain.md 1.7. */
import { createHash } from 'node:crypto'
import { arch, hostname, platform, userInfo } from 'node:os'
import { type FlowContext, LoginError, type LoginFlow } from '../../accounts/oauth/flow.ts'
import { namedIdentity } from '../../accounts/oauth/identities.ts'
import { readClaims } from '../../accounts/oauth/jwt.ts'
import { fieldsOf, textOf } from '../../accounts/oauth/text.ts'
import { version } from '../../version.ts'

const ISSUER = 'https://auth.kimi.com/api/oauth'
const DEVICE = 'device-id'

/** Kimi asks which program on which device is calling; it is told the truth, with a digest in place of names. */
function headers({ details }: Pick<FlowContext, 'details'>): Record<string, string> {
  return {
    'X-Msh-Platform': 'logicaproxy',
    'X-Msh-Version': version,
    'X-Msh-Device-Name': 'LogicaProxy',
    'X-Msh-Device-Model': `${platform()} ${arch()}`,
    'X-Msh-Device-Id': details?.[DEVICE] ?? deviceId(),
  }
}

/** The same on this machine and for this user; kept with the login, so that it stays the same when the machine is renamed. */
function deviceId(): string {
  let user = ''
  try {
    user = userInfo().username
  } catch {
    // Containers run under users without a name.
  }
  return createHash('sha256').update(`logicaproxy\n${hostname()}\n${user}`).digest('hex').slice(0, 32)
}

export const login: LoginFlow = {
  policy: {
    state: 'tolerated',
    since: '2026-09-22',
    note: 'Kimi takes device logins of programs that name themselves, as this one does; it has published no promise about it. Limits of the Kimi coding plan apply.',
    url: 'https://www.kimi.com/coding/docs',
  },
  title: 'Kimi (coding plan)',
  clientId: '17e5f671-d194-4dfb-9706-5516cb48c098',
  scopes: [],
  device: {
    start: { url: `${ISSUER}/device_authorization`, body: 'form' },
    pollUrl: `${ISSUER}/token`,
    pkce: false,
    interval: 5,
    limit: 15 * 60,
    headers,
  },
  token: {
    url: `${ISSUER}/token`,
    exchange: 'form',
    refresh: 'form',
    headers,
    dead: { statuses: [401, 403] },
  },
  baseUrl: 'https://api.kimi.com/coding',
  async identify(tokens, _, context) {
    const details = { [DEVICE]: context.details?.[DEVICE] ?? deviceId() }
    const claims = readClaims(tokens.accessToken)
    const user = textOf(claims?.['user_id']) ?? textOf(claims?.['sub']) ?? (await askUser(tokens.accessToken, context))
    return { ...(user === undefined ? await namedIdentity(context, login.title) : { subject: user }), details }
  },
}

/** Tokens may be opaque; the answer about allowances names the user, too. */
async function askUser(token: string, context: FlowContext): Promise<string | undefined> {
  try {
    const { status, json } = await context.http({
      method: 'GET',
      url: context.url(`${login.baseUrl}/v1/usages`),
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    })
    return status === 200 ? textOf(fieldsOf(json['user'])['userId']) : undefined
  } catch (error) {
    if (error instanceof LoginError && error.code === 'network') return undefined
    throw error
  }
}
