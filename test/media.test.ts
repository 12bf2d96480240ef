/** Media by URL for an upstream that takes content alone: fetched where the configuration allows it, else a clear refusal. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { accounts, gemini, type Json } from './support/dialects.ts'
import { PICTURE } from './support/picture.ts'
import { CLIENT_KEY, type Running, start } from './support/start.ts'

const PDF = Buffer.from('%PDF-1.4\n%%EOF\n')
const model = 'gemini-2.5-flash'
const FETCH = { 'remote-media': { fetch: true, 'allow-private': true } }

let files: Server
let asked: string[] = []
let at: string

before(async () => {
  files = createServer((request, response) => {
    asked.push(request.url!)
    if (request.url === '/a.png') response.setHeader('content-type', 'image/png').end(Buffer.from(PICTURE, 'base64'))
    else if (request.url === '/a.pdf') response.setHeader('content-type', 'application/pdf').end(PDF)
    else response.writeHead(404).end('nothing here')
  })
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  at = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
})
after(() => {
  files.closeAllConnections()
  files.close()
})

const run = (config: object): Promise<Running> =>
  start((url) => ({ ...accounts(gemini, url, ['upstream-key-a']), ...config }))

/** What Gemini was sent beside the words. */
const sent = (running: Running) =>
  (running.simulator.attempts().at(-1)!.body as Json).contents
    .flatMap((content: Json) => content.parts)
    .filter((part: Json) => part.text === undefined)

type Kind = 'image' | 'pdf'

/** The same question by the three clients whose dialects have URLs. */
const CLIENTS: Record<string, (url: string, kind: Kind, media: string) => Promise<string>> = {
  'OpenAI chat': async (url, kind, media) => {
    const part =
      kind === 'image'
        ? { type: 'image_url' as const, image_url: { url: media } }
        : { type: 'file' as const, file: { file_data: media, filename: 'a.pdf' } }
    const answer = await new OpenAI({
      apiKey: CLIENT_KEY,
      baseURL: `${url}/v1`,
      maxRetries: 0,
    }).chat.completions.create({
      model,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, part] }],
    })
    return answer.choices[0]!.message.content!
  },
  'OpenAI Responses': async (url, kind, media) => {
    const part =
      kind === 'image'
        ? { type: 'input_image' as const, image_url: media, detail: 'auto' as const }
        : { type: 'input_file' as const, file_url: media }
    const answer = await new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${url}/v1`, maxRetries: 0 }).responses.create({
      model,
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is it?' }, part] }],
    })
    return answer.output_text
  },
  Anthropic: async (url, kind, media) => {
    const source = { type: 'url' as const, url: media }
    const part = kind === 'image' ? { type: 'image' as const, source } : { type: 'document' as const, source }
    const answer = await new Anthropic({ apiKey: CLIENT_KEY, baseURL: url, maxRetries: 0 }).messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, part] }],
    })
    return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  },
}

for (const [client, ask] of Object.entries(CLIENTS))
  describe(`a URL of ${client} for Gemini`, () => {
    it('arrives as its content, where that is allowed', async () => {
      await using running = await run(FETCH)
      asked = []
      assert.match(await ask(running.url, 'image', `${at}/a.png`), /What is it\?/)
      assert.deepEqual(sent(running), [{ inlineData: { mimeType: 'image/png', data: PICTURE } }])
      await ask(running.url, 'pdf', `${at}/a.pdf`)
      assert.deepEqual(sent(running), [{ inlineData: { mimeType: 'application/pdf', data: PDF.toString('base64') } }])
      await ask(running.url, 'image', `${at}/a.png`)
      assert.deepEqual(asked, ['/a.png', '/a.pdf'], 'the second turn fetches nothing')
      assert.equal(running.calls[0]!.lane, 'translate')
    })

    it('is refused by default, with what would help', async () => {
      await using running = await run({})
      asked = []
      for (const kind of ['image', 'pdf'] as const)
        await assert.rejects(ask(running.url, kind, `${at}/a.png`), (error: Json) => {
          assert.equal(error.status, 400)
          assert.match(error.message, /remote-media\.fetch/)
          return true
        })
      assert.deepEqual([asked.length, running.simulator.attempts().length], [0, 0])
    })

    it('is refused when it cannot be had', async () => {
      await using running = await start((url) => ({
        ...accounts(gemini, url, ['upstream-key-a', 'upstream-key-b']),
        ...FETCH,
      }))
      asked = []
      await assert.rejects(ask(running.url, 'image', `${at}/missing`), (error: Json) => {
        assert.equal(error.status, 400)
        assert.match(error.message, /127\.0\.0\.1:\d+ could not be fetched: its server answers with status 404/)
        assert.doesNotMatch(error.message, /nothing here|missing/)
        return true
      })
      assert.deepEqual([asked.length, running.simulator.attempts().length], [1, 0], 'no other account is tried')
    })

    it('is refused in a private network, unless the configuration opens that', async () => {
      await using running = await run({ 'remote-media': { fetch: true } })
      asked = []
      await assert.rejects(ask(running.url, 'image', `${at}/a.png`), /public internet/)
      await assert.rejects(ask(running.url, 'image', 'http://169.254.169.254/latest/meta-data'), /public internet/)
      assert.equal(asked.length, 0)
    })
  })

it('a picture in a tool’s result is fetched too, and tokens are counted with it', async () => {
  await using running = await run(FETCH)
  const client = new Anthropic({ apiKey: CLIENT_KEY, baseURL: running.url, maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [
    { role: 'user', content: 'Take a screenshot.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'shot', input: {} }] },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [{ type: 'image', source: { type: 'url', url: `${at}/a.png` } }],
        },
      ],
    },
  ]
  const tools: Anthropic.Tool[] = [{ name: 'shot', input_schema: { type: 'object' } }]
  await client.messages.create({ model, max_tokens: 100, messages, tools })
  assert.match(JSON.stringify(sent(running)), new RegExp(`"data":"${PICTURE.slice(0, 40).replaceAll('+', '\\+')}`))
  const counted = await client.messages.countTokens({ model, messages, tools })
  assert.ok(counted.input_tokens > 0)
  assert.match(running.simulator.attempts().at(-1)!.path, /countTokens/)
})
