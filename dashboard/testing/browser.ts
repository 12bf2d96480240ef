/** One real Chromium for a test file. It is an npm development dependency: where it is missing, that is said and not passed over. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'

const require = createRequire(import.meta.url)

/** Why there is no browser on this machine, or undefined when there is one. */
export function whyNoBrowser(): string | undefined {
  for (const name of ['@sparticuz/chromium', 'playwright-core'])
    try {
      require.resolve(name)
    } catch {
      return `${name} is not installed: run "npm ci" with development dependencies to test the page in Chromium`
    }
  if (process.platform !== 'linux')
    return `@sparticuz/chromium brings Chromium for Linux alone, not for ${process.platform}: the page was not tested in a browser here`
  return undefined
}

/** @throws {Error} when Chromium is installed and does not start: that is a failure, not a reason to skip. */
export async function startBrowser(): Promise<Browser> {
  const { default: chromium } = await import('@sparticuz/chromium')
  const { chromium: driver } = await import('playwright-core')
  const executablePath = await chromium.executablePath()
  if (!existsSync(executablePath)) throw new Error(`Chromium was not unpacked to ${executablePath}`)
  // Its own arguments are for one page in a function service: here pages come and go, and the web's own rules must hold.
  const unfit =
    /^--(?:single-process|disable-web-security|allow-running-insecure-content|disable-site-isolation-trials)$/
  return driver.launch({ executablePath, args: chromium.args.filter((a) => !unfit.test(a)), headless: true })
}
