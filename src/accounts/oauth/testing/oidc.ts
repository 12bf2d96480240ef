/** An authorization server that is not ours (oidc-provider), with a person who agrees to everything, for an outside opinion. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface Oidc {
  issuer: string
  close(): Promise<void>
}

/** PKCE S256 demanded, refresh tokens rotated, a reused one ends the login, device flow on. */
export async function startOidc(): Promise<Oidc> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'client',
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    ],
    cookies: { keys: ['only for tests'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@test.example` }) }),
    claims: { openid: ['sub'], email: ['email'] },
    interactions: { url: (_, interaction) => `/agree/${interaction.uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
    ttl: {
      AccessToken: 3600,
      DeviceCode: 600,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  })
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/agree/')) return await next()
    const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res)
    if (prompt.name === 'login')
      return await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'anna' } })
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
    const grant = known ?? new provider.Grant({ accountId: session!.accountId, clientId: String(params['client_id']) })
    grant.addOIDCScope(String(params['scope']))
    await provider.interactionFinished(
      ctx.req,
      ctx.res,
      { consent: { grantId: await grant.save() } },
      { mergeWithLastSubmission: true },
    )
  })
  server.on('request', provider.callback())
  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A browser with cookies that follows redirects; submits forms when it is told. */
export function browser() {
  const jar = new Map<string, string>()
  async function visit(url: string, body?: URLSearchParams): Promise<{ url: string; status: number; text: string }> {
    let at = url
    let form = body
    for (let hops = 0; hops < 12; hops++) {
      const response = await fetch(at, {
        method: form === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form === undefined ? {} : { body: form }),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        jar.set(name, value)
      }
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null) return { url: at, status: response.status, text }
      at = new URL(location, at).href
      form = undefined
    }
    throw new Error('redirected in circles')
  }
  return { visit }
}
