/** `logicaproxy demo`: the whole program against simulated providers, with nothing to set up. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type RunningGateway } from '../index.ts'
import { createSimulator, type Simulator } from '../simulator/index.ts'
import { version } from '../version.ts'
import { logInAll } from './demo-logins.ts'
import type { CliOptions } from './main.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import { endOnSignals } from './serve.ts'

const DEFAULT_PORT = 8317

/** Prints one sample of each protocol, then serves until it is ended (unless `--once`). */
export async function demo(out: Output, options: CliOptions): Promise<void> {
  const key = options.apiKey ?? 'demo-key'
  // The demo leaves nothing behind: its logins live in a directory that goes with it.
  const place = await mkdtemp(join(tmpdir(), 'logicaproxy-demo-'))
  const simulator = await createSimulator({ anyPort: true, deviceInterval: 1 })
  const gateway = await createGateway({ config: demoConfig(simulator, key, place) })
  const leave = async (): Promise<void> => {
    await simulator.close()
    await rm(place, { recursive: true, force: true })
  }
  const close = async (): Promise<void> => {
    await gateway.close({ drainMs: 0 })
    await leave()
  }
  const { url } = await open(out, gateway, options).catch(async (error: unknown) => {
    // Left open, they would keep the program alive.
    await close()
    throw error
  })
  out.line(
    `${out.bold(`LogicaProxy ${version}`)} at ${out.bold(url)}, with simulated providers: no answer here comes from a real model.\n`,
  )

  const logins = logInAll(out, gateway, simulator)
  await logins.first
  let failed = 0
  for (const sample of SAMPLES) {
    const result = await ask(url, key, sample)
    if (!result.ok) failed += 1
    show(out, sample, result)
  }
  const dashboard = options.once ? '' : (await gateway.dashboardLink()).url
  if (!options.once) {
    endOnSignals(gateway, undefined, leave)
    out.data({ event: 'listening', url, dashboard })
  }
  failed += await logins.failed
  out.data({ event: 'samples', failed })

  if (!options.once) {
    nextSteps(out, url, key, dashboard)
    return
  }
  await close()
  if (failed > 0) throw new CommandError(`${failed} logins or samples failed.`, EXIT.failed)
}

/** Several accounts with each provider, by key and by login, so that sharing and failover can be seen. */
function demoConfig(simulator: Simulator, key: string, place: string): Record<string, unknown> {
  const upstream = simulator.url
  const accounts = (names: readonly string[], base: string) =>
    names.map((name) => ({ 'api-key': `simulated-${name}`, 'base-url': base, 'display-name': name }))
  return {
    'api-keys': [{ name: 'demo', key }],
    'auth-dir': place,
    'openai-api-key': accounts(['openai-anna', 'openai-ben'], `${upstream}/v1`),
    'gemini-api-key': accounts(['gemini-anna', 'gemini-ben'], upstream),
    'host-overrides': simulator.hosts,
    'oauth-clients': simulator.clients,
    'ai-router': {
      'default-model': 'claude-sonnet-4-6',
      routes: {
        code: 'claude-sonnet-4-6',
        reasoning: ['claude-opus-4-8', 'gpt-5.5'],
        fast: 'claude-haiku-4-5',
        creative: 'gpt-5.5',
        analysis: 'gemini-2.5-pro',
      },
    },
    'error-logs-max-files': 0,
    'drain-seconds': 1,
  }
}

async function open(out: Output, gateway: RunningGateway, options: CliOptions) {
  const wanted = options.port ?? (options.once ? 0 : DEFAULT_PORT)
  try {
    return await gateway.listen({ port: wanted })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (options.port !== undefined) throw new CommandError(`Port ${wanted} is in use.`, EXIT.listen)
    out.talk(`Port ${wanted} is in use; the demo takes a free one.`)
    return await gateway.listen({ port: 0 })
  }
}

interface Sample {
  title: string
  question: string
  model: string
  path: string
  headers: Record<string, string>
  body: unknown
  /** Where the answer's text stands in this dialect; `*` is every item of a list. */
  text: readonly (string | number)[]
}

const JSON_TYPE = { 'content-type': 'application/json' }

const SAMPLES: readonly Sample[] = [
  {
    title: 'OpenAI Chat Completions',
    question: 'Name three rivers.',
    model: 'gpt-5.2',
    path: '/v1/chat/completions',
    headers: JSON_TYPE,
    body: { model: 'gpt-5.2', messages: [{ role: 'user', content: 'Name three rivers.' }] },
    text: ['choices', 0, 'message', 'content'],
  },
  {
    title: 'OpenAI Responses',
    question: 'What is a monad?',
    model: 'gpt-5.4',
    path: '/v1/responses',
    headers: JSON_TYPE,
    body: { model: 'gpt-5.4', input: 'What is a monad?' },
    text: ['output', '*', 'content', '*', 'text'],
  },
  {
    title: 'Anthropic Messages',
    question: 'Say hello in French.',
    model: 'claude-sonnet-4-6',
    path: '/v1/messages',
    headers: { ...JSON_TYPE, 'anthropic-version': '2023-06-01' },
    body: {
      model: 'claude-sonnet-4-6',
      max_tokens: 256,
      messages: [{ role: 'user', content: 'Say hello in French.' }],
    },
    text: ['content', '*', 'text'],
  },
  {
    title: 'Gemini generateContent',
    question: 'How far is the moon?',
    model: 'gemini-2.5-pro',
    path: '/v1beta/models/gemini-2.5-pro:generateContent',
    headers: JSON_TYPE,
    body: { contents: [{ role: 'user', parts: [{ text: 'How far is the moon?' }] }] },
    text: ['candidates', 0, 'content', 'parts', '*', 'text'],
  },
  {
    title: 'The AI Router, "model": "auto"',
    question: 'refactor this function to use async/await',
    model: 'auto',
    path: '/v1/chat/completions',
    headers: JSON_TYPE,
    body: { model: 'auto', messages: [{ role: 'user', content: 'refactor this function to use async/await' }] },
    text: ['choices', 0, 'message', 'content'],
  },
]

/** What the router's headers tell. */
interface Routed {
  category: string
  confidence: string
  reason: string
}

interface Result {
  ok: boolean
  account: string
  /** The model that answered. */
  model: string
  /** Set where the sample asked for `auto`. */
  routed?: Routed
  ms: number
  words: string
}

async function ask(url: string, key: string, sample: Sample): Promise<Result> {
  const started = performance.now()
  try {
    const response = await fetch(url + sample.path, {
      method: 'POST',
      headers: { ...sample.headers, authorization: `Bearer ${key}` },
      body: JSON.stringify(sample.body),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    const ms = performance.now() - started
    const header = (name: string) => response.headers.get(name) ?? ''
    const account = header('x-logicaproxy-account')
    const model = header('x-ai-route') || sample.model
    if (!response.ok) return { ok: false, account, model, ms, words: `${response.status} ${text}` }
    const routed =
      header('x-ai-category') === ''
        ? {}
        : {
            routed: {
              category: header('x-ai-category'),
              confidence: header('x-ai-confidence'),
              reason: header('x-ai-reason'),
            },
          }
    return { ok: true, account, model, ...routed, ms, words: textAt(JSON.parse(text), sample.text) }
  } catch (error) {
    const words = (error as Error).message
    return { ok: false, account: '', model: sample.model, ms: performance.now() - started, words }
  }
}

function textAt(node: unknown, path: readonly (string | number)[]): string {
  const [name, ...rest] = path
  if (name === undefined) return typeof node === 'string' ? node : ''
  if (name === '*') return Array.isArray(node) ? node.map((item) => textAt(item, rest)).join('') : ''
  return textAt((node as Record<string | number, unknown> | undefined)?.[name], rest)
}

function show(out: Output, sample: Sample, { ok, account, model, routed, ms, words }: Result): void {
  out.line(`${ok ? out.good('✔') : out.bad('✘')} ${out.bold(sample.title)}  ${out.dim(`POST ${sample.path}`)}`)
  out.line(`    asked    ${sample.question}`)
  if (routed !== undefined) out.line(`    routed   ${inWords(routed)}`)
  out.line(`    model    ${model}, account ${account || 'none'}, ${ms.toFixed(0)} ms`)
  out.line(`    answer   ${words.length > 90 ? `${words.slice(0, 90)}…` : words}\n`)
  out.data({
    event: 'sample',
    title: sample.title,
    path: sample.path,
    model,
    ...routed,
    question: sample.question,
    ok,
    account,
    ms: Math.round(ms),
    answer: words,
  })
}

/** `code (0.99): refactor, async/await`: the header's reason begins with the category and ends with the confidence. */
function inWords({ category, confidence, reason }: Routed): string {
  const why = reason.replace(`${category}: `, '').replace(/ \(confidence [\d.]+\)$/, '')
  return `${category} (${confidence}): ${why}`
}

function nextSteps(out: Output, url: string, key: string, dashboard: string): void {
  const json = `-H 'content-type: application/json'`
  const auth = `-H 'authorization: Bearer ${key}'`
  out.line(`${out.bold('Dashboard')}, this link once: ${dashboard}\n`)
  out.line(out.bold('Try it yourself (Ctrl-C ends the demo):'))
  out.line(`\n  # a stream
  curl -N ${url}/v1/chat/completions ${auth} ${json} \\
    -d '{"model":"gpt-5.2","stream":true,"messages":[{"role":"user","content":"Count to five."}]}'

  # two tool calls at once
  curl ${url}/v1/messages ${auth} ${json} \\
    -d '{"model":"claude-sonnet-4-6+tools2","max_tokens":500,"messages":[{"role":"user","content":"Weather in Rome and Oslo?"}],"tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}'

  # the router chooses the model: see x-ai-category, x-ai-route and x-ai-reason
  curl -i ${url}/v1/chat/completions ${auth} ${json} \\
    -d '{"model":"auto","messages":[{"role":"user","content":"Write a short poem about rain."}]}'

  # one account fails, another answers: see x-logicaproxy-account
  curl -i ${url}/v1/messages ${auth} ${json} \\
    -d '{"model":"claude-sonnet-4-6+503@anna","max_tokens":100,"messages":[{"role":"user","content":"Still there?"}]}'

  # what is served, how it goes
  curl ${url}/v1/models ${auth}
  curl ${url}/ready
  curl ${url}/metrics\n`)
}
