import OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import { accounts, dialects } from './support/dialects.ts'
import { CLIENT_KEY, start } from './support/start.ts'
for (const d of dialects) {
  await using run = await start((url) => accounts(d, url, ['upstream-a']))
  const client = new OpenAI({ apiKey: CLIENT_KEY, baseURL: `${run.url}/v1` })
  const ws = new ResponsesWS(client)
  const seen: any[] = []
  const done = (type: string) => new Promise<any>((res, rej) => { ws.on('event', (e: any) => { seen.push(e); if (e.type === type) res(e) ; if (e.type==='error') res(e) }); ws.on('error', () => {}) })
  ws.socket.on('open', () => ws.send({ type: 'response.create', model: d.model, input: 'Hello one' } as any))
  const r = await done('response.completed')
  console.log(d.id, seen.map(e => e.type).join(' '), JSON.stringify(r).slice(0, 200))
  const p = done('response.completed')
  ws.send({ type: 'response.create', model: d.model, previous_response_id: r.response?.id, input: 'Hello two' } as any)
  const r2 = await p
  console.log(JSON.stringify(r2).slice(0, 300))
  console.log(JSON.stringify(run.simulator.attempts().at(-1)?.body), run.calls.map(c => [c.method, c.endpoint, c.lane, c.status]))
  ws.close()
}
