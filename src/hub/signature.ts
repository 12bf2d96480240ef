/**
 * Opaque reasoning state on its way through clients of another dialect. A signature returns only to its issuer, byte for
 * byte; in a foreign slot it rides in a wrapper that names the issuer, so that a switch of model is seen without guessing
 * (domain.md 3.5, rule 2).
 */
import type { Signature } from './request.ts'

/** First characters of every wrapper: the base64 of `lp1|`, which no vendor's state begins with. */
const MARK = 'bHAxf'
/** The part of it to search for: text is full of its first letter, and each would stop the search. */
const RARE = MARK.slice(1)

/** Whether a body may hold wrapped state: a vendor that is sent some refuses it. Cheap; false alarms do no harm. */
export function mayHoldWrapped(body: Buffer): boolean {
  return body.includes(RARE)
}

/** How a signature is written into the opaque slot of dialect `slot`: as it is when it is at home, wrapped when not. */
export function packSignature({ issuer, value, redacted }: Signature, slot: string): string {
  if (issuer === slot) return value
  return Buffer.from(`lp1|${issuer}|${redacted ? 'r' : ''}|${value}`).toString('base64')
}

/** Reads the opaque slot of dialect `slot`. */
export function unpackSignature(text: string, slot: string): Signature {
  if (text.startsWith(MARK)) {
    const [, issuer, flags, ...value] = Buffer.from(text, 'base64').toString('utf8').split('|')
    if (issuer !== undefined && flags !== undefined && value.length > 0)
      return { issuer, value: value.join('|'), ...(flags === 'r' && { redacted: true as const }) }
  }
  return { issuer: slot, value: text }
}
