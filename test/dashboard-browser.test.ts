/** The page in a real Chromium, with the pretended gateway behind it (dashboard/dev). The browser is started once. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type DevOptions, type DevServer, startDev } from '../dashboard/dev/server.ts'
import { faultsOf } from '../dashboard/testing/axe.ts'
import { startBrowser, whyNoBrowser } from '../dashboard/testing/browser.ts'
import { axe, dress, eachView, fits, holds, LOOKS, settled, touchable, VIEWS } from '../dashboard/testing/page.ts'
import { type BuiltPage, bundlePage } from '../scripts/dashboard.ts'

const missing = whyNoBrowser()
if (missing !== undefined) console.log(`NOT TESTED: ${missing}`)

// Axe reads some seventy views: on a busy machine that takes longer than one test may.
describe('the page in Chromium', { skip: missing === undefined ? false : missing, timeout: 900_000 }, () => {
  let browser: Browser
  let built: BuiltPage
  const servers: DevServer[] = []
  const complaints: string[] = []

  before(async () => {
    built = await bundlePage()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    for (const server of servers) await server.close()
  })

  async function serve(options: Partial<DevOptions> = {}): Promise<DevServer> {
    const server = await startDev({ page: () => built, calls: 600, ...options })
    servers.push(server)
    return server
  }

  async function visit(
    url: string,
    options: { width?: number; scheme?: 'light' | 'dark'; timezone?: string } = {},
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 860 },
      colorScheme: options.scheme ?? 'light',
      reducedMotion: 'reduce',
      timezoneId: options.timezone,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (m) => {
      if (m.type() === 'error' && !/Failed to load resource|net::ERR/.test(m.text())) complaints.push(m.text())
    })
    await page.goto(url)
    await settled(page)
    return page
  }

  it('has no fault that axe knows, in any view, light and dark, wide and narrow; nothing sticks out or is too small to touch', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/`)
    await eachView(page, server.url, async (name) => {
      for (const look of LOOKS) {
        const where = `${name}, ${look.scheme}, ${look.width} px`
        await dress(page, look)
        await axe(page, where, look.scheme === 'dark')
        await fits(page, where)
        if (look.width === 360) await touchable(page, where)
      }
      // The next view is opened as it is seen first.
      await dress(page, LOOKS[0]!)
    })
    assert.equal(await page.evaluate('window.__xss'), undefined, 'no text of the API ran as code')
    // The judge is awake: it finds what is put there to be found.
    await page.evaluate(`(() => {
      const main = document.querySelector('main')
      main.append(document.createElement('button'), Object.assign(document.createElement('p'), { className: 'muted', textContent: 'faint' }))
      main.lastChild.style.color = '#777'
      main.lastChild.style.background = '#666'
    })()`)
    assert.match((await faultsOf(page)).join(), /button-name/)
    assert.match((await faultsOf(page, true)).join(), /^color-contrast/)
    await page.context().close()
  })

  it('holds crowds, long names of any script and figures of ten digits', async () => {
    for (const crowd of ['crowd', 'hard', 'resting'] as const) {
      const server = await serve({ crowd })
      const page = await visit(`${server.url}/dashboard/`, { width: 360 })
      for (const view of ['/', '/requests', '/usage?by=account', '/models']) {
        await page.goto(`${server.url}/dashboard/#${view}`)
        await settled(page)
        for (const look of LOOKS.slice(0, 2)) {
          await dress(page, look)
          await axe(page, `${crowd} ${view} ${look.width}`)
          await fits(page, `${crowd} ${view} ${look.width}`)
        }
      }
      await page.context().close()
    }
  })

  it('shows and teaches when there is nothing yet, without a fault', async () => {
    const server = await serve({ empty: true })
    const page = await visit(`${server.url}/dashboard/`, { width: 360, scheme: 'dark' })
    await eachView(page, server.url, async (name) => {
      await axe(page, `${name}, empty`)
      await fits(page, `${name}, empty`)
    })
    await page.goto(`${server.url}/dashboard/#/`)
    await page.getByText('No account yet', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Log in an account' }).click()
    await page.getByRole('dialog').getByText('Claude Pro or Max').waitFor()
    await page.context().close()
  })

  it("tells every moment by the reader's clock, and names the zone on hover", async () => {
    const start = Date.now()
    const server = await serve({ now: () => start })
    const page = await visit(`${server.url}/dashboard/#/`, { timezone: 'Asia/Kolkata' })
    const alert = server.world.status().alerts.find((a) => a.kind === 'needs-login')!
    const at = new Date(/\d{4}-[\dT:.-]+Z/.exec(alert.message)![0])
    const local = at.toLocaleTimeString('en-GB', { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit' })
    const time = page.getByRole('region', { name: 'Alerts' }).locator('time').first()
    assert.ok((await time.textContent())!.endsWith(local), `${await time.textContent()}, not ${local}`)
    assert.match((await time.getAttribute('title'))!, /GMT\+5:30$/)
    assert.equal(await time.getAttribute('datetime'), at.toISOString())
    await page.context().close()
  })

  it('keeps texts of the API texts, in rows, cards, drawers and titles', async () => {
    const server = await serve()
    const hostile = server.world.calls.find((c) => c.requestedModel.includes('<img'))
    assert.ok(hostile !== undefined)
    const page = await visit(`${server.url}/dashboard/#/requests?id=${hostile.callId}`)
    await page.getByRole('dialog').getByText('<img src=x').first().waitFor()
    await axe(page, 'drawer')
    await page.goto(`${server.url}/management.html#/logs?text=onerror`)
    await settled(page)
    await page.getByText('answered <img').first().waitFor()
    assert.equal(await page.evaluate('window.__xss'), undefined)
    assert.equal(await page.evaluate("document.querySelectorAll('img').length"), 0)
    await page.context().close()
  })

  it('scrolls through 10,000 rows with a bounded document that keeps up', async () => {
    const server = await serve({ calls: 10_000 })
    const page = await visit(`${server.url}/dashboard/#/requests`)
    const state = () =>
      page.evaluate(`(() => {
        const box = document.querySelector('main .scroller')
        const rows = [...box.querySelectorAll('tr[data-index]')]
        const seen = rows.filter((r) => { const b = r.getBoundingClientRect(), c = box.getBoundingClientRect(); return b.bottom > c.top + 36 && b.top < c.bottom })
        return { rows: rows.length, nodes: document.querySelectorAll('*').length, seen: seen.length, last: Number(rows.at(-1).dataset.index), height: box.scrollHeight }
      })()`) as Promise<{ rows: number; nodes: number; seen: number; last: number; height: number }>
    let reached = 0
    for (let turn = 0; turn < 60 && reached < 9999; turn += 1) {
      await page.evaluate(`new Promise((done) => {
        const box = document.querySelector('main .scroller')
        box.scrollTop = box.scrollHeight
        requestAnimationFrame(() => requestAnimationFrame(done))
      })`)
      const now = await state()
      reached = now.last
      assert.ok(now.rows < 80 && now.nodes < 2500, JSON.stringify(now))
      assert.ok(now.seen >= 5, `blank after a jump: ${JSON.stringify(now)}`)
      if (now.last < 9999) await page.waitForTimeout(50)
    }
    assert.equal(reached, 9999)
    await page.context().close()
  })

  it('can be walked by keyboard alone: skip link, rows, drawer, menu, theme', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/#/requests`)
    const focused = (what: string) => page.evaluate(`document.activeElement.${what}`)
    await page.keyboard.press('Tab')
    assert.match(String(await focused('textContent')), /Skip to content/)
    await page.keyboard.press('Enter')
    assert.equal(await focused('id'), 'main')
    for (let i = 0; i < 25 && (await focused("classList.contains('open')")) !== true; i += 1)
      await page.keyboard.press('Tab')
    assert.equal(await focused("classList.contains('open')"), true, 'the rows are one tab stop')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await holds(page, "Number(document.activeElement.closest('tr')?.dataset.index) > 100")
    await page.keyboard.press('Home')
    await holds(page, "document.activeElement.closest('tr')?.dataset.index === '0'")
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Request' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await focused("closest('tr')?.dataset.index"), '0', 'the focus is where it was')
    const menu = page.getByRole('button', { name: 'Session' })
    await menu.focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('ArrowDown')
    assert.equal(await focused('textContent'), 'Sign out')
    await page.keyboard.press('Escape')
    assert.equal(await focused("getAttribute('aria-label')"), 'Session')
    await page.getByRole('radio', { name: 'Theme of the system' }).focus()
    await page.keyboard.press('ArrowLeft')
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    await page.reload()
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark', 'the theme is kept')
    await page.context().close()
  })

  it('opens one stream, closes it in a hidden tab, and tells and mends a break', async () => {
    const server = await serve({ tickMs: 100 })
    const page = await visit(`${server.url}/dashboard/#/`)
    const streams = async (open: number) => {
      for (let i = 0; i < 100 && server.streams().open !== open; i += 1) await page.waitForTimeout(50)
      assert.equal(server.streams().open, open)
    }
    await streams(1)
    await page.getByText('as they end').waitFor()
    const first = await page.locator('tr[data-index="0"]').last().textContent()
    await holds(
      page,
      `![...document.querySelectorAll('tr[data-index="0"]')].at(-1).textContent.includes(${JSON.stringify(first!.slice(0, 8))})`,
    )
    const hide = (hidden: boolean) =>
      page.evaluate(`(() => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${hidden ? 'hidden' : 'visible'}' })
        document.dispatchEvent(new Event('visibilitychange'))
      })()`)
    await hide(true)
    await streams(0)
    await hide(false)
    await streams(1)
    server.away(true)
    await page.getByText('LogicaProxy does not answer.').first().waitFor()
    server.away(false)
    await page.getByRole('button', { name: 'Try now' }).click()
    await streams(1)
    await page.getByText('LogicaProxy does not answer.').first().waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('signs in with the token, and says what is wrong with another', async () => {
    const server = await serve({ signedIn: false })
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${server.url}/dashboard/`)
    const token = page.getByLabel('Admin token')
    await token.fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('This is not the admin token').first().waitFor()
    await axe(page, 'sign-in')
    await token.fill('admin-token')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    server.signedIn(false)
    await page.goto(`${server.url}/dashboard/#link=${'a'.repeat(32)}`)
    await page.reload()
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    assert.equal(await page.evaluate('location.hash'), '#/', 'the link is out of the address bar')
    await page.context().close()
  })

  it('logs an account in from its card: policy read, address opened, answer pasted', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/#/`)
    const card = page.getByRole('article', { name: /^jon@example.com/ })
    await card.getByText('Needs login', { exact: true }).waitFor()
    await card.getByRole('button', { name: 'Log in jon@example.com' }).click()
    const dialog = page.getByRole('dialog')
    const start = dialog.getByRole('button', { name: 'Start login' })
    assert.equal(await start.isDisabled(), true, 'a restricted provider has to be acknowledged')
    await dialog.getByLabel('I have read this').check()
    await axe(page, 'login')
    await start.click()
    await dialog.getByRole('link', { name: 'Open in a new tab' }).waitFor()
    await dialog.getByLabel('Or paste what it ended on').fill('no!')
    await dialog.getByRole('button', { name: 'Finish login' }).click()
    await dialog.getByText('There is no code in this text.').waitFor()
    await dialog.getByLabel('Or paste what it ended on').fill('http://localhost:1455/auth/callback?code=abc&state=x')
    await dialog.getByRole('button', { name: 'Finish login' }).click()
    await dialog.waitFor({ state: 'detached' })
    await card.getByText('Ready', { exact: true }).waitFor()
    await page.context().close()
  })

  it('makes a key that is shown once, and undoes what can be undone', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/management.html#/keys`)
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name').fill('ci')
    await page.getByRole('button', { name: 'Make key' }).click()
    await page.getByText('There is a key named "ci" already.').waitFor()
    await page.getByLabel('Name').fill('tablet')
    await page.getByRole('button', { name: 'Make key' }).click()
    const secret = await page.locator('.secret code').textContent()
    assert.match(secret!, /^lp-/)
    await axe(page, 'key shown')
    await page.getByRole('button', { name: 'I have kept it' }).click()
    assert.equal((await page.content()).includes(secret!), false, 'the key is gone from the page')
    await page.getByRole('button', { name: 'Actions for tablet' }).click()
    await page.getByRole('menuitem', { name: 'Turn off' }).click()
    await page
      .getByRole('row', { name: /tablet/ })
      .getByText('Off', { exact: true })
      .waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page
      .getByRole('row', { name: /tablet/ })
      .getByText('On', { exact: true })
      .waitFor()
    await page.context().close()
  })

  it('edits the config in form and source alike: told at the key, diffed, saved, undone', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/management.html#/config`)
    const source = page.getByLabel('Config as YAML')
    const before = await source.inputValue()
    await source.fill(before.replace('strategy: most-quota-left', 'strategy: best'))
    await page.locator('.gutter [data-fault="true"]').waitFor()
    await page.getByText('most-quota-left, not "best"').first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'Review and save' }).isDisabled(), true)
    await axe(page, 'config with a fault')
    const strategy = page.locator('[data-key="routing.strategy"] select')
    await strategy.selectOption('fill-first')
    assert.equal(await source.inputValue(), before.replace('most-quota-left', 'fill-first'), 'the rest is untouched')
    await page.getByRole('button', { name: 'Review and save' }).click()
    await page.getByRole('dialog').getByText('1 line added').waitFor()
    await axe(page, 'diff')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('As in the file').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await holds(page, "document.querySelector('.source textarea').value.includes('most-quota-left')")
    await page.getByRole('button', { name: 'History' }).click()
    await page.getByText('before the router').waitFor()
    await page.context().close()
  })

  it('keeps filters in the URL, explains a decision and learns from "this is wrong"', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/#/requests`)
    await page.getByLabel('Client key', { exact: true }).selectOption('ci')
    await page.getByLabel('Failure').selectOption('any')
    assert.equal(await page.evaluate('location.hash'), '#/requests?clientKey=ci&failure=any')
    await page.reload()
    await settled(page)
    assert.equal(await page.getByLabel('Client key', { exact: true }).inputValue(), 'ci')
    await page.goto(`${server.url}/dashboard/#/router`)
    await page.getByLabel('Prompt').fill('Please look at my sales figures')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText('This is analysis: claude').waitFor()
    await page.getByRole('button', { name: 'This is wrong' }).click()
    await page.getByRole('button', { name: 'reasoning', exact: true }).click()
    await page.getByText('This is reasoning: claude').waitFor()
    await page.getByRole('cell', { name: 'Please look at my sales figures', exact: true }).waitFor()
    await axe(page, 'router with a decision')
    await page.context().close()
  })

  it('sends a test request and opens its timeline', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/#/connection`)
    await page.getByRole('button', { name: 'Send test request' }).click()
    await page.getByText('Hello to you, dear friend!').waitFor()
    await page.getByRole('button', { name: 'Open its timeline' }).click()
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.getByRole('img', { name: /^Attempt 1/ }).waitFor()
    await page.context().close()
  })

  it('moves nothing when what it has asked for arrives', async () => {
    const server = await serve()
    const page = await visit(`${server.url}/dashboard/`)
    for (const [name, path] of VIEWS) {
      await page.goto('about:blank')
      await page.goto(server.url + path)
      await settled(page)
      const shift = (await page.evaluate(`new Promise((done) => {
        let sum = 0
        new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value }).observe({ type: 'layout-shift', buffered: true })
        setTimeout(() => done(sum), 50)
      })`)) as number
      // Below 0.1 is what Google's Core Web Vitals call good.
      assert.ok(shift < 0.1, `${name}: ${shift}`)
    }
    await page.context().close()
  })

  it('leaves no error in the console, no break of the content security policy', () => {
    assert.deepEqual([...new Set(complaints)], [])
  })
})
