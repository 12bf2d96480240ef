/** Prints an evaluation for people. */
import type { Evaluation } from '../router-eval.ts'
import type { Figures } from './metrics.ts'

const three = (x: number) => x.toFixed(3)
const line = (name: string, f: Figures) =>
  console.log(
    `${name.padEnd(28)} ${String(f.n).padStart(5)}   ${three(f.strict)}  ${three(f.lenient)}  ${three(f.core)}  ${three(f.macroF1)}`,
  )
const title = (text: string) => console.log(`\n${text}`)

export function report(e: Evaluation, brief: boolean): void {
  title('unseen sources                   n   strict lenient  core   macro-F1')
  line('all', e.all)
  line('natural prompts', e.natural)
  line('own rows (as unseen)', e.own)
  line('keyword table (baseline)', e.keywordTable)
  console.log(
    `mean of families                     ${three(e.familyMean.strict)}  ${three(e.familyMean.lenient)}  ${three(e.familyMean.core)}`,
  )
  title('by language')
  for (const [name, f] of Object.entries(e.byLanguage)) if (f.n >= 20) line(name, f)
  title('own rows by language')
  for (const [name, f] of Object.entries(e.ownByLanguage)) line(name, f)
  title('by family')
  for (const [name, f] of Object.entries(e.byFamily)) line(name, f)
  if (!brief) {
    title('by source')
    for (const [name, f] of Object.entries(e.bySource)) line(name, f)
  }
  title('label → decision')
  console.table(e.confusion)
  title('calibration')
  for (const b of e.calibration.bins)
    console.log(
      `from ${b.from}  n ${String(b.n).padStart(5)}  said ${three(b.confidence)}  strict ${three(b.strict)}  lenient ${three(b.lenient)}`,
    )
  const { sure, low, gap } = e.calibration
  console.log(`mean gap ${three(gap)}; best temperature is ${e.temperatureFactor.toFixed(2)} times the one in use`)
  console.log(
    `confidence from 0.8: ${three(sure.share)} of prompts, strict ${three(sure.strict)}, lenient ${three(sure.lenient)}; below 0.4: ${three(low.share)}, strict ${three(low.strict)}`,
  )
  title('decision unchanged under')
  for (const [name, share] of Object.entries(e.robustness)) console.log(`${name.padEnd(14)} ${three(share)}`)
  title('hard work (code, reasoning, analysis; fast not accepted)')
  console.log(
    `n ${e.costly.n}: category fast ${three(e.costly.fast)}, and not told to be hard ${three(e.costly.fastAndNotHard)}, and with confidence from 0.4 ${three(e.costly.fastWithConfidence)}`,
  )
  title('conversations')
  for (const c of e.cases) {
    console.log(`${c.name.padEnd(44)} ${String(c.n).padStart(4)}  ${three(c.right)}`)
    for (const wrong of c.wrong.slice(0, 12)) console.log(`    ${wrong}`)
  }
  title('time')
  for (const t of e.timing) console.log(`${t.name.padEnd(44)} ${t.value}`)
}
