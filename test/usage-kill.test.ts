/** What is recorded survives the death of the process: a kill -9 loses a second at most. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClientKeys } from '../src/accounts/client-keys.ts'
import { openStore } from '../src/store/index.ts'
import { accounts, anthropic, ask } from './support/dialects.ts'
import { KEY, startGateway, startSimulator } from './support-process.ts'

test('a kill -9 loses no call that was over for a second, and no second of what its key has used', async () => {
  await using simulator = await startSimulator()
  const keys = [{ name: 'laptop', key: KEY, limits: { 'tokens-per-day': 1_000_000 } }]
  const gateway = await startGateway({ ...accounts(anthropic, simulator.url, ['upstream-key-a']), 'api-keys': keys })
  const over: { id: string; at: number; tokens: number }[] = []
  let killedAt = 0
  const asker = async () => {
    while (killedAt === 0) {
      const answer = await ask(gateway, anthropic, { headers: { 'x-api-key': KEY } }).catch(() => undefined)
      if (answer?.status !== 200 || answer.cut || killedAt > 0) continue
      const { input_tokens, output_tokens } = answer.json.usage
      over.push({
        id: answer.headers['x-logicaproxy-request-id']!,
        at: performance.now(),
        tokens: input_tokens + output_tokens,
      })
    }
  }
  const askers = Array.from({ length: 4 }, asker)
  for (const from = performance.now(); performance.now() - from < 2_500 || over.length < 200; )
    await new Promise((resolve) => setTimeout(resolve, 20))
  killedAt = performance.now()
  gateway.kill('SIGKILL')
  await gateway.ended
  await Promise.all(askers)

  const store = await openStore({ engine: 'sqlite', directory: gateway.dir })
  try {
    const found = new Set((await store.usage.list({}, 1_000_000)).map((row) => row.id.split('/')[0]!))
    const old = over.filter(({ at }) => at < killedAt - 1_000)
    assert.ok(old.length > 50, `only ${old.length} calls to look for`)
    assert.deepEqual(
      old.filter(({ id }) => !found.has(id)),
      [],
    )
    const again = createClientKeys({ config: keys, store })
    await again.load()
    const { used } = again.records()[0]!
    const sum = (calls: typeof over) => calls.reduce((tokens, call) => tokens + call.tokens, 0)
    assert.ok(used.tokensToday >= sum(old), `${used.tokensToday} of ${sum(old)} tokens`)
    again.close()
  } finally {
    await store.close()
    await gateway[Symbol.asyncDispose]()
  }
})
