/** Ways out of this machine: undici's pools with the proxies people have, and the addresses nobody is connected to. */
import { lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { Agent, buildConnector, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici'

export class ForbiddenAddressError extends Error {
  constructor(address: string) {
    super(`${address} is a link-local or metadata address; the gateway never connects there`)
    this.name = 'ForbiddenAddressError'
  }
}

const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16)
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('100.100.100.200')
forbidden.addAddress('fd00:ec2::254', 'ipv6')
// The same, as NAT64 spells it (RFC 6052).
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
forbidden.addAddress('0.0.0.0')
forbidden.addAddress('::', 'ipv6')

/** Link-local and cloud metadata addresses: nothing a model answers from, and the first thing an attacker asks for. */
export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && forbidden.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** A look-up that refuses names that lead to such an address: also what a rebinding resolver answers. */
export const guardedLookup: typeof lookup = ((
  hostname: string,
  options: object,
  callback: (...args: unknown[]) => void,
) => {
  lookup(hostname, options, (error, address: unknown, family) => {
    const found = Array.isArray(address) ? address.map((a: { address: string }) => a.address) : [address as string]
    const bad = error === null ? found.find((a) => typeof a === 'string' && isForbiddenAddress(a)) : undefined
    if (bad !== undefined) callback(new ForbiddenAddressError(bad))
    else callback(error, address, family)
  })
}) as typeof lookup

/** `''` for no proxy, which is what `direct`, `none` and nothing mean. */
export function proxyOf(proxyUrl: string | undefined): string {
  return proxyUrl === undefined || proxyUrl === 'direct' || proxyUrl === 'none' ? '' : proxyUrl
}

/**
 * A connection pool straight to the origins, or through a proxy.
 * @param proxy `''`, or the URL of an http, https, socks5 or socks5h proxy.
 * @param timeout ms to connect.
 */
export function makeDispatcher(proxy: string, timeout: number): Dispatcher {
  // A stream holds its connection for minutes: a limit of connections would queue the next ones behind it.
  const common = {
    connections: null,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 300_000,
  }
  const connect = { timeout, lookup: guardedLookup, noDelay: true, keepAlive: true }
  if (proxy === '') return new Agent({ ...common, connect })
  // undici lets the proxy look names up, which is what the h stands for; it does not know the letter.
  if (/^socks5h?:/.test(proxy)) {
    const toProxy = { connect: buildConnector(connect), connectTimeout: timeout }
    return new Socks5ProxyAgent(proxy.replace(/^socks5h/, 'socks5'), { ...common, ...toProxy } as never)
  }
  return new ProxyAgent({
    ...common,
    uri: proxy,
    connectTimeout: timeout,
    proxyTls: { lookup: guardedLookup },
  } as ProxyAgent.Options)
}
