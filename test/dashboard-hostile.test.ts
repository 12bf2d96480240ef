/** What a hostile page can do from another origin while its visitor is signed in here: nothing. In a real Chromium. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startBrowser, whyNoBrowser } from '../dashboard/testing/browser.ts'
import { settled, VIEWS } from '../dashboard/testing/page.ts'
import { CONFIG_SECRETS, type Estate, type Heard, openEstate, openWindow } from './support/dashboard.ts'

const missing = whyNoBrowser()
if (missing !== undefined) console.log(`NOT TESTED: ${missing}`)

const EVIL = '<img src=x onerror="window.__xss=1"><script>window.__xss=2</script>'
const LINK = 'javascript:window.__xss=3'

describe('a hostile page', { skip: missing ?? false, timeout: 180_000 }, () => {
  let estate: Estate
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let heard: Heard
  let stranger: Server
  let port = 0

  before(async () => {
    estate = await openEstate({
      'openai-compatibility': [
        {
          name: 'by-key',
          'base-url': 'http://127.0.0.1:9/v1',
          'api-key-entries': [{ 'api-key': CONFIG_SECRETS[1], label: EVIL }],
          models: [{ name: 'gpt-5.2', alias: EVIL.replaceAll(' ', '_') }],
        },
      ],
    })
    stranger = createServer((_, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Free things</title><h1>Free things</h1>')
    })
    await new Promise<void>((resolve) => stranger.listen(0, resolve))
    port = (stranger.address() as AddressInfo).port
    browser = await startBrowser()
    ;({ context, heard } = await openWindow(browser))
    page = await context.newPage()
    await page.goto((await estate.gateway.dashboardLink()).url)
    await settled(page)
    await settled(page)
  })
  after(async () => {
    await browser?.close()
    stranger?.closeAllConnections()
    stranger?.close()
    await estate?.[Symbol.asyncDispose]()
  })

  /** What would tell of an effect. */
  const state = () => [
    estate.gateway.config.routing.strategy,
    readFileSync(estate.file, 'utf8'),
    estate.gateway.logins!.records().length,
  ]

  /** Hosts a page may be on. The first shares the host of the dashboard, and so its cookies: cookies do not know ports. */
  for (const host of ['127.0.0.1', 'localhost'])
    describe(`on ${host} with another port`, () => {
      let evil: Page
      const run = <T>(script: string) => evil.evaluate(script) as Promise<T>
      const at = (path: string, to = '127.0.0.1') => JSON.stringify(estate.url.replace('127.0.0.1', to) + path)

      before(async () => {
        evil = await context.newPage()
        await evil.goto(`http://${host}:${port}/`)
      })
      after(() => evil.close())

      it('reads nothing with fetch, whatever mode it takes, and changes nothing', async () => {
        const before = state()
        for (const to of ['127.0.0.1', 'localhost'])
          for (const path of [
            '/v0/management/status',
            '/v0/management/config',
            '/v0/management/session',
            '/metrics',
            '/v1/models',
            '/dashboard/',
          ])
            for (const mode of ['cors', 'no-cors']) {
              const told = await run<string>(
                `fetch(${at(path, to)}, { mode: '${mode}', credentials: 'include' }).then(async (r) => r.type + ':' + (await r.text()), (e) => 'refused')`,
              )
              assert.ok(told === 'refused' || told === 'opaque:', `${mode} ${to}${path}: ${told.slice(0, 200)}`)
            }
        for (const [method, path] of [
          ['POST', '/v0/management/reload'],
          ['POST', '/v0/management/link'],
          ['POST', '/v0/management/keys'],
          ['DELETE', '/v0/management/usage'],
          ['PUT', '/v0/management/config'],
        ])
          for (const type of ['text/plain', 'application/json']) {
            const told = await run<string>(
              `fetch(${at(path!)}, { method: '${method}', body: '{"name":"stolen"}', headers: { 'content-type': '${type}' }, mode: ${type === 'text/plain' && method === 'POST' ? "'no-cors'" : "'cors'"}, credentials: 'include' }).then(async (r) => r.type + ':' + (await r.text()), () => 'refused')`,
            )
            assert.ok(told === 'refused' || told === 'opaque:', `${method} ${path}: ${told}`)
          }
        assert.deepEqual(state(), before)
        assert.deepEqual(await keyNames(), ['laptop'])
      })

      it('gets nothing done by a form, nor by following a link that changes something', async () => {
        const before = state()
        for (const path of [
          '/v0/management/keys',
          '/v0/management/reload',
          '/v0/management/session',
          '/v0/management/test',
        ]) {
          const frame = await context.newPage()
          await frame.goto(`http://${host}:${port}/`)
          const answer = frame.waitForResponse((r) => r.url().includes(path))
          await frame.evaluate(`(() => {
            const form = document.createElement('form')
            form.method = 'post'
            form.enctype = 'text/plain'
            form.action = ${at(path)}
            const input = document.createElement('input')
            input.name = '{"name":"stolen","a":"'
            input.value = '"}'
            form.append(input)
            document.body.append(form)
            // Not within this call, which the change of page would leave without an answer.
            setTimeout(() => form.submit(), 10)
          })()`)
          assert.equal((await answer).status(), 403, path)
          // Closing a page that is just changing would not come back.
          await frame.waitForURL((url) => url.pathname === path)
          await frame.close()
        }
        assert.deepEqual(state(), before)
        assert.deepEqual(await keyNames(), ['laptop'])
      })

      it('hears no event, opens no WebSocket, shows no frame, runs no answer as a script', async () => {
        const heardNothing = await run<string>(`new Promise((done) => {
          const source = new EventSource(${at('/v0/management/events')}, { withCredentials: true })
          for (const type of ['message', 'hello', 'status', 'call']) source.addEventListener(type, (e) => done('heard ' + e.data))
          source.onerror = () => { source.close(); done('refused') }
        })`)
        assert.equal(heardNothing, 'refused')
        for (const path of ['/v0/management/events', '/v1/responses', '/v1/realtime']) {
          const socket = await run<string>(`new Promise((done) => {
            const socket = new WebSocket(${at(path)}.replace('http', 'ws'))
            socket.onopen = () => done('open')
            socket.onerror = () => done('refused')
          })`)
          assert.equal(socket, 'refused', path)
        }
        for (const path of ['/dashboard/', '/management.html', '/v0/management/status']) {
          const shown = await run<string>(`new Promise((done) => {
            const frame = document.createElement('iframe')
            frame.src = ${at(path)}
            frame.onload = () => { let text = 'foreign'; try { text = frame.contentDocument.body.textContent } catch {} done(text) }
            document.body.append(frame)
          })`)
          assert.equal(shown, 'foreign', path)
          const inside = evil.frames().at(-1)!
          assert.equal(
            await inside
              .locator('h1')
              .count()
              .catch(() => 0),
            0,
            `${path} in a frame`,
          )
        }
        for (const path of [
          '/v0/management/status',
          '/v0/management/config',
          '/v1/models',
          '/metrics',
          '/dashboard/',
        ]) {
          const ran = await run<string>(`new Promise((done) => {
            const script = document.createElement('script')
            script.src = ${at(path)}
            script.onload = () => done('ran')
            script.onerror = () => done('refused')
            document.body.append(script)
          })`)
          assert.equal(ran, 'refused', path)
        }
        const opened = await run<string>(`(async () => {
          const other = window.open(${at('/dashboard/')})
          await new Promise((r) => setTimeout(r, 150))
          try { return other === null || other.closed ? 'cut off' : String(other.document.title) } catch { return 'foreign' }
        })()`)
        assert.match(opened, /^(?:cut off|foreign|)$/)
      })
    })

  async function keyNames(): Promise<string[]> {
    const told = (await page.evaluate("fetch('/v0/management/keys').then((r) => r.json())")) as {
      keys: { name: string }[]
    }
    return told.keys.map(({ name }) => name)
  }

  it('is refused under a name of its own that leads here (DNS rebinding)', async () => {
    for (const path of ['/dashboard/', '/v0/management/status', '/metrics', '/v1/models']) {
      const status = await new Promise<number>((resolve, reject) => {
        const req = request(new URL(path, estate.url), { headers: { host: 'rebound.example' } }, (res) => {
          res.resume()
          resolve(res.statusCode!)
        })
        req.on('error', reject)
        req.end()
      })
      assert.equal(status, 403, path)
    }
    // In the browser: the name leads to this machine, as a resolver in the wrong hands would have it.
    const { chromium } = await import('playwright-core')
    const { default: binary } = await import('@sparticuz/chromium')
    const rebound = await chromium.launch({
      executablePath: await binary.executablePath(),
      args: ['--no-sandbox', '--headless=new', '--host-resolver-rules=MAP rebound.example 127.0.0.1'],
      headless: true,
    })
    try {
      const visit = await rebound.newPage()
      const answer = await visit.goto(`http://rebound.example:${new URL(estate.url).port}/dashboard/`)
      assert.equal(answer?.status(), 403)
      const told = (await visit.evaluate(
        "fetch('/v0/management/session').then(async (r) => [r.status, await r.text()])",
      )) as [number, string]
      assert.equal(told[0], 403)
    } finally {
      await rebound.close()
    }
  })

  it('cannot leave code behind: prompts, model names, labels, notes and error texts stay texts in every view', async () => {
    const login = await estate.gateway.login('claude', { acknowledged: true, label: EVIL, port: await free() })
    await estate.simulator.consent({ url: login.url!, person: 'anna', visit: true })
    await login.account
    await page.evaluate(`(async () => {
      const { csrf } = await (await fetch('/v0/management/session')).json()
      const send = (method, path, body) => fetch('/v0/management' + path, { method, headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify(body) }).then((r) => r.json())
      await send('POST', '/keys', { name: 'plain', note: ${JSON.stringify(EVIL)} })
      await send('POST', '/routing/feedback', { text: ${JSON.stringify(EVIL)}, category: 'code' })
      await send('POST', '/routing/feedback', { text: ${JSON.stringify(LINK)}, category: 'code' })
      const { accounts } = await (await fetch('/v0/management/accounts')).json()
      await send('PATCH', '/accounts/' + accounts.find((a) => a.kind === 'login').id, { note: ${JSON.stringify(EVIL)} })
    })()`)
    for (const model of ['claude-sonnet-4-6', EVIL, LINK, EVIL.replaceAll(' ', '_'), 'claude-sonnet-4-6+500'])
      await (await estate.ask(model, `${EVIL} ${LINK}`)).text()
    for (const [name, path] of VIEWS) {
      await page.goto('about:blank')
      await page.goto(estate.url + path)
      await settled(page)
      assert.equal(await page.evaluate('window.__xss'), undefined, name)
      const found = await page.evaluate(
        '[document.querySelectorAll(\'img, script:not([src]), iframe, object, embed\').length, document.querySelectorAll(\'[href^="javascript:" i], [src^="javascript:" i], [onerror], [onclick]\').length]',
      )
      assert.deepEqual(found, [0, 0], name)
    }
    // It is there, as text: this looked at the right thing.
    await page.goto('about:blank')
    await page.goto(`${estate.url}/management.html#/`)
    await page.getByRole('heading', { name: EVIL }).first().waitFor()
    await page.goto('about:blank')
    await page.goto(`${estate.url}/dashboard/#/requests`)
    await page
      .getByRole('row', { name: /<img src=x/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('<img src=x').first().waitFor()
    assert.equal(await page.evaluate('window.__xss'), undefined)
  })

  it('a page that would break the policy does not: no complaint of the content security policy on our own pages', () => {
    assert.deepEqual(
      heard.complaints.filter((c) => c.startsWith(estate.url) && /Content Security Policy/.test(c)),
      [],
    )
    assert.deepEqual(heard.strays, [])
  })
})

async function free(): Promise<number> {
  const { freePort } = await import('./support/subscription.ts')
  return await freePort()
}
