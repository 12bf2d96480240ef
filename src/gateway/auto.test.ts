import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stringify } from 'yaml'
import { parseConfig } from '../config/load.ts'
import { protocols } from '../protocols/index.ts'
import { providers } from '../providers/index.ts'
import { createExamples } from '../routing/auto/index.ts'
import { createMemoryStore } from '../store/index.ts'
import { createGatewayCore } from './gateway.ts'
import { compileSnapshot } from './snapshot.ts'
import { fakeReply, fakeTransport, inbound, matched, road, settle } from './testing/fixture.ts'

const CONFIG = {
  'openai-compatibility': [
    {
      name: 'local',
      'base-url': 'http://local.test',
      models: [
        { name: 'deepseek-v3', alias: 'blind' },
        { name: 'gpt-4o', alias: 'seeing' },
        { name: 'counter', alias: 'counter' },
      ],
    },
  ],
  'request-retry': 0,
  'ai-router': { 'default-model': 'seeing', routes: { code: 'blind', fast: 'blind', analysis: 'counter' } },
}
const answer = () =>
  fakeTransport(({ to }) => {
    to.onHead(200, { 'content-type': 'application/json' })
    to.onData(
      Buffer.from(
        '{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}',
      ),
    )
    to.onEnd()
  })
const user = (content: unknown) => ({ model: 'auto', messages: [{ role: 'user', content }] })

async function headersOf(
  gateway: ReturnType<typeof createGatewayCore>,
  body: unknown,
): Promise<Record<string, string>> {
  const reply = fakeReply()
  gateway.handle(matched('openai-chat'), inbound(body), reply)
  for (let i = 0; i < 20 && !reply.ended; i += 1) await settle()
  assert.ok(reply.ended, reply.text)
  return reply.headers
}

describe('auto on the road', () => {
  it('sends a picture to a model that sees, and tells which one was skipped', async () => {
    const { gateway } = road(CONFIG, answer())
    const text = { type: 'text', text: 'fix the bug in this python function' }
    const blind = await headersOf(gateway, user([text]))
    assert.equal(blind['x-ai-route'], 'blind')
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    const seeing = await headersOf(gateway, user([text, picture]))
    assert.deepEqual([seeing['x-ai-category'], seeing['x-ai-route']], ['code', 'seeing'])
    assert.match(seeing['x-ai-reason']!, /; skipped blind: it takes no images$/)
  })

  it('heeds a labelled example from the next request on', async () => {
    const { config } = parseConfig(stringify(CONFIG), { env: {} })
    const examples = await createExamples(createMemoryStore(), Date.now, () => gateway.swap(compile()))
    const compile = () => compileSnapshot(config, 'digest', providers, protocols, [], examples.list())
    const gateway = createGatewayCore({ snapshot: compile(), transport: answer() })
    const alike = user('please look over the numbers of my shop for me, will you')
    assert.equal((await headersOf(gateway, alike))['x-ai-category'], 'fast')
    await examples.add([{ text: 'please look over the numbers of the shop for me', category: 'analysis' }])
    const after = await headersOf(gateway, alike)
    assert.deepEqual([after['x-ai-category'], after['x-ai-route']], ['analysis', 'counter'])
    assert.match(after['x-ai-reason']!, /^analysis: like the example/)
  })

  it('tells reasons on one line of ASCII, whatever the prompt says', async () => {
    const { gateway } = road(CONFIG, answer())
    for (const text of ['翻译成英文：晚安', 'Переведи\r\nна английский: ночь', 'übersetze ins Englische: Käse 🙂']) {
      const reason = (await headersOf(gateway, user(text)))['x-ai-reason']!
      assert.match(reason, /^[\x20-\x7e]{10,3000}$/)
    }
  })

  it('keeps nothing of the prompt in the record of a call', async () => {
    const { gateway, ended } = road({ ...CONFIG, 'ai-router': { routes: { code: 'nobody' } } }, answer())
    await headersOf(gateway, user('fix the bug in the secretive function called xyzzy'))
    const [record] = ended
    assert.equal(record!.failure!.code, 'model_not_found')
    assert.deepEqual([record!.category, record!.routedModel], ['code', 'nobody'])
    assert.equal('routed' in record!.failure! && record!.failure.routed !== undefined, false)
  })
})
