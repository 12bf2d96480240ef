/** A field of candidates that are alive at once, with the mock and the clients beside them, and one slice on it. */

import { createHash } from 'node:crypto'
import { contentOf } from './anthropic-traffic.ts'
import { type Helper, startHelper } from './calls.ts'
import { type Candidate, direct, type Starter } from './candidates.ts'
import type { ClosedLoop, ClosedLoopResult, SingleAnswer } from './load.ts'
import {
  CANDIDATE_CORE,
  canPin,
  coreTimes,
  cpuNs,
  type Disturbance,
  disturbance,
  isTooLoaded,
  residentKib,
} from './machine.ts'
import { MessageReader } from './message-reader.ts'
import { ANSWER_TEXT, BURST_DELTAS, burstAnswer, burstTexts, chatBody } from './traffic.ts'

export interface Field {
  readonly load: Helper
  readonly mock: Helper
  readonly candidates: readonly Candidate[]
  close(): Promise<void>
}

/** Starts everything. `direct` is always the first candidate. */
export async function openField(starters: readonly Starter[]): Promise<Field> {
  const mock = startHelper(new URL('mock.ts', import.meta.url).pathname)
  const load = startHelper(new URL('load.ts', import.meta.url).pathname)
  const port = await mock.call<number>('listen')
  const candidates: Candidate[] = [direct(mock.pid, port)]
  const close = async () => {
    await Promise.all(candidates.map((c) => c.stop()))
    load.stop()
    mock.stop()
  }
  try {
    for (const starter of starters) candidates.push(await starter(port))
  } catch (error) {
    await close()
    throw error
  }
  return { load, mock, candidates, close }
}

/** Makes sure that a candidate hands everything on as it is, both ways, before it is measured. */
export async function checkFaithful(field: Field, candidate: Candidate, bytes: number, tools?: number): Promise<void> {
  if (candidate.translates) return checkMeaning(field, candidate, bytes, tools)
  const { load } = field
  const { name, target } = candidate
  const fault = (what: string, answer: SingleAnswer) => faultOf(name, what, answer)
  const echo = await load.call<SingleAnswer>('once', { target, model: 'mock-echo', bytes, stream: false, tools })
  if (echo.status !== 200) throw fault('does not answer', echo)
  const sent = createHash('sha256')
    .update(chatBody('mock-echo', bytes, false, tools))
    .digest('hex')
  if (name !== 'portkey' && !echo.body.includes(sent)) throw fault('changed the body of a request', echo)
  const burst = await load.call<SingleAnswer>('once', { target, model: 'mock-burst', bytes: 2_000, stream: true })
  const same = createHash('sha256')
    .update(bodyOf(burstAnswer(200)))
    .digest('hex')
  if (name !== 'portkey' && burst.digest !== same) throw fault('changed a stream', burst)
}

/** Makes sure that texts and tools arrive through a translation, and the texts of both kinds of answer. */
async function checkMeaning({ load }: Field, { name, target }: Candidate, bytes: number, tools?: number) {
  const ask = (model: string, stream: boolean) =>
    load.call<SingleAnswer>('once', { target, model, bytes, stream, tools })
  const body = chatBody('mock-echo', bytes, false, tools).toString('utf8')
  const sent = contentOf(body)
  const digest = createHash('sha256').update(sent.text).digest('hex')
  const echo = await ask('mock-echo', false)
  if (echo.status !== 200) throw faultOf(name, 'does not answer', echo)
  const told = `${sent.tools} tools, text ${digest}`
  if (!echo.body.includes(told)) throw faultOf(name, `lost part of a request, ${told}`, echo)
  const whole = await ask('mock-json', false)
  const { choices } = JSON.parse(whole.body) as { choices: { message: { content: string } }[] }
  if (choices[0]?.message.content !== ANSWER_TEXT) throw faultOf(name, 'changed the text of an answer', whole)
  const burst = await ask('mock-burst', true)
  if (streamedText(burst.body) !== burstTexts(BURST_DELTAS).join('')) throw faultOf(name, 'changed a stream', burst)
}

/** The text of a stream of chat completion chunks; its last event is `[DONE]`. */
function streamedText(body: string): string {
  const events = body.split('\n\n').filter((event) => event.startsWith('data: '))
  if (events.pop() !== 'data: [DONE]') return ''
  let text = ''
  for (const event of events) {
    const { choices } = JSON.parse(event.slice(6)) as { choices: { delta: { content?: string | null } }[] }
    text += choices[0]?.delta.content ?? ''
  }
  return text
}

function faultOf(name: string, what: string, { status, body }: SingleAnswer): Error {
  return new Error(`${name} ${what}: ${status} ${body.slice(0, 300)}`)
}

function bodyOf(message: Buffer): Buffer {
  const pieces: Buffer[] = []
  new MessageReader({ head() {}, body: (bytes) => pieces.push(bytes), end() {} }).push(message)
  return Buffer.concat(pieces)
}

export interface Slice extends ClosedLoopResult {
  cpuUs: number
  disturbance: Disturbance | undefined
  /** Others had too much of the machine: the figure is not used. */
  refused: boolean
}

/** What the candidate may have left over from the slice before is done with in these requests, which do not count. */
const SETTLING_REQUESTS = 64

/** One slice: a closed loop on one candidate, with its CPU time by the kernel's account. */
export async function runSlice(field: Field, { name, pid, target }: Candidate, loop: Omit<ClosedLoop, 'target'>) {
  await field.load.call('closedLoop', { ...loop, target, ms: undefined, requests: SETTLING_REQUESTS })
  const coresBefore = coreTimes()
  const before = cpuNs(pid)
  const others = ownPids(field, pid)
  const othersBefore = sum(others)
  const result = await field.load.call<ClosedLoopResult>('closedLoop', { ...loop, target })
  const after = cpuNs(pid)
  const coresAfter = coreTimes()
  if (before === undefined || after === undefined || coresBefore === undefined || coresAfter === undefined)
    throw new Error('this system does not tell the CPU time of a process: the bench needs Linux with /proc')
  const ran = after - before
  const onCore = name === 'direct' ? 0 : ran
  const told = disturbance({
    before: coresBefore,
    after: coresAfter,
    watched: canPin() ? [CANDIDATE_CORE] : coresBefore.map((_, core) => core),
    ownSeconds: (canPin() ? onCore : ran + sum(others) - othersBefore) / 1e9,
    wallSeconds: result.seconds,
  })
  const slice: Slice = {
    ...result,
    cpuUs: ran / 1000 / Math.max(1, result.requests),
    disturbance: told,
    refused: isTooLoaded(told) || result.requests === 0 || result.errors > 0,
  }
  return slice
}

function ownPids({ load, mock }: Field, pid: number): number[] {
  return [load.pid, mock.pid, process.pid].filter((one) => one !== pid)
}

function sum(pids: readonly number[]): number {
  let ran = 0
  for (const pid of pids) ran += cpuNs(pid) ?? 0
  return ran
}

export function residentMib(candidate: Candidate): number {
  return (residentKib(candidate.pid) ?? Number.NaN) / 1024
}
