/**
 * The bench: what a request costs, beside others that do the same.
 *
 *     npm run bench                          every case
 *     npm run bench -- --case json-2k,burst  some of them
 *     npm run bench -- --peers               @portkey-ai/gateway too (installed into bench/.peers)
 *     npm run bench -- --against ../other    another checkout of the gateway beside this one
 *
 * Exit codes: 0 done, 1 a budget is missed, 2 wrong command line, 3 inconclusive, as the machine is too loaded.
 */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runAccounts } from './accounts-case.ts'
import { judgeAll, type Results, TWIN } from './budgets.ts'
import { forwarder, gateway, portkey, type Starter, TRANSLATING } from './candidates.ts'
import { CLOSED_CASES, type Effort, runClosedCase, TRANSLATED_CASES } from './closed-cases.ts'
import { runDashboard } from './dashboard-case.ts'
import { BENCH_CORE, canPin, machineName } from './machine.ts'
import { installPeers, PEERS } from './peers.ts'
import { profileCase } from './profile.ts'
import {
  accountsTable,
  closedTable,
  dashboardTable,
  firstEventTable,
  headOfLineTable,
  judgementTable,
  pacedTable,
  profileTable,
  startTable,
} from './report.ts'
import { runStart } from './start-case.ts'
import { runFirstEvent, runHeadOfLine, runPaced } from './stream-cases.ts'

const CASES = [
  ...CLOSED_CASES.map((c) => c.name),
  'streams',
  'first-event',
  'head-of-line',
  'translate',
  'start',
  'accounts',
  'dashboard',
]

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: CASES.join(',') },
    rounds: { type: 'string', default: '18' },
    restarts: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    against: { type: 'string' },
    'any-load': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const HELP = `Usage: npm run bench -- [options]

  --case a,b     ${CASES.join(', ')} (default: all)
  --rounds n     rounds of the closed loops (default 18)
  --restarts n   how often the processes are started anew within them (default 3)
  --quick        a few short rounds: whether it works, not how fast
  --peers        measure @portkey-ai/gateway too
  --against dir  measure another checkout too
  --any-load     use slices however busy the machine was
  --profile      profile the gateway in every closed loop, not only where it misses a budget
  --json         one JSON document in place of tables
`

async function main(): Promise<number> {
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const cases = options.case.split(',')
  const unknown = cases.find((name) => !CASES.includes(name))
  const rounds = Number(options.rounds)
  const restarts = Number(options.restarts)
  if (unknown !== undefined || !(rounds > 0) || !(restarts > 0)) {
    process.stderr.write(HELP)
    return 2
  }
  const effort: Effort = options.quick
    ? { rounds: 2, restarts: 1, sliceMs: 100, connections: 8, warmRequests: 300, warmMs: 1_000 }
    : { rounds, restarts, sliceMs: 400, connections: 32, warmRequests: 12_000, warmMs: 8_000 }
  effort.anyLoad = options['any-load']
  // Off the candidates' core with this process, too.
  if (canPin()) spawnSync('taskset', ['-acp', String(BENCH_CORE), String(process.pid)])
  const starters = startersOf()
  const results: Results = { closed: [] }
  const texts: string[] = []
  const say = (text: string) => {
    texts.push(text)
    if (!options.json) process.stdout.write(`${text}\n`)
  }
  say(`Machine: ${machineName()}${canPin() ? '' : ' (nothing pinned to a core)'}\n`)

  for (const wanted of CLOSED_CASES.filter((c) => cases.includes(c.name))) {
    const figures = await runClosedCase(wanted, [forwarder({ name: TWIN }), ...starters], effort, tell)
    results.closed.push(figures)
    say(closedTable(wanted.title, figures))
  }
  if (cases.includes('streams')) {
    const [streams, events] = options.quick ? [100, 4] : [2_000, 30]
    const paced = { streams, events, everyMs: 500, staggerMs: 1, warmRequests: effort.warmRequests / 6 }
    results.paced = await runPaced(starters, paced, tell)
    say(pacedTable(results.paced))
  }
  if (cases.includes('first-event')) {
    const first = {
      rounds: options.quick ? 1 : 8,
      streams: options.quick ? 20 : 150,
      warmRequests: effort.warmRequests / 6,
    }
    results.firstEvent = await runFirstEvent(starters, first, tell)
    say(firstEventTable(results.firstEvent))
  }
  if (cases.includes('head-of-line')) {
    results.headOfLine = await runHeadOfLine(
      starters,
      {
        rounds: options.quick ? 1 : 3,
        streams: 50,
        events: options.quick ? 10 : 100,
        everyMs: 40,
        besideBytes: 400_000,
        besideEveryMs: 50,
        warmRequests: effort.warmRequests / 6,
      },
      tell,
    )
    say(headOfLineTable(results.headOfLine))
  }
  if (cases.includes('translate')) {
    const lanes = [gateway(), gateway(TRANSLATING)]
    for (const wanted of TRANSLATED_CASES) {
      const figures = await runClosedCase(wanted, [forwarder({ name: TWIN }), forwarder(), ...lanes], effort, tell)
      results.closed.push(figures)
      say(closedTable(wanted.title, figures, 'gateway'))
    }
    const [streams, events] = options.quick ? [100, 4] : [1_000, 30]
    const paced = { streams, events, everyMs: 500, staggerMs: 1, warmRequests: effort.warmRequests / 6 }
    results.translated = await runPaced(lanes, paced, tell)
    say(pacedTable(results.translated, 'paced streams, translated'))
  }
  if (cases.includes('start')) {
    results.start = await runStart(options.quick ? 1 : 7, tell)
    say(startTable(results.start))
  }

  if (cases.includes('accounts')) {
    results.accounts = await runAccounts(1_000, options.quick ? 1 : 5, tell)
    say(accountsTable(results.accounts))
  }

  if (cases.includes('dashboard')) {
    const effort = options.quick
      ? { pairs: 1, sliceMs: 500, perSecond: 200, rows: 500, paints: 1 }
      : { pairs: 5, sliceMs: 3_000, perSecond: 1_000, rows: 10_000, paints: 5 }
    results.dashboard = await runDashboard(effort, tell)
    say(dashboardTable(results.dashboard))
  }

  const judgements = judgeAll(results)
  if (judgements.length > 0) say(judgementTable(judgements))
  const translated = cases.includes('translate') ? TRANSLATED_CASES : []
  for (const wanted of [...CLOSED_CASES.filter((c) => cases.includes(c.name)), ...translated]) {
    const dear = judgements.some(
      (j) => j.verdict !== 'met' && j.figure > j.limit && j.what.startsWith(`${wanted.name}:`),
    )
    if (!dear && !options.profile) continue
    tell(`profile: ${wanted.name}`)
    const lane = translated.includes(wanted) ? TRANSLATING : {}
    say(profileTable(wanted.title, await profileCase(wanted, effort, options.quick ? 1_000 : 10_000, lane)))
  }
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine: machineName(), effort, ...results, judgements, texts })}\n`)
  if (judgements.some((j) => j.verdict === 'missed')) return 1
  if (judgements.some((j) => j.verdict === 'inconclusive') || results.closed.some((c) => !c.conclusive)) {
    process.stderr.write('inconclusive: the machine is too loaded\n')
    return 3
  }
  return 0
}

function startersOf(): Starter[] {
  const starters = [forwarder(), gateway()]
  if (options.against !== undefined) starters.push(gateway({ name: 'against', directory: resolve(options.against) }))
  if (options.peers) {
    installPeers(tell)
    starters.push(portkey(PEERS))
  }
  return starters
}

function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\x1b[2K\r${text}`)
}

process.exitCode = await main()
