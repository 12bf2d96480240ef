import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { providers } from '../providers/index.ts'
import { stopping } from './gateway.ts'
import { endpoints, fakeReply, fakeTransport, inbound, matched, road, snapshotOf } from './testing/fixture.ts'

describe('a snapshot', () => {
  it('cannot be changed', () => {
    const snapshot = snapshotOf({ ...endpoints(2), 'claude-api-key': [{ 'api-key': 'k' }] })
    for (const part of [
      snapshot,
      snapshot.config,
      snapshot.config.routing,
      snapshot.accounts,
      snapshot.accounts[0]!,
      snapshot.limits,
      snapshot.cooldown,
    ])
      assert.ok(Object.isFrozen(part), JSON.stringify(part).slice(0, 80))
  })

  it('counts in the units of the road; 0 seconds in total is no limit', () => {
    const { limits, sessionTtlMs, cooldown } = snapshotOf({
      limits: { 'body-mib': 2, 'event-mib': 0.5 },
      timeouts: { 'first-event': 1.5, idle: 0, total: 0 },
      streaming: { 'keepalive-seconds': 4 },
      routing: { 'session-affinity-ttl': '10m' },
      cooldown: { 'probe-seconds': 9, 'max-seconds': 99 },
      'max-retry-interval': 7,
    })
    assert.deepEqual(
      [limits.bodyBytes, limits.eventBytes, limits.firstEventMs, limits.idleMs, limits.totalMs, limits.keepAliveMs],
      [2_097_152, 524_288, 1_500, 0, Number.POSITIVE_INFINITY, 4_000],
    )
    assert.deepEqual([limits.maxRetryWaitMs, sessionTtlMs], [7_000, 600_000])
    assert.deepEqual([cooldown.probeMs, cooldown.maxMs], [9_000, 99_000])
  })

  it('bounds the rest after passing faults by its key; a negative one is none', () => {
    const rest = (seconds: number) =>
      snapshotOf({ 'transient-error-cooldown-seconds': seconds }).cooldown.transientMaxMs
    assert.deepEqual([rest(0), rest(5), rest(-1)], [60_000, 5_000, 0])
  })

  it('has no affinity when that is switched off', () => {
    assert.equal(snapshotOf({ routing: { 'session-affinity': false } }).sessionTtlMs, 0)
  })

  it('takes an endpoint of the config for a provider', () => {
    assert.deepEqual([...snapshotOf(endpoints(1)).providers.keys()], [...providers.map((p) => p.id), 'one'])
  })

  it('stays with the request that started under it', () => {
    const transport = fakeTransport()
    const { gateway } = road(endpoints(2), transport)
    const reply = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), reply)
    gateway.swap(snapshotOf({}))
    transport.sent[0]!.to.onError(new Error('reset'))
    assert.equal(transport.sent.length, 2)
    const late = fakeReply()
    gateway.handle(matched('openai-chat'), inbound({ model: 'm' }), late)
    assert.equal(late.status, 404)
    gateway.terminateAll(stopping())
  })
})
