/** The config's `host-overrides`: a stand-in for each vendor host, so that every flow can be tried against loopback. */

export interface Hosts {
  /** The URL with the override of its origin in place; unchanged if there is none. */
  url(vendorUrl: string): string
}

/**
 * The further addresses of an API that an account may go on to from its first: those on the same side, so that a stand-in
 * is never left for a real host, nor a real host for a stand-in.
 */
export function besides(url: Hosts['url'], first: string, others: readonly string[]): string[] {
  const isMoved = (vendorUrl: string): boolean => url(vendorUrl) !== vendorUrl
  return others.filter((other) => isMoved(other) === isMoved(first)).map((other) => url(other).replace(/\/+$/, ''))
}

/** @param overrides vendor origin (`https://claude.ai`) → base URL (`http://127.0.0.1:5000/claude.ai`), no trailing slash. */
export function createHosts(overrides: Readonly<Record<string, string>>): Hosts {
  if (Object.keys(overrides).length === 0) return { url: (url) => url }
  return {
    url(vendorUrl) {
      const { origin } = new URL(vendorUrl)
      const base = Object.hasOwn(overrides, origin) ? overrides[origin] : undefined
      return base === undefined ? vendorUrl : base.replace(/\/+$/, '') + vendorUrl.slice(origin.length)
    },
  }
}
