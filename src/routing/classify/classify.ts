/** Decides what kind of work a prompt is, how sure that is, and, when asked, why. Pure: the same prompt, the same decision. */
import { CATEGORIES, type Category } from './categories.ts'
import { CONCEPTS } from './concepts.ts'
import type { ExampleSet, Pull } from './examples.ts'
import { explain as explainText, type Signal } from './explain.ts'
import { extract, newFeatures, SLOTS } from './features.ts'
import { languageOf } from './language.ts'
import { ACTIONS } from './lexicon.ts'
import { logits, model, softmax } from './model.ts'
import type { Prompt } from './prompt.ts'
import { withoutCourtesy } from './strip.ts'

/** What was decided. `C` is wider than the five where there are categories of one's own. */
export interface Decision<C extends string = Category> {
  category: C
  /** 0 to 1, calibrated: of decisions with 0.8, four in five are right. Below some 0.4 ask the default model. */
  confidence: number
  /** The probability of each category; they sum to 1. */
  scores: Record<C, number>
  /** What decided, the strongest first, six at most. Made when it is read, at the cost of another reading of the text. */
  readonly signals: readonly Signal[]
  /** Two letters, `und` where there are no words. */
  language: string
  /** One sentence: `code: refactor, function, async/await (confidence 0.93)`. Made when it is read. */
  readonly reason: string
  /** Code, mathematics, planning or analysis: even if the category is `fast`, not for the fast model. */
  hard: boolean
}

const K = CATEGORIES.length
const FAST = CATEGORIES.indexOf('fast')
/**
 * What a coding agent's system prompt and tools add to the logit of `code`, by what the user's words are about: something else
 * than code, both or neither clearly, nothing that is not found in a repository. A prior, no more.
 */
const AGENT = { elsewhere: 0.6, mixed: 2.4, doubt: 8 }
/** From which share of code, reasoning and analysis on work is hard. */
const HARD = 0.45
/**
 * What the last turn counts beside the earlier ones: with a subject of its own; naming a task or a subject but referring back all
 * the same; long; a question in a sentence of its own; a wish about what was just made; nothing of these.
 */
const SHARE = { own: 0.85, taskReferring: 0.7, ownReferring: 0.25, long: 0.6, asks: 0.6, refines: 0.05, none: 0.05 }
/** What a system prompt that is the task (translate what I send) adds to the logit of `fast` for a message that is only data. */
const STANDING_TASK = 2.5
/** How far into a system prompt such a task is looked for. */
const STANDING_WITHIN = 400
/** Words by which a short turn goes on from what was said. */
const REFERS =
  /^\s*(?:and|but|also|so|what about|how about|another|more|again|und|aber|et|mais|y|¿y|e|и|а|那|再|然后|改|では|もっと|別の|그럼|이제|이것도|더)(?![\p{L}-])|^\s*(?:那|再|もっと)|\b(?:it|its|them|they|another|again|instead|ones|previous|above|earlier)\b/iu
/** Words of a short wish about what was just made: shorter, another style, add, without. */
const REFINES =
  /\b(?:more|less|fewer|shorter|longer|funnier|sadder|simpler|happier|darker|better|too (?:long|short|formal)|version|style|change|add|remove|without|keep it|make it|instead)\b|\b(?:etwas|länger|kürzer|mehr|weniger|ohne|ändere|plus|moins|sans|ajoute|más|menos|sin|añade|cambia|più|meno|senza|aggiungi|mais|sem)\b|короче|длиннее|больше|меньше|добавь|убери|измени|сделай|замени|поменяй|[更再换改加]|もっと|もう少し|変えて|더 |바꿔|추가/iu

const features = newFeatures()
const slot = (name: string) => CONCEPTS.indexOf(name) * SLOTS
const ofCode = ['CODELANG', 'CODETOOL', 'CODENOUN', 'CODEACT', 'CODEERR', 'WEBUI', 'DEVOPS', 'ARCH'].map(slot)
const ofElse = [
  'TRANSLATE GREET POEM STORY HUMOR EMAIL SPEECH ADCOPY TRIVIA FOOD TRAVEL HEALTH LAW SOCIETY ADVICE WORDPROB PROB SCIENCE',
  'METRICS FORECAST FINANCE SENTENCE',
].flatMap((names) => names.split(' ').map(slot))
const subjects = [...ofCode, ...ofElse, ...['PROVE', 'LOGIC', 'STATS', 'SCRIPT', 'BLOG'].map(slot)].filter(
  (at) => at !== slot('SENTENCE') && at !== slot('GREET'),
)
const actions = ACTIONS.map(slot)
const standing = ['TRANSLATE', 'SUMMARIZE', 'REWRITE', 'CLASSIFY', 'EXTRACT', 'CONVERT'].map(slot)
/** What an assistant that does more than one such thing is told of. */
const broader = ['WRITE', 'IDEAS', 'PLAN', 'SOLVE', 'ADVICE', 'CODENOUN', 'CODEACT'].map(slot)
/** What a short wish cannot mean: it names a task or a work of its own. */
const tasks = 'TRANSLATE SUMMARIZE POEM STORY EMAIL SPEECH PROVE FORECAST CODELANG'.split(' ').map(slot)
const asking = 'WHY WHATIF COMPARE PROVE FACTOID JUDGE EXPLAIN WRITE PLAN DISCUSS LIST'.split(' ').map(slot)
const last = new Float64Array(K)
const before = new Float64Array(K)

/** Whether the text just extracted has one of some concepts. */
const has = (slots: readonly number[]) => slots.some((at) => features.dense[at] !== 0)

/** What the last turn, just extracted, counts beside the earlier ones. */
function shareOf(text: string): number {
  const refers = text.length < 80 && REFERS.test(text)
  const task = has(tasks)
  if (text.length < 60 && !task && REFINES.test(text)) return SHARE.refines
  if (has(subjects)) return !refers ? SHARE.own : task ? SHARE.taskReferring : SHARE.ownReferring
  if (text.length > 120) return SHARE.long
  return !refers && text.length >= 40 && has(asking) ? SHARE.asks : SHARE.none
}

/** Whether the text just extracted asks nothing: no action at its edges, no question. */
function onlyData(text: string): boolean {
  return !/[?？]/.test(text) && !actions.some((at) => features.dense[at + 1] !== 0 || features.dense[at + 2] !== 0)
}

/** Whether a system prompt is one standing task of the kind that is done fast. Extracts it, so comes last. */
function standingTask(system: string): boolean {
  extract(system.slice(0, STANDING_WITHIN), features)
  return has(standing) && !has(broader)
}

/** The model's probabilities for a prompt, written into an array that the next call writes again. */
function judged(prompt: Prompt): Float64Array {
  const m = model()
  let prior = AGENT.doubt
  if (prompt.empty) last.fill(0)
  else {
    const text = withoutCourtesy(prompt.text)
    logits(m, extract(text, features), last)
    const data = !prompt.agent && prompt.system !== '' && onlyData(text)
    const elsewhere = has(ofElse)
    const code = has(ofCode)
    if (elsewhere) prior = code ? AGENT.mixed : AGENT.elsewhere
    // A coding agent's user who turns to something else has left the code behind.
    if (prompt.earlier !== '' && !(prompt.agent && elsewhere && !code)) {
      const share = shareOf(text)
      logits(m, extract(prompt.earlier, features), before)
      for (let k = 0; k < K; k += 1) last[k] = share * last[k]! + (1 - share) * before[k]!
    }
    if (data && standingTask(prompt.system)) last[FAST] = last[FAST]! + STANDING_TASK
  }
  if (prompt.agent) last[0] = last[0]! + prior
  return softmax(last)
}

/** What kind of work a prompt is. */
export function classify(prompt: Prompt): Decision
export function classify(prompt: Prompt, examples: ExampleSet | undefined): Decision<string>
export function classify(prompt: Prompt, examples?: ExampleSet): Decision<string> {
  const scores: Record<string, number> = {}
  const p = judged(prompt)
  for (let k = 0; k < K; k += 1) scores[CATEGORIES[k]!] = p[k]!
  const pulls = examples === undefined || examples.size === 0 ? [] : applied(scores, prompt, examples)
  let category: string = CATEGORIES[0]
  for (const name in scores) if (scores[name]! > scores[category]!) category = name
  return decision(prompt, category, scores, pulls)
}

/** Lets examples and keywords take over their share. */
function applied(scores: Record<string, number>, prompt: Prompt, examples: ExampleSet): Pull[] {
  for (const name of examples.custom) scores[name] ??= 0
  if (prompt.empty) return []
  const pulls = examples.pulls(withoutCourtesy(prompt.text))
  const total = pulls.reduce((sum, { strength }) => sum + strength ** 2, 0)
  if (total === 0) return []
  const taken = pulls[0]!.strength
  for (const name in scores) scores[name] = scores[name]! * (1 - taken)
  for (const { category, strength } of pulls)
    scores[category] = (scores[category] ?? 0) + (taken * strength ** 2) / total
  return pulls
}

function decision(
  prompt: Prompt,
  category: string,
  scores: Record<string, number>,
  pulls: readonly Pull[],
): Decision<string> {
  const confidence = scores[category]!
  const { text, empty, agent } = prompt
  let signals: Signal[] | undefined
  const all = () => {
    signals ??= signalsOf(text, empty, agent, category, pulls)
    return signals
  }
  return {
    category,
    confidence,
    scores,
    get signals() {
      return all()
    },
    language: empty ? 'und' : languageOf(text),
    get reason() {
      const names = all()
        .slice(0, 4)
        .map(({ word, words }) => word ?? words)
      const why = names.length > 0 ? names.join(', ') : empty ? 'no words to judge by' : 'no single word decided'
      return `${category}: ${why} (confidence ${Math.min(0.99, confidence).toFixed(2)})`
    },
    hard: scores['code']! + scores['reasoning']! + scores['analysis']! >= HARD,
  }
}

function signalsOf(text: string, empty: boolean, agent: boolean, category: string, pulls: readonly Pull[]): Signal[] {
  const signals: Signal[] = pulls
    .filter((pull) => pull.category === category)
    .map(({ words, strength }) => ({ words, category, weight: strength * 4 }))
  const own = CATEGORIES.find((name) => name === category)
  if (own === undefined) return signals
  if (!empty) signals.push(...explainText(withoutCourtesy(text), own))
  if (agent && own === 'code') signals.push({ words: 'a coding agent', category: own, weight: AGENT.mixed })
  return signals.sort((a, b) => b.weight - a.weight).slice(0, 6)
}

/** The signals alone, for what the model says without examples. */
export function explain(prompt: Prompt): readonly Signal[] {
  return classify(prompt).signals
}
