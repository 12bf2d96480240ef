/** A worker that trains without one family of sources and judges its rows. */
import { parentPort } from 'node:worker_threads'
import { CATEGORIES } from '../../src/routing/classify/categories.ts'
import { classify } from '../../src/routing/classify/classify.ts'
import { load, useModel } from '../../src/routing/classify/model.ts'
import { promptOf } from '../../src/routing/classify/prompt.ts'
import { greeted, mistyped, thanked } from './augment.ts'
import { random } from './learn.ts'
import { familyOf, ownRows, sharedRows, trainable } from './rows.ts'
import { trained } from './train.ts'

/** What a model that never saw a row's family says of it. */
export interface Judged {
  /** The row's place in the shared rows followed by our own. */
  row: number
  scores: number[]
  hard: boolean
  /** The category under a greeting, thanks, slips, lower and upper case. */
  variants: number[]
}

const rows = [...sharedRows(), ...ownRows()]
/** Only whether decisions are right, for trying out options. */
const quick = process.env['ROUTER_QUICK'] === '1'
const over = JSON.parse(process.env['ROUTER_OPTIONS'] ?? '{}')

parentPort?.on('message', (family: string) => {
  useModel(
    load(
      trained(
        rows.filter(({ source }) => trainable(source, family)),
        undefined,
        over,
      ).base64,
    ),
  )
  const rand = random(family.length * 7919)
  const judged: Judged[] = []
  rows.forEach(({ prompt, source, lang }, row) => {
    if (familyOf(source) !== family) return
    const { scores, hard } = classify(promptOf(prompt))
    const of = (text: string) => CATEGORIES.indexOf(classify(promptOf(text)).category)
    const variants = quick
      ? []
      : [
          greeted(prompt, lang, rand),
          thanked(prompt, lang, rand),
          mistyped(prompt, 0.05, rand),
          prompt.toLowerCase(),
          prompt.toUpperCase(),
        ].map(of)
    judged.push({ row, scores: CATEGORIES.map((c) => scores[c]), hard, variants })
  })
  parentPort?.postMessage(judged)
})
