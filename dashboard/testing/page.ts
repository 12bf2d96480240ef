/** Looking at the page as tests do: its views, when they are there, and what is wrong with them. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { faultsOf } from './axe.ts'

/** Every view of both pages. */
export const VIEWS: readonly (readonly [name: string, path: string])[] = [
  ['overview', '/dashboard/#/'],
  ['requests', '/dashboard/#/requests'],
  ['usage', '/dashboard/#/usage'],
  ['usage-model', '/dashboard/#/usage?by=servedModel'],
  ['models', '/dashboard/#/models'],
  ['router', '/dashboard/#/router'],
  ['providers', '/dashboard/#/providers'],
  ['connection', '/dashboard/#/connection'],
  ['api', '/dashboard/#/api'],
  ['panel-accounts', '/management.html#/'],
  ['panel-keys', '/management.html#/keys'],
  ['panel-config', '/management.html#/config'],
  ['panel-models', '/management.html#/models'],
  ['panel-routing', '/management.html#/routing'],
  ['panel-logs', '/management.html#/logs'],
  ['panel-audit', '/management.html#/audit'],
  ['panel-doctor', '/management.html#/doctor'],
]

/** Waits until an expression is true in the page. Playwright's own way evaluates text there, which the page's policy forbids. */
export async function holds(page: Page, expression: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(20))
    if ((await page.evaluate(expression)) === true) return
  throw new Error(`not so after 30 s: ${expression}`)
}

/** The view is there, and what it has asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await holds(page, "document.querySelector('main .skeleton') === null")
}

/** Axe finds nothing. @param colours only what depends on the colour scheme. @throws {AssertionError} with its findings. */
export async function axe(page: Page, where: string, colours = false): Promise<void> {
  assert.deepEqual(await faultsOf(page, colours), [], where)
}

/** Nothing is wider than the window. */
export async function fits(page: Page, where: string): Promise<void> {
  const [wide, room] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number]
  assert.ok(wide <= room, `${where}: ${wide} px in ${room}`)
}

/** Nothing to touch is lower or narrower than a finger: 40 px, links within text aside. */
export async function touchable(page: Page, where: string): Promise<void> {
  const small =
    await page.evaluate(`[...document.querySelectorAll('button, select, input:not([type=checkbox]), textarea, a.btn, .nav a, summary')]
    .filter((e) => e.checkVisibility() && !e.classList.contains('open'))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, b]) => b.width > 1 && (b.height < 39.5 || b.width < 39.5))
    .map(([e, b]) => (e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 40) + ' ' + Math.round(b.width) + 'x' + Math.round(b.height))`)
  assert.deepEqual(small, [], where)
}

export interface Look {
  scheme: 'light' | 'dark'
  /** px */
  width: number
}
/** The dark ones come last: the document is the same then, and only its colours have to be looked at anew. */
export const LOOKS: readonly Look[] = [
  { scheme: 'light', width: 1280 },
  { scheme: 'light', width: 360 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'dark', width: 360 },
]

/** The page as another reader sees it, without loading it anew. */
export async function dress(page: Page, { scheme, width }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height: width === 360 ? 760 : 860 })
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/** Every view in turn: each of the two documents is loaded once, the rest is the way people go, by its links. */
export async function eachView(
  page: Page,
  base: string,
  look: (name: string, path: string) => Promise<void>,
): Promise<void> {
  let document = ''
  for (const [name, path] of VIEWS) {
    const [file, hash] = path.split('#') as [string, string]
    if (file !== document) {
      // Another hash alone would leave open what is open.
      await page.goto('about:blank')
      await page.goto(base + path)
    } else await page.evaluate(`location.hash = ${JSON.stringify(hash)}; scrollTo(0, 0)`)
    document = file
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    await settled(page)
    await look(name, path)
  }
}
