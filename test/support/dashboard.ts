/** The whole program with its real page, the simulated vendors, and a Chromium that writes down everything it is told. */
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { stringify } from 'yaml'
import { writePage } from '../../scripts/dashboard.ts'
import { createGateway, type RunningGateway } from '../../src/index.ts'
import { createSimulator, type Simulator } from '../../src/simulator/index.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Builds the page where it is missing or older than its sources. */
export async function freshPage(): Promise<void> {
  const to = join(ROOT, 'dist', 'dashboard')
  const built = statSync(join(to, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const newer = globSync('dashboard/**/*.{ts,tsx,css,html}', { cwd: ROOT }).some(
    (file) => statSync(join(ROOT, file)).mtimeMs > built,
  )
  if (newer) await writePage(to)
}

export const KEPT_COMMENT = '# Mine: this comment has to stay.'
/** The secrets of the config: none of them may ever be in an answer. */
export const CONFIG_SECRETS = ['client-key-of-the-walk-1234567890', 'upstream-key-of-the-walk-1234567890']
export const ADMIN_TOKEN = 'admin-token-of-the-walk-0123456789abcdef'

/** A gateway on a config file, before the simulated vendors. `await using` closes it. */
export interface Estate extends AsyncDisposable {
  readonly simulator: Simulator
  readonly gateway: RunningGateway
  readonly url: string
  readonly file: string
  readonly directory: string
  /** Every token of every login kept here, as they are now. */
  tokens(): Promise<string[]>
  /** One question by a client. */
  ask(model: string, text: string, key?: string): Promise<Response>
}

/** @param more further keys of the config. */
export async function openEstate(more: Record<string, unknown> = {}): Promise<Estate> {
  await freshPage()
  const simulator = await createSimulator({ anyPort: true, deviceInterval: 1 })
  const directory = mkdtempSync(join(tmpdir(), 'logicaproxy-page-'))
  const file = join(directory, 'config.yaml')
  const config = {
    port: 0,
    'auth-dir': directory,
    'api-keys': [{ name: 'laptop', key: CONFIG_SECRETS[0] }],
    'remote-management': { 'secret-key': ADMIN_TOKEN },
    'request-retry': 0,
    vault: { wrap: 'key-file' },
    'host-overrides': simulator.hosts,
    'oauth-clients': simulator.clients,
    'ai-router': {
      'default-model': 'claude-sonnet-4-6',
      routes: { code: 'claude-sonnet-4-6', creative: 'by-key', fast: 'by-key' },
    },
    'openai-compatibility': [
      {
        name: 'by-key',
        'base-url': `${simulator.url}/v1`,
        'api-key-entries': [{ 'api-key': CONFIG_SECRETS[1] }],
        models: [{ name: 'gpt-5.2', alias: 'by-key' }],
      },
    ],
    ...more,
  }
  writeFileSync(file, `${KEPT_COMMENT}\n${stringify(config)}routing:\n  strategy: round-robin # as it was\n`, {
    mode: 0o600,
  })
  const gateway = await createGateway({ config: file })
  const { url } = await gateway.listen()
  return {
    simulator,
    gateway,
    url,
    file,
    directory,
    async tokens() {
      const all = await Promise.all(gateway.logins!.records().map(({ id }) => gateway.logins!.reveal(id)))
      return all.flatMap((t) => [t.accessToken, t.refreshToken, t.idToken]).filter((t) => t !== undefined)
    },
    ask: (model, text, key = CONFIG_SECRETS[0]) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
      }),
    async [Symbol.asyncDispose]() {
      await gateway.close({ drainMs: 0 })
      await simulator.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** What a browser was told and what it complained of. */
export interface Heard {
  /** Bodies and headers of answers, and the data of event streams. */
  readonly answers: { url: string; text: string }[]
  /** Errors of the console and of scripts. */
  readonly complaints: string[]
  /** Addresses of requests that left this machine. */
  readonly strays: string[]
}

/** A browser window with a memory. */
export async function openWindow(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; heard: Heard; settle(): Promise<void> }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(30_000)
  const heard: Heard = { answers: [], complaints: [], strays: [] }
  const pending = new Set<Promise<void>>()
  await context.exposeBinding('__heard', (_, text: string) => void heard.answers.push({ url: 'events', text }))
  // Playwright cannot read the body of a stream that does not end: the page's own EventSource tells.
  await context.addInitScript(`(() => {
    const Own = window.EventSource
    window.EventSource = class extends Own {
      constructor(...all) {
        super(...all)
        for (const type of ['hello', 'call', 'status', 'accounts', 'login', 'keys', 'config', 'alert', 'log', 'bye'])
          this.addEventListener(type, (e) => window.__heard(String(e.data)))
      }
    }
  })()`)
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (/^(?:https?|wss?):$/.test(protocol) && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
      heard.strays.push(request.url())
  })
  context.on('response', (response) => {
    const url = response.url()
    const type = response.headers()['content-type'] ?? ''
    const body = type === 'text/event-stream' ? Promise.resolve('') : response.text().catch(() => '')
    const one = Promise.all([response.allHeaders().catch(() => ({})), body]).then(([headers, text]) => {
      heard.answers.push({ url, text: `${JSON.stringify(headers)}\n${text}` })
    })
    pending.add(one)
    void one.finally(() => pending.delete(one))
  })
  const watch = (page: Page) => {
    page.on('pageerror', (error) => heard.complaints.push(`${page.url()}: ${error.message}`))
    page.on('console', (m) => {
      if (m.type() === 'error') heard.complaints.push(`${m.location().url}: ${m.text()}`)
    })
  }
  context.on('page', watch)
  return {
    context,
    heard,
    async settle() {
      await Promise.race([Promise.all(pending), sleep(2_000)])
    },
  }
}
