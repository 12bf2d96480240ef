/**
 * Requests nobody recorded: histories, tools and settings of recorded ones put together anew. What its own vendor would
 * take, every other vendor has to take, too, once it is translated, or the gateway says why it cannot be said there.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { corpus, corpusMissing, DIALECTS, type Dialect, type Json } from './corpus.ts'
import { MODALITY, MODELS, recorder, refusal } from './replay-requests.ts'
import { faults } from './schemas.ts'

const TIMES = Number(process.env['FUZZ'] ?? 1)
const RUNS = 600 * TIMES
const LARGEST = 80_000

/** Where a dialect's history stands, and a model and address that take everything. */
const PLACES: Record<Dialect, { list: string; url: string; model?: string }> = {
  anthropic: { list: 'messages', url: 'http://vendor.test/v1/messages', model: 'claude-haiku-4-5' },
  'openai-chat': { list: 'messages', url: 'http://vendor.test/v1/chat/completions', model: 'gpt-4.1' },
  'openai-responses': { list: 'input', url: 'http://vendor.test/v1/responses', model: 'o4-mini' },
  gemini: { list: 'contents', url: 'http://vendor.test/v1beta/models/gemini-2.5-flash:generateContent' },
}

/** The same dice every time; `SEED=7 node --test …` throws others. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('crossbred requests', { skip: corpusMissing }, () => {
  it('are taken by every vendor if their own takes them', { timeout: 120_000 * TIMES }, async () => {
    const roll = dice(Number(process.env['SEED'] ?? 1))
    const pick = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)]!
    const all = corpus().filter(
      (e) => e.request !== undefined && e.status === 200 && JSON.stringify(e.request.body).length < LARGEST,
    )
    const r = await recorder()
    const failing: string[] = []
    let taken = 0
    try {
      for (let run = 0; run < RUNS; run += 1) {
        const dialect = pick(DIALECTS)
        const kin = all.filter((e) => e.dialect === dialect)
        const [mother, father] = [pick(kin), pick(kin)]
        const body = crossed(mother.request!.body, father.request!.body, PLACES[dialect].list, roll)
        if (PLACES[dialect].model !== undefined) body['model'] = PLACES[dialect].model
        if (refusal(PLACES[dialect].url, body) !== undefined) continue
        taken += 1
        for (const upstream of DIALECTS) {
          if (upstream === dialect) continue
          const set = pick(Object.keys(MODELS))
          const sent = await r.send(dialect, body, `${set}-${upstream}`, false)
          // What cannot be said there at all is refused, and the reason told.
          if (sent.status === 400) continue
          const refused = sent.status === 200 ? refusal(sent.url, sent.body) : `${sent.status} ${sent.answer}`
          const odd = sent.status === 200 ? faults(upstream, 'request', sent.body) : []
          if ((refused === undefined || MODALITY.test(refused)) && odd.length === 0) continue
          failing.push(`${mother.id} × ${father.id} → ${set}-${upstream}: ${refused ?? odd.join('; ')}`.slice(0, 400))
        }
      }
    } finally {
      await r.close()
    }
    assert.ok(taken > RUNS / 3, String(taken))
    assert.deepEqual(failing.slice(0, 20), [])
  })
})

/** One parent's history, settings of both, and now and then a history cut, joined or muddled. */
function crossed(mother: Json, father: Json, list: string, roll: () => number): Json {
  const body = structuredClone(mother)
  for (const [name, value] of Object.entries(father))
    if (name !== list && roll() < 0.6) body[name] = structuredClone(value)
  for (const name of Object.keys(body)) if (name !== list && roll() < 0.1) delete body[name]
  const [own, other] = [body[list], father[list]]
  if (Array.isArray(own) && roll() < 0.5) {
    const how = roll()
    if (how < 0.35 && Array.isArray(other)) own.push(...structuredClone(other))
    else if (how < 0.6) own.splice(Math.floor(roll() * own.length), 1)
    else if (how < 0.8) own.length = Math.max(1, Math.floor(roll() * own.length))
    else if (Array.isArray(other))
      own.splice(Math.floor(roll() * (own.length + 1)), 0, structuredClone(other[Math.floor(roll() * other.length)]))
  }
  delete body['stream']
  delete body['stream_options']
  return JSON.parse(JSON.stringify(body))
}
