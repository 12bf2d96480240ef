import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isHarmlessAddress, isPublicAddress } from './public-address.ts'

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '93.184.216.34',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:200::1',
  '2a00:1450:4001:80b::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
]
/** What a gateway may have beside it; `allow-private` opens these. */
const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '0.1.2.3',
  '::1',
  'fc00::1',
  'fd12:3456::1',
  'fec0::1',
  'ff02::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '4000::1',
  '5f00::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.1.2.3',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
]
/** Closed to everybody. */
const NEVER = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::ffff:168.63.129.16',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::a83f:8110',
  '64:ff9b::100.100.100.200',
]

describe('an address media may be fetched from', () => {
  for (const address of PUBLIC)
    it(`${address} is public`, () => {
      assert.equal(isPublicAddress(address), true)
      assert.equal(isHarmlessAddress(address), true)
    })

  for (const address of PRIVATE)
    it(`${address} is not public`, () => {
      assert.equal(isPublicAddress(address), false)
      assert.equal(isHarmlessAddress(address), true)
    })

  for (const address of NEVER)
    it(`${address} is open to nobody`, () => {
      assert.equal(isPublicAddress(address), false)
      assert.equal(isHarmlessAddress(address), false)
    })

  it('is an address', () => {
    for (const text of [
      '',
      'localhost',
      'example.com',
      '127.1',
      '0x7f000001',
      '2130706433',
      '8.8.8.8 ',
      '[::1]',
      '2a00::1%x',
    ]) {
      assert.equal(isPublicAddress(text), false, text)
      if (!text.includes('%')) assert.equal(isHarmlessAddress(text), false, text)
    }
  })
})
