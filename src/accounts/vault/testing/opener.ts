/** A process that opens the vault of a directory and adds a login: `opener.ts <directory> <id>`; begins on a line of input. */
import { once } from 'node:events'
import { openStore } from '../../../store/index.ts'
import { openVault } from '../index.ts'

process.umask(0)
const [directory, id] = process.argv.slice(2) as [string, string]
process.stdout.write('ready\n')
await once(process.stdin, 'data')

const store = await openStore({ engine: 'sqlite', directory })
const vault = await openVault({
  store,
  authDir: directory,
  config: { vault: { wrap: 'auto', 'key-file': '', 'passphrase-file': '' } },
  env: {},
  now: Date.now,
})
const facts = {
  label: id,
  subject: id,
  state: { is: 'ready' as const },
  origin: { how: 'login' as const, at: 0 },
  disabled: false,
  priority: 0,
  weight: 1,
  headers: {},
  excludedModels: [],
  createdAt: 0,
}
const tokens = { accessToken: 'x', issuedAt: 0, details: {} }
const written = await vault.put({ id, provider: 'claude', facts }, tokens, { expected: 0 })
const damaged = (await vault.all()).filter((login) => 'damage' in login).length
process.stdout.write(`${JSON.stringify({ ...vault.state(), written, damaged })}\n`)
await vault.close()
await store.close()
process.exit(written === 'written' && damaged === 0 ? 0 : 1)
