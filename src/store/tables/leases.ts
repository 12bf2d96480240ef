import { asNumber, asText, type Dialect, type Operation, statement } from '../statement.ts'
import type { Lease } from '../store.ts'

/**
 * The holder who asks again while its lease lasts keeps its number and holds it longer; everybody else, and the same one
 * after its lease ran out, gets the next number. Rows stay for ever, so that numbers never start anew.
 */
export function* acquireLease(
  _: Dialect,
  name: string,
  owner: string,
  now: number,
  ttlMs: number,
): Operation<Lease | { heldUntil: number }> {
  const { rows } = yield statement(
    `INSERT INTO lp_leases (name, owner, number, held_until) VALUES ($1, $2, 1, $3)
     ON CONFLICT (name) DO UPDATE SET
       number = CASE WHEN lp_leases.owner = $2 AND lp_leases.held_until > $4 THEN lp_leases.number ELSE lp_leases.number + 1 END,
       owner = $2, held_until = $3
     WHERE lp_leases.held_until <= $4 OR lp_leases.owner = $2
     RETURNING number, held_until, note`,
    name,
    owner,
    now + ttlMs,
    now,
  )
  const got = rows[0]
  if (got) {
    const lease: Lease = { name, number: asNumber(got['number']), until: asNumber(got['held_until']) }
    if (typeof got['note'] === 'string') lease.note = asText(got['note'])
    return lease
  }
  const { rows: held } = yield statement('SELECT held_until FROM lp_leases WHERE name = $1', name)
  return { heldUntil: asNumber(held[0]?.['held_until']) }
}

const HELD = 'name = $1 AND owner = $2 AND number = $3'

export function* noteOnLease(_: Dialect, lease: Lease, owner: string, note: string | undefined): Operation<boolean> {
  const { changes } = yield statement(
    `UPDATE lp_leases SET note = $4 WHERE ${HELD}`,
    lease.name,
    owner,
    lease.number,
    note,
  )
  return changes > 0
}

export function* releaseLease(_: Dialect, lease: Lease, owner: string): Operation<void> {
  yield statement(`UPDATE lp_leases SET owner = '', held_until = 0 WHERE ${HELD}`, lease.name, owner, lease.number)
}
