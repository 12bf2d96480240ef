/**
 * `logicaproxy dashboard`: prints a one-time link to the dashboard of a running server. The link goes through the store, so
 * it needs no token: whoever may write there owns the server.
 */
import { expandHome } from '../config/load.ts'
import { linkPath, makeLink } from '../server/admin/management/auth/links.ts'
import { openStore, storeLocation } from '../store/index.ts'
import { noBrowserBecause, openBrowser } from './browser.ts'
import type { DashboardOptions } from './dashboard.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { readConfig, told } from './with-accounts.ts'
import { notOpened } from './with-store.ts'

/** How long the server may take to say that it is there, ms. */
const PATIENCE_MS = 2_000

/** @throws {CommandError} when no server answers, its pages are turned off, or the store cannot be written. */
export async function dashboard(out: Output, options: DashboardOptions): Promise<void> {
  const config = await readConfig(options.config)
  if (config['remote-management']['disable-control-panel'])
    throw new CommandError(
      'The dashboard is turned off: remote-management.disable-control-panel in the config.',
      EXIT.config,
    )
  const host = /^(?:0\.0\.0\.0|::|)$/.test(config.host) ? '127.0.0.1' : config.host
  const scheme = config.tls.enable ? 'https' : 'http'
  const base = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${options.port ?? config.port}`
  await answers(base)
  let link: { link: string; expiresAt: number }
  try {
    const store = await openStore(storeLocation(config, expandHome(config['auth-dir']))).catch(notOpened)
    try {
      link = await makeLink(store, Date.now())
    } finally {
      await store.close()
    }
  } catch (error) {
    throw told(error)
  }
  const url = base + linkPath(link.link)
  out.line(url)
  out.data({ event: 'dashboard', url, expiresAt: link.expiresAt })
  out.talk('Good for one use, within 10 minutes.')
  if (options.browser === false || out.json || noBrowserBecause(process.env, process.platform) !== undefined) return
  openBrowser(url, () => out.talk('The browser could not be opened: open the address yourself.'))
}

/** A link is of no use where nobody answers it. @throws {CommandError} */
async function answers(base: string): Promise<void> {
  try {
    const response = await fetch(`${base}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    await response.body?.cancel()
  } catch (error) {
    // A certificate of one's own is no reason to refuse: the browser asks its owner.
    const code = (error as { cause?: { code?: string } }).cause?.code ?? ''
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return
    throw new CommandError(
      `No server answers at ${base}. Start it with "logicaproxy", or name its port with --port and its config with --config.`,
      EXIT.failed,
    )
  }
}
