import fc from 'fast-check'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fold } from '/work/main/src/hub/fold.ts'
import { openaiChatCodec as C } from '/work/main/src/protocols/openai-chat/codec.ts'
import { openaiCompletionsCodec as L } from '/work/main/src/protocols/openai-completions/codec.ts'
import { hubEvents } from '/work/main/src/protocols/testing/hub-events.ts'
import { eventsOf } from '/work/main/src/protocols/testing/corpus.ts'
const req = C.request.decode({ messages: [{ role: 'user', content: 'x' }], stream_options: { include_usage: true } }, { model: 'm', stream: true })
const ctx = { model: 'm', request: req, created: 1, inputEstimate: 0 }
const lctx = { ...ctx, request: L.request.decode({ prompt: 'x', stream_options: { include_usage: true } }, { model: 'm', stream: true }) }
const out: any = { chunks: [], wholes: [], lchunks: [], lwholes: [], requests: [] }
for (const ev of fc.sample(hubEvents({ refusal: true, citations: true, custom: true, media: true, signedCalls: true }), { numRuns: 60, seed: 1 })) {
  const e = C.stream.encoder(ctx); const t = ev.map((x) => e.push(x)).join('') + e.end()
  for (const x of eventsOf(Buffer.from(t), 1e9)) if (x.data !== '[DONE]') out.chunks.push(JSON.parse(Buffer.from(x.data, 'latin1').toString()))
  out.wholes.push(C.response.encode(fold(ev), ctx))
  const l = L.stream.encoder(lctx); const lt = ev.map((x) => l.push(x)).join('') + l.end()
  for (const x of eventsOf(Buffer.from(lt), 1e9)) if (x.data !== '[DONE]') out.lchunks.push(JSON.parse(Buffer.from(x.data, 'latin1').toString()))
  out.lwholes.push(L.response.encode(fold(ev), lctx))
}
writeFileSync('/tmp/oc/emit.json', JSON.stringify(out))
