/**
 * Who may come in, decided by your own program: here by short-lived tokens of a made-up company directory, in place of
 * the `api-keys` of the config.
 *
 * The check sees the head of a request before its body is read. It names the client (the name shows in logs and
 * metrics), says which models it may use, or returns undefined, and the request is refused in the client's own protocol.
 *
 *     node examples/custom-access.ts
 */
import { type AccessCheck, createGateway } from '../src/index.ts' // in your project: 'logicaproxy'
import { createSimulator } from '../src/simulator/index.ts' // in your project: 'logicaproxy/simulator'

const directory = new Map([
  ['token-of-anna', { team: 'research', models: /./ }],
  ['token-of-ben', { team: 'support', models: /haiku|mini|flash/ }],
])

const access: AccessCheck = async (head) => {
  const token = head.header('authorization')?.replace(/^Bearer /, '') ?? head.header('x-api-key')
  // A real one would ask a directory service here, and remember its answer for a while.
  const person = directory.get(token ?? '')
  if (person === undefined) return undefined
  return { name: person.team, allows: (model) => person.models.test(model) }
}

const simulator = await createSimulator()
const gateway = await createGateway({
  access,
  config: {
    port: 0,
    'claude-api-key': [{ 'api-key': 'company-account', 'base-url': simulator.url }],
  },
})
gateway.on('end', ({ client, requestedModel, status }) =>
  console.log(`  ${status} for ${client || 'a stranger'}${requestedModel && `, model ${requestedModel}`}`),
)
const { url } = await gateway.listen()

for (const [token, model] of [
  ['token-of-anna', 'claude-opus-4-6'],
  ['token-of-ben', 'claude-haiku-4-5'],
  ['token-of-ben', 'claude-opus-4-6'],
  ['token-of-nobody', 'claude-opus-4-6'],
]) {
  console.log(`${token} asks ${model}`)
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello!' }] }),
  })
  const { content, error } = (await answer.json()) as { content?: { text: string }[]; error?: { message: string } }
  console.log(`  ${content?.[0]?.text ?? error?.message}`)
}

await gateway.close()
await simulator.close()
