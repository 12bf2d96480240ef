/** `logicaproxy simulate`: the simulated providers alone, for tests of other programs. */
import { createSimulator, describeFaults, PERSONS, type Simulator } from '../simulator/index.ts'
import type { CliOptions } from './main.ts'
import { CommandError, EXIT, type Output } from './output.ts'

const DEFAULT_PORT = 8318

export async function simulate(out: Output, options: CliOptions): Promise<void> {
  if (options.faults) {
    const words = describeFaults()
    const width = Math.max(...words.map(({ word }) => word.length))
    for (const { word, text } of words) out.line(`${word.padEnd(width)}  ${text}`)
    out.data(words)
    return
  }
  const port = options.port ?? DEFAULT_PORT
  const simulator = await createSimulator({ port }).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      error.code === 'EADDRINUSE' ? `Port ${port} is in use.` : `Cannot listen on port ${port}: ${error.message}`,
      EXIT.listen,
    )
  })
  out.line(`Simulated Anthropic, OpenAI and Gemini APIs at ${out.bold(simulator.url)}`)
  out.line('Any key is accepted. Words behind a + in the model name choose behaviours and faults:')
  out.line('  claude-sonnet-4-6+tools2+think   gpt-5.2+503@a   gemini-2.5-pro+cut:3')
  out.line('--faults lists them all. GET /_simulator/attempts tells what was asked.')
  subscriptions(out, simulator)
  out.data({ event: 'listening', url: simulator.url, hosts: simulator.hosts, clients: simulator.clients })
  const end = (): void => void simulator.close().then(() => process.exit(0))
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
}

/** The lines of a configuration that send logins and their requests here instead of to the vendors. */
function subscriptions(out: Output, { url, hosts, clients }: Simulator): void {
  out.line(`\nThe vendors' logins and subscriptions stand at ${url}/hosts/…, with ${PERSONS.join(', ')} for people.`)
  out.line('In a configuration:\n')
  out.line('host-overrides:')
  for (const [origin, base] of Object.entries(hosts)) out.line(`  ${origin}: ${base}`)
  out.line('oauth-clients:')
  for (const [provider, { id, secret }] of Object.entries(clients))
    out.line(`  ${provider}: { id: ${id.includes('-') ? id : `'${id}'`}, secret: ${secret} }`)
}
