import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoginError, type LoginFlow } from './flow.ts'
import { type LoginConfig, refreshRecipe, resolveClient } from './recipe.ts'
import { plainFlow } from './testing/fixture.ts'

const config = (over: Partial<LoginConfig> = {}): LoginConfig => ({
  'oauth-clients': {},
  'host-overrides': {},
  ...over,
})
const secretive = (find?: (id: string) => Promise<string | undefined>): LoginFlow =>
  plainFlow({
    secret: { env: 'VENDOR_SECRET', help: 'Install the vendor’s program.', ...(find === undefined ? {} : { find }) },
  })
const agent = { userAgent: 'logicaproxy/test' }

describe('the client of a login', () => {
  it('is the vendor’s own unless the config names another', async () => {
    assert.deepEqual(await resolveClient('v', plainFlow(), config(), {}), { clientId: 'client' })
    const named = config({ 'oauth-clients': { v: { id: 'mine' } } })
    assert.deepEqual(await resolveClient('v', plainFlow(), named, {}), { clientId: 'mine' })
  })

  it('has its secret from the config, else the environment, else the installed program', async () => {
    const flow = secretive(async () => 'found')
    const both = config({ 'oauth-clients': { v: { secret: 'configured' } } })
    const env = { VENDOR_SECRET: 'environment' }
    assert.equal((await resolveClient('v', flow, both, env)).clientSecret, 'configured')
    assert.equal((await resolveClient('v', flow, config(), env)).clientSecret, 'environment')
    assert.equal((await resolveClient('v', flow, config(), {})).clientSecret, 'found')
  })

  it('says exactly how to supply a secret that is missing', async () => {
    await assert.rejects(
      resolveClient(
        'v',
        secretive(async () => undefined),
        config(),
        {},
      ),
      (error: unknown) => {
        assert.ok(error instanceof LoginError)
        assert.equal(error.code, 'secret-missing')
        for (const part of [
          'VENDOR_SECRET=…',
          `oauth-clients:\n    v:\n      secret: "\${VENDOR_SECRET}"`,
          'Install the vendor’s program.',
        ])
          assert.ok(error.message.includes(part), part)
        return true
      },
    )
  })

  it('that issued a token refreshes it, with its own secret and no other’s', async () => {
    const asked: string[] = []
    const flow = secretive(async (id) => {
      asked.push(id)
      return `secret of ${id}`
    })
    const changed = config({ 'oauth-clients': { v: { id: 'new', secret: 'secret of the new one' } } })
    assert.deepEqual(
      await resolveClient('v', flow, changed, { VENDOR_SECRET: 'also the new one' }, { 'client-id': 'old' }),
      {
        clientId: 'old',
        clientSecret: 'secret of old',
      },
    )
    assert.deepEqual(asked, ['old'])
    assert.equal(
      (await resolveClient('v', flow, changed, {}, { 'client-id': 'new' })).clientSecret,
      'secret of the new one',
    )
  })
})

describe('the recipe of a refresh', () => {
  it('is plain data with the overridden address', async () => {
    const flow = plainFlow({
      token: {
        url: 'https://vendor.test/token',
        exchange: 'form',
        refresh: 'json',
        basic: true,
        refreshFields: { scope: 'all' },
        headers: ({ details, clientId }) => ({ 'x-device': `${details?.['device-id']} ${clientId}` }),
        dead: { codes: ['gone'], statuses: [401] },
      },
    })
    const recipe = await refreshRecipe(
      'v',
      flow,
      config({ 'host-overrides': { 'https://vendor.test': 'http://127.0.0.1:9/v' } }),
      agent,
      { 'device-id': 'd' },
      {},
    )
    assert.deepEqual(structuredClone(recipe), {
      clientId: 'client',
      url: 'http://127.0.0.1:9/v/token',
      body: 'json',
      basic: true,
      fields: { scope: 'all' },
      headers: { 'user-agent': 'logicaproxy/test', 'x-device': 'd client' },
      dead: { codes: ['gone'], statuses: [401] },
    })
  })

  it('goes to the discovered endpoint only where that may be believed', async () => {
    const flow = plainFlow({
      device: {
        start: { url: 'https://auth.x.test', body: 'form', discover: { trust: 'x.test' } },
        pkce: false,
        interval: 5,
        limit: 60,
      },
      token: { url: 'https://auth.x.test/t', exchange: 'form', refresh: 'form' },
    })
    const to = async (url: string, over = {}) =>
      (await refreshRecipe('v', flow, config({ 'host-overrides': over }), agent, { 'token-url': url }, {})).url
    assert.equal(await to('https://new.x.test/t2'), 'https://new.x.test/t2')
    assert.equal(await to('https://evil.test/t'), 'https://auth.x.test/t')
    assert.equal(await to('http://127.0.0.1:9/t2'), 'https://auth.x.test/t')
    assert.equal(
      await to('http://127.0.0.1:9/t2', { 'https://auth.x.test': 'http://127.0.0.1:9' }),
      'http://127.0.0.1:9/t2',
    )
  })
})
