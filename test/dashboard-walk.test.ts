/**
 * The whole product as its owner meets it: the real gateway, the real page, real logins against the simulated vendors, in
 * a real Chromium. `LOGICAPROXY_SHOTS=folder` keeps pictures of every view.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import OpenAI from 'openai'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startBrowser, whyNoBrowser } from '../dashboard/testing/browser.ts'
import { axe as axeOf, dress, eachView, fits, holds, LOOKS, settled } from '../dashboard/testing/page.ts'
import {
  ADMIN_TOKEN,
  CONFIG_SECRETS,
  type Estate,
  type Heard,
  KEPT_COMMENT,
  openEstate,
  openWindow,
} from './support/dashboard.ts'
import { freePort } from './support/subscription.ts'

const missing = whyNoBrowser()
if (missing !== undefined) console.log(`NOT TESTED: ${missing}`)
const shots = process.env['LOGICAPROXY_SHOTS']
if (shots !== undefined) mkdirSync(shots, { recursive: true })

describe('the walk through the real page', { skip: missing ?? false }, () => {
  let estate: Estate
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let heard: Heard
  let settle: () => Promise<void>
  /** Keys made on the page, which may be in one answer each. */
  const made: string[] = []

  before(async () => {
    estate = await openEstate()
    browser = await startBrowser()
    ;({ context, heard, settle } = await openWindow(browser))
    page = await context.newPage()
  })
  after(async () => {
    await browser?.close()
    await estate?.[Symbol.asyncDispose]()
  })

  async function go(path: string): Promise<void> {
    // A hash alone would load nothing anew, and leave open what was open.
    await page.goto('about:blank')
    await page.goto(estate.url + path)
    await settled(page)
  }

  const axe = (where: string) => axeOf(page, where)
  const dialog = () => page.getByRole('dialog')

  /** Chooses a vendor in the login dialog and starts. */
  async function beginLogin(provider: string, label: string, way?: string): Promise<void> {
    await go('/management.html#/')
    await page.locator('main').getByRole('button', { name: 'Log in', exact: true }).first().click()
    await dialog()
      .getByRole('button', { name: new RegExp(`\\b${provider}\\b`) })
      .click()
    const ways = dialog().getByLabel('How you confirm it')
    await dialog().getByLabel('Name (optional)').waitFor()
    if (way !== undefined && (await ways.count()) > 0) await ways.selectOption(way)
    await dialog().getByLabel('Name (optional)').fill(label)
    if (way === undefined || way === 'browser') {
      // The vendor's own port is everybody's: tests run side by side.
      await dialog().getByText('More settings').click()
      await dialog()
        .getByLabel('Port for the way back')
        .fill(String(await freePort()))
    }
    const read = dialog().getByLabel('I have read this')
    if ((await read.count()) > 0) await read.check()
    await dialog().getByRole('button', { name: 'Start login' }).click()
  }

  /** The login is over, and its card is there. */
  async function loggedIn(label: string): Promise<void> {
    await dialog().waitFor({ state: 'detached' })
    await page
      .getByRole('article', { name: new RegExp(`^${label}`) })
      .getByText('Ready', { exact: true })
      .waitFor()
  }

  it('comes in by the one-time link, once', async () => {
    const { url } = await estate.gateway.dashboardLink()
    await page.goto(url)
    await settled(page)
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).search, '', 'the link is out of the address bar')
    const [cookie] = await context.cookies()
    assert.deepEqual([cookie!.httpOnly, cookie!.sameSite], [true, 'Strict'])
    const other = await browser.newContext()
    const stranger = await other.newPage()
    const answer = await stranger.goto(url)
    assert.equal(answer?.status(), 401)
    await stranger.getByText('used already').waitFor()
    await other.close()
  })

  it('logs Claude in: address, consent page, done', async () => {
    await beginLogin('claude', 'anna at Claude')
    await axe('login under way')
    const popup = context.waitForEvent('page')
    await dialog().getByRole('link', { name: 'Open in a new tab' }).click()
    const consent = await popup
    await consent.getByRole('button', { name: /anna/ }).click()
    await loggedIn('anna at Claude')
    assert.equal(await consent.evaluate('window.opener'), null)
    await consent.close()
    assert.equal(estate.gateway.logins!.records()[0]!.provider, 'claude')
  })

  it('logs Codex in by pasting back what the browser ended on', async () => {
    await beginLogin('codex', 'ben at Codex', 'paste')
    const address = await dialog().getByRole('link', { name: 'Open in a new tab' }).getAttribute('href')
    await dialog().getByLabel('Or paste what it ended on').fill('nothing of use!')
    await dialog().getByRole('button', { name: 'Finish login' }).click()
    await dialog().locator('.fault').waitFor()
    const redirect = await estate.simulator.consent({ url: address!, person: 'ben' })
    await dialog().getByLabel('Or paste what it ended on').fill(redirect)
    await dialog().getByRole('button', { name: 'Finish login' }).click()
    await loggedIn('ben at Codex')
  })

  it('logs Kimi in with a code typed elsewhere', async () => {
    await beginLogin('kimi', 'cleo at Kimi', 'device')
    const code = await dialog().locator('.secret code').textContent()
    await axe('device login')
    estate.simulator.confirmDevice(code!.trim(), 'cleo')
    await loggedIn('cleo at Kimi')
  })

  it('sends the test request, sees it come in live, and opens its timeline', async () => {
    const watching = await context.newPage()
    await watching.goto(`${estate.url}/dashboard/#/`)
    await settled(watching)
    await watching.getByText('No request yet').waitFor()
    await go('/dashboard/#/connection')
    await page.getByLabel('Model', { exact: true }).fill('claude-sonnet-4-6')
    await page.getByRole('button', { name: 'Send test request' }).click()
    await page.getByText('It works', { exact: true }).waitFor()
    await watching
      .getByRole('row', { name: /claude-sonnet-4-6/ })
      .first()
      .waitFor()
    await watching.close()
    await page.getByRole('button', { name: 'Open its timeline' }).click()
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.getByRole('img', { name: /^Attempt 1/ }).waitFor()
    await dialog().getByText('anna at Claude').first().waitFor()
    await axe('timeline')
    if (shots) await page.screenshot({ path: `${shots}/drawer-light-1280.png` })
    await page.keyboard.press('Escape')
  })

  it('shows what is left of an allowance after a request', async () => {
    await go('/dashboard/#/')
    const card = page.getByRole('article', { name: /^anna at Claude/ })
    await card.getByRole('meter').first().waitFor()
    await card
      .getByText(/\d+ ?% used/)
      .first()
      .waitFor()
    await card
      .getByText(/Resets/)
      .first()
      .waitFor()
    estate.simulator.setQuota('claude', 'anna', '5h', { used: 82 })
    assert.equal((await estate.ask('claude-sonnet-4-6', 'hello')).status, 200)
    await card
      .getByText(/8\d ?% used/)
      .first()
      .waitFor()
  })

  it('corrects a decision of the router, and the next one is another', async () => {
    await go('/dashboard/#/router')
    const prompt = 'Tell me about the harvest festival of our village'
    await page.getByLabel('Prompt').fill(prompt)
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('button', { name: 'This is wrong' }).waitFor()
    const first = await page.locator('[aria-live] .pill.info').first().textContent()
    const wanted = first === 'creative' ? 'reasoning' : 'creative'
    await page.getByRole('button', { name: 'This is wrong' }).click()
    await page.getByRole('button', { name: wanted, exact: true }).click()
    await page.getByText(`Learned: this is ${wanted}.`).first().waitFor()
    await page.locator('[aria-live] .pill.info', { hasText: wanted }).waitFor()
    await page.getByRole('cell', { name: prompt, exact: true }).waitFor()
    await axe('router with a decision')
    if (shots) await page.screenshot({ path: `${shots}/router-decided-light-1280.png`, fullPage: true })
    // Not in the playground alone: a real request goes the other way, too.
    const answer = await estate.ask('auto', prompt)
    assert.equal(answer.headers.get('x-ai-category'), wanted)
    await answer.text()
  })

  it('edits the config: a mistake is told at its key and line and not saved', async () => {
    await go('/management.html#/config')
    const source = page.getByLabel('Config as YAML')
    const shown = await source.inputValue()
    const kept = readFileSync(estate.file, 'utf8')
    await source.fill(shown.replace('strategy: round-robin', 'strategy: best'))
    const line = shown.slice(0, shown.indexOf('strategy: round-robin')).split('\n').length
    await page.locator('.gutter [data-fault="true"]').waitFor()
    await page
      .locator('#config-faults')
      .getByRole('button', { name: `Line ${line}`, exact: true })
      .waitFor()
    await page
      .locator('#config-faults')
      .getByText(/strategy/)
      .first()
      .waitFor()
    await page.getByText('routing', { exact: true }).first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'Review and save' }).isDisabled(), true)
    await axe('config with a fault')
    if (shots) await page.screenshot({ path: `${shots}/config-fault-light-1280.png`, fullPage: true })
    assert.equal(readFileSync(estate.file, 'utf8'), kept)
    // Past the page, the API itself refuses it, with the key.
    const refused = await page.evaluate(`(async () => {
      const { csrf } = await (await fetch('/v0/management/session')).json()
      const { digest, text } = await (await fetch('/v0/management/config')).json()
      const answer = await fetch('/v0/management/config', { method: 'PUT', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify({ expected: digest, text: text.replace('strategy: round-robin', 'strategy: best') }) })
      return [answer.status, await answer.json()]
    })()`)
    const [status, body] = refused as [number, { error: { faults: { path: string; line: number }[] } }]
    assert.equal(status, 422)
    assert.deepEqual(
      body.error.faults.map((f) => [f.path, f.line]),
      [['routing.strategy', line]],
    )
    assert.equal(readFileSync(estate.file, 'utf8'), kept)
  })

  it('edits the config without a mistake: saved, in force, comments and secrets kept, and undone', async () => {
    await go('/management.html#/config')
    const source = page.getByLabel('Config as YAML')
    const kept = readFileSync(estate.file, 'utf8')
    await source.fill((await source.inputValue()).replace('strategy: round-robin', 'strategy: fill-first'))
    await page.getByRole('button', { name: 'Review and save' }).click()
    await dialog().getByText('1 line added').waitFor()
    await axe('diff')
    if (shots) await page.screenshot({ path: `${shots}/config-diff-light-1280.png` })
    await dialog().getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('As in the file').waitFor()
    assert.equal(readFileSync(estate.file, 'utf8'), kept.replace('round-robin # as', 'fill-first # as'))
    assert.ok(readFileSync(estate.file, 'utf8').startsWith(KEPT_COMMENT))
    assert.equal(estate.gateway.config.routing.strategy, 'fill-first', 'it is in force')
    await page.getByRole('button', { name: 'Undo' }).click()
    await holds(
      page,
      "document.querySelector('[aria-label=\"Config as YAML\"]').value.includes('strategy: round-robin')",
    )
    await page.getByText('As in the file').waitFor()
    assert.equal(readFileSync(estate.file, 'utf8'), kept)
    assert.equal(estate.gateway.config.routing.strategy, 'round-robin')
  })

  it('makes a client key that is shown once, that an SDK can use, and that is dead once revoked', async () => {
    await go('/management.html#/keys')
    await page.getByRole('button', { name: 'New key' }).first().click()
    await dialog().getByLabel('Name', { exact: true }).fill('tablet')
    await axe('new key')
    await dialog().getByRole('button', { name: 'Make key' }).click()
    const secret = (await page.locator('.secret code').textContent())!
    made.push(secret)
    await axe('key shown')
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.reload()
    await settled(page)
    assert.ok(!(await page.content()).includes(secret), 'the key is gone from the page')
    const client = new OpenAI({ apiKey: secret, baseURL: `${estate.url}/v1`, maxRetries: 0 })
    const ask = () =>
      client.chat.completions.create({ model: 'claude-sonnet-4-6', messages: [{ role: 'user', content: 'hi' }] })
    assert.ok((await ask()).choices[0]!.message.content)
    const row = page.getByRole('row', { name: /tablet/ })
    await go('/management.html#/keys')
    await row.getByRole('link', { name: '1', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Actions for tablet' }).click()
    await page.getByRole('menuitem', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await row.waitFor({ state: 'detached' })
    await assert.rejects(ask(), (error: InstanceType<typeof OpenAI.APIError>) => error.status === 401)
  })

  it('clears a cooldown: the account answers at once again', async () => {
    estate.simulator.script('codex:ben', [{ name: '429', value: 600 }])
    const first = await estate.ask('gpt-5.4', 'hello')
    assert.equal(first.status, 429)
    await first.text()
    await go('/management.html#/')
    const card = page.getByRole('article', { name: /^ben at Codex/ })
    // The refusal was about one model: the account is ready for the others, and says so.
    await card.getByText('Ready, but for gpt-5.4, which rests.').waitFor()
    if (shots) await page.screenshot({ path: `${shots}/resting-light-1280.png`, fullPage: true })
    await card.getByRole('button', { name: /^Clear the rests/ }).click()
    await card.getByText(/which rests/).waitFor({ state: 'detached' })
    const again = await estate.ask('gpt-5.4', 'hello')
    assert.equal(again.status, 200, await again.text())
  })

  describe('with the keyboard alone', () => {
    /** What a screen reader calls that which has the focus, by what stands in the page. */
    const named = async () =>
      String(
        await page.evaluate(
          "(() => { const e = document.activeElement; return e === document.body ? '' : (e.getAttribute('aria-label') ?? (e.labels?.[0] ?? e).textContent ?? '').trim() })()",
        ),
      )
    const press = (...keys: string[]) =>
      keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve())
    /** Tabs until something of that name has the focus. */
    const tabTo = async (name: RegExp, most = 120) => {
      for (let i = 0; i < most; i += 1) {
        await page.keyboard.press('Tab')
        if (name.test(await named())) return
      }
      assert.fail(`the focus never came to ${name}`)
    }
    const enter = async (name: RegExp) => {
      await tabTo(name)
      await page.keyboard.press('Enter')
    }
    const fill = async (name: RegExp, text: string) => {
      await tabTo(name)
      await page.keyboard.press('Control+A')
      await page.keyboard.type(text)
    }

    it('skips to the content, opens a request and comes back to where it was', async () => {
      await go('/dashboard/#/')
      await enter(/^Skip to content/)
      assert.equal(await page.evaluate('document.activeElement.id'), 'main')
      await go('/dashboard/#/requests')
      await enter(/Open details/)
      await page.getByRole('heading', { name: 'Timeline' }).waitFor()
      await press('Escape')
      await dialog().waitFor({ state: 'detached' })
      assert.match(await named(), /Open details/)
    })

    it('sends the test request and opens its timeline', async () => {
      await go('/dashboard/#/connection')
      await fill(/^Model$/, 'claude-sonnet-4-6')
      await press('Enter')
      await page.getByText('It works').waitFor()
      await enter(/^Open its timeline$/)
      await page.getByRole('heading', { name: 'Timeline' }).waitFor()
      await press('Escape')
    })

    it('logs an account in: vendor, policy, consent in the new tab, done', async () => {
      await go('/management.html#/')
      await enter(/^Log in$/)
      await dialog().waitFor()
      await enter(/claude/i)
      await fill(/^Name \(optional\)$/, 'ben at Claude')
      await enter(/^More settings$/)
      await fill(/^Port for the way back$/, String(await freePort()))
      await tabTo(/^I have read this/)
      await press('Space')
      await enter(/^Start login$/)
      const popup = context.waitForEvent('page')
      await enter(/^Open in a new tab$/)
      const consent = await popup
      const person = consent.getByRole('button', { name: /ben/ })
      await person.waitFor()
      for (let i = 0; i < 20 && !(await person.evaluate((e) => e === e.ownerDocument.activeElement)); i += 1)
        await consent.keyboard.press('Tab')
      await consent.keyboard.press('Enter')
      await loggedIn('ben at Claude')
      await consent.close()
    })

    it('begins a login with a code and gives it up', async () => {
      await go('/management.html#/')
      await enter(/^Log in$/)
      await dialog().waitFor()
      await enter(/kimi/i)
      await dialog().getByRole('button', { name: 'Start login' }).waitFor()
      if ((await dialog().getByLabel('I have read this').count()) > 0) {
        await tabTo(/^I have read this/)
        await press('Space')
      }
      await enter(/^Start login$/)
      await dialog().locator('.secret code').waitFor()
      await enter(/^Give up$/)
      await dialog().waitFor({ state: 'detached' })
    })

    it('corrects a decision of the router, takes it back with Ctrl+Z, and forgets an example', async () => {
      await go('/dashboard/#/router')
      const prompt = 'Think of a name for our village choir'
      await fill(/^Prompt$/, prompt)
      await press('Control+Enter')
      await page.getByRole('button', { name: 'This is wrong' }).waitFor()
      const first = await page.locator('[aria-live] .pill.info').first().textContent()
      const wanted = first === 'analysis' ? 'reasoning' : 'analysis'
      await enter(/^This is wrong$/)
      assert.notEqual(await named(), '', 'the focus is at the first choice')
      if ((await named()) !== wanted) await tabTo(new RegExp(`^${wanted}$`))
      await press('Enter')
      const row = page.getByRole('cell', { name: prompt, exact: true })
      await row.waitFor()
      await page.evaluate("document.getElementById('main').focus()")
      await press('Control+z')
      await row.waitFor({ state: 'detached' })
      await enter(/^Forget: Tell me about the harvest/)
      await page.getByRole('cell', { name: /^Tell me about the harvest/ }).waitFor({ state: 'detached' })
    })

    it('edits the config: a mistake told at its key, then a change saved and taken back', async () => {
      const kept = readFileSync(estate.file, 'utf8')
      await go('/management.html#/config')
      await fill(/^Search settings$/, 'request-retry')
      await fill(/^request-retry$/, 'many')
      await press('Enter')
      const field = page.getByLabel('request-retry', { exact: true })
      await page.locator('[data-key="request-retry"] .fault').waitFor()
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      const told = await field.getAttribute('aria-describedby')
      assert.match(told!, /-f\b/, 'the fault is read with the field')
      await axe('a fault at its key')
      await enter(/^Line \d+$/)
      await holds(page, "document.activeElement.getAttribute('aria-label') === 'Config as YAML'")
      await fill(/^request-retry$/, '2')
      await press('Enter')
      await page.getByText('Changed, not saved').waitFor()
      await holds(
        page,
        "[...document.querySelectorAll('button')].some((b) => b.textContent === 'Review and save' && !b.disabled)",
      )
      await enter(/^Review and save$/)
      await dialog().getByText('1 line added').waitFor()
      await enter(/^Save$/)
      await page.getByText('As in the file').waitFor()
      await dialog().waitFor({ state: 'detached' })
      assert.match(readFileSync(estate.file, 'utf8'), /request-retry: 2/)
      assert.equal(await page.evaluate('document.activeElement.id'), 'main', 'the focus is not lost')
      await press('Control+z')
      await page.getByText('The config is as it was before.').first().waitFor()
      assert.equal(readFileSync(estate.file, 'utf8'), kept)
      // The same from the list of earlier texts.
      await enter(/^History$/)
      await enter(/^Replaced/)
      await dialog().getByText('1 line added').waitFor()
      await press('Escape')
    })

    it('makes a key and revokes it', async () => {
      await go('/management.html#/keys')
      await enter(/^New key$/)
      await dialog().waitFor()
      await tabTo(/^Name$/)
      await page.keyboard.type('by keyboard')
      await press('Enter')
      made.push((await page.locator('.secret code').textContent())!)
      await enter(/^I have kept it$/)
      await enter(/^Actions for by keyboard$/)
      await page.getByRole('menu').waitFor()
      await holds(page, "document.activeElement.getAttribute('role') === 'menuitem'")
      await press('ArrowUp')
      assert.equal(await named(), 'Revoke')
      await press('Enter')
      await page.getByRole('button', { name: 'Revoke key' }).waitFor()
      await enter(/^Revoke key$/)
      await page.getByRole('row', { name: /by keyboard/ }).waitFor({ state: 'detached' })
    })

    it('clears a rest', async () => {
      estate.simulator.script('codex:ben', [{ name: '429', value: 600 }])
      const refused = await estate.ask('gpt-5.4', 'hello')
      assert.equal(refused.status, 429)
      await refused.text()
      await go('/management.html#/')
      const card = page.getByRole('article', { name: /^ben at Codex/ })
      await card.getByText(/which rests/).waitFor()
      await enter(/^Clear the rests of ben at Codex$/)
      await card.getByText(/which rests/).waitFor({ state: 'detached' })
      await enter(/^Actions for ben at Codex$/)
      await page.getByRole('menu').waitFor()
      assert.ok(!(await page.getByRole('menu').textContent())!.includes('Clear'), 'there is nothing to clear any more')
      await press('Escape')
      assert.equal((await estate.ask('gpt-5.4', 'hello')).status, 200)
    })

    it('walks the chart bar by bar, chooses a theme that is kept, and goes by the navigation', async () => {
      await go('/dashboard/#/')
      await tabTo(/one bar at a time$/)
      await press('Home', 'ArrowRight')
      assert.match(String(await page.evaluate("document.activeElement.getAttribute('aria-valuetext')")), /request/)
      await tabTo(/^Theme of the system$/)
      await press('ArrowLeft')
      assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
      await page.reload()
      await settled(page)
      assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
      await tabTo(/^Dark theme$/)
      await press('ArrowRight')
      await enter(/^Usage$/)
      await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
      assert.equal(await named(), 'Usage', 'reading goes on at the title')
    })
  })

  it('every view, light and dark, wide and narrow: no fault that axe knows, nothing sticks out', async () => {
    await eachView(page, estate.url, async (name) => {
      const words = String(await page.evaluate("document.querySelector('main').innerText"))
      assert.doesNotMatch(words, /\d\d:\d\d ?UTC|\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/, `${name}: times are the reader's`)
      for (const look of LOOKS) {
        const where = `${name}-${look.scheme}-${look.width}`
        await dress(page, look)
        await axeOf(page, where, look.scheme === 'dark')
        await fits(page, where)
        if (shots) await page.screenshot({ path: `${shots}/${where}.png`, fullPage: true })
      }
      // The next view is opened as it is seen first.
      await dress(page, LOOKS[0]!)
    })
  })

  it('signs out: the session is over in every tab, and the token opens a new one', async () => {
    await go('/dashboard/#/')
    await page.getByRole('button', { name: 'Session' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('Admin token').waitFor()
    await axe('sign-in')
    if (shots) await page.screenshot({ path: `${shots}/sign-in-light-1280.png` })
    const status = await page.evaluate("fetch('/v0/management/status').then((r) => r.status)")
    assert.equal(status, 401)
    await page.getByLabel('Admin token').fill(ADMIN_TOKEN)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  })

  it('was told no token and no key, but each new key once; said nothing wrong; asked nobody else', async () => {
    await settle()
    const api = heard.answers.filter(({ url }) => url === 'events' || url.startsWith(estate.url))
    assert.ok(api.length > 200, `${api.length} answers were read`)
    assert.ok(api.some(({ url }) => url === 'events'))
    const tokens = await estate.tokens()
    assert.ok(tokens.length >= 6)
    for (const secret of [...tokens, ...CONFIG_SECRETS, ADMIN_TOKEN])
      for (const spelling of [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64url').slice(0, -2),
      ])
        assert.deepEqual(
          api.filter(({ text }) => text.includes(spelling)).map(({ url }) => url),
          [],
        )
    assert.equal(made.length, 2)
    for (const key of made)
      assert.deepEqual(
        api.filter(({ text }) => text.includes(key)).map(({ url }) => new URL(url).pathname),
        ['/v0/management/keys'],
      )
    assert.deepEqual(heard.strays, [])
    // What the walk did on purpose: a pasted text without a code, a config with a fault, and asking after signing out.
    const meant = /status of (?:400|401|422)/
    assert.deepEqual(
      heard.complaints.filter((c) => !meant.test(c)),
      [],
    )
  })
})
