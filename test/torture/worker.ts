/** A process that does with logins what a gateway does, and can be killed like one. */
import { type OpenAccounts, openAccounts } from '../../src/accounts/open.ts'
import type { Asked, Command, Look, OpenCommand, Reply } from './commands.ts'
import { FLOWS } from './simulation.ts'

let accounts: OpenAccounts
const errors: string[] = []

const say = (reply: Reply) => process.send!(reply)

async function open({ authDir, storeUrl, hosts, ahead, keeper }: OpenCommand): Promise<void> {
  const config = {
    store: { url: storeUrl },
    vault: { wrap: 'key-file', 'key-file': '', 'passphrase-file': '' } as const,
    'oauth-clients': {},
    'host-overrides': hosts,
    'proxy-url': 'direct',
  }
  const providers = Object.entries(FLOWS).map(([id, login]) => ({ id, login }))
  const log = (level: string, _: string, message: string) => level === 'error' && errors.push(message)
  accounts = await openAccounts({ config, authDir, providers, env: {}, ahead, keeper, log })
}

async function ask(id: string, count: number, refused?: string): Promise<Asked> {
  const { logins } = accounts
  const got = await Promise.all(
    Array.from({ length: count }, () => {
      const current = logins.current(id)
      if (current !== undefined && current.value !== refused) return current
      return new Promise<Parameters<Parameters<typeof logins.bring>[2]>[0]>((resolve) => {
        logins.bring(id, refused, resolve)
      })
    }),
  )
  const tokens = new Set<string>()
  const failures = new Set<string>()
  for (const one of got) 'value' in one ? tokens.add(one.value) : failures.add(one.message)
  return { tokens: [...tokens], failures: [...failures] }
}

async function loop(id: string): Promise<void> {
  for (let done = 1; ; done++) {
    await accounts.logins.refresh(id)
    say({ done })
  }
}

function look(): Look {
  const records = accounts.logins.records()
  const by = <T>(value: (r: (typeof records)[number]) => T) => Object.fromEntries(records.map((r) => [r.id, value(r)]))
  return {
    states: by(({ facts }) => facts.state.is),
    reasons: by(({ facts }) => (facts.state.is === 'ready' ? '' : facts.state.reason)),
    expiresAt: by(({ expiresAt }) => expiresAt ?? 0),
    notices: accounts.logins.notices(),
    trouble: accounts.logins.trouble(),
    errors,
  }
}

async function obey(command: Command): Promise<unknown> {
  switch (command.type) {
    case 'open':
      return open(command)
    case 'ask':
      return ask(
        command.id,
        command.count,
        command.refused ? (await accounts.logins.reveal(command.id)).accessToken : undefined,
      )
    case 'refresh':
      return (await accounts.logins.refresh(command.id)).version
    case 'loop':
      return void loop(command.id).catch((error) => say({ n: -1, error: String(error) }))
    case 'reveal':
      return accounts.logins.reveal(command.id)
    case 'look':
      return look()
    case 'close':
      return accounts.close()
  }
}

process.on('message', ({ n, command }: { n: number; command: Command }) => {
  obey(command).then(
    (value) => say({ n, value }),
    (error) => say({ n, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
