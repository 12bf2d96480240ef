/** How long loading, reading and deciding take. */
import { spawnSync } from 'node:child_process'
import { classify, promptOf, readPrompt } from '../../src/routing/classify/index.ts'
import { agentBody, conversationBody } from './cases.ts'
import { ROOT } from './rows.ts'

const SHORT = [
  'refactor this function to use async/await',
  'What is the capital of Australia?',
  'Write a short poem about the sea.',
  '用三句话概括下面的文章。',
  'Сравни преимущества и недостатки удалённой работы.',
]

function measured(name: string, runs: number, work: (i: number) => void): { name: string; value: string } {
  for (let i = 0; i < Math.max(200, runs); i += 1) work(i)
  const times = new Float64Array(runs)
  for (let i = 0; i < runs; i += 1) {
    const from = process.hrtime.bigint()
    work(i)
    times[i] = Number(process.hrtime.bigint() - from) / 1000
  }
  times.sort()
  const at = (q: number) => `${times[Math.min(runs - 1, Math.floor(runs * q))]!.toFixed(1)} µs`
  return { name, value: `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}` }
}

/** Loading in a process of its own: the modules and weights of the classifier, and the first decision. */
function loading(): { name: string; value: string } {
  const code = `const a = performance.now(); const m = await import('./src/routing/classify/index.ts'); const b = performance.now();
    m.classify(m.promptOf('hello')); const c = performance.now(); console.log((b - a).toFixed(1), (c - b).toFixed(1))`
  const runs = Array.from({ length: 7 }, () =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' })
      .stdout.trim()
      .split(' ')
      .map(Number),
  )
  const median = (i: number) => runs.map((r) => r[i] ?? 0).sort((a, b) => a - b)[3]!
  return {
    name: 'loading',
    value: `weights, tables and first decision ${median(1)} ms (importing the sources, types stripped by Node: ${median(0)} ms)`,
  }
}

export function timing(): { name: string; value: string }[] {
  const short = SHORT.map((text) => promptOf(text))
  const pasted = promptOf(
    `Explain what is wrong in this text.\n${'The quick brown fox (a mammal) jumps over 13 lazy dogs; nobody knows why. '.repeat(110)}`.slice(
      0,
      8192,
    ),
  )
  const small = Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: SHORT[0] }] }))
  const agent = agentBody('anthropic', 'fix the failing test in auth.ts')
  const megabyte = conversationBody(1_000_000)
  const single = Buffer.from(
    JSON.stringify({
      model: 'auto',
      messages: [{ role: 'user', content: `Summarize this\n${'const a = "b"; f("x")\n'.repeat(42_000)}` }],
    }),
  )
  const whole = (protocol: string, body: Buffer) => () => {
    classify(readPrompt(protocol, body))
  }
  return [
    measured('classify, short prompt', 20_000, (i) => {
      classify(short[i % short.length]!)
    }),
    measured('classify, 8 KB prompt', 4000, () => {
      classify(pasted)
    }),
    measured('read and classify, short request', 10_000, whole('openai-chat', small)),
    measured(`read and classify, agent's request of ${agent.length >> 10} KB`, 2000, whole('anthropic', agent)),
    measured(`read and classify, conversation of ${megabyte.length >> 10} KB`, 1000, whole('openai-chat', megabyte)),
    measured(`read and classify, one message of ${single.length >> 10} KB`, 1000, whole('openai-chat', single)),
    measured('read, classify and reason, short request', 10_000, () => {
      void classify(readPrompt('openai-chat', small)).reason
    }),
    loading(),
  ]
}
