/** What is told of how `auto` was resolved: what was planned, and what came of it. */
import type { Pool } from '../accounts/pool.ts'
import type { Plan, Routed, Target } from '../routing/plan.ts'
import type { AttemptRecord, CallRecord } from './events.ts'

/** Notes on the record where the router leads; the reason is made when it is told. */
export function note(record: CallRecord, { category, confidence, model }: Routed): void {
  record.category = category
  if (confidence !== undefined) record.confidence = confidence
  record.routedModel = model
}

/** The record, its reason brought up to date: what was planned, and why it was not the first model that answered. */
export function noted(record: CallRecord, planned: Plan | undefined, pool: Pool, now: () => number): CallRecord {
  if (planned?.routed !== undefined)
    record.reason = planned.routed.reason + whyNot(planned.targets, record, pool, now())
  return record
}

/** Every model before the one that answered, and what kept it from answering; all of them if none did. */
function whyNot(targets: readonly Target[], record: CallRecord, pool: Pool, at: number): string {
  const answered = record.lane === undefined || record.attempts.at(-1)?.failure !== undefined ? '' : record.servedModel
  const before: Target[] = []
  for (const target of targets) {
    if (target.model === answered) break
    before.push(target)
  }
  const models = [...new Set(before.map(({ model }) => model))]
  if (models.length === 0) return ''
  const whys = models.map((model) => {
    const candidates = before.filter((target) => target.model === model).flatMap((target) => target.candidates)
    const keys = new Set(candidates.map(({ key }) => key))
    const failed = record.attempts.findLast((a) => a.failure !== undefined && keys.has(seatKey(a)))
    if (failed?.failure !== undefined) return `${model} failed (${failed.failure.status})`
    const seconds = Math.ceil(((pool.soonest(candidates)?.nextTry ?? at) - at) / 1000)
    return seconds > 0 ? `${model} has no usable account for ${seconds} s` : `${model} has no free account now`
  })
  return `; ${whys.join(', ')}${answered === '' ? '' : `: ${answered} answers`}`
}

const seatKey = ({ accountId, model }: AttemptRecord) => `${accountId}|${model}`
