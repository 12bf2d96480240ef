/** `logicaproxy route …`: decisions in words, decisions by the file, and labelled examples. */
import { text as textOf } from 'node:stream/consumers'
import { ExampleError, explainRoute, type RouteExplanation, requestOf } from '../routing/auto/index.ts'
import { CommandError, EXIT, type Output } from './output.ts'
import type { RouteCliOptions } from './route.ts'
import { exampleOf, linesOf, routeLines } from './route-lines.ts'
import { clientNamed, openWorld, type World } from './route-world.ts'
import { told } from './with-accounts.ts'

/** @throws {CommandError} */
export async function route(out: Output, options: RouteCliOptions, words: string): Promise<void> {
  const verb = verbOf(options)
  const prompt = words === '-' ? await textOf(process.stdin) : words
  if (words === '' && (verb === 'explain' || verb === 'wrong'))
    throw new CommandError('Which prompt? logicaproxy route "refactor this function"', EXIT.usage)
  if (verb === 'wrong' && options.category === undefined)
    throw new CommandError('Where does it belong? Add --category code (or another).', EXIT.usage)
  try {
    const writes = verb === 'wrong' || verb === 'import' || verb === 'remove'
    const world = await openWorld(options.config, writes)
    try {
      await verbs[verb](out, options, world, prompt)
    } finally {
      await world.close()
    }
  } catch (error) {
    if (error instanceof ExampleError) throw new CommandError(error.message, EXIT.failed)
    throw told(error)
  }
}

type Verb = 'explain' | 'jsonl' | 'wrong' | 'list' | 'remove' | 'export' | 'import'

function verbOf({ jsonl, wrong, list, remove, export: exports, import: imports }: RouteCliOptions): Verb {
  const asked = (
    [
      ['jsonl', jsonl !== undefined],
      ['wrong', wrong === true],
      ['list', list === true],
      ['remove', remove !== undefined],
      ['export', exports === true],
      ['import', imports !== undefined],
    ] as const
  ).filter(([, on]) => on)
  if (asked.length > 1)
    throw new CommandError(
      `One at a time: ${asked.map(([name]) => `--${name}`).join(' and ')} exclude each other.`,
      EXIT.usage,
    )
  return asked[0]?.[0] ?? 'explain'
}

type Action = (out: Output, options: RouteCliOptions, world: World, prompt: string) => Promise<void>

const verbs: Record<Verb, Action> = {
  async explain(out, options, world, prompt) {
    const explained = explainWarm(world, options, prompt)
    out.data(explained)
    for (const line of pretty(out, explained)) out.line(line)
  },

  async jsonl(_, options, world) {
    const client = clientNamed(world.config, options.client)
    const { snapshot, pool } = world
    const { registry, config, router } = snapshot
    // A long file is much garbage: the heap is held where it stays small.
    await import('./young-space.ts')
    const bad = await routeLines(linesOf(options.jsonl!), (protocol, body) =>
      explainRoute({ registry, config, ...router, pool, client, protocol, body, model: options.model }),
    )
    if (bad > 0) throw new CommandError(`${bad} ${bad === 1 ? 'line' : 'lines'} could not be read.`, EXIT.failed)
  },

  async wrong(out, options, world, prompt) {
    const category = known(world, options.category!)
    const before = explain(world, options, prompt).decision
    const [stored] = await world.examples.add([{ text: prompt, category }])
    const after = explain({ ...world, snapshot: world.again() }, options, prompt).decision
    out.data({ event: 'stored', ...stored, before: short(before), after: short(after) })
    out.line(`${out.good('✔')} ${stored!.id}: prompts like this are ${out.bold(category)} from now on.`)
    out.line(`  before  ${inShort(before)}`)
    out.line(`  now     ${inShort(after)}`)
  },

  async list(out, _, { examples }) {
    const list = examples.list()
    out.data({ examples: list })
    if (list.length === 0) out.line('Nothing was labelled yet: logicaproxy route --wrong --category code "…"')
    for (const { id, category, createdAt, text } of list)
      out.line(`${id}  ${new Date(createdAt).toISOString().slice(0, 10)}  ${category.padEnd(9)}  ${oneLine(text, 80)}`)
  },

  async remove(out, options, { examples }) {
    const ids = [...new Set(options.remove)]
    const unknown = ids.filter((id) => !examples.list().some((example) => example.id === id))
    if (unknown.length > 0)
      throw new CommandError(`There is no example ${unknown.join(', ')}. See logicaproxy route --list.`, EXIT.usage)
    const removed = await examples.remove(ids)
    out.data({ event: 'removed', removed, ids })
    out.line(`${out.good('✔')} ${removed} ${removed === 1 ? 'example' : 'examples'} forgotten.`)
  },

  async export(out, _, { examples }) {
    // JSON lines with or without --json: this is for programs, and for --import.
    for (const example of examples.list())
      if (out.json) out.data(example)
      else out.line(JSON.stringify(example))
  },

  async import(out, options, world) {
    const taken: { text: string; category: string }[] = []
    let number = 0
    for await (const line of linesOf(options.import!)) {
      number += 1
      if (line.trim() === '') continue
      const example = exampleOf(line)
      if (typeof example === 'string')
        throw new CommandError(`Line ${number}: ${example}. Nothing was taken over.`, EXIT.failed)
      taken.push({ ...example, category: known(world, example.category, `Line ${number}: `) })
    }
    const stored = taken.length === 0 ? [] : await world.examples.add(taken)
    out.data({ event: 'imported', examples: stored.length })
    out.line(`${out.good('✔')} ${stored.length} ${stored.length === 1 ? 'example' : 'examples'} taken over.`)
  },
}

function explain({ config, snapshot, pool }: World, options: RouteCliOptions, prompt: string): RouteExplanation {
  const { registry, router } = snapshot
  const body = requestOf({ prompt, ...(options.system !== undefined && { system: options.system }) })
  const client = clientNamed(config, options.client)
  return explainRoute({
    registry,
    config: snapshot.config,
    ...router,
    pool,
    client,
    protocol: 'openai-chat',
    body,
    model: options.model,
  })
}

/** What a cold start costs, ms, is not what a server takes: the time told is that of code that has run before. */
const WARMING_MS = 40
/** On a busy machine the time is over before the code has run often enough. */
const WARMING_PASSES = 20

function explainWarm(world: World, options: RouteCliOptions, prompt: string): RouteExplanation {
  let best = explain(world, options, prompt)
  const until = performance.now() + WARMING_MS
  for (let pass = 0; pass < WARMING_PASSES || performance.now() < until; pass += 1) {
    const next = explain(world, options, prompt)
    if (next.tookUs < best.tookUs) best = next
  }
  return best
}

/** @throws {CommandError} with the categories there are. */
function known({ snapshot }: World, category: string, where = ''): string {
  const { categories } = snapshot.router
  if (categories.includes(category)) return category
  throw new CommandError(
    `${where}There is no category "${category}". There are: ${categories.join(', ')}. Others are made under ai-router.categories in the config.`,
    EXIT.usage,
  )
}

type Decided = RouteExplanation['decision']
const short = (decision: Decided) => decision && { category: decision.category, confidence: decision.confidence }
const inShort = (decision: Decided) => (decision === undefined ? 'no category' : decision.reason)

function pretty(out: Output, { decision, ...e }: RouteExplanation): string[] {
  const row = (name: string, value: string) => `  ${out.dim(name.padEnd(9))} ${value}`
  const lines: string[] = []
  if (decision !== undefined) {
    const sure = decision.confidence === undefined ? '' : `  ${decimals(decision.confidence)}`
    lines.push(`${out.bold(decision.category)}${sure}`)
    if (decision.signals.length > 0) lines.push(row('because', decision.signals.map(({ words }) => words).join(', ')))
    const scores = Object.entries(decision.scores).sort(([, a], [, b]) => b - a)
    lines.push(row('scores', scores.map(([name, score]) => `${name} ${decimals(score)}`).join('  ')))
    if (decision.language !== 'und') lines.push(row('language', decision.language))
  }
  if (e.needs.length > 0) lines.push(row('needs', e.needs.join(', ')))
  lines.push(row('target', e.target === undefined ? out.bad('none') : out.good(e.target) + accountsOf(e, e.target)))
  if (e.fallbacks.length > 0)
    lines.push(row('then', e.fallbacks.map((model) => model + accountsOf(e, model)).join(', ')))
  for (const { model, why } of e.skipped) lines.push(row('skipped', `${model}: ${why}`))
  if (e.dryRun) lines.push(row('dry run', 'this is told in headers only; the default model answers'))
  lines.push(row('in words', e.words))
  lines.push(row('took', `${e.tookUs} µs`))
  return lines
}

/** Nothing is quite sure; reasons and headers say so likewise. */
const decimals = (share: number) => Math.min(0.99, share).toFixed(2)

function accountsOf({ targets }: Pick<RouteExplanation, 'targets'>, model: string): string {
  const standings = targets.find((target) => target.model === model)?.standings ?? []
  const resting = standings.filter(({ is }) => is === 'resting' || is === 'busy').length
  const count = `${standings.length} ${standings.length === 1 ? 'account' : 'accounts'}`
  return ` (${count}${resting > 0 ? `, ${resting} not now` : ''})`
}

function oneLine(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
