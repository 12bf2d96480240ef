/**
 * LogicaProxy inside a program of your own, in its three faces: a listener, a handler for a server you have already,
 * and a web-standard `fetch` without any socket. And events, a config that changes at run time, and a clean end.
 *
 *     node examples/embed.ts
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway } from '../src/index.ts' // in your project: 'logicaproxy'
import { createSimulator } from '../src/simulator/index.ts' // in your project: 'logicaproxy/simulator'

const simulator = await createSimulator()
/** What config.yaml would say, with the same keys. `config: 'path/to/config.yaml'` reads and follows a file. */
const config = (model: string) => ({
  port: 0,
  'api-keys': ['my-client-key'],
  'openai-api-key': [
    { 'api-key': 'upstream-key', 'base-url': `${simulator.url}/v1`, models: [{ name: model, alias: 'house-model' }] },
  ],
})
const gateway = await createGateway({ config: config('gpt-5.2') })
gateway.on('end', ({ endpoint, servedModel, status, usage }) =>
  console.log(`  event: ${endpoint} ${servedModel} → ${status}, ${usage?.input} tokens in, ${usage?.output} out`),
)

const question = (stream: boolean): RequestInit => ({
  method: 'POST',
  headers: { authorization: 'Bearer my-client-key', 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'house-model', stream, messages: [{ role: 'user', content: 'Which face is this?' }] }),
})
const textOf = async (answer: Response) => {
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] }
  return `${answer.status} ${choices[0]?.message.content}`
}

console.log('1. A listener')
const { url } = await gateway.listen()
console.log(`  ${await textOf(await fetch(`${url}/v1/chat/completions`, question(false)))}`)

console.log('2. A handler, under /llm of a server of your own')
const server = createServer((req, res) => {
  if (req.url?.startsWith('/llm/')) {
    req.url = req.url.slice('/llm'.length)
    gateway.handler(req, res)
  } else res.end('the rest of your program')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
console.log(`  ${await textOf(await fetch(`${own}/llm/v1/chat/completions`, question(false)))}`)
console.log(`  ${await (await fetch(`${own}/else`)).text()}`)
server.close()
server.closeAllConnections()

console.log('3. fetch without a socket, streamed')
const answer = await gateway.fetch(new Request('http://localhost/v1/chat/completions', question(true)))
let events = 0
for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) events += chunk.split('\n\n').length - 1
console.log(`  ${answer.status} ${answer.headers.get('content-type')}, ${events} events`)

console.log('4. Another model from now on')
await gateway.reload(config('gpt-5.4'))
console.log(`  ${await textOf(await fetch(`${url}/v1/chat/completions`, question(false)))}`)
await gateway.reload({ port: 'nonsense' }).catch((error: Error) => console.log(`  refused: ${error.message}`))

// Lets requests under way finish, for `drain-seconds` at most.
await gateway.close()
await simulator.close()
