/** What every subscription has to do for the official SDKs of all four dialects, and under which name it goes out. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { version } from '../../src/index.ts'
import type { ProviderName } from '../../src/simulator/index.ts'
import { dialects, ask as rawAsk } from './dialects.ts'
import { type Speaker, speakers } from './speakers.ts'
import { type House, openHouse } from './subscription.ts'

export interface SpeechSpec {
  provider: ProviderName
  /** Answers in all four dialects. */
  model: string
  /** Answers with reasoning when asked to; `model` when left out. */
  thinking?: string
  /** What the config says beside the house's own: names for what reasons, say. */
  config?: Record<string, unknown>
  /** Dialects in which reasoning can be seen when asked for in the dialect's own way. */
  shows: readonly Speaker['id'][]
  /** Dialects in which the request travels natively. */
  native: readonly Speaker['id'][]
  /** What of a request full of settings cannot be honoured, by dialect, as `X-LogicaProxy-Dropped` tells it. */
  dropped: Readonly<Record<Speaker['id'], string | undefined>>
}

const WEATHER = [
  ['get_weather', { city: 'Paris' }],
  ['get_weather', { city: 'Rome' }],
]

/** Settings a client may send, in each dialect. */
const SETTINGS: Readonly<Record<Speaker['id'], Record<string, unknown>>> = {
  anthropic: { temperature: 0.5, top_k: 3, stop_sequences: ['END'], metadata: { user_id: 'u-1' } },
  'openai-chat': { temperature: 0.5, max_tokens: 64, stop: ['END'], seed: 7, user: 'u-1' },
  'openai-responses': { temperature: 0.5, max_output_tokens: 64, top_p: 0.9, user: 'u-1' },
  gemini: { generationConfig: { temperature: 0.5, topK: 3, maxOutputTokens: 64, stopSequences: ['END'], seed: 7 } },
}

/** Registers the tests. */
export function speaks({ provider, model, thinking = model, config, shows, native, dropped }: SpeechSpec): void {
  describe(`${provider}: requests in all four dialects`, () => {
    let house: House
    before(async () => {
      house = await openHouse(provider, { config })
      await house.add('anna')
      await house.add('ben')
    })
    after(() => house[Symbol.asyncDispose]())

    for (const speaker of speakers)
      for (const stream of [false, true]) {
        const form = `${speaker.id}, ${stream ? 'streamed' : 'whole'}`

        test(`${form}: text and its tokens`, async () => {
          const heard = await speaker.ask(house.url, model, 'Hello there', { stream })
          assert.match(heard.text, /here\. You said: Hello there$/)
          const call = house.calls.at(-1)!
          assert.equal(call.usage?.output, heard.tokens)
          assert.ok(heard.tokens > 0)
          assert.deepEqual([call.provider, call.status, call.stream, call.attempts.length], [provider, 200, stream, 1])
          assert.equal(call.lane === 'translate', !native.includes(speaker.id))
        })

        test(`${form}: two tools there and back`, async () => {
          const [first, second] = await speaker.tools(house.url, model, { stream })
          assert.deepEqual(first.calls, WEATHER)
          assert.match(second.text, /sunny.*and.*sunny/)
        })

        test(`${form}: reasoning, and tools in the middle of it`, async () => {
          const heard = await speaker.ask(house.url, thinking, 'Why?', { stream, thinks: true })
          assert.match(heard.text, /Why\?/)
          assert.ok(house.calls.at(-1)!.usage!.reasoning! > 0)
          if (shows.includes(speaker.id)) assert.match(heard.reasoning, /simulated reasoning/)
          const [first, second] = await speaker.tools(house.url, thinking, { stream, thinks: true })
          assert.deepEqual(first.calls, WEATHER)
          assert.match(second.text, /sunny.*and.*sunny/)
        })
      }

    for (const dialect of dialects)
      test(`${dialect.id}: what the vendor does not take is told`, async () => {
        const answer = await rawAsk(house, dialect, { model, extra: SETTINGS[dialect.id] })
        assert.equal(answer.status, 200, answer.raw)
        const told = (words: string | undefined) => (words ?? '').split(',').sort()
        assert.deepEqual(told(answer.headers['x-logicaproxy-dropped']), told(dropped[dialect.id]))
      })

    test('goes out under our own name, without a disguise', async () => {
      for (const dialect of dialects)
        for (const stream of [false, true]) await rawAsk(house, dialect, { model, stream, text: 'Who are you?' })
      const seen = house.attempts()
      assert.ok(seen.length > 8)
      for (const { headers } of seen) assert.equal(headers['user-agent'], `logicaproxy/${version}`)
      for (const { headers, body } of seen.slice(-8)) {
        const names = Object.keys(headers).filter((name) =>
          /^x-(?:stainless|app|goog-api-client|grok-client)/.test(name),
        )
        assert.deepEqual(names, [])
        assert.doesNotMatch(
          Object.values(headers).join('\n'),
          /claude-cli|claude-code|codex[_-](?:cli|tui)|GeminiCLI|QwenCode/i,
        )
        assert.doesNotMatch(JSON.stringify(body), /You are (?:Claude Code|Codex|Gemini CLI)|billing-header/i)
      }
      // Asking for allowances and models is done under the same name.
      const others = house.simulator.attempts({ vendor: provider }).filter(({ method }) => method === 'GET')
      for (const { headers } of others) assert.equal(headers['user-agent'], `logicaproxy/${version}`)
    })

    test('its models are in the lists of all dialects', async () => {
      const key = { authorization: 'Bearer client-key-1234567890' }
      for (const [path, headers] of [
        ['/v1/models', key],
        ['/v1/models', { ...key, 'anthropic-version': '2023-06-01' }],
        ['/v1beta/models', key],
      ] as const) {
        const text = await (await fetch(house.url + path, { headers })).text()
        assert.ok(text.includes(model), `${path} lacks ${model}`)
      }
    })
  })
}
