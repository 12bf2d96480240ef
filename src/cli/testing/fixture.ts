/** A command line for tests: a config in a scratch folder, simulated vendors, a person who clicks or types. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { Surroundings } from '../login-run.ts'
import type { Output } from '../output.ts'

export interface HeardOutput extends Output {
  lines: string[]
  talks: string[]
  values: Record<string, unknown>[]
}

/** Output that is kept. */
export function heard(json = false): HeardOutput {
  const lines: string[] = []
  const talks: string[] = []
  const values: Record<string, unknown>[] = []
  const same = (text: string): string => text
  return {
    json,
    lines,
    talks,
    values,
    line: (text = '') => void lines.push(text),
    data: (value) => void values.push(value as Record<string, unknown>),
    talk: (text) => void talks.push(text),
    bold: same,
    dim: same,
    good: same,
    bad: same,
  }
}

export interface Bench {
  simulator: Simulator
  config: string
  dir: string
  /** A person at a terminal. `browser`: what opening one does. */
  surroundings(over?: Partial<Surroundings>): Surroundings & { type(line: string): void; opened: string[] }
  close(): Promise<void>
}

export async function createBench(): Promise<Bench> {
  const simulator = await createSimulator({ anyPort: true })
  const dir = await mkdtemp(join(tmpdir(), 'lp-cli-'))
  const config = join(dir, 'config.yaml')
  const settings = {
    'auth-dir': join(dir, 'auth'),
    'host-overrides': simulator.hosts,
    'oauth-clients': simulator.clients,
  }
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings))
  return {
    simulator,
    config,
    dir,
    surroundings(over = {}) {
      const input = new PassThrough()
      const opened: string[] = []
      return {
        env: { HOME: dir, BROWSER: 'none' },
        platform: 'linux',
        input: input as unknown as NodeJS.ReadStream,
        interactive: true,
        openBrowser: (url) => {
          opened.push(url)
          void simulator.consent({ url, person: 'anna', visit: true })
        },
        ...over,
        opened,
        type: (line) => void input.write(`${line}\n`),
      }
    },
    async close() {
      await simulator.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
