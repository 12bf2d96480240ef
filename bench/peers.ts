/** Other gateways, installed for the bench alone into a directory that git ignores. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const PEERS = join(import.meta.dirname, '.peers')

/** With the newest adapter every stream of this version fails ("TypeError: immutable"), so that one is held back. */
const MANIFEST = {
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2' },
  overrides: { '@hono/node-server': '1.13.8' },
}

/** Installs what is not there yet. */
export function installPeers(tell: (text: string) => void): void {
  if (existsSync(join(PEERS, 'node_modules/@portkey-ai/gateway/package.json'))) return
  tell('installing @portkey-ai/gateway into bench/.peers')
  mkdirSync(PEERS, { recursive: true })
  writeFileSync(join(PEERS, 'package.json'), JSON.stringify(MANIFEST, undefined, 2))
  const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error('the peers could not be installed')
}
