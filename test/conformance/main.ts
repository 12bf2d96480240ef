/**
 * The conformance report: `node test/conformance/main.ts [--only responses|requests] [--id text] [--sample n] [--sockets] [--json file] [--docs]`.
 * Prints the matrices and every failing cell; `--docs` writes the matrices into docs/fidelity.md. Fails if a cell does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { corpus, corpusMissing, sample } from './corpus.ts'
import { REQUEST_FEATURES, replayRequests } from './replay-requests.ts'
import { RESPONSE_FEATURES, replayResponses } from './replay-responses.ts'
import type { Report } from './report.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    id: { type: 'string' },
    sample: { type: 'string' },
    sockets: { type: 'boolean', default: false },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    most: { type: 'string', default: '400' },
  },
})

if (corpusMissing) {
  console.log(`Nothing to replay: ${corpusMissing}`)
} else {
  let all = corpus()
  if (values.id !== undefined) all = all.filter((e) => e.id.includes(values.id!))
  if (values.sample !== undefined) all = sample(all, Number(values.sample))
  const out: Record<string, unknown> = {}
  if (values.only !== 'requests')
    out['responses'] = show(
      'Answers',
      await replayResponses(all, undefined, { sockets: values.sockets }),
      RESPONSE_FEATURES,
      '←',
    )
  if (values.only !== 'responses') out['requests'] = show('Requests', await replayRequests(all), REQUEST_FEATURES, '→')
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(out, undefined, 1))
}

function show(title: string, report: Report, features: readonly string[], arrow: '←' | '→') {
  const { passed, told, failed } = report.sums
  const matrix = `${passed} judgements passed, ${told} losses were told, ${failed} failed.\n\n${report.table(features, arrow)}`
  console.log(`\n## ${title}\n\n${matrix}`)
  if (failed > 0) process.exitCode = 1
  if (values.docs) intoDocs(title.toLowerCase(), matrix)
  const groups = new Map<string, typeof report.failing>()
  for (const f of report.failing) {
    const key = `${f.client} ${arrow} ${f.upstream} ${f.stream ? 'stream' : 'whole'} ${f.feature}`
    groups.set(key, [...(groups.get(key) ?? []), f])
  }
  let shown = 0
  for (const [key, list] of [...groups].sort()) {
    console.log(`\n${key}: ${list.length}`)
    for (const f of list) if (shown++ < Number(values.most)) console.log(`  ${f.id}  ${f.why.slice(0, 420)}`)
  }
  return { sums: report.sums, failing: report.failing, told: report.tolds }
}

/** Between the marks of its name. */
function intoDocs(name: string, matrix: string): void {
  const path = join(import.meta.dirname, '../../docs/fidelity.md')
  const text = readFileSync(path, 'utf8')
  const marks = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`)
  writeFileSync(
    path,
    text.replace(marks, (_, start: string, end: string) => `${start}\n${matrix}\n\n${end}`),
  )
}
