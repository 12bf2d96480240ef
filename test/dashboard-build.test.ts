/** The built page as files: its size, its names, what the content security policy asks; and the pretended gateway it is tested with. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type * as z from 'zod'
import { startDev } from '../dashboard/dev/server.ts'
import { ROUTES } from '../dashboard/lib/routes.ts'
import { type BuiltPage, bundlePage } from '../scripts/dashboard.ts'
import { eventSchema, ownRoutes, type RouteSpec } from '../src/server/admin/management/contract.ts'

const LIMIT_KIB = 150

describe('the built page', () => {
  let built: BuiltPage
  const text = (path: string) => built.files.get(path)!.toString()
  before(async () => {
    built = await bundlePage()
  })

  it(`is at most ${LIMIT_KIB} KiB, gzipped, all files together`, () => {
    const sum = [...built.files.values()].reduce((total, bytes) => total + gzipSync(bytes, { level: 9 }).length, 0)
    assert.ok(sum < LIMIT_KIB * 1024, `${(sum / 1024).toFixed(1)} KiB`)
  })

  it('is two documents over one script and one style sheet, named by what is in them', async () => {
    const names = [...built.files.keys()].sort()
    assert.deepEqual(
      names.map((n) => n.replace(/-[0-9a-f]{12}\./, '-#.')),
      ['assets/app-#.js', 'assets/style-#.css', 'assets/theme-#.js', 'index.html', 'management.html'],
    )
    assert.deepEqual([...(await bundlePage()).files.keys()].sort(), names, 'the same sources give the same names')
    assert.match(text('index.html'), /data-page="dashboard"/)
    assert.match(text('management.html'), /data-page="panel"/)
  })

  it('has nothing inline and asks nothing of another host', () => {
    for (const page of ['index.html', 'management.html']) {
      const html = text(page)
      for (const [, attributes, body] of html.matchAll(/<script\b([^>]*)>([^<]*)<\/script>/g)) {
        assert.match(attributes!, /src="\/dashboard\/assets\//)
        assert.equal(body!.trim(), '')
      }
      assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=/i, page)
      const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, a]) => a!)
      assert.ok(addresses.length >= 4)
      for (const address of addresses) assert.match(address, /^(?:\/dashboard\/assets\/|data:image\/svg)/, page)
    }
    const script = text([...built.files.keys()].find((n) => n.includes('app-'))!)
    assert.doesNotMatch(script, /\beval\(|new Function\(|dangerouslySetInnerHTML:|\.insertAdjacentHTML/)
    const style = text([...built.files.keys()].find((n) => n.includes('style-'))!)
    assert.doesNotMatch(style, /url\(|@import|@font-face/)
  })

  it('knows every call of the contract by its method and path', () => {
    for (const route of ownRoutes) assert.equal(ROUTES[route.id], `${route.method} ${route.path}`)
    assert.equal(Object.keys(ROUTES).length, ownRoutes.length)
  })
})

describe('the pretended gateway', () => {
  for (const empty of [false, true])
    it(`answers as the contract says, ${empty ? 'with nothing in it' : 'with a full household'}`, async () => {
      const server = await startDev({ page: () => ({ files: new Map() }), empty, calls: 500 })
      const ids: Record<string, string> = empty
        ? {}
        : {
            account: 'claude-1f3a',
            snapshot: 'n1',
            usageDetail: encodeURIComponent(server.world.calls[0]!.callId),
            errorFile: 'x.json',
          }
      try {
        for (const route of ownRoutes as readonly RouteSpec[]) {
          if (route.method !== 'GET' || 'media' in route.response || route.id === 'openapi') continue
          if (route.path.includes('{') && ids[route.id] === undefined) continue
          const path = route.path.replace(/\{\w+\}/, ids[route.id] ?? '')
          const query = route.id === 'why' ? '?model=claude-opus-4-6' : ''
          const response = await fetch(`${server.url}${path}${query}`)
          assert.equal(response.status, 200, path)
          const parsed = (route.response as z.ZodType).safeParse(await response.json())
          assert.ok(parsed.success, `${path}: ${parsed.error?.message}`)
        }
      } finally {
        await server.close()
      }
    })

  it('takes the calls that change something, and tells of them', async () => {
    const server = await startDev({ page: () => ({ files: new Map() }), calls: 50 })
    const told: unknown[] = []
    const stop = server.world.onEvent((event) => told.push(event))
    const bodies: Record<string, [string, unknown]> = {
      changeAccount: ['claude-1f3a', { weight: 2 }],
      resetAccount: ['codex-0d41', undefined],
      startLogin: ['', { provider: 'codex', way: 'device' }],
      createKey: ['', { name: 'tablet', models: null, limits: { requestsPerMinute: 3 } }],
      rotateKey: ['k2', { graceMs: 0 }],
      checkConfig: ['', { text: 'port: x\n' }],
      explainRoute: ['', { prompt: 'refactor this' }],
      routeFeedback: ['', { text: 'a', category: 'code' }],
      test: ['', { model: 'auto' }],
      newLink: ['', undefined],
    }
    try {
      for (const [id, [path, body]] of Object.entries(bodies)) {
        const route = (ownRoutes as readonly RouteSpec[]).find((r) => r.id === id)!
        const response = await fetch(server.url + route.path.replace(/\{\w+\}/, path), {
          method: route.method,
          headers: { 'content-type': 'application/json', 'x-csrf-token': 'dev-csrf-token' },
          body: JSON.stringify(body),
        })
        const parsed = (route.response as z.ZodType).safeParse(await response.json())
        assert.ok(parsed.success, `${id}: ${parsed.error?.message}`)
      }
      server.world.tick()
      assert.ok(told.length >= 5)
      for (const event of told) assert.ok(eventSchema.safeParse(event).success, JSON.stringify(event).slice(0, 200))
    } finally {
      stop()
      await server.close()
    }
  })
})

describe('figures', async () => {
  const f = await import('../dashboard/lib/format.ts')

  it('are told in units that people read', () => {
    assert.deepEqual([0, 0.004, 0.0833, 0.83, 1].map(f.percent), ['0 %', '0.4 %', '8.3 %', '83 %', '100 %'])
    assert.deepEqual([undefined, 0.2, 84, 1240, 12_300, 125_000].map(f.duration), [
      '–',
      '< 1 ms',
      '84 ms',
      '1.24 s',
      '12.3 s',
      '2 min 5 s',
    ])
    assert.deepEqual([45_000, 600_000, 4_320_000, 273_600_000].map(f.span), ['45 s', '10 min', '1 h 12 min', '3 d 4 h'])
    assert.deepEqual([undefined, 0, 42, 4200, 12_300_000].map(f.money), ['–', '$0', '< $0.0001', '$0.0042', '$12.30'])
    assert.deepEqual([1_234_000_000, 1_234_567_890_000].map(f.money), ['$1,234', '$1.235M'])
    assert.deepEqual([0, 381_422_965, 12_260_753_459].map(f.figure), ['0', '381,422,965', '12.26B'])
    const now = Date.UTC(2026, 10, 22)
    assert.deepEqual(
      [4_380_000, 900, -12_400, -3_700_000, -90 * 3_600_000].map((gap) => f.relative(now + gap, now)),
      ['in 1 h 13 min', 'now', '12 s ago', '1 h ago', '3 d ago'],
    )
  })

  it('of time in a sentence are told by the clock of the reader', () => {
    const at = Date.UTC(2026, 10, 22, 23, 35, 18)
    assert.equal(f.inLocalTime('It rests until 2026-11-22T23:35:18.000Z.', at), `It rests until ${f.when(at, at)}.`)
    assert.deepEqual(f.momentsOf('Until 2026-11-22T23:35:18Z, then 2026-11-22T23:36Z.'), [
      'Until ',
      at,
      ', then ',
      at + 42_000,
      '.',
    ])
    assert.equal(f.inLocalTime('2026-99-99T99:99:99Z stays', at), '2026-99-99T99:99:99Z stays')
  })

  it('of a scale reach over the highest and are whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), (highest) => {
        const { top, ticks } = f.niceScale(highest)
        assert.ok(top >= highest && ticks.length <= 8)
        assert.ok(ticks.every((t) => Number.isInteger(t)))
        assert.equal(ticks[0], 0)
        assert.equal(ticks.at(-1), top)
      }),
    )
  })
})
