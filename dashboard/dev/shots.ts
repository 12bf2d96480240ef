/**
 * Pictures for people to look at: every view, full and empty, and every state of states.ts, light and dark, wide and narrow:
 * `node dashboard/dev/shots.ts [folder] [part of a name]`.
 */
import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { bundlePage } from '../../scripts/dashboard.ts'
import { startBrowser } from '../testing/browser.ts'
import { startDev } from './server.ts'
import { STATES, type State } from './states.ts'

const folder = process.argv[2] ?? '/tmp/shots'
const only = process.argv[3] ?? ''
const VIEWS: readonly State[] = [
  { name: 'overview', path: '/dashboard/' },
  { name: 'requests', path: '/dashboard/#/requests' },
  { name: 'usage', path: '/dashboard/#/usage' },
  { name: 'usage-model', path: '/dashboard/#/usage?by=servedModel&days=30' },
  { name: 'models', path: '/dashboard/#/models' },
  { name: 'router', path: '/dashboard/#/router' },
  { name: 'providers', path: '/dashboard/#/providers' },
  { name: 'connection', path: '/dashboard/#/connection' },
  { name: 'api', path: '/dashboard/#/api' },
  { name: 'panel-accounts', path: '/management.html' },
  { name: 'panel-keys', path: '/management.html#/keys' },
  { name: 'panel-config', path: '/management.html#/config' },
  { name: 'panel-models', path: '/management.html#/models' },
  { name: 'panel-routing', path: '/management.html#/routing' },
  { name: 'panel-logs', path: '/management.html#/logs' },
  { name: 'panel-audit', path: '/management.html#/audit' },
  { name: 'panel-doctor', path: '/management.html#/doctor' },
]

mkdirSync(folder, { recursive: true })
const built = await bundlePage()
const browser = await startBrowser()

/** The page has what it asked for, or waits for good, and two frames were drawn since. */
async function still(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await page.waitForTimeout(350)
}

async function take(state: State, file: string, scheme: 'light' | 'dark', width: number, empty: boolean) {
  const { path, crowd, signedIn } = state
  const server = await startDev({ page: () => built, empty, crowd, signedIn })
  const page = await browser.newPage({
    viewport: { width, height: width === 360 ? 760 : 860 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  })
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => console.log(`${file}: ${error.message}`))
  try {
    await state.before?.(server, page)
    await page.goto(server.url + path)
    await still(page)
    await state.act?.(page, server)
    if (state.act !== undefined) await page.waitForTimeout(250)
  } catch (error) {
    console.log(`${file}: ${String(error).split('\n')[0]}`)
  }
  await page.screenshot({ path: `${folder}/${file}.png`, fullPage: state.inSight !== true })
  await page.close()
  await server.close()
}

for (const [list, empty] of [
  [VIEWS, false],
  [VIEWS, true],
  [STATES, false],
] as const)
  for (const scheme of ['light', 'dark'] as const)
    for (const width of [1280, 360])
      for (const state of list) {
        const file = `${state.name}-${scheme}-${width}${empty ? '-empty' : ''}`
        if (file.includes(only)) await take(state, file, scheme, width, empty)
      }
await browser.close()
