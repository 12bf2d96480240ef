/** Pictures of every view for people to look at: `node dashboard/dev/shots.ts [folder] [part of a name]`. */
import { mkdirSync } from 'node:fs'
import { bundlePage } from '../../scripts/dashboard.ts'
import { startBrowser } from '../testing/browser.ts'
import { startDev } from './server.ts'

const folder = process.argv[2] ?? '/tmp/shots'
const only = process.argv[3] ?? ''
const VIEWS: [string, string][] = [
  ['overview', '/dashboard/'],
  ['requests', '/dashboard/#/requests'],
  ['usage', '/dashboard/#/usage'],
  ['usage-model', '/dashboard/#/usage?by=servedModel&days=30'],
  ['models', '/dashboard/#/models'],
  ['router', '/dashboard/#/router'],
  ['providers', '/dashboard/#/providers'],
  ['connection', '/dashboard/#/connection'],
  ['api', '/dashboard/#/api'],
  ['panel-accounts', '/management.html'],
  ['panel-keys', '/management.html#/keys'],
  ['panel-config', '/management.html#/config'],
  ['panel-models', '/management.html#/models'],
  ['panel-routing', '/management.html#/routing'],
  ['panel-logs', '/management.html#/logs'],
  ['panel-audit', '/management.html#/audit'],
  ['panel-doctor', '/management.html#/doctor'],
]
mkdirSync(folder, { recursive: true })
const built = await bundlePage()
const browser = await startBrowser()
for (const empty of [false, true]) {
  const server = await startDev({ page: () => built, empty })
  for (const scheme of ['light', 'dark'] as const)
    for (const width of [1280, 360]) {
      const page = await browser.newPage({
        viewport: { width, height: width === 360 ? 760 : 860 },
        colorScheme: scheme,
      })
      page.on('pageerror', (error) => console.log('page error:', error.message))
      page.on('console', (m) => m.type() === 'error' && console.log('console:', m.text()))
      for (const [name, path] of VIEWS) {
        const file = `${name}-${scheme}-${width}${empty ? '-empty' : ''}`
        if (!file.includes(only)) continue
        await page.goto('about:blank')
        await page.goto(server.url + path)
        await page.waitForTimeout(450)
        await page.screenshot({ path: `${folder}/${file}.png`, fullPage: true })
      }
      await page.close()
    }
  await server.close()
}
await browser.close()
