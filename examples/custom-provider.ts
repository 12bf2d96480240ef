/**
 * A provider of your own: a vendor that LogicaProxy does not know, as one object.
 *
 * It says who it is, which dialect it speaks, which models it has, where a request goes, and what its refusals mean.
 * Sharing accounts, failing over, streaming, metrics: all that comes by itself.
 *
 *     node examples/custom-provider.ts
 */
import { createGateway, dialectRequest, type Provider } from '../src/index.ts' // in your project: 'logicaproxy'
import { createSimulator } from '../src/simulator/index.ts' // in your project: 'logicaproxy/simulator'

const acme: Provider = {
  id: 'acme',
  title: 'Acme Models',
  aliases: [],
  policy: { state: 'supported', since: '2026-11-22', note: 'An example.', url: 'https://acme.example/terms' },
  // Its endpoint speaks OpenAI Chat Completions. A client that speaks it is passed through untouched.
  speaks: ['openai-chat'],
  baseUrl: 'https://api.acme.example/v1',
  models: [{ id: 'acme-large', displayName: 'Acme Large', contextLength: 200_000 }],
  serves: (model) => model.startsWith('acme-'),

  // Where a request goes, and with which headers. `dialectRequest` does what the dialect asks for; Acme wants one more.
  request(out, account, credential) {
    const request = dialectRequest(out, account, credential)
    return { ...request, headers: [...request.headers, 'x-acme-region', 'eu'] }
  },

  // Acme says 503 when one model is out of capacity: that model rests, the account goes on with others.
  judge: (failure, status) => (status === 503 ? { ...failure, kind: 'overloaded', scope: 'model' } : failure),
}

// The simulator stands in for Acme here. Two accounts, as the config file would name them: a provider of your own
// takes them from `openai-compatibility`, under its id.
const simulator = await createSimulator()
const gateway = await createGateway({
  providers: [acme],
  config: {
    'api-keys': ['my-client-key'],
    'openai-compatibility': [
      {
        name: 'acme',
        'base-url': `${simulator.url}/v1`,
        'api-key-entries': [{ 'api-key': 'acme-account-anna' }, { 'api-key': 'acme-account-ben' }],
      },
    ],
  },
})
gateway.on('attempt', ({ accountLabel, status, failure }) =>
  console.log(`  attempt at ${accountLabel}: ${status}${failure === undefined ? '' : ` (${failure.message})`}`),
)

// `+503@anna` makes the simulator refuse Anna's account, so that the failover can be seen.
for (const model of ['acme-large', 'acme-large+503@anna']) {
  console.log(`asking ${model}`)
  const answer = await gateway.fetch(
    new Request('http://localhost/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: 'Bearer my-client-key', 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello, Acme!' }] }),
    }),
  )
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] }
  console.log(`  ${answer.status} ${choices[0]?.message.content}`)
}
console.log(`Acme saw the region ${simulator.attempts().at(-1)?.headers['x-acme-region']}`)

await gateway.close()
await simulator.close()
