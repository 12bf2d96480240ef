/**
 * Where media of a client's choice may be fetched from: the open internet, and nothing behind our own door. Unlike an
 * upstream, which the operator names, such a URL is the client's word alone, so what is not known to be public is refused.
 */
import { BlockList, isIP } from 'node:net'
import { isForbiddenAddress } from './transport.ts'

/** IANA's special-purpose registry, multicast, and class E with the broadcast address. */
const SPECIAL_V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/** Within 2000::/3: protocol assignments with Teredo, documentation, 6to4 (which holds an IPv4 address of anybody's choice). */
const SPECIAL_V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

/** NAT64 (RFC 6052): in networks without IPv4 the way to every IPv4 host, so it is judged by the address inside. */
const NAT64 = '64:ff9b::'

/** Metadata services on addresses that are not link-local (Azure, Oracle, Alibaba). */
const METADATA = ['168.63.129.16', '192.0.0.192', '100.100.100.200']

// A BlockList takes an IPv4-mapped IPv6 address for the IPv4 address it holds.
const special = new BlockList()
for (const [net, bits] of SPECIAL_V4) {
  special.addSubnet(net, bits)
  special.addSubnet(NAT64 + net, 96 + bits, 'ipv6')
}
for (const [net, bits] of SPECIAL_V6) special.addSubnet(net, bits, 'ipv6')

const metadata = new BlockList()
for (const address of METADATA) {
  metadata.addAddress(address)
  metadata.addAddress(NAT64 + address, 'ipv6')
}

/** All of IPv6 that can be public. The rest is loopback, local, multicast or not in use. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
global.addSubnet('::ffff:0:0', 96, 'ipv6')
global.addSubnet(NAT64, 96, 'ipv6')

/** Whether an IP address is not link-local nor a metadata service's: what `allow-private` opens. */
export function isHarmlessAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && !isForbiddenAddress(address) && !metadata.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whether an IP address is one of the open internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (!isHarmlessAddress(address) || address.includes('%')) return false
  if (isIP(address) === 4) return !special.check(address, 'ipv4')
  return global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
