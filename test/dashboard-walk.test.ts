/**
 * The whole product as its owner meets it: the real gateway, the real page, real logins against the simulated vendors, in
 * a real Chromium. `LOGICAPROXY_SHOTS=folder` keeps pictures of every view.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import OpenAI from 'openai'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startBrowser, whyNoBrowser } from '../dashboard/testing/browser.ts'
import {
  ADMIN_TOKEN,
  CONFIG_SECRETS,
  type Estate,
  type Heard,
  holds,
  KEPT_COMMENT,
  openEstate,
  openWindow,
  settled,
  VIEWS,
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

  async function axe(where: string, on = page): Promise<void> {
    const { violations } = await new AxeBuilder({ page: on }).analyze()
    assert.deepEqual(
      violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3)}`),
      [],
      where,
    )
  }

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

  it('does the main tasks with the keyboard alone', async () => {
    /** Tabs until something of that name has the focus. */
    const tabTo = async (name: RegExp, most = 80) => {
      for (let i = 0; i < most; i += 1) {
        await page.keyboard.press('Tab')
        const at = String(
          await page.evaluate(
            "(() => { const e = document.activeElement; return e === document.body ? '' : (e.getAttribute('aria-label') ?? (e.labels?.[0] ?? e).textContent ?? '').trim() })()",
          ),
        )
        if (name.test(at)) return
      }
      assert.fail(`the focus never came to ${name}`)
    }
    await go('/dashboard/#/')
    await tabTo(/^Skip to content/)
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    // A request: from the list into its timeline and back.
    await go('/dashboard/#/requests')
    await tabTo(/Open details/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    // The test request.
    await go('/dashboard/#/connection')
    await tabTo(/^Model$/)
    await page.keyboard.press('Control+A')
    await page.keyboard.type('claude-sonnet-4-6')
    await page.keyboard.press('Enter')
    await page.getByText('It works').waitFor()
    // A login: chosen, begun, given up.
    await go('/management.html#/')
    await tabTo(/^Log in$/)
    await page.keyboard.press('Enter')
    await dialog().waitFor()
    await tabTo(/kimi/i)
    await page.keyboard.press('Enter')
    await dialog().getByRole('button', { name: 'Start login' }).waitFor()
    const read = dialog().getByLabel('I have read this')
    if ((await read.count()) > 0) {
      await tabTo(/^I have read this/)
      await page.keyboard.press('Space')
    }
    await tabTo(/^Start login$/)
    await page.keyboard.press('Enter')
    await dialog().locator('.secret code').waitFor()
    await tabTo(/^Give up$/)
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    // A key: made and revoked.
    await go('/management.html#/keys')
    await tabTo(/^New key$/)
    await page.keyboard.press('Enter')
    await dialog().waitFor()
    await tabTo(/^Name$/)
    await page.keyboard.type('by keyboard')
    await page.keyboard.press('Enter')
    made.push((await page.locator('.secret code').textContent())!)
    await tabTo(/^I have kept it$/)
    await page.keyboard.press('Enter')
    await tabTo(/^Actions for by keyboard$/)
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await holds(page, "document.activeElement.getAttribute('role') === 'menuitem'")
    await page.keyboard.press('ArrowUp')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Revoke')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Revoke key' }).waitFor()
    await tabTo(/^Revoke key$/)
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /by keyboard/ }).waitFor({ state: 'detached' })
    // Another theme, kept.
    await tabTo(/^Theme of the system$/)
    await page.keyboard.press('ArrowLeft')
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    await page.keyboard.press('ArrowRight')
  })

  for (const scheme of ['light', 'dark'] as const)
    for (const width of [1280, 360])
      it(`every view, ${scheme}, ${width} px: no fault that axe knows, nothing sticks out`, async () => {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height: width === 360 ? 760 : 860 })
        for (const [name, path] of VIEWS) {
          await go(path)
          await axe(`${name}, ${scheme}, ${width}`)
          const [wide, room] = (await page.evaluate(
            '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
          )) as [number, number]
          assert.ok(wide <= room, `${name}: ${wide} px in ${room}`)
          if (shots) await page.screenshot({ path: `${shots}/${name}-${scheme}-${width}.png`, fullPage: true })
        }
        await page.setViewportSize({ width: 1280, height: 860 })
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
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
