import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type RouteSpec, routes } from './contract.ts'
import { ADMIN, signedIn, type TestHouse, testHouse } from './testing/house.ts'

/** Something for each `{…}` of a path. */
const concrete = (route: RouteSpec) => route.path.replace(/\{\w+\}/g, 'none')
/** Those that would change the house while the table is walked: they are let in and fail at their body. */
const nothing = (route: RouteSpec) => (route.body === undefined ? undefined : { body: { impossible: true } })

describe('the route table × who asks', async () => {
  const roles = [
    ['nobody', 'nobody'],
    ['a client with its key', 'client'],
    ['a cookie that is none', { cookie: 'logicaproxy_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', csrf: 'x' }],
  ] as const

  for (const [name, as] of roles)
    it(`lets ${name} into nothing but what is for everybody`, async () => {
      const house = await testHouse()
      for (const route of routes) {
        const { status, json } = await house.ask(route.method, concrete(route), { as, ...nothing(route) })
        if (route.auth === 'none')
          assert.ok([200, 400, 401].includes(status), `${route.method} ${route.path}: ${status}`)
        else {
          assert.equal(status, 401, `${route.method} ${route.path}`)
          assert.match(json.error.message, /sign in|admin token/i)
        }
      }
      await house.close()
    })

  it('lets a session read, and change nothing without its CSRF header', async () => {
    const house = await testHouse()
    const { cookie, csrf } = await signedIn(house)
    for (const route of routes) {
      if (route.auth === 'none') continue
      for (const wrong of [undefined, 'wrong', `${csrf}x`]) {
        const { status, json } = await house.ask(route.method, concrete(route), {
          as: { cookie, ...(wrong === undefined ? {} : { csrf: wrong }) },
          ...nothing(route),
        })
        if (route.csrf) assert.deepEqual([status, json.error.code], [403, 'csrf'], `${route.method} ${route.path}`)
        else assert.ok(status !== 401 && status !== 403, `${route.method} ${route.path}: ${status}`)
      }
    }
    const { status } = await house.ask('POST', '/v0/management/link', { as: { cookie, csrf } })
    assert.equal(status, 200)
    await house.close()
  })

  it('asks for CSRF wherever something changes, and only GETs of the old API change something', () => {
    for (const route of routes) {
      const changes = route.method !== 'GET'
      if (route.auth === 'none') continue
      if (changes) assert.ok(route.csrf, `${route.method} ${route.path}`)
      else if (route.csrf) assert.ok(route.legacy && route.path.endsWith('-auth-url'), route.path)
    }
  })

  it('lets the admin token in by either header, and never from the query', async () => {
    const house = await testHouse()
    const get = (headers: Record<string, string>, query = '') =>
      house.ask('GET', `/v0/management/ping${query}`, { as: 'nobody', headers })
    assert.equal((await get({ authorization: `Bearer ${ADMIN}` })).status, 200)
    assert.equal((await get({ 'x-management-key': ADMIN })).status, 200)
    assert.equal((await get({}, `?key=${ADMIN}&auth_token=${ADMIN}`)).status, 401)
    assert.equal((await get({ authorization: 'Bearer ' })).status, 401)
    await house.close()
  })

  it('answers what is not there with 404 and 405, to the owner alone', async () => {
    const house = await testHouse()
    assert.equal((await house.ask('GET', '/v0/management/nothing', { as: 'nobody' })).status, 401)
    assert.equal((await house.ask('GET', '/v0/management/nothing')).status, 404)
    const put = await house.ask('PUT', '/v0/management/status')
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET'])
    await house.close()
  })
})

describe('another machine', () => {
  it('is refused without allow-remote, whatever its headers say, with the right token too', async () => {
    const house = await testHouse()
    for (const from of ['10.0.0.9', '::ffff:10.0.0.9', 'fe80::1'])
      for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }, { 'x-real-ip': '127.0.0.1' }] as Record<
        string,
        string
      >[]) {
        const { status, json } = await house.ask('GET', '/v0/management/ping', { from, headers })
        assert.deepEqual([status, json.error.code], [403, 'remote'])
        assert.equal((await house.ask('GET', '/dashboard/', { from, headers })).status, 403)
      }
    await house.close()
  })

  it('does not become local by a proxy on this machine', async () => {
    const house = await testHouse()
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip'])
      assert.equal((await house.ask('GET', '/v0/management/ping', { headers: { [name]: '127.0.0.1' } })).status, 403)
    await house.close()
  })

  it('is let in with allow-remote and the token', async () => {
    const house = await testHouse({ 'remote-management': { 'allow-remote': true, 'secret-key': ADMIN } })
    assert.equal((await house.ask('GET', '/v0/management/ping', { from: '10.0.0.9' })).status, 200)
    assert.equal((await house.ask('GET', '/v0/management/ping', { from: '10.0.0.9', as: 'nobody' })).status, 401)
    await house.close()
  })
})

describe('a page of another site', () => {
  const cases: [string, Record<string, string>][] = [
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site, another origin', { 'sec-fetch-site': 'same-site' }],
    ['a listed origin of the model API', { origin: 'https://app.example' }],
    ['no origin at all (a sandbox)', { origin: 'null' }],
  ]
  for (const [name, headers] of cases)
    it(`is refused: ${name}`, async () => {
      const house = await testHouse({ 'allowed-origins': ['https://app.example'] })
      const { cookie, csrf } = await signedIn(house)
      const { status, json } = await house.ask('GET', '/v0/management/status', { as: { cookie, csrf }, headers })
      assert.deepEqual([status, json.error.code], [403, 'cross-site'])
      assert.equal(
        (await house.ask('POST', '/v0/management/session', { as: 'nobody', headers, body: { token: ADMIN } })).status,
        403,
      )
      await house.close()
    })

  it('cannot send a form in the place of JSON', async () => {
    const house = await testHouse()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const { status } = await house.ask('POST', '/v0/management/session', {
        as: 'nobody',
        headers: { 'content-type': type },
        body: '{"token":"x"}',
      })
      assert.equal(status, 415)
    }
    await house.close()
  })

  it('gets no CORS headers and cannot frame anything', async () => {
    const house = await testHouse({ 'allowed-origins': ['https://app.example'] })
    const { headers } = await house.ask('GET', '/v0/management/ping')
    assert.equal(headers.get('access-control-allow-origin'), null)
    assert.match(headers.get('content-security-policy')!, /frame-ancestors 'none'/)
    assert.deepEqual(
      [
        'cache-control',
        'x-content-type-options',
        'x-frame-options',
        'referrer-policy',
        'cross-origin-resource-policy',
      ].map((n) => headers.get(n)),
      ['no-store', 'nosniff', 'DENY', 'no-referrer', 'same-origin'],
    )
    assert.equal((await house.ask('GET', '/dashboard/', { headers: { 'sec-fetch-dest': 'iframe' } })).status, 403)
    await house.close()
  })
})

describe('signing in', () => {
  it('gives a session whose cookie no script reads, and that ends with signing out', async () => {
    const house = await testHouse()
    const { headers, json } = await house.ask('POST', '/v0/management/session', {
      as: 'nobody',
      body: { token: ADMIN },
    })
    assert.match(
      headers.get('set-cookie')!,
      /^logicaproxy_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    )
    const as = { cookie: headers.get('set-cookie')!.split(';')[0]!, csrf: json.csrf as string }
    const who = await house.ask('GET', '/v0/management/session', { as })
    assert.deepEqual([who.json.authenticated, who.json.kind, who.json.csrf], [true, 'session', json.csrf])
    assert.equal((await house.ask('DELETE', '/v0/management/session', { as })).status, 200)
    assert.equal((await house.ask('GET', '/v0/management/status', { as })).status, 401)
    await house.close()
  })

  it('slides for 12 hours of rest and a week in all', async () => {
    const house = await testHouse()
    const as = await signedIn(house)
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      assert.equal((await house.ask('GET', '/v0/management/ping', { as })).status, 200, `${hours} h`)
      house.pass(11 * 3_600_000)
    }
    house.pass(12 * 3_600_000)
    assert.equal((await house.ask('GET', '/v0/management/ping', { as })).status, 401)
    const other = await signedIn(house)
    house.pass(12 * 3_600_000 + 1)
    assert.equal((await house.ask('GET', '/v0/management/ping', { as: other })).status, 401)
    await house.close()
  })

  it('ends when the admin token changes', async () => {
    const house = await testHouse()
    const as = await signedIn(house)
    const { json } = await house.ask('GET', '/v0/management/config')
    const saved = await house.ask('PATCH', '/v0/management/config', {
      body: {
        expected: json.digest,
        changes: [{ path: ['remote-management', 'secret-key'], value: 'another-token-0123456789' }],
      },
    })
    assert.equal(saved.status, 200)
    assert.equal((await house.ask('GET', '/v0/management/ping', { as })).status, 401)
    assert.equal((await house.ask('GET', '/v0/management/ping')).status, 401)
    await house.close()
  })

  it('works once with a link, for ten minutes, and takes the link out of the address', async () => {
    const house = await testHouse()
    const { path } = await house.management.newLink()
    const ahead = await house.ask('GET', path, { as: 'nobody', headers: { 'sec-purpose': 'prefetch' } })
    assert.equal(ahead.status, 503)
    const first = await house.ask('GET', path, { as: 'nobody' })
    assert.deepEqual([first.status, first.headers.get('location')], [303, '/dashboard/'])
    assert.match(first.headers.get('set-cookie')!, /HttpOnly; SameSite=Strict/)
    const again = await house.ask('GET', path, { as: 'nobody' })
    assert.deepEqual([again.status, again.headers.get('set-cookie')], [401, null])
    const late = await house.management.newLink()
    house.pass(10 * 60_000 + 1)
    assert.equal((await house.ask('GET', late.path, { as: 'nobody' })).status, 401)
    const many = await house.management.newLink()
    const link = many.path.slice(many.path.indexOf('=') + 1)
    const race = await Promise.all(
      Array.from({ length: 8 }, () =>
        house.ask('POST', '/v0/management/session/link', { as: 'nobody', body: { link } }),
      ),
    )
    assert.equal(race.filter(({ status }) => status === 200).length, 1)
    await house.close()
  })

  it('can be looked after: sessions are listed and ended, one at a time', async () => {
    const house = await testHouse()
    const [one, two] = [await signedIn(house), await signedIn(house)]
    const { json } = await house.ask('GET', '/v0/management/sessions', { as: one })
    assert.deepEqual(json.sessions.map((s: { own: boolean }) => s.own).sort(), [false, true])
    const other = json.sessions.find((s: { own: boolean }) => !s.own)
    assert.equal((await house.ask('DELETE', `/v0/management/sessions/${other.id}`, { as: one })).status, 200)
    assert.equal((await house.ask('GET', '/v0/management/ping', { as: two })).status, 401)
    assert.equal((await house.ask('GET', '/v0/management/ping', { as: one })).status, 200)
    await house.close()
  })

  it('survives a restart: sessions stand in the store as hashes', async () => {
    const house = await testHouse()
    const as = await signedIn(house)
    await house.context.behind.flush()
    const [row] = await house.context.store.documents.all('dashboard-session', house.context.now())
    assert.ok(!JSON.stringify(row).includes(as.cookie.split('=')[1]!))
    const { createManagement } = await import('./app.ts')
    const next = createManagement(house.context)
    const request = new Request('http://127.0.0.1:8317/v0/management/ping', { headers: { cookie: as.cookie } })
    assert.equal((await next.fetch(request, { remoteAddress: '127.0.0.1', encrypted: false })).status, 200)
    next.close()
    await house.close()
  })

  it('says what to do where no token can be checked', async () => {
    for (const [secret, words] of [
      ['', /No admin token is set/],
      ['$2a$10$abcdefghijklmnopqrstuv', /bcrypt/],
    ] as const) {
      const house: TestHouse = await testHouse({ 'remote-management': { 'secret-key': secret } })
      const { status, json } = await house.ask('POST', '/v0/management/session', {
        as: 'nobody',
        body: { token: secret || 'x' },
      })
      assert.equal(status, 401)
      assert.match(json.error.message, words)
      const { path } = await house.management.newLink()
      assert.equal((await house.ask('GET', path, { as: 'nobody' })).status, 303)
      await house.close()
    }
  })

  it('takes no token that is a client key, too', async () => {
    const house = await testHouse({ 'api-keys': [ADMIN] })
    assert.equal((await house.ask('GET', '/v0/management/ping')).status, 401)
    await house.close()
  })
})
