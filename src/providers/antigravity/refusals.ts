/** What Antigravity's refusals mean (domain.md 1.6, 429 handling and version gate). */
import { type Failure, FailureError, failure } from '../../hub/failure.ts'
import { CLIENT_VERSION, judgeCodeAssist } from '../code-assist-refusals.ts'
import { explained, readRpcError } from '../google-rpc.ts'
import type { Provider } from '../provider.ts'

/** `Failure.code` of a refusal that is about the prompt, although it speaks of quota. */
export const PROMPT_FILTER = 'prompt_filter'

const product = {
  title: 'Antigravity',
  plans: 'a Google account that has Antigravity in its plan',
}

/** The whole of the message: with any more to it, or with details, it is about a quota. */
const FAKE_QUOTA = /^Resource has been exhausted \(e\.g\. check quota\)\.?$/

const GATE_TEXT = 'This version of Antigravity is no longer supported'
const GATE = new RegExp(`^${GATE_TEXT}\\b`)

const GATE_WORDS =
  'Google takes requests of certain versions of its own program only, and this one says its own name. Nothing is wrong with the account.'

export const judge: NonNullable<Provider['judge']> = (read, _status, _headers, body) => {
  const error = readRpcError(body)
  if (GATE.test(read.message)) return gated(read.message)
  if (read.status === 429 && error?.bare === true && FAKE_QUOTA.test(error.message))
    return explained(
      read,
      'Without details this seldom is about quota: Google\'s filter answers so to prompts that name a rival agent ("You are …" in the instructions). Another account would hear the same; reword the instructions, or use another provider.',
      { kind: 'rate-limited', scope: 'request', code: PROMPT_FILTER },
    )
  return judgeCodeAssist(read, body, product)
}

function gated(words: string): Failure {
  return failure('forbidden', `${words.trim()} ${GATE_WORDS}`, { scope: 'request', code: CLIENT_VERSION })
}

/**
 * Watches for the gate that comes as an ordinary answer: its words, with nothing before them. It rests nobody, since an
 * answer is the model's words, and a person may have asked for these.
 * @returns hears each event of an answer, or the whole of it, in its order.
 * @throws {FailureError} from what it returns.
 */
export function createGate(): (answer: string) => void {
  let said: string | undefined = ''
  return (answer) => {
    if (said === undefined) return
    const text = onlyText(answer)
    said = text === undefined ? undefined : said + text
    const start = said?.trimStart() ?? ''
    if (said !== undefined && GATE.test(start)) throw new FailureError(gated(start.slice(0, 300)))
    // Whatever begins otherwise is an answer.
    if (!GATE_TEXT.startsWith(start)) said = undefined
  }
}

interface Part {
  text?: unknown
  thought?: unknown
}

/** The text of an event that is text and nothing else; undefined for anything else. */
function onlyText(answer: string): string | undefined {
  try {
    const { candidates } = JSON.parse(answer) as { candidates?: { content?: { parts?: Part[] } }[] }
    const parts = candidates?.[0]?.content?.parts ?? []
    const texts = parts.map((part) => (part.thought === true || typeof part.text !== 'string' ? undefined : part.text))
    return texts.includes(undefined) ? undefined : texts.join('')
  } catch {
    return undefined
  }
}
