import type { ServerResponse } from 'node:http'
import type { Attempt } from './attempts.ts'
import type { Plan } from './faults.ts'
import type { Frame } from './types.ts'
import type { Wheel } from './wheel.ts'

/** What comes next on the wire: an event, or the end of the line. */
export type Step = Frame | 'cut' | 'stall'

/** How a stream is put on the wire. */
export interface Pacing {
  /** Milliseconds between events. */
  pace: number
  /** One write an event. */
  each: boolean
  /** Writes of so many bytes. */
  bytes: number
}

/** Break the JSON of an event but keep its frame. */
export function malform(text: string): string {
  const match = /^([\s\S]*?data: )([\s\S]*?)(\r?\n\r?\n)$/.exec(text)
  if (!match) return text.slice(0, Math.ceil(text.length / 2))
  const [, head, json, end] = match
  return `${head}${json!.slice(0, Math.ceil(json!.length / 2))}${end}`
}

/** The stream as the faults leave it. */
export function* spoil(
  frames: Iterable<Frame>,
  plan: Plan,
  errorText: (place: 'second' | 'mid', sequence: number) => string,
): Iterable<Step> {
  let sent = 0
  let content = 0
  const strike = (): Step | undefined => {
    if (plan.cut === sent) return 'cut'
    if (plan.stall === sent) return 'stall'
    if (plan.errorSecond && sent === 1) return { text: errorText('second', sent), role: 'done' }
    if (plan.errorMid !== undefined && content >= plan.errorMid && sent > 0)
      return { text: errorText('mid', sent), role: 'done' }
    return undefined
  }
  for (const frame of frames) {
    const fatal = strike()
    if (fatal) {
      yield fatal
      return
    }
    if (frame.role === 'done' && (plan.noEnd || plan.noDone)) continue
    if (frame.role === 'end' && plan.noEnd) continue
    sent++
    if (frame.role === 'content') content++
    yield plan.malformed === sent ? { ...frame, text: malform(frame.text) } : frame
  }
  const fatal = strike()
  if (fatal) yield fatal
}

/** Wait until what was written has left, or the client has. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.once('drain', done)
    res.once('close', done)
  })
}

async function write(res: ServerResponse, data: string | Buffer): Promise<void> {
  if (data.length && !res.destroyed && !res.write(data)) await drained(res)
}

function flushed(res: ServerResponse, data: string): Promise<void> {
  return new Promise((resolve) => {
    res.once('close', resolve)
    if (data) res.write(data, () => resolve())
    else {
      res.flushHeaders()
      setImmediate(resolve)
    }
  })
}

/** Bursts go out in writes of this many characters, so that huge streams stay under backpressure. */
const BATCH = 64 * 1024

/**
 * Put the steps on the wire. Returns how it ended; a stalled stream never returns, its end is seen when the client goes.
 */
export async function deliver(
  res: ServerResponse,
  attempt: Attempt,
  steps: Iterable<Step>,
  pacing: Pacing,
  wheel: Wheel,
): Promise<'answered' | 'cut' | 'client-gone' | 'stalled'> {
  const slow = pacing.pace > 0 || pacing.each || pacing.bytes > 0
  let batch = ''
  for (const step of steps) {
    if (res.destroyed) return 'client-gone'
    if (step === 'cut') {
      // Only what has left the process survives a destroyed socket.
      await flushed(res, batch)
      attempt.outcome = 'cut'
      res.socket?.destroy()
      return 'cut'
    }
    if (step === 'stall') {
      await write(res, batch)
      return 'stalled'
    }
    if (slow && attempt.eventsSent > 0 && pacing.pace > 0) await wheel.wait(pacing.pace)
    attempt.eventsSent++
    if (pacing.bytes > 0) {
      const bytes = Buffer.from(step.text)
      for (let i = 0; i < bytes.length; i += pacing.bytes) {
        await write(res, bytes.subarray(i, i + pacing.bytes))
        await new Promise(setImmediate)
      }
    } else if (slow) await write(res, step.text)
    else {
      batch += step.text
      if (batch.length < BATCH) continue
      await write(res, batch)
      batch = ''
    }
  }
  if (res.destroyed) return 'client-gone'
  if (batch) res.end(batch)
  else res.end()
  return 'answered'
}

/** A whole body with the faults of a stream: half of it, a broken one, or a clean but early end. */
export async function deliverWhole(
  res: ServerResponse,
  attempt: Attempt,
  text: string,
  plan: Plan,
): Promise<'answered' | 'cut' | 'stalled'> {
  const half = text.slice(0, Math.ceil(text.length / 2))
  if (plan.cut !== undefined) {
    await flushed(res, half)
    attempt.outcome = 'cut'
    res.socket?.destroy()
    return 'cut'
  }
  if (plan.stall !== undefined) {
    await write(res, half)
    return 'stalled'
  }
  res.end(plan.noEnd || plan.malformed !== undefined ? half : text)
  return 'answered'
}
